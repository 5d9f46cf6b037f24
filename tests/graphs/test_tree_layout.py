from __future__ import annotations

import itertools

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from literal_edges import edge, owns, random_edges, random_joint_holdings, shuffled, table
from literal_groups import group_of_500

from graphs.family_tree import family_tree
from graphs.tree_blocks import blocks_of, box_of
from graphs.tree_bundles import bundled
from graphs.tree_layers import crossings, placed, ranked
from graphs.tree_layout import laid_out

GROUP = group_of_500()


def boxes_of(tree):
    return {node: box_of(tree, node, "zh") for node in tree}


def tree_of(seed):
    edges = random_joint_holdings(seed) if seed % 2 else random_edges(seed)
    subject = sorted({name for name in edges["dst"].to_pylist() if name[0] == "F"} | {"F0"})[0]
    return bundled(family_tree(edges, subject), after=3, keep=1)


def check_laws(tree):
    layout = laid_out(tree)
    boxes = {box.node: box for box in layout.boxes}
    assert sorted(boxes) == sorted(tree)
    _, blocks = blocks_of(tree, boxes_of(tree), "zh")
    assert sorted(n for block in blocks.values() for n in block.nodes) == sorted(tree)
    for box in layout.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= layout.width + 0.2
        assert box.y + box.height <= layout.height + 0.2
    for one, other in itertools.combinations(layout.boxes, 2):
        apart = (
            one.x + one.width <= other.x + 0.2
            or other.x + other.width <= one.x + 0.2
            or one.y + one.height <= other.y + 0.2
            or other.y + other.height <= one.y + 0.2
        )
        assert apart, (one, other)
    assert sorted((line.holder, line.firm) for line in layout.lines) == sorted(tree.edges)
    for line in layout.lines:
        if line.itself:
            continue
        up, down = (line.firm, line.holder) if line.upwards else (line.holder, line.firm)
        assert boxes[up].y + boxes[up].height < boxes[down].y, line
    labels = [line.label for line in layout.lines if line.label and not line.itself]
    for one, other in itertools.combinations(labels, 2):
        assert abs(one.y - other.y) >= 13 or abs(one.x - other.x) >= (one.width + other.width) / 2
    return layout


@given(st.integers(0, 2000))
def test_boxes_never_overlap_holders_stand_above_and_every_edge_is_drawn_once(seed):
    check_laws(tree_of(seed))


def test_the_laws_hold_for_a_group_of_500_and_it_is_a_picture_one_can_look_at():
    tree = family_tree(GROUP, "H", max_nodes=600)
    shown = bundled(tree)
    layout = check_laws(shown)
    assert len(tree) > 500
    assert len(shown) < 0.65 * len(tree)
    # a poster of a few sheets, not a strip: neither side is much longer than the other
    assert layout.width < 5000
    assert layout.height < 5000


@given(st.integers(0, 400))
def test_lines_that_lead_up_are_those_of_circles_only(seed):
    tree = tree_of(seed)
    circle = {
        n: part for part in map(frozenset, nx.strongly_connected_components(tree)) for n in part
    }
    for line in laid_out(tree).lines:
        if line.upwards:
            assert circle[line.holder] == circle[line.firm]


@given(st.integers(0, 400))
def test_no_line_runs_across_a_box(seed):
    layout = laid_out(tree_of(seed))
    for line in layout.lines:
        points = [point for _, some in line.path for point in some]
        for (x1, y1), (x2, y2) in itertools.pairwise(points):
            if abs(x1 - x2) > 0.2:
                continue  # slanted pieces run in the free height between rows
            for box in layout.boxes:
                if box.node in (line.holder, line.firm) or not box.x < x1 < box.x + box.width:
                    continue
                low, high = min(y1, y2), max(y1, y2)
                assert high <= box.y + 0.2 or low >= box.y + box.height - 0.2, (line, box)


