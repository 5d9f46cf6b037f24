"""Groups from night to night: ids that stay with a group, and what became of each.

A drawing of groups knows only its own day. Here today's drawing is laid over yesterday's: an id
stays with the largest part of its group, so that a group can be followed for years.
"""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

GROUP_SCHEMA = pa.schema(
    [("subject_id", pa.string()), ("group_id", pa.string()), ("group_size", pa.int64())]
)
EVENT_SCHEMA = pa.schema(
    [
        ("group_id", pa.string()),
        ("event", pa.string()),
        ("other_id", pa.string()),
        ("firms", pa.int64()),
        ("size_before", pa.int64()),
        ("size_after", pa.int64()),
    ]
)
EVENTS = ("born", "grew", "shrank", "merged", "split", "ended")

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class GroupHistory:
    """groups: `GROUP_SCHEMA`, sorted by subject_id, with the ids that last. events: `EVENT_SCHEMA`,
    sorted by group_id, event (in the order of `EVENTS`) and other_id."""

    groups: pa.Table
    events: pa.Table


@dataclass(frozen=True)
class _Overlap:
    """Which of yesterday's groups gave how many firms to which of today's, by number.

    today and yesterday number groups by their smallest subject and by their id.
    """

    today: Numbers
    yesterday: Numbers
    firms: Numbers
    size_today: Numbers
    size_yesterday: Numbers


def follow_groups(
    yesterday: pa.Table | None,
    today: pa.Table,
    as_of: datetime.date,
    *,
    least_size: int = 2,
) -> GroupHistory:
    """Today's groups under yesterday's ids where they go on, and what happened to each.

    Both tables have subject_id and group_id, a subject once; of today's ids only who shares one
    matters, but on the first night (`yesterday` None or empty) they are kept as they come.

    A group of today keeps the id of that group of yesterday which gives it its largest part (of
    equal parts the smaller id). Where several would keep one id, it stays with the one that holds
    the largest part of it (of equal parts the one with the smallest subject); the others get new
    ids, from their smallest subject and `as_of`, so that no id ever comes back.

    Events tell of groups of `least_size` firms or more; what is smaller is no group to them:

    - born: a group that was none before. `firms` is its size.
    - grew, shrank: a group that goes on, with so many firms that joined or left; both may happen.
    - merged: `group_id` took in `firms` of `other_id`, which is no group any more.
    - split: `firms` of `group_id`, which goes on, are now in the new group `other_id`.
    - ended: a group of yesterday that is none any more, and from which no group took in any firm.

    size_before and size_after are those of `group_id`. The same two partitions give the same rows
    in any order of theirs; an unchanged partition keeps every id and has no event.

    Raises ValueError for a missing column, a NULL, or a subject that comes twice.
    """
    new_ids, subjects, label = _partition(today, "today")
    old_ids: list[str] = []
    if yesterday is None or yesterday.num_rows == 0:
        empty = np.empty(0, np.int64)
        size = np.bincount(label, minlength=len(new_ids))
        found = _Overlap(empty, empty, empty, size, empty)
        names, kept = new_ids, np.full(len(new_ids), -1)
    else:
        old_ids, before, old_label = _partition(yesterday, "yesterday")
        found = _overlap(subjects, label, len(new_ids), before, old_label, len(old_ids))
        kept = _kept(found)
        names = _names(kept, old_ids, subjects, label, as_of)
    groups = pa.table(
        [
            subjects,
            pa.array(names, pa.string()).take(pa.array(label)),
            pa.array(found.size_today[label]),
        ],
        GROUP_SCHEMA,
    )
    return GroupHistory(groups, _events(found, kept, names, old_ids, least_size))


def _partition(table: pa.Table, when: str) -> tuple[list[str], pa.StringArray, Numbers]:
    """Ids of the groups, subjects sorted, and each subject's group.

    Groups are numbered by their smallest subject today, by their id yesterday.
    """
    for name in ("subject_id", "group_id"):
        if name not in table.column_names:
            raise ValueError(
                f"The groups of {when} lack {name}; expected subject_id and group_id, got "
                f"{', '.join(table.column_names)}."
            )
    rows = table.select(["subject_id", "group_id"]).sort_by("subject_id").combine_chunks()
    nulls = rows["subject_id"].null_count + rows["group_id"].null_count
    distinct = pc.count_distinct(rows["subject_id"]).as_py()
    if nulls or distinct != rows.num_rows:
        raise ValueError(
            f"The groups of {when} must name each subject once and no NULL: got {rows.num_rows:,} "
            f"rows, {distinct:,} distinct subjects and {nulls:,} NULL. Pass one row a firm."
        )
    subjects = _flat(rows["subject_id"])
    ids = _flat(rows["group_id"])
    # in order of first appearance, which is that of the smallest subjects
    names = pc.unique(ids)
    if when == "yesterday":
        names = names.take(pc.array_sort_indices(names))
    return names.to_pylist(), subjects, pc.index_in(ids, value_set=names).to_numpy().astype(int)


