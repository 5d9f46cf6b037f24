"""What the polars rival reads: silver tables of a lake, as they were known on a day.

Written from the contract of silver alone (every version of every record, two clocks), without a
look at how the `features` room finds the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from deltalake import DeltaTable

from conf.word_groups import load_words

RECORD = ["source", "source_record_id"]
ARRIVAL = ["known_at", "batch_id", "line"]
LEAVING = {"penalty", "list_event", "complaint", "ad_monitor", "judgment", "enforcement",
           "points_event", "tax_arrears", "grade", "public_info"}  # fmt: skip
"""Tables whose records a decision can take away."""


@dataclass(frozen=True)
class Silver:
    """The silver tables under `lake`, and the day as of which they are read."""

    lake: Path
    as_of: date

    def known(self, table: str) -> pl.LazyFrame:
        """Each record's last version known by the day, without those withdrawn or taken away."""
        told = self._told(table)
        gone = self._taken_away(table)
        return told if gone is None else told.join(gone, on=list(gone.collect_schema()), how="anti")

    def _taken_away(self, table: str) -> pl.LazyFrame | None:
        """The records of a table that a repair or a sustained objection names, by subject."""
        if table not in LEAVING:
            return None
        parts = []
        if self._is_there("repair"):
            granted = pl.col("outcome") == "准予"
            parts.append(self._told("repair").filter(granted, pl.col("decided_date") <= self.as_of))
        if self._is_there("objection"):
            states = self._told("objection").filter(pl.col("state_date") <= self.as_of)
            last = states.sort(["state_date", *ARRIVAL, *RECORD]).unique(
                subset=["subject_id", "objection_no"], keep="last"
            )
            parts.append(last.filter(pl.col("state") == "成立"))
        named = pl.col("target_record_id").alias("source_record_id")
        targets = [
            part.filter(pl.col("target_table") == table).select("subject_id", named)
            for part in parts
        ]
        return pl.concat(targets).unique() if targets else None

    def _is_there(self, table: str) -> bool:
        return DeltaTable.is_deltatable(str(self.lake / "silver" / table))

    def _told(self, table: str) -> pl.LazyFrame:
        files = DeltaTable(str(self.lake / "silver" / table)).file_uris()
        # A column that came with a later delivery is missing from the older files.
        versions = pl.scan_parquet(files, missing_columns="insert", extra_columns="ignore")
        return (
            versions.filter(pl.col("known_at") <= self.as_of)
            .sort(ARRIVAL)
            .unique(subset=RECORD, keep="last")
            .filter(pl.col("op").ne_missing("withdraw"))
        )

    def happened(self, table: str) -> pl.LazyFrame:
        """Known records of a firm that are not dated after the day; undated ones among them."""
        dated = pl.col("event_date")
        return self.known(table).filter(dated.is_null() | (dated <= self.as_of))

    def one_each(self, table: str, key: str) -> pl.LazyFrame:
        """A snapshot table: of the records that share a key, the one that came last."""
        known = self.known(table).filter(pl.col(key).is_not_null())
        return known.sort(ARRIVAL + RECORD).unique(subset=[key], keep="last")

    def within(self, days: int, clock: str = "event_date") -> pl.Expr:
        """Whether a date lies in the last so many days, the day itself included."""
        start = self.as_of - timedelta(days=days)
        return (pl.col(clock) > start) & (pl.col(clock) <= self.as_of)

    def not_ended(self, end: str) -> pl.Expr:
        """Whether something still holds after the day: it has no end, or a later one."""
        return pl.col(end).is_null() | (pl.col(end) > self.as_of)

    def valid(self, end: str) -> pl.Expr:
        """Whether something is in force on the day, its last day included."""
        return pl.col(end).is_null() | (pl.col(end) >= self.as_of)

    def days_since(self, day: pl.Expr) -> pl.Expr:
        """Whole days from a date to the day."""
        return (pl.lit(self.as_of) - day).dt.total_days()


def as_read(column: str, *, denials: bool = False) -> pl.Expr:
    """A text levelled, without what is not meant; with `denials` also without what it denies."""
    words = load_words()
    full = {chr(c + 0xFEE0): chr(c) for c in range(0x21, 0x7F)}
    brackets = dict.fromkeys("【〔〖｛［", "(") | dict.fromkeys("】〕〗｝］", ")")
    gone = dict.fromkeys(" \t\n\r\u00a0\u200b\u3000\ufeff", "")
    level = {**full, **brackets, **gone, **words.traditional}
    text = pl.col(column).str.replace_many(level).str.to_lowercase()
    denied = [r"\([^()]*除外\)", r"\(除[^()]*\)", f"(?:{'|'.join(words.denials)})[^;。()]*"]
    cut = [*words.not_meant, *(denied if denials else [])]
    return text.str.replace_all("|".join(cut), "。")


def names_any(column: str, words: Iterable[str], *, denials: bool = False) -> pl.Expr:
    """Whether a text holds any of the words; NULL without a text."""
    return as_read(column, denials=denials).str.contains("|".join(words))


def words_in(column: str, words: Iterable[str]) -> pl.Expr:
    """How many of the words a name or scope claims."""
    text = as_read(column, denials=True)
    found = [text.str.contains(word, literal=True).cast(pl.Int64) for word in words]
    return pl.sum_horizontal(found)


def total(column: str, chosen: pl.Expr) -> pl.Expr:
    """The sum over the chosen records; 0 when none of them states an amount."""
    return pl.col(column).filter(chosen).sum()


def stated_total(column: str, chosen: pl.Expr) -> pl.Expr:
    """The sum over the chosen records; NULL when none of them states an amount."""
    amounts = pl.col(column).filter(chosen)
    return pl.when(amounts.count() > 0).then(amounts.sum())


def double(decimal: pl.Expr) -> pl.Expr:
    """A decimal as the nearest double, by way of its digits: polars divides by multiplying."""
    return decimal.cast(pl.String).cast(pl.Float64)


def share(part: str | pl.Expr, whole: str | pl.Expr) -> pl.Expr:
    """One double division; NULL when either is NULL or the whole is not positive."""
    above = (pl.col(part) if isinstance(part, str) else part).cast(pl.Float64)
    below = (pl.col(whole) if isinstance(whole, str) else whole).cast(pl.Float64)
    return pl.when(below > 0).then(above / below)
