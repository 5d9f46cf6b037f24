"""Rows for a picture of a graph: who stands in which row, in which order, and where in it.

The layered method of Sugiyama: rows by longest way, places held free for edges that pass a row,
order by barycentre (the order with the fewest crossings is kept), then places by least squares
under the order (`scipy.optimize.isotonic_regression`). Nothing is left to chance.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
from scipy.optimize import isotonic_regression

Item = Any  # a tuple of strings; a place held for a passing edge begins with ""
Arc = tuple[Item, Item]

SWEEPS = 16
PASSING_WIDTH = 14.0  # the room an edge takes in a row that it passes


@dataclass(frozen=True)
class Rows:
    """rows: the items of each row, left to right; centre: the middle of each item.

    passing: for each arc, the items that hold its place in the rows between its ends, top down.
    """

    rows: list[list[Item]]
    centre: dict[Item, float]
    passing: dict[Arc, list[Item]]


def ranked(graph: nx.DiGraph) -> dict[Item, int]:
    """A row for every node of an acyclic graph, arcs always leading down; 0 the top row.

    Every node stands as high as its holders let it, and then whoever holds more than is held moves
    down to just above what it holds, which makes edges short.
    """
    order = list(nx.lexicographical_topological_sort(graph))
    row: dict[Item, int] = {}
    for node in order:
        row[node] = max((row[up] + 1 for up in graph.predecessors(node)), default=0)
    for node in reversed(order):
        below = [row[down] for down in graph.successors(node)]
        if below and len(below) >= graph.in_degree(node):
            row[node] = min(below) - 1
    top = min(row.values(), default=0)
    return {node: place - top for node, place in row.items()}


def placed(
    graph: nx.DiGraph,
    start: Item,
    width: Mapping[Item, float],
    *,
    gap: float,
    row_limit: float,
    last: Collection[Item] = (),
) -> Rows:
    """The picture's rows. `graph` is acyclic; `start` is where the first order grows from.

    What is in `last` holds nothing and goes to the last row: something tall there pushes no other
    row down.

    A row wider than `row_limit` is laid in several, one below the other; an arc that passes a row
    gets a place in it, so it runs between the others and never across one.
    """
    first = _outwards(graph, start)
    natural = ranked(graph)
    natural |= dict.fromkeys(last, max(natural.values(), default=0))
    row = _no_row_too_wide(natural, first, width, gap, row_limit)
    passing: dict[Arc, list[Item]] = {}
    chain: dict[Item, tuple[list[Item], list[Item]]] = {node: ([], []) for node in graph}
    wide: dict[Item, float] = dict(width)
    for number, (up, down) in enumerate(sorted(graph.edges)):
        places = [("", number, at) for at in range(row[up] + 1, row[down])]
        passing[up, down] = places
        for place in places:
            row[place] = place[2]
            wide[place] = PASSING_WIDTH
            chain[place] = ([], [])
            first[place] = (first[up] + first[down]) / 2
        for above, below in zip([up, *places], [*places, down], strict=True):
            chain[above][1].append(below)
            chain[below][0].append(above)
    rows: list[list[Item]] = [[] for _ in range(max(row.values(), default=-1) + 1)]
    for node, at in row.items():
        rows[at].append(node)
    for members in rows:
        members.sort(key=lambda node: (first[node], _key(node)))
    _fewer_crossings(rows, chain)
    return Rows(rows, _centres(rows, chain, wide, gap), passing)


def _key(item: Item) -> tuple[str, ...]:
    return tuple(f"{part:09}" if isinstance(part, int) else str(part) for part in item)


def _outwards(graph: nx.DiGraph, start: Item) -> dict[Item, float]:
    """Each node's place in a depth-first walk that ignores direction: neighbours stay together."""
    both = graph.to_undirected(as_view=True)
    place: dict[Item, float] = {}
    for begin in (start, *sorted(graph)):
        stack = [begin]
        while stack:
            node = stack.pop()
            if node in place:
                continue
            place[node] = float(len(place))
            stack += sorted((n for n in both[node] if n not in place), reverse=True)
    return place


