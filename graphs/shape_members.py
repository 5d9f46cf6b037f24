"""Who stands in which shape, and with whom: the evidence behind the shapes' counts, in one table.

What a firm carries is counted in `graphs.shape_features`; a count alone can be neither checked nor
contested. Each row here is one tie of one firm within one shape.
"""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphs.compact import CompactGraph
from graphs.control import Control
from graphs.dated_shapes import branch_bursts, rewired_relations
from graphs.equity_shapes import circles, cross_holdings, shape_id, shell_chains
from graphs.kinds import ADDRESS, AGENT, FIRM, PERSON, PHONE
from graphs.nominee_shapes import front_persons, proxy_representatives
from graphs.people_rings import people_rings
from graphs.resource_shapes import RESOURCES, crowds
from graphs.shape_settings import ShapeSettings

SHAPE_MEMBER_SCHEMA: pa.Schema = pa.schema(
    [
        ("shape", pa.string()),
        ("shape_id", pa.string()),
        ("size", pa.int64()),
        ("place", pa.int64()),
        ("subject_id", pa.string()),
        ("tie", pa.string()),
        ("other_id", pa.string()),
        ("other_kind", pa.string()),
        ("share", pa.float64()),
        ("change", pa.string()),
        ("day", pa.date32()),
    ]
)

CIRCLE, CROSS_HOLDING, SHELL_CHAIN = "circle", "cross_holding", "shell_chain"
PEOPLE_RING, FRONT, PROXY = "people_ring", "front", "proxy"
CROWD, BRANCH_BURST, REWIRING = "crowd", "branch_burst", "rewiring"
SHAPES = (
    CIRCLE,
    CROSS_HOLDING,
    SHELL_CHAIN,
    PEOPLE_RING,
    FRONT,
    PROXY,
    CROWD,
    BRANCH_BURST,
    REWIRING,
)

HOLDS, HELD_BY, SHARES_PERSON = "holds", "held_by", "shares_person"
REPRESENTED_BY, RUN_BY = "represented_by", "run_by"

_RESOURCE_KIND = dict(zip(RESOURCES, (ADDRESS, PHONE, AGENT), strict=True))


