"""Control with other thresholds, and with holders who act in concert."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from literal_edges import (
    edge,
    owns,
    random_edges,
    random_joint_holdings,
    shuffled,
    table,
)
from ownership_twins import concert_table, plain_controllers, plain_depth, random_concert

from graphs import minority_control
from graphs.compact import GraphTooLarge, compact
from graphs.concert import concert_groups, node_name
from graphs.control import control, control_chains

FIELDS = ("controller", "circle", "head", "depth", "via", "firm_count", "contested",
          "contested_node", "contested_by")  # fmt: skip


def solve(edges, threshold=0.5, groups=None):
    graph = compact(edges)
    concert = concert_groups(graph, concert_table(**groups)) if groups else None
    return graph, control(graph, threshold=threshold, concert=concert)


def ruled(edges, threshold=0.5, groups=None):
    """{node: its ultimate controllers}, nodes without any left out."""
    graph, result = solve(edges, threshold, groups)
    named = {}
    for node in range(len(result.head)):
        tops = result.controllers_of(node).tolist()
        if tops:
            named[node_name(graph, result.concert, node)[1]] = {
                node_name(graph, result.concert, top)[1] for top in tops
            }
    return named


def test_the_threshold_must_be_exceeded():
    edges = owns(("p", "A", 0.3), ("p1", "B", 0.300001), ("p2", "C", 0.66))
    assert ruled(edges, 0.3) == {"B": {"p1"}, "C": {"p2"}}  # exactly 30 % is not more than it
    assert ruled(edges, Decimal("0.66")) == {}
    assert ruled(edges, 0.659999) == {"C": {"p2"}}


def test_below_one_half_a_firm_of_two_controllers_is_contested():
    edges = owns(("p1", "A", 0.4), ("p2", "A", 0.35), ("A", "B", 1), ("p1", "C", 0.31))
    graph, result = solve(edges, 0.3)
    # both exceed 30 % of A and through it have B; the larger is not picked
    assert ruled(edges, 0.3) == {"A": {"p1", "p2"}, "B": {"p1", "p2"}, "C": {"p1"}}
    assert result.controller.tolist() == [-1, -1, 3, -1, -1]
    assert result.contested.tolist() == [True, True, False, False, False]
    # a contested firm counts for itself, p1 for all it controls: A, B and C
    assert result.firm_count.tolist()[:4] == [1, 1, 3, 3]
    assert control_chains(graph, result, 1) == []
    hops = control_chains(graph, result, 1, controller=4)
    assert [(h.hop, h.holder, h.held, h.share) for h in hops] == [(1, 4, 0, 0.35), (2, 0, 1, 1.0)]
    assert control_chains(graph, result, 2, controller=4) == []  # p2 has nothing of C


def test_below_one_half_a_controlled_holder_is_no_ultimate_controller():
    edges = owns(("p1", "A", 0.35), ("A", "B", 0.35), ("B", "C", 0.35), ("p2", "C", 0.3))
    assert ruled(edges, 0.3) == {"A": {"p1"}, "B": {"p1"}, "C": {"p1"}}
    # A and B hold one another: a circle at 30 %, named after the smaller, and p2 beside it
    edges = owns(("A", "B", 0.4), ("B", "A", 0.4), ("B", "C", 0.4), ("p2", "C", 0.4))
    assert ruled(edges, 0.3) == {"A": {"A"}, "B": {"A"}, "C": {"A", "p2"}}


def test_thresholds_that_make_no_sense_are_refused():
    graph = compact(owns(("p", "A", 1)))
    for wrong in (0, 1, -0.1, 50, 0.1234567):
        with pytest.raises(ValueError, match=r"expected a share of 1 between 0 and 1"):
            control(graph, threshold=wrong)


def test_huge_stakes_do_not_overflow_the_threshold():
    rows = [(f"p{i}", "A", 999) for i in range(3000)] + [("p", "B", 999), ("p1", "B", 0.5)]
    assert ruled(owns(*rows), 0.999) == {"B": {"p"}}


def test_controllers_that_overlap_without_measure_are_refused(monkeypatch):
    monkeypatch.setattr(minority_control, "VISIT_BUDGET", 1000)
    rows = [(f"F{i:03}", f"F{i + 1:03}", 0.4) for i in range(100)]
    rows += [(f"p{i}", f"F{i:03}", 0.4) for i in range(100)]
    with pytest.raises(GraphTooLarge, match="Raise the threshold"):
        control(compact(owns(*rows)), threshold=0.3)


def test_a_concert_group_holds_as_one():
    edges = owns(("p1", "A", 0.3), ("p2", "A", 0.25), ("p3", "A", 0.45), ("A", "B", 0.6))
    assert ruled(edges) == {"B": {"A"}}
    assert ruled(edges, groups={"wang": ["p1", "p2"]}) == {"A": {"wang"}, "B": {"wang"}}
    graph, result = solve(edges, groups={"wang": ["p1", "p2"]})
    top = int(result.controller[0])
    assert node_name(graph, result.concert, top) == ("concert_group", "wang")
    members = result.concert.members(top - graph.node_count).tolist()
    assert [graph.id_of(node) for node in members] == ["p1", "p2"]
    # the hop is shown with the member who holds it
    hops = [(h.hop, graph.id_of(h.holder), graph.id_of(h.held)) for h in
            control_chains(graph, result, 1)]  # fmt: skip
    assert hops == [(1, "p1", "A"), (1, "p2", "A"), (2, "A", "B")]
    assert result.depth[:2].tolist() == [1, 2]
    assert result.firm_count[0] == 2


def test_a_group_whose_every_member_one_holder_has_is_that_holders():
    edges = owns(("p", "A", 1), ("p", "B", 1), ("A", "C", 0.3), ("B", "C", 0.3))
    assert ruled(edges, groups={"g": ["A", "B"]})["C"] == {"p"}
    # a person and his firm
    assert ruled(edges, groups={"g": ["A", "B", "p"]})["C"] == {"g"}
    # q is a member too, and nobody's: the group decides over C, p over A and B alone
    found = ruled(edges, groups={"g": ["A", "B", "q"]})
    assert found == {"A": {"p"}, "B": {"p"}, "C": {"g"}}


def test_a_members_stakes_count_for_its_group_alone():
    edges = owns(("p", "A", 1), ("A", "C", 0.3), ("p", "C", 0.25), ("p2", "C", 0.25))
    assert ruled(edges)["C"] == {"p"}
    # A votes with p2 by agreement: 55 % for them, 25 % for p
    assert ruled(edges, groups={"g": ["A", "p2"]})["C"] == {"g"}


def test_a_group_of_one_and_a_member_the_graph_lacks():
    edges = owns(("p", "A", 0.6))
    assert ruled(edges, groups={"g": ["p"]}) == {"A": {"p"}, "g": {"p"}}
    assert ruled(edges, groups={"g": ["p", "p9"]}) == {"A": {"g"}}
    # none of them holds anything here
    assert ruled(edges, groups={"g": ["p8", "p9"]}) == {"A": {"p"}}


def test_malformed_concert_groups_are_refused_in_words():
    graph = compact(owns(("p", "A", 0.6)))
    with pytest.raises(ValueError, match="lacks group_id"):
        concert_groups(graph, concert_table(g=["p"]).drop_columns(["group_id"]))
    with pytest.raises(ValueError, match=r"two concert groups \(p\)"):
        concert_groups(graph, concert_table(g=["p"], h=["p"]))
    rows = [{"holder_id": None, "holder_kind": "person", "group_id": "g"}]
    with pytest.raises(ValueError, match="1 rows without holder_id"):
        concert_groups(graph, pa.Table.from_pylist(rows, concert_table(g=["p"]).schema))
    rows = [{"holder_id": "x", "holder_kind": "address", "group_id": "g"}]
    with pytest.raises(ValueError, match="of kind address"):
        concert_groups(graph, pa.Table.from_pylist(rows))
    twice = pa.concat_tables([concert_table(g=["p"])] * 2)
    assert concert_groups(graph, twice).declared.tolist() == [1]
    assert len(concert_groups(graph, concert_table())) == 0


def test_a_stake_in_a_person_counts_for_nothing():
    held = {**edge("A", "p", ratio=1), "dst_kind": "person"}
    himself = {**edge("p", "p", ratio=1), "dst_kind": "person"}
    assert ruled(table(edge("p", "A", ratio=0.6), held, himself)) == {"A": {"p"}}


@pytest.mark.parametrize("block", range(4))
def test_controllers_equal_the_plain_fixpoint(block):
    contested = grouped = circles = 0
    for seed in range(block * 130, block * 130 + 130):
        draw = random.Random(seed)
        edges = random_joint_holdings(seed) if seed % 5 == 0 else random_edges(seed)
        if not edges.num_rows:
            continue
        share = draw.choice((Fraction(1, 10), Fraction(1, 5), Fraction(3, 10), Fraction(2, 5),
                             Fraction(1, 2), Fraction(3, 5), Fraction(3, 4)))  # fmt: skip
        groups = random_concert(edges, seed) if draw.random() < 0.6 else {}
        plain, reach = plain_controllers(edges, share, groups)
        expected = {node: set(tops) for node, tops in plain.items() if tops}
        expected = {n: t for n, t in expected.items() if n != "p_elsewhere"}
        assert ruled(edges, float(share), groups) == expected, (seed, share, groups)
        graph, result = solve(edges, float(share), groups)
        names = [node_name(graph, result.concert, n)[1] for n in range(len(result.head))]
        deepest = 0
        for node, name in enumerate(names):
            if result.controller[node] < 0 or not plain[name]:
                continue
            ((top, is_circle),) = plain[name].items()
            assert bool(result.circle[node]) == is_circle, (seed, name)
            circles += is_circle
            if node < graph.node_count and name != top:
                depth = plain_depth(edges, top, name, reach, groups)
                assert result.depth[node] == depth, (seed, share, groups, name)
                deepest = node if result.depth[node] >= result.depth[deepest] else deepest
        if result.depth[deepest]:
            hops = control_chains(graph, result, deepest)
            assert min(h.hop for h in hops) == 1, seed
            last = min(h.hop for h in hops if h.held == deepest)
            assert last == result.depth[deepest], seed
        contested += bool(result.contested.any())
        grouped += bool((result.controller >= graph.node_count).any())
    assert min(contested, grouped, circles) > 5  # the draw is not too tame


def test_any_order_of_rows_gives_the_same_control_with_settings():
    for seed in range(60):
        edges = random_edges(seed)
        groups = random_concert(edges, seed) or None
        first, again = (solve(e, 0.3, groups)[1] for e in (edges, shuffled(edges, seed)))
        for name in FIELDS:
            assert np.array_equal(getattr(first, name), getattr(again, name)), (seed, name)
