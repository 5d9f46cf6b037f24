"""All edges that were ever known, kept as numbers: the graph of any day by a few masks.

`compact` numbers and sorts the strings of one day; here that is done once for all days. Rows stand
in the order in which `compact` puts them, so the graph of a day is what is left when the others
are taken out: the very same arrays.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graphs.compact import CompactGraph, coded_edges, sort_key
from graphs.kinds import (
    ADDRESS,
    EDGE_CODE,
    NODE_CODE,
    OWNERSHIP,
    SHARED_ADDRESS,
)

NEVER, ALWAYS = np.iinfo(np.int32).min, np.iinfo(np.int32).max
_EPOCH = datetime.date(1970, 1, 1)


@dataclass(frozen=True)
class DayEdges:
    """The graph of a day, and the rows behind it, those that ended lately included.

    src, dst: numbers of the history, which `number` turns into the graph's (-1: not in it); kind,
    role, began and over (days since 1970, `NEVER` and `ALWAYS` where not told): by row; stands:
    valid on the day, else it ended before.
    """

    graph: CompactGraph
    number: NDArray[np.int32]
    src: NDArray[np.int32]
    dst: NDArray[np.int32]
    kind: NDArray[np.int8]
    role: NDArray[np.uint8]
    began: NDArray[np.int32]
    over: NDArray[np.int32]
    stands: NDArray[np.bool_]
    from_firm: NDArray[np.bool_]


@dataclass(frozen=True)
class EdgeHistory:
    """Every edge ever known, by row, in the order of `graphs.compact`; make it by `edge_history`.

    ids, kind_start, roles: as in `CompactGraph`, over all days. from_day, until_day: when the row
    was known; valid_from, valid_to: when it held (days since 1970). left_out: addresses that tie
    nobody, `left_out_from` and `left_out_until` when they were known as such.
    """

    ids: pa.StringArray
    kind_start: NDArray[np.int64]
    roles: tuple[str, ...]
    src: NDArray[np.int32]
    dst: NDArray[np.int32]
    kind: NDArray[np.int8]
    role: NDArray[np.uint8]
    stake: NDArray[np.int64]
    key: NDArray[np.int64]
    valid_from: NDArray[np.int32]
    valid_to: NDArray[np.int32]
    from_day: NDArray[np.int32]
    until_day: NDArray[np.int32]
    left_out: NDArray[np.int32]
    left_out_from: NDArray[np.int32]
    left_out_until: NDArray[np.int32]

    def firm_numbers(self, subjects: pa.StringArray) -> NDArray[np.int32]:
        """The history's numbers of firms; every one must be in it."""
        firms = self.ids.slice(0, int(self.kind_start[1]))
        return pc.index_in(subjects, value_set=firms).to_numpy().astype(np.int32)

    def on(self, as_of: datetime.date, history_days: int, subjects: NDArray[np.int32]) -> DayEdges:
        """What `compact(edges)` gives for the day, with the rows that ended in `history_days`.

        subjects: numbers (of the history) of the firms registered as of the day.
        """
        day = (as_of - _EPOCH).days
        held = (self.from_day <= day) & (self.until_day > day) & (self.valid_from <= day)
        held &= self.valid_to > day - history_days
        out = (self.left_out_from <= day) & (self.left_out_until > day)
        common = np.zeros(len(self.ids), bool)
        common[self.left_out[out]] = True
        at = np.flatnonzero(held)
        tied = ~((self.kind[at] == EDGE_CODE[SHARED_ADDRESS]) & common[self.dst[at]])
        at = at[tied]
        stands = self.valid_to[at] > day
        graph, number = self._graph(at[stands], subjects)
        return DayEdges(
            graph=graph,
            number=number,
            src=self.src[at],
            dst=self.dst[at],
            kind=self.kind[at],
            role=self.role[at],
            began=self.valid_from[at],
            over=self.valid_to[at],
            stands=stands,
            from_firm=self.src[at] < self.kind_start[1],
        )

    def _graph(
        self, at: NDArray[np.int64], subjects: NDArray[np.int32]
    ) -> tuple[CompactGraph, NDArray[np.int32]]:
        """The graph of the rows `at`, and the graph's number of each of the history's nodes."""
        src, dst, kind = self.src[at], self.dst[at], self.kind[at]
        used = np.zeros(len(self.ids), bool)
        for nodes in (src, dst, subjects):
            used[nodes] = True
        number = np.where(used, np.cumsum(used) - 1, -1).astype(np.int32)
        spoken = np.zeros(len(self.roles), bool)
        spoken[0] = True
        spoken[self.role[at]] = True
        owns = kind == EDGE_CODE[OWNERSHIP]
        role = np.where(owns, 0, (np.cumsum(spoken) - 1)[self.role[at]]).astype(np.uint8)
        kept = np.flatnonzero(owns | (src != dst))  # a loop of another kind says nothing
        key = self.key[at][kept]
        first = np.ones(len(kept), bool)
        first[1:] = key[1:] != key[:-1]
        one = kept[first]
        until = np.concatenate([[0], np.cumsum(used)])
        graph = CompactGraph(
            ids=self.ids.filter(pa.array(used)),
            kind_start=until[self.kind_start].astype(np.int64),
            src=number[src[one]],
            dst=number[dst[one]],
            edge_kind=kind[one],
            role=role[one],
            stake=self.stake[at][one],
            roles=tuple(name for name, said in zip(self.roles, spoken, strict=True) if said),
            duplicates=len(kept) - len(one),
            self_loops=len(at) - len(kept),
        )
        return graph, number


