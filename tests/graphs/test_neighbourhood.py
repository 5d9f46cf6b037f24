from __future__ import annotations

import math

import numpy as np
import pytest
from literal_edges import edge, random_edges, shuffled, table

from graphs.compact import compact
from graphs.neighbourhood import adjacent, around, paired, sharing

CITY = table(
    edge("p1", "A", ratio=0.6),
    edge("p1", "A", "directorship", role="法定代表人"),
    edge("p1", "B", "directorship", role="监事"),
    edge("p2", "B", "directorship", role="监事"),
    edge("A", "C", ratio=1),
    edge("A", "A", ratio=0.1),
    edge("D", "a1", "shared_address"),
)


def named(graph, neighbours):
    """{firm: [ids of its neighbours]}, firms without any left out."""
    ids = graph.ids.to_pylist()
    found = {}
    for firm in range(graph.firm_count):
        begin, end = neighbours.start[firm], neighbours.start[firm + 1]
        if end > begin:
            found[ids[firm]] = [ids[n] for n in neighbours.neighbour[begin:end]]
    return found


def test_adjacent_follows_kind_direction_and_role():
    graph = compact(CITY)
    # a firm that holds itself is not its own neighbour
    assert named(graph, adjacent(graph, "ownership")) == {"A": ["C"], "C": ["A"]}
    assert named(graph, adjacent(graph, "ownership", direction="up")) == {"C": ["A"]}
    assert named(graph, adjacent(graph, "ownership", direction="down")) == {"A": ["C"]}
    # p1 is in A twice, as owner and as representative, and counts once
    people = adjacent(graph, "ownership", "directorship", node_kind="person")
    assert named(graph, people) == {"A": ["p1"], "B": ["p1", "p2"]}
    assert people.count.tolist() == [1, 2, 0, 0]
    supervisors = adjacent(graph, "directorship", node_kind="person", role="监事")
    assert named(graph, supervisors) == {"B": ["p1", "p2"]}
    assert named(graph, adjacent(graph, "directorship", node_kind="person", role="董事")) == {}


def test_sharing_joins_through_one_person_and_not_through_a_hub():
    graph = compact(CITY)
    assert named(graph, sharing(graph, "ownership", "directorship")) == {"A": ["B"], "B": ["A"]}
    # p1 is A's by capital only and B's by a post only: capital alone joins nobody
    assert named(graph, sharing(graph, "ownership")) == {}
    assert named(graph, sharing(graph, "ownership", "directorship", hub_cap=1)) == {}


def test_pairs_join_both_ways_and_once():
    found = paired(np.array([0, 1, 0, 2]), np.array([1, 0, 1, 2]), 4)
    # the pair of 0 and 1 comes three times; 2 with itself is no pair; 3 has none
    assert found.count.tolist() == [1, 1, 0, 0]
    assert found.neighbour.tolist() == [1, 0]
    # one way, the lender of 0 to 1 has a borrower, and the borrower has none
    lent = paired(np.array([0]), np.array([1]), 4, both_ways=False)
    assert lent.count.tolist() == [1, 0, 0, 0]


def test_figures_leave_the_unknown_out():
    graph = compact(CITY)
    people = adjacent(graph, "ownership", "directorship", node_kind="person")
    values = np.full(graph.node_count, np.nan)
    values[graph.numbers(["p1", "p2"], "person")] = [3.0, 5.0]
    found = around(people, values)
    assert found.known.tolist() == [1, 2, 0, 0]
    assert found.total.tolist() == [3.0, 8.0, 0.0, 0.0]
    assert found.mean[:2].tolist() == [3.0, 4.0]
    assert (found.least[1], found.most[1]) == (3.0, 5.0)
    # C and D have nobody: nothing is known, which is not a zero
    assert all(math.isnan(x[2]) for x in (found.mean, found.least, found.most))
    values[graph.numbers(["p2"], "person")] = np.nan
    assert around(people, values).known.tolist() == [1, 1, 0, 0]


def test_an_empty_graph_has_no_neighbours():
    graph = compact(table())
    assert sharing(graph, "ownership").count.tolist() == []
    assert around(adjacent(graph, "ownership"), np.empty(0)).known.tolist() == []
    assert paired(np.empty(0, int), np.empty(0, int), 2).count.tolist() == [0, 0]


def test_wrong_input_is_named():
    graph = compact(CITY)
    with pytest.raises(ValueError, match="expected up, down or either"):
        adjacent(graph, "ownership", direction="sideways")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"outside 0\.\.3"):
        paired(np.array([-1]), np.array([2]), 4)
    with pytest.raises(ValueError, match="2 values and neighbours up to number 5"):
        around(adjacent(graph, "directorship", node_kind="person"), np.zeros(2))


def plain_shared(edges, kinds, hub_cap):
    """{firm: other firms met through a person}, by plain sets over the rows."""
    firms_of: dict[str, set[str]] = {}
    for row in edges.to_pylist():
        if row["kind"] in kinds and row["src_kind"] == "person":
            firms_of.setdefault(row["src"], set()).add(row["dst"])
    met: dict[str, set[str]] = {}
    for firms in firms_of.values():
        for firm in firms if len(firms) <= hub_cap else ():
            met.setdefault(firm, set()).update(firms - {firm})
    return {firm: sorted(others) for firm, others in met.items() if others}


def plain_adjacent(edges, kinds):
    met: dict[str, set[str]] = {}
    for row in edges.to_pylist():
        pair = {row["src"], row["dst"]}
        if row["kind"] in kinds and len(pair) == 2 and row["src_kind"] == "firm":
            met.setdefault(row["src"], set()).add(row["dst"])
            met.setdefault(row["dst"], set()).add(row["src"])
    return {firm: sorted(others) for firm, others in met.items()}


def test_random_graphs_agree_with_plain_sets_in_any_row_order():
    for seed in range(500):
        edges = random_edges(seed)
        graph, turned = compact(edges), compact(shuffled(edges, seed))
        kinds = ("ownership", "directorship")
        assert named(graph, sharing(graph, *kinds, hub_cap=3)) == plain_shared(edges, kinds, 3)
        holdings = adjacent(graph, "ownership", "branch")
        assert named(graph, holdings) == plain_adjacent(edges, ("ownership", "branch"))
        values = np.random.default_rng(seed).random(graph.node_count)
        found = around(holdings, values)
        again = around(adjacent(turned, "ownership", "branch"), values)
        assert found.total.tobytes() == again.total.tobytes()
        # a firm's own value changes nothing in its own figures
        for firm in range(min(graph.firm_count, 2)):
            other = values.copy()
            other[firm] = 9.0
            assert around(holdings, other).total[firm] == found.total[firm]
