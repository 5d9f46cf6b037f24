"""The synthetic investment graph that the benchmarks measure on."""

from __future__ import annotations

from graphs.compact import compact
from graphs.control import control
from graphs.integrated_ownership import ultimate_owners
from tests.benchmarks.investment_graph import investment_graph


def test_the_same_seed_gives_the_same_graph_with_all_that_is_to_be_measured():
    edges = investment_graph(2000, 5000, seed=3)
    assert edges.equals(investment_graph(2000, 5000, seed=3))
    assert not edges.equals(investment_graph(2000, 5000, seed=4))
    assert abs(edges.num_rows - 5000) < 50
    graph = compact(edges)
    result, owners = control(graph), ultimate_owners(graph)
    assert (result.controller >= 0).sum() > 1000
    assert result.depth.max() >= 4  # chains
    assert result.circle.any()
    assert len(owners.firm) > 2000
    assert (owners.unrecorded > 0).any()  # unknown stakes
