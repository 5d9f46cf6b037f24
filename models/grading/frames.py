"""What the rule modules share: tables that may be absent, conditions, counts in one pass, words."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.citation import Sourced
from conf.rule_pack import RulePack
from conf.sql import quote_columns
from conf.table import SYSTEM_COLUMNS
from models.grading.trace import RECORD_COLUMNS, VERDICT_COLUMNS, citation_words, verdicts

Known = Mapping[str, DataFrame]
"""Tables by name, each as it was known on the day (`features.as_of.known_tables`)."""


def table_or_empty(known: Known, table: str, columns: Mapping[str, str]) -> DataFrame:
    """A known table, or an empty one of `columns` (name and SQL type) and the system columns.

    Raises:
        ValueError: no table at all is known, so that there is no session to make one in.
    """
    if table in known:
        return known[table]
    if not known:
        raise ValueError(f"no table is known at all; expected {table} or another in `known`")
    session = next(iter(known.values())).sparkSession
    schema = ", ".join(f"{name} {kind}" for name, kind in {**columns, **SYSTEM_COLUMNS}.items())
    return session.createDataFrame([], schema)


def no_records(beside: DataFrame) -> DataFrame:
    """No row, with `RECORD_COLUMNS`, in the session of another frame."""
    schema = ", ".join(f"{name} {kind}" for name, kind in RECORD_COLUMNS)
    return beside.sparkSession.createDataFrame([], schema)


def union_all(frames: Iterable[DataFrame]) -> DataFrame:
    """The rows of all frames, which have the same columns in the same order; at least one."""
    return reduce(DataFrame.unionAll, frames)


def within_months(as_of: datetime.date, months: int) -> Column:
    """Whether `event_date` lies in the calendar months up to the day: (as_of - months, as_of]."""
    start = F.add_months(F.lit(as_of), -months)
    return (F.col("event_date") > start) & (F.col("event_date") <= F.lit(as_of))


def fulfils(where: str | None, months: int | None, as_of: datetime.date) -> Column:
    """Whether a record fulfils a rule's `where` and lies in its months; what is unknown does not."""
    condition = F.lit(True) if where is None else F.expr(quote_columns(where))
    if months is not None:
        condition = condition & within_months(as_of, months)
    return F.coalesce(condition, F.lit(False))


def counted(table: DataFrame, conditions: Mapping[str, Column]) -> DataFrame:
    """One row a subject that has records: subject_id, and of each condition how many meet it."""
    counts = [F.count(F.when(met, F.lit(1))).alias(name) for name, met in conditions.items()]
    return table.where(F.col("subject_id").isNotNull()).groupBy("subject_id").agg(*counts)


def spread(rows: DataFrame, cases: Sequence[tuple[Column, Mapping[str, Column]]]) -> DataFrame:
    """One row for each case that a row meets: subject_id, and the case's columns.

    A case is a condition and its columns, the same names in each. An array of structs would say it
    shorter, but the embedded engine breaks down over structs that differ in what may be NULL.
    """
    met = F.array(*(F.when(condition, F.lit(n)) for n, (condition, _) in enumerate(cases)))
    found = rows.withColumn("case_", F.explode(met)).where(F.col("case_").isNotNull())
    columns = []
    for name in cases[0][1]:
        by_case = (F.when(F.col("case_") == n, told[name]) for n, (_, told) in enumerate(cases))
        columns.append(F.coalesce(*by_case).alias(name))
    return found.select("subject_id", *columns)


def holds_on(as_of: datetime.date) -> Column:
    """Whether a row with `holds_from` and `holds_to` holds on the day; NULL is an open end."""
    begun = F.col("holds_from").isNull() | (F.col("holds_from") <= F.lit(as_of))
    return begun & (F.col("holds_to").isNull() | (F.col("holds_to") >= F.lit(as_of)))


def origin(sourced: Sourced, pack: RulePack) -> dict[str, Column]:
    """The columns `standing` and `citation` of a rule, for `verdicts_of_rules`."""
    words = F.lit(citation_words(sourced, pack)).cast("string")
    return {"standing": F.lit(sourced.source), "citation": words}


def verdicts_of_rules(
    rows: DataFrame, *, family: str, key: Sequence[str], pack: RulePack, own: Sequence[str] = ()
) -> DataFrame:
    """`trace.verdicts` of rows that bring `rule`, `standing` and `citation` themselves."""
    brought = ("standing", "citation")
    renamed = reduce(lambda found, name: found.withColumnRenamed(name, f"{name}_"), brought, rows)
    found = verdicts(
        renamed,
        family=family,
        rule=F.col("rule"),
        key=key,
        pack=pack,
        sourced=Sourced(source="project default"),  # replaced by what each row brought
        own=[*own, *(f"{name}_" for name in brought)],
    )
    return found.select(
        *(
            F.col(f"{name}_").alias(name) if name in brought else F.col(name)
            for name, _ in VERDICT_COLUMNS
        ),
        *own,
    )


def say(*parts: Column | str | int | datetime.date | None) -> Column:
    """The parts as one text; what is NULL is said as （空）, a column as it stands."""
    told = [
        F.coalesce(part.cast("string"), F.lit("（空）"))
        if isinstance(part, Column)
        else F.lit(str(part))
        for part in parts
    ]
    return F.concat(*told)


def yuan(fen: Column) -> Column:
    """An amount in fen as text in 元 with two decimals."""
    exact = fen.cast("decimal(20,0)") * F.lit(Decimal("0.01")).cast("decimal(3,2)")
    return exact.cast("decimal(22,2)").cast("string")
