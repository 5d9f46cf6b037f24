"""The feature table of many days in one pass, for chosen firms or all.

What `features.assemble.subject_features` gives for each day from that day's known states, to the
last bit, but worked out over all days together: every version of a record knows the days on which
it stood, each table is passed once, and every row carries its own day. A plan a day would cost
more than the work itself: reading, ordering and planning are paid once.
"""

from __future__ import annotations

import contextlib
import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features.as_of import ARRIVAL_ORDER, RECORD_KEY, histories_of, known_intervals, on_days
from features.assemble import (
    all_known,
    chosen_rows,
    keys_of,
    notes_of,
    prefix_of,
    settled,
    with_derived,
)
from features.day_notes import STANDS, counted_days, noted_days
from features.declaration import (
    SNAPSHOT_KEYS,
    SUBJECT_TABLES,
    FeatureColumn,
    FeatureError,
    Note,
)
from features.feature_sets import FeatureSet
from features.repairs import REPAIRABLE, taken_back
from features.rows import ADDRESS_PREFIX, DAY_COLUMN, EACH_DAY, NO_DAY, DayReadError, FirmRow, Rows

KEYS = (DAY_COLUMN, "subject_id")

Keep = Callable[[DataFrame, str], DataFrame]
"""Writes rows aside under a name and gives them back: what is read several times is made once."""


def features_of_days(
    tables: Mapping[str, DataFrame],
    days: Sequence[datetime.date],
    feature_set: FeatureSet,
    keep: Keep,
    wanted: DataFrame | None = None,
) -> DataFrame:
    """The features of firms as of each of the days.

    Args:
        tables: silver tables with all their versions, by name.
        days: the days, in any order.
        feature_set: which columns, in which order.
        keep: writes aside what several parts of the work read.
        wanted: `as_of`, `subject_id`, each pair once: whose features are asked for; None for every
            firm registered as known on each day.

    Returns:
        `as_of DATE`, `subject_id STRING`, then the set's columns, as `subject_features` gives them
        for the day from `without_repaired(known_tables(...))`. A wanted firm that was not
        registered as known on the day has no row.

    Raises:
        FeatureError: there is no `registration`, or no day.
    """
    if "registration" not in tables or not days:
        raise FeatureError(
            "features of many days need the table registration and at least one day; there are "
            f"{', '.join(sorted(tables)) or 'no tables'} and {len(days)} days"
        )
    needed = feature_set.with_inputs()
    sweep = _Sweep(tables, sorted(set(days)), keep, wanted)
    firms = sweep.firm_features(
        [c for c in needed.values() if c.feature.kind in ("firm", "sharers")]
    )
    for table in SUBJECT_TABLES:
        columns = [
            c for c in needed.values() if c.feature.kind == "records" and c.feature.table == table
        ]
        if columns and table in tables:
            # set aside one by one: a plan of all tables at once takes longer to make than to run
            found = keep(sweep.record_features(table, columns), f"features_of_{table}")
            firms = firms.join(found, list(KEYS), "left")
    plain = [c for c in needed.values() if c.feature.kind != "derived"]
    firms = firms.select(
        *KEYS, *[settled(c, F.col(c.name), c.feature.table in tables) for c in plain]
    )
    return with_derived(firms, needed, tables).select(*KEYS, *feature_set.names())


