"""Who speaks in a family's reason, out of the features, the edges and the register of a city."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa

from pipelines.assembling import Assembled
from pipelines.family_voices import family_voices

FEATURES = [
    ("A", "G1", 3, 0.0),  # asked about
    ("B", "G1", 3, 4.0),  # loud, the same address
    ("C", "G1", 3, 2.0),  # loud, held by a person in common; the register has no name
    ("D", "G2", 1, 9.0),  # no family of its own
]
EDGES = [
    ("A", "firm", "@1", "address", "shared_address", None),
    ("B", "firm", "@1", "address", "shared_address", None),
    ("张三", "person", "A", "firm", "ownership", None),
    ("张三", "person", "C", "firm", "ownership", None),
]


class Model:
    """A model whose own margin is the one feature."""

    features, middle = ("x",), 1.0

    def own_margin(self, rows: pd.DataFrame) -> Any:
        return rows["x"].to_numpy()


def told(spark: Any, use: str = "internal") -> dict[str, tuple[str, str]]:
    features = spark.createDataFrame(
        FEATURES, "subject_id string, group_id string, group_size long, x double"
    )
    names = ["src", "src_kind", "dst", "dst_kind", "kind", "role"]
    edges = pa.table({n: [row[at] for row in EDGES] for at, n in enumerate(names)})
    judged = Assembled(date(2024, 1, 31), {}, edges, edges, features)
    registration = spark.createDataFrame(
        [("A", "甲公司"), ("B", "乙公司"), ("C", None)], "subject_id string, name string"
    )
    name = SimpleNamespace(use=use)
    city = SimpleNamespace(catalogue={"registration": SimpleNamespace(columns={"name": name})})
    rows = [{"subject_id": "A", "group_id": "G1"}]
    return family_voices(judged, city, Model(), registration, rows)  # type: ignore[arg-type]


def test_firms_are_named_with_their_tie_and_people_never(spark: Any) -> None:
    ((zh, en),) = told(spark).values()
    assert zh == "，主要来自乙公司（B，同一住所）、C（同一自然人持股）"
    assert en == ", mostly 乙公司 (B, same address), C (held by the same person)"
    assert "张三" not in zh + en


def test_a_name_that_may_not_leave_is_not_said(spark: Any) -> None:
    assert told(spark, use="never")["A"][0] == "，主要来自B（同一住所）、C（同一自然人持股）"
