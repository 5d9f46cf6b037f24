"""Who holds how much of which firm's votes: the holdings that control and ownership start from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from graphs.compact import UNKNOWN_STAKE, WHOLE, CompactGraph
from graphs.concert import ConcertGroups
from graphs.kinds import BRANCH, EDGE_CODE, OWNERSHIP

HALF = 0.5


@dataclass(frozen=True)
class Stakes:
    """Holdings, one a pair (src, dst), sorted; amounts in millionths.

    base[firm]: the votes that count; never less than the sum of the firm's amounts.
    self_held[firm]: what it holds in itself. bar[firm]: what must be exceeded to control it.
    Node numbers past the graph's own are concert groups.
    """

    src: NDArray[np.int32]
    dst: NDArray[np.int32]
    amount: NDArray[np.int64]
    base: NDArray[np.int64]
    self_held: NDArray[np.int64]
    bar: NDArray[np.int64]

    @property
    def node_count(self) -> int:
        """Nodes of the graph and concert groups."""
        return len(self.base)

    def row_starts(self) -> NDArray[np.int64]:
        """Where each holder's holdings begin, plus the end."""
        counts = np.bincount(self.src, minlength=self.node_count)
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def stakes(
    graph: CompactGraph,
    *,
    threshold: float | Decimal = HALF,
    concert: ConcertGroups | None = None,
) -> Stakes:
    """The holdings that can give control.

    A branch is held wholly by its parent; an unknown stake counts for nothing; nobody holds a
    person, so a stake in anything but a firm counts for nothing. What the members of a concert
    group hold is held by the group, and the group itself is held by its members, one vote each,
    all of which are needed: a group belongs to somebody only when every member does.

    Raises ValueError for a threshold that is not between 0 and 1 or is finer than a millionth.
    """
    share = _millionths(threshold)
    src, dst, amount, self_held = _holdings(graph)
    total = self_held + _summed(dst, amount, graph.node_count)
    base = np.maximum(total, WHOLE) - self_held
    # amount * WHOLE > share * base, without the product that could overflow
    bar = share * (base // WHOLE) + share * (base % WHOLE) // WHOLE
    if concert is None or not len(concert):
        return Stakes(src, dst, amount, base, self_held, bar)
    members = concert.declared
    added = np.arange(len(concert), dtype=np.int32) + graph.node_count
    src = np.concatenate([concert.account[src], concert.member])
    dst = np.concatenate([dst, added[concert.group]])
    amount = np.concatenate([amount, np.ones(len(concert.member), np.int64)])
    return Stakes(
        *_sum_pairs(src, dst, amount),
        base=np.concatenate([base, members]),
        self_held=np.concatenate([self_held, np.zeros(len(concert), np.int64)]),
        bar=np.concatenate([bar, members - 1]),
    )


def _holdings(
    graph: CompactGraph,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    owns = graph.edge_kind == EDGE_CODE[OWNERSHIP]
    branch = graph.edge_kind == EDGE_CODE[BRANCH]
    capital = np.flatnonzero((owns | branch) & (graph.dst < graph.firm_count))
    src, dst, branch = graph.src[capital], graph.dst[capital], branch[capital]
    amount = np.where(branch, WHOLE, graph.stake[capital])
    own = (src == dst) & (amount != UNKNOWN_STAKE)
    self_held = np.zeros(graph.node_count, np.int64)
    self_held[src[own]] = amount[own]
    some = (src != dst) & (amount > 0)
    src, dst, amount = src[some], dst[some], amount[some]
    # edges are sorted, so a pair with stake and branch stands together: the larger counts
    first = np.ones(len(src), bool)
    first[1:] = (src[1:] != src[:-1]) | (dst[1:] != dst[:-1])
    if not first.all():
        amount = np.maximum.reduceat(amount, np.flatnonzero(first))
        src, dst = src[first], dst[first]
    return src, dst, amount, self_held


def _millionths(threshold: float | Decimal) -> int:
    # through its own words, so that 0.3 is three tenths and not the nearest double
    share = Fraction(str(threshold)) * WHOLE
    if not 0 < share < WHOLE or share.denominator != 1:
        raise ValueError(
            f"The threshold of control is {threshold}; expected a share of 1 between 0 and 1 with "
            "at most six decimals, such as 0.5 for more than half. Correct the setting."
        )
    return int(share)


def _sum_pairs(
    src: NDArray[np.int32], dst: NDArray[np.int32], amount: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    key = (src.astype(np.int64) << 32) | dst
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.ones(len(key), bool)
    first[1:] = key[1:] != key[:-1]
    at = np.flatnonzero(first)
    summed = np.add.reduceat(amount[order], at) if len(at) else amount
    return (key[at] >> 32).astype(np.int32), (key[at] & 0xFFFFFFFF).astype(np.int32), summed


def _summed(dst: NDArray[np.int32], amount: NDArray[np.int64], nodes: int) -> NDArray[np.int64]:
    """Sum by node; a double holds sums below 2^53 exactly, larger ones are added as integers."""
    if len(amount) * int(amount.max(initial=0)) < 2**53:
        return np.bincount(dst, weights=amount, minlength=nodes).astype(np.int64)
    total = np.zeros(nodes, np.int64)
    np.add.at(total, dst, amount)
    return total
