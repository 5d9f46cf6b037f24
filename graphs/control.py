"""Control and integrated ownership: who decides, and who gets what share. Never mixed.

Control is the fixpoint "x, with all that x controls, holds more than half". Integrated ownership
is the share of a firm's capital that comes through all paths, circles solved and not cut off. A
person may control a firm with a third of its capital, and own half of one without controlling it.

What a stake counts for:

- A branch has no capital of its own: its parent holds it wholly.
- An unknown stake counts for nothing; it is never guessed.
- Stakes of one firm that sum above 1 are scaled to sum 1. So no two separate holders ever control
  one firm, and every firm has at most one ultimate controller.
- Shares a firm holds in itself carry no vote: control asks for more than half of the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph, linalg

from graphs.absorption import Stakes, absorb
from graphs.compact import UNKNOWN_STAKE, WHOLE, CompactGraph
from graphs.kinds import BRANCH, EDGE_CODE, OWNERSHIP

# Edge visits spent on naming one circle of firms that control each other. Past it the circle keeps
# the name it has, which is still the same for the same graph.
CIRCLE_BUDGET = 5_000_000


@dataclass(frozen=True)
class Control:
    """Ultimate control, by node number.

    controller: the ultimate controller, -1 where nobody holds more than half. Firms that control
    each other with nobody outside are a circle: `circle` is True there and the controller is the
    smallest of those that control all of it, itself included.
    head: the controller, or the node itself. depth: the fewest holdings from the controller down
    (0 for itself). via: the node before on that way, -1 at its top. firm_count: firms under the
    same head, the head counted when it is a firm.
    """

    controller: NDArray[np.int32]
    circle: NDArray[np.bool_]
    head: NDArray[np.int32]
    depth: NDArray[np.int32]
    via: NDArray[np.int32]
    firm_count: NDArray[np.int64]


@dataclass(frozen=True)
class Holding:
    """One hop of a chain of control: `holder` holds `share` of `held`, `hop` steps from the top."""

    hop: int
    holder: int
    held: int
    share: float


def stakes(graph: CompactGraph) -> Stakes:
    """The holdings that can give control: who holds how many millionths of which firm's votes."""
    mask = graph.edges_of(OWNERSHIP, BRANCH)
    branch = graph.edge_kind == EDGE_CODE[BRANCH]
    amount = np.where(branch, WHOLE, graph.stake)
    mask &= amount > 0
    src, dst, amount = graph.src[mask], graph.dst[mask], amount[mask]
    # edges are sorted, so a pair with stake and branch stands together: the larger counts
    first = np.ones(len(src), bool)
    first[1:] = (src[1:] != src[:-1]) | (dst[1:] != dst[:-1])
    starts = np.flatnonzero(first)
    amount = np.maximum.reduceat(amount, starts) if len(starts) else amount
    src, dst = src[first], dst[first]

    own = (graph.src == graph.dst) & (graph.stake != UNKNOWN_STAKE)
    self_held = np.zeros(graph.node_count, np.int64)
    self_held[graph.src[own]] = graph.stake[own]
    total = self_held.copy()
    np.add.at(total, dst, amount)
    return Stakes(src, dst, amount, np.maximum(total, WHOLE) - self_held, self_held)


def control(graph: CompactGraph) -> Control:
    """The ultimate controller of every node; see `Control` for the columns."""
    holdings = stakes(graph)
    head, self_held = absorb(holdings, graph.node_count)
    head, circle = _name_circles(holdings, head, self_held)
    depth, via = _depths(holdings, head)
    node = np.arange(graph.node_count, dtype=np.int32)
    firms = np.bincount(head[: graph.firm_count], minlength=graph.node_count)
    return Control(
        controller=np.where((head != node) | circle, head, -1).astype(np.int32),
        circle=circle,
        head=head,
        depth=depth,
        via=via,
        firm_count=firms[head].astype(np.int64),
    )


def control_chains(
    graph: CompactGraph, result: Control, firm: int, *, limit: int = 200
) -> list[Holding]:
    """Every holding by which a firm's ultimate controller controls it, top down, hop by hop.

    All holdings inside the control group that lead to the firm, sorted by (hop, holder, held); at
    most `limit`, those nearest to the firm. Empty where nobody controls it.
    """
    if result.controller[firm] < 0:
        return []
    holdings = stakes(graph)
    by_dst = np.argsort(holdings.dst, kind="stable")
    held = holdings.dst[by_dst]
    seen, queue = {firm}, [firm]
    found: list[Holding] = []
    for node in queue:
        start, end = np.searchsorted(held, [node, node + 1])
        for place in by_dst[start:end]:
            holder = int(holdings.src[place])
            if result.head[holder] != result.head[firm] or len(found) >= limit:
                continue
            share = holdings.amount[place] / max(holdings.base[node], 1)
            found.append(Holding(int(result.depth[holder]) + 1, holder, node, float(share)))
            if holder not in seen and holder != result.head[firm]:
                seen.add(holder)
                queue.append(holder)
    return sorted(found, key=lambda hop: (hop.hop, hop.holder, hop.held))


