"""What if, for notebooks: edit edges and see control, exposure and the risk score change.

    with open_lake("demo/lake") as city:
        told = what_if(city, [ChangeStake(holder, firm, 0.2), RemoveEdges(other, firm)])
        told.scores.to_pandas()          # probability before and after
        told.graph.changes().to_pandas() # what the graph says before and after

The score is the champion's, with the graph features of the edited graph and everything else as it
was. Nothing is written to the lake, and no list changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from conf.city import load_city
from features.as_of import latest_by_key
from graphs.dated_shapes import split_ended
from graphs.declaration import GRAPH_FEATURES
from graphs.what_if import AddEdge, ChangeStake, Edit, EditRefused, RemoveEdges, WhatIf
from graphs.what_if import what_if as compared
from models.risk.estimator import RiskModel
from models.risk.family import with_family
from models.risk.scoring import scored
from pipelines.assembling import (
    concert_members,
    dated_edges,
    known_cases,
    known_lake,
    registered_subjects,
    shape_settings,
)
from pipelines.model_registry import champion
from pipelines.reader import CityLake
from pipelines.refusals import RefusalError
from pipelines.runs import Run, rows_of

__all__ = ["AddEdge", "ChangeStake", "RemoveEdges", "ScoredWhatIf", "what_if"]


@dataclass(frozen=True)
class ScoredWhatIf:
    """The graph before and after, and the scores of the firms it changes.

    scores: subject_id, name, probability_before, probability_after, by the size of the change,
    then id; the changed firms and the rest of their families. notes: what an analyst should know.
    """

    graph: WhatIf
    scores: pa.Table
    notes: tuple[str, ...]


def what_if(
    city: CityLake,
    edits: Sequence[Edit],
    as_of: date | None = None,
    *,
    conf: str | None = None,
) -> ScoredWhatIf:
    """What the edits would have changed on the day of a published list.

    `conf`: the city's name or folder, where it is not the name the lake's runs carry. Raises
    `RefusalError` for an edit that cannot be made and for a lake without a model.
    """
    run = city.run(as_of)
    model = champion(city.lake.root, run.city)
    if model is None:
        raise RefusalError(
            f"{city.lake.root} has no model of {run.city}, so there is no score to change; train "
            f"one: forewarn train --city {run.city} --lake {city.lake.root} --as-of DATE"
        )
    known, stated = known_lake(city.lake, run.as_of), load_city(conf or run.city)
    relations, ended = split_ended(dated_edges(known, stated, run.as_of).toArrow(), run.as_of)
    try:
        graph = compared(
            relations,
            edits,
            registered_subjects(known),
            known_cases(known, stated.target),
            run.as_of,
            ended=ended,
            shape_settings=shape_settings(stated),
            control_threshold=stated.control_threshold,
            concert=concert_members(known, run.as_of),
        )
    except EditRefused as error:
        raise RefusalError(str(error)) from error
    notes = list(graph.notes)
    if model.version != run.model_version:
        notes.append(
            f"The list of {run.as_of} was scored by model {run.model_version}; both scores here "
            f"are of the champion {model.version}."
        )
    touched = _with_their_families(graph)
    changed = city.lake.spark.createDataFrame([(s,) for s in touched], "subject_id string")
    firms = latest_by_key(known["registration"], ["subject_id"])
    called = firms.join(changed, "subject_id", "left_semi").select("subject_id", "name").toArrow()
    names = {row["subject_id"]: row["name"] for row in called.to_pylist()}
    published = rows_of(city.lake, "subject_features", run).join(changed, "subject_id", "left_semi")
    scores = _scores(published, run, model, graph, names)
    return ScoredWhatIf(graph, scores, tuple(notes))


def _scores(
    published: DataFrame, run: Run, model: RiskModel, graph: WhatIf, names: dict[str, str]
) -> pa.Table:
    """The scores of the firms whose features were `published`: whole families."""
    missing = [name for name in model.features if name not in published.columns]
    if missing:
        raise RefusalError(
            f"The features published as of {run.as_of} lack {', '.join(missing[:5])}, which the "
            "champion reads. Run the night of that day again, or ask for a later day."
        )
    own = published.toArrow().sort_by("subject_id")
    sides = [
        scored(with_family(_with_graph(own, features).to_pandas(), model), model).column(
            "probability"
        )
        for features in (graph.before, graph.after)
    ]
    subjects = own["subject_id"].to_pylist()
    table = pa.table(
        {
            "subject_id": subjects,
            "name": pa.array([names.get(subject) for subject in subjects], pa.string()),
            "probability_before": sides[0],
            "probability_after": sides[1],
        }
    )
    change = pc.abs(pc.subtract(table["probability_after"], table["probability_before"]))
    order = [("change", "descending"), ("subject_id", "ascending")]
    return table.append_column("change", change).sort_by(order).drop_columns("change")


def _with_their_families(graph: WhatIf) -> list[str]:
    """The changed firms, and those of their groups before and after: one is judged by the others."""
    changed, touched = pa.array(graph.changed, pa.string()), set(graph.changed)
    for side in (graph.before, graph.after):
        groups = side.filter(pc.is_in(side["subject_id"], value_set=changed))["group_id"]
        kin = side.filter(pc.is_in(side["group_id"], value_set=groups.combine_chunks()))
        touched.update(kin["subject_id"].to_pylist())
    return sorted(touched)


def _with_graph(own: pa.Table, features: pa.Table) -> pa.Table:
    """The published features with the graph's columns taken from `features`, by subject."""
    place = pc.index_in(own["subject_id"], value_set=features["subject_id"].combine_chunks())
    rows = features.take(place)
    for name, feature in GRAPH_FEATURES.items():
        if (feature.measure or name == "group_id") and name in own.column_names:
            at = own.schema.get_field_index(name)
            column = rows[name].cast(own.schema.field(name).type)
            own = own.set_column(at, own.schema.field(name), column)
    return own