def shape_members(
    graph: CompactGraph,
    controlled: Control,
    edges: pa.Table,
    ended: pa.Table | None,
    as_of: datetime.date,
    settings: ShapeSettings | None = None,
) -> pa.Table:
    """The members of every shape, `SHAPE_MEMBER_SCHEMA`, in the order of `SHAPES`, shape_id, place.

    - shape: one of `SHAPES`; shape_id: an id from content; size: firms of the whole shape (shells
      of a chain, branches of a burst, changes of a re-wiring); place: order within the shape
    - subject_id: a firm in it; tie: how it is tied to other_id (of other_kind, firm for NULL):
      `holds`, `held_by`, `shares_person`, `represented_by`, `run_by`, a kind of edge for a crowd or
      a re-wiring, NULL for a burst
    - share: the stake where one is known, a share of 1
    - change, day: began or ended, and when, for a re-wiring; began and the first day of a burst

    At most `settings.listed` rows a shape: the small crowds come first, and of the re-wired firms
    those with the most changes. Arguments as of `graphs.shape_features.shape_columns`.
    """
    settings = settings or ShapeSettings()
    halved = replace(settings, listed=max(1, settings.listed // 2))  # two rows of each
    parts = [
        _circles(graph, settings),
        _cross_holdings(graph, settings),
        _chains(graph, settings),
        _people(people_rings(graph, settings).table),
        _fronts(front_persons(graph, settings, controlled).table),
        _proxies(proxy_representatives(graph, halved, controlled).table),
        _crowds(graph, settings),
        _bursts(branch_bursts(edges, ended, as_of, settings), settings),
        _rewired(rewired_relations(edges, ended, as_of, settings), settings),
    ]
    ordered = [
        part.sort_by([(name, "ascending") for name in ("shape_id", "place")]) for part in parts
    ]
    return pa.concat_tables(ordered)


def _table(rows: int, **columns: object) -> pa.Table:
    """The columns that a shape has, NULL for the others; a text stands for every row."""
    arrays = []
    for field in SHAPE_MEMBER_SCHEMA:
        given = columns.get(field.name)
        if given is None:
            arrays.append(pa.nulls(rows, field.type))
        elif isinstance(given, str):
            arrays.append(pa.repeat(pa.scalar(given, field.type), rows))
        else:
            arrays.append(pc.cast(given if _is_arrow(given) else pa.array(given), field.type))
    return pa.table(arrays, SHAPE_MEMBER_SCHEMA)


def _is_arrow(values: object) -> bool:
    return isinstance(values, pa.Array | pa.ChunkedArray)


def _circles(graph: CompactGraph, settings: ShapeSettings) -> pa.Table:
    found = circles(graph, settings).table
    return _table(
        len(found),
        shape=CIRCLE,
        shape_id=found["circle_id"],
        size=found["firms"],
        place=found["place"],
        subject_id=found["subject_id"],
        tie=HOLDS,
        other_id=found["holds_id"],
        other_kind=FIRM,
        share=found["ratio"],
    )


def _cross_holdings(graph: CompactGraph, settings: ShapeSettings) -> pa.Table:
    """Both sides of each pair, each with what it holds of the other."""
    found = cross_holdings(graph).slice(0, settings.listed // 2)
    pairs = zip(found["subject_id"].to_pylist(), found["other_id"].to_pylist(), strict=True)
    names = pa.array([shape_id("X", pair) for pair in pairs], pa.string())
    sides = [("subject_id", "other_id", "ratio"), ("other_id", "subject_id", "other_ratio")]
    parts = [
        _table(
            len(found),
            shape=CROSS_HOLDING,
            shape_id=names,
            size=np.full(len(found), 2),
            place=np.full(len(found), place),
            subject_id=found[one],
            tie=HOLDS,
            other_id=found[other],
            other_kind=FIRM,
            share=found[ratio],
        )
        for place, (one, other, ratio) in enumerate(sides)
    ]
    return pa.concat_tables(parts)


def _chains(graph: CompactGraph, settings: ShapeSettings) -> pa.Table:
    found = shell_chains(graph, settings).table
    holder = found["holder_id"]
    is_firm = graph.numbers(holder.combine_chunks(), FIRM) >= 0
    return _table(
        len(found),
        shape=SHELL_CHAIN,
        shape_id=found["chain_id"],
        size=found["shells"],
        place=found["place"],
        subject_id=found["subject_id"],
        tie=HELD_BY,
        other_id=holder,
        other_kind=np.where(is_firm, FIRM, PERSON),
    )


def _people(found: pa.Table) -> pa.Table:
    return _table(
        len(found),
        shape=PEOPLE_RING,
        shape_id=found["ring_id"],
        size=found["firms"],
        place=np.arange(len(found)),
        subject_id=found["subject_id"],
        tie=SHARES_PERSON,
        other_id=found["person_id"],
        other_kind=PERSON,
    )


def _fronts(found: pa.Table) -> pa.Table:
    return _table(
        len(found),
        shape=FRONT,
        shape_id=_ids("F", found["person_id"]),
        size=found["firms"],
        place=np.arange(len(found)),
        subject_id=found["subject_id"],
        tie=REPRESENTED_BY,
        other_id=found["person_id"],
        other_kind=PERSON,
    )


def _proxies(found: pa.Table) -> pa.Table:
    """Of each firm who speaks for it, and who stands behind it."""
    parts = [
        _table(
            len(found),
            shape=PROXY,
            shape_id=_ids("P", found["person_id"]),
            size=found["firms"],
            place=2 * np.arange(len(found)) + later,
            subject_id=found["subject_id"],
            tie=tie,
            other_id=found[column],
            other_kind=PERSON,
        )
        for later, (tie, column) in enumerate(
            [(REPRESENTED_BY, "representative_id"), (RUN_BY, "person_id")]
        )
    ]
    return pa.concat_tables(parts)


def _crowds(graph: CompactGraph, settings: ShapeSettings) -> pa.Table:
    found = crowds(graph, settings).table
    keys = pc.binary_join_element_wise(found["kind"], found["resource_id"], "\n")
    kinds = [_RESOURCE_KIND[kind] for kind in found["kind"].to_pylist()]
    return _table(
        len(found),
        shape=CROWD,
        shape_id=_ids("A", keys),
        size=found["firms"],
        place=np.arange(len(found)),
        subject_id=found["subject_id"],
        tie=found["kind"],
        other_id=found["resource_id"],
        other_kind=kinds,
    )


def _bursts(found: pa.Table, settings: ShapeSettings) -> pa.Table:
    found = found.filter(pc.greater_equal(found["branches"], settings.burst_branches))
    order = [("branches", "descending"), ("subject_id", "ascending")]
    found = found.sort_by(order).slice(0, settings.listed)
    return _table(
        len(found),
        shape=BRANCH_BURST,
        shape_id=_ids("B", found["subject_id"]),
        size=found["branches"],
        place=np.zeros(len(found), np.int64),
        subject_id=found["subject_id"],
        change="began",
        day=found["first_opened"],
    )


def _rewired(found: pa.Table, settings: ShapeSettings) -> pa.Table:
    counts = found.group_by("subject_id").aggregate([([], "count_all")])
    at = pc.index_in(found["subject_id"], value_set=counts["subject_id"])
    changes = counts["count_all"].take(at)
    found = found.append_column("changes", changes).append_column("place", [np.arange(len(found))])
    order = [("changes", "descending"), ("subject_id", "ascending"), ("place", "ascending")]
    found = found.sort_by(order)
    if len(found) > settings.listed:  # firms whole
        last = found["subject_id"][settings.listed]
        found = found.slice(0, settings.listed)
        found = found.filter(pc.not_equal(found["subject_id"], last))
    is_held = pc.equal(found["subject_id"], found["dst"])
    return _table(
        len(found),
        shape=REWIRING,
        shape_id=_ids("W", found["subject_id"]),
        size=found["changes"],
        place=found["place"],
        subject_id=found["subject_id"],
        tie=found["kind"],
        other_id=pc.if_else(is_held, found["src"], found["dst"]),
        other_kind=pc.if_else(is_held, found["src_kind"], FIRM),
        change=found["change"],
        day=found["day"],
    )


def _ids(letter: str, keys: pa.ChunkedArray) -> pa.Array:
    """An id of each key, worked out once for each distinct one."""
    distinct = pc.unique(keys)
    names = pa.array([shape_id(letter, [key]) for key in distinct.to_pylist()], pa.string())
    return names.take(pc.index_in(keys, value_set=distinct).combine_chunks())
