"""The owners of all firms at once, circles solved."""

from __future__ import annotations

import random

import numpy as np
import pytest
from literal_edges import edge, owns, random_edges, random_joint_holdings, shuffled, table
from ownership_twins import concert_table, plain_owners

from graphs import circle_solution, ownership_sweep
from graphs.compact import GraphTooLarge, compact
from graphs.concert import concert_groups, node_name
from graphs.holdings import stakes
from graphs.integrated_ownership import integrated_ownership, ultimate_owners

FIELDS = ("firm", "owner", "share", "unrecorded", "too_small")


def owners(edges, smallest=0.0, **groups):
    graph = compact(edges)
    concert = concert_groups(graph, concert_table(**groups)) if groups else None
    found = ultimate_owners(graph, smallest=smallest, concert=concert)
    named: dict[str, dict[str, float]] = {}
    for firm, owner, share in zip(found.firm, found.owner, found.share, strict=True):
        name = node_name(graph, concert, int(owner))[1]
        named.setdefault(graph.id_of(firm), {})[name] = float(share)
    return named


def unrecorded(edges):
    graph = compact(edges)
    found = ultimate_owners(graph)
    return {graph.id_of(firm): float(found.unrecorded[firm]) for firm in range(graph.firm_count)}


def test_a_chain_multiplies():
    edges = owns(("p", "A", 0.51), ("A", "B", 0.51), ("B", "C", 0.51))
    assert owners(edges)["C"] == pytest.approx({"p": 0.132651}, abs=1e-12)  # 0.51 ** 3
    assert unrecorded(edges)["A"] == pytest.approx(0.49)


def test_all_ways_add_up():
    edges = owns(
        ("p", "A", 0.6), ("p", "B", 0.6), ("A", "C", 0.3), ("B", "C", 0.25), ("q", "C", 0.45)
    )
    # p is a person, q a firm that nobody owns: both are owners, and A and B are not
    assert owners(edges)["C"] == pytest.approx({"p": 0.33, "q": 0.45}, abs=1e-12)
    assert unrecorded(edges)["q"] == 1.0
    assert "q" not in owners(edges)  # not its own owner


def test_a_cross_holding_is_solved_and_not_cut_off():
    edges = owns(("p1", "A", 0.3), ("p2", "B", 0.3), ("A", "B", 0.4), ("B", "A", 0.4))
    # p1 in A: 0.3 / (1 - 0.16); in B by 0.4 of that
    found = owners(edges)
    assert found["A"] == pytest.approx({"p1": 0.3 / 0.84, "p2": 0.12 / 0.84}, abs=1e-12)
    # one holder of both sides: 0.3 / (1 - 0.4)
    edges = owns(("p", "A", 0.3), ("p", "B", 0.3), ("A", "B", 0.4), ("B", "A", 0.4))
    assert owners(edges) == {"A": {"p": pytest.approx(0.5)}, "B": {"p": pytest.approx(0.5)}}


def test_stakes_above_one_are_scaled():
    assert owners(owns(("p1", "A", 0.6), ("p2", "A", 0.6))) == {"A": {"p1": 0.5, "p2": 0.5}}


def test_own_shares_fall_to_the_other_owners():
    edges = owns(("p", "A", 0.45), ("A", "A", 0.15), ("p2", "A", 0.4))
    assert owners(edges)["A"] == pytest.approx({"p": 0.45 / 0.85, "p2": 0.4 / 0.85})
    # a firm that holds all of itself has no other owner
    assert owners(owns(("A", "A", 1), ("A", "B", 1))) == {"B": {"A": 1.0}}


def test_a_person_who_holds_through_himself():
    # 40 % himself, and the rest by B, which is his and A's
    edges = owns(("p", "A", 0.4), ("B", "A", 0.6), ("p", "B", 0.5), ("A", "B", 0.5))
    assert owners(edges) == {"A": {"p": pytest.approx(1.0)}, "B": {"p": pytest.approx(1.0)}}


