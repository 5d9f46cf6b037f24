"""What if: the graph with some edges edited, and which firms that changes, and how.

Edits are small records, applied in order to a copy of the edge table; nothing is written anywhere.
Before and after both go through `graphs.subject_graph.graph_features`, so a what-if says what the
night would have said.
"""

from __future__ import annotations

import datetime
import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graphs.kinds import (
    ADDRESS,
    AGENT,
    BRANCH,
    DIRECTORSHIP,
    EDGE_KINDS,
    FIRM,
    OWNERSHIP,
    PERSON,
    PHONE,
    SHARED_ADDRESS,
    SHARED_AGENT,
    SHARED_PHONE,
)
from graphs.shape_settings import ShapeSettings
from graphs.subject_graph import FEATURE_SCHEMA, graph_features

_RESOURCE = {SHARED_ADDRESS: ADDRESS, SHARED_PHONE: PHONE, SHARED_AGENT: AGENT}
CONTROL_GROUP = "control_group"
SHOWN = 20  # members of a control group that a row of changes names


class EditRefused(ValueError):  # noqa: N818 - the sentence it says
    """An edit that cannot be made; the message says which one, why, and what to do."""


@dataclass(frozen=True)
class AddEdge:
    """One more relation, from whoever holds, directs or uses (`src`) to what is held (`dst`).

    kind: one of `EDGE_KINDS`. src_kind: firm or person. ratio: the stake, a share of 1, for an
    ownership (None unknown). role: for a directorship. newcomer: `src` is a person the graph does
    not know yet; without it an unknown person is taken for a mistake.
    """

    src: str
    dst: str
    kind: str = OWNERSHIP
    src_kind: str = FIRM
    ratio: float | Decimal | None = None
    role: str | None = None
    newcomer: bool = False


@dataclass(frozen=True)
class RemoveEdges:
    """All relations from `src` to `dst`, or only those of one kind (and role)."""

    src: str
    dst: str
    kind: str | None = None
    role: str | None = None


@dataclass(frozen=True)
class ChangeStake:
    """Another stake (a share of 1) of a holder in a firm, whichever records told of it."""

    src: str
    dst: str
    ratio: float | Decimal


Edit = AddEdge | RemoveEdges | ChangeStake


