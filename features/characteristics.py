"""Which characteristic (特征) and statutory element (要件) a column speaks for.

The library is `conf/characteristics/illegal_fundraising.yaml`. That its feature columns exist is
checked here; those of the graph are checked where both rooms meet (`check_graph_columns`).
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping

from conf.characteristic import Characteristic, Element, load_characteristics
from features.library import FEATURES

_LIBRARY = load_characteristics()
_LIBRARY.check_columns("columns", FEATURES)

ELEMENTS: Mapping[str, Element] = _LIBRARY.elements
"""The four elements by name: unlawfulness, inducement, public_reach, openness; with zh and en."""

CHARACTERISTICS: Mapping[str, Characteristic] = _LIBRARY.characteristics
"""The characteristics I1 to I13 and B1 to B15 by number."""

PERSONAL_COLUMNS: frozenset[str] = _LIBRARY.personal
"""Columns that rest on a person's age or kin: off unless the city states its basis."""


def elements_of(column: str, as_of: datetime.date | None = None) -> tuple[str, ...]:
    """The elements for which a column is evidence, in the order of `ELEMENTS`; often none.

    Args:
        column: a feature's or the graph's; one that no characteristic names has none.
        as_of: the day; what the law says from a later day on does not speak yet.
    """
    return _LIBRARY.elements_of(column, as_of)


def characteristics_of(column: str) -> tuple[Characteristic, ...]:
    """The characteristics that a column measures, in the order of the library; often none."""
    return _LIBRARY.of_column(column)


def allowed(columns: Collection[str], personal: bool) -> tuple[str, ...]:
    """The columns that may be used: without a stated basis not those of `PERSONAL_COLUMNS`."""
    return tuple(c for c in columns if personal or c not in PERSONAL_COLUMNS)


def check_graph_columns(known: Collection[str]) -> None:
    """Refuses a library that names a column which the graph does not make.

    Raises:
        ConfError: with file, line and the nearest match.
    """
    _LIBRARY.check_columns("graph", known)
