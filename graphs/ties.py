"""Ties: the graph seen without direction, each pair of nodes joined once by its strongest edge.

What exposure travels along. Every weight is an integer (millionths), so a node's degree is an
exact sum and the same bits come out in any order of rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from graphs.compact import WHOLE, CompactGraph
from graphs.kinds import (
    BRANCH,
    DIRECTORSHIP,
    EDGE_CODE,
    LEGAL_REPRESENTATIVE,
    OWNERSHIP,
    SHARED_ADDRESS,
    SHARED_AGENT,
    SHARED_PHONE,
)

# How strong a tie each kind of edge is, in millionths. Project defaults, not measured.
KIND_WEIGHTS: Mapping[str, int] = {
    OWNERSHIP: 300_000,  # of an unknown or tiny stake; a stake of 100 % reaches 1
    BRANCH: 1_000_000,
    DIRECTORSHIP: 600_000,
    SHARED_PHONE: 600_000,
    SHARED_ADDRESS: 300_000,
    SHARED_AGENT: 100_000,
}

# Roles that weigh otherwise than their kind: who answers for the firm, and who merely files.
ROLE_WEIGHTS: Mapping[str, int] = {
    LEGAL_REPRESENTATIVE: 1_000_000,
    "监事": 400_000,
    "联络员": 400_000,
}


@dataclass(frozen=True)
class TieSettings:
    """How strong ties are, and what is done about hubs.

    Past `hub_cap` neighbours a node passes on ln(hub_cap)/ln(neighbours) of what it would; past
    `hub_limit` it passes on nothing.
    """

    hub_cap: int = 50
    hub_limit: int = 1000
    kind_weights: Mapping[str, int] = field(default_factory=lambda: KIND_WEIGHTS)
    role_weights: Mapping[str, int] = field(default_factory=lambda: ROLE_WEIGHTS)


@dataclass(frozen=True)
class Ties:
    """Both directions of every tie, sorted by (node, neighbour).

    start[node]..start[node+1] are the node's ties. passes: what share of an amount goes along the
    tie: weight / sqrt(degree * degree of the other), hubs damped. kind: position in `EDGE_KINDS`.
    down: the tie runs as its edge does (from owner to asset, from director to firm).
    """

    start: NDArray[np.int64]
    neighbour: NDArray[np.int32]
    passes: NDArray[np.float64]
    kind: NDArray[np.int8]
    down: NDArray[np.bool_]

    def between(self, node: NDArray[np.int32], neighbour: NDArray[np.int32]) -> NDArray[np.int64]:
        """The place of the tie between each node and the neighbour beside it."""
        low, high = self.start[node], self.start[node.astype(np.int64) + 1]
        while (low < high).any():  # all of them halve their span at once
            middle = (low + high) // 2
            before = (low < high) & (self.neighbour[np.minimum(middle, high - 1)] < neighbour)
            low, high = np.where(before, middle + 1, low), np.where(before, high, middle)
        return low


def ties(
    graph: CompactGraph,
    settings: TieSettings | None = None,
    *,
    around: tuple[NDArray[np.int32], int] | None = None,
) -> Ties:
    """The graph's ties, degree-normalised: S = D^-1/2 W D^-1/2, hubs damped or left out.

    Where several edges join two nodes the strongest counts (ties among them go to the earlier
    kind of `EDGE_KINDS`); they are not added up. D is a node's sum of weights. `around`: nodes and
    a number of hops; only the ties that ways of so many hops from there can take need be right, and
    the others may be missing.
    """
    settings = settings or TieSettings()
    asked = np.ones(graph.edge_count, bool)
    if around is not None:
        near = _near(graph, *around, settings.hub_limit)
        asked = near[graph.src] | near[graph.dst]
    low, high, weight, kind, down = _strongest(graph, settings, np.flatnonzero(asked))
    nodes = graph.node_count
    neighbours = np.bincount(low, minlength=nodes) + np.bincount(high, minlength=nodes)
    keep = (neighbours[low] <= settings.hub_limit) & (neighbours[high] <= settings.hub_limit)
    low, high, weight, kind, down = (a[keep] for a in (low, high, weight, kind, down))

    degree = np.zeros(nodes, np.int64)
    np.add.at(degree, low, weight)
    np.add.at(degree, high, weight)
    damped = _hub_damping(neighbours, settings.hub_cap)
    root = np.sqrt(degree.astype(np.float64))
    passes = weight * (damped[low] * damped[high]) / (root[low] * root[high])

    # Pairs stand by (low, high). So with the ties of the higher ends first, each node's smaller
    # neighbours come before its larger ones, in order: sorted by counting alone.
    node, other = np.concatenate([high, low]), np.concatenate([low, high])
    by_node = sparse.csr_matrix(
        (np.arange(len(node)), (node, other)), shape=(nodes, nodes), dtype=np.int64
    )
    order = by_node.data
    return Ties(
        start=by_node.indptr.astype(np.int64),
        neighbour=other[order],
        passes=np.concatenate([passes, passes])[order],
        kind=np.concatenate([kind, kind])[order],
        down=np.concatenate([~down, down])[order],
    )


def _near(
    graph: CompactGraph, nodes: NDArray[np.int32], hops: int, hub_limit: int
) -> NDArray[np.bool_]:
    """Nodes within so many hops, and whatever may be a hub: whom it joins tells their degrees."""
    ends = np.bincount(graph.src, minlength=graph.node_count)
    ends += np.bincount(graph.dst, minlength=graph.node_count)
    near = np.zeros(graph.node_count, bool)
    near[nodes] = True
    for _ in range(hops):
        src, dst = near[graph.src], near[graph.dst]
        near[graph.dst[src]] = True
        near[graph.src[dst]] = True
    found: NDArray[np.bool_] = near | (ends > hub_limit)
    return found


def _strongest(
    graph: CompactGraph, settings: TieSettings, edges: NDArray[np.int64]
) -> tuple[NDArray[np.generic], ...]:
    """Each pair (low, high) that the edges join once: weight, kind, and whether it runs low to high."""
    by_kind = np.zeros(len(EDGE_CODE), np.int64)
    for name, value in settings.kind_weights.items():
        by_kind[EDGE_CODE[name]] = value
    src, dst, kind = graph.src[edges], graph.dst[edges], graph.edge_kind[edges]
    role, stake = graph.role[edges], graph.stake[edges]
    weight = by_kind[kind]
    directs = kind == EDGE_CODE[DIRECTORSHIP]
    for name, value in settings.role_weights.items():
        if name in graph.roles:
            weight[directs & (role == graph.roles.index(name))] = value
    owns = (kind == EDGE_CODE[OWNERSHIP]) & (stake > 0)
    room = WHOLE - by_kind[EDGE_CODE[OWNERSHIP]]
    weight[owns] += np.minimum(stake[owns], WHOLE) * room // WHOLE

    used = (src != dst) & (weight > 0)
    src, dst, kind, weight = src[used], dst[used], kind[used], weight[used]
    low, high = np.minimum(src, dst), np.maximum(src, dst)
    pair = (low.astype(np.int64) << 32) | high
    order = _in_order(pair, dst, src < dst, graph.node_count)
    ordered = pair[order]
    first = np.ones(len(order), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    repeated = ~first
    repeated[:-1] |= ~first[1:]
    some = order[repeated]  # among edges of one pair: heaviest, then the order of the edges
    by_worth = np.lexsort((some, kind[some], -weight[some], pair[some]))
    order[repeated] = some[by_worth]
    chosen = order[first]
    down = src[chosen] == low[chosen]
    return low[chosen], high[chosen], weight[chosen], kind[chosen], down


def _in_order(
    pair: NDArray[np.int64], dst: NDArray[np.int32], ascending: NDArray[np.bool_], nodes: int
) -> NDArray[np.int64]:
    """The order of the pairs (low, high) of edges that stand by (src, dst), without sorting them.

    Edges that run from low to high are in order. The others are once they are dealt out by their
    lower end. What is left to the sort is to merge the two, which it sees.
    """
    up, down = np.flatnonzero(ascending), np.flatnonzero(~ascending)
    dealt = sparse.csr_matrix(
        (down, (dst[down], np.arange(len(down)))), shape=(nodes, len(down)), dtype=np.int64
    )
    both = np.concatenate([up, dealt.data])
    found: NDArray[np.int64] = both[np.argsort(pair[both], kind="stable")]
    return found


def _hub_damping(neighbours: NDArray[np.int64], hub_cap: int) -> NDArray[np.float64]:
    """1 up to the cap, then ln(cap)/ln(neighbours), a logarithm in Python a distinct number."""
    cap = max(hub_cap, 2)
    distinct, place = np.unique(neighbours, return_inverse=True)
    damped = [1.0 if n <= cap else math.log(cap) / math.log(n) for n in distinct.tolist()]
    return np.array(damped, np.float64)[place]
