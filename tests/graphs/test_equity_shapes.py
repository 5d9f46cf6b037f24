from __future__ import annotations

import random
from collections import defaultdict

import networkx as nx
import pytest
from literal_edges import edge, owns, random_edges, shuffled, table

from graphs.compact import compact
from graphs.equity_shapes import (
    CHAIN_SCHEMA,
    CIRCLE_SCHEMA,
    CROSS_SCHEMA,
    circle_firms,
    circles,
    cross_holding_count,
    cross_holdings,
    shell_chain_length,
    shell_chains,
)
from graphs.shape_settings import ShapeSettings


def by_firm(graph, counts):
    return {graph.id_of(f): int(counts[f]) for f in range(graph.firm_count) if counts[f]}


def members(listed):
    """The circles as tuples of members in order."""
    found = defaultdict(list)
    for row in listed.table.to_pylist():
        assert row["place"] == len(found[row["circle_id"]])
        found[row["circle_id"]].append(row["subject_id"])
    return sorted(tuple(circle) for circle in found.values())


def test_a_circle_is_listed_in_order_with_its_stakes():
    graph = compact(
        owns(("B", "C", 0.1), ("C", "A", None), ("A", "B", 1), ("A", "D", 1), ("E", "E", 1))
    )
    listed = circles(graph)
    assert listed.table.schema == CIRCLE_SCHEMA
    # D only hangs below, E holds itself
    assert [tuple(row.values())[1:] for row in listed.table.to_pylist()] == [
        (3, 0, "A", "B", 1.0),
        (3, 1, "B", "C", 0.1),
        (3, 2, "C", "A", None),
    ]
    assert listed.unlisted == 0
    assert by_firm(graph, circle_firms(graph)) == {"A": 3, "B": 3, "C": 3}


def test_circles_that_touch_are_listed_apart():
    graph = compact(owns(("A", "B", 1), ("B", "A", 1), ("B", "C", 1), ("C", "D", 1), ("D", "B", 1)))
    assert members(circles(graph)) == [("A", "B"), ("B", "C", "D")]
    assert set(circle_firms(graph).tolist()) == {4}


def test_what_is_left_out_of_the_list_is_counted():
    ring = [(f"F{i}", f"F{(i + 1) % 5}", 1) for i in range(5)]
    graph = compact(owns(*ring, ("A", "B", 1), ("B", "A", 1)))
    short = circles(graph, ShapeSettings(circle_length=4))
    assert (members(short), short.unlisted) == ([("A", "B")], 5)
    # the smaller component comes first when steps run out
    few = circles(graph, ShapeSettings(circle_steps=4))
    assert (members(few), few.unlisted) == ([("A", "B")], 5)
    rows = circles(graph, ShapeSettings(listed=2))
    assert (members(rows), rows.unlisted) == ([("A", "B")], 5)
    with pytest.raises(ValueError, match="circle_length is 1; expected at least 2"):
        ShapeSettings(circle_length=1)


def held_graph(edges):
    """Holdings of firms in firms, no firm in itself."""
    held = nx.DiGraph()
    for row in edges.to_pylist():
        if row["kind"] == "ownership" and row["src"][0] == "F" and row["src"] != row["dst"]:
            held.add_edge(row["src"], row["dst"])
    return held


def test_circles_and_cross_holdings_equal_networkx():
    for seed in range(500):
        edges = random_edges(seed)
        held = held_graph(edges)
        shortest = set()
        for firm in held:
            back = [
                path
                for other in held[firm]
                if nx.has_path(held, other, firm)
                for path in nx.all_shortest_paths(held, other, firm)
            ]
            least = min(map(len, back), default=0)
            ways = [(firm, *path[:-1]) for path in back if len(path) == least]
            if ways:
                way = min(ways)
                first = way.index(min(way))
                shortest.add((*way[first:], *way[:first]))
        graph = compact(edges)
        assert members(circles(graph)) == sorted(shortest), seed
        sizes = {f: len(c) for c in nx.strongly_connected_components(held) if len(c) > 1 for f in c}
        assert by_firm(graph, circle_firms(graph)) == sizes, seed
        mutual = {tuple(sorted(pair)) for pair in held.edges if held.has_edge(*pair[::-1])}
        pairs = cross_holdings(graph).to_pylist()
        assert [(row["subject_id"], row["other_id"]) for row in pairs] == sorted(mutual), seed
        counts = {f: sum(f in pair for pair in mutual) for f in held}
        assert by_firm(graph, cross_holding_count(graph)) == {f: n for f, n in counts.items() if n}


def test_cross_holdings_tell_both_stakes():
    found = cross_holdings(compact(owns(("B", "A", 0.2), ("A", "B", None), ("A", "C", 1))))
    assert found.schema == CROSS_SCHEMA
    assert found.to_pylist() == [
        {"subject_id": "A", "other_id": "B", "ratio": None, "other_ratio": 0.2}
    ]


def shell(holder, firm, person="p9"):
    """A firm with one holder and nobody of its own: p9 also has a post in P."""
    return [edge(holder, firm), edge(person, firm, "directorship", role="法定代表人")]


