from __future__ import annotations

import pytest
from literal_edges import edge, owns, table

from graphs.drawing import chinese_font, draw_family_tree
from graphs.family_tree import family_tree, text_tree

FAMILY = table(
    edge("p1", "A", ratio=0.6),
    edge("p1", "A", "directorship", role="法定代表人"),
    edge("p2", "A", "directorship", role="监事"),
    edge("A", "B", ratio=0.8),
    edge("B", "C", ratio=0.3),
    edge("C", "B", ratio=0.1),
    edge("A", "A1", "branch"),
    edge("p2", "D", "directorship", role="监事"),
    edge("X", "Y", ratio=1),  # has nothing to do with A
    edge("A", "a1", "shared_address"),
)
NAMES = {"A": "海岸财富管理有限公司", "B": "乙公司", "p1": "张某"}


def tree_of_a(**settings):
    return family_tree(FAMILY, "A", names=NAMES, cases=["B"], controller="p1", **settings)


def test_the_tree_has_owners_people_holdings_and_related_firms():
    tree = tree_of_a()
    levels = {name: tree.nodes[kind, name]["level"] for kind, name in tree}
    assert levels == {"A": 0, "p1": 1, "p2": 1, "B": -1, "A1": -1, "C": -2, "D": 0}
    assert tree.edges[("person", "p1"), ("firm", "A")] == {
        "ratio": 0.6,
        "owns": True,
        "branch": False,
        "roles": ["法定代表人"],
    }
    # the circle between B and C is there in both directions
    assert tree.has_edge(("firm", "B"), ("firm", "C"))
    assert tree.has_edge(("firm", "C"), ("firm", "B"))
    assert tree.nodes["firm", "B"]["case"]
    assert tree.nodes["person", "p1"]["controller"]


def test_the_tree_is_bounded_and_says_what_is_missing():
    edges = owns(*((f"F{i:03}", "A", round(0.001 * i, 3)) for i in range(1, 101)))
    tree = family_tree(edges, "A", max_nodes=11)
    # the ten largest owners, and the firm
    assert sorted(name for _, name in tree) == ["A", *(f"F{i:03}" for i in range(91, 101))]
    assert tree.graph["left_out"] == 90
    assert "另有 90 个节点未列出" in text_tree(tree)


def test_a_firm_without_edges_is_a_tree_of_one():
    tree = family_tree(FAMILY, "Z")
    assert list(tree) == [("firm", "Z")]
    assert text_tree(tree) == "Z"
    assert draw_family_tree(tree).data.startswith(b"<?xml")


def test_the_tree_as_text():
    assert text_tree(tree_of_a()).splitlines() == [
        "海岸财富管理有限公司 (A)",
        "├─ 股东与上级",
        "│  └─ 60%  张某 (p1) [最终控制人]",
        "├─ 任职人员",
        "│  法定代表人  张某 (p1) [最终控制人]",
        "│  监事  p2",
        "├─ 对外投资与分支机构",
        "│  ├─ 80%  乙公司 (B) [涉案]",
        "│  │  └─ 30%  C",
        "│  │     └─ 10%  乙公司 (B) [涉案] ↺",
        "│  └─ 分支机构  A1",
        "└─ 经股东或人员关联的企业",
        "   D",
    ]
    assert text_tree(tree_of_a(), "en").splitlines()[1] == "├─ Owners and above"


def test_a_circle_through_the_firm_itself_ends():
    tree = family_tree(owns(("A", "B", 1), ("B", "A", 1), ("A", "A", 0.1)), "A")
    assert "↺" in text_tree(tree)
    assert draw_family_tree(tree, "png").data.startswith(b"\x89PNG")


def test_an_svg_keeps_chinese_labels_as_text_and_is_the_same_every_time():
    first, again = draw_family_tree(tree_of_a()), draw_family_tree(tree_of_a())
    assert first.data == again.data
    text = first.data.decode()
    assert "海岸财富管理有限公" in text
    assert "60%、法定代表人" in text
    assert "Microsoft YaHei" in text  # the reader's own font may serve


def test_without_a_chinese_font_the_picture_says_so():
    png = draw_family_tree(tree_of_a(), "png", installed_fonts=[])
    assert png.font is None
    assert "ids in place of Chinese names" in png.note
    svg = draw_family_tree(tree_of_a(), "svg", installed_fonts=[])
    assert "reader's own font" in svg.note
    assert "海岸财富管理有限公" in svg.data.decode()
    assert chinese_font(["SimHei", "Arial"]) == "SimHei"


@pytest.mark.skipif(chinese_font() is None, reason="no Chinese font is installed here")
def test_with_a_chinese_font_nothing_needs_saying():
    drawing = draw_family_tree(tree_of_a(), "png")
    assert drawing.font
    assert drawing.note == ""
