"""How a feature is declared: one function, whose name is the column.

A theme module makes one `Theme` and decorates functions with it. The docstring is the definition;
the decorator says where the value comes from and what stands there when nothing happened:

- `Theme.of_firm`: read off the firm's own registration row (or the address it is registered at);
- `Theme.of_records`: an aggregate over the firm's records in one table, in windows or ever;
- `Theme.of_sharers`: the same aggregate over the firms that share a key with it (address, phone);
- `Theme.derived`: an expression over other features, named by the function's parameters.

A feature's row condition is SQL kept apart from its aggregate, so that the condition that counts
also finds the records to show. Aggregates run over integers, decimals and dates only, which are
exact on both engines; a ratio is one double division, last, in a derived feature.

A window of n days holds the records with `as_of - n < event_date <= as_of`. Without a window a
record counts when it is not dated after `as_of`; one without a date counts too.
"""

from __future__ import annotations

import datetime
import difflib
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from pyspark.sql import Column

from features.rows import Day, FirmRow, Rows, day_sql

Kind = Literal["firm", "records", "sharers", "derived"]
Type = Literal["BIGINT", "DOUBLE", "STRING"]
Direction = Literal[-1, 0, 1]
Nothing = Literal[0] | None

EVER = 0
"""The window that is none: everything up to the day."""

SUBJECT_TABLES = (
    "registration",
    "shareholder",
    "investment",
    "key_person",
    "branch",
    "change_record",
    "annual_report",
    "tax_registration",
    "tax_filing",
    "grade",
    "penalty",
    "permit",
    "list_event",
    "judgment",
    "enforcement",
    "complaint",
    "ad_monitor",
    "public_info",
    "tax_arrears",
    "points_event",
    "licence_finance",
    "inspection",
)
"""Tables whose records belong to a firm.

`case_label` is what is predicted and is no feature. That a firm objects, asks for repair, or has its
legal representative's exit controlled is never held against it.
"""

FEATURE_TABLES = (*SUBJECT_TABLES, "address")

SNAPSHOT_KEYS = {"registration": ("subject_id",), "address": ("address_id",)}
"""Tables that describe a thing rather than tell of an event: the last record a key speaks."""


class FeatureError(ValueError):
    """A feature or feature set is declared wrongly. The message says which, and what to write."""


@dataclass(frozen=True)
class Note:
    """A number written beside each record of a table before its one pass.

    It places the record among those with the same `by` values. Without `newest` it says how many
    of them fulfil `where`. With it, the record's place among them: those that fulfil `where` come
    before the others, then the greatest `newest` first, then the last that arrived. Aggregates and
    conditions of that table may use it like a column. It is NULL when one of its `by` columns is.
    """

    name: str
    table: str
    by: tuple[str, ...]
    where: str = ""
    newest: tuple[str, ...] = ()


@dataclass(frozen=True)
class Feature:
    """One declared feature. It has one column for each window (`name_30d`), or one (`name`).

    Attributes:
        name: the function's name, which is the column's.
        theme: the theme it belongs to, such as `penalties`.
        kind: where the value comes from (see the module).
        table: the table read; None for a derived feature.
        definition: the docstring.
        function: takes a `FirmRow`, `Rows`, or one `Column` a parameter, and gives a `Column`.
        nothing: what stands in the column when nothing happened: 0, or None for NULL.
        unit: what is counted: `count`, `days`, `fen`, `ratio`, `flag`, `text`, ...
        zh, en: the display names.
        direction: +1 when more means riskier, -1 when more means safer, 0 when neither is claimed.
        type: the column's type.
        where: SQL over the table's columns that chooses the records; `{as_of}` is the day.
        clock: the date column that windows run over.
        windows: lengths in days; `EVER` for the whole past.
        by: for `sharers`, the columns whose equal values make firms share something.
        inputs: for `derived`, the columns it is made of.
        notes: what must stand beside each record for this feature alone.
        other_firms: whether a `records` feature looks at records of other firms, by a note.
    """

    name: str
    theme: str
    kind: Kind
    table: str | None
    definition: str
    function: Callable[..., Column]
    nothing: Nothing
    unit: str
    zh: str
    en: str
    direction: Direction
    type: Type
    where: str = ""
    clock: str = "event_date"
    windows: tuple[int, ...] = (EVER,)
    by: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    other_firms: bool = False

    def columns(self) -> tuple[FeatureColumn, ...]:
        """Its columns, one a window, in the order declared."""
        return tuple(FeatureColumn(self, window) for window in self.windows)


@dataclass(frozen=True)
class FeatureColumn:
    """One column of the feature table: a feature in one of its windows."""

    feature: Feature
    window: int = EVER

    @property
    def name(self) -> str:
        """The column's name: `complaints_30d`, or the feature's own name without a window."""
        return self.feature.name if self.window == EVER else f"{self.feature.name}_{self.window}d"

    @property
    def zh(self) -> str:
        """The Chinese display name, with the window."""
        return self.feature.zh if self.window == EVER else f"近{self.window}天{self.feature.zh}"

    @property
    def en(self) -> str:
        """The English display name, with the window."""
        name = self.feature.en
        return name if self.window == EVER else f"{name}, last {self.window} days"

    def condition(self, as_of: Day) -> str:
        """SQL that holds for exactly the records this column counts; empty when all do."""
        parts = []
        if self.feature.where:
            parts.append(f"({dated(self.feature.where, as_of)})")
        clock = self.feature.clock
        if self.window != EVER:
            parts.append(f"{clock} > {day_sql(as_of, self.window)}")
        if self.window != EVER or clock != "event_date":
            parts.append(f"{clock} <= {day_sql(as_of)}")
        return " AND ".join(parts)

    def aggregate(self, as_of: Day) -> Column:
        """The conditional aggregate of a `records` feature, for the table's one `groupBy`."""
        rows = Rows(as_of, self.condition(as_of), self.feature.clock)
        return self.feature.function(rows).alias(self.name)