def _flat(column: pa.ChunkedArray) -> pa.StringArray:
    column = column.cast(pa.string())
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.string())


def _overlap(
    subjects: pa.StringArray,
    label: Numbers,
    groups: int,
    before: pa.StringArray,
    old_label: Numbers,
    old_groups: int,
) -> _Overlap:
    place = pc.index_in(subjects, value_set=before).fill_null(-1).to_numpy()
    stayed = place >= 0
    key = (label[stayed] << 32) | old_label[place[stayed]]
    pair, firms = np.unique(key, return_counts=True)
    return _Overlap(
        pair >> 32,
        pair & 0xFFFFFFFF,
        firms.astype(np.int64),
        np.bincount(label, minlength=groups),
        np.bincount(old_label, minlength=old_groups),
    )


def _kept(found: _Overlap) -> Numbers:
    """The group of yesterday whose id each of today's keeps, -1 for a new id."""
    kept = np.full(len(found.size_today), -1)
    by_today = np.lexsort((found.yesterday, -found.firms, found.today))
    largest = by_today[_first_of(found.today[by_today])]
    by_id = np.lexsort((found.today[largest], -found.firms[largest], found.yesterday[largest]))
    keeping = largest[by_id[_first_of(found.yesterday[largest][by_id])]]
    kept[found.today[keeping]] = found.yesterday[keeping]
    return kept


def _first_of(ordered: Numbers) -> NDArray[np.bool_]:
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return first


def _names(
    kept: Numbers,
    old_ids: list[str],
    subjects: pa.StringArray,
    label: Numbers,
    as_of: datetime.date,
) -> list[str]:
    smallest = subjects.take(pa.array(np.unique(label, return_index=True)[1])).to_pylist()
    return [
        old_ids[old] if old >= 0 else _new_id(subject, as_of)
        for old, subject in zip(kept.tolist(), smallest, strict=True)
    ]


def _new_id(smallest: str, as_of: datetime.date) -> str:
    """Unlike any id of another day, also when the same firm led a group before."""
    return "G" + hashlib.sha256(f"{smallest}\n{as_of.isoformat()}".encode()).hexdigest()[:16]


def _events(
    found: _Overlap, kept: Numbers, names: list[str], old_ids: list[str], least: int
) -> pa.Table:
    after, before = found.size_today, found.size_yesterday
    goes_on = np.full(len(before), -1)
    goes_on[kept[kept >= 0]] = np.flatnonzero(kept >= 0)
    carried = goes_on[found.yesterday]
    size_on = np.where(goes_on >= 0, np.append(after, 0)[goes_on], 0)
    # parts that went to a group other than the one that carries the id on
    moved = (carried != found.today) & (after[found.today] >= least)
    moved &= before[found.yesterday] >= least
    merged = moved & (size_on[found.yesterday] < least)
    split = moved & ~merged & (kept[found.today] < 0)
    was = np.where(kept >= 0, np.append(before, 0)[kept], 0)
    stayed = np.zeros(len(after), np.int64)
    own = carried == found.today
    stayed[found.today[own]] = found.firms[own]

    made_by_split = np.zeros(len(after), bool)
    made_by_split[found.today[split]] = True
    taken_in = np.zeros(len(before), bool)
    taken_in[found.yesterday[merged]] = True
    rows: list[tuple[str, int, str | None, int, int, int]] = []
    for g in np.flatnonzero((was < least) & (after >= least) & ~made_by_split).tolist():
        rows.append((names[g], 0, None, int(after[g]), int(was[g]), int(after[g])))
    lasting = (was >= least) & (after >= least)
    for event, count in ((1, after - stayed), (2, was - stayed)):
        for g in np.flatnonzero(lasting & (count > 0)).tolist():
            rows.append((names[g], event, None, int(count[g]), int(was[g]), int(after[g])))
    for at in np.flatnonzero(merged).tolist():
        g, y = int(found.today[at]), int(found.yesterday[at])
        sizes = (int(found.firms[at]), int(was[g]), int(after[g]))
        rows.append((names[g], 3, old_ids[y], *sizes))
    for at in np.flatnonzero(split).tolist():
        g, y = int(found.today[at]), int(found.yesterday[at])
        sizes = (int(found.firms[at]), int(before[y]), int(after[goes_on[y]]))
        rows.append((old_ids[y], 4, names[g], *sizes))
    for y in np.flatnonzero((before >= least) & (size_on < least) & ~taken_in).tolist():
        rows.append((old_ids[y], 5, None, int(before[y]), int(before[y]), int(size_on[y])))
    rows.sort(key=lambda row: (row[0], row[1], row[2] or ""))
    table = [
        dict(zip(EVENT_SCHEMA.names, (group, EVENTS[code], *rest), strict=True))
        for group, code, *rest in rows
    ]
    return pa.Table.from_pylist(table, EVENT_SCHEMA)