def _no_row_too_wide(
    row: Mapping[Item, int],
    first: Mapping[Item, float],
    width: Mapping[Item, float],
    gap: float,
    limit: float,
) -> dict[Item, int]:
    """Rows split so that none is wider than the limit, those that stand together kept together."""
    members: dict[int, list[Item]] = {}
    for node in sorted(row, key=lambda node: (row[node], first[node])):
        members.setdefault(row[node], []).append(node)
    out: dict[Item, int] = {}
    at = -1
    for place in sorted(members):
        whole = sum(width[node] + gap for node in members[place])
        parts = max(1, int(np.ceil(whole / limit)))
        at, used = at + 1, 0.0
        for node in members[place]:
            if used and used + width[node] / 2 > whole / parts:  # parts of equal width
                at, used = at + 1, 0.0
            out[node] = at
            used += width[node] + gap
    return out


def _fewer_crossings(
    rows: list[list[Item]], chain: Mapping[Item, tuple[list[Item], list[Item]]]
) -> None:
    best, order = crossings(rows, chain), [list(members) for members in rows]
    for sweep in range(SWEEPS):
        side = sweep % 2  # 0: by what stands above, top down; 1: by what stands below, bottom up
        for at in range(len(rows)) if side == 0 else range(len(rows) - 1, -1, -1):
            other = at - 1 if side == 0 else at + 1
            if not 0 <= other < len(rows):
                continue
            place = {node: float(number) for number, node in enumerate(rows[other])}
            pull = {}
            for number, node in enumerate(rows[at]):
                joined = [place[near] for near in chain[node][side]]
                pull[node] = (
                    sum(joined) / len(joined)
                    if joined
                    else number * len(place) / max(len(rows[at]), 1)
                )
            rows[at].sort(key=pull.__getitem__)  # stable: ties keep their order
        now = crossings(rows, chain)
        if now < best:
            best, order = now, [list(members) for members in rows]
    rows[:] = order


def crossings(
    rows: Sequence[Sequence[Item]], chain: Mapping[Item, tuple[Sequence[Item], Sequence[Item]]]
) -> int:
    """How many pairs of arcs between neighbouring rows cross."""
    count = 0
    for upper, lower in pairwise(rows):
        place = {node: number for number, node in enumerate(lower)}
        seen: list[int] = []
        for node in upper:
            ends = sorted(place[down] for down in chain[node][1])
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


def _centres(
    rows: Sequence[Sequence[Item]],
    chain: Mapping[Item, tuple[Sequence[Item], Sequence[Item]]],
    width: Mapping[Item, float],
    gap: float,
) -> dict[Item, float]:
    centre: dict[Item, float] = {}
    offset: dict[Hashable, float] = {}
    for members in rows:
        edge = 0.0
        for node in members:
            offset[node] = centre[node] = edge + width[node] / 2
            edge += width[node] + gap
        for node in members:
            centre[node] -= (edge - gap) / 2
    for sweep in range(SWEEPS):
        sides = ((0,), (1,))[sweep % 2] if sweep < SWEEPS - 2 else (0, 1)
        for members in rows if sweep % 2 == 0 else reversed(rows):
            wish, weight = [], []
            for node in members:
                near = [centre[other] for side in sides for other in chain[node][side]]
                wish.append((sum(near) / len(near) if near else centre[node]) - offset[node])
                # a bend in a passing edge is worse than a parent slightly off its middle
                weight.append(4.0 if node[0] == "" else 0.2 + len(near))
            moved = isotonic_regression(np.array(wish), weights=np.array(weight)).x
            for node, place in zip(members, moved, strict=True):
                centre[node] = float(place) + offset[node]
    return centre
