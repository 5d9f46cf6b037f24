"""One row a subject: what the investment graph says about each firm as of a date.

The one call the nightly flow makes: edges and known cases in, features out. Their meaning stands
in `GRAPH_FEATURES`.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graphs.compact import WHOLE, CompactGraph, compact
from graphs.components import HUB_CAP, GroupLabels, circular_holdings, distinct_pairs, groups
from graphs.concert import CONCERT_GROUP, concert_groups, joined_groups
from graphs.control import Control, control
from graphs.declaration import GRAPH_FEATURES, GraphFeature
from graphs.edge_history import DayEdges
from graphs.exposure import ExposureSettings, case_weight, exposure, paths_in_words
from graphs.kinds import (
    DIRECTORSHIP,
    FIRM,
    OWNERSHIP,
    PERSON,
    SHARED_ADDRESS,
    SHARED_AGENT,
    SHARED_PHONE,
)
from graphs.shape_features import Recent, columns_of_shapes, recent_changes, recent_changes_of
from graphs.shape_settings import ShapeSettings
from graphs.ties import TieSettings, ties

__all__ = ["FEATURE_SCHEMA", "GRAPH_FEATURES", "GraphFeature", "day_features", "graph_features"]

_ARROW = {"string": pa.string(), "integer": pa.int64(), "double": pa.float64()}

FEATURE_SCHEMA: pa.Schema = pa.schema(
    [("subject_id", pa.string())]
    + [(name, _ARROW[feature.type]) for name, feature in GRAPH_FEATURES.items()]
)

Columns = dict[str, object]


def graph_features(
    edges: pa.Table,
    subjects: pa.Array | Sequence[str],
    known_cases: pa.Table,
    as_of: datetime.date,
    *,
    ended: pa.Table | None = None,
    group_hub_cap: int = HUB_CAP,
    tie_settings: TieSettings | None = None,
    exposure_settings: ExposureSettings | None = None,
    shape_settings: ShapeSettings | None = None,
    control_threshold: float = 0.5,
    concert: pa.Table | None = None,
    limit_bytes: int | None = None,
) -> pa.Table:
    """Graph features of the subjects, one row each, sorted by subject_id, as `FEATURE_SCHEMA`.

    `edges`: `graphs.edges.edges` as of the date. `subjects`: every firm registered as of the date
    (the ids of groups come from them). `known_cases`: columns subject_id, stage_date; a case after
    `as_of` is not known yet and is left out, of several the latest counts. A firm's own case adds
    nothing to its own row. `ended`: edges that ended shortly before `as_of` (columns as `edges`),
    read for branch bursts and re-wiring alone; without them only what began is seen there.
    `control_threshold`: the share that must be exceeded to control (`graphs.control`). `concert`:
    holders that count as one, as `graphs.edges.concert_holders`; groups with a common holder join.

    Raises ValueError for subjects that repeat or are NULL and for malformed tables, and
    `GraphTooLarge` when the graph would need more than `limit_bytes`.
    """
    names = _subjects(subjects)
    graph = compact(edges, names, limit_bytes=limit_bytes)
    numbers = graph.numbers(names)
    return _table(
        _Asked(graph, numbers, numbers, names),
        _cases(graph, known_cases, as_of),
        as_of,
        recent_changes(graph, edges, ended, as_of, shape_settings),
        concert,
        _Settings(
            group_hub_cap, tie_settings, exposure_settings, shape_settings, control_threshold
        ),
    )


def day_features(
    day: DayEdges,
    subjects: NDArray[np.int32],
    wanted: NDArray[np.int32],
    known_cases: pa.Table,
    as_of: datetime.date,
    *,
    labels: GroupLabels | None = None,
    shape_settings: ShapeSettings | None = None,
    control_threshold: float = 0.5,
    concert: pa.Table | None = None,
) -> pa.Table:
    """`graph_features` of one day out of the edges' history, the rows of the `wanted` subjects.

    `day`: `EdgeHistory.on` of the day, over the shapes' `history_days`. `subjects` and `wanted`:
    numbers of the history (`EdgeHistory.firm_numbers`), ascending; who is registered as of the day,
    and those of them whose rows are asked for. `labels`: `group_labels` of the day's graph, where
    they are there. The rest as for `graph_features`; the values are the same.
    """
    settings = shape_settings or ShapeSettings()
    numbers = day.number[wanted]
    names = day.graph.ids.take(pa.array(numbers))
    return _table(
        _Asked(day.graph, day.number[subjects], numbers, names, labels),
        _cases(day.graph, known_cases, as_of),
        as_of,
        recent_changes_of(day, as_of, settings),
        concert,
        _Settings(HUB_CAP, None, None, shape_settings, control_threshold),
    )


@dataclass(frozen=True)
class _Asked:
    """Whose columns are made: `subjects` are all that are registered, `numbers` and `names` those
    that get a row."""

    graph: CompactGraph
    subjects: NDArray[np.int32]
    numbers: NDArray[np.int32]
    names: pa.StringArray
    labels: GroupLabels | None = None


@dataclass(frozen=True)
class _Settings:
    group_hub_cap: int
    ties: TieSettings | None
    exposure: ExposureSettings | None
    shapes: ShapeSettings | None
    control_threshold: float


def _table(
    asked: _Asked,
    cases: tuple[NDArray[np.int32], NDArray[np.int64]],
    as_of: datetime.date,
    recent: Recent,
    concert: pa.Table | None,
    settings: _Settings,
) -> pa.Table:
    graph, numbers = asked.graph, asked.numbers
    columns: Columns = {"subject_id": asked.names}
    columns |= _group_columns(asked, cases[0], settings.group_hub_cap)
    together = None if concert is None else concert_groups(graph, joined_groups(concert))
    controlled = control(graph, threshold=settings.control_threshold, concert=together)
    columns |= _control_columns(graph, numbers, cases[0], controlled)
    columns |= _owner_columns(graph, numbers)
    columns |= _shared_columns(graph, numbers)
    columns |= columns_of_shapes(graph, numbers, controlled, recent, settings.shapes)
    columns |= _exposure_columns(
        graph, numbers, cases[0], cases[1], as_of, settings.ties, settings.exposure
    )
    return pa.table([pa.array(columns[f.name], f.type) for f in FEATURE_SCHEMA], FEATURE_SCHEMA)


def _subjects(subjects: pa.Array | Sequence[str]) -> pa.StringArray:
    names = subjects if isinstance(subjects, pa.Array | pa.ChunkedArray) else pa.array(subjects)
    names = names.cast(pa.string())
    if isinstance(names, pa.ChunkedArray):
        names = pa.concat_arrays(names.chunks) if names.num_chunks else pa.array([], pa.string())
    distinct = len(pc.unique(names))
    if names.null_count or distinct != len(names):
        raise ValueError(
            f"The subjects of the graph must be distinct and not NULL: got {len(names):,}, of them "
            f"{names.null_count:,} NULL and {distinct:,} distinct. Pass one row a registered firm."
        )
    return names.take(pc.array_sort_indices(names))


def _cases(
    graph: CompactGraph, known_cases: pa.Table, as_of: datetime.date
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Firms with a case known as of the date, ascending, and the day of each firm's latest."""
    for name in ("subject_id", "stage_date"):
        if name not in known_cases.column_names:
            raise ValueError(
                f"The known cases lack {name}; expected subject_id and stage_date, got "
                f"{', '.join(known_cases.column_names)}."
            )
    days = known_cases["stage_date"].cast(pa.date32()).cast(pa.int32())
    until = (as_of - datetime.date(1970, 1, 1)).days
    known = pc.fill_null(pc.less_equal(days, until), False).to_numpy().astype(bool)
    firm = graph.numbers(known_cases["subject_id"].combine_chunks().cast(pa.string()))
    known &= firm >= 0
    firm, day = firm[known], days.fill_null(0).to_numpy().astype(np.int64)[known]
    order = np.lexsort((-day, firm))
    cases, first = np.unique(firm[order], return_index=True)
    return cases.astype(np.int32), day[order][first]


