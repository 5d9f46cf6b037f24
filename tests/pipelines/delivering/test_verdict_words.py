"""Verdicts in words: no state of the program's own reaches a Chinese page."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pyarrow as pa
import pytest
from rich.console import Console

from models.grading.exit_control import RELEASE_DUE
from models.grading.list_stays import EXIT_ONLY, EXITED, LISTED, UNDATED
from models.grading.lists import CANDIDATE
from pipelines.delivering.glossary import STATES, state_words
from pipelines.delivering.verdict_pages import verdicts_shown
from pipelines.export import _with_state_words
from pipelines.rules_command import _said


def verdict(value: str | None) -> dict[str, Any]:
    return {
        "verdict_id": "v1", "pack": "report_2016", "pack_version": "1", "family": "list",
        "rule": "经营异常", "value": value, "holds_from": None, "holds_to": None, "sum_zh": "",
        "sum_en": "", "standing": "project default", "citation": None,
    }  # fmt: skip


def shown(value: str | None, language: Any) -> str:
    out = StringIO()
    Console(file=out, width=80).print(verdicts_shown([verdict(value)], [], language))
    return out.getvalue()


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (LISTED, "在列", "listed"),
        (EXITED, "已移出", "off the list"),
        (EXIT_ONLY, "有移出而无列入", "an exit without an entry"),
        (UNDATED, "没有日期", "undated"),
        (CANDIDATE, "候选，待人工核实", "candidate, to be checked"),
        (RELEASE_DUE, "应核对是否解除", "release to be checked"),
        ("locked", "已锁入", "locked"),
        ("no registration", "无登记记录", "no registration"),
        ("A-Ⅰ", "A-Ⅰ", "A-Ⅰ"),  # a grade is its own word
        (None, "—", "—"),
    ],
)
def test_a_state_is_said_in_the_readers_language(value: str | None, zh: str, en: str) -> None:
    chinese = shown(value, "zh")
    assert f"：{zh}" in chinese
    assert f": {en}" in shown(value, "en")
    if value in STATES:
        assert str(value) not in chinese


def test_every_state_has_chinese_words() -> None:
    for value, (zh, _) in STATES.items():
        assert not any(letter.isascii() and letter.isalpha() for letter in zh), value
    # a direction mark that a department delivered does not reach a page
    assert state_words("吊销\u202e") == ("吊销", "吊销")


def test_an_export_has_the_words_beside_the_value() -> None:
    rows = pa.table(
        {"verdict_id": ["a", "b", "c"], "value": ["listed", "A", None], "rule": ["r"] * 3}
    )
    assert _with_state_words(rows).to_pydict() == {
        "verdict_id": ["a", "b", "c"],
        "value": ["listed", "A", None],  # for programs
        "value_zh": ["在列", "A", None],
        "rule": ["r", "r", "r"],
    }


def test_the_difference_of_two_packs_is_in_words() -> None:
    assert _said(verdict("locked")) == "已锁入（… 至 …）"
    assert _said(None) == "—"