def controlled_by(holdings: Stakes, holder: int) -> set[int]:
    """Every firm that one node controls, ultimately or not; the plain fixpoint from there."""
    return _controlled(holdings, _row_starts(holdings), holder, stop_at=frozenset())[0]


def integrated_ownership(
    graph: CompactGraph, holder: int
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """What share of each firm's capital one holder owns through all paths.

    Returns the firms it reaches (numbers, ascending) and the shares. Solves s = direct + s M over
    the firms reached, M being firm-to-firm stakes; each firm's stakes are scaled to sum at most 1,
    so a circle that a holder reaches always leaves something to the holder and the system has one
    solution. Shares a firm holds in itself fall to its other owners.
    """
    holdings = stakes(graph)
    nodes = graph.node_count
    total = np.maximum(holdings.base + holdings.self_held, 1)
    share = holdings.amount / total[holdings.dst]
    matrix = sparse.csr_matrix((share, (holdings.src, holdings.dst)), shape=(nodes, nodes))
    order = csgraph.breadth_first_order(matrix, holder, return_predecessors=False)
    reached = np.sort(order[order != holder]).astype(np.int32)
    if not len(reached):
        return reached, np.empty(0, np.float64)
    inner = matrix[reached][:, reached] + sparse.diags(holdings.self_held[reached] / total[reached])
    direct = matrix[[holder]][:, reached].toarray().ravel()
    system = (sparse.identity(len(reached)) - inner).T.tocsc()
    return reached, np.atleast_1d(linalg.spsolve(system, direct))


def _name_circles(
    holdings: Stakes, head: NDArray[np.int32], self_held: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Heads with each circle named after the smallest firm that controls all of it, and who is in.

    `self_held` are heads whose own group holds more than half of them. Only firms in the same
    strong component as such a head can control it.
    """
    if not len(self_held):
        return head, np.zeros(len(head), bool)
    ones = np.ones(len(holdings.src), np.int8)
    matrix = sparse.csr_matrix((ones, (holdings.src, holdings.dst)), shape=(len(head),) * 2)
    _, strong = csgraph.connected_components(matrix, directed=True, connection="strong")
    starts = _row_starts(holdings)
    by_strong = np.argsort(strong, kind="stable")
    ordered = strong[by_strong]
    name = np.full(len(head), -1, np.int32)
    for top in self_held.tolist():
        begin, end = np.searchsorted(ordered, [strong[top], strong[top] + 1])
        rivals = by_strong[begin:end]
        name[top] = _circle_name(holdings, starts, top, rivals[head[rivals] == top])
    named = name[head]
    return np.where(named >= 0, named, head).astype(np.int32), named >= 0


def _circle_name(
    holdings: Stakes, starts: NDArray[np.int64], top: int, rivals: NDArray[np.intp]
) -> int:
    """The smallest firm of those that control `top` and are controlled by it; -1 without any."""
    failed: set[int] = set()
    budget = CIRCLE_BUDGET
    for rival in rivals.tolist():
        if rival in failed or rival == top:
            continue
        found, visits = _controlled(holdings, starts, rival, stop_at=frozenset((top,)))
        if top in found:
            return min(rival, top)
        failed |= found  # whoever the rival controls controls no more than it does
        budget -= visits
        if budget <= 0:
            break
    return -1


def _row_starts(holdings: Stakes) -> NDArray[np.int64]:
    """Where each holder's holdings begin; holdings are sorted by holder."""
    return np.searchsorted(holdings.src, np.arange(len(holdings.base) + 1)).astype(np.int64)


def _controlled(
    holdings: Stakes, starts: NDArray[np.int64], holder: int, stop_at: frozenset[int]
) -> tuple[set[int], int]:
    held: dict[int, int] = {}
    found: set[int] = set()
    queue = [holder]
    visits = 0
    for node in queue:
        for place in range(starts[node], starts[node + 1]):
            visits += 1
            firm = int(holdings.dst[place])
            held[firm] = held.get(firm, 0) + int(holdings.amount[place])
            if firm != holder and firm not in found and 2 * held[firm] > holdings.base[firm]:
                found.add(firm)
                queue.append(firm)
                if firm in stop_at:
                    return found, visits
    return found, visits


def _depths(
    holdings: Stakes, head: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Fewest holdings from each node's head down to it, inside its group, and the node before."""
    nodes = len(head)
    inside = (head[holdings.src] == head[holdings.dst]) & (head[holdings.dst] != holdings.dst)
    tops = np.unique(head)
    # one extra node above all heads turns many searches into one
    src = np.concatenate([np.full(len(tops), nodes), holdings.src[inside]])
    dst = np.concatenate([tops, holdings.dst[inside]])
    matrix = sparse.csr_matrix((np.ones(len(src), np.int8), (src, dst)), shape=(nodes + 1,) * 2)
    _, before = csgraph.breadth_first_order(matrix, nodes)
    via = before[:nodes].astype(np.int32)
    via[(via == nodes) | (via < 0)] = -1  # scipy's sign for a start is another negative
    return _steps_up(via), via


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