class _Sweep:
    """The silver tables over the days, and the few frames that several passes read."""

    def __init__(
        self,
        tables: Mapping[str, DataFrame],
        days: Sequence[datetime.date],
        keep: Keep,
        wanted: DataFrame | None,
    ) -> None:
        self.tables = tables
        self.days = days
        self.keep = keep
        self.wanted = wanted
        self.narrowed: dict[str, DataFrame] = {}
        self.subjects = None
        if wanted is not None:
            self.subjects = keep(wanted.select("subject_id").distinct(), "subjects")
        self.gone = self._gone()

    def intervals(self, table: str, of: DataFrame | None) -> DataFrame:
        """`known_intervals` of a table; of few subjects' records after these were set aside."""
        versions = self._versions(table, of)
        return known_intervals(versions, self.days[-1], of)

    def _versions(self, table: str, of: DataFrame | None) -> DataFrame:
        if of is None:
            return self.tables[table]
        name = f"{table}_of_{'_'.join(of.columns)}"
        if name not in self.narrowed:
            self.narrowed[name] = self.keep(histories_of(self.tables[table], of), name)
        return self.narrowed[name]

    def standing(self, table: str, of: DataFrame | None) -> DataFrame:
        """The versions of records, `STANDS` telling on which of the days each one counts.

        It does while it is the record's known state, once what it tells of has happened, and unless
        a repair or objection took it away.
        """
        rows = self.intervals(table, of)
        if table in REPAIRABLE and self.gone is not None:
            own = self.gone.where(F.col("gone_from") == table).select(
                F.col("gone_record").alias("source_record_id"),
                F.col("gone_subject").alias("subject_id"),
                "gone_days",
            )
            rows = rows.join(own, ["source_record_id", "subject_id"], "left")
        gone = F.col("gone_days") if "gone_days" in rows.columns else None
        counts = [F.when(_counts_on(day, gone), F.lit(day)) for day in self.days]
        return rows.select(*self.tables[table].columns, F.array(*counts).alias(STANDS))

    def _gone(self) -> DataFrame | None:
        """What repairs and objections took away, and on which of the days."""
        told = {
            name: on_days(known_intervals(self.tables[name], self.days[-1]), self.days)
            for name in ("repair", "objection")
            if name in self.tables
        }
        rows = taken_back(told, EACH_DAY)
        if rows is None:
            return None
        names = ("gone_from", "gone_record", "gone_subject")
        found = rows.groupBy(*names).agg(F.collect_list(DAY_COLUMN).alias("gone_days"))
        return self.keep(found, "taken_back")

    def firm_features(self, columns: Sequence[FeatureColumn]) -> DataFrame:
        """`features.assemble.firm_features` of every day: as_of, subject_id and the columns."""
        present = [c for c in columns if c.feature.table in self.tables]
        own = [c for c in present if c.feature.kind == "firm"]
        shared = [c for c in present if c.feature.kind == "sharers"]
        keys = sorted({key for c in shared for key in keys_of(c)})
        dayless = _dayless(own)
        rows = self._firm_rows(self.subjects, "address" in self.tables, dayless.values())
        if self.wanted is not None:
            rows = rows.join(self.wanted, list(KEYS), "left_semi")
        firms = rows.select(
            *KEYS,
            *[
                (
                    F.col(_made(c.name))
                    if c.name in dayless
                    else c.feature.function(FirmRow(EACH_DAY, prefix_of(c)))
                ).alias(c.name)
                for c in own
            ],
            *[F.col(key).alias(f"key__{key}") for key in keys],
        )
        if not shared:
            return firms
        firms = self.keep(firms, "firms")
        for by, found in self._among_sharers(shared, firms).items():
            firms = firms.join(found, [DAY_COLUMN, *[f"key__{key}" for key in by]], "left")
        return firms.select(*KEYS, *[c.name for c in (*own, *shared)])

    def _among_sharers(
        self, shared: Sequence[FeatureColumn], firms: DataFrame
    ) -> dict[tuple[str, ...], DataFrame]:
        """The aggregates of all firms with the same keys, by the keys: one pass for each.

        `firms`: those whose features are asked for, with their keys; no other keys are counted.
        """
        by_keys: dict[tuple[str, ...], list[FeatureColumn]] = {}
        for column in shared:
            by_keys.setdefault(tuple(keys_of(column)), []).append(column)
        narrow = self.keep(self._sharing_rows(shared), "sharers")
        found = {}
        for by, columns in by_keys.items():
            names = [f"key__{key}" for key in by]
            values = [
                c.feature.function(Rows(EACH_DAY, f"{c.name}__chosen")).alias(c.name)
                for c in columns
            ]
            known = narrow.where(all_known([F.col(name) for name in names]))
            if self.wanted is not None:
                known = known.join(firms.select(*names).distinct(), names, "left_semi")
            # what is the same on all days is told first: no text is read for each day
            told = known.select("*", *_flags([c for c in columns if not _of_day(c)]))
            told = on_days(told, self.days, "from_day")
            told = told.select("*", *_flags([c for c in columns if _of_day(c)]))
            found[by] = told.groupBy(DAY_COLUMN, *names).agg(*values)
        return found

    def _sharing_rows(self, shared: Sequence[FeatureColumn]) -> DataFrame:
        """Every firm's row with the days on which it stood: keys, and what the conditions read."""
        keys = sorted({key for c in shared for key in keys_of(c)})
        if any(c.feature.table == "address" for c in shared):
            # what is registered where is a matter of the day: each day is an interval of its own
            day = F.col(DAY_COLUMN)
            rows = self._firm_rows(None, True)
            rows = rows.select("*", day.alias("from_day"), F.date_add(day, 1).alias("known_until"))
        else:
            rows = self._latest_intervals("registration", None)
        read = sorted({name for c in shared for name in _columns_read(c, rows)})
        named = [F.col(key).alias(f"key__{key}") for key in keys]
        return rows.select("from_day", "known_until", *named, *read)

    def _firm_rows(
        self, of: DataFrame | None, addressed: bool, made: Iterable[Column] = ()
    ) -> DataFrame:
        """`features.assemble.firm_rows` of every day, with what is `made` of a registration."""
        firms = self._latest("registration", of, made)
        if not addressed:
            return firms
        address = self._latest("address", None if of is None else self._addresses(of))
        address = address.select(
            F.col(DAY_COLUMN).alias("address_day"),
            *[F.col(c).alias(ADDRESS_PREFIX + c) for c in self.tables["address"].columns],
        )
        at_domicile = (F.col("domicile_address_id") == F.col(f"{ADDRESS_PREFIX}address_id")) & (
            F.col(DAY_COLUMN) == F.col("address_day")
        )
        return firms.join(address, at_domicile, "left")

    def _addresses(self, of: DataFrame) -> DataFrame:
        """The addresses at which these subjects were ever registered."""
        own = self._versions("registration", of)
        ids = own.select(F.col("domicile_address_id").alias("address_id"))
        return self.keep(ids.where(F.col("address_id").isNotNull()).distinct(), "addresses")

    def _latest(self, table: str, of: DataFrame | None, made: Iterable[Column] = ()) -> DataFrame:
        """`latest_by_key` of a snapshot table on every day, with what is `made` of its rows."""
        rows = self._latest_intervals(table, of).select("*", *made)
        return on_days(rows, self.days, "from_day").drop("from_day", "known_until")

    def _latest_intervals(self, table: str, of: DataFrame | None) -> DataFrame:
        """The rows that speak for their keys, and when: `known_intervals` without the others.

        Few keys have several records. Only these are ranked, day by day, and each day that one of
        them speaks is an interval of its own.
        """
        keys = SNAPSHOT_KEYS[table]
        name = F.concat("source", F.lit("\x01"), "source_record_id")
        # with every record of a key asked for, all of the key's own are among them
        several = (
            self._versions(table, of)
            .groupBy(*keys)
            .agg(F.min(name).alias("first_"), F.max(name).alias("last_"))
            .where(F.col("first_") != F.col("last_"))
            .select(*keys)
        )
        rows = self.intervals(table, of)
        rows = rows.where(all_known([F.col(key) for key in keys]))
        newest_first = [F.col(n).desc() for n in (*ARRIVAL_ORDER, *RECORD_KEY)]
        rank = F.row_number().over(Window.partitionBy(DAY_COLUMN, *keys).orderBy(*newest_first))
        again = on_days(rows.join(several, list(keys), "left_semi"), self.days)
        again = again.withColumn("rank_", rank).where(F.col("rank_") == 1)
        day = F.col(DAY_COLUMN)
        own = self.tables[table].columns
        once = rows.join(several, list(keys), "left_anti")
        return once.select(*own, F.col("known_at").alias("from_day"), "known_until").unionAll(
            again.select(*own, day.alias("from_day"), F.date_add(day, 1).alias("known_until"))
        )

    def record_features(self, table: str, columns: Sequence[FeatureColumn]) -> DataFrame:
        """`features.assemble.record_features` of every day: as_of, subject_id and the columns."""
        snapshot = table in SNAPSHOT_KEYS
        records = (
            self._latest(table, self.subjects) if snapshot else self._dated_records(table, columns)
        )
        return records.groupBy(*KEYS).agg(*[c.aggregate(EACH_DAY) for c in columns])

    def _dated_records(self, table: str, columns: Sequence[FeatureColumn]) -> DataFrame:
        """`features.assemble.dated_records` of every day, with the notes beside them."""
        notes = notes_of(table, columns)
        # a place among other firms' records needs all of them; a count is made aside
        others = any(n.newest and "subject_id" not in n.by for n in notes)
        rows = self.standing(table, None if others else self.subjects)
        for note in notes:
            if not note.newest:
                rows = rows.join(self._counts(table, note), list(note.by), "left")
        records = noted_days(rows, notes, self.days)
        if others and self.subjects is not None:
            records = records.join(self.subjects, "subject_id", "left_semi")
        return records

    def _counts(self, table: str, note: Note) -> DataFrame:
        """A count among all subjects' records, for the keys that the wanted subjects' have."""
        keys = None
        if self.subjects is not None:
            own = self._versions(table, self.subjects)
            keys = own.where(all_known([F.col(key) for key in note.by])).select(*note.by).distinct()
            keys = self.keep(keys, f"keys_{note.name}")
        return counted_days(self.standing(table, keys), note, self.days)


