"""Silver tables from literal rows: what a row does not say stands at a plain default."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from conf.table import SYSTEM_COLUMNS, load_catalogue

DAY = datetime.date(2024, 6, 30)


def day(days_before: int) -> datetime.date:
    """The date that many days before `DAY`; negative lies ahead."""
    return DAY - datetime.timedelta(days=days_before)


@cache
def schema(table: str, extra: tuple[tuple[str, str], ...] = ()) -> dict[str, str]:
    own = catalogue()[table].spark_columns()
    return {**own, **dict(extra), **SYSTEM_COLUMNS}


@cache
def catalogue() -> dict[str, Any]:
    return load_catalogue()


def records(spark, table: str, rows: Sequence[Mapping[str, Any]], **extra: str):
    """A silver table; each row may name any of its columns.

    The rest is NULL, but: a record has an id of its own (the place in the list), came with line
    order, in one batch, was known on the day it happened, and was inserted.
    """
    columns = schema(table, tuple(extra.items()))
    clock = catalogue()[table].event_date
    full = []
    for number, row in enumerate(rows):
        unknown = set(row) - set(columns)
        assert not unknown, f"{table} has no {unknown}"
        happened = row.get("event_date", row.get(clock, day(0) if clock == "known_at" else None))
        line = {
            "source": table,
            "source_dept": "市场监督管理局",
            "source_record_id": f"r{number}",
            "event_date": happened,
            "known_at": happened or day(0),
            "batch_id": "b1",
            "file": f"{table}.csv",
            "line": number + 2,
            "op": "insert",
            "record_hash": "",
            **row,
        }
        full.append(tuple(line.get(name) for name in columns))
    return spark.createDataFrame(full, ", ".join(f"`{n}` {t}" for n, t in columns.items()))


def firms(spark, *subjects: str, **same: Any):
    """A registration of the subjects, each with the same other columns."""
    return records(
        spark, "registration", [{"subject_id": s, "known_at": day(400), **same} for s in subjects]
    )
