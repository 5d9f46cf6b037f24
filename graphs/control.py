"""Control: who decides. What share of the capital comes through is `graphs.integrated_ownership`.

Control is the fixpoint "x, with all that x controls, holds more than half". A person may control a
firm with a third of its capital, and own half of one without controlling it; the two are never
mixed.

What a stake counts for:

- A branch has no capital of its own: its parent holds it wholly.
- An unknown stake counts for nothing; it is never guessed.
- Nobody holds a person: a stake in anything but a firm counts for nothing.
- Stakes of one firm that sum above 1 are scaled to sum 1. So no two separate holders ever control
  one firm, and every firm has at most one ultimate controller.
- Shares a firm holds in itself carry no vote: control asks for more than half of the others.
- Holders of a concert group (`graphs.concert`) hold as one: what a member holds counts for its
  group and for nobody else, unless one holder controls every member, or is one and controls the
  others: then the group and its stakes are that holder's.

The threshold is a setting. With less than one half two holders may both exceed it. Then each has
control, by its own fixpoint; a firm under several ultimate controllers is contested, all of them
are reported, and it has no single controller: none is picked by size, for the larger of two
minorities need not decide.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from graphs.absorption import absorb
from graphs.compact import CompactGraph
from graphs.concert import ConcertGroups
from graphs.control_depth import depths, pair_depths
from graphs.fixpoint import Fixpoint
from graphs.holdings import HALF, Stakes, stakes
from graphs.minority_control import ultimate_control

__all__ = ["HALF", "Control", "Holding", "Stakes", "control", "control_chains", "controlled_by",
           "stakes"]  # fmt: skip

# Edge visits spent on naming one circle of firms that control each other. Past it the circle keeps
# the name it has, which is still the same for the same graph.
CIRCLE_BUDGET = 5_000_000


@dataclass(frozen=True)
class Control:
    """Ultimate control, by node number; numbers past the graph's nodes are concert groups.

    controller: the ultimate controller, -1 where nobody exceeds the threshold or several do. Firms
    that control each other with nobody outside are a circle: `circle` is True there and the
    controller is the smallest of those that control all of it, itself included.
    head: the controller, or the node itself. depth: the fewest holdings from the controller down
    (0 for itself). via: the node before on that way, -1 at its top. firm_count: firms that the head
    controls, the head counted when it is a firm; 1 for a contested firm.
    contested: several ultimate controllers, only possible below one half; contested_node and
    contested_by are the pairs, sorted. threshold and concert: as they were given.
    """

    controller: NDArray[np.int32]
    circle: NDArray[np.bool_]
    head: NDArray[np.int32]
    depth: NDArray[np.int32]
    via: NDArray[np.int32]
    firm_count: NDArray[np.int64]
    contested: NDArray[np.bool_]
    contested_node: NDArray[np.int32]
    contested_by: NDArray[np.int32]
    threshold: float | Decimal
    concert: ConcertGroups | None

    def controllers_of(self, node: int) -> NDArray[np.int32]:
        """Every ultimate controller of one node, ascending; empty where there is none."""
        if self.contested[node]:
            start, end = np.searchsorted(self.contested_node, [node, node + 1])
            return self.contested_by[start:end]
        top = self.controller[node : node + 1]
        return top[top >= 0]


@dataclass(frozen=True)
class Holding:
    """One hop of a chain of control: `holder` holds `share` of the votes of `held`.

    hop: steps from the top. A member of a concert group stands as itself.
    """

    hop: int
    holder: int
    held: int
    share: float


def control(
    graph: CompactGraph,
    *,
    threshold: float | Decimal = HALF,
    concert: ConcertGroups | None = None,
) -> Control:
    """The ultimate controller of every node; see `Control` for the columns.

    threshold: the share of the votes that must be exceeded. concert: holders that count as one.

    Raises ValueError for a threshold outside 0 to 1, and `GraphTooLarge` below one half for a
    graph whose controllers overlap without measure.
    """
    holdings = stakes(graph, threshold=threshold, concert=concert)
    plain = stakes(graph) if concert is not None else holdings
    if threshold >= HALF:
        return _sole_control(graph, holdings, plain, threshold, concert)
    return _shared_control(graph, holdings, plain, threshold, concert)


def _sole_control(
    graph: CompactGraph,
    holdings: Stakes,
    plain: Stakes,
    threshold: float | Decimal,
    concert: ConcertGroups | None,
) -> Control:
    """At one half and above: one controller at most, by absorption."""
    nodes = holdings.node_count
    head, self_held = absorb(holdings, nodes)
    head, circle = _name_circles(holdings, head, self_held)
    src = plain.src
    if concert is not None:  # a group that somebody has is passed over: its members stand below
        group = concert.account[src]
        src = np.where(head[group] == group, group, src)
    inside = (head[src] == head[plain.dst]) & (head[plain.dst] != plain.dst)
    node = np.arange(nodes, dtype=np.int32)
    tops = np.flatnonzero(head == node)
    depth, via = depths(src[inside], plain.dst[inside], tops, nodes)
    firms = np.bincount(head[: graph.firm_count], minlength=nodes)
    return Control(
        controller=np.where((head != node) | circle, head, -1).astype(np.int32),
        circle=circle,
        head=head,
        depth=depth,
        via=via,
        firm_count=firms[head].astype(np.int64),
        contested=np.zeros(nodes, bool),
        contested_node=np.empty(0, np.int32),
        contested_by=np.empty(0, np.int32),
        threshold=threshold,
        concert=concert,
    )


def _shared_control(
    graph: CompactGraph,
    holdings: Stakes,
    plain: Stakes,
    threshold: float | Decimal,
    concert: ConcertGroups | None,
) -> Control:
    """Below one half: every ultimate controller of every node, by the fixpoint of each."""
    nodes = holdings.node_count
    found = ultimate_control(holdings)
    in_circle = found.is_circle[found.top]
    member = np.full(nodes, -1, np.int32)  # of which top's circle, for naming it
    member[found.node[in_circle]] = found.top[in_circle]
    name, circular = _name_circles(
        holdings, np.where(member >= 0, member, np.arange(nodes)), np.flatnonzero(found.is_circle)
    )
    named = np.where(circular[found.top], name[found.top], found.top).astype(np.int64)
    key = np.sort(named << 32 | found.node)
    top, node = (key >> 32).astype(np.int32), (key & 0xFFFFFFFF).astype(np.int32)
    pair_depth, pair_before = pair_depths(key, plain, concert)

    is_ruled = (top != node) | circular[top]
    rulers = np.bincount(node[is_ruled], minlength=nodes)
    sole = np.flatnonzero(is_ruled & (rulers[node] == 1))
    head = np.arange(nodes, dtype=np.int32)
    head[node[sole]] = top[sole]
    firms = np.bincount(top[node < graph.firm_count], minlength=nodes)
    firm_count = np.where(firms > 0, firms, np.arange(nodes) < graph.firm_count).astype(np.int64)
    depth, via = np.zeros(nodes, np.int32), np.full(nodes, -1, np.int32)
    depth[node[sole]], via[node[sole]] = pair_depth[sole], pair_before[sole]
    shared = np.flatnonzero(is_ruled & (rulers[node] > 1))
    shared = shared[np.lexsort((top[shared], node[shared]))]
    ruled = rulers == 1
    return Control(
        controller=np.where(ruled, head, -1).astype(np.int32),
        circle=ruled & circular[head],
        head=head,
        depth=depth,
        via=via,
        firm_count=firm_count[head],
        contested=rulers > 1,
        contested_node=node[shared],
        contested_by=top[shared],
        threshold=threshold,
        concert=concert,
    )


def control_chains(
    graph: CompactGraph,
    result: Control,
    firm: int,
    *,
    controller: int | None = None,
    limit: int = 200,
) -> list[Holding]:
    """Every holding by which an ultimate controller controls a firm, top down, hop by hop.

    All holdings among what the controller controls that lead to the firm, sorted by (hop, holder,
    held); at most `limit`, those nearest to the firm. Empty where nobody controls it.
    `controller` chooses among several; without it the firm's single one is meant.
    """
    tops = result.controllers_of(firm)
    top = int(result.controller[firm]) if controller is None else controller
    if top not in tops:
        return []
    plain = stakes(graph)
    holdings = plain
    if result.concert is not None or result.threshold != HALF:
        holdings = stakes(graph, threshold=result.threshold, concert=result.concert)
    inside = np.zeros(holdings.node_count, bool)
    inside[[top, *Fixpoint(holdings).reach(top).found]] = True
    account = np.arange(holdings.node_count) if result.concert is None else result.concert.account
    found = _ways_up(plain, firm, top, inside, account)
    depth = _hops_down(found, top, account)
    chain = [
        Holding(depth[holder] + 1, holder, held, amount / max(int(plain.base[held]), 1))
        for holder, held, amount in found[:limit]
    ]
    return sorted(chain, key=lambda hop: (hop.hop, hop.holder, hop.held))


def controlled_by(holdings: Stakes, holder: int) -> set[int]:
    """Every firm that one node controls, ultimately or not; the plain fixpoint from there."""
    return set(Fixpoint(holdings).reach(holder).found)


def _ways_up(
    plain: Stakes, firm: int, top: int, inside: NDArray[np.bool_], account: NDArray[np.integer]
) -> list[tuple[int, int, int]]:
    """(holder, held, amount) of every holding inside that leads to the firm, nearest first."""
    by_dst = np.argsort(plain.dst, kind="stable")
    held = plain.dst[by_dst]
    seen, queue = {firm}, [firm]
    found: list[tuple[int, int, int]] = []
    for node in queue:
        start, end = np.searchsorted(held, [node, node + 1])
        places = by_dst[start:end]
        holders = plain.src[places]
        counts = inside[account[holders]]
        for holder, amount in zip(
            holders[counts].tolist(), plain.amount[places[counts]].tolist(), strict=True
        ):
            found.append((holder, node, amount))
            if holder not in seen and top not in (holder, int(account[holder])):
                seen.add(holder)
                queue.append(holder)
    return found


def _hops_down(
    found: list[tuple[int, int, int]], top: int, account: NDArray[np.integer]
) -> dict[int, int]:
    """Fewest holdings from the top to each node of these ways; members of a top group stand at 0."""
    below: dict[int, list[int]] = {}
    depth: dict[int, int] = {}
    for holder, held, _ in found:
        below.setdefault(holder, []).append(held)
        if top in (holder, int(account[holder])):
            depth[holder] = 0
    queue = deque(depth)
    while queue:
        node = queue.popleft()
        for held in below.get(node, ()):
            if held not in depth:
                depth[held] = depth[node] + 1
                queue.append(held)
    return depth


def _name_circles(
    holdings: Stakes, head: NDArray[np.integer], self_held: NDArray[np.integer]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Heads with each circle named after the smallest firm that controls all of it, and who is in.

    `self_held` are heads whose own group holds enough of them to control them. Only firms in the
    same strong component as such a head can control it.
    """
    if not len(self_held):
        return head.astype(np.int32), np.zeros(len(head), bool)
    ones = np.ones(len(holdings.src), np.int8)
    matrix = sparse.csr_matrix((ones, (holdings.src, holdings.dst)), shape=(len(head),) * 2)
    _, strong = csgraph.connected_components(matrix, directed=True, connection="strong")
    fixpoint = Fixpoint(holdings)
    by_strong = np.argsort(strong, kind="stable")
    ordered = strong[by_strong]
    name = np.full(len(head), -1, np.int32)
    for top in self_held.tolist():
        begin, end = np.searchsorted(ordered, [strong[top], strong[top] + 1])
        rivals = by_strong[begin:end]
        name[top] = _circle_name(fixpoint, top, rivals[head[rivals] == top])
    named = name[head]
    return np.where(named >= 0, named, head).astype(np.int32), named >= 0


def _circle_name(fixpoint: Fixpoint, top: int, rivals: NDArray[np.intp]) -> int:
    """The smallest firm of those that control `top` and are controlled by it; -1 without any."""
    failed: set[int] = set()
    budget = CIRCLE_BUDGET
    for rival in rivals.tolist():
        if rival in failed or rival == top:
            continue
        reach = fixpoint.reach(rival, stop_at=(top,))
        if top in reach.found:
            return min(rival, top)
        failed |= reach.found  # whoever the rival controls controls no more than it does
        budget -= reach.visits
        if budget <= 0:
            break
    return -1
