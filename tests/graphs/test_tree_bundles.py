from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from literal_edges import edge, owns, random_edges, table

from graphs.family_tree import edge_words, family_tree, marked
from graphs.tree_bundles import BUNDLE, bundled

# A holds F01..F20 of 1 % to 20 %
WIDE = owns(*(("A", f"F{at:02}", at / 100) for at in range(1, 21)))


def test_firms_that_stand_alike_become_one_box_but_the_largest_stay():
    out = bundled(family_tree(WIDE, "A"), after=8, keep=5)
    # of 20 the five largest stakes stay; fifteen are put together
    assert sorted(name for kind, name in out if kind != BUNDLE) == [
        "A", "F16", "F17", "F18", "F19", "F20",
    ]  # fmt: skip
    (bundle,) = [node for node in out if node[0] == BUNDLE]
    assert [name for _, name in out.nodes[bundle]["members"]] == [f"F{i:02}" for i in range(1, 16)]
    joined = out.edges[("firm", "A"), bundle]
    assert joined["count"] == 15
    assert edge_words(joined) == "1%–15%"


def test_up_to_the_limit_nothing_is_put_together():
    tree = family_tree(owns(*(("A", f"F{at}", 0.5) for at in range(8))), "A")
    assert set(bundled(tree, after=8)) == set(tree)


def test_what_must_be_seen_is_never_put_together():
    tree = family_tree(WIDE, "A", cases=["F01"], controller="F02")
    tree = marked(tree, controller="F02", warnings={"F03": "blue"})
    out = bundled(tree, after=3, keep=0)
    # the case, the controller and the firm on the list stand on their own
    assert sorted(n[1] for n in out if n[0] != BUNDLE) == ["A", "F01", "F02", "F03"]


def test_firms_of_a_circle_are_never_put_together():
    rows = [edge("A", f"F{at}", ratio=0.1) for at in range(6)]
    rows += [edge(f"F{at}", "A", ratio=0.1) for at in range(6)]
    tree = family_tree(table(*rows), "A")
    assert set(bundled(tree, after=2, keep=0)) == set(tree)


def test_firms_of_the_same_two_nominees_stand_alike():
    rows = [edge(p, f"F{at:02}", "directorship", role=role)
            for at in range(30) for p, role in (("p1", "法定代表人"), ("p2", "监事"))]  # fmt: skip
    out = bundled(family_tree(table(*rows), "F00"), after=8, keep=5)
    # the firm itself, five that stay, two people, and 24 others in one box held by both people
    assert len(out) == 9
    (bundle,) = [node for node in out if node[0] == BUNDLE]
    assert len(out.nodes[bundle]["members"]) == 24
    assert sorted(out.predecessors(bundle)) == [("person", "p1"), ("person", "p2")]


def test_the_given_tree_stays_as_it_is():
    tree = family_tree(WIDE, "A")
    before = {
        pair: dict(joined) for *pair, joined in tree.edges(data=True) for pair in [tuple(pair)]
    }
    bundled(tree, after=2, keep=0)
    after = {
        pair: dict(joined) for *pair, joined in tree.edges(data=True) for pair in [tuple(pair)]
    }
    assert before == after


@pytest.mark.parametrize(("after", "keep"), [(5, 5), (5, 6), (5, -1)])
def test_a_rule_that_makes_no_sense_is_refused(after, keep):
    with pytest.raises(ValueError, match="Fewer must stay"):
        bundled(family_tree(WIDE, "A"), after=after, keep=keep)


@given(st.integers(0, 400), st.integers(1, 4))
def test_nobody_is_lost(seed, after):
    tree = family_tree(random_edges(seed), "F0")
    out = bundled(tree, after=after, keep=0)
    members = [m for node, seen in out.nodes(data=True) for m in seen.get("members", [node])]
    assert sorted(members) == sorted(tree)
    assert sum(j.get("count", 1) for _, _, j in out.edges(data=True)) == tree.number_of_edges()
