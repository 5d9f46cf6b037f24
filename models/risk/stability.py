"""Whether the list and what it stands on hold still: overlap, changes without cause, drift."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.risk.intervals import Share

BINS = 10
LEAST_SHARE = 1e-4
"""A bin's share is taken to be at least this, so that an empty bin gives a finite index."""

WATCH, ACT = 0.10, 0.25
"""Where a population stability index is worth a look, and a stop (the field's own custom)."""


@dataclass(frozen=True)
class Steadiness:
    """Two lists after one another.

    `kept`: of the places of the list, how many were on the one before. `changed`: firms that came
    or went; `without_fact`: of them, those of which no record came in between.
    """

    kept: Share
    changed: int
    without_fact: Share


def steadiness(before: Iterable[str], now: Iterable[str], told: Set[str]) -> Steadiness:
    """Holds a list against the one before. `told`: firms of which a record came in between."""
    was, are = set(before), set(now)
    changed = was ^ are
    return Steadiness(
        kept=Share(len(was & are), len(are)),
        changed=len(changed),
        without_fact=Share(len(changed - told), len(changed)),
    )


def population_stability(then: pd.Series, now: pd.Series, bins: int = BINS) -> float | None:
    """The population stability index of one column between two days: 0 the same, more is further.

    The sum over bins of (now - then) * ln(now / then), shares of the rows. Numbers fall into bins
    between the quantiles of `then`; texts are bins of their own; missing values are one bin. None
    when either is empty.
    """
    if len(then) == 0 or len(now) == 0:
        return None
    if _is_number(then) and _is_number(now):
        old, new = (np.asarray(pd.to_numeric(column), float) for column in (then, now))
        known = old[~np.isnan(old)]
        inner = np.linspace(0, 1, bins + 1)[1:-1]
        edges = np.unique(np.quantile(known, inner)) if len(known) else np.empty(0)
        # an edge belongs to the bin below it, so that a value held by many is one bin
        codes = [np.where(np.isnan(v), -1, np.searchsorted(edges, v, "left")) for v in (old, new)]
    else:
        codes = [np.asarray(c.astype(object).where(c.notna(), "\0"), str) for c in (then, now)]
    every = np.unique(np.concatenate(codes))
    shares = [_bin_shares(code, every) for code in codes]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def _bin_shares(code: NDArray[Any], every: NDArray[Any]) -> NDArray[np.float64]:
    """The share of the rows in each bin of `every`, at least `LEAST_SHARE`."""
    bins, rows = np.unique(code, return_counts=True)
    shares = np.full(len(every), LEAST_SHARE)
    shares[np.searchsorted(every, bins)] = np.maximum(rows / len(code), LEAST_SHARE)
    return shares


def drift(then: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """column, index: of every column both have but subject_id, furthest first."""
    names = [name for name in now.columns if name in then.columns and name != "subject_id"]
    told = [(name, population_stability(then[name], now[name])) for name in names]
    table = pd.DataFrame(told, columns=["column", "index"]).dropna()
    return table.sort_values(["index", "column"], ascending=[False, True], ignore_index=True)


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) or column.isna().all())