@dataclass(frozen=True)
class WhatIf:
    """Before and after.

    edges: the edited edge table. before, after: graph features of every subject, rows alike.
    changed: the subjects that any feature or the members of their control group changed for,
    ascending. notes: what an analyst should know, such as stakes that now sum above 1.
    """

    edges: pa.Table
    before: pa.Table
    after: pa.Table
    changed: tuple[str, ...]
    notes: tuple[str, ...]

    def control_group(self, subject: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Who stood, and who would stand, under the same ultimate controller, itself included.

        Registered subjects only: `controller_firm_count` counts firms from outside the city too.
        """
        return _group_of(self.before, subject), _group_of(self.after, subject)

    def changes(self) -> pa.Table:
        """One row a changed value: subject_id, feature, before, after (as text, NULL nothing).

        Features stand in the order of `FEATURE_SCHEMA`, then the control group.
        """
        rows: list[dict[str, str | None]] = []
        place = {name: at for at, name in enumerate(self.before["subject_id"].to_pylist())}
        numbers = pa.array([place[name] for name in self.changed], pa.int64())
        old, new = (table.take(numbers).to_pylist() for table in (self.before, self.after))
        for one, other in zip(old, new, strict=True):
            pairs = [(name, one[name], other[name]) for name in FEATURE_SCHEMA.names]
            groups = [_told_group(group) for group in self.control_group(one["subject_id"])]
            rows += [
                {
                    "subject_id": one["subject_id"],
                    "feature": name,
                    "before": None if before is None else str(before),
                    "after": None if after is None else str(after),
                }
                for name, before, after in [*pairs, (CONTROL_GROUP, *groups)]
                if before != after
            ]
        names = ("subject_id", "feature", "before", "after")
        return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in names]))


def what_if(
    edges: pa.Table,
    edits: Sequence[Edit],
    subjects: pa.Array | Sequence[str],
    known_cases: pa.Table,
    as_of: datetime.date,
    *,
    before: pa.Table | None = None,
    ended: pa.Table | None = None,
    shape_settings: ShapeSettings | None = None,
    control_threshold: float = 0.5,
    concert: pa.Table | None = None,
    limit_bytes: int | None = None,
) -> WhatIf:
    """The comparison of the graph as it is and as edited.

    Arguments as of `graph_features`; `before`: its result for the unedited graph, where it was
    worked out already. Raises `EditRefused`, and what `graph_features` raises.
    """
    edited, notes = edited_edges(edges, edits, subjects)

    def measured(rows: pa.Table) -> pa.Table:
        return graph_features(
            rows,
            subjects,
            known_cases,
            as_of,
            ended=ended,
            shape_settings=shape_settings,
            control_threshold=control_threshold,
            concert=concert,
            limit_bytes=limit_bytes,
        )

    before = measured(edges) if before is None else before
    after = measured(edited)
    differs = _regrouped(before, after)
    for name in FEATURE_SCHEMA.names:
        differs |= _unlike(before[name], after[name])
    changed = before["subject_id"].filter(pa.array(differs)).to_pylist()
    return WhatIf(edited, before, after, tuple(changed), tuple(notes))


def edited_edges(
    edges: pa.Table, edits: Sequence[Edit], subjects: pa.Array | Sequence[str]
) -> tuple[pa.Table, list[str]]:
    """The edge table after the edits, one by one, and notes. Raises `EditRefused`."""
    known = _Known(edges, subjects)
    notes: list[str] = []
    for number, edit in enumerate(edits, 1):
        try:
            if isinstance(edit, AddEdge):
                edges = _add(edges, edit, known)
            elif isinstance(edit, RemoveEdges):
                edges = _remove(edges, edit, known)
            else:
                edges = _change(edges, edit, known)
        except EditRefused as error:
            raise EditRefused(f"Edit {number} of {len(edits)} ({edit}): {error}") from None
        notes += _too_much(edges, edit)
    return edges, list(dict.fromkeys(notes))


class _Known:
    """Which firms and people the graph has."""

    def __init__(self, edges: pa.Table, subjects: pa.Array | Sequence[str]) -> None:
        named = subjects.to_pylist() if hasattr(subjects, "to_pylist") else subjects
        self.ids: dict[str, set[str]] = {FIRM: set(named), PERSON: set()}
        for side in ("src", "dst"):
            for kind, ids in self.ids.items():
                rows = edges[side].filter(pc.equal(edges[f"{side}_kind"], kind))
                ids |= set(pc.unique(rows).to_pylist())

    def require(self, name: str, kind: str) -> None:
        """Refuses an unknown id, with the nearest one."""
        if name in self.ids[kind]:
            return
        # the nearest of those that begin alike: among a million ids the search is slow
        alike = [other for other in self.ids[kind] if other[:6] == name[:6]] or self.ids[kind]
        near = difflib.get_close_matches(name, sorted(alike)[:50_000], n=1, cutoff=0.75)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        more = " Say newcomer=True for a person who is new." if kind == PERSON else ""
        raise EditRefused(f"there is no {kind} '{name}' in the graph.{hint}{more}")

    def holder(self, name: str) -> None:
        """Refuses a holder that is neither a firm nor a person of the graph."""
        if name not in self.ids[PERSON]:
            self.require(name, FIRM)


def _add(edges: pa.Table, edit: AddEdge, known: _Known) -> pa.Table:
    if edit.kind not in EDGE_KINDS:
        raise EditRefused(f"kind must be one of {', '.join(EDGE_KINDS)}, not '{edit.kind}'.")
    if edit.src_kind not in (FIRM, PERSON):
        raise EditRefused(f"src_kind must be firm or person, not '{edit.src_kind}'.")
    if edit.src_kind == PERSON and edit.kind not in (OWNERSHIP, DIRECTORSHIP):
        raise EditRefused(f"a person cannot stand at the upper end of '{edit.kind}'; a firm can.")
    if edit.kind == DIRECTORSHIP and edit.src_kind != PERSON:
        raise EditRefused("a post is held by a person; say src_kind='person'.")
    if edit.newcomer and edit.src_kind == PERSON:
        known.ids[PERSON].add(edit.src)
    known.require(edit.src, edit.src_kind)
    if edit.kind not in _RESOURCE:
        known.require(edit.dst, FIRM)
    if edit.kind != OWNERSHIP and edit.ratio is not None:
        raise EditRefused("only an ownership has a stake; leave ratio out.")
    if edit.ratio is not None:
        _check_stake(edit.ratio)
    if edit.kind == BRANCH and edit.src == edit.dst:
        raise EditRefused("a firm is no branch of itself.")
    if _between(edges, edit.src, edit.dst, edit.kind, edit.role).any():
        raise EditRefused("there is such an edge already; use ChangeStake for another stake.")
    row = {
        "src": edit.src,
        "src_kind": edit.src_kind,
        "dst": edit.dst,
        "dst_kind": _RESOURCE.get(edit.kind, FIRM),
        "kind": edit.kind,
        "role": edit.role,
        "ratio": None if edit.ratio is None else float(edit.ratio),
        "table_name": "what_if",
    }
    # columns that records have and this edge cannot have (file, line, dates) stay NULL
    columns = [
        pc.cast(pa.array([row.get(field.name)]), field.type, safe=False)
        if row.get(field.name) is not None
        else pa.nulls(1, field.type)
        for field in edges.schema
    ]
    return pa.concat_tables([edges, pa.table(columns, schema=edges.schema)])


def _remove(edges: pa.Table, edit: RemoveEdges, known: _Known) -> pa.Table:
    known.holder(edit.src)
    gone = _between(edges, edit.src, edit.dst, edit.kind, edit.role)
    if not gone.any():
        what = edit.kind or "edge"
        raise EditRefused(f"there is no {what} from '{edit.src}' to '{edit.dst}' to remove.")
    return edges.filter(pa.array(~gone))


def _change(edges: pa.Table, edit: ChangeStake, known: _Known) -> pa.Table:
    known.holder(edit.src)
    known.require(edit.dst, FIRM)
    _check_stake(edit.ratio)
    rows = _between(edges, edit.src, edit.dst, OWNERSHIP, None)
    if not rows.any():
        raise EditRefused(f"'{edit.src}' holds nothing of '{edit.dst}' yet; use AddEdge.")
    field = edges.schema.field("ratio")
    stake = pc.cast(pa.scalar(float(edit.ratio), pa.float64()), field.type, safe=False)
    ratio = pc.if_else(pa.array(rows), stake, edges["ratio"])
    return edges.set_column(edges.schema.get_field_index("ratio"), field, ratio)


def _check_stake(ratio: float | Decimal) -> None:
    # a stake that was read from the lake is a Decimal
    if not (isinstance(ratio, int | float | Decimal) and math.isfinite(ratio) and 0 <= ratio <= 1):
        raise EditRefused(f"a stake is a share from 0 to 1 (0.51 is 51 %), not {ratio!r}.")


def _between(
    edges: pa.Table, src: str, dst: str, kind: str | None, role: str | None
) -> NDArray[np.bool_]:
    mask = pc.and_(pc.equal(edges["src"], src), pc.equal(edges["dst"], dst))
    if kind is not None:
        mask = pc.and_(mask, pc.equal(edges["kind"], kind))
    if role is not None:
        mask = pc.and_(mask, pc.fill_null(pc.equal(edges["role"], role), False))
    found: NDArray[np.bool_] = pc.fill_null(mask, False).to_numpy().astype(bool)
    return found


def _too_much(edges: pa.Table, edit: Edit) -> list[str]:
    """A note where the known stakes of the edited firm sum above 1; such stakes are scaled."""
    if isinstance(edit, RemoveEdges) or (isinstance(edit, AddEdge) and edit.kind != OWNERSHIP):
        return []
    held = edges.filter(
        pc.and_(pc.equal(edges["dst"], edit.dst), pc.equal(edges["kind"], OWNERSHIP))
    )
    largest: dict[str, float] = {}
    for src, ratio in zip(held["src"].to_pylist(), held["ratio"].to_pylist(), strict=True):
        largest[src] = max(largest.get(src, 0.0), float(ratio or 0))
    total = math.fsum(largest.values())
    if total <= 1 + 5e-7:
        return []
    return [
        f"The known stakes in {edit.dst} now sum to {total:.2%}; for control they are scaled to "
        "sum to 100 %. Lower another stake if that is not meant."
    ]


def _heads(features: pa.Table) -> pa.Array:
    """Under whom each subject stands: its controller, or itself."""
    return pc.coalesce(features["controller_id"], features["subject_id"]).combine_chunks()


def _regrouped(before: pa.Table, after: pa.Table) -> NDArray[np.bool_]:
    """Subjects whose control group has other members than before."""
    old, new = _heads(before), _heads(after)
    moved = pc.not_equal(old, new)
    touched = pa.concat_arrays([old.filter(moved), new.filter(moved)])
    either = pc.or_(pc.is_in(old, value_set=touched), pc.is_in(new, value_set=touched))
    found: NDArray[np.bool_] = either.to_numpy(zero_copy_only=False).astype(bool)
    return found


def _unlike(before: pa.ChunkedArray, after: pa.ChunkedArray) -> NDArray[np.bool_]:
    same = pc.fill_null(pc.equal(before, after), False)
    same = pc.or_(same, pc.and_(pc.is_null(before), pc.is_null(after)))
    found: NDArray[np.bool_] = ~same.to_numpy().astype(bool)
    return found


def _group_of(features: pa.Table, subject: str) -> tuple[str, ...]:
    heads, names = _heads(features), features["subject_id"]
    at = pc.index(names, subject).as_py()
    if at < 0:
        raise KeyError(f"'{subject}' is no subject of this what-if.")
    return tuple(names.filter(pc.equal(heads, heads[at])).to_pylist())


def _told_group(members: tuple[str, ...]) -> str:
    more = f", … {len(members) - SHOWN} more" if len(members) > SHOWN else ""
    return ", ".join(members[:SHOWN]) + more
