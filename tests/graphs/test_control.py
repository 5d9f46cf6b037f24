from __future__ import annotations

import datetime

import numpy as np
import pytest
from graph_twins import (
    plain_controlled,
    plain_integrated,
    plain_stakes,
    plain_ultimate,
)
from literal_edges import edge, owns, random_edges, random_joint_holdings, shuffled, table

from graphs.compact import compact
from graphs.control import (
    control,
    control_chains,
    controlled_by,
    stakes,
)
from graphs.integrated_ownership import integrated_ownership


def controllers(edges):
    graph = compact(edges)
    result = control(graph)
    ids = graph.ids.to_pylist()
    return {
        ids[node]: (ids[result.controller[node]], bool(result.circle[node]))
        for node in range(graph.node_count)
        if result.controller[node] >= 0
    }


def shares(edges, holder):
    graph = compact(edges)
    kind = "person" if holder[0] == "p" else "firm"
    reached, share = integrated_ownership(graph, int(graph.numbers([holder], kind)[0]))
    return {graph.id_of(node): value for node, value in zip(reached, share, strict=True)}


def test_a_chain_of_majorities_controls_what_it_barely_owns():
    edges = owns(("p", "A", 0.51), ("A", "B", 0.51), ("B", "C", 0.51))
    assert controllers(edges) == dict.fromkeys("ABC", ("p", False))
    assert shares(edges, "p")["C"] == pytest.approx(0.132651, abs=1e-12)  # 0.51 ** 3


def test_joint_holdings_control_against_a_larger_owner():
    edges = owns(
        ("p", "A", 0.6), ("p", "B", 0.6), ("A", "C", 0.3), ("B", "C", 0.25), ("q", "C", 0.45)
    )
    # A and B are p's, and together hold 55 % of C
    assert controllers(edges) == dict.fromkeys("ABC", ("p", False))
    assert shares(edges, "p")["C"] == pytest.approx(0.33, abs=1e-12)
    assert shares(edges, "q")["C"] == pytest.approx(0.45, abs=1e-12)


def test_cross_holding_gives_half_the_capital_and_no_control():
    edges = owns(("p", "A", 0.3), ("p", "B", 0.3), ("A", "B", 0.4), ("B", "A", 0.4))
    assert controllers(edges) == {}
    # 0.3 / (1 - 0.4), the circle solved and not cut off
    assert shares(edges, "p") == pytest.approx({"A": 0.5, "B": 0.5}, abs=1e-12)


def test_exactly_half_is_no_control():
    assert controllers(owns(("p", "A", 0.5), ("p2", "A", 0.5))) == {}
    assert controllers(owns(("p", "A", 0.500001))) == {"A": ("p", False)}


def test_stakes_above_one_are_scaled_so_two_never_control():
    assert controllers(owns(("p1", "A", 0.6), ("p2", "A", 0.6))) == {}
    # a share written as 80 and 20 in place of 0.8 and 0.2
    assert controllers(owns(("p1", "A", 80), ("p2", "A", 20))) == {"A": ("p1", False)}
    assert shares(owns(("p1", "A", 0.6), ("p2", "A", 0.6)), "p1") == {"A": 0.5}


def test_own_shares_carry_no_vote_and_fall_to_the_other_owners():
    # p has 45 of the 85 % that vote
    edges = owns(("p", "A", 0.45), ("A", "A", 0.15), ("p2", "A", 0.4))
    assert controllers(edges) == {"A": ("p", False)}
    assert shares(edges, "p")["A"] == pytest.approx(0.45 / 0.85)
    # nobody else holds anything
    assert controllers(owns(("A", "A", 1))) == {}


def test_a_duplicate_is_not_added_up_and_the_latest_counts():
    # reported by both sides: 40 % once, not 80 %
    assert controllers(owns(("p", "A", 0.4), ("p", "A", 0.4))) == {}
    old = edge("p", "A", ratio=0.9, valid_from=None)
    new = edge("p", "A", ratio=0.1, valid_from=datetime.date(2020, 1, 1))
    assert controllers(table(old, new)) == {}
    # an unknown newer stake does not wipe out a known one
    unknown = edge("p", "A", ratio=None, valid_from=datetime.date(2020, 1, 1))
    assert controllers(table(old, unknown)) == {"A": ("p", False)}


def test_unknown_and_absent_stakes_count_for_nothing():
    assert controllers(owns(("p", "A", None), ("p", "B", 0))) == {}


def test_a_branch_belongs_to_its_parent():
    edges = table(edge("p", "A", ratio=0.7), edge("A", "A1", kind="branch"))
    assert controllers(edges) == {"A": ("p", False), "A1": ("p", False)}