@given(st.integers(0, 200), st.integers(0, 5))
def test_any_order_of_rows_gives_the_same_picture(seed, order):
    edges = random_edges(seed)
    one = laid_out(family_tree(edges, "F0"))
    assert laid_out(family_tree(shuffled(edges, order), "F0")) == one


def test_a_firm_alone_is_a_picture_of_one_box():
    layout = laid_out(family_tree(owns(), "A"))
    assert [box.name for box in layout.boxes] == [("A",)]
    assert layout.lines == ()


def test_owners_hang_above_and_holdings_below_with_their_own_indented():
    rows = [edge(f"p{at}", "A", ratio=0.2) for at in range(3)]
    rows += [edge("A", f"B{at}", ratio=0.6) for at in range(3)] + [edge("B0", "C", ratio=1)]
    layout = check_laws(family_tree(table(*rows), "A"))
    boxes = {box.node[1]: box for box in layout.boxes}
    assert max(boxes[f"p{at}"].y for at in range(3)) < boxes["A"].y < boxes["B0"].y
    assert boxes["p0"].x == boxes["p1"].x == boxes["p2"].x  # one column
    assert boxes["B0"].y < boxes["C"].y < boxes["B1"].y  # what B0 holds stands under it
    assert boxes["C"].x > boxes["B0"].x


def test_two_firms_that_hold_each_other_are_two_lines_side_by_side():
    layout = laid_out(family_tree(owns(("A", "B", 0.3), ("B", "A", 0.1)), "A"))
    there, back = layout.lines
    assert there.circular
    assert back.circular
    assert there.upwards != back.upwards
    assert {there.label.text, back.label.text} == {"30%", "10%"}
    assert abs(there.path[0][1][0][0] - back.path[0][1][0][0]) > 20


def test_rows_follow_the_longest_way_and_lonely_owners_come_down_to_what_they_hold():
    graph = nx.DiGraph([(("a",), ("b",)), (("b",), ("c",)), (("a",), ("c",)), (("x",), ("c",))])
    # c is two below a, since b stands between; x holds only c and stands right above it
    assert ranked(graph) == {("a",): 0, ("b",): 1, ("x",): 1, ("c",): 2}


@given(st.integers(0, 200))
def test_the_order_of_rows_is_no_worse_than_the_order_it_started_from(seed):
    """Crossings counted pair by pair, the slow obvious way, agree; and there are few."""
    graph = nx.gnp_random_graph(9, 0.3, seed=seed, directed=True)
    graph = nx.DiGraph(((f"{a}",), (f"{b}",)) for a, b in graph.edges if a < b)
    if not graph:
        return
    width = dict.fromkeys(graph, 10.0)
    rows = placed(graph, min(graph), width, gap=5, row_limit=1e9)
    chain = {}
    for (up, down), places in rows.passing.items():
        for above, below in itertools.pairwise([up, *places, down]):
            chain.setdefault(above, ([], []))[1].append(below)
            chain.setdefault(below, ([], []))[0].append(above)
    count = 0
    for upper, lower in itertools.pairwise(rows.rows):
        arcs = [(upper.index(a), lower.index(b)) for a in upper for b in chain[a][1]]
        count += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in itertools.combinations(arcs, 2))
    assert crossings(rows.rows, chain) == count
    for members in rows.rows:
        places = [rows.centre[item] for item in members]
        assert places == sorted(places)


def test_a_tree_without_need_has_no_crossings():
    edges = owns(*((a, b, 0.3) for a, b in ["AB", "AC", "BD", "BE", "CF", "CG", "XA"]))
    layout = laid_out(family_tree(edges, "A"))
    x = {box.node[1]: box.x for box in layout.boxes}
    # the children of the left one stand left of those of the right one
    left, right = sorted("BC", key=x.__getitem__)
    below = {"B": "DE", "C": "FG"}
    assert max(x[n] for n in below[left]) < min(x[n] for n in below[right])


def test_levels_and_rooms_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="room for at least 1 node; got -1 levels up"):
        family_tree(GROUP, "H", levels_up=-1)
