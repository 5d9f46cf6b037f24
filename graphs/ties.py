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

    def between(self, node: int, neighbour: int) -> int:
        """The place of the tie between two nodes."""
        begin, end = int(self.start[node]), int(self.start[node + 1])
        return begin + int(np.searchsorted(self.neighbour[begin:end], neighbour))


def ties(graph: CompactGraph, settings: TieSettings | None = None) -> Ties:
    """The graph's ties, degree-normalised: S = D^-1/2 W D^-1/2, hubs damped or left out.

    Where several edges join two nodes the strongest counts (ties among them go to the earlier
    kind of `EDGE_KINDS`); they are not added up. D is a node's sum of weights.
    """
    settings = settings or TieSettings()
    low, high, weight, kind, down = _strongest(graph, settings)
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


def _strongest(graph: CompactGraph, settings: TieSettings) -> tuple[NDArray[np.generic], ...]:
    """Each joined pair (low, high) once: weight, kind, and whether the edge runs low to high."""
    by_kind = np.zeros(len(EDGE_CODE), np.int64)
    for name, value in settings.kind_weights.items():
        by_kind[EDGE_CODE[name]] = value
    weight = by_kind[graph.edge_kind]
    directs = graph.edge_kind == EDGE_CODE[DIRECTORSHIP]
    for name, value in settings.role_weights.items():
        if name in graph.roles:
            weight[directs & (graph.role == graph.roles.index(name))] = value
    owns = (graph.edge_kind == EDGE_CODE[OWNERSHIP]) & (graph.stake > 0)
    room = WHOLE - by_kind[EDGE_CODE[OWNERSHIP]]
    weight[owns] += np.minimum(graph.stake[owns], WHOLE) * room // WHOLE

    used = np.flatnonzero((graph.src != graph.dst) & (weight > 0))
    low, high = np.minimum(graph.src, graph.dst)[used], np.maximum(graph.src, graph.dst)[used]
    pair = (low.astype(np.int64) << 32) | high
    order = np.argsort(pair)
    ordered = pair[order]
    first = np.ones(len(order), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    repeated = ~first
    repeated[:-1] |= ~first[1:]
    some = order[repeated]  # among edges of one pair: heaviest, then the order of the edges
    by_worth = np.lexsort((some, graph.edge_kind[used][some], -weight[used][some], pair[some]))
    order[repeated] = some[by_worth]
    chosen = order[first]
    down = graph.src[used][chosen] == low[chosen]
    return low[chosen], high[chosen], weight[used][chosen], graph.edge_kind[used][chosen], down


def _hub_damping(neighbours: NDArray[np.int64], hub_cap: int) -> NDArray[np.float64]:
    """1 up to the cap, then ln(cap)/ln(neighbours), a logarithm in Python a distinct number."""
    cap = max(hub_cap, 2)
    distinct, place = np.unique(neighbours, return_inverse=True)
    damped = [1.0 if n <= cap else math.log(cap) / math.log(n) for n in distinct.tolist()]
    return np.array(damped, np.float64)[place]
