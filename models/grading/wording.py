"""Texts of verdicts: parts joined in an order of their own, words chosen by value, points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.citation import Sourced
from conf.rule_pack import RulePack
from models.grading.trace import citation_words


def chosen(key: Column, values: Mapping[str, Any], otherwise: Any = None) -> Column:
    """The value that stands by the key; `otherwise` where there is none."""
    rest = otherwise if isinstance(otherwise, Column) else F.lit(otherwise)
    case: Column | None = None
    for name, value in values.items():
        found = value if isinstance(value, Column) else F.lit(value)
        case = F.when(key == name, found) if case is None else case.when(key == name, found)
    return rest if case is None else case.otherwise(rest)


def joined(name: str, text: Column, separator: str, *order: Column) -> Column:
    """The column `name`: the texts of a group in this order, whatever the order of the rows.

    Texts of one place stand in their own order. NULL must not stand in `order`: the engines need
    not agree where it sorts.
    """
    # Named after the column, because the embedded engine tells two such lists apart by field names.
    parts = F.struct(*(c.alias(f"order_{n}") for n, c in enumerate(order)), text.alias(name))
    told = F.transform(F.sort_array(F.collect_list(parts)), lambda part: part[name])
    return F.array_join(told, separator).alias(name)


def day_text(day: Column) -> Column:
    """A date as 2016-05-01."""
    return day.cast("string")


def points_text(tenths: str) -> Column:
    """The column of that name, tenths of a point, as 8.5 or 12."""
    whole, rest = F.expr(f"{tenths} div 10"), F.col(tenths) % 10
    tail = F.when(rest == 0, F.lit("")).otherwise(F.concat(F.lit("."), rest.cast("string")))
    return F.concat(whole.cast("string"), tail)


def with_origin(
    rows: DataFrame, key: Column, sourced: Mapping[str, Sourced], pack: RulePack
) -> DataFrame:
    """Rows with the `standing` and `citation` of the rule that each follows from.

    What is not among `sourced` is a project default: the pack has no rule for it.
    """
    standing = chosen(key, {k: s.source for k, s in sourced.items()}, "project default")
    words = {k: F.lit(citation_words(s, pack)).cast("string") for k, s in sourced.items()}
    citation = chosen(key, words, F.lit(None).cast("string"))
    return rows.withColumn("standing", standing).withColumn("citation", citation)
