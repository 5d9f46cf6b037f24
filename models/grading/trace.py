"""What every verdict carries: its rule and standing, its sum, its days, and the records behind it.

A verdict is one statement about one subject on the day of a run. Its id derives from what it speaks
of (family, rule, subject, and what tells two of them apart) and from nothing else, so that the same
statement has the same id on the next night and under another pack.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.citation import Sourced
from conf.rule_pack import RulePack

VERDICT_COLUMNS: tuple[tuple[str, str], ...] = (
    ("verdict_id", "string"),
    ("subject_id", "string"),
    ("family", "string"),
    ("rule", "string"),
    ("value", "string"),
    ("severity", "int"),
    ("holds_from", "date"),
    ("holds_to", "date"),
    ("sum_zh", "string"),
    ("sum_en", "string"),
    ("pack", "string"),
    ("pack_version", "string"),
    ("standing", "string"),
    ("citation", "string"),
)
"""The columns every family of verdicts begins with.

family: grade, cell, list, points, dimension, composite, comparison, measure or notice. value: what
is found (a grade, a state, a score). severity: 0 to 100, NULL where it has none. holds_from and
holds_to: the first and the last day on which it holds, NULL to where no end is known. sum_zh and
sum_en: the arithmetic in words that a person can redo. standing: cited or project default.
"""

RECORD_COLUMNS: tuple[tuple[str, str], ...] = (
    ("verdict_id", "string"),
    ("subject_id", "string"),
    ("table_name", "string"),
    ("source", "string"),
    ("source_dept", "string"),
    ("source_record_id", "string"),
    ("event_date", "date"),
    ("known_at", "date"),
    ("file", "string"),
    ("line", "bigint"),
)
"""One row a record that a verdict rests on, down to delivery file and line."""


@dataclass(frozen=True)
class Judged:
    """Verdicts of one family (`VERDICT_COLUMNS`, then its own) and the records behind them.

    `behind`: those records (`RECORD_COLUMNS`), or what finds them for verdicts that were written
    down. To find verdicts is the dear part, and so it is done once: the records of the few that
    were found are then looked up for these alone. Verdicts of others may be among those given.
    """

    verdicts: DataFrame
    behind: DataFrame | Callable[[DataFrame], DataFrame]

    @property
    def records(self) -> DataFrame:
        """The records, from verdicts that are still a plan."""
        return self.records_of(self.verdicts)

    def records_of(self, kept: DataFrame) -> DataFrame:
        """The records, from the verdicts as they were written down."""
        return self.behind(kept) if callable(self.behind) else self.behind


def verdicts(
    rows: DataFrame,
    *,
    family: str,
    rule: str | Column,
    key: Sequence[str | Column],
    pack: RulePack,
    sourced: Sourced,
    own: Sequence[str] = (),
) -> DataFrame:
    """Rows as verdicts: `VERDICT_COLUMNS`, then the columns `own`.

    `rows` has subject_id, value, sum_zh, sum_en, and where they apply severity, holds_from and
    holds_to (NULL where it lacks them). `key`: what, beside family, rule and subject, tells two
    verdicts apart; NULL in it counts as empty.
    """
    name = rule if isinstance(rule, Column) else F.lit(rule)
    given = {
        "verdict_id": verdict_id(family, name, key),
        "family": F.lit(family),
        "rule": name,
        "pack": F.lit(pack.name),
        "pack_version": F.lit(pack.version),
        "standing": F.lit(sourced.source),
        "citation": F.lit(citation_words(sourced, pack)),
    }
    chosen = []
    for column, kind in VERDICT_COLUMNS:
        there = F.col(column) if column in rows.columns else F.lit(None)
        chosen.append(given.get(column, there).cast(kind).alias(column))
    return rows.select(*chosen, *own)


def verdict_id(family: str, rule: Column, key: Sequence[str | Column]) -> Column:
    """24 hex digits of what the verdict speaks of; the row must have `subject_id`."""
    parts = [F.col(k) if isinstance(k, str) else k for k in key]
    told = [F.lit(family), rule, F.col("subject_id")]
    told += [F.coalesce(part.cast("string"), F.lit("")) for part in parts]
    return F.substring(F.sha2(F.concat_ws("\x1f", *told), 256), 1, 24)


def citation_words(sourced: Sourced, pack: RulePack) -> str | None:
    """`《title》（number）article：「quotation」`, or NULL for a project default."""
    if sourced.citation is None:
        return None
    found = pack.instruments[sourced.citation.instrument]
    return (
        f"《{found.title}》（{found.issuer}，{found.number}）"
        f"{sourced.citation.article}：「{sourced.citation.quotation}」"
    )


def records(rows: DataFrame, table_name: str) -> DataFrame:
    """Rows that carry `verdict_id` and a record's system columns, as `RECORD_COLUMNS`."""
    return rows.select(
        *(
            (F.lit(table_name) if name == "table_name" else F.col(name)).cast(kind).alias(name)
            for name, kind in RECORD_COLUMNS
        )
    )
