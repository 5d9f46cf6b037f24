"""The sweep from the owners down: each firm's owners from those of its holders, level by level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from graphs.compact import GraphTooLarge

# Shares kept at a time, some twelve bytes each; more than thirty owners a firm in a city of 3 M.
MOST_SHARES = 100_000_000

# Shares passed down at a time: it bounds the memory and changes no result.
BATCH = 4_000_000

# What still goes round in a circle that is too large to be solved directly, once it is below this.
LEAST_ROUND = 1e-12

# Rounds through such a circle. One that keeps 99 % of everything inside is down to 2e-9 by then.
MOST_ROUNDS = 2_000


@dataclass(frozen=True)
class Sweep:
    """Ways from holder to held, free of circles but for those in round_src, round_dst.

    least[node]: a smaller share of one owner in the node is not passed on.
    """

    src: NDArray[np.int64]
    dst: NDArray[np.int64]
    weight: NDArray[np.float64]
    round_src: NDArray[np.int64]
    round_dst: NDArray[np.int64]
    round_weight: NDArray[np.float64]
    least: NDArray[np.float64]


@dataclass(frozen=True)
class Swept:
    """Shares (node, owner, share), owners ascending at each node; attributed[node]: their sum,
    what was too small to pass on included."""

    node: NDArray[np.int64]
    owner: NDArray[np.int32]
    share: NDArray[np.float64]
    attributed: NDArray[np.float64]


def sweep(ways: Sweep, owners: NDArray[np.int64], names: NDArray[np.int32]) -> Swept:
    """Shares of all owners in all nodes below them.

    owners: nodes that nobody holds; names: under which number each is listed. Raises GraphTooLarge
    past `MOST_SHARES`.
    """
    return _Sweeping(ways, owners, names).run()


class _Sweeping:
    def __init__(self, ways: Sweep, owners: NDArray[np.int64], names: NDArray[np.int32]) -> None:
        nodes = len(ways.least)
        self._least = ways.least
        self._nodes = nodes
        # a sparse matrix both ways round: laid out by counting, which no sort is as fast as
        matrix = sparse.coo_matrix((ways.weight, (ways.src, ways.dst)), shape=(nodes, nodes))
        into, out = matrix.tocsc(), matrix.tocsr()
        self._src, self._weight = into.indices, into.data
        self._into, self._out, self._below = into.indptr, out.indptr, out.indices
        # the firms of an unsolved circle wait for each other and go down together, as its leader
        self._rounds = sparse.coo_matrix(
            (ways.round_weight, (ways.round_src, ways.round_dst)), shape=(nodes, nodes)
        )
        self._ring = _rings(self._rounds)
        self._leader = np.arange(nodes)
        for leader, ring in self._ring.items():
            self._leader[ring] = leader
        self._waits = np.bincount(self._leader[ways.dst], minlength=nodes)
        self._waits[self._leader != np.arange(nodes)] = -1

        self._begin = np.zeros(nodes, np.int64)
        self._count = np.zeros(nodes, np.int64)
        self._begin[owners] = np.arange(len(owners))
        self._count[owners] = 1
        self._end = len(owners)
        self._owner = np.empty(max(2 * len(owners) + len(ways.src), 16), np.int32)
        self._share = np.empty(len(self._owner), np.float64)
        self._owner[: self._end], self._share[: self._end] = names, 1.0
        self._attributed = np.zeros(nodes)
        self._attributed[owners] = 1.0
        self._order: list[NDArray[np.int64]] = [owners]
        self._first_firm = self._end

    def run(self) -> Swept:
        ready = np.flatnonzero(self._waits == 0)
        while len(ready):
            ready = self._release(ready)
            rings = [self._ring[leader] for leader in self._ring if leader in ready]
            self._take_in(np.setdiff1d(ready, list(self._ring)) if rings else ready)
            for ring in rings:
                self._go_round(ring)
            ready = np.concatenate([ready, *(ring[1:] for ring in rings)])
        node = np.concatenate(self._order[1:]) if len(self._order) > 1 else np.empty(0, np.int64)
        kept = slice(self._first_firm, self._end)
        return Swept(
            node=np.repeat(node, self._count[node]),
            owner=self._owner[kept],
            share=self._share[kept],
            attributed=self._attributed,
        )

    def _release(self, done: NDArray[np.int64]) -> NDArray[np.int64]:
        """The nodes, leaders for a ring, all of whose holders are done."""
        below = self._leader[self._below[_places(self._out, done)[1]]]
        if len(below) > self._nodes // 8:
            self._waits -= np.bincount(below, minlength=self._nodes)
            met = np.zeros(self._nodes, bool)
            met[below] = True
            return np.flatnonzero(met & (self._waits == 0))
        met_nodes, times = np.unique(below, return_counts=True)
        self._waits[met_nodes] -= times
        return met_nodes[self._waits[met_nodes] == 0]

    def _take_in(self, nodes: NDArray[np.int64]) -> None:
        """Shares of the owners of these nodes, from their holders'."""
        size = np.cumsum(self._arriving(nodes))
        start = 0
        while start < len(nodes):
            reached = size[start - 1] if start else 0
            end = max(int(np.searchsorted(size, reached + BATCH, side="right")), start + 1)
            some = nodes[start:end]
            row, place = _places(self._into, some)
            local, owner, share = self._passed_down(
                row, self._src[place], self._weight[place], self._least[some]
            )
            self._keep(some, local, owner, share)
            whole = self._weight[place] * self._attributed[self._src[place]]
            self._attributed[some] = np.bincount(row, weights=whole, minlength=len(some))
            start = end

    def _arriving(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        row, place = _places(self._into, nodes)
        counts = self._count[self._src[place]]
        return np.bincount(row, weights=counts, minlength=len(nodes)).astype(np.int64)

    def _passed_down(
        self,
        row: NDArray[np.int64],
        src: NDArray[np.int64],
        weight: NDArray[np.float64],
        least: NDArray[np.float64],
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
        """(row, owner, share), summed, of the holders src at the rows, what is too small left out."""
        edge, at = _spans(self._begin[src], self._count[src])
        owner = self._owner[at]
        share = self._share[at] * weight[edge]
        return _summed(row[edge], owner, share, least)

    def _keep(
        self,
        nodes: NDArray[np.int64],
        local: NDArray[np.int64],
        owner: NDArray[np.int32],
        share: NDArray[np.float64],
    ) -> None:
        """Puts the shares of these nodes, by their place among them, behind the others."""
        end = self._end + len(owner)
        if end > MOST_SHARES:
            raise GraphTooLarge(
                f"The owners of all firms are more than {MOST_SHARES:,} shares. Raise the smallest "
                "share that is listed, or take a smaller part of the graph."
            )
        if end > len(self._owner):
            room = max(end, len(self._owner) * 3 // 2)
            self._owner = np.concatenate([self._owner, np.empty(room - len(self._owner), np.int32)])
            self._share = np.concatenate([self._share, np.empty(room - len(self._share))])
        self._owner[self._end : end], self._share[self._end : end] = owner, share
        counts = np.bincount(local, minlength=len(nodes))
        self._begin[nodes] = self._end + np.cumsum(counts) - counts
        self._count[nodes] = counts
        self._order.append(nodes)
        self._end = end

    def _go_round(self, ring: NDArray[np.int64]) -> None:
        """An unsolved circle: what enters goes round until nothing is left that is large enough."""
        least = np.maximum(self._least[ring], LEAST_ROUND)
        row, place = _places(self._into, ring)
        local, owner, share = self._passed_down(row, self._src[place], self._weight[place], least)
        matrix = self._rounds.tocsr()[ring][:, ring]
        whole = np.bincount(
            row, self._weight[place] * self._attributed[self._src[place]], len(ring)
        )
        moving, parts = whole, [(local, owner, share)]
        for _ in range(MOST_ROUNDS):
            if not len(local) and moving.max() <= LEAST_ROUND:
                break
            edge, at = _places(matrix.indptr, local)
            passed = share[edge] * matrix.data[at]
            local, owner, share = _summed(matrix.indices[at], owner[edge], passed, least)
            parts.append((local, owner, share))
            moving = matrix.T @ moving
            whole = whole + moving
        columns = [np.concatenate([part[i] for part in parts]) for i in range(3)]
        self._keep(ring, *_summed(columns[0], columns[1], columns[2], least))
        self._attributed[ring] = whole


def _rings(rounds: sparse.coo_matrix) -> dict[int, NDArray[np.int64]]:
    """The firms of each unsolved circle, ascending, by the smallest of them."""
    firms = np.unique(rounds.row)
    if not len(firms):
        return {}
    inner = rounds.tocsr()[firms][:, firms]
    _, label = csgraph.connected_components(inner, directed=False)
    rings = (firms[label == one] for one in np.unique(label))
    return {int(ring[0]): ring.astype(np.int64) for ring in rings}


def _starts(ascending: NDArray[np.int64], nodes: int) -> NDArray[np.int64]:
    counts = np.bincount(ascending, minlength=nodes)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _places(
    starts: NDArray[np.int64], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which of the rows, and which place, for every place from starts[row] to the next start."""
    return _spans(starts[rows], starts[rows + 1] - starts[rows])


def _spans(
    begin: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    which = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(which)) + np.repeat(begin - (np.cumsum(counts) - counts), counts)
    return which, place


def _summed(
    row: NDArray[np.int64],
    owner: NDArray[np.int32],
    share: NDArray[np.float64],
    least: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """Shares of one (row, owner) added up, sorted; those under `least` of the row left out."""
    key = row.astype(np.int64) << 32 | owner
    if not (key[1:] > key[:-1]).all():
        order = np.argsort(key, kind="stable")
        key = key[order]
        first = np.ones(len(key), bool)
        first[1:] = key[1:] != key[:-1]
        at = np.flatnonzero(first)
        key, share = key[at], np.add.reduceat(share[order], at)
    kept = (share >= least[key >> 32]) & (share > 0)
    key = key[kept]
    return key >> 32, (key & 0xFFFFFFFF).astype(np.int32), share[kept]
