"""Integrated ownership: what share of a firm's capital comes through all ways. Says nothing of
control, which is `graphs.control`.

A stake of an owner in a firm is worth its part of the firm's capital, and what the firm owns comes
through by that part, and so on down; circles are solved, not cut off. What counts as a stake is
written in `graphs.control`; here the shares a firm holds in itself fall to its other owners.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph, linalg

from graphs.circle_solution import Solution, gains, solve_circles
from graphs.compact import CompactGraph
from graphs.concert import ConcertGroups
from graphs.holdings import Stakes, stakes
from graphs.ownership_sweep import Sweep, sweep

SMALLEST_SHARE = 0.001

# What is passed on to the next firm down, as a part of the smallest share listed.
PASSED_ON = 0.1


@dataclass(frozen=True)
class IntegratedOwnership:
    """The ultimate owners of every firm: arrays, one place an owner of a firm.

    firm, owner: node numbers, sorted by firm, then owner; owner numbers past the graph's nodes are
    concert groups. share: of 1. By firm number: `unrecorded`, the share that no recorded way leads
    up from to anybody (1 for a firm without owners), and `too_small`, that of owners not listed.
    The shares of a firm, `unrecorded` and `too_small` sum to 1.
    """

    firm: NDArray[np.int32]
    owner: NDArray[np.int32]
    share: NDArray[np.float64]
    unrecorded: NDArray[np.float64]
    too_small: NDArray[np.float64]

    def owners_of(self, firm: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """The ultimate owners of one firm and their shares, by owner number."""
        start, end = np.searchsorted(self.firm, [firm, firm + 1])
        return self.owner[start:end], self.share[start:end]


def ultimate_owners(
    graph: CompactGraph,
    *,
    smallest: float = SMALLEST_SHARE,
    concert: ConcertGroups | None = None,
) -> IntegratedOwnership:
    """The ultimate owners of every firm and their integrated shares.

    An ultimate owner is a holder that nobody owns: a person, or a firm of which no holder with a
    known stake is recorded. A firm that nobody owns is not listed as its own owner. A circle that
    nobody outside owns, such as two firms that hold each other wholly, has no owner at all: it and
    what it owns is `unrecorded`. The members of a concert group are one owner.

    smallest: nothing below it is listed. While shares are worked out anything below a tenth of it
    is not passed on to the next firm down either, which bounds the work below a firm with a million
    holders; a listed share can be too small by that tenth a holding on the way, and what was left
    out stands in `too_small`. With 0 every share is exact and listed.

    Raises ValueError for a `smallest` outside 0 to 1, and `GraphTooLarge` when more shares than
    `graphs.ownership_sweep.MOST_SHARES` would have to be kept.
    """
    if not 0 <= smallest < 1:
        raise ValueError(
            f"The smallest share listed is {smallest}; expected a share of 1, at least 0 and below "
            f"1, such as {SMALLEST_SHARE}."
        )
    holdings = stakes(graph)
    nodes = graph.node_count
    src, dst = holdings.src.astype(np.int64), holdings.dst.astype(np.int64)
    weight = holdings.amount / np.maximum(holdings.base, 1)[dst]
    label, inside = _circles(holdings, nodes)
    entry, solution, closed = _solved(src, dst, weight, label, inside)
    owned = np.zeros(nodes, bool)
    owned[dst] = True
    outside = ~inside & ~closed[dst]
    ways = _without_circles(src[outside], dst[outside], weight[outside], entry, solution)
    holds = np.zeros(nodes, bool)
    holds[src] = True
    owners = np.flatnonzero(holds & ~owned)
    names = np.arange(nodes, dtype=np.int32) if concert is None else concert.account[:nodes]
    total = nodes + int((entry >= 0).sum())
    least = np.full(total, smallest * PASSED_ON)
    # what enters a circle comes out of it larger
    least[entry[entry >= 0]] /= gains(solution, nodes)[entry >= 0]
    found = sweep(Sweep(*ways, *_columns(solution.rounds), least), owners, names[owners])
    return _listed(graph, found.node, found.owner, found.share, found.attributed, smallest, owned)


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
    share = holdings.amount / np.maximum(holdings.base, 1)[holdings.dst]
    matrix = sparse.csr_matrix((share, (holdings.src, holdings.dst)), shape=(nodes, nodes))
    order = csgraph.breadth_first_order(matrix, holder, return_predecessors=False)
    reached = np.sort(order[order != holder]).astype(np.int32)
    if not len(reached):
        return reached, np.empty(0, np.float64)
    inner = matrix[reached][:, reached]
    direct = matrix[[holder]][:, reached].toarray().ravel()
    system = (sparse.identity(len(reached)) - inner).T.tocsc()
    return reached, np.atleast_1d(linalg.spsolve(system, direct))


def _circles(holdings: Stakes, nodes: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The strong component of each node, and which stakes lie inside one."""
    owned = np.zeros(nodes, bool)
    owned[holdings.dst] = True
    between = owned[holdings.src]  # only a firm that is owned itself can stand in a circle
    src, dst = holdings.src[between], holdings.dst[between]
    matrix = sparse.csr_matrix((np.ones(len(src), np.int8), (src, dst)), shape=(nodes, nodes))
    _, label = csgraph.connected_components(matrix, directed=True, connection="strong")
    inside = np.zeros(len(holdings.src), bool)
    inside[between] = label[src] == label[dst]
    return label.astype(np.int64), inside