def _others_in(
    label: NDArray[np.int32], numbers: NDArray[np.int32], cases: NDArray[np.int32]
) -> NDArray[np.int64]:
    """How many cases other than itself carry each subject's label."""
    count = np.bincount(label[cases], minlength=int(label.max(initial=0)) + 1)
    own = np.isin(numbers, cases)
    return count[label[numbers]] - own


def _group_columns(asked: _Asked, cases: NDArray[np.int32], hub_cap: int) -> Columns:
    found = groups(
        asked.graph, asked.subjects, hub_cap=hub_cap, asked=asked.numbers, labels=asked.labels
    )
    label = found.label[asked.numbers]
    return {
        "group_id": pa.array(found.group_id, pa.string()).take(pa.array(label)),
        "group_size": found.size[label],
        "group_case_count": _others_in(found.label, asked.numbers, cases),
    }


def _control_columns(
    graph: CompactGraph, numbers: NDArray[np.int32], cases: NDArray[np.int32], result: Control
) -> Columns:
    controller = result.controller[numbers]
    nobody = controller < 0
    names = (
        graph.ids if result.concert is None else pa.concat_arrays([graph.ids, result.concert.ids])
    )
    kind = np.where(graph.is_kind(controller, PERSON), PERSON, FIRM)
    kind = np.where(controller >= graph.node_count, CONCERT_GROUP, kind)
    kind = np.where(result.circle[numbers], "circle", kind)
    return {
        "controller_id": names.take(pa.array(controller, mask=nobody)),
        "controller_kind": pa.array(kind, pa.string(), mask=nobody),
        "controller_firm_count": result.firm_count[numbers],
        "control_depth": result.depth[numbers],
        "control_case_count": _others_in(result.head, numbers, cases),
    }


