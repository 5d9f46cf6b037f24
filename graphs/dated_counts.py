"""Branch bursts and re-wiring of a day out of the edges' history: the counts alone, in numbers.

The same counts as `graphs.dated_shapes` makes from the strings of one day's edge table, which also
tells which relations they are.
"""

from __future__ import annotations

import datetime

import numpy as np
from numpy.typing import NDArray

from graphs.compact import sort_key
from graphs.dated_shapes import WIRES, Rewiring
from graphs.edge_history import ALWAYS, NEVER, DayEdges
from graphs.kinds import BRANCH, EDGE_CODE, EDGE_KINDS, FIRM, OWNERSHIP
from graphs.shape_settings import ShapeSettings

_EPOCH = datetime.date(1970, 1, 1)
_LONG_AGO = -(10**9)  # a day before all others


def burst_sizes(day: DayEdges, as_of: datetime.date, settings: ShapeSettings) -> NDArray[np.int64]:
    """How many branches each firm of the day's graph opened in its heaviest burst, 0 for none.

    See `graphs.dated_shapes.branch_bursts`.
    """
    until = (as_of - _EPOCH).days
    rows = (day.kind == EDGE_CODE[BRANCH]) & (day.src != day.dst) & (day.began != NEVER)
    src, began = day.src[rows].astype(np.int64), day.began[rows].astype(np.int64)
    branch = (src << 32) | day.dst[rows]
    order = np.lexsort((began, branch))
    first = np.append(True, branch[order][1:] != branch[order][:-1]) if len(order) else order
    opener, opened = src[order[first]], began[order[first]]
    recent = (opened > until - settings.burst_within_days) & (opened <= until)
    # all of one firm's days together, firms far enough apart that no window reaches the next
    apart = settings.burst_within_days + settings.burst_days
    key = opener[recent] * apart + opened[recent] - until + settings.burst_within_days
    key = np.sort(key)
    count = np.searchsorted(key, key + settings.burst_days) - np.arange(len(key))
    firm = day.number[key // apart]
    size = np.zeros(day.graph.firm_count, np.int64)
    np.maximum.at(size, firm[firm >= 0], count[firm >= 0])
    return size


def rewiring_counts(day: DayEdges, as_of: datetime.date, settings: ShapeSettings) -> Rewiring:
    """How much of each firm's wiring changed; see `graphs.dated_shapes.rewiring`."""
    until = (as_of - _EPOCH).days
    since = until - settings.rewiring_days
    wired = np.zeros(len(EDGE_KINDS), bool)
    wired[[EDGE_CODE[kind] for kind in WIRES]] = True
    rows = np.flatnonzero(wired[day.kind] & (day.src != day.dst))
    side, began, is_end = _changed_sides(day, rows, since, until)
    founded = _first_days(day, rows, side)
    founding = began - founded <= settings.founding_days
    kept = is_end | ((began > since) & ~founding)
    firm, is_end = day.number[side[kept]], is_end[kept]
    graph, firms = day.graph, day.graph.firm_count
    wires = graph.edges_of(*WIRES)
    relations = np.bincount(graph.dst[wires], minlength=firms)
    relations += np.bincount(graph.src[wires & graph.is_kind(graph.src, FIRM)], minlength=firms)
    relations += np.bincount(firm[is_end & (firm >= 0)], minlength=firms)
    changed = np.bincount(firm[firm >= 0], minlength=firms)
    return Rewiring(changed.astype(np.int64), relations.astype(np.int64))


def _changed_sides(
    day: DayEdges, rows: NDArray[np.int64], since: int, until: int
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.bool_]]:
    """The firms of every relation with a row that began or ended in the window: firm, the earliest
    beginning of the relation's rows, and whether it ended (no row of it stands)."""
    moved_on = np.where(day.stands[rows], day.began[rows], day.over[rows])
    moved = (moved_on > since) & (moved_on <= until)
    near = np.zeros(len(day.number), bool)
    near[day.dst[rows[moved]]] = True
    close = near[day.dst[rows]]
    rows, moved = rows[close], moved[close]
    owns = day.kind[rows] == EDGE_CODE[OWNERSHIP]
    role = np.where(owns, 0, day.role[rows]).astype(np.uint8)
    key = sort_key(day.src[rows], day.dst[rows], day.kind[rows], role)
    order = np.argsort(key, kind="stable")
    first = np.flatnonzero(np.append(True, key[order][1:] != key[order][:-1])) if len(key) else key
    told = np.where(day.began[rows] == NEVER, ALWAYS, day.began[rows])[order]
    began = np.minimum.reduceat(told, first) if len(first) else told
    stands = np.maximum.reduceat(day.stands[rows][order], first) if len(first) else moved
    changed = np.maximum.reduceat(moved[order], first) if len(first) else moved
    one = rows[order[first]][changed]
    began = np.where(began == ALWAYS, _LONG_AGO, began)[changed].astype(np.int64)
    ended = ~stands[changed]
    by_firm = day.from_firm[one]
    side = np.concatenate([day.src[one][by_firm], day.dst[one]])
    return side, np.concatenate([began[by_firm], began]), np.concatenate([ended[by_firm], ended])


def _first_days(
    day: DayEdges, rows: NDArray[np.int64], firms: NDArray[np.int32]
) -> NDArray[np.int64]:
    """The first day on which each of the firms was held, run or opened."""
    asked = np.zeros(len(day.number), bool)
    asked[firms] = True
    rows = rows[asked[day.dst[rows]] & (day.began[rows] != NEVER)]
    first = np.full(len(day.number), ALWAYS, np.int64)
    np.minimum.at(first, day.dst[rows], day.began[rows])
    return np.where(first[firms] == ALWAYS, _LONG_AGO, first[firms])
