"""The columns that the shapes give each firm: the counts behind the evidence tables."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graphs.compact import CompactGraph
from graphs.control import Control
from graphs.dated_counts import burst_sizes, rewiring_counts
from graphs.dated_shapes import Rewiring, branch_bursts, rewiring
from graphs.edge_history import DayEdges
from graphs.equity_shapes import circle_firms, cross_holding_count, shell_chain_length
from graphs.nominee_shapes import fronts, proxies
from graphs.people_rings import people_ring_labels
from graphs.resource_shapes import resource_crowd, resource_twins
from graphs.shape_settings import ShapeSettings


@dataclass(frozen=True)
class Recent:
    """By firm number: branches opened in the heaviest burst, and how the wiring changed."""

    opened: NDArray[np.int64]
    wires: Rewiring


def recent_changes(
    graph: CompactGraph,
    edges: pa.Table,
    ended: pa.Table | None,
    as_of: datetime.date,
    settings: ShapeSettings | None = None,
) -> Recent:
    """What changed lately, from `edges`, which the graph was made of, and those that `ended`.

    Without `ended` (None: not known) only what began is seen.
    """
    settings = settings or ShapeSettings()
    burst = branch_bursts(edges, ended, as_of, settings)
    opener = graph.numbers(burst["subject_id"].combine_chunks())
    known = opener >= 0  # a parent all of whose branches were closed may have left the graph
    opened = np.zeros(graph.firm_count, np.int64)
    opened[opener[known]] = burst["branches"].to_numpy()[known]
    return Recent(opened, rewiring(graph, edges, ended, as_of, settings))


def recent_changes_of(
    day: DayEdges, as_of: datetime.date, settings: ShapeSettings | None = None
) -> Recent:
    """The same from a day of the edges' history."""
    settings = settings or ShapeSettings()
    return Recent(burst_sizes(day, as_of, settings), rewiring_counts(day, as_of, settings))


def shape_columns(
    graph: CompactGraph,
    numbers: NDArray[np.int32],
    controlled: Control,
    edges: pa.Table,
    ended: pa.Table | None,
    as_of: datetime.date,
    settings: ShapeSettings | None = None,
) -> dict[str, object]:
    """The shape columns of `GRAPH_FEATURES` for the firms `numbers`, by name.

    `edges` are those the graph was made of, `ended` those that ended lately (None: not known);
    `controlled` is the graph's `control`.
    """
    recent = recent_changes(graph, edges, ended, as_of, settings)
    return columns_of_shapes(graph, numbers, controlled, recent, settings)


def columns_of_shapes(
    graph: CompactGraph,
    numbers: NDArray[np.int32],
    controlled: Control,
    recent: Recent,
    settings: ShapeSettings | None = None,
) -> dict[str, object]:
    """`shape_columns`, where it is known what changed lately."""
    settings = settings or ShapeSettings()
    opened, wires = recent.opened, recent.wires
    relations = wires.relations[numbers]
    front, proxy = fronts(graph, settings), proxies(graph, settings, controlled)
    return {
        "circle_firms": circle_firms(graph)[numbers],
        "cross_holding_count": cross_holding_count(graph)[numbers],
        "shell_chain_length": shell_chain_length(graph)[numbers],
        "people_ring_firms": people_ring_labels(graph, settings)[1][numbers],
        "front_parts": _most(graph, front.firm, front.parts)[numbers],
        "proxy_firms": _most(graph, proxy.firm, proxy.firms)[numbers],
        "resource_crowd": resource_crowd(graph, settings)[numbers],
        "resource_twins": resource_twins(graph, settings)[numbers],
        "branch_burst_size": opened[numbers],
        "rewired_count": wires.changed[numbers],
        "rewired_share": pa.array(
            wires.changed[numbers] / np.maximum(relations, 1), pa.float64(), mask=relations == 0
        ),
    }


def _most(
    graph: CompactGraph, firm: NDArray[np.int64], count: NDArray[np.int64]
) -> NDArray[np.int64]:
    most = np.zeros(graph.firm_count, np.int64)
    np.maximum.at(most, firm, count)
    return most
