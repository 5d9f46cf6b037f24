"""What stands around a firm: its neighbours by kind of edge, and an attribute's figures over them.

A firm is never its own neighbour, so its own value never feeds its own figures over the firms
around it. Neighbours are sorted by number, so sums come out alike in any order of edge rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from graphs.compact import CompactGraph
from graphs.components import HUB_CAP
from graphs.kinds import FIRM, PERSON

Direction = Literal["up", "down", "either"]


@dataclass(frozen=True)
class Neighbours:
    """For each firm, distinct nodes around it: neighbour[start[firm]:start[firm + 1]], ascending."""

    start: NDArray[np.int64]
    neighbour: NDArray[np.int32]

    @property
    def count(self) -> NDArray[np.int64]:
        """How many neighbours each firm has."""
        counted: NDArray[np.int64] = np.diff(self.start)
        return counted


@dataclass(frozen=True)
class Around:
    """Figures of one attribute over each firm's neighbours, those of unknown value left out.

    known: neighbours whose value is known. total: their sum, 0 without any. mean, least, most: NaN
    without any.
    """

    known: NDArray[np.int64]
    total: NDArray[np.float64]
    mean: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]


def adjacent(
    graph: CompactGraph,
    *kinds: str,
    node_kind: str = FIRM,
    direction: Direction = "either",
    role: str | None = None,
) -> Neighbours:
    """The nodes of `node_kind` that edges of these kinds join to each firm.

    direction: "up" those that hold or direct the firm, "down" those it holds, "either" both.
    role: only edges of that role; a role that no edge has gives no neighbours.
    Raises ValueError for another direction.
    """
    if direction not in ("up", "down", "either"):
        raise ValueError(f"The direction is {direction!r}; expected up, down or either.")
    mask = graph.edges_of(*kinds)
    if role is not None:
        known = role in graph.roles
        mask &= (graph.role == graph.roles.index(role)) if known else False
    src, dst = graph.src[mask], graph.dst[mask]
    firm = {"up": [dst], "down": [src], "either": [dst, src]}[direction]
    other = {"up": [src], "down": [dst], "either": [src, dst]}[direction]
    left, right = np.concatenate(firm), np.concatenate(other)
    wanted = (left < graph.firm_count) & graph.is_kind(right, node_kind)
    return _neighbours(left[wanted], right[wanted], graph.firm_count)


def sharing(
    graph: CompactGraph, *kinds: str, through: str = PERSON, hub_cap: int = HUB_CAP
) -> Neighbours:
    """The other firms that share a node of kind `through` with each firm, over edges of these kinds.

    A node that more than `hub_cap` firms share joins none of them: an agent of a thousand firms
    says nothing of any two, and would make a million pairs.
    """
    users = adjacent(graph, *kinds, node_kind=through)
    firms = graph.firm_count
    shared_by = np.bincount(users.neighbour, minlength=graph.node_count)
    firm = np.repeat(np.arange(firms), users.count)
    keep = shared_by[users.neighbour] <= hub_cap
    firm, middle = firm[keep], users.neighbour[keep]
    uses = sparse.csr_matrix(
        (np.ones(len(firm), np.int32), (firm, middle)), shape=(firms, graph.node_count)
    )
    met = (uses @ uses.T).tocoo()
    return _neighbours(met.row, met.col, firms)


def paired(
    left: NDArray[np.integer],
    right: NDArray[np.integer],
    firms: int,
    *,
    both_ways: bool = True,
) -> Neighbours:
    """The neighbours by any relation between firms that is no edge of the graph, such as a loan.

    left, right: firm numbers of each pair, in any order and number of times. Not `both_ways`: only
    the right ends are neighbours, of the left ends.
    Raises ValueError for a number that is not one of 0..firms-1.
    """
    ends = np.concatenate([left, right]).astype(np.int64)
    if len(left) != len(right) or ((ends < 0) | (ends >= firms)).any():
        raise ValueError(
            f"A pair names a firm outside 0..{firms - 1}, or has one end only "
            f"({len(left):,} left, {len(right):,} right). Leave such pairs out first."
        )
    others = np.concatenate([right, left]).astype(np.int64)
    used = len(ends) if both_ways else len(left)
    return _neighbours(ends[:used], others[:used], firms)


def around(neighbours: Neighbours, values: NDArray[np.floating]) -> Around:
    """An attribute's figures over each firm's neighbours.

    values: by node number, as long as the neighbours' numbers reach; NaN is unknown.
    Raises ValueError when it is shorter.
    """
    reach = int(neighbours.neighbour.max(initial=-1)) + 1
    if len(values) < reach:
        raise ValueError(
            f"There are {len(values):,} values and neighbours up to number {reach - 1:,}; expected "
            "one value for each node number, NaN where it is unknown."
        )
    firms = len(neighbours.start) - 1
    firm = np.repeat(np.arange(firms), neighbours.count)
    value = values[neighbours.neighbour].astype(np.float64)
    told = ~np.isnan(value)
    firm, value = firm[told], value[told]
    known = np.bincount(firm, minlength=firms).astype(np.int64)
    total = np.bincount(firm, weights=value, minlength=firms).astype(np.float64)
    least, most = np.full(firms, np.inf), np.full(firms, -np.inf)
    np.minimum.at(least, firm, value)
    np.maximum.at(most, firm, value)
    none = known == 0
    return Around(
        known=known,
        total=total,
        mean=np.where(none, np.nan, total / np.maximum(known, 1)),
        least=np.where(none, np.nan, least),
        most=np.where(none, np.nan, most),
    )


def _neighbours(left: NDArray[np.integer], right: NDArray[np.integer], firms: int) -> Neighbours:
    """Distinct pairs in order, a node with itself left out."""
    other = left != right
    key = np.unique((left[other].astype(np.int64) << 32) | right[other])
    counts = np.bincount(key >> 32, minlength=firms)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Neighbours(start, (key & 0xFFFFFFFF).astype(np.int32))
