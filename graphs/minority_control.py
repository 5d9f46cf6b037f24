"""Control when less than half is enough: several holders may then control one firm.

Absorption needs that no two holders exceed the threshold, so here every holder that nobody controls
by itself gets its own fixpoint. Holders control each other transitively, so whoever controls a
firm is itself below one of those, or is one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from graphs.compact import GraphTooLarge
from graphs.fixpoint import Fixpoint
from graphs.holdings import Stakes

# Holdings looked at over all fixpoints, some twenty seconds. A city stays far below it; a chain
# whose every firm brings in a new controller grows with the square of its length.
VISIT_BUDGET = 50_000_000


@dataclass(frozen=True)
class UltimateControl:
    """Pairs (top, node), sorted: a top, controlled by nobody outside its circle, controls node.

    (top, top) is among them. is_circle[node]: the node is a top that the firms it controls hold
    enough of to control it.
    """

    top: NDArray[np.int32]
    node: NDArray[np.int32]
    is_circle: NDArray[np.bool_]


def ultimate_control(holdings: Stakes) -> UltimateControl:
    """Every top and what it controls, by the fixpoint of each holder that may be one.

    Raises GraphTooLarge past `VISIT_BUDGET`.
    """
    nodes = holdings.node_count
    alone = holdings.amount > holdings.bar[holdings.dst]
    src, dst = holdings.src[alone], holdings.dst[alone]
    candidates = _candidates(src, dst, nodes)
    # whose firms hold nothing further controls no more than it holds itself
    holds = np.zeros(nodes, bool)
    holds[holdings.src] = True
    deep = np.zeros(nodes, bool)
    deep[src[holds[dst]]] = True
    is_candidate = np.zeros(nodes, bool)
    is_candidate[candidates] = True
    plain = is_candidate[src] & ~deep[src]
    circles = np.zeros(nodes, bool)
    tops, found = _deep_fixpoints(holdings, candidates[deep[candidates]], circles)
    key = np.concatenate(
        [
            candidates.astype(np.int64) << 32 | candidates,
            src[plain].astype(np.int64) << 32 | dst[plain],
            tops << 32 | found,
        ]
    )
    key.sort()
    top, node = (key >> 32).astype(np.int32), (key & 0xFFFFFFFF).astype(np.int32)
    below = _controlled_candidates(key, top, node, is_candidate)
    kept = ~below[top]
    return UltimateControl(top[kept], node[kept], circles & ~below)


def _candidates(src: NDArray[np.int32], dst: NDArray[np.int32], nodes: int) -> NDArray[np.int64]:
    """Nodes that nobody controls single-handed, one for a circle, that control something."""
    matrix = sparse.csr_matrix((np.ones(len(src), np.int8), (src, dst)), shape=(nodes, nodes))
    count, label = csgraph.connected_components(matrix, directed=True, connection="strong")
    smallest = np.full(count, nodes, np.int64)
    np.minimum.at(smallest, label, np.arange(nodes))
    within = label[src] == label[dst]
    is_below = np.zeros(count, bool)
    is_below[label[dst[~within]]] = True
    controls = np.zeros(count, bool)
    controls[label[src]] = True
    return np.sort(smallest[controls & ~is_below])


def _deep_fixpoints(
    holdings: Stakes, candidates: NDArray[np.int64], circles: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not len(candidates):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    fixpoint = Fixpoint(holdings)
    visits = 0
    sizes: list[int] = []
    found: list[int] = []
    for holder in candidates.tolist():
        reach = fixpoint.reach(holder)
        circles[holder] = reach.holds_itself
        sizes.append(len(reach.found))
        found.extend(reach.found)
        visits += reach.visits
        if visits > VISIT_BUDGET:
            raise GraphTooLarge(
                f"Control with a threshold below one half needs more than {VISIT_BUDGET:,} "
                f"holdings to be followed, for {len(candidates):,} possible controllers; with one "
                "half or more each is followed once. Raise the threshold or take a smaller part "
                "of the graph."
            )
    return np.repeat(candidates, sizes), np.array(found, np.int64)


def _controlled_candidates(
    key: NDArray[np.int64],
    top: NDArray[np.int32],
    node: NDArray[np.int32],
    is_candidate: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Which candidates another controls; of those that control each other all but the smallest."""
    below = np.zeros(len(is_candidate), bool)
    others = np.flatnonzero(is_candidate[node] & (top != node))
    back = node[others].astype(np.int64) << 32 | top[others]
    place = np.minimum(np.searchsorted(key, back), max(len(key) - 1, 0))
    mutual = key[place] == back if len(key) else np.zeros(0, bool)
    below[node[others[~mutual | (top[others] < node[others])]]] = True
    return below
