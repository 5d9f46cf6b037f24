"""The characteristic library (特征库): every feature of every theme, by column name.

`FEATURES` is what sets choose from; `definitions` is what people read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from features import (
    addresses,
    advertising,
    annual_reports,
    branches,
    changes,
    complaints,
    courts,
    grades,
    inspections,
    licences,
    penalties,
    public_information,
    registration,
    roles,
    shareholding,
    tax,
)
from features.declaration import FeatureColumn, FeatureError, Note, Theme, nearest

THEMES: tuple[Theme, ...] = (
    registration.theme,
    addresses.theme,
    shareholding.theme,
    roles.theme,
    branches.theme,
    changes.theme,
    annual_reports.theme,
    tax.theme,
    grades.theme,
    penalties.theme,
    licences.theme,
    inspections.theme,
    courts.theme,
    complaints.theme,
    advertising.theme,
    public_information.theme,
)


@dataclass(frozen=True)
class Definition:
    """What a person is told of one column.

    Attributes:
        column: the column's name.
        theme: the theme's module; `declared` for a city's own.
        source: the table, or the columns that a derived one is made of.
        type: BIGINT, DOUBLE or STRING.
        unit: what is counted.
        nothing: `0` or `NULL`, what stands there when nothing happened.
        direction: +1 more is riskier, -1 more is safer, 0 nothing is claimed.
        condition: SQL that chooses the records; empty when all count.
        window_days: the window's length; None without one.
        zh, en: display names.
        definition: the whole definition.
    """

    column: str
    theme: str
    source: str
    type: str
    unit: str
    nothing: str
    direction: int
    condition: str
    window_days: int | None
    zh: str
    en: str
    definition: str


def columns_of(themes: Sequence[Theme]) -> dict[str, FeatureColumn]:
    """Every column of the themes by name, in the order of declaration.

    Raises:
        FeatureError: two features make one column, or a derived feature names one that is not.
    """
    columns: dict[str, FeatureColumn] = {}
    for theme in themes:
        for feature in theme.features:
            for column in feature.columns():
                if column.name in columns:
                    other = columns[column.name].feature.theme
                    raise FeatureError(
                        f"column {column.name} is made in {other} and again in {theme.name}; "
                        "name one otherwise"
                    )
                columns[column.name] = column
    for column in columns.values():
        for name in column.feature.inputs:
            if name not in columns:
                raise FeatureError(
                    f"feature {column.name} ({column.feature.theme}) is made of {name}, "
                    f"which no theme declares{nearest(name, columns)}"
                )
    return columns


FEATURES: dict[str, FeatureColumn] = columns_of(THEMES)
"""Every column by name, in the order of declaration."""

NOTES: tuple[Note, ...] = tuple(note for theme in THEMES for note in theme.notes)
"""What the themes want written beside records before the pass."""


def definitions(columns: Iterable[FeatureColumn] | None = None) -> list[Definition]:
    """What each column means, for a catalogue on paper or screen.

    Args:
        columns: which; by default the whole library.
    """
    chosen = FEATURES.values() if columns is None else columns
    return [
        Definition(
            column=c.name,
            theme=c.feature.theme,
            source=c.feature.table or ", ".join(c.feature.inputs),
            type=c.feature.type,
            unit=c.feature.unit,
            nothing="NULL" if c.feature.nothing is None else "0",
            direction=c.feature.direction,
            condition=c.feature.where,
            window_days=c.window or None,
            zh=c.zh,
            en=c.en,
            definition=c.feature.definition,
        )
        for c in chosen
    ]
