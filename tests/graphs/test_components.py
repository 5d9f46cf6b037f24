from __future__ import annotations

import hashlib
from fractions import Fraction

import networkx as nx
import pyarrow as pa
from graph_twins import plain_stakes
from literal_edges import edge, owns, random_edges, shuffled, table

from graphs.compact import compact
from graphs.components import circular_holdings, groups


def parts(edges, subjects=None, **settings):
    graph = compact(edges, subjects)
    found = groups(graph, **settings)
    ids = graph.ids.to_pylist()
    return {ids[f]: found.group_id[found.label[f]] for f in range(graph.firm_count)}


def test_groups_join_close_links_and_nothing_else():
    edges = table(
        edge("p1", "A", ratio=0.2),
        edge("p1", "B", "directorship", role="法定代表人"),
        edge("B", "C", "branch"),
        edge("C", "a1", "shared_address"),
        edge("D", "a1", "shared_address"),
        edge("p1", "F", ratio=0.199999),
        edge("p1", "G", "directorship", role="监事"),
        edge("A", "H"),
    )
    found = parts(edges, ["E"])
    assert found["A"] == found["B"] == found["C"]
    # D only shares an address, E has no edge, F is held by just too little, G is only supervised,
    # and of A's stake in H nobody knows the size: each alone
    assert len({found[name] for name in "ADEFGH"}) == 6
    assert found["A"] == "G" + hashlib.sha256(b"A").hexdigest()[:16]


def test_a_hub_does_not_glue():
    speaks_for = (edge("p1", f"F{i}", "directorship", role="法定代表人") for i in range(5))
    edges = table(*speaks_for, edge("F0", "F1", ratio=0.3))
    assert len(set(parts(edges, hub_cap=5).values())) == 1
    # past the cap only F0 and F1 are joined, by capital
    found = parts(edges, hub_cap=4)
    assert len(set(found.values())) == 4
    assert found["F0"] == found["F1"]


def test_a_mutual_holding_is_one_neighbour():
    edges = owns(("A", "B", 0.3), ("B", "A", 0.3))
    assert len(set(parts(edges, hub_cap=1).values())) == 1


def test_the_smallest_subject_names_the_group():
    graph = compact(owns(("A", "B", 1)))  # A stands outside the city
    found = groups(graph, graph.numbers(["B"]))
    assert found.group_id == ("G" + hashlib.sha256(b"B").hexdigest()[:16],)
    assert found.size.tolist() == [2]


def test_a_group_keeps_its_id_when_the_rest_of_the_graph_grows():
    small = parts(owns(("M", "N", 1)))
    large = parts(owns(("M", "N", 1), ("A", "B", 1), ("X", "Y", 1)))
    assert small["M"] == large["M"] == large["N"]


def test_circular_holdings():
    edges = owns(("A", "B", 0.01), ("B", "C", None), ("C", "A", 1), ("C", "D", 1), ("E", "E", 1))
    graph = compact(edges)
    # D hangs below the circle; E holds only itself
    assert circular_holdings(graph).tolist() == [True, True, True, False, False]


def test_groups_and_circles_equal_networkx():
    for seed in range(500):
        edges = random_edges(seed)
        graph = compact(edges, ["F0"])
        rows = edges.to_pylist()
        ties, held = nx.Graph(), nx.DiGraph()
        ties.add_node("F0")
        for row in rows:
            ties.add_nodes_from(row[end] for end in ("src", "dst") if row[end][0] == "F")
            if row["kind"] == "branch" or row["role"] == "法定代表人":
                ties.add_edge(row["src"], row["dst"])
            if row["kind"] == "ownership" and row["src"] != row["dst"]:
                held.add_edge(row["src"], row["dst"])
        stakes, _ = plain_stakes(pa.Table.from_pylist(
            [row for row in rows if row["kind"] == "ownership"], edges.schema))  # fmt: skip
        ties.add_edges_from(pair for pair, stake in stakes.items() if stake >= Fraction(1, 5))
        hubs = [node for node in ties if len(set(ties[node]) - {node}) > 3]
        glued = ties.copy()
        glued.remove_edges_from([(h, other) for h in hubs for other in list(ties[h])])
        expected = {}
        for part in nx.connected_components(glued):
            firms = sorted(node for node in part if node[0] == "F")
            for firm in firms:
                expected[firm] = "G" + hashlib.sha256(firms[0].encode()).hexdigest()[:16]
        assert parts(edges, ["F0"], hub_cap=3) == expected, seed
        circles = {n for c in nx.strongly_connected_components(held) if len(c) > 1 for n in c}
        flagged = {graph.id_of(f) for f in circular_holdings(graph).nonzero()[0]}
        assert flagged == circles, seed


def test_any_order_of_rows_gives_the_same_groups():
    for seed in range(40):
        edges = random_edges(seed)
        assert parts(edges) == parts(shuffled(edges, seed))
