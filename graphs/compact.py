"""The edge table as compact arrays: int32 node numbers, one row a distinct relation, sorted.

Numbers depend on content alone: nodes are numbered kind by kind (`NODE_KINDS`), by id inside a
kind, and edges are sorted by their numbers, so any order of rows gives the same arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graphs.kinds import EDGE_CODE, EDGE_KINDS, FIRM, NODE_CODE, NODE_KINDS, OWNERSHIP

WHOLE = 1_000_000  # a stake of 100 %, in millionths: DECIMAL(9,6) without its point
UNKNOWN_STAKE = -1

# One sort key holds src (26 bits), dst (26), kind (3) and role (8).
MAX_NODES = 2**26
MAX_ROLES = 255

# Peak bytes of `graph_features` beyond the edge table itself, as measured at 0.25 to 3 M firms
# (docs of the memory estimate: tests/graphs/test_compact.py keeps it honest).
BYTES_PER_NODE = 420
BYTES_PER_EDGE = 360
BYTES_FIXED = 64 * 2**20

_COLUMNS = ("src", "src_kind", "dst", "dst_kind", "kind")


class GraphTooLarge(MemoryError):  # noqa: N818 - the sentence it says
    """The graph does not fit; the message gives its size and the memory it would need."""


@dataclass(frozen=True)
class CompactGraph:
    """Nodes and edges as arrays.

    ids: node ids, position = number. kind_start: where each kind of `NODE_KINDS` begins, plus the
    end; firms are 0..firm_count-1. src, dst: int32 node numbers; edge_kind: position in
    `EDGE_KINDS`; role: position in `roles` (0 = none); stake: millionths, -1 where unknown.
    duplicates and self_loops: how many rows were left out as such.
    """

    ids: pa.StringArray
    kind_start: NDArray[np.int64]
    src: NDArray[np.int32]
    dst: NDArray[np.int32]
    edge_kind: NDArray[np.int8]
    role: NDArray[np.uint8]
    stake: NDArray[np.int64]
    roles: tuple[str, ...]
    duplicates: int
    self_loops: int
    _pairs: dict[tuple[str, ...], tuple[NDArray[np.int32], NDArray[np.int32]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _masks: dict[tuple[str, ...], NDArray[np.bool_]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def node_count(self) -> int:
        """Nodes of every kind."""
        return len(self.ids)

    @property
    def firm_count(self) -> int:
        """Firms; their numbers are 0..firm_count-1."""
        return int(self.kind_start[1])

    @property
    def edge_count(self) -> int:
        """Distinct edges."""
        return len(self.src)

    def kind_of(self, node: int) -> str:
        """The kind of one node."""
        return NODE_KINDS[int(np.searchsorted(self.kind_start, node, side="right")) - 1]

    def id_of(self, node: int) -> str:
        """The id of one node."""
        return str(self.ids[node].as_py())

    def numbers(self, ids: pa.Array | Sequence[str], kind: str = FIRM) -> NDArray[np.int32]:
        """Node numbers of ids of one kind, -1 for an id that the graph does not have."""
        start, end = self._span(kind)
        wanted = pa.array(ids, pa.string()) if not isinstance(ids, pa.Array) else ids
        found = pc.index_in(wanted, value_set=self.ids.slice(start, end - start))
        place = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return np.where(place >= 0, place + start, -1).astype(np.int32)

    def is_kind(self, nodes: NDArray[np.int32], kind: str) -> NDArray[np.bool_]:
        """Which of the nodes are of a kind."""
        start, end = self._span(kind)
        return (nodes >= start) & (nodes < end)

    def edges_of(self, *kinds: str) -> NDArray[np.bool_]:
        """Mask of the edges of these kinds, self-loops left out; the caller may write into it."""
        if kinds not in self._masks:
            wanted = np.zeros(len(EDGE_KINDS), bool)
            wanted[[EDGE_CODE[kind] for kind in kinds]] = True
            self._masks[kinds] = wanted[self.edge_kind] & (self.src != self.dst)
        return self._masks[kinds].copy()

    def distinct_pairs(self, *kinds: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The pairs (src, dst) that edges of these kinds join, each once, sorted, no self-loops.

        The shapes ask for the same pairs again and again: they are kept, and nobody may write
        into them.
        """
        if kinds not in self._pairs:
            self._pairs[kinds] = self.pairs_of(self.edges_of(*kinds))
            for numbers in self._pairs[kinds]:
                numbers.setflags(write=False)
        return self._pairs[kinds]

    def pairs_of(self, mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The pairs (src, dst) that the masked edges join, each once, sorted."""
        src, dst = self.src[mask], self.dst[mask]
        # edges are sorted by src, then dst: equal pairs stand side by side
        first = np.ones(len(src), bool)
        first[1:] = (src[1:] != src[:-1]) | (dst[1:] != dst[:-1])
        return src[first], dst[first]

    def _span(self, kind: str) -> tuple[int, int]:
        code = NODE_CODE[kind]
        return int(self.kind_start[code]), int(self.kind_start[code + 1])


def estimate_memory(nodes: int, edges: int) -> int:
    """Peak bytes that `graph_features` needs for a graph of this size, beyond the edge table.

    `edges` counts rows of the edge table. The figures are measured, with a margin.
    """
    return BYTES_FIXED + nodes * BYTES_PER_NODE + edges * BYTES_PER_EDGE


def require_memory(nodes: int, edges: int, limit_bytes: int, table_bytes: int = 0) -> None:
    """Raises `GraphTooLarge` with the figures when a graph of this size would not fit.

    `table_bytes`: what its edge table takes beside the arrays.
    """
    if nodes >= MAX_NODES:
        raise GraphTooLarge(
            f"The graph has {nodes:,} nodes; at most {MAX_NODES:,} can be numbered. "
            "Split the delivery by region."
        )
    needed = estimate_memory(nodes, edges) + table_bytes
    if needed > limit_bytes:
        raise GraphTooLarge(
            f"The graph of {nodes:,} nodes and {edges:,} edges needs about "
            f"{needed / 2**30:.1f} GB of memory, and {limit_bytes / 2**30:.1f} GB are allowed. "
            "Run it on a machine with more memory, or raise the limit."
        )


def compact(
    edges: pa.Table,
    subjects: pa.Array | Sequence[str] | None = None,
    *,
    limit_bytes: int | None = None,
) -> CompactGraph:
    """The edge table as arrays; `subjects` are firms that become nodes even without an edge.

    Needs the columns src, src_kind, dst, dst_kind, kind; role, ratio and valid_from may be
    missing. With `limit_bytes` the size is checked first (nodes counted at their possible most).

    - Duplicates are one edge: the same src, dst and kind for ownership, and also the same role for
      the other kinds. Of several stakes of one owner in one firm (two departments, or an older
      row nobody closed) the one with the latest valid_from counts, then the larger; a known one
      beats an unknown one. Stakes are never added up.
    - Self-loops: a firm that holds itself stays as an ownership edge (`graphs.control` takes such
      shares out of the votes); every other self-loop is left out.
    - A negative ratio counts as unknown. Stakes that sum above 1 stay as they are here.

    Raises ValueError for a missing column, a NULL id or an unknown kind; `GraphTooLarge`.
    """
    _check_columns(edges)
    coded = coded_edges(edges, subjects, limit_bytes)
    ownership = coded.kind == EDGE_CODE[OWNERSHIP]
    coded.role[ownership] = 0
    loose = (coded.src == coded.dst) & ~ownership
    keep = np.flatnonzero(~loose)
    key = sort_key(coded.src[keep], coded.dst[keep], coded.kind[keep], coded.role[keep])
    chosen = keep[_one_each(key, coded.stake[keep], _valid_from_days(edges)[keep])]
    return CompactGraph(
        ids=coded.ids,
        kind_start=coded.kind_start,
        src=coded.src[chosen],
        dst=coded.dst[chosen],
        edge_kind=coded.kind[chosen],
        role=coded.role[chosen],
        stake=coded.stake[chosen],
        roles=coded.roles,
        duplicates=len(keep) - len(chosen),
        self_loops=int(loose.sum()),
    )


class CodedEdges(NamedTuple):
    """An edge table as numbers, in its own order.

    ids, kind_start, roles: as in `CompactGraph`; the others by row. stake: unknown where the edge is
    no ownership.
    """

    ids: pa.StringArray
    kind_start: NDArray[np.int64]
    roles: tuple[str, ...]
    src: NDArray[np.int32]
    dst: NDArray[np.int32]
    kind: NDArray[np.int8]
    role: NDArray[np.uint8]
    stake: NDArray[np.int64]


def coded_edges(
    edges: pa.Table, subjects: pa.Array | Sequence[str] | None, limit_bytes: int | None
) -> CodedEdges:
    """The rows of an edge table as numbers; `subjects` and `limit_bytes` as in `compact`.

    Raises ValueError for an unknown kind and `GraphTooLarge`.
    """
    named = _strings_of(subjects)
    if limit_bytes is not None:
        most = min(2 * edges.num_rows + len(named), MAX_NODES - 1)
        require_memory(most, edges.num_rows, limit_bytes)
    src_kind = _codes_of(edges, "src_kind", NODE_KINDS)
    dst_kind = _codes_of(edges, "dst_kind", NODE_KINDS)
    kind = _codes_of(edges, "kind", EDGE_KINDS)
    ids, kind_start, src, dst = _number_nodes(edges, src_kind, dst_kind, named)
    if len(ids) >= MAX_NODES:
        require_memory(len(ids), edges.num_rows, 0)
    roles, role = _role_codes(edges)
    stake = _stakes_of(edges)
    stake[kind != EDGE_CODE[OWNERSHIP]] = UNKNOWN_STAKE
    return CodedEdges(ids, kind_start, roles, src, dst, kind, role, stake)


def _check_columns(edges: pa.Table) -> None:
    missing = [name for name in _COLUMNS if name not in edges.column_names]
    if missing:
        raise ValueError(
            f"The edge table lacks {', '.join(missing)}; expected at least {', '.join(_COLUMNS)}, "
            f"got {', '.join(edges.column_names)}. Make it with graphs.edges.edges."
        )
    for name in _COLUMNS:
        if edges[name].null_count:
            raise ValueError(
                f"The edge table has {edges[name].null_count:,} rows without {name}; expected "
                "none. Leave rows without a key out, as graphs.edges.edges does."
            )


def _strings_of(values: pa.Array | Sequence[str] | None) -> pa.StringArray:
    """The values as one array of strings, none for None."""
    if values is None:
        return pa.array([], pa.string())
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return (
        values.cast(pa.string()) if isinstance(values, pa.Array) else pa.array(values, pa.string())
    )


def _codes_of(edges: pa.Table, column: str, words: tuple[str, ...]) -> NDArray[np.int8]:
    """The column's values as places among `words`. Raises ValueError for any other word."""
    codes = pc.index_in(edges[column], value_set=pa.array(words, pa.string()))
    if codes.null_count:
        wrong = pc.unique(edges[column].filter(pc.is_null(codes)))
        raise ValueError(
            f"The edge table's {column} holds {sorted(wrong.to_pylist())[:5]}; expected one of "
            f"{', '.join(words)}."
        )
    return codes.to_numpy().astype(np.int8)


def _number_nodes(
    edges: pa.Table,
    src_kind: NDArray[np.int8],
    dst_kind: NDArray[np.int8],
    subjects: pa.StringArray,
) -> tuple[pa.StringArray, NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Ids sorted inside each kind, where each kind starts, both ends of each edge as numbers."""
    ends = ((edges["src"], src_kind), (edges["dst"], dst_kind))
    numbers = [np.empty(edges.num_rows, np.int32) for _ in ends]
    parts: list[pa.Array] = []
    start = [0]
    for code, kind in enumerate(NODE_KINDS):
        rows = [np.flatnonzero(kinds == code) for _, kinds in ends]
        values = [_take(column, at) for (column, _), at in zip(ends, rows, strict=True)]
        pieces = [*values, subjects] if kind == FIRM else values
        unique = pc.unique(pa.chunked_array(pieces, pa.string()))
        ordered = unique.take(pc.array_sort_indices(unique)).drop_null()
        for target, at, column in zip(numbers, rows, values, strict=True):
            target[at] = pc.index_in(column, value_set=ordered).to_numpy() + start[-1]
        parts.append(ordered)
        start.append(start[-1] + len(ordered))
    return pa.concat_arrays(parts), np.array(start, np.int64), numbers[0], numbers[1]


def _take(column: pa.ChunkedArray, rows: NDArray[np.int64]) -> pa.Array:
    flat = column.cast(pa.string()).combine_chunks()
    if isinstance(flat, pa.ChunkedArray):
        flat = flat.chunk(0) if flat.num_chunks else pa.array([], pa.string())
    return flat if len(rows) == len(flat) else flat.take(pa.array(rows))


def _role_codes(edges: pa.Table) -> tuple[tuple[str, ...], NDArray[np.uint8]]:
    """Role names sorted, none first, and each row's place among them."""
    if "role" not in edges.column_names:
        return ("",), np.zeros(edges.num_rows, np.uint8)
    names = sorted(set(pc.unique(edges["role"]).to_pylist()) - {None, ""})
    if len(names) > MAX_ROLES:
        raise ValueError(
            f"The edge table has {len(names):,} different roles; expected at most {MAX_ROLES}. "
            "Map free text to the catalogue's roles first."
        )
    place = pc.index_in(edges["role"], value_set=pa.array(names, pa.string())).fill_null(-1)
    return ("", *names), (place.to_numpy() + 1).astype(np.uint8)


def _stakes_of(edges: pa.Table) -> NDArray[np.int64]:
    """Ratios in millionths; exact, because a double holds nine digits to spare."""
    if "ratio" not in edges.column_names:
        return np.full(edges.num_rows, UNKNOWN_STAKE, np.int64)
    ratio = pc.cast(edges["ratio"], pa.float64()).fill_null(-1.0).to_numpy()
    known = np.isfinite(ratio) & (ratio >= 0) & (ratio < 1000)
    return np.where(known, np.rint(np.where(known, ratio, 0) * WHOLE), UNKNOWN_STAKE).astype(
        np.int64
    )


def _valid_from_days(edges: pa.Table) -> NDArray[np.int64]:
    """The days on which rows began, since 1970; the smallest number where nobody knows."""
    if "valid_from" not in edges.column_names:
        return np.full(edges.num_rows, np.iinfo(np.int32).min, np.int64)
    days = edges["valid_from"].cast(pa.date32()).cast(pa.int32())
    return days.fill_null(np.iinfo(np.int32).min).to_numpy().astype(np.int64)


def sort_key(
    src: NDArray[np.int32],
    dst: NDArray[np.int32],
    kind: NDArray[np.int8],
    role: NDArray[np.uint8],
) -> NDArray[np.int64]:
    """One number an edge, in the order in which edges stand: by src, dst, kind and role."""
    key = (src.astype(np.int64) << 26) | dst
    return (((key << 3) | kind) << 8) | role


def _one_each(
    key: NDArray[np.int64], stake: NDArray[np.int64], valid_from: NDArray[np.int64]
) -> NDArray[np.int64]:
    """For each distinct key, in order, the row that counts."""
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    first = np.ones(len(order), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    repeated = ~first
    repeated[:-1] |= ~first[1:]
    if repeated.any():  # only rows that share a key are sorted by what makes one count
        some = order[repeated]
        by_worth = np.lexsort((-stake[some], -valid_from[some], stake[some] < 0, key[some]))
        order[repeated] = some[by_worth]
    return order[first]
