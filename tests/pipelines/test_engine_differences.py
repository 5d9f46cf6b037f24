"""Each known difference between the engines: what each does, and that our way is alike on both.

Run with `--engine spark` for the other side. When an engine changes its ways one of these fails,
and the way round it may go.
"""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from models.grading.frames import spread
from models.grading.wording import joined
from pipelines.conforming.casting import cast
from pipelines.lake import Lake, LakeError

FAILS = object()


def value(spark: SparkSession, sql: str) -> Any:
    """The one value of an expression, or FAILS when the engine refuses it."""
    try:
        return spark.sql(f"select {sql} as v").collect()[0]["v"]
    except Exception:
        return FAILS


@pytest.mark.parametrize(
    ("sql", "on_sail", "on_spark"),
    [
        # overflow: silently wrong on Sail
        ("cast(9223372036854775807 as bigint) + cast(1 as bigint)", -9223372036854775808, FAILS),
        # a logarithm with one argument
        ("round(log(2.718281828459045), 6)", FAILS, 1.0),
        # a day that does not exist
        ("try_to_date('2020-02-30', 'yyyy-MM-dd')", FAILS, None),
    ],
)
def test_what_they_do_unlike(
    spark: SparkSession, engine_name: str, sql: str, on_sail: Any, on_spark: Any
) -> None:
    expected = on_sail if engine_name == "sail" else on_spark
    assert value(spark, sql) is expected or value(spark, sql) == expected


@pytest.mark.parametrize(
    ("text", "kind", "unit", "expected"),
    [
        ("9223372036854775808", "integer", None, None),  # refused before it can overflow
        ("99999999999999999", "money", "元", None),  # 17 digits of 元 do not fit fen
        ("1e3", "decimal", None, None),  # not the engines' business to agree on
        ("2020-02-30", "date", None, None),
        ("2020-02-29", "date", None, date(2020, 2, 29)),
        ("0.0000005", "decimal", None, Decimal("0.000001")),  # half up on both
    ],
)
def test_casts_are_alike(
    spark: SparkSession, text: str, kind: str, unit: str | None, expected: Any
) -> None:
    frame = spark.createDataFrame([(text,)], "t string")
    assert frame.select(cast("t", kind, unit).value.alias("v")).collect()[0]["v"] == expected


def test_a_sum_over_nothing_is_null(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(1, 5)], "k int, v int")
    empty = frame.agg(F.sum(F.when(F.col("k") == 2, F.col("v"))).alias("s")).collect()[0]["s"]
    assert empty is None  # dataframe libraries say 0


def test_hashes_in_the_tables_are_alike(spark: SparkSession) -> None:
    told = hashlib.sha256("统一社会信用代码".encode()).hexdigest()
    assert value(spark, "sha2('统一社会信用代码', 256)") == told


def test_a_decimal_as_text_is_alike(spark: SparkSession) -> None:
    # it enters the record hash
    assert value(spark, "cast(cast('0.51' as decimal(9,6)) as string)") == "0.510000"


def test_a_new_column_is_added_and_not_dropped(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(tmp_path, spark)
    one = spark.createDataFrame([(1,)], "k bigint")
    lake.append(one, "silver", "t")
    lake.append(one.withColumn("x_new", F.lit("a")), "silver", "t")
    lake.append(one, "silver", "t")
    rows = sorted((r["k"], r["x_new"] or "") for r in lake.read("silver", "t").collect())
    assert rows == [(1, ""), (1, ""), (1, "a")]


def test_another_type_is_refused_and_not_truncated(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(tmp_path, spark)
    lake.append(spark.createDataFrame([(1,)], "k bigint"), "silver", "t")
    with pytest.raises(LakeError, match="Column k of silver/t is bigint in the lake and double"):
        lake.append(spark.createDataFrame([(1.5,)], "k double"), "silver", "t")


def test_replacing_a_run_leaves_the_others(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(tmp_path, spark)
    rows = spark.createDataFrame([(1,), (2,)], "k bigint")
    lake.replace(rows, "gold", "g", "one")
    lake.replace(rows, "gold", "g", "two")
    lake.replace(rows.where("k = 1"), "gold", "g", "one")  # a second try of the same run
    found = sorted((r["run_id"], r["k"]) for r in lake.read("gold", "g").collect())
    assert found == [("one", 1), ("two", 1), ("two", 2)]


def test_a_case_of_several_becomes_a_row_each(spark: SparkSession) -> None:
    # the embedded engine breaks down over an array of structs that differ in what may be NULL
    rows = spark.createDataFrame(
        [("a", 1, None), ("b", None, 2)], "subject_id string, x int, y int"
    )
    cases = [
        (F.col("x").isNotNull(), {"name": F.lit("x"), "value": F.col("x")}),
        (F.col("y").isNotNull(), {"name": F.lit("y"), "value": F.col("y")}),
        (F.lit(True), {"name": F.lit("all"), "value": F.lit(0)}),
    ]
    found = sorted(tuple(row) for row in spread(rows, cases).collect())
    assert found == [("a", "all", 0), ("a", "x", 1), ("b", "all", 0), ("b", "y", 2)]


def test_two_texts_are_joined_in_one_aggregate(spark: SparkSession) -> None:
    # two lists of structs with the same field names fail on the embedded engine
    rows = spark.createDataFrame([(2, "b", "y"), (1, "a", "x")], "n int, one string, two string")
    made = rows.agg(
        joined("ones", F.col("one"), "、", F.col("n")),
        joined("twos", F.col("two"), "、", F.col("n")),
    )
    assert tuple(made.collect()[0]) == ("a、b", "x、y")