def _dayless(columns: Sequence[FeatureColumn]) -> dict[str, Column]:
    """What is read off a registration and is the same on all days, by the column's name."""
    found = {}
    for column in columns:
        if column.feature.table == "registration":
            with contextlib.suppress(DayReadError):
                value = column.feature.function(FirmRow(NO_DAY))
                found[column.name] = value.alias(_made(column.name))
    return found


def _made(name: str) -> str:
    return f"{name}__made"


def _flags(columns: Sequence[FeatureColumn]) -> list[Column]:
    """Whether a row is one that each of the columns counts."""
    return [chosen_rows(c, EACH_DAY).alias(f"{c.name}__chosen") for c in columns]


def _of_day(column: FeatureColumn) -> bool:
    """Whether it depends on the day which rows the column counts."""
    return DAY_COLUMN in column.condition(EACH_DAY)


def _columns_read(column: FeatureColumn, rows: DataFrame) -> list[str]:
    """The columns of the rows that the column's condition may read."""
    words = set(re.findall(r"\w+", column.condition(EACH_DAY)))
    return [name for name in rows.columns if name in words - {DAY_COLUMN}]


def _counts_on(day: datetime.date, gone_days: Column | None) -> Column:
    """Whether a version of `known_intervals` counts on a day."""
    on, until, happened = F.lit(day), F.col("known_until"), F.col("event_date")
    counts = (F.col("known_at") <= on) & (until.isNull() | (until > on))
    counts = counts & (happened.isNull() | (happened <= on))
    if gone_days is None:
        return counts
    return counts & ~F.coalesce(F.array_contains(gone_days, on), F.lit(False))
