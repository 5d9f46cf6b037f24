"""Shapes of shared resources: one address, phone or agent with many firms.

Hubs are capped and weigh less the larger they are; known incubators weigh nothing. Shared offices,
managed clusters and cluster-registered firms have no address edge to begin with (`graphs.edges`).
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graphs.compact import WHOLE, CompactGraph
from graphs.components import distinct_pairs
from graphs.equity_shapes import Listed
from graphs.kinds import SHARED_ADDRESS, SHARED_AGENT, SHARED_PHONE
from graphs.pairs import spread, whole_groups
from graphs.shape_settings import ShapeSettings, known_hubs
from graphs.ties import KIND_WEIGHTS

CROWD_SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        ("resource_id", pa.string()),
        ("firms", pa.int64()),
        ("subject_id", pa.string()),
    ]
)

RESOURCES = (SHARED_ADDRESS, SHARED_PHONE, SHARED_AGENT)
# A firm with more addresses, phones or agents than this is not looked at for twins: no register
# gives one so many, and it bounds the pairs.
MOST_RESOURCES = 10


def _users(
    graph: CompactGraph, kind: str, settings: ShapeSettings
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """(firm, resource) of one kind without known hubs, and the firms of each one's resource."""
    firm, resource = distinct_pairs(graph, kind)
    kept = ~known_hubs(graph, settings)[resource]
    firm, resource = firm[kept], resource[kept]
    return firm, resource, np.bincount(resource, minlength=graph.node_count)[resource]


def _weights(firms: NDArray[np.int64], kind: str, hub_cap: int) -> NDArray[np.float64]:
    """What so many firms at one resource weigh for each of them, a logarithm a distinct number."""
    cap = max(hub_cap, 2)
    distinct, place = np.unique(firms, return_inverse=True)
    damped = [
        (n - 1 if n <= cap else (cap - 1) * math.log(cap) / math.log(n))
        * (KIND_WEIGHTS[kind] / WHOLE)
        for n in distinct.tolist()
    ]
    return np.array(damped, np.float64)[place]


def resource_crowd(
    graph: CompactGraph, settings: ShapeSettings | None = None
) -> NDArray[np.float64]:
    """How crowded each firm's addresses, phones and agents are: a weighted count of other firms.

    Every other firm counts as its kind of tie does (`graphs.ties.KIND_WEIGHTS`: phone 0.6, address
    0.3, agent 0.1). A resource of n firms, n past `hub_cap`, counts as (hub_cap - 1) *
    ln(hub_cap) / ln(n) of them: a business centre with 5,000 firms weighs less than one room
    with 50. Known hubs count nothing.
    """
    settings = settings or ShapeSettings()
    crowd = np.zeros(graph.node_count, np.float64)
    for kind in RESOURCES:
        firm, _, firms = _users(graph, kind, settings)
        np.add.at(crowd, firm, _weights(firms, kind, settings.hub_cap))
    return crowd[: graph.firm_count]


def resource_twins(graph: CompactGraph, settings: ShapeSettings | None = None) -> NDArray[np.int64]:
    """Most other firms with the same two of a firm's address, phone and agent; at most `hub_cap`.

    One thing in common is chance in a large city; an address and a phone, or a phone and an agent,
    rarely are. Two addresses in common are one thing. Known hubs count nothing.
    """
    settings = settings or ShapeSettings()
    most = np.zeros(graph.node_count, np.int64)
    users = {kind: _users(graph, kind, settings)[:2] for kind in RESOURCES}
    for one, other in combinations(RESOURCES, 2):
        firm, resource = users[one]
        others, second = users[other]
        start = np.searchsorted(others, np.arange(graph.node_count + 1))
        few = np.bincount(firm, minlength=graph.node_count) <= MOST_RESOURCES
        many = np.where(few & (np.diff(start) <= MOST_RESOURCES), np.diff(start), 0)[firm]
        both = second[spread(start[firm], many)].astype(np.int64)
        firm, resource = np.repeat(firm, many), np.repeat(resource, many)
        key = (resource.astype(np.int64) << 32) | both
        _, place, count = np.unique(key, return_inverse=True, return_counts=True)
        np.maximum.at(most, firm, np.minimum(count[place] - 1, settings.hub_cap))
    return most[: graph.firm_count]


def crowds(graph: CompactGraph, settings: ShapeSettings | None = None) -> Listed:
    """Resources of at least `crowd_firms` firms, `CROWD_SCHEMA`: a row a firm and resource.

    `kind` is that of the edge, `firms` counts those of the resource. Fewest firms first, then kind,
    resource and firm: a hub says least and stands last. At most `listed` rows, resources whole;
    `unlisted` counts the rows beyond them.
    """
    settings = settings or ShapeSettings()
    codes, firms, resources, counts = [], [], [], []
    for place, kind in enumerate(RESOURCES):
        firm, resource, users = _users(graph, kind, settings)
        crowded = users >= settings.crowd_firms
        codes.append(np.full(int(crowded.sum()), place))
        firms.append(firm[crowded].astype(np.int64))
        resources.append(resource[crowded].astype(np.int64))
        counts.append(users[crowded].astype(np.int64))
    code, firm, node, count = (np.concatenate(p) for p in (codes, firms, resources, counts))
    order = np.lexsort((firm, node, code, count))
    beyond = len(order)
    order = order[: whole_groups(((code << 32) | node)[order], settings.listed)]
    beyond -= len(order)
    table = pa.table(
        [
            pa.array([RESOURCES[c] for c in code[order].tolist()], pa.string()),
            graph.ids.take(pa.array(node[order])),
            pa.array(count[order]),
            graph.ids.take(pa.array(firm[order])),
        ],
        CROWD_SCHEMA,
    )
    return Listed(table, beyond)