def test_a_circle_of_exactly_all_has_no_owner():
    edges = owns(("A", "B", 1), ("B", "A", 1), ("B", "C", 0.7), ("p", "C", 0.3))
    # nobody outside owns A and B, so nothing of C comes through them
    assert owners(edges) == {"C": {"p": pytest.approx(0.3)}}
    assert unrecorded(edges) == {"A": 1.0, "B": 1.0, "C": pytest.approx(0.7)}
    # once somebody outside holds a little, all of the circle is his
    edges = owns(("A", "B", 1), ("B", "A", 1), ("p", "B", 0.000001))
    assert owners(edges) == {"A": {"p": pytest.approx(1.0)}, "B": {"p": pytest.approx(1.0)}}


def test_unknown_stakes_and_the_empty_graph():
    assert owners(owns(("p", "A", None), ("p", "B", 0))) == {}
    assert unrecorded(owns(("p", "A", None))) == {"A": 1.0}
    assert len(ultimate_owners(compact(table())).firm) == 0
    assert ultimate_owners(compact(table(), ["A"])).unrecorded.tolist() == [1.0]


def test_the_members_of_a_concert_group_are_one_owner():
    edges = owns(("p1", "A", 0.3), ("p2", "A", 0.3), ("p3", "A", 0.4), ("A", "B", 0.5))
    found = owners(edges, wang=["p1", "p2"])
    assert found["A"] == pytest.approx({"p3": 0.4, "wang": 0.6})
    assert found["B"] == pytest.approx({"p3": 0.2, "wang": 0.3})


def test_what_is_too_small_is_left_out_and_stated():
    edges = owns(*((f"p{i}", "A", 0.002) for i in range(400)), ("q", "A", 0.2), ("A", "B", 0.5))
    graph = compact(edges)
    found = ultimate_owners(graph, smallest=0.0015)
    a, b = graph.numbers(["A", "B"]).tolist()
    assert len(found.owners_of(a)[0]) == 401
    assert found.too_small[a] == pytest.approx(0)
    # in B the 400 have 0.1 % each
    assert found.owners_of(b)[1].tolist() == [0.1]
    assert found.too_small[b] == pytest.approx(0.4)
    assert found.unrecorded[b] == pytest.approx(0.5)
    with pytest.raises(ValueError, match=r"smallest share listed is 1\.5"):
        ultimate_owners(graph, smallest=1.5)


def test_a_hub_of_many_holders_ends():
    size = 200_000
    rows = [(f"p{i}", "HUB", 0.000005) for i in range(size)]
    rows += [("HUB", f"F{i:03}", 1) for i in range(300)]
    graph = compact(owns(*rows))
    found = ultimate_owners(graph)
    # everybody's share is too small to list, in the hub and in each of its 300 firms
    assert len(found.firm) == 0
    assert found.too_small == pytest.approx(1.0)
    assert found.unrecorded == pytest.approx(0.0)


def test_a_long_chain_and_a_long_ring_are_solved():
    size = 3000
    chain = [("p", "F0000", 1)] + [(f"F{i:04}", f"F{i + 1:04}", 0.999999) for i in range(size)]
    found = ultimate_owners(compact(owns(*chain)))
    assert found.share[-1] == pytest.approx(0.999999**size, rel=1e-9)
    # all of it goes round a hundred thousand times before it leaves: solved, so at once
    ring = [(f"F{i:04}", f"F{(i + 1) % size:04}", 1) for i in range(size)]
    found = ultimate_owners(compact(owns(*ring, ("p", "F0000", 0.00001))))
    assert found.share == pytest.approx(np.ones(size), rel=1e-9)


def test_shares_without_measure_are_refused(monkeypatch):
    monkeypatch.setattr(ownership_sweep, "MOST_SHARES", 50)
    rows = [(f"p{i}", "A", 0.05) for i in range(20)] + [("A", f"F{i}", 1) for i in range(5)]
    with pytest.raises(GraphTooLarge, match="Raise the smallest share"):
        ultimate_owners(compact(owns(*rows)))


