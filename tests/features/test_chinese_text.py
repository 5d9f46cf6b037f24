"""Texts are levelled once; the engine and Python read them alike, also in what they deny."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from conf.word_groups import load_words
from features.chinese_text import claimed, claims, level, meant, read, speaks_of

READ_AS = [
    # text, what it says, what a name or scope claims by it
    ("云江 金融　投资（集团）", "云江金融投资(集团)", "云江金融投资(集团)"),  # blanks, brackets
    ("財富管理、資產", "财富管理、资产", "财富管理、资产"),  # traditional
    ("Ｐ２Ｐ网贷 P2P", "p2p网贷p2p", "p2p网贷p2p"),  # full width, capitals
    ("金融街控股", "。控股", "。控股"),  # a street
    ("代理财务", "。", "。"),  # 理财 across two words
    ("受托募集资金", "受托。", "受托。"),  # 集资 across two words
    ("理财（不得从事金融业务）", "理财(不得从事金融业务)", "理财(。)"),  # denied
    ("投资（除金融业务）", "投资(除金融业务)", "投资。"),
    ("投资(证券、金融除外)；典当", "投资(证券、金融除外);典当", "投资。;典当"),
    # a denial ends with its clause: what follows is claimed again
    (
        "未经金融监管部门批准，不得吸收存款；基金",
        "未经金融监管部门批准,不得吸收存款;基金",
        "。;基金",
    ),
    ("不得不说'引号\\", "不得不说'引号\\", "。"),  # no harm from what SQL minds
    ("", "", ""),
]


@pytest.mark.parametrize(("text", "says", "claim"), READ_AS)
def test_python_reads_it_so(text, says, claim):
    assert (read(text), read(text, denials=True)) == (says, claim)


def test_the_engine_reads_it_so(spark):
    frame = spark.createDataFrame([(t,) for t, _, _ in READ_AS], "t STRING")
    rows = frame.select("t", F.expr(meant("t")).alias("s"), F.expr(claimed("t")).alias("c"))
    assert [tuple(r) for r in rows.collect()] == READ_AS


LETTERS = (
    "".join(load_words().traditional)
    + "金融街理财务代募集资不得未经除外（）()；;。【】 　Ａa'\\\"\n"
)


def test_engine_and_python_agree_on_any_text(spark):
    drawn: list[str] = []

    @given(st.text(alphabet=LETTERS, max_size=30))
    def draw(text):
        drawn.append(text)

    draw()
    frame = spark.createDataFrame([(i, t) for i, t in enumerate(drawn)], "i INT, t STRING")
    rows = frame.select("i", F.expr(meant("t")).alias("s"), F.expr(claimed("t")).alias("c"))
    found = {r.i: (r.s, r.c) for r in rows.collect()}
    assert found == {i: (read(t), read(t, denials=True)) for i, t in enumerate(drawn)}


def test_conditions_count_what_is_claimed(spark):
    texts = ["理財諮詢", "代理财务", "（不得从事金融业务）", None]
    frame = spark.createDataFrame([(t,) for t in texts], "t STRING")
    words = ("金融", "理财")
    rows = frame.select(
        F.expr(claims("t", words)), F.expr(speaks_of("t", words)), F.expr(f"{level('t')} IS NULL")
    ).collect()
    assert [tuple(r) for r in rows] == [
        (True, True, False),  # traditional letters
        (False, False, False),  # 代理 + 财务
        (False, True, False),  # a topic denies nothing: people complain in their own words
        (None, None, True),  # no text says nothing
    ]