@dataclass
class Theme:
    """The features of one theme, in the order in which they are declared.

    Attributes:
        name: the module's name.
        zh, en: display names.
    """

    name: str
    zh: str
    en: str
    features: list[Feature] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def of_firm(
        self,
        *,
        zh: str,
        en: str,
        unit: str,
        nothing: Nothing,
        direction: Direction,
        type: Type = "BIGINT",
        table: str = "registration",
    ) -> Callable[[Callable[[FirmRow], Column]], Feature]:
        """Declare a feature read off the firm's registration row, or its registered address."""
        return self._declares(
            kind="firm",
            table=table,
            zh=zh,
            en=en,
            unit=unit,
            nothing=nothing,
            direction=direction,
            type=type,
        )

    def of_records(
        self,
        *,
        table: str,
        zh: str,
        en: str,
        unit: str,
        nothing: Nothing,
        direction: Direction,
        type: Type = "BIGINT",
        where: str = "",
        clock: str = "event_date",
        windows: tuple[int, ...] = (EVER,),
        other_firms: bool = False,
    ) -> Callable[[Callable[[Rows], Column]], Feature]:
        """Declare an aggregate over the firm's own records of a table."""
        return self._declares(
            kind="records",
            table=table,
            zh=zh,
            en=en,
            unit=unit,
            nothing=nothing,
            direction=direction,
            type=type,
            where=where,
            clock=clock,
            windows=windows,
            other_firms=other_firms,
        )

    def of_sharers(
        self,
        *,
        by: tuple[str, ...],
        zh: str,
        en: str,
        unit: str,
        nothing: Nothing,
        direction: Direction,
        where: str = "",
        table: str = "registration",
    ) -> Callable[[Callable[[Rows], Column]], Feature]:
        """Declare an aggregate over all firms with the same `by` values, the firm itself included.

        It may use the `by` columns only. NULL when the firm has no value in one of them: it is not
        known to share anything.
        """
        return self._declares(
            kind="sharers",
            table=table,
            zh=zh,
            en=en,
            unit=unit,
            nothing=nothing,
            direction=direction,
            type="BIGINT",
            where=where,
            by=by,
        )

    def derived(
        self,
        *,
        zh: str,
        en: str,
        unit: str,
        nothing: Nothing,
        direction: Direction,
        type: Type = "DOUBLE",
    ) -> Callable[[Callable[..., Column]], Feature]:
        """Declare an expression over other features: each parameter is the name of a column."""
        return self._declares(
            kind="derived",
            table=None,
            zh=zh,
            en=en,
            unit=unit,
            nothing=nothing,
            direction=direction,
            type=type,
        )

    def note_count(self, name: str, *, table: str, by: tuple[str, ...], where: str = "") -> None:
        """Write beside each record how many records (that fulfil `where`) share its `by` values."""
        self.notes.append(Note(name, known_table(table, name), by, where))

    def note_rank(
        self, name: str, *, table: str, by: tuple[str, ...], newest: str, where: str = ""
    ) -> None:
        """Write beside each record its place among those of the same `by`, 1 = newest.

        Those that fulfil `where` come first, so 1 marks one record for each `by` among them.
        """
        self.notes.append(Note(name, known_table(table, name), by, where, (newest,)))

    def _declares(self, **declared: Any) -> Callable[[Callable[..., Column]], Feature]:
        def declare(function: Callable[..., Column]) -> Feature:
            name = function.__name__
            definition = inspect.cleandoc(function.__doc__ or "")
            if not definition:
                raise FeatureError(
                    f"feature {name} ({self.name}): no docstring; write its definition there"
                )
            if any(name == other.name for other in self.features):
                raise FeatureError(
                    f"feature {name} is declared twice in {self.name}; name one otherwise"
                )
            if declared["table"] is not None:
                known_table(declared["table"], name)
            if declared["kind"] == "derived":
                declared["inputs"] = tuple(inspect.signature(function).parameters)
            feature = Feature(
                name=name,
                theme=self.name,
                definition=definition,
                function=function,
                **declared,
            )
            self.features.append(feature)
            return feature

        return declare


def known_table(table: str, feature: str) -> str:
    """The table's name, if features may be made of it."""
    if table not in FEATURE_TABLES:
        raise FeatureError(
            f"feature {feature}: no table {table!r} to make features of"
            f"{nearest(table, FEATURE_TABLES)}; there are {', '.join(FEATURE_TABLES)}"
        )
    return table


def nearest(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, or nothing when no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def dated(sql: str, as_of: Day) -> str:
    """A declared condition with the day in place of `{as_of}`, and its year of `{year}`."""
    day = day_sql(as_of)
    year = str(as_of.year) if isinstance(as_of, datetime.date) else f"year({day})"
    return sql.replace("{as_of}", day).replace("{year}", year)
