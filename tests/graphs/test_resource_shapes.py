from __future__ import annotations

import math
import random
from collections import defaultdict

import pytest
from literal_edges import edge, shuffled, table

from graphs.compact import compact
from graphs.resource_shapes import (
    CROWD_SCHEMA,
    crowds,
    resource_crowd,
    resource_twins,
)
from graphs.shape_settings import ShapeSettings


def agent(firm, name):
    return edge(firm, name, "shared_agent") | {"dst_kind": "agent"}


def by_firm(graph, values):
    return {graph.id_of(f): values[f] for f in range(graph.firm_count)}


def test_a_crowd_weighs_by_kind():
    edges = table(
        edge("A", "a1", "shared_address", role="domicile"),
        edge("A", "a1", "shared_address", role="operating"),  # one address, named twice
        edge("B", "a1", "shared_address"),
        edge("A", "t1", "shared_phone"), edge("C", "t1", "shared_phone"),
        edge("D", "t1", "shared_phone"),
        agent("A", "g1"), agent("D", "g1"),
    )  # fmt: skip
    crowd = by_firm(graph := compact(edges), resource_crowd(graph))
    # A: B at the address, C and D at the phone, D at the agent
    assert crowd["A"] == pytest.approx(0.3 + 2 * 0.6 + 0.1)
    assert crowd["B"] == pytest.approx(0.3)
    known = resource_crowd(graph, ShapeSettings(known_hubs=frozenset({"t1"})))
    assert by_firm(graph, known)["A"] == pytest.approx(0.4)


def test_past_the_cap_a_hub_weighs_less_the_larger_it_is():
    weights = []
    for firms in (10, 11, 100, 5000):
        graph = compact(table(*(edge(f"F{i}", "a1", "shared_address") for i in range(firms))))
        weights.append(resource_crowd(graph, ShapeSettings(hub_cap=10))[0])
    assert weights == sorted(weights, reverse=True)
    assert weights[0] == pytest.approx(0.3 * 9)
    assert weights[2] == pytest.approx(0.3 * 9 * math.log(10) / math.log(100))


def test_twins_share_two_things():
    edges = table(
        *(edge(f, "a1", "shared_address") for f in "ABCD"),
        *(edge(f, "t1", "shared_phone") for f in "ABE"),
        agent("B", "g1"), agent("C", "g1"), agent("D", "g1"),
        # two addresses in common are one thing
        edge("X", "a8", "shared_address"), edge("X", "a9", "shared_address"),
        edge("Y", "a8", "shared_address"), edge("Y", "a9", "shared_address"),
    )  # fmt: skip
    graph = compact(edges)
    # A and B share address and phone; B, C and D address and agent
    assert by_firm(graph, resource_twins(graph)) == {
        "A": 1, "B": 2, "C": 2, "D": 2, "E": 0, "X": 0, "Y": 0,
    }  # fmt: skip
    capped = ShapeSettings(hub_cap=1)
    assert by_firm(graph, resource_twins(graph, capped))["B"] == 1
    known = ShapeSettings(known_hubs=frozenset({"a1"}))
    assert set(resource_twins(graph, known).tolist()) == {0}


def test_crowds_are_listed_smallest_first():
    edges = table(
        *(edge(f"F{i}", "a1", "shared_address") for i in range(3)),
        *(edge(f"F{i}", "t1", "shared_phone") for i in range(4)),
        edge("F1", "a2", "shared_address"),
    )
    listed = crowds(compact(edges), ShapeSettings(crowd_firms=2))
    assert listed.table.schema == CROWD_SCHEMA
    assert [tuple(row.values()) for row in listed.table.to_pylist()] == [
        *(("shared_address", "a1", 3, f"F{i}") for i in range(3)),
        *(("shared_phone", "t1", 4, f"F{i}") for i in range(4)),
    ]
    cut = crowds(compact(edges), ShapeSettings(crowd_firms=2, listed=4))
    assert (cut.table.num_rows, cut.unlisted) == (3, 4)  # the phone does not fit whole


def random_resources(seed):
    draw = random.Random(seed)
    rows = []
    for i in range(draw.randint(0, 12)):
        for _ in range(draw.randint(0, 2)):
            rows.append(edge(f"F{i}", f"a{draw.randrange(4)}", "shared_address"))
        if draw.random() < 0.7:
            rows.append(edge(f"F{i}", f"t{draw.randrange(4)}", "shared_phone"))
        if draw.random() < 0.7:
            rows.append(agent(f"F{i}", f"g{draw.randrange(3)}"))
    return table(*rows)


def test_twins_equal_plain_counting():
    for seed in range(300):
        edges = random_resources(seed)
        has = defaultdict(lambda: defaultdict(set))
        for row in edges.to_pylist():
            has[row["src"]][row["dst"][0]].add(row["dst"])
        expected = {}
        for firm, own in has.items():
            expected[firm] = max(
                (
                    sum(x in has[o][x[0]] and y in has[o][y[0]] for o in has if o != firm)
                    for kind, other in ("at", "ag", "tg")
                    for x in own[kind]
                    for y in own[other]
                ),
                default=0,
            )
        graph = compact(edges)
        assert by_firm(graph, resource_twins(graph)) == expected, seed
        again = compact(shuffled(edges, seed))
        assert (resource_crowd(again) == resource_crowd(graph)).all()
        assert crowds(again) == crowds(graph)


def test_an_empty_graph_has_no_crowds():
    graph = compact(table())
    assert len(resource_crowd(graph)) == len(resource_twins(graph)) == 0
    assert crowds(graph).table.num_rows == 0
