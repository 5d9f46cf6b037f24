"""Groups and circles: weak components over close links, strong ones over capital alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from graphs.compact import WHOLE, CompactGraph
from graphs.kinds import BRANCH, DIRECTORSHIP, FIRM, LEGAL_REPRESENTATIVE, OWNERSHIP
from graphs.pairs import distinct

# A person or firm tied to more nodes than this makes no group: an accountant who is contact of 200
# firms, or a state holder, would glue a city into one. A project default, not a rule of law.
HUB_CAP = 50

# Smaller stakes, supervisors, managers and contacts are shared by firms that have nothing to do
# with one another: over every stake and post a third of a city of 20,000 firms was one group.
# A project default too; 20 % is where several supervisors' rules begin to speak of close links.
CLOSE_STAKE = WHOLE // 5


@dataclass(frozen=True)
class Groups:
    """Firms in groups: label[firm] numbers its group; group_id and size are by label."""

    label: NDArray[np.int32]
    group_id: tuple[str, ...]
    size: NDArray[np.int64]


def distinct_pairs(graph: CompactGraph, *kinds: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The pairs (src, dst) that edges of these kinds join, each once, sorted, no self-loops."""
    return graph.distinct_pairs(*kinds)


def close_links(graph: CompactGraph, least_stake: int = CLOSE_STAKE) -> NDArray[np.bool_]:
    """Mask of the edges that make a group: of whoever holds or speaks for a firm.

    Stakes of at least `least_stake` (millionths; an unknown stake is none), branches, and the
    legal representative.
    """
    held = graph.edges_of(OWNERSHIP) & (graph.stake >= least_stake)
    if LEGAL_REPRESENTATIVE not in graph.roles:
        return held | graph.edges_of(BRANCH)
    speaks = graph.role == graph.roles.index(LEGAL_REPRESENTATIVE)
    return held | graph.edges_of(BRANCH) | (graph.edges_of(DIRECTORSHIP) & speaks)


def pairs_of(
    graph: CompactGraph, mask: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The pairs (src, dst) that the masked edges join, each once, sorted."""
    return graph.pairs_of(mask)


@dataclass(frozen=True)
class GroupLabels:
    """Firms in groups without their names: label[firm]; first and size by label.

    first: the smallest firm of each group.
    """

    label: NDArray[np.int32]
    first: NDArray[np.int64]
    size: NDArray[np.int64]


def group_labels(graph: CompactGraph, hub_cap: int = HUB_CAP) -> GroupLabels:
    """Weak components of the firms over their close links.

    A node with more than `hub_cap` distinct neighbours among them does not glue: its edges are left
    out here, and a hub that is a firm stands alone. size counts firms, those from outside the city included.
    """
    src, dst = pairs_of(graph, close_links(graph))
    # a mutual holding (A in B, B in A) is one neighbour, not two
    key = distinct((np.minimum(src, dst).astype(np.int64) << 32) | np.maximum(src, dst))
    low, high = (key >> 32).astype(np.int32), (key & 0xFFFFFFFF).astype(np.int32)
    degree = np.bincount(low, minlength=graph.node_count)
    degree += np.bincount(high, minlength=graph.node_count)
    glue = (degree[low] <= hub_cap) & (degree[high] <= hub_cap)
    found = connected(low[glue], high[glue], graph.node_count, "weak")[: graph.firm_count]
    # renumbered by the smallest firm, since scipy promises no order
    _, first, label = np.unique(found, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    size = np.bincount(rank[label], minlength=len(first)).astype(np.int64)
    return GroupLabels(rank[label].astype(np.int32), np.sort(first).astype(np.int64), size)


def groups(
    graph: CompactGraph,
    subjects: NDArray[np.int32] | None = None,
    *,
    hub_cap: int = HUB_CAP,
    asked: NDArray[np.int32] | None = None,
    labels: GroupLabels | None = None,
) -> Groups:
    """`group_labels` with the groups' ids.

    The id is "G" and 16 hex digits of the SHA-256 of the smallest subject id of the group, so it
    is the same whatever else the graph holds. `subjects` are the numbers of the firms that may
    name a group (all firms unless given); a group without one is named after its smallest firm.
    `asked`: firms whose groups get their id (all unless given); the others' stays empty.
    `labels`: where they were worked out before.
    """
    found = group_labels(graph, hub_cap) if labels is None else labels
    label, smallest = found.label, found.first
    if subjects is not None:
        named = np.full(len(smallest), graph.firm_count, np.int64)
        np.minimum.at(named, label[subjects], subjects)
        smallest = np.where(named < graph.firm_count, named, smallest)
    told = np.arange(len(smallest)) if asked is None else np.unique(label[asked])
    ids = np.full(len(smallest), "", object)
    ids[told] = [_group_id(name) for name in graph.ids.take(pa.array(smallest[told])).to_pylist()]
    return Groups(label=label, group_id=tuple(ids.tolist()), size=found.size)


def circular_holdings(graph: CompactGraph) -> NDArray[np.bool_]:
    """Which firms stand in a circle of ownership: a strong component of two firms or more.

    Every ownership edge between firms counts, however small its stake; holding oneself does not.
    """
    src, dst = distinct_pairs(graph, OWNERSHIP)
    firms = graph.is_kind(src, FIRM) & graph.is_kind(dst, FIRM)
    label = connected(src[firms], dst[firms], graph.firm_count, "strong")
    circular: NDArray[np.bool_] = np.bincount(label)[label] >= 2 if len(label) else label > 0
    return circular


def connected(
    src: NDArray[np.int32], dst: NDArray[np.int32], nodes: int, connection: str
) -> NDArray[np.int32]:
    """A label for each of the nodes; `connection` is weak or strong. Labels mean nothing else."""
    if not nodes:
        return np.empty(0, np.int32)
    matrix = sparse.csr_matrix((np.ones(len(src), np.int8), (src, dst)), shape=(nodes, nodes))
    _, label = csgraph.connected_components(matrix, directed=True, connection=connection)
    found: NDArray[np.int32] = label.astype(np.int32)
    return found


def _group_id(smallest: str) -> str:
    return "G" + hashlib.sha256(smallest.encode()).hexdigest()[:16]
