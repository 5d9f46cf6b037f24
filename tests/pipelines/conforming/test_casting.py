"""Text as departments write it, cast to the catalogue's types: value or sentence, never both."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from pipelines.conforming.casting import cast, normalised

CASES: list[tuple[str, str | None, str, Any]] = [
    # type, unit, text, value (... = refused)
    ("integer", None, "12", 12),
    ("integer", None, "1,234", 1234),  # thousands commas
    ("integer", None, "2017.0", 2017),  # a whole number that went through a float
    ("integer", None, "-3", -3),
    ("integer", None, "2.5", ...),  # not whole: never rounded in silence
    ("integer", None, "1e3", ...),  # the engines read it differently
    ("integer", None, "99999999999999999999", ...),  # would overflow 64 bits
    ("integer", None, "十二", ...),
    ("decimal", None, "0.00005", Decimal("0.000050")),
    ("decimal", None, "1e308", ...),
    ("decimal", None, "NaN", ...),
    ("decimal", None, "inf", ...),
    ("money", "元", "12.345", 1235),  # half a fen is rounded up
    ("money", "万元", "0.000001", 1),  # one fen
    ("money", "万元", "5000", 5_000_000_000),
    ("money", "亿元", "1.5", 15_000_000_000),
    ("money", None, "77", 77),  # fen is the default
    ("money", "万元", "9999999999999", ...),  # 13 digits of 万元 overflow fen
    ("money", "元", "-20.10", -2010),
    ("ratio", None, "0.51", Decimal("0.510000")),
    ("ratio", "%", "51", Decimal("0.510000")),
    ("ratio", None, "51%", Decimal("0.510000")),  # a sign of its own wins over the unit
    ("ratio", None, "半", ...),
    ("date", None, "2020-01-05", date(2020, 1, 5)),
    ("date", None, "2020/1/5", date(2020, 1, 5)),
    ("date", None, "2020.1.5", date(2020, 1, 5)),
    ("date", None, "20200105", date(2020, 1, 5)),
    ("date", None, "2020年1月5日", date(2020, 1, 5)),
    ("date", None, "2020-01-05 08:30:00", date(2020, 1, 5)),
    ("date", None, "2020-02-30", ...),  # no such day
    ("date", None, "2020115", ...),  # 15 January or 5 November?
    ("date", None, "8小时前", ...),
    ("boolean", None, "是", True),
    ("boolean", None, "N", False),
    ("boolean", None, "1.0", True),
    ("boolean", None, "maybe", ...),
    ("category", None, "罚款", "罚款"),
    ("category", None, "罚", ...),
    ("person", None, "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"),
    ("person", None, "110101199003071234", ...),  # a plain id number must never get this far
]


@pytest.mark.parametrize("kind", sorted({case[0] for case in CASES}))
def test_each_text_has_its_value_or_its_reason(spark: SparkSession, kind: str) -> None:
    for case_kind, unit, text, expected in CASES:
        if case_kind != kind:
            continue
        frame = spark.createDataFrame([(text,)], "t string")
        made = cast("t", kind, unit, ("罚款", "警告"))
        row = frame.select(normalised(F.col("t")).alias("t")).select(
            made.value.alias("value"), made.problem.alias("problem")
        )
        value, problem = row.collect()[0]
        if expected is ...:
            assert value is None, text
            assert problem is not None, text
        else:
            assert (value, problem) == (expected, None), text


def test_a_refused_person_is_not_repeated_in_the_reason(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("110101199003071234",)], "t string")
    told = frame.select(cast("t", "person").problem.alias("p")).collect()[0]["p"]
    assert "110101" not in told


def test_text_is_narrowed_and_emptied(spark: SparkSession) -> None:
    rows = [("（北京）ＡＢ１２公司",), ("  ",), ("　甲　",), (None,)]
    frame = spark.createDataFrame(rows, "t string")
    told = [row["t"] for row in frame.select(normalised(F.col("t")).alias("t")).collect()]
    assert told == ["(北京)AB12公司", None, "甲", None]
