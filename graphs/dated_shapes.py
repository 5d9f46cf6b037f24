"""Shapes in time: branch bursts and sudden re-wiring, from the edge table and its dates.

`edges` are those valid on the day (`graphs.edges.edges`); `ended` those that ended shortly before,
None where nobody asked for them: then only what began is seen.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graphs.compact import CompactGraph
from graphs.kinds import BRANCH, DIRECTORSHIP, FIRM, OWNERSHIP
from graphs.shape_settings import ShapeSettings

BURST_SCHEMA = pa.schema(
    [
        ("subject_id", pa.string()),
        ("branches", pa.int64()),
        ("first_opened", pa.date32()),
        ("last_opened", pa.date32()),
    ]
)
REWIRING_SCHEMA = pa.schema(
    [
        ("subject_id", pa.string()),
        ("change", pa.string()),
        ("day", pa.date32()),
        ("src", pa.string()),
        ("src_kind", pa.string()),
        ("dst", pa.string()),
        ("kind", pa.string()),
        ("role", pa.string()),
    ]
)

WIRES = (OWNERSHIP, DIRECTORSHIP, BRANCH)
_RELATION = ("src", "dst", "kind", "role")
_EPOCH = datetime.date(1970, 1, 1)
_NEVER = -(10**9)  # a day before all others


def split_ended(edges: pa.Table, as_of: datetime.date) -> tuple[pa.Table, pa.Table]:
    """Edges valid on the day, and those that had ended by then (`valid_to` not after it)."""
    ended = pc.fill_null(pc.less_equal(edges["valid_to"], pa.scalar(as_of, pa.date32())), False)
    return edges.filter(pc.invert(ended)), edges.filter(ended)


def branch_bursts(
    edges: pa.Table,
    ended: pa.Table | None,
    as_of: datetime.date,
    settings: ShapeSettings | None = None,
) -> pa.Table:
    """Each firm's heaviest burst of branches, `BURST_SCHEMA`, sorted by subject_id.

    A burst is what a firm opened within `burst_days` (the first day counts as one), in the last
    `burst_within_days` up to the day itself; of several with as many branches the earliest.
    Branches closed since count where `ended` has them, a branch recorded twice counts once, with
    its earliest opening; one whose opening is not known counts nowhere. Every firm that opened a
    branch has a row: `burst_branches` and more is what the project calls a burst.
    """
    settings = settings or ShapeSettings()
    opened = _opened(edges, ended)
    until = (as_of - _EPOCH).days
    day = opened["day"].to_numpy()
    recent = (day > until - settings.burst_within_days) & (day <= until)
    subject = pc.dictionary_encode(opened["src"].combine_chunks().filter(pa.array(recent)))
    names = subject.dictionary.take(pc.array_sort_indices(subject.dictionary))
    who = pc.index_in(subject.dictionary, value_set=names).to_numpy().astype(np.int64)
    # all of one firm's days together, firms far enough apart that no window reaches the next
    apart = settings.burst_within_days + settings.burst_days
    key = who[subject.indices.to_numpy()] * apart + day[recent] - until + settings.burst_within_days
    key = np.sort(key)
    count = np.searchsorted(key, key + settings.burst_days) - np.arange(len(key))
    firm = key // apart
    order = np.lexsort((key, -count, firm))
    best = order[np.append(True, firm[order][1:] != firm[order][:-1])] if len(order) else order
    days = key % apart + until - settings.burst_within_days
    return pa.table(
        [
            names.take(pa.array(firm[best])),
            pa.array(count[best]),
            pa.array(days[best].astype(np.int32)).cast(pa.date32()),
            pa.array(days[best + count[best] - 1].astype(np.int32)).cast(pa.date32()),
        ],
        BURST_SCHEMA,
    )


def _opened(edges: pa.Table, ended: pa.Table | None) -> pa.Table:
    """src, day (since 1970): the earliest known opening of every branch."""
    rows = _rows(edges, ended, (BRANCH,))
    rows = rows.filter(pc.is_valid(rows["began"]))
    first = rows.group_by(["src", "dst"]).aggregate([("began", "min")])
    return first.select(["src", "began_min"]).rename_columns(["src", "day"])


def _rows(edges: pa.Table, ended: pa.Table | None, kinds: tuple[str, ...]) -> pa.Table:
    """Rows of these kinds: src, src_kind, dst, kind, role ('' for none), began, over, stands."""
    parts = []
    for table, stands in ((edges, True), (ended, False)):
        if table is None:
            continue
        kept = pc.is_in(table["kind"], value_set=pa.array(kinds, pa.string()))
        kept = pc.and_(kept, pc.not_equal(table["src"], table["dst"]))
        parts.append(_plain(table.filter(kept), stands))
    return pa.concat_tables(parts)


def _plain(table: pa.Table, stands: bool) -> pa.Table:
    days = {}
    for name, column in (("began", "valid_from"), ("over", "valid_to")):
        if column in table.column_names:
            days[name] = table[column].cast(pa.date32()).cast(pa.int32())
        else:
            days[name] = pa.nulls(table.num_rows, pa.int32())
    role = table["role"].cast(pa.string()) if "role" in table.column_names else None
    # ownership is one relation whatever its record calls the owner, as in `graphs.compact`
    owns = pc.equal(table["kind"], OWNERSHIP)
    return pa.table(
        {
            **{name: table[name].cast(pa.string()) for name in ("src", "src_kind", "dst", "kind")},
            "role": pa.nulls(table.num_rows, pa.string()).fill_null("")
            if role is None
            else pc.if_else(owns, "", pc.fill_null(role, "")),
            **days,
            "stands": pa.array(np.full(table.num_rows, int(stands), np.int8)),
        }
    )


@dataclass(frozen=True)
class Rewiring:
    """By firm number: relations that changed, and all of them, those that ended included."""

    changed: NDArray[np.int64]
    relations: NDArray[np.int64]


def rewiring(
    graph: CompactGraph,
    edges: pa.Table,
    ended: pa.Table | None,
    as_of: datetime.date,
    settings: ShapeSettings | None = None,
) -> Rewiring:
    """How much of each firm's wiring (holdings, posts, branches) changed in `rewiring_days`.

    A relation is an owner, a post of one person, or a branch; both firms of a relation have it.

    - It began when the earliest day any of its rows tells lies in the window. So a new stake of an
      old owner is no change, and neither is a row without a date.
    - It ended when a row of it ended in the window and no other row of it stands on the day.
    - One that began and ended in the window has changed once.
    - What began within `founding_days` of a firm's first known relation (as the one that is held,
      run or opened) is its founding and no change of that firm.

    `graph` is that of `edges`; firms it does not have are left out.
    """
    changes = _changes(edges, ended, as_of, settings or ShapeSettings())
    firm = graph.numbers(changes["subject_id"].combine_chunks())
    is_end = pc.equal(changes["change"], "ended").to_numpy()
    firms = graph.firm_count
    wires = graph.edges_of(*WIRES)
    held = graph.dst[wires]
    holds = graph.src[wires & graph.is_kind(graph.src, FIRM)]
    relations = np.bincount(held, minlength=firms) + np.bincount(holds, minlength=firms)
    relations += np.bincount(firm[is_end & (firm >= 0)], minlength=firms)
    changed = np.bincount(firm[firm >= 0], minlength=firms)
    return Rewiring(changed.astype(np.int64), relations.astype(np.int64))


def rewired_relations(
    edges: pa.Table,
    ended: pa.Table | None,
    as_of: datetime.date,
    settings: ShapeSettings | None = None,
) -> pa.Table:
    """The relations that `rewiring` counts, `REWIRING_SCHEMA`, once for each firm of theirs.

    `change` is began or ended, `day` when; sorted by firm, day and relation.
    """
    changes = _changes(edges, ended, as_of, settings or ShapeSettings())
    order = [(name, "ascending") for name in ("subject_id", "day", *_RELATION)]
    return changes.sort_by(order)


def _changes(
    edges: pa.Table, ended: pa.Table | None, as_of: datetime.date, settings: ShapeSettings
) -> pa.Table:
    until = (as_of - _EPOCH).days
    since = until - settings.rewiring_days
    rows = _rows(edges, ended, WIRES)
    relations = _changed_relations(rows, since, until)
    by_firm = pc.equal(relations["src_kind"], FIRM)
    sides = pa.concat_tables(
        [
            _side(relations.filter(by_firm), "src"),
            _side(relations, "dst"),
        ]
    )
    founded = _first_days(rows, sides["subject_id"])
    began = pc.fill_null(sides["began"], _NEVER).to_numpy().astype(np.int64)
    founding = began - founded <= settings.founding_days
    is_end = pc.equal(sides["change"], "ended").to_numpy()
    kept = is_end | ((began > since) & ~founding)
    return sides.filter(pa.array(kept)).select(REWIRING_SCHEMA.names).cast(REWIRING_SCHEMA)


def _changed_relations(rows: pa.Table, since: int, until: int) -> pa.Table:
    """The relations with a row that began or ended in the window, all rows of each put together.

    Columns: the relation, src_kind, began (the earliest), over (the latest), stands, moved.
    """
    stands = pc.equal(rows["stands"], 1)
    day = pc.if_else(stands, rows["began"], rows["over"])
    moved = pc.fill_null(pc.and_(pc.greater(day, since), pc.less_equal(day, until)), False)
    rows = rows.append_column("moved", moved.cast(pa.int8()))
    near = pc.is_in(rows["dst"], value_set=pc.unique(rows["dst"].filter(moved)))
    relations = (
        rows.filter(near)
        .group_by([*_RELATION, "src_kind"])
        .aggregate([("began", "min"), ("over", "max"), ("stands", "max"), ("moved", "max")])
    )
    names = [*_RELATION, "src_kind"]
    told = {f"{n}_{how}": n for n, how in (("began", "min"), ("over", "max"), ("stands", "max"))}
    relations = relations.filter(pc.equal(relations["moved_max"], 1))
    return relations.select([*names, *told]).rename_columns([*names, *told.values()])


def _side(relations: pa.Table, end: str) -> pa.Table:
    """The relations as the firm at one end has them: subject_id, change, day, began and theirs."""
    ended = pc.equal(relations["stands"], 0)
    return pa.table(
        {
            "subject_id": relations[end],
            "change": pc.if_else(ended, "ended", "began"),
            "day": pc.if_else(ended, relations["over"], relations["began"]).cast(pa.date32()),
            "began": relations["began"],
            **{name: relations[name] for name in (*_RELATION, "src_kind")},
        }
    )


def _first_days(rows: pa.Table, firms: pa.ChunkedArray) -> NDArray[np.int64]:
    """The first day on which each of the firms was held, run or opened; `_NEVER` if not known."""
    near = rows.filter(pc.is_in(rows["dst"], value_set=pc.unique(firms)))
    first = near.group_by("dst").aggregate([("began", "min")])
    place = pc.index_in(firms, value_set=first["dst"])
    days: NDArray[np.int64] = pc.fill_null(first["began_min"].take(place), _NEVER).to_numpy()
    return days.astype(np.int64)
