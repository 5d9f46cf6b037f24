"""Rings of firms that share people without sharing equity.

People of more than `hub_cap` firms, and known hubs, link nobody here.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graphs.compact import CompactGraph
from graphs.components import connected, distinct_pairs, pairs_of
from graphs.equity_shapes import Listed, shape_id
from graphs.kinds import DIRECTORSHIP, OWNERSHIP, PERSON
from graphs.pairs import Numbers, among, joint_pairs, spread, whole_groups
from graphs.shape_settings import ShapeSettings, known_hubs, with_roles

RING_SCHEMA = pa.schema(
    [
        ("ring_id", pa.string()),
        ("firms", pa.int64()),
        ("subject_id", pa.string()),
        ("person_id", pa.string()),
    ]
)


def people_of_firms(graph: CompactGraph, settings: ShapeSettings) -> tuple[Numbers, Numbers]:
    """(person, firm) for whoever holds or has a post that links; known hubs left out; sorted."""
    linking = graph.edges_of(OWNERSHIP, DIRECTORSHIP) & ~with_roles(graph, settings.filing_roles)
    who, where = pairs_of(graph, linking)
    kept = graph.is_kind(who, PERSON) & ~known_hubs(graph, settings)[who]
    return who[kept].astype(np.int64), where[kept].astype(np.int64)


def people_ring_labels(
    graph: CompactGraph, settings: ShapeSettings | None = None
) -> tuple[NDArray[np.int32], Numbers]:
    """Each firm's ring of people (a label), and the ring's firms; 0 firms for what is in none.

    Two firms are joined when at least `people_in_common` people hold or have a post in both (one of
    the `filing_roles` is no link), and they share no equity: neither holds the other, and nobody
    holds a stake in both. A ring is `ring_firms` firms or more that such pairs join.
    """
    settings = settings or ShapeSettings()
    pairs = joint_pairs(*people_of_firms(graph, settings), settings.hub_cap)
    joined = pairs.count >= settings.people_in_common
    left, right = pairs.left[joined], pairs.right[joined]
    apart = ~_share_equity(graph, left, right)
    left, right = left[apart], right[apart]
    label = connected(left.astype(np.int32), right.astype(np.int32), graph.firm_count, "weak")
    size = np.bincount(label, minlength=1)[label]
    return label, np.where(size >= settings.ring_firms, size, 0).astype(np.int64)


def _share_equity(graph: CompactGraph, left: Numbers, right: Numbers) -> NDArray[np.bool_]:
    """Which pairs of firms hold one another or have a holder in common."""
    owner, held = (a.astype(np.int64) for a in distinct_pairs(graph, OWNERSHIP))
    holding = (owner << 32) | held
    shared = among((left << 32) | right, holding) | among((right << 32) | left, holding)
    order = np.lexsort((owner, held))
    holders = owner[order]
    start = np.searchsorted(held[order], np.arange(graph.firm_count + 1))
    many = np.diff(start)
    # look the fewer holders of a pair up among the other's
    fewer, other = np.where(many[left] <= many[right], (left, right), (right, left))
    pair = np.repeat(np.arange(len(left)), many[fewer])
    common = among((holders[spread(start[fewer], many[fewer])] << 32) | other[pair], holding)
    shared[pair[common]] = True
    return shared


def people_rings(graph: CompactGraph, settings: ShapeSettings | None = None) -> Listed:
    """The rings and the people who make them, `RING_SCHEMA`: a row a firm and person.

    Only people of two firms of the ring or more are told. At most `listed` rows, rings whole.
    """
    settings = settings or ShapeSettings()
    label, size = people_ring_labels(graph, settings)
    person, firm = people_of_firms(graph, settings)
    ring = label[firm].astype(np.int64)
    busy = np.bincount(person, minlength=graph.node_count) <= settings.hub_cap
    _, group, inside = np.unique((person << 32) | ring, return_inverse=True, return_counts=True)
    kept = (size[firm] > 0) & busy[person] & (inside[group] > 1)
    person, firm = person[kept], firm[kept]
    first = _smallest_of(label, np.flatnonzero(size))
    order = np.lexsort((person, firm, first[label[firm]]))
    person, firm = person[order], firm[order]
    whole = whole_groups(first[label[firm]], settings.listed)
    person, firm = person[:whole], firm[:whole]
    names = _ring_ids(graph, label, np.unique(label[firm]))
    table = pa.table(
        [
            pa.array([names[r] for r in label[firm].tolist()], pa.string()),
            pa.array(size[firm]),
            graph.ids.take(pa.array(firm)),
            graph.ids.take(pa.array(person)),
        ],
        RING_SCHEMA,
    )
    return Listed(table, int((size > 0).sum()) - len(np.unique(firm)))


def _ring_ids(
    graph: CompactGraph, label: NDArray[np.int32], rings: NDArray[np.int32]
) -> dict[int, str]:
    order = np.argsort(label, kind="stable")
    start = np.searchsorted(label[order], rings)
    end = np.searchsorted(label[order], rings, side="right")
    return {
        ring: shape_id("R", graph.ids.take(pa.array(order[first:last])).to_pylist())
        for ring, first, last in zip(rings.tolist(), start, end, strict=True)
    }


def _smallest_of(label: NDArray[np.int32], firms: Numbers) -> Numbers:
    smallest = np.full(int(label.max(initial=0)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(smallest, label[firms], firms)
    return smallest
