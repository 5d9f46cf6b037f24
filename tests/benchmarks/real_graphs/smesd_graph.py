"""SMEsD's graph features: what the public functions of `graphs` say about each firm of a split."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from graphs.compact import CompactGraph, compact
from graphs.exposure import ExposureSettings, exposure
from graphs.kinds import BRANCH, DIRECTORSHIP, OWNERSHIP, PERSON
from graphs.neighbourhood import Neighbours, adjacent, around, paired, sharing
from graphs.subject_graph import graph_features
from graphs.ties import ties
from tests.benchmarks.real_graphs.smesd_tables import (
    CONTRACTS,
    EXECUTIVE,
    SUPERVISOR,
    Smesd,
    contracts,
    edge_table,
    firm_id,
    lawsuit_seeds,
)

OF_CASES = (
    "group_case_count",
    "control_case_count",
    "exposure",
    "exposure_hops",
    "exposure_case_count",
)
_WORDS = ("group_id", "controller_id", "controller_kind", "exposure_path")
# The data have no dates: every case is as old as any other.
_DAY = datetime.date(2020, 1, 1)


def graph_facts(city: Smesd, known_cases: Sequence[int] = ()) -> pd.DataFrame:
    """The graph features of a split's firms, by company.

    known_cases: firms known bankrupt; a firm's own case adds nothing to its row. The columns made
    of them are `OF_CASES`.
    """
    companies = city.companies.company.sort_values()
    names = firm_id(companies)
    edges = edge_table(city)
    pairs = contracts(city)
    graph = compact(edges, [*names, *pairs.left, *pairs.right])
    numbers = graph.numbers(names)
    columns = _declared(edges, names, known_cases)
    columns |= _seeded(graph, lawsuit_seeds(city), numbers)
    known = _values(graph, city)
    circles = _circles(graph, pairs)
    for name, neighbours in circles.items():
        columns[f"{name}_count"] = neighbours.count[numbers]
    for name in ("by_person", "by_capital", "by_contract"):
        for value_name, values in known.items():
            figures = around(circles[name], values)
            columns[f"{name}_{value_name}_mean"] = figures.mean[numbers]
            columns[f"{name}_{value_name}_most"] = figures.most[numbers]
    return pd.DataFrame(columns, index=pd.Index(companies, name="company"))


def _declared(
    edges: pa.Table, names: list[str], known_cases: Sequence[int]
) -> dict[str, NDArray[np.float64]]:
    cases = pa.table(
        {
            "subject_id": pa.array(firm_id(pd.Series(known_cases, dtype=np.int64)), pa.string()),
            "stage_date": pa.array([_DAY] * len(known_cases), pa.date32()),
        }
    )
    told = graph_features(edges, names, cases, _DAY).to_pandas()
    kind = told.controller_kind
    told["controlled_by_person"] = (kind == PERSON).astype(float)
    told["controlled"] = kind.notna().astype(float)
    told = told.drop(columns=["subject_id", *_WORDS])
    return {name: told[name].to_numpy(np.float64) for name in told}


def _seeded(
    graph: CompactGraph, seeds: pd.DataFrame, numbers: NDArray[np.int32]
) -> dict[str, NDArray[np.float64]]:
    """Exposure to the lawsuits of others, two hops and four hops far."""
    along = ties(graph)
    columns: dict[str, NDArray[np.float64]] = {}
    for name in seeds.columns:
        some = seeds[name][seeds[name] > 0].sort_index()
        at = graph.numbers(firm_id(some.index.to_series()))
        for hops in (2, 4):
            found = exposure(graph, along, at, some.to_numpy(), ExposureSettings(hops=hops))
            columns[f"exposure_{name}_{hops}"] = found.score[numbers]
            columns[f"exposed_to_{name}_{hops}"] = found.case_count[numbers].astype(np.float64)
    return columns


def _circles(graph: CompactGraph, pairs: pd.DataFrame) -> dict[str, Neighbours]:
    """Who stands around a firm, by what joins them."""
    circles = {
        "owner_person": adjacent(graph, OWNERSHIP, node_kind=PERSON),
        "owner_firm": adjacent(graph, OWNERSHIP, direction="up"),
        "held_firm": adjacent(graph, OWNERSHIP, direction="down"),
        "parent": adjacent(graph, BRANCH, direction="up"),
        "branch": adjacent(graph, BRANCH, direction="down"),
        "supervisor": adjacent(graph, DIRECTORSHIP, node_kind=PERSON, role=SUPERVISOR),
        "executive": adjacent(graph, DIRECTORSHIP, node_kind=PERSON, role=EXECUTIVE),
        "by_person": sharing(graph, OWNERSHIP, DIRECTORSHIP),
        "by_capital": adjacent(graph, OWNERSHIP, BRANCH),
    }
    left, right = graph.numbers(list(pairs.left)), graph.numbers(list(pairs.right))
    circles["by_contract"] = paired(left, right, graph.firm_count)
    for kind in CONTRACTS[:2]:  # rent and creditor stand in too few rows, some splits have none
        of_kind = (pairs.kind == kind).to_numpy()
        one, other = left[of_kind], right[of_kind]
        circles[f"{kind}_to"] = paired(one, other, graph.firm_count, both_ways=False)
        circles[f"{kind}_from"] = paired(other, one, graph.firm_count, both_ways=False)
    return circles


def _values(graph: CompactGraph, city: Smesd) -> dict[str, NDArray[np.float64]]:
    """Attributes of firms by node number; NaN for who is no firm of the split."""
    firms = city.companies.set_index("company")
    at = graph.numbers(firm_id(firms.index.to_series()))
    seeds = lawsuit_seeds(city).reindex(firms.index).fillna(0)
    people = adjacent(graph, OWNERSHIP, DIRECTORSHIP, node_kind=PERSON).count[at]
    told = {
        "age": firms.age_months,
        "capital": np.log(firms.registered_capital),
        "people": people,
        **{name: seeds[name] for name in seeds},
    }
    values = {}
    for name, column in told.items():
        values[name] = np.full(graph.node_count, np.nan)
        values[name][at] = column
    return values
