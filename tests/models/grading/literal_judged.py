"""Judged frames in a form that a test can compare, and literal verdicts to begin with."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from conf.rule_pack import RulePack, load_pack
from models.grading.trace import RECORD_COLUMNS, VERDICT_COLUMNS, Judged

VERDICT_SCHEMA = ", ".join(f"{name} {kind}" for name, kind in VERDICT_COLUMNS)
RECORD_SCHEMA = ", ".join(f"{name} {kind}" for name, kind in RECORD_COLUMNS)


@cache
def pack(name: str = "report_2016") -> RulePack:
    return load_pack(name)


def changed(found: RulePack, **parts: Any) -> RulePack:
    """The pack with other files: `changed(pack(), tax_comparison=...)`."""
    return dataclasses.replace(found, **parts)


def rows(judged: Judged, *columns: str) -> list[tuple[Any, ...]]:
    """The verdicts' columns, sorted; the contract's columns come first."""
    assert judged.verdicts.columns[: len(VERDICT_COLUMNS)] == [n for n, _ in VERDICT_COLUMNS]
    found = judged.verdicts.select(*columns).collect()
    return sorted((tuple(row) for row in found), key=repr)


def behind(judged: Judged) -> dict[tuple[str, str], list[str]]:
    """The ids of the records behind each (subject_id, rule), sorted, as table:record."""
    assert judged.records.columns == [n for n, _ in RECORD_COLUMNS]
    named = judged.verdicts.select("verdict_id", "subject_id", "rule").collect()
    rules = {row.verdict_id: (row.subject_id, row.rule) for row in named}
    assert len(rules) == len(named), "a verdict_id stands twice"
    found: dict[tuple[str, str], list[str]] = {}
    for row in judged.records.collect():
        entry = f"{row.table_name}:{row.source_record_id}"
        found.setdefault(rules[row.verdict_id], []).append(entry)
    return {key: sorted(entries) for key, entries in found.items()}


def everything(judged: Judged) -> list[list[Any]]:
    """All rows and columns, sorted: two runs that judge alike have them equal."""
    return [
        sorted((tuple(row) for row in frame.collect()), key=repr)
        for frame in (judged.verdicts, judged.records)
    ]


def verdict_frame(spark: SparkSession, *given: dict[str, Any]) -> DataFrame:
    """Literal verdicts; what a row does not say is NULL, its id is the place in the list."""
    full = [{"verdict_id": f"v{number}", **row} for number, row in enumerate(given)]
    names = [name for name, _ in VERDICT_COLUMNS]
    return spark.createDataFrame([tuple(r.get(n) for n in names) for r in full], VERDICT_SCHEMA)


def record_frame(spark: SparkSession, *given: dict[str, Any]) -> DataFrame:
    """Literal rows of `RECORD_COLUMNS`."""
    names = [name for name, _ in RECORD_COLUMNS]
    return spark.createDataFrame([tuple(r.get(n) for n in names) for r in given], RECORD_SCHEMA)


def frame(spark: SparkSession, schema: str, *given: tuple[Any, ...]) -> DataFrame:
    return spark.createDataFrame(list(given), schema)
