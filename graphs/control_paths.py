"""Every way by which a firm is controlled, hop by hop, down to the records each hop was read from."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphs.compact import WHOLE, CompactGraph
from graphs.concert import CONCERT_GROUP, node_name
from graphs.control import Control, Holding, control_chains
from graphs.kinds import BRANCH, EDGE_CODE, FIRM, OWNERSHIP

PATH_SCHEMA: pa.Schema = pa.schema(
    [
        ("controller", pa.string()),
        ("controller_kind", pa.string()),
        ("hop", pa.int32()),
        ("holder", pa.string()),
        ("holder_kind", pa.string()),
        ("concert_group", pa.string()),
        ("held", pa.string()),
        ("share", pa.float64()),
        ("kind", pa.string()),
        ("ratio", pa.float64()),
        ("valid_from", pa.date32()),
        ("is_counted", pa.bool_()),
        ("table_name", pa.string()),
        ("source", pa.string()),
        ("source_record_id", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
    ]
)

_RECORD = ("valid_from", "table_name", "source", "source_record_id", "file", "line")
_Pair = tuple[str, str, str]  # kind and id of the holder, id of the held firm


def control_paths(
    edges: pa.Table, graph: CompactGraph, result: Control, firm: str, *, limit: int = 200
) -> pa.Table:
    """The holdings by which each ultimate controller of a firm controls it: `PATH_SCHEMA`.

    One row a hop and record. `edges` is the table that `graph` was made of, `result` its control.
    Several departments that report one stake give several rows of one hop.

    - controller, controller_kind: who stands at the top: person, firm or concert_group
    - hop: steps from the controller, 1 at the top; holder holds `share` of the votes of held
    - concert_group: the group whose member the holder is, NULL for the others
    - kind: ownership or branch; ratio, valid_from: as this record has them
    - is_counted: the record gave the stake that counts; the others are older, smaller, unknown or
      of the kind that gives less
    - table_name, source, source_record_id, file, line: the record, NULL where `edges` lacks them

    Sorted by controller, hop, holder, held and record; at most `limit` hops a controller, those
    nearest to the firm. No rows where nobody controls the firm. Raises ValueError for a firm that
    the graph does not have.
    """
    number = int(graph.numbers([firm])[0])
    if number < 0:
        raise ValueError(
            f"The graph has no firm {firm}; expected the id of one of its {graph.firm_count:,} "
            "firms. Check the id, or whether the firm was registered as of the date."
        )
    tops = result.controllers_of(number).tolist()
    chains = {
        top: control_chains(graph, result, number, controller=top, limit=limit) for top in tops
    }
    rows_of = _records(edges, graph, [hop for chain in chains.values() for hop in chain])
    rows: list[dict[str, Any]] = []
    for top, chain in chains.items():
        kind, name = node_name(graph, result.concert, top)
        for hop in chain:
            shown = _hop(graph, result, hop) | {"controller": name, "controller_kind": kind}
            pair = (shown["holder_kind"], shown["holder"], shown["held"])
            rows += [shown | record for record in rows_of[pair]]
    rows.sort(key=lambda row: [_sortable(row[field.name]) for field in PATH_SCHEMA])
    return pa.Table.from_pylist(rows, PATH_SCHEMA)


def _hop(graph: CompactGraph, result: Control, hop: Holding) -> dict[str, Any]:
    holder_kind, holder = node_name(graph, result.concert, hop.holder)
    group = None
    if result.concert is not None:
        kind, name = node_name(graph, result.concert, int(result.concert.account[hop.holder]))
        group = name if kind == CONCERT_GROUP else None
    return {
        "hop": hop.hop,
        "holder": holder,
        "holder_kind": holder_kind,
        "concert_group": group,
        "held": graph.id_of(hop.held),
        "share": hop.share,
    }


def _records(
    edges: pa.Table, graph: CompactGraph, hops: list[Holding]
) -> dict[_Pair, list[dict[str, Any]]]:
    """The rows of the edge table behind each pair of these hops."""
    wanted = {(graph.kind_of(h.holder), graph.id_of(h.holder), graph.id_of(h.held)) for h in hops}
    mask = pc.is_in(edges["src"], value_set=pa.array(sorted({p[1] for p in wanted}), pa.string()))
    held = pa.array(sorted({p[2] for p in wanted}), pa.string())
    mask = pc.and_(mask, pc.is_in(edges["dst"], value_set=held))
    mask = pc.and_(mask, pc.equal(edges["dst_kind"], FIRM))
    mask = pc.and_(mask, pc.is_in(edges["kind"], value_set=pa.array([OWNERSHIP, BRANCH])))
    by_pair: dict[_Pair, list[dict[str, Any]]] = defaultdict(list)
    for row in edges.filter(mask).to_pylist():
        pair = (row["src_kind"], row["src"], row["dst"])
        if pair in wanted:
            by_pair[pair].append(_record(row))
    for pair, records in by_pair.items():
        stake = _stake(graph, pair)
        for record in records:
            record["is_counted"] = _is_counted(record, records, stake)
    return by_pair


def _record(row: dict[str, Any]) -> dict[str, Any]:
    ratio = row.get("ratio")
    return {
        "kind": row["kind"],
        "ratio": None if ratio is None else float(ratio),
        **{name: row.get(name) for name in _RECORD},
    }


def _stake(graph: CompactGraph, pair: _Pair) -> int:
    """The stake in millionths that the graph counts for this pair, negative for none known."""
    src = int(graph.numbers([pair[1]], pair[0])[0])
    dst = int(graph.numbers([pair[2]])[0])
    start, end = np.searchsorted(graph.src, [src, src + 1])
    owns = graph.edge_kind[start:end] == EDGE_CODE[OWNERSHIP]
    of_pair = (graph.dst[start:end] == dst) & owns
    return int(graph.stake[start:end][of_pair].max(initial=-1))


def _is_counted(record: dict[str, Any], records: list[dict[str, Any]], stake: int) -> bool:
    has_branch = any(other["kind"] == BRANCH for other in records)
    if record["kind"] == BRANCH:
        return stake <= WHOLE
    if record["ratio"] is None or round(record["ratio"] * WHOLE) != stake:
        return False
    if has_branch and stake < WHOLE:
        return False
    # of equal stakes the latest is the one that counts
    stakes = [r for r in records if r["kind"] == OWNERSHIP and r["ratio"] is not None]
    days = [r["valid_from"] for r in stakes if r["ratio"] >= 0 and r["valid_from"] is not None]
    return record["valid_from"] == (max(days) if days else None)


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)
