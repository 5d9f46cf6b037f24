"""Packs with one parameter changed, versions of records, and verdicts as plain rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import settings

from conf.rule_pack import RulePack, load_pack
from features.as_of import known_tables
from models.grading.trace import RECORD_COLUMNS, VERDICT_COLUMNS, Judged
from tests.features.literal_tables import records

REPORT = load_pack("report_2016")
REGIME_2022 = load_pack("regime_2022")

D = date.fromisoformat

HALF = settings(max_examples=max(2, settings.default.max_examples // 2))
"""For a property whose every example holds many subjects."""
FEWER = settings(max_examples=max(2, settings.default.max_examples // 3))
"""For a property whose every example takes several runs of the engine."""


def pack_with(pack: RulePack = REPORT, **parts: Mapping[str, Any]) -> RulePack:
    """The pack with parameters of `tax_retention`, `tax_spread`, `conflict` or `points` changed."""
    tax, grades, points = pack.tax_grade, pack.grades, pack.points
    if "tax_retention" in parts:
        kept = tax.retention.model_copy(update=parts["tax_retention"])
        tax = tax.model_copy(update={"retention": kept})
    if "tax_spread" in parts:
        tax = tax.model_copy(update={"spread": tax.spread.model_copy(update=parts["tax_spread"])})
    if "conflict" in parts:
        conflict = grades.conflict.model_copy(update=parts["conflict"])
        grades = grades.model_copy(update={"conflict": conflict})
    if "points" in parts:
        rule = points.points["food_drug"].model_copy(update=parts["points"])
        points = points.model_copy(update={"points": {"food_drug": rule}})
    return replace(pack, tax_grade=tax, grades=grades, points=points)


def known(spark, as_of: date, **tables: Sequence[Mapping[str, Any]]):
    """Known states on the day, from literal versions."""
    return known_tables({t: records(spark, t, rows) for t, rows in tables.items()}, as_of)


def rows_of(judged: Judged) -> list[Any]:
    """The verdicts, in order; all columns of the contract are there, and no id twice."""
    assert judged.verdicts.columns[: len(VERDICT_COLUMNS)] == [n for n, _ in VERDICT_COLUMNS]
    found = judged.verdicts.collect()
    assert len({row.verdict_id for row in found}) == len(found)
    for row in found:
        assert row.subject_id
        assert row.sum_zh, row
        assert row.sum_en, row
    return sorted(found, key=lambda row: (row.subject_id, row.rule, str(row.holds_from)))


def plain(judged: Judged) -> list[tuple[Any, ...]]:
    """All that the verdicts say, to compare two runs."""
    return sorted((tuple(row) for row in judged.verdicts.collect()), key=str)


def behind(judged: Judged) -> dict[str, list[str]]:
    """By verdict the source record ids behind it, with their tables, in order."""
    assert judged.records.columns == [name for name, _ in RECORD_COLUMNS]
    found: dict[str, list[str]] = {}
    for row in judged.records.collect():
        found.setdefault(row.verdict_id, []).append(f"{row.table_name}:{row.source_record_id}")
    return {key: sorted(ids) for key, ids in found.items()}
