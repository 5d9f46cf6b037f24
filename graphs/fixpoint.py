"""The control fixpoint of one holder: all it controls, with what that controls, until no more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from graphs.holdings import Stakes

NOBODY: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Reach:
    """What one holder controls.

    found: the nodes, itself never. visits: holdings looked at. holds_itself: whether it and they
    hold enough of the holder itself to control it.
    """

    found: frozenset[int]
    visits: int
    holds_itself: bool


class Fixpoint:
    """The holdings laid out for many fixpoints: plain lists, which Python reads fastest."""

    def __init__(self, holdings: Stakes) -> None:
        self._starts = holdings.row_starts().tolist()
        self._dst = holdings.dst.tolist()
        self._amount = holdings.amount.tolist()
        self._bar = holdings.bar.tolist()

    def reach(self, holder: int, stop_at: Collection[int] = NOBODY) -> Reach:
        """All that the holder controls; ends early once one of `stop_at` is found."""
        dst, amount, bar = self._dst, self._amount, self._bar
        held: dict[int, int] = {}
        found: set[int] = set()
        queue = [holder]
        visits = 0
        for node in queue:
            start, end = self._starts[node], self._starts[node + 1]
            visits += end - start
            for place in range(start, end):
                firm = dst[place]
                held[firm] = mine = held.get(firm, 0) + amount[place]
                if mine > bar[firm] and firm != holder and firm not in found:
                    found.add(firm)
                    queue.append(firm)
                    if firm in stop_at:
                        return Reach(frozenset(found), visits, False)
        return Reach(frozenset(found), visits, held.get(holder, 0) > bar[holder])
