from __future__ import annotations

import datetime
import json

import networkx as nx
import numpy as np
import pytest
from graph_twins import best_way, plain_exposure
from literal_edges import AS_OF, edge, random_edges, shuffled, table

from graphs.compact import compact
from graphs.exposure import ExposureSettings, case_weight, exposure, path_words
from graphs.ties import TieSettings, ties

EXACT = ExposureSettings(smallest=0.0)


def exposed(edges, cases, *, weights=None, settings=EXACT, tie_settings=None):
    graph = compact(edges)
    along = ties(graph, tie_settings)
    numbers = np.sort(graph.numbers(sorted(cases)))
    some = np.ones(len(numbers)) if weights is None else np.array(weights)
    return graph, along, exposure(graph, along, numbers, some, settings)


def scores(edges, cases, **settings):
    graph, _, result = exposed(edges, cases, **settings)
    return {graph.id_of(f): float(result.score[f]) for f in range(graph.firm_count)}


def test_one_shared_director():
    # C - p1 - A, legal representative of both: weight 1 each
    edges = table(
        edge("p1", "C", "directorship", role="法定代表人"),
        edge("p1", "A", "directorship", role="法定代表人"),
    )
    graph, along, result = exposed(edges, ["C"], settings=ExposureSettings(hops=2, smallest=0))
    # two hops of 0.7 / sqrt(1 * 2), to A; C's own case gives C nothing
    assert result.score.tolist() == pytest.approx([0.7 * 0.7 / 2, 0.0])
    assert result.hops.tolist() == [2, 0]
    assert result.case_count.tolist() == [1, 0]
    assert result.top_case.tolist() == [graph.numbers(["C"])[0], -1]
    assert json.loads(path_words(graph, along, result.path[0])) == [
        {"node": "C", "kind": "firm"},
        {"edge": "directorship", "direction": "up"},
        {"node": "p1", "kind": "person"},
        {"edge": "directorship", "direction": "down"},
        {"node": "A", "kind": "firm"},
    ]
    assert path_words(graph, along, result.path[1]) is None


def test_a_closer_case_and_a_larger_stake_expose_more():
    edges = table(edge("C", "A", ratio=0.9), edge("C", "B", ratio=0.05), edge("A", "D", ratio=0.9))
    score = scores(edges, ["C"])
    assert score["A"] > score["B"] > 0
    assert score["A"] > score["D"] > 0


def test_more_firms_at_an_address_expose_each_less():
    def at_one_address(count):
        firms = ["C", *(f"F{i}" for i in range(count))]
        return scores(table(*(edge(f, "a1", "shared_address") for f in firms)), ["C"])["F0"]

    assert at_one_address(2) > at_one_address(20) > at_one_address(200) > 0
    # past the limit a hub passes nothing on
    assert at_one_address(1200) == 0


def test_a_hub_past_the_cap_is_damped():
    edges = table(*(edge(f"F{i}", "a1", "shared_address") for i in range(10)))
    free = scores(edges, ["F0"], tie_settings=TieSettings(hub_cap=10))["F1"]
    damped = scores(edges, ["F0"], tie_settings=TieSettings(hub_cap=5))["F1"]
    assert 0 < damped < free


def test_an_old_case_counts_half_after_a_half_life():
    assert case_weight(AS_OF, AS_OF, 730) == 1
    assert case_weight(AS_OF - datetime.timedelta(730), AS_OF, 730) == 0.5
    edges = table(edge("C", "A", ratio=1))
    full, half = (scores(edges, ["C"], weights=[w])["A"] for w in (1, 0.5))
    assert half == pytest.approx(full / 2)


def test_two_cases_expose_each_other_but_not_themselves():
    edges = table(edge("C", "D", ratio=1))
    assert scores(edges, ["C"])["C"] == 0
    both = scores(edges, ["C", "D"])
    assert both["C"] == both["D"] > 0


def test_no_cases_no_exposure():
    _, _, result = exposed(table(edge("A", "B", ratio=1)), [])
    assert not result.score.any()
    assert (result.path == -1).all()


def random_cases(edges, seed):
    draw = np.random.default_rng(seed)
    firms = sorted({r[e] for r in edges.to_pylist() for e in ("src", "dst") if r[e][0] == "F"})
    return [firm for firm in firms if draw.random() < 0.4]


def test_exposure_equals_dense_powers_case_by_case():
    for seed in range(500):
        edges = random_edges(seed)
        cases = random_cases(edges, seed)
        weights = np.random.default_rng(seed).random(len(cases))
        graph, along, result = exposed(edges, cases, weights=weights)
        plain = plain_exposure(graph, along, graph.numbers(cases), weights, 4, 0.7)
        assert result.score == pytest.approx(plain, abs=1e-9), seed


def test_the_path_is_the_best_way_from_the_largest_case():
    checked = 0
    for seed in range(200):
        edges = random_edges(seed)
        cases = random_cases(edges, seed)
        graph, along, result = exposed(edges, cases)
        simple = nx.Graph()
        for node in range(graph.node_count):
            for at in range(along.start[node], along.start[node + 1]):
                simple.add_edge(node, int(along.neighbour[at]), passes=along.passes[at] * 0.7)
        for firm in np.flatnonzero(result.hops):
            path = [int(n) for n in result.path[firm] if n >= 0]
            assert path[0] == result.top_case[firm]
            assert path[-1] == firm
            assert len(path) == result.hops[firm] + 1 == len(set(path))
            carried = np.prod([simple.edges[a, b]["passes"] for a, b in nx.utils.pairwise(path)])
            assert carried == pytest.approx(best_way(simple, path[0], firm, 4)), seed
            checked += 1
    assert checked > 100


def test_a_firms_own_label_never_changes_its_own_exposure():
    """Leave-one-out, to the last bit: score, count, hops, top case and path."""
    flips = 0
    for seed in range(300):
        edges = random_edges(seed)
        cases = random_cases(edges, seed)
        graph, _, with_labels = exposed(edges, cases, settings=ExposureSettings())
        for firm in cases:
            rest = [other for other in cases if other != firm]
            _, _, without = exposed(edges, rest, settings=ExposureSettings())
            at = graph.numbers([firm])[0]
            for name in ("score", "case_count", "hops", "top_case", "path"):
                mine, other = getattr(with_labels, name)[at], getattr(without, name)[at]
                assert np.array_equal(mine, other), (seed, firm, name)
            flips += 1
    assert flips > 300


def test_any_order_of_rows_and_any_batching_gives_the_same_bits():
    for seed in range(60):
        edges = random_edges(seed)
        cases = random_cases(edges, seed)
        _, _, first = exposed(edges, cases, settings=ExposureSettings())
        _, _, shuffled_rows = exposed(shuffled(edges, seed), cases, settings=ExposureSettings())
        _, _, small_batches = exposed(edges, cases, settings=ExposureSettings(budget=3))
        for name in ("score", "case_count", "hops", "top_case", "path"):
            for other in (shuffled_rows, small_batches):
                assert np.array_equal(getattr(first, name), getattr(other, name)), (seed, name)
