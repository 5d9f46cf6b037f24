"""HAT's graph features: who stands around each firm, and how many of them are known bankrupt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graphs.compact import compact
from graphs.kinds import DIRECTORSHIP, OWNERSHIP, PERSON
from graphs.neighbourhood import Neighbours, adjacent, around, paired
from tests.benchmarks.real_graphs.hat_tables import Hat, edge_table, ids

# Of the anonymous columns, those with the most different values: means over neighbours say most.
FIRM_COLUMNS = ("f0", "f88", "f1", "f2", "f3")
PERSON_COLUMNS = ("i0", "i4", "i6", "i7")
# A share among few neighbours is drawn to the share of all known firms, as if 2 more were known.
PRIOR_FIRMS = 2


@dataclass(frozen=True)
class HatGraph:
    """Neighbours of each firm by relation, and the features that need no label."""

    circles: dict[str, Neighbours]
    facts: pd.DataFrame


def hat_graph(hat: Hat) -> HatGraph:
    """The graph of all firms; features by firm number."""
    firms = len(hat.companies)
    graph = compact(edge_table(hat), ids(hat.companies.company))
    if graph.firm_count != firms:
        raise ValueError(f"The edges name {graph.firm_count - firms:,} firms that are not listed.")
    circles = {
        name: paired(pairs.src.to_numpy(), pairs.dst.to_numpy(), firms)
        for name, pairs in hat.metapaths.items()
    }
    circles["held"] = adjacent(graph, OWNERSHIP, direction="down")
    circles["holder"] = adjacent(graph, OWNERSHIP, direction="up")
    people = adjacent(graph, DIRECTORSHIP, node_kind=PERSON)
    at = graph.numbers(ids(hat.individuals.index), PERSON)

    columns = {f"{name}_count": near.count.astype(float) for name, near in circles.items()}
    columns["person_count"] = people.count.astype(float)
    posts = np.bincount(people.neighbour, minlength=graph.node_count).astype(np.float64)
    busy = around(people, posts)
    columns |= {"busiest_person": busy.most, "mean_person_firms": busy.mean}
    for name in hat.individuals.columns:
        values = np.full(graph.node_count, np.nan)
        values[at[at >= 0]] = hat.individuals[name].to_numpy(np.float64)[at >= 0]
        told = around(people, values)
        columns |= {f"{name}_mean": told.mean, f"{name}_most": told.most}
        columns[f"{name}_total"] = np.where(told.known == 0, np.nan, told.total)
    facts = hat.firm_facts
    spread = {name: facts[name].to_numpy(np.float64) for name in FIRM_COLUMNS if name in facts}
    spread |= {n: columns[f"{n}_mean"] for n in PERSON_COLUMNS if f"{n}_mean" in columns}
    for circle in hat.metapaths:
        for name, values in spread.items():
            columns[f"{circle}_{name}"] = around(circles[circle], values).mean
    return HatGraph(circles, pd.DataFrame(columns))


def case_facts(graph: HatGraph, labels: NDArray[np.float64]) -> pd.DataFrame:
    """Known bankrupt firms around each firm. labels: NaN for every firm whose end is not known.

    A firm is not its own neighbour, so its own label adds nothing to its row. The share of all
    known firms, to which few neighbours are drawn, is one number for every row.
    """
    overall = float(np.nanmean(labels))
    columns = {}
    for name, near in graph.circles.items():
        told = around(near, labels)
        columns[f"{name}_known"] = told.known.astype(float)
        columns[f"{name}_cases"] = told.total
        columns[f"{name}_share"] = told.mean
        drawn = (told.total + overall * PRIOR_FIRMS) / (told.known + PRIOR_FIRMS)
        columns[f"{name}_drawn_share"] = drawn
    return pd.DataFrame(columns)
