"""The control fixpoint for all holders at once: groups absorb what they hold more than half of.

Instead of one fixpoint a holder, every firm starts as the head of its own group. A group that
holds more than half of another group's head absorbs it, and their holdings add up from then on.
Because a firm's stakes sum to at most 1, two groups never both hold more than half of it, so the
end is the same in whatever order firms are absorbed, and a firm's head is its ultimate controller.
So it is with every threshold of one half or more; below it `graphs.minority_control` is needed.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from graphs.holdings import Stakes


def absorb(holdings: Stakes, nodes: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The head of every node, and the heads whose own group holds more than half of them.

    First every firm with one majority holder in a few array passes, circles folded; then the firms
    held jointly, one by one, the smaller group's holdings moved to the larger one's account.
    """
    head = _single_handed(holdings, nodes)
    joint = _majorities(holdings, head)
    if any(head[src] != dst for src, dst in joint):
        head = _JointHoldings(holdings, head).absorb(joint)
        joint = _majorities(holdings, head)
    return head, np.array([dst for src, dst in joint if head[src] == dst], np.int32)


def _single_handed(holdings: Stakes, nodes: int) -> NDArray[np.int32]:
    """Heads when only a single holder's own majority counts; a circle's head is its smallest."""
    majority = holdings.amount > holdings.bar[holdings.dst]
    jump = np.arange(nodes, dtype=np.int32)
    jump[holdings.dst[majority]] = holdings.src[majority]
    is_chained = np.zeros(nodes, bool)
    is_chained[holdings.dst[majority]] = True
    smallest = np.minimum(np.arange(nodes, dtype=np.int32), jump)
    moving = np.flatnonzero(is_chained)
    # after k rounds: jump is 2^k steps up, smallest the least node on that way
    for _ in range(max(nodes, 2).bit_length()):
        moving = moving[is_chained[jump[moving]]]
        if not len(moving):
            break  # every way has come to its root: no circle is left to fold
        further = jump[moving]
        smallest[moving] = np.minimum(smallest[moving], smallest[further])
        jump[moving] = jump[further]
    top = jump  # the root, or some node of a circle, whose way is then the whole circle
    head: NDArray[np.int32] = np.where(is_chained[top], smallest[top], top).astype(np.int32)
    return head


def _majorities(holdings: Stakes, head: NDArray[np.int32]) -> list[tuple[int, int]]:
    """(group, firm) where a group holds more than half of the head of a group."""
    contested = np.flatnonzero(head[holdings.dst] == holdings.dst)
    dst, src = holdings.dst[contested], head[holdings.src[contested]]
    key = (dst.astype(np.int64) << 32) | src
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    first = np.ones(len(order), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(first)
    if not len(starts):
        return []
    amount = np.add.reduceat(holdings.amount[contested][order], starts)
    won = amount > holdings.bar[dst[order][starts]]
    return list(
        zip(src[order][starts][won].tolist(), dst[order][starts][won].tolist(), strict=True)
    )


class _JointHoldings:
    """The sequential part: accounts of who holds how much of each contested head."""

    def __init__(self, holdings: Stakes, head: NDArray[np.int32]) -> None:
        self._holdings = holdings
        self._first_head = head
        nodes = len(head)
        self._out = np.searchsorted(holdings.src, np.arange(nodes + 1))
        self._by_dst = np.argsort(holdings.dst, kind="stable")
        self._in = np.searchsorted(holdings.dst[self._by_dst], np.arange(nodes + 1))
        self._by_head = np.argsort(head, kind="stable")
        self._group = np.searchsorted(head[self._by_head], np.arange(nodes + 1))
        # a group keeps one name while its head changes: leader joins names, head_of names the head
        self._leader: dict[int, int] = {}
        self._head_of: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        self._accounts: dict[int, dict[int, int]] = {}

    def absorb(self, majorities: list[tuple[int, int]]) -> NDArray[np.int32]:
        """Absorbs until no group holds more than half of another's head; heads of all nodes.

        `majorities` are (group, firm) to begin with; further ones follow from each absorption.
        """
        queue = deque(majorities)
        while queue:
            group, firm = queue.popleft()
            winner, mine = self._find(group), self._find(int(self._first_head[firm]))
            if self._head_of.get(mine, mine) != firm or winner == mine:
                continue  # absorbed in the meantime
            if self._account(firm).get(winner, 0) > self._holdings.bar[firm]:
                queue.extend(self._join(winner, mine))
        head = self._first_head.copy()
        for name in self._leader:
            inside = self._by_head[self._group[name] : self._group[name + 1]]
            leader = self._find(name)
            head[inside] = self._head_of.get(leader, leader)
        for name, top in self._head_of.items():
            if self._find(name) == name:
                head[self._by_head[self._group[name] : self._group[name + 1]]] = top
        return head

    def _join(self, winner: int, loser: int) -> list[tuple[int, int]]:
        """Puts both groups under the winner's head; returns what to look at again."""
        top = self._head_of.get(winner, winner)
        small, large = loser, winner
        if len(self._names(small)) > len(self._names(large)):
            small, large = large, small
        moved = self._names(small)
        touched = []
        for node in moved:
            for place in range(self._out[node], self._out[node + 1]):
                firm = int(self._holdings.dst[place])
                name = self._find(int(self._first_head[firm]))
                if self._head_of.get(name, name) == firm:
                    self._account(firm)  # made before the names change
                    touched.append((firm, int(self._holdings.amount[place])))
        self._names(large).extend(moved)
        self._members[small] = []
        self._leader[small] = large
        self._head_of[large] = top
        for firm, amount in touched:
            account = self._accounts[firm]
            account[small] -= amount
            account[large] = account.get(large, 0) + amount
        return [(large, firm) for firm, _ in touched]

    def _names(self, name: int) -> list[int]:
        """The nodes of a group, by its name."""
        if name not in self._members:
            inside = self._by_head[self._group[name] : self._group[name + 1]]
            self._members[name] = inside.tolist()
        return self._members[name]

    def _find(self, name: int) -> int:
        path = []
        while name in self._leader:
            path.append(name)
            name = self._leader[name]
        for passed in path:
            self._leader[passed] = name
        return name

    def _account(self, firm: int) -> dict[int, int]:
        """How much each group holds of a firm, by the group's name."""
        if firm not in self._accounts:
            account: dict[int, int] = {}
            for place in self._by_dst[self._in[firm] : self._in[firm + 1]]:
                name = self._find(int(self._first_head[self._holdings.src[place]]))
                account[name] = account.get(name, 0) + int(self._holdings.amount[place])
            self._accounts[firm] = account
        return self._accounts[firm]
