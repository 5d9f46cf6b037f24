"""Exposure to known cases: how much risk travels to a firm along capital, people and resources.

A case passes amounts to its neighbours, they to theirs, a few hops far; each hop keeps
`damping` of it and is divided by the degrees at both ends, and an old case passes less than a
fresh one. A firm's exposure is the sum over all cases **other than itself**, each followed on its
own. So a firm's own label feeds nothing into its own figures, neither directly nor reflected by a
neighbour: leave-one-out holds exactly, to the last bit, because amounts are integers.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graphs.compact import CompactGraph
from graphs.kinds import EDGE_KINDS, NODE_KINDS
from graphs.ties import Ties

ONE = 2**40  # an amount of 1: integers add up alike in any order


@dataclass(frozen=True)
class ExposureSettings:
    """How far and how strongly risk travels. Project defaults, not measured.

    hops: the longest way. damping: what a hop keeps. half_life_days: after so long a case passes
    half. smallest: a share below it is dropped (it bounds the work). budget: tie visits at a time
    (it bounds the memory and changes no result).
    """

    hops: int = 4
    damping: float = 0.7
    half_life_days: int = 730
    smallest: float = 1e-5
    budget: int = 4_000_000


@dataclass(frozen=True)
class Exposure:
    """Exposure by firm number.

    score: 0 where no case reaches. case_count: cases that reach the firm. top_case: the case with
    the largest part (-1 none), ties to the smaller number. path: the nodes of the single way that
    carries most of that case's part, from the case to the firm, filled up with -1. hops: ties on
    that way (0 none).
    """

    score: NDArray[np.float64]
    case_count: NDArray[np.int64]
    top_case: NDArray[np.int32]
    hops: NDArray[np.int32]
    path: NDArray[np.int32]


@dataclass(frozen=True)
class _Front:
    """Where the amounts of some cases stand after one hop, sorted by (case, node).

    amount: over all ways; best: over the best single way; before: the node that way came from.
    """

    case: NDArray[np.int64]
    node: NDArray[np.int64]
    amount: NDArray[np.int64]
    best: NDArray[np.int64]
    before: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.node)


def case_weight(stage_date: datetime.date, as_of: datetime.date, half_life_days: int) -> float:
    """What a case of that date still passes on: 1 today, a half after one half-life."""
    return math.pow(0.5, max((as_of - stage_date).days, 0) / half_life_days)


def exposure(
    graph: CompactGraph,
    along: Ties,
    cases: NDArray[np.int32],
    weights: NDArray[np.float64],
    settings: ExposureSettings | None = None,
) -> Exposure:
    """Exposure of every firm to the cases (firm numbers, each once, ascending) with these weights.

    The exposure of v is the sum over cases c other than v of weight(c) times the sum over ways of
    at most `hops` ties from c to v of the product of damping * `Ties.passes`. The ways may pass
    through other cases and back through v: they carry c's amount, never v's.
    """
    settings = settings or ExposureSettings()
    firms = graph.firm_count
    total = np.zeros(firms, np.int64)
    largest = np.zeros(firms, np.int64)
    result = Exposure(
        score=np.zeros(firms),
        case_count=np.zeros(firms, np.int64),
        top_case=np.full(firms, -1, np.int32),
        hops=np.zeros(firms, np.int32),
        path=np.full((firms, settings.hops + 1), -1, np.int32),
    )
    for fronts in _spread(along, cases.astype(np.int64), settings, firms):
        case, node, amount, best_hop = _arrivals(fronts, firms)
        part = np.rint(amount * weights[np.searchsorted(cases, case)]).astype(np.int64)
        some = part > 0
        case, node, part, best_hop = case[some], node[some], part[some], best_hop[some]
        np.add.at(total, node, part)
        np.add.at(result.case_count, node, 1)
        # the largest part of this batch first at each firm; the smaller case wins a tie, and
        # batches come in ascending order of case
        order = np.lexsort((case, -part, node))
        first = np.ones(len(order), bool)
        first[1:] = node[order][1:] != node[order][:-1]
        top = order[first]
        top = top[part[top] > largest[node[top]]]
        largest[node[top]] = part[top]
        result.top_case[node[top]] = case[top]
        result.hops[node[top]] = best_hop[top]
        result.path[node[top]] = _trace(fronts, case[top], node[top], best_hop[top])
    result.score[:] = total / ONE
    return result


def path_words(graph: CompactGraph, along: Ties, path: NDArray[np.int32]) -> str | None:
    """One path as `paths_in_words` writes it."""
    return paths_in_words(graph, along, path[np.newaxis])[0]


def paths_in_words(graph: CompactGraph, along: Ties, paths: NDArray[np.int32]) -> list[str | None]:
    """Paths as JSON, None for an empty one: nodes and the ties between them by turns.

    `[{"node": id, "kind": "firm"}, {"edge": "directorship", "direction": "up"}, {"node": ...}]`,
    from the case to the firm. Direction down: from who holds or directs to what is held or
    directed; up: the other way.
    """
    row, place = np.nonzero(paths >= 0)
    node = paths[row, place]
    kind = np.searchsorted(graph.kind_start, node, side="right") - 1
    tied = np.flatnonzero(place > 0)
    tie = along.between(node[tied - 1], node[tied])
    edges = [
        {"edge": EDGE_KINDS[code], "direction": "down" if down else "up"}
        for code, down in zip(along.kind[tie].tolist(), along.down[tie].tolist(), strict=True)
    ]
    steps: list[list[dict[str, str]]] = [[] for _ in range(len(paths))]
    following = iter(edges)
    names = graph.ids.take(pa.array(node)).to_pylist()
    for of, hop, name, code in zip(row.tolist(), place.tolist(), names, kind.tolist(), strict=True):
        if hop:
            steps[of].append(next(following))
        steps[of].append({"node": name, "kind": NODE_KINDS[code]})
    return [
        json.dumps(way, ensure_ascii=False, separators=(",", ":")) if way else None for way in steps
    ]


def _spread(
    along: Ties, cases: NDArray[np.int64], settings: ExposureSettings, firms: int
) -> Iterator[list[_Front]]:
    """The fronts of all hops, a batch of cases at a time, in ascending order of case.

    Cases do not meet, so how they are put in batches changes nothing but the memory.
    """
    smallest = max(int(settings.smallest * ONE), 1)
    stack = [cases[at : at + 4096] for at in range(0, len(cases), 4096)][::-1]
    while stack:
        batch = stack.pop()
        whole = np.full(len(batch), ONE, np.int64)
        fronts = [_Front(batch, batch, whole, whole, np.full(len(batch), -1, np.int64))]
        for _ in range(settings.hops):
            visits = int(_tie_counts(along, fronts[-1].node).sum())
            if visits > settings.budget and len(batch) > 1:
                half = len(batch) // 2
                stack += [batch[half:], batch[:half]]
                fronts = []
                break
            fronts.append(_step(along, fronts[-1], settings.damping, smallest))
        if fronts:
            yield fronts


def _tie_counts(along: Ties, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
    return along.start[nodes + 1] - along.start[nodes]


def _step(along: Ties, front: _Front, damping: float, smallest: int) -> _Front:
    """One hop further: every amount goes along every tie, and meets what arrives beside it."""
    counts = _tie_counts(along, front.node)
    row = np.repeat(np.arange(len(front)), counts)
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    place += along.start[front.node][row]
    share = along.passes[place] * damping
    amount = np.rint(front.amount[row] * share).astype(np.int64)
    best = np.rint(front.best[row] * share).astype(np.int64)
    some = amount > 0
    row, place, amount, best = row[some], place[some], amount[some], best[some]
    case, node, before = front.case[row], along.neighbour[place].astype(np.int64), front.node[row]
    order = np.lexsort((before, -best, node, case))
    case, node, before = case[order], node[order], before[order]
    first = np.ones(len(order), bool)
    first[1:] = (case[1:] != case[:-1]) | (node[1:] != node[:-1])
    at = np.flatnonzero(first)
    summed = np.add.reduceat(amount[order], at) if len(at) else amount
    kept = summed >= smallest
    at = at[kept]
    return _Front(case[at], node[at], summed[kept], best[order][at], before[at])


def _arrivals(fronts: list[_Front], firms: int) -> tuple[NDArray[np.int64], ...]:
    """What reached each firm from each other case: case, node, amount, hops of the best way."""
    hop = np.concatenate([np.full(len(f), h) for h, f in enumerate(fronts) if h])
    case = np.concatenate([f.case for f in fronts[1:]])
    node = np.concatenate([f.node for f in fronts[1:]])
    amount = np.concatenate([f.amount for f in fronts[1:]])
    best = np.concatenate([f.best for f in fronts[1:]])
    others = (node < firms) & (node != case)
    hop, case, node, amount, best = (a[others] for a in (hop, case, node, amount, best))
    order = np.lexsort((hop, -best, node, case))
    case, node, hop = case[order], node[order], hop[order]
    first = np.ones(len(order), bool)
    first[1:] = (case[1:] != case[:-1]) | (node[1:] != node[:-1])
    at = np.flatnonzero(first)
    summed = np.add.reduceat(amount[order], at) if len(at) else amount
    return case[at], node[at], summed, hop[at]


def _trace(
    fronts: list[_Front],
    case: NDArray[np.int64],
    node: NDArray[np.int64],
    hops: NDArray[np.int64],
) -> NDArray[np.int32]:
    """The best way to each (case, node) that takes `hops` ties, one row each, -1 after its end."""
    path = np.full((len(case), len(fronts)), -1, np.int32)
    here = node.copy()
    for hop in range(len(fronts) - 1, -1, -1):
        on = hops >= hop
        path[on, hop] = here[on]
        if hop and on.any():
            front = fronts[hop]
            key = (front.case << 32) | front.node
            at = np.searchsorted(key, (case[on] << 32) | here[on])
            here[on] = front.before[at]
    return path