def _owner_columns(graph: CompactGraph, numbers: NDArray[np.int32]) -> Columns:
    owner, held = distinct_pairs(graph, OWNERSHIP)
    nodes = graph.node_count
    known = graph.edges_of(OWNERSHIP) & (graph.stake >= 0)
    largest = np.full(nodes, -1, np.int64)
    np.maximum.at(largest, graph.dst[known], graph.stake[known])
    largest = largest[numbers]
    return {
        "owner_count": np.bincount(held, minlength=nodes)[numbers],
        "holding_count": np.bincount(owner, minlength=nodes)[numbers],
        "max_owner_ratio": pa.array(largest / WHOLE, pa.float64(), mask=largest < 0),
        "circular_holding": circular_holdings(graph)[numbers].astype(np.int64),
    }


def _shared_columns(graph: CompactGraph, numbers: NDArray[np.int32]) -> Columns:
    nodes = graph.node_count
    person, firm = distinct_pairs(graph, OWNERSHIP, DIRECTORSHIP)
    people = graph.is_kind(person, PERSON)
    person, firm = person[people], firm[people]
    others = np.bincount(person, minlength=nodes)[person] - 1
    busiest, links = np.zeros(nodes, np.int64), np.zeros(nodes, np.int64)
    np.maximum.at(busiest, firm, others)
    np.add.at(links, firm, others)
    columns: Columns = {
        "person_count": np.bincount(firm, minlength=nodes)[numbers],
        "busiest_person_firms": busiest[numbers],
        "person_link_count": links[numbers],
    }
    for name, kind in (
        ("address_firms", SHARED_ADDRESS),
        ("phone_firms", SHARED_PHONE),
        ("agent_firms", SHARED_AGENT),
    ):
        user, resource = distinct_pairs(graph, kind)
        most = np.zeros(nodes, np.int64)
        np.maximum.at(most, user, np.bincount(resource, minlength=nodes)[resource] - 1)
        columns[name] = most[numbers]
    return columns


def _exposure_columns(
    graph: CompactGraph,
    numbers: NDArray[np.int32],
    cases: NDArray[np.int32],
    stage_days: NDArray[np.int64],
    as_of: datetime.date,
    tie_settings: TieSettings | None,
    settings: ExposureSettings | None,
) -> Columns:
    settings = settings or ExposureSettings()
    along = ties(graph, tie_settings, around=(cases, settings.hops))
    epoch = datetime.date(1970, 1, 1)
    weights = np.array(
        [
            case_weight(epoch + datetime.timedelta(int(day)), as_of, settings.half_life_days)
            for day in stage_days
        ],
        np.float64,
    )
    result = exposure(graph, along, cases, weights, settings)
    hops = result.hops[numbers]
    return {
        "exposure": result.score[numbers],
        "exposure_hops": pa.array(hops, pa.int64(), mask=hops == 0),
        "exposure_case_count": result.case_count[numbers],
        "exposure_path": paths_in_words(graph, along, result.path[numbers]),
    }
