"""Circles of ownership solved: each firm of a circle as a sum of what enters the circle.

In a circle s = entering + s M, so s = entering (I - M)^-1. The circles of a register are small, and
those of one size are solved at once by plain elimination over stacked arrays: elementwise steps
alone, so the bits hang on no linear algebra library and no count of threads. Pivots need no search,
because the stakes in a firm sum to at most 1. Of a large circle the firms with few stakes in it
are eliminated first, one by one, which solves rings and chains of any length; what is too large
and too dense even then is left for `graphs.integrated_ownership` to follow round by round.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# Up to here the inverse is a full matrix: 256 x 256 takes a fifth of a second.
DENSE_LIMIT = 256


@dataclass
class Solution:
    """What replaces the stakes inside circles; together with the stakes from outside no circle.

    Each is (from, to, weight). forward: from entry to entry; what enters at one firm enters
    further on too. across: from entry to firm. back: from firm to firm. rounds: stakes among the
    firms of what could not be solved directly, a circle still.
    """

    forward: list[tuple[int, int, float]] = field(default_factory=list)
    back: list[tuple[int, int, float]] = field(default_factory=list)
    rounds: list[tuple[int, int, float]] = field(default_factory=list)
    across: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = field(
        default_factory=list
    )


def solve_circles(
    src: NDArray[np.int64],
    dst: NDArray[np.int64],
    weight: NDArray[np.float64],
    circle: NDArray[np.int64],
) -> Solution:
    """Solves every circle. src, dst, weight: the stakes inside circles, each in circle `circle`.

    Weights of one firm sum to at most 1, and less than that for at least one firm of a circle.
    """
    solution = Solution()
    if not len(src):
        return solution
    firms, at = np.unique(np.concatenate([src, dst]), return_index=True)
    of = np.concatenate([circle, circle])[at]
    order = np.argsort(of, kind="stable")
    firms, of = firms[order], of[order]
    starts = np.flatnonzero(np.concatenate([[True], of[1:] != of[:-1]]))
    sizes = np.diff(np.append(starts, len(of)))
    edges = np.argsort(circle, kind="stable")
    begin = np.searchsorted(circle[edges], of[starts])
    end = np.searchsorted(circle[edges], of[starts], side="right")
    for size in np.unique(sizes).tolist():
        some = np.flatnonzero(sizes == size)
        if size <= DENSE_LIMIT:
            step = max(2_000_000 // size**2, 1)  # bounds the memory of the stacked matrices
            for first in range(0, len(some), step):
                batch = some[first : first + step]
                members = firms[starts[batch][:, None] + np.arange(size)]
                inside = np.concatenate([edges[begin[b] : end[b]] for b in batch])
                row = np.repeat(np.arange(len(batch)), end[batch] - begin[batch])
                _solve_dense(solution, members, row, src[inside], dst[inside], weight[inside])
            continue
        for one in some:
            inside = edges[begin[one] : end[one]]
            _eliminate(solution, src[inside], dst[inside], weight[inside])
    return solution


def gains(solution: Solution, nodes: int) -> NDArray[np.float64]:
    """By firm: how many times larger what enters there may come out somewhere in its circle.

    1 or more for the firms of circles, infinite where rounds are followed, 1 for all others.
    """
    gain = np.ones(nodes)
    for entry, _, weight in solution.across:
        np.maximum.at(gain, entry, weight)
    gain[[held for _, held, _ in solution.rounds]] = np.inf
    # a firm enters further on only into firms that are removed after it
    for removed, further, share in reversed(solution.forward):
        gain[removed] = max(gain[removed], share * gain[further])
    return gain


def _solve_dense(
    solution: Solution,
    members: NDArray[np.int64],
    row: NDArray[np.int64],
    src: NDArray[np.int64],
    dst: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> None:
    """Circles of one size: members[c] are the firms of circle c, ascending; stake e is in row[e]."""
    count, size = members.shape
    flat = members.ravel()
    by_firm = np.argsort(flat, kind="stable")
    ordered = flat[by_firm]
    i = by_firm[np.searchsorted(ordered, src)] % size
    j = by_firm[np.searchsorted(ordered, dst)] % size
    matrix = np.zeros((count, size, size))
    matrix[:, np.arange(size), np.arange(size)] = 1.0
    matrix[row, i, j] -= weight
    for k in range(size):  # inverted in place
        factor = matrix[:, :, k].copy()
        scale = 1.0 / factor[:, k]
        factor[:, k] = 0.0
        matrix[:, :, k] = 0.0
        matrix[:, k, k] = 1.0
        matrix[:, k, :] *= scale[:, None]
        matrix -= factor[:, :, None] * matrix[:, k, None, :]
    c, i, j = np.nonzero(matrix > 0)
    solution.across.append((members[c, i], members[c, j], matrix[c, i, j]))


def _eliminate(
    solution: Solution,
    src: NDArray[np.int64],
    dst: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> None:
    """One large circle: firms whose removal adds no stakes first, the rest as a matrix."""
    into: dict[int, dict[int, float]] = {}
    out: dict[int, dict[int, float]] = {}
    for holder, held, share in zip(src.tolist(), dst.tolist(), weight.tolist(), strict=True):
        into.setdefault(held, {})[holder] = share
        out.setdefault(holder, {})[held] = share
    heap = [(len(into[node]) * len(out[node]), node) for node in into]
    heapq.heapify(heap)
    while heap:
        cost, node = heapq.heappop(heap)
        if node not in into:
            continue
        own = into[node].get(node, 0.0)
        above, below = len(into[node]) - (own > 0), len(out[node]) - (own > 0)
        if cost > above * below:
            heapq.heappush(heap, (above * below, node))
            continue
        if cost < above * below or cost > above + below:
            continue  # came again since with its right cost, or would add more than it removes
        for other in _remove(solution, into, out, node):
            cost = len(into[other]) * len(out[other])
            heapq.heappush(heap, (cost, other))
    core = sorted(into)
    if not core:
        return
    edges = [(u, v, w) for v in core for u, w in sorted(into[v].items())]
    ends = np.array([(u, v) for u, v, _ in edges], np.int64).reshape(-1, 2)
    shares = np.array([w for _, _, w in edges], np.float64)
    if len(core) > DENSE_LIMIT:
        solution.rounds.extend(edges)
        members = np.array(core, np.int64)
        solution.across.append((members, members, np.ones(len(members))))
        return
    row = np.zeros(len(edges), np.int64)
    _solve_dense(solution, np.array([core], np.int64), row, ends[:, 0], ends[:, 1], shares)


def _remove(
    solution: Solution,
    into: dict[int, dict[int, float]],
    out: dict[int, dict[int, float]],
    node: int,
) -> list[int]:
    """Removes one firm from the circle; its holders hold what it held. Returns its neighbours."""
    above, below = into.pop(node), out.pop(node)
    own = above.pop(node, 0.0)
    below.pop(node, None)
    whole = 1.0 / (1.0 - own)
    solution.across.append((np.array([node]), np.array([node]), np.array([whole])))
    for held, share in sorted(below.items()):
        del into[held][node]
        solution.forward.append((node, held, share * whole))
    for holder, share in sorted(above.items()):
        del out[holder][node]
        solution.back.append((holder, node, share * whole))
        for held, further in sorted(below.items()):
            through = into[held].get(holder, 0.0) + share * whole * further
            into[held][holder] = through
            out[holder][held] = through
    return sorted(set(above) | set(below))