def test_a_circle_that_owns_itself_is_named_after_its_smallest():
    # B, C, D hold each other wholly: nobody stands outside; E hangs below
    edges = owns(("B", "C", 1), ("C", "D", 1), ("D", "B", 1), ("D", "E", 0.8))
    assert controllers(edges) == dict.fromkeys("BCDE", ("B", True))
    # exactly 100 % around: an owner of one of them makes its stakes sum above 1, still solvable
    share = shares(owns(("p", "B", 0.5), ("B", "C", 1), ("C", "B", 1)), "p")
    assert share["B"] == pytest.approx(1.0)


def test_only_who_controls_the_whole_circle_names_it():
    # Z holds A and B; they hold a majority of Z only together: Z is its own master
    edges = owns(("Z", "A", 0.6), ("Z", "B", 0.6), ("A", "Z", 0.3), ("B", "Z", 0.3))
    assert controllers(edges) == {"A": ("Z", False), "B": ("Z", False)}


def test_a_person_beats_the_circle_below():
    edges = owns(("p", "A", 0.6), ("A", "B", 0.6), ("B", "A", 0.4))
    assert controllers(edges) == {"A": ("p", False), "B": ("p", False)}


def test_a_ladder_of_joint_holdings_is_climbed_to_its_end():
    rows = [("p", "F00000", 1), ("p", "F00001", 1)]
    rows += [(f"F{i - k:05}", f"F{i:05}", 0.3) for i in range(2, 20_000) for k in (1, 2)]
    graph = compact(owns(*rows))
    result = control(graph)
    # every firm is held 60 % by two others that p controls
    assert (result.controller[: graph.firm_count] == graph.numbers(["p"], "person")[0]).all()
    assert result.depth.max() == 10_000  # two rungs a hop, and p's own holding


def test_a_long_ring_and_a_large_hub_end():
    size = 30_000
    ring = [(f"F{i:05}", f"F{(i + 1) % size:05}", 0.6) for i in range(size)]
    graph = compact(owns(*ring))
    result = control(graph)
    assert result.circle.all()
    assert set(result.controller.tolist()) == {0}
    hub = [(f"F{i:05}", "HUB", 0.00001) for i in range(size)] + [("p", "HUB", 0.6)]
    assert controllers(owns(*hub)) == {"HUB": ("p", False)}


def test_depth_chain_and_group_size():
    edges = owns(
        ("p", "A", 0.6), ("p", "B", 0.6), ("A", "C", 0.3), ("B", "C", 0.25), ("C", "D", 0.9)
    )
    graph = compact(edges)
    result = control(graph)
    a, b, c, d, p = (int(n) for n in range(5))
    assert result.depth.tolist() == [1, 1, 2, 3, 0]
    assert result.firm_count[[a, b, c, d]].tolist() == [4] * 4
    hops = control_chains(graph, result, d)
    # both ways down to C, then the one to D
    assert [(h.hop, h.holder, h.held, h.share) for h in hops] == [
        (1, p, a, 0.6),
        (1, p, b, 0.6),
        (2, a, c, 0.3),
        (2, b, c, 0.25),
        (3, c, d, 0.9),
    ]
    assert control_chains(graph, result, p) == []


@pytest.mark.parametrize("block", range(5))
def test_control_equals_the_plain_fixpoint(block):
    for seed in range(block * 100, block * 100 + 100):
        edges = random_edges(seed)
        if not edges.num_rows:
            continue
        assert controllers(edges) == plain_ultimate(edges), seed
        graph = compact(edges)
        held, base = plain_stakes(edges)
        for node in range(int(graph.kind_start[2])):  # firms, then people
            mine = {graph.id_of(firm) for firm in controlled_by(stakes(graph), node)}
            assert mine == plain_controlled(held, base, graph.id_of(node)), seed


def test_control_of_joint_holdings_equals_the_plain_fixpoint():
    circles = 0
    for seed in range(80):
        edges = random_joint_holdings(seed)
        plain = plain_ultimate(edges)
        assert controllers(edges) == plain, seed
        circles += any(circle for _, circle in plain.values())
    assert circles > 5  # the draw is not too tame


def test_integrated_ownership_equals_following_every_way():
    compared = 0
    for seed in range(300):
        edges = random_edges(seed)
        holders = sorted({r["src"] for r in edges.to_pylist() if r["kind"] == "ownership"})
        for holder in holders[:3]:
            plain = plain_integrated(edges, holder)
            if plain is not None:
                got = {firm: s for firm, s in shares(edges, holder).items() if s}
                assert got == pytest.approx(plain, abs=1e-9), (seed, holder)
                compared += 1
    assert compared > 200


def test_any_order_of_rows_gives_the_same_control():
    for seed in range(40):
        edges = random_edges(seed)
        first, again = (control(compact(e)) for e in (edges, shuffled(edges, seed)))
        for name in ("controller", "circle", "head", "depth", "via", "firm_count"):
            assert np.array_equal(getattr(first, name), getattr(again, name)), (seed, name)