def _solved(
    src: NDArray[np.int64],
    dst: NDArray[np.int64],
    weight: NDArray[np.float64],
    label: NDArray[np.int64],
    inside: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], Solution, NDArray[np.bool_]]:
    """For each node its entry's number or -1, the circles' solution, and who is in a closed one."""
    nodes = len(label)
    circles = int(label.max(initial=-1)) + 1
    entered, circular = np.zeros(circles, bool), np.zeros(circles, bool)
    circular[label[dst[inside]]] = True
    entered[label[dst[~inside]]] = True
    open_stakes = np.flatnonzero(inside & entered[label[dst]])
    # circles numbered by their smallest firm, since scipy promises no order
    smallest = np.full(circles, nodes, np.int64)
    np.minimum.at(smallest, label, np.arange(nodes))
    solution = solve_circles(
        src[open_stakes],
        dst[open_stakes],
        weight[open_stakes],
        smallest[label[dst[open_stakes]]],
    )
    members = np.flatnonzero((circular & entered)[label])
    entry = np.full(nodes, -1, np.int64)
    entry[members] = nodes + np.arange(len(members))
    return entry, solution, (circular & ~entered)[label]


def _without_circles(
    src: NDArray[np.int64],
    dst: NDArray[np.int64],
    weight: NDArray[np.float64],
    entry: NDArray[np.int64],
    solution: Solution,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """All stakes with the solution in the circles' place: what enters one goes to an entry."""
    froms = [src]
    tos = [np.where(entry[dst] >= 0, entry[dst], dst)]
    weights = [weight]
    forward_from, forward_to, forward = _columns(solution.forward)
    back_from, back_to, back = _columns(solution.back)
    froms += [entry[forward_from], back_from, *(entry[a] for a, _, _ in solution.across)]
    tos += [entry[forward_to], back_to, *(b for _, b, _ in solution.across)]
    weights += [forward, back, *(w for _, _, w in solution.across)]
    return np.concatenate(froms), np.concatenate(tos), np.concatenate(weights)


def _columns(
    edges: list[tuple[int, int, float]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    return (
        np.array([e[0] for e in edges], np.int64),
        np.array([e[1] for e in edges], np.int64),
        np.array([e[2] for e in edges], np.float64),
    )


def _listed(
    graph: CompactGraph,
    firm: NDArray[np.int64],
    owner: NDArray[np.int32],
    share: NDArray[np.float64],
    attributed: NDArray[np.float64],
    smallest: float,
    owned: NDArray[np.bool_],
) -> IntegratedOwnership:
    firms = graph.firm_count
    kept = (share >= smallest) & (firm < firms)
    firm, owner, share = firm[kept], owner[kept], share[kept]
    order = np.argsort(firm, kind="stable")
    firm, owner, share = firm[order], owner[order], share[order]
    whole = np.where(owned[:firms], attributed[:firms], 0.0)
    listed = np.bincount(firm, weights=share, minlength=firms)
    return IntegratedOwnership(
        firm=firm.astype(np.int32),
        owner=owner.astype(np.int32),
        share=share,
        unrecorded=np.clip(1.0 - whole, 0.0, 1.0),
        too_small=np.clip(whole - listed, 0.0, 1.0),
    )