ELSEWHERE = edge("p9", "P", "directorship", role="法定代表人")


def test_a_chain_of_shells():
    edges = table(
        ELSEWHERE,
        *shell("TOP", "S1"), *shell("S1", "S2"), *shell("S2", "S3"),
        # S4 has somebody of its own, S5 a second holder, nobody is recorded in S6
        *shell("S3", "S4"), edge("p1", "S4", "directorship", role="监事"),
        *shell("S3", "S5"), edge("p9", "S5", ratio=0.1),
        edge("S3", "S6"),
        *shell("p9", "S7"),  # held by a person
    )  # fmt: skip
    graph = compact(edges)
    assert by_firm(graph, shell_chain_length(graph)) == {"S1": 3, "S2": 3, "S3": 3}
    listed = shell_chains(graph)
    assert listed.table.schema == CHAIN_SCHEMA
    assert [tuple(row.values())[1:] for row in listed.table.to_pylist()] == [
        (3, 0, "S1", "TOP"),
        (3, 1, "S2", "S1"),
        (3, 2, "S3", "S2"),
    ]
    assert shell_chains(graph, ShapeSettings(shells=4)).table.num_rows == 0
    cut = shell_chains(graph, ShapeSettings(listed=2))
    assert (cut.table.num_rows, cut.unlisted) == (0, 3)


def random_shells(seed):
    draw = random.Random(seed)
    firms = [f"S{i:02}" for i in range(draw.randint(1, 14))]
    rows = [ELSEWHERE]
    for firm in firms:
        holder = draw.choice([*firms, "TOP", "p8"])
        if holder != firm:
            rows += shell(holder, firm)
        if draw.random() < 0.15:
            rows.append(edge(draw.choice(firms), firm))
        if draw.random() < 0.15:
            rows.append(edge(f"q{firm}".replace("q", "p"), firm, "directorship", role="监事"))
    return table(*rows)


def test_chains_equal_the_longest_paths_of_networkx():
    for seed in range(300):
        edges = random_shells(seed)
        holders, people, jobs = defaultdict(set), defaultdict(set), defaultdict(set)
        for row in edges.to_pylist():
            if row["kind"] == "ownership" and row["src"] != row["dst"]:
                holders[row["dst"]].add(row["src"])
            if row["src"][0] == "p":
                people[row["dst"]].add(row["src"])
                jobs[row["src"]].add(row["dst"])
        shells = {
            firm
            for firm, by in holders.items()
            if len(by) == 1
            and min(by)[0] != "p"
            and people[firm]
            and all(len(jobs[p]) > 1 for p in people[firm])
        }
        above = nx.DiGraph((min(holders[s]), s) for s in shells if min(holders[s]) in shells)
        above.add_nodes_from(shells)
        circle = nx.condensation(above)
        weight = {n: len(circle.nodes[n]["members"]) for n in circle}
        expected = {}
        for n in circle:
            through = 0
            for part in (nx.ancestors(circle, n), nx.descendants(circle, n)):
                sub = circle.subgraph(part)
                heaviest = {}
                for m in nx.topological_sort(sub):
                    heaviest[m] = weight[m] + max((heaviest[p] for p in sub.predecessors(m)),
                                                  default=0)  # fmt: skip
                through += max(heaviest.values(), default=0)
            for firm in circle.nodes[n]["members"]:
                expected[firm] = through + weight[n]
        graph = compact(edges)
        assert by_firm(graph, shell_chain_length(graph)) == expected, seed
        listed = shell_chains(graph, ShapeSettings(shells=2))
        told = {row["subject_id"] for row in listed.table.to_pylist()}
        straight = {f for n in circle if weight[n] == 1 for f in circle.nodes[n]["members"]}
        assert told >= {f for f in straight if expected[f] >= 2}, seed
        assert listed.unlisted == 0


def test_a_chain_of_many_thousand_shells_takes_no_recursion():
    names = [f"S{i:06}" for i in range(20_000)]
    rows = [
        r for above, firm in zip(["TOP", *names], names, strict=False) for r in shell(above, firm)
    ]
    graph = compact(table(ELSEWHERE, *rows))
    assert set(shell_chain_length(graph).tolist()) == {0, 20_000}  # TOP and P are no shells


def test_no_order_of_rows_matters():
    for seed in range(40):
        edges = random_edges(seed)
        one, other = compact(edges), compact(shuffled(edges, seed))
        assert circles(one) == circles(other)
        assert cross_holdings(one) == cross_holdings(other)
        edges = random_shells(seed)
        two = ShapeSettings(shells=2)
        assert shell_chains(compact(edges), two) == shell_chains(
            compact(shuffled(edges, seed)), two
        )


def test_an_empty_graph_has_no_shapes():
    graph = compact(table())
    for listed in (circles(graph), shell_chains(graph)):
        assert (listed.table.num_rows, listed.unlisted) == (0, 0)
    assert cross_holdings(graph).num_rows == 0
    assert len(circle_firms(graph)) == len(shell_chain_length(graph)) == 0
    assert len(cross_holding_count(graph)) == 0