def edge_history(
    versions: pa.Table,
    subjects: pa.Array,
    shared_premises: pa.Table | None = None,
    *,
    limit_bytes: int | None = None,
) -> EdgeHistory:
    """The history of the edges in `versions` (`graphs.edges.edge_versions`).

    `subjects`: every firm that is registered on any day. `shared_premises`: address_id, known_at,
    known_until of addresses that tie nobody.

    Raises ValueError for an unknown kind and `GraphTooLarge` beyond `limit_bytes`.
    """
    coded = coded_edges(versions, subjects, limit_bytes)
    # what an owner is called makes no second stake of one
    of_no_role = np.where(coded.kind == EDGE_CODE[OWNERSHIP], 0, coded.role).astype(np.uint8)
    key = sort_key(coded.src, coded.dst, coded.kind, of_no_role)
    began = _days(versions["valid_from"], NEVER)
    # as in `graphs.compact`: a known stake first, then the latest, then the largest
    order = np.lexsort((-coded.stake, -began.astype(np.int64), coded.stake < 0, key))
    address, known, until = _left_out(shared_premises, coded.ids, coded.kind_start)
    return EdgeHistory(
        ids=coded.ids,
        kind_start=coded.kind_start,
        roles=coded.roles,
        src=coded.src[order],
        dst=coded.dst[order],
        kind=coded.kind[order],
        role=coded.role[order],
        stake=coded.stake[order],
        key=key[order],
        valid_from=began[order],
        valid_to=_days(versions["valid_to"], ALWAYS)[order],
        from_day=_days(versions["known_at"], NEVER)[order],
        until_day=_days(versions["known_until"], ALWAYS)[order],
        left_out=address,
        left_out_from=known,
        left_out_until=until,
    )


def _left_out(
    shared: pa.Table | None, ids: pa.StringArray, kind_start: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """The numbers of the addresses that the history has, and when each tied nobody."""
    if shared is None:
        nobody = np.empty(0, np.int32)
        return nobody, nobody, nobody
    start = int(kind_start[NODE_CODE[ADDRESS]])
    addresses = ids.slice(start, int(kind_start[NODE_CODE[ADDRESS] + 1]) - start)
    place = pc.index_in(shared["address_id"], value_set=addresses)
    here = pc.is_valid(place).to_numpy()
    number = pc.fill_null(place, 0).to_numpy().astype(np.int32)[here] + np.int32(start)
    known = _days(shared["known_at"], NEVER)[here]
    return number, known, _days(shared["known_until"], ALWAYS)[here]


def _days(column: pa.ChunkedArray, unknown: int) -> NDArray[np.int32]:
    days = column.cast(pa.date32()).cast(pa.int32())
    return pc.fill_null(days, unknown).to_numpy().astype(np.int32)