def denser_edges(seed):
    """One large circle with chords, owners here and there, so that every way of solving is met."""
    draw = random.Random(seed)
    firms = [f"F{i:02}" for i in range(draw.randint(12, 40))]
    rows = []
    for firm in firms:
        holders = draw.sample([f for f in firms if f != firm], draw.choice((1, 1, 1, 2, 4)))
        rows += [(holder, firm, draw.choice((0.1, 0.2, 0.24, 0.9))) for holder in holders]
        if draw.random() < 0.3:
            rows.append((f"p{draw.randint(0, 3)}", firm, draw.choice((0.05, 0.4, 0.9))))
    return owns(*rows)


def assert_equals_plain(edges, seed, abs_error=1e-9):
    graph = compact(edges)
    shares, nobody = plain_owners(graph, stakes(graph))
    found = ultimate_owners(graph, smallest=0)
    got = np.zeros_like(shares)
    got[found.owner, found.firm] = found.share
    np.testing.assert_allclose(got, shares, atol=abs_error, err_msg=str(seed))
    np.testing.assert_allclose(found.unrecorded, nobody, atol=abs_error, err_msg=str(seed))
    listed = np.bincount(found.firm, found.share, graph.firm_count)
    np.testing.assert_allclose(listed + found.unrecorded + found.too_small, 1, atol=1e-9)


def test_the_owners_equal_one_dense_solution():
    for seed in range(500):
        edges = random_joint_holdings(seed) if seed % 5 == 0 else random_edges(seed)
        if edges.num_rows:
            assert_equals_plain(edges, seed)


@pytest.mark.parametrize("dense_limit", [256, 20, 2])
def test_every_way_to_solve_a_circle_gives_the_same(monkeypatch, dense_limit):
    """256: as a matrix. 20: firms removed first. 2: the rest followed round by round."""
    monkeypatch.setattr(circle_solution, "DENSE_LIMIT", dense_limit)
    followed = 0
    original = ownership_sweep._Sweeping._go_round

    def counted(self, ring):
        nonlocal followed
        followed += 1
        original(self, ring)

    monkeypatch.setattr(ownership_sweep._Sweeping, "_go_round", counted)
    for seed in range(60):
        # two large circles, the one below the other
        above, below = denser_edges(seed).to_pylist(), denser_edges(seed + 1000).to_pylist()
        rows = [{**row, "src": row["src"].replace("F", "G"), "dst": row["dst"].replace("F", "G")}
                for row in below]  # fmt: skip
        edges = table(*above, *rows, edge("F00", "G00", ratio=0.3))
        assert_equals_plain(edges, seed, 1e-8)
    assert (followed > 10) == (dense_limit == 2)


def test_one_holder_and_all_holders_agree():
    for seed in range(80):
        edges = random_edges(seed)
        if not edges.num_rows:
            continue
        graph = compact(edges)
        found = ultimate_owners(graph, smallest=0)
        for owner in np.unique(found.owner).tolist():
            firms, shares = integrated_ownership(graph, owner)
            mine = found.owner == owner
            assert found.firm[mine].tolist() == firms.tolist(), seed
            assert found.share[mine] == pytest.approx(shares, abs=1e-12)


def test_shares_passed_down_lose_at_most_what_is_documented():
    for seed in range(60):
        edges = denser_edges(seed)
        graph = compact(edges)
        exact, _ = plain_owners(graph, stakes(graph))
        found = ultimate_owners(graph, smallest=0.01)
        got = np.zeros_like(exact)
        got[found.owner, found.firm] = found.share
        lost = exact - got
        # listed shares lose little, and whatever is not listed was small
        assert lost.min() > -1e-12
        assert lost[got > 0].max(initial=0) <= 0.001 * 2 * graph.firm_count
        assert (lost[got == 0] <= 0.01 + 0.001 * 2 * graph.firm_count).all()


def test_any_order_of_rows_gives_the_same_bits():
    for seed in range(60):
        edges = denser_edges(seed) if seed % 2 else random_edges(seed)
        first, again = (ultimate_owners(compact(e)) for e in (edges, shuffled(edges, seed)))
        for name in FIELDS:
            assert np.array_equal(getattr(first, name), getattr(again, name)), (seed, name)
