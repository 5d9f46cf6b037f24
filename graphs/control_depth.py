"""How many holdings below its controller a node stands, and by whose holding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from graphs.concert import ConcertGroups
from graphs.holdings import Stakes


def depths(
    src: NDArray[np.integer], dst: NDArray[np.integer], tops: NDArray[np.integer], nodes: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Fewest edges from the tops down to each node, and the node before on that way."""
    # one extra node above all tops turns many searches into one
    src = np.concatenate([np.full(len(tops), nodes), src])
    dst = np.concatenate([tops, dst])
    matrix = sparse.csr_matrix((np.ones(len(src), np.int8), (src, dst)), shape=(nodes + 1,) * 2)
    _, before = csgraph.breadth_first_order(matrix, nodes)
    via = before[:nodes].astype(np.int32)
    via[(via == nodes) | (via < 0)] = -1  # scipy's sign for a start is another negative
    return _steps_up(via), via


def pair_depths(
    key: NDArray[np.int64], plain: Stakes, concert: ConcertGroups | None
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Depth and node before of every pair (top, node), `key` being top << 32 | node, sorted."""
    top, node = key >> 32, key & 0xFFFFFFFF
    if concert is None:
        holder, place = node, np.arange(len(key))
    else:  # the members of a top group hold in its name
        is_group = top >= len(plain.base)
        grouped = np.flatnonzero(is_group & (top == node))
        start = np.searchsorted(concert.group, top[grouped] - len(plain.base))
        end = np.searchsorted(concert.group, top[grouped] - len(plain.base), side="right")
        members = np.repeat(grouped, end - start)
        offset = np.arange(len(members)) - np.repeat(
            np.cumsum(end - start) - (end - start), end - start
        )
        rest = np.flatnonzero(node < len(plain.base))
        rest = rest[~_counts_for_another(concert, node[rest], top[rest], key)]
        place = np.concatenate([members, rest])
        holder = np.concatenate(
            [concert.member[np.repeat(start, end - start) + offset], node[rest]]
        )
    starts = np.searchsorted(plain.src, np.arange(len(plain.base) + 1))
    counts = starts[holder + 1] - starts[holder]
    row = np.repeat(np.arange(len(holder)), counts)
    edge = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    edge += starts[holder[row]]
    goal = top[place[row]] << 32 | plain.dst[edge]
    found = np.minimum(np.searchsorted(key, goal), max(len(key) - 1, 0))
    is_pair = key[found] == goal if len(key) else np.zeros(0, bool)
    is_pair &= plain.dst[edge] != top[place[row]]
    tops = np.flatnonzero(top == node)
    depth, via = depths(place[row][is_pair], found[is_pair], tops, len(key))
    before = np.where(via >= 0, node[via], -1) if len(key) else via
    return depth, before.astype(np.int32)


def _counts_for_another(
    concert: ConcertGroups, node: NDArray[np.int64], top: NDArray[np.int64], key: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Members of a group that the top has not: what they hold does not count for it."""
    account = concert.account[node].astype(np.int64)
    goal = top << 32 | account
    found = np.minimum(np.searchsorted(key, goal), len(key) - 1)
    return (account != node) & ((key[found] != goal) | (account == top))


def _steps_up(via: NDArray[np.int32]) -> NDArray[np.int32]:
    """How many steps lead from each node to its top, by doubling the step."""
    jump = np.where(via >= 0, via, np.arange(len(via)))
    steps = (via >= 0).astype(np.int32)
    while True:
        further = steps[jump]
        if not further.any():
            return steps
        steps = steps + further
        jump = jump[jump]
