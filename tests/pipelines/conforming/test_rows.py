"""Bronze rows of one source: typed, judged, and each with exactly one outcome."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from conf.city import SubjectId
from conf.source import Source, load_source
from conf.table import load_catalogue
from pipelines.conforming.rows import silver_columns, typed, with_outcome

CATALOGUE = load_catalogue()
TABLE = CATALOGUE["penalty"]
SUBJECTS = SubjectId(kind="pattern", pattern="^F[0-9]+$")
BRONZE = (
    "source string, batch_id string, file string, line bigint, line_count int, "
    "fields array<string>, raw string, reason string, known_at date"
)
SOURCE = """
source: penalty
department: 城市管理局
table: penalty
title: 行政处罚
files: "{date}/penalty.csv"
columns: [主体, 文号, 金额, 日期, 操作]
record_id: 文号
op: "case 操作 when '更正' then 'correct' when '撤销' then 'withdraw' else 'insert' end"
mapping:
  subject_id: 主体
  decision_no: 文号
  department: "'城市管理局'"
  kind: "'罚款'"
  amount_fen: {expr: 金额, unit: 元}
  decided_date: 日期
attributes:
  words: {type: text, expr: "concat(主体, 文号)", zh: 词, en: Words, use: internal}
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    path = tmp_path_factory.mktemp("sources") / "penalty.yaml"
    path.write_text(SOURCE, encoding="utf-8")
    return load_source(Path(path), CATALOGUE)


def bronze(spark: SparkSession, rows: list[tuple[Any, ...]], batch: str = "b1") -> DataFrame:
    """Rows of (line, known_at, subject, number, amount, date, operation)."""
    made = [
        ("penalty", batch, "penalty.csv", line, 1, list(fields), None, None, known_at)
        for line, known_at, *fields in rows
    ]
    return spark.createDataFrame(made, BRONZE)


DAY = date(2024, 5, 1)


def judged(spark: SparkSession, source: Source, rows: list[tuple[Any, ...]]) -> dict[int, str]:
    found = typed(bronze(spark, rows), source, TABLE, SUBJECTS).collect()
    return {row["line"]: row["_reasons"] for row in found}


def test_a_good_row_has_every_silver_column(spark: SparkSession, source: Source) -> None:
    rows = [(2, DAY, "F1", "甲1号", "12.50", "2024年4月3日", None)]
    row = typed(bronze(spark, rows), source, TABLE, SUBJECTS).collect()[0].asDict()
    assert row["_reasons"] == ""
    assert list(row)[: len(silver_columns(source, TABLE))] == list(silver_columns(source, TABLE))
    assert row["subject_id"] == "F1"
    assert (row["amount_fen"], row["decided_date"]) == (1250, date(2024, 4, 3))
    assert row["event_date"] == date(2024, 4, 3)  # the table's event clock
    assert (row["op"], row["source_record_id"], row["source_dept"]) == (
        "insert",
        "甲1号",
        "城市管理局",
    )
    assert row["x_words"] == "F1甲1号"  # an attribute without a home in the catalogue


def test_every_reason_is_told(spark: SparkSession, source: Source) -> None:
    told = judged(
        spark,
        source,
        [
            (2, DAY, "X9", "1", "1", "2024-04-03", None),  # not an id of this city
            (3, DAY, "F1", "2", "一百", "2024-13-03", None),  # neither a number nor a day
            (4, DAY, None, "3", "1", "2024-04-03", None),  # nobody was fined
            (5, DAY, "F1", "4", "1", "2099-01-01", None),  # decided after it was delivered
            (6, DAY, "F1", None, "1", "2024-04-03", None),  # no number: no record id
            (7, DAY, "F1", "6", "-5", "2024-04-03", None),  # the table's own expectation
        ],
    )
    assert "does not match this city's subject ids" in told[2]
    assert "amount_fen: value '一百' is not an amount in 元" in told[3]
    assert "decided_date: value '2024-13-03' is not a date" in told[3]  # both, not only the first
    assert told[4] == "subject_id: missing"
    assert "lies after the delivery arrived (2024-05-01)" in told[5]
    assert "record id: missing" in told[6]
    assert "amount" in told[7]


def test_a_withdrawal_needs_no_more_than_its_record(spark: SparkSession, source: Source) -> None:
    assert judged(spark, source, [(2, DAY, None, "甲1号", None, None, "撤销")]) == {2: ""}


def outcomes(spark: SparkSession, source: Source, rows: list[tuple[Any, ...]]) -> dict[int, str]:
    frame = typed(bronze(spark, rows), source, TABLE, SUBJECTS)
    return {row["line"]: row["_outcome"] for row in with_outcome(frame, None).collect()}


def test_one_outcome_each(spark: SparkSession, source: Source) -> None:
    later = date(2024, 6, 1)
    found = outcomes(
        spark,
        source,
        [
            (2, DAY, "F1", "1", "10", "2024-04-03", None),  # new
            (3, DAY, "F1", "1", "10", "2024-04-03", None),  # says it again
            (4, DAY, "F1", "1", "20", "2024-04-03", "更正"),  # says something else
            (5, DAY, "F1", "1", "20", "2024-04-03", None),  # repeats the correction
            (6, later, "F1", "1", "10", "2024-04-03", "更正"),  # back to what it was: news
            (7, later, None, "1", None, None, "撤销"),  # withdrawn
            (8, later, None, "1", None, None, "撤销"),  # withdrawn twice
            (9, later, "F1", "1", "10", "2024-04-03", None),  # came back after the withdrawal
            (10, DAY, "F1", "2", "x", "2024-04-03", None),  # broken
        ],
    )
    assert found == {
        2: "accepted",
        3: "repeated",
        4: "accepted",
        5: "repeated",
        6: "accepted",
        7: "accepted",
        8: "repeated",
        9: "accepted",
        10: "quarantined",
    }


def test_what_silver_says_already_is_repeated(spark: SparkSession, source: Source) -> None:
    first = typed(
        bronze(spark, [(2, DAY, "F1", "1", "10", "2024-04-03", None)]), source, TABLE, SUBJECTS
    )
    again = typed(
        bronze(
            spark,
            [
                (5, date(2024, 6, 1), "F1", "1", "10", "2024-04-03", None),  # as in silver
                (6, date(2024, 6, 1), "F1", "2", "10", "2024-04-03", None),  # new
            ],
            "b2",
        ),
        source,
        TABLE,
        SUBJECTS,
    )
    found = {row["line"]: row["_outcome"] for row in with_outcome(again, first).collect()}
    assert found == {5: "repeated", 6: "accepted"}


TEXTS = st.sampled_from([None, "F1", "F2", "X", "1", "2", "12.5", "2024-04-03", "撤销", "更正", ""])


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS), min_size=1, max_size=12))
def test_no_row_is_lost_or_doubled(
    spark: SparkSession, source: Source, rows: list[tuple[Any, ...]]
) -> None:
    numbered = [(line, DAY, *fields) for line, fields in enumerate(rows, start=2)]
    assert sorted(outcomes(spark, source, numbered)) == [row[0] for row in numbered]
