from __future__ import annotations

import datetime
import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from literal_edges import edge, owns, random_edges, shuffled, table
from PIL import Image

from graphs.drawing import chinese_font, draw_family_tree
from graphs.family_tree import family_tree, marked, text_tree
from graphs.tree_shapes import LEVELS, Outline, level_shape, picture
from graphs.tree_words import chance, printable, width_of, wrapped

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
        "records": [],  # this table has no files
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
    assert "海岸财富管理有限公司" in text
    assert "60%、法定代表人" in text
    assert "Microsoft YaHei" in text  # the reader's own font may serve


def test_without_a_chinese_font_the_picture_says_so():
    png = draw_family_tree(tree_of_a(), "png", installed_fonts=[])
    assert png.font is None
    assert "ids in place of Chinese names" in png.note
    svg = draw_family_tree(tree_of_a(), "svg", installed_fonts=[])
    assert svg.note == ""  # its labels show in the reader's own font
    assert svg.data == draw_family_tree(tree_of_a(), installed_fonts=["SimHei"]).data
    assert chinese_font(["SimHei", "Arial"]) == "SimHei"


@pytest.mark.skipif(chinese_font() is None, reason="no Chinese font is installed here")
def test_with_a_chinese_font_nothing_needs_saying():
    drawing = draw_family_tree(tree_of_a(), "png")
    assert drawing.font
    assert drawing.note == ""


def svg_of(tree, **settings):
    return draw_family_tree(tree, **settings).data.decode()


def test_the_title_names_the_firm_the_day_and_what_a_warning_is_not():
    text = svg_of(tree_of_a(), as_of=datetime.date(2024, 6, 30))
    assert "海岸财富管理有限公司（A） 族谱" in text
    assert "时点 2024-06-30 · 内部使用，预警不是违法认定" in text
    assert "企业 5 家，自然人 2 人" in text
    english = svg_of(tree_of_a(), as_of=datetime.date(2024, 6, 30), language="en")
    assert "as of 2024-06-30 · Internal use. A warning is not a finding of wrongdoing." in english


def test_a_firm_under_case_comes_before_larger_stakes_when_there_is_no_room():
    edges = owns(*((f"F{i}", "A", i / 10) for i in range(1, 6)))
    tree = family_tree(edges, "A", cases=["F1"], max_nodes=3)
    assert sorted(name for _, name in tree) == ["A", "F1", "F5"]


def test_each_edge_knows_the_records_it_comes_from():
    rows = [
        {**edge("p1", "A", ratio=0.6), "table_name": "shareholder", "source_record_id": "r7",
         "file": "2024/x.csv", "line": 12},
        {**edge("p1", "A", ratio=0.6), "table_name": "shareholder", "source_record_id": None,
         "file": "2023/x.csv", "line": 3, "valid_from": datetime.date(2020, 1, 2)},
    ]  # fmt: skip
    edges = table(*rows)
    for name in ("table_name", "source_record_id", "file", "line"):
        edges = edges.append_column(name, [[row[name] for row in rows]])
    (joined,) = [j for _, _, j in family_tree(edges, "A").edges(data=True)]
    assert joined["records"] == [
        "shareholder · 2023/x.csv:3 · 2020-01-02 –",
        "shareholder · r7 · 2024/x.csv:12",
    ]


def test_what_is_on_the_list_shows_by_shape_and_circles_by_double_lines():
    tree = marked(tree_of_a(), names=NAMES, controller="p1", warnings={"C": "orange"},
                  probabilities={"C": 0.3, "B": 0.00001})  # fmt: skip
    drawn = picture(tree)
    shapes = {group.of: group.shapes for group in drawn.groups if group.said}
    orange = [
        s for s in shapes["firm", "C"] if isinstance(s, Outline) and s.fill == LEVELS["orange"][0]
    ]
    assert len(orange[0].path) == 4  # a triangle: three points and the end
    circular = [s for s in shapes[("firm", "B"), ("firm", "C")] if isinstance(s, Outline)]
    assert [s.stroke is not None for s in circular] == [True, True, False]  # two lines, an arrow
    plain = [s for s in shapes[("firm", "A"), ("firm", "B")] if isinstance(s, Outline)]
    assert [s.stroke is not None for s in plain] == [True, False]
    text = svg_of(tree)
    assert "橙色预警" in text
    assert "循环持股" in text
    assert "&lt;0.01%" in text


def test_the_four_levels_have_four_shapes():
    outlines = {tuple(letter for letter, _ in level_shape(level, 0, 0).path) for level in LEVELS}
    corners = {
        level: {p for _, points in level_shape(level, 0, 0).path for p in points}
        for level in LEVELS
    }
    assert len(outlines) == 3  # circle, triangle, and two of four corners:
    assert (0.0, -7.5) in corners["yellow"]  # one stands on its corner
    assert (0.0, -7.5) not in corners["blue"]


def test_names_are_escaped_and_control_letters_left_out():
    nasty = 'A</text><script>alert("1")</script>&\x0b\x00$x$'
    tree = family_tree(FAMILY, "A", names={"A": nasty})
    root = ET.fromstring(svg_of(tree))  # still well-formed
    assert root.find(".//{*}script") is None
    assert "<script" not in svg_of(tree)
    assert draw_family_tree(tree, "png").data.startswith(b"\x89PNG")


@given(st.integers(0, 200), st.integers(0, 5))
def test_any_order_of_rows_gives_the_same_bytes(seed, order):
    edges = random_edges(seed)
    one = svg_of(family_tree(edges, "F0"))
    assert svg_of(family_tree(shuffled(edges, order), "F0")) == one


def test_a_png_is_the_same_every_time_and_its_paper_is_white():
    first, again = (draw_family_tree(tree_of_a(), "png") for _ in range(2))
    assert first.data == again.data
    dots = np.asarray(Image.open(io.BytesIO(first.data)).convert("RGB"))
    assert (dots[0, 0] == 255).all()
    assert (dots < 60).all(axis=2).any()  # and ink is dark


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("云江市惠恒健康咨询有限公司", ["云江市惠恒健康咨询", "有限公司"]),  # before its kind
        ("短名", ["短名"]),
        ("Harbour Wealth Management Limited", ["Harbour Wealth", "Management Limited"]),
    ],
)
def test_long_names_are_broken_where_a_reader_would(name, lines):
    assert wrapped(name, 160, 13) == lines


@given(st.text(max_size=60))
def test_a_broken_name_fits_and_loses_nothing_silently(text):
    text = printable(text)
    lines = wrapped(text, 120, 13)
    assert len(lines) <= 2
    assert all(width_of(line, 13) <= 120 for line in lines)
    if not lines[-1].endswith("…"):
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_small_chance_is_never_none():
    assert [chance(p) for p in (0, 0.00001, 0.0042, 0.0777, 1)] == [
        "0%", "<0.01%", "0.42%", "7.8%", "100%",
    ]  # fmt: skip
