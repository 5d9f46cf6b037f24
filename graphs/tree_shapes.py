"""The picture of a family tree as plain shapes: outlines and words at places, grouped.

What both the SVG and the PNG of `graphs.drawing` are made of, so that they show the same. Every
mark has a shape and not only a colour: levels of the list are circle, triangle, diamond and square
as on the list itself; a case is a hatched edge and a dark tag; the firm itself has a double frame;
circular holdings are double lines.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Literal

import networkx as nx

from graphs.family_tree import WORDS, Node, edge_words
from graphs.kinds import FIRM, PERSON
from graphs.tree_blocks import LABEL, NAME, SMALL, Box
from graphs.tree_bundles import BUNDLE
from graphs.tree_layout import Layout, Line, Path, Point, laid_out
from graphs.tree_words import (
    PICTURE_WORDS,
    Language,
    chance,
    printable,
    shortened,
    shown_name,
    width_of,
)

INK, SOFT, PAPER, CIRCLE = "#1f2933", "#52606d", "#ffffff", "#7b2d8b"
LEVELS = {  # the colours of the list's own page: line, ground
    "red": ("#b3161b", "#fdecec"),
    "orange": ("#d9730d", "#fff1e2"),
    "yellow": ("#a37f00", "#fff8d6"),
    "blue": ("#1d5a9e", "#e8f1fb"),
}
MARGIN = 24.0
NARROWEST = 640.0


@dataclass(frozen=True)
class Outline:
    """A path of "M", "L", "C" and "Z", filled, drawn, or both."""

    path: Path
    fill: str | None = None
    stroke: str | None = None
    width: float = 1.0
    dash: tuple[float, ...] = ()


@dataclass(frozen=True)
class Words:
    """One line of text; y is its base line."""

    text: str
    x: float
    y: float
    size: float
    anchor: Literal["start", "middle", "end"] = "middle"
    fill: str = INK
    bold: bool = False


Shape = Outline | Words


@dataclass(frozen=True)
class Group:
    """Shapes that belong together: of one node, one edge (holder, firm), or of the frame (None)."""

    of: Node | tuple[Node, Node] | None
    shapes: tuple[Shape, ...]
    said: str = ""


@dataclass(frozen=True)
class Picture:
    """Groups in the order they are painted."""

    groups: tuple[Group, ...]
    width: float
    height: float


def picture(
    tree: nx.DiGraph, as_of: datetime.date | None = None, language: Language = "zh"
) -> Picture:
    """The whole picture of a tree: title, edges, nodes and a legend of what is in it."""
    layout = laid_out(tree, language)
    head = _title(tree, as_of, language)
    widest = max((width_of(w.text, w.size) for w in head if isinstance(w, Words)), default=0.0)
    width = max(layout.width, NARROWEST, widest) + 2 * MARGIN
    dx, dy = (width - layout.width) / 2, MARGIN + 84.0
    groups = [Group(None, tuple(head))]
    lines = sorted(layout.lines, key=lambda line: (line.circular, line.holder, line.firm))
    groups += [_edge(tree, line, dx, dy, language) for line in lines]
    groups += [
        Group((line.holder, line.firm), _edge_label(line, dx, dy)) for line in lines if line.label
    ]
    groups += [_node(tree, box, dx, dy, language) for box in layout.boxes]
    legend, height = _legend(tree, layout, width, dy + layout.height + 34, language)
    groups.append(Group(None, tuple(legend)))
    return Picture(tuple(groups), round(width, 1), round(height + MARGIN, 1))


def _title(tree: nx.DiGraph, as_of: datetime.date | None, language: Language) -> list[Shape]:
    words, subject = PICTURE_WORDS[language], tree.graph["subject"]
    name = shown_name(tree, subject, language)
    if name != subject[1]:
        name += (
            f"（{printable(subject[1])}）" if language == "zh" else f" ({printable(subject[1])})"
        )
    between = " · "
    day = [words["day"].format(day=as_of.isoformat())] if as_of else []
    counts = dict.fromkeys((FIRM, PERSON), 0)
    for _, seen in tree.nodes(data=True):
        kind = seen["of"] if seen["kind"] == BUNDLE else seen["kind"]
        counts[kind] += len(seen["members"]) if seen["kind"] == BUNDLE else 1
    told = words["counts"].format(firms=counts[FIRM], people=counts[PERSON])
    if tree.graph["left_out"]:
        told += between + WORDS[language]["left_out"].format(count=tree.graph["left_out"])
    return [
        Words(words["title"].format(name=name), MARGIN, MARGIN + 20, 19, "start", bold=True),
        Words(between.join([*day, words["banner"]]), MARGIN, MARGIN + 42, 13, "start"),
        Words(told, MARGIN, MARGIN + 61, 12, "start", SOFT),
    ]


def _shift(path: Path, dx: float, dy: float) -> Path:
    return tuple(
        (letter, tuple((round(x + dx, 1), round(y + dy, 1)) for x, y in points))
        for letter, points in path
    )


def _polygon(points: list[Point]) -> Path:
    rest: Path = tuple(("L", ((round(x, 1), round(y, 1)),)) for x, y in points[1:])
    start = (round(points[0][0], 1), round(points[0][1], 1))
    return (("M", (start,)), *rest, ("Z", ()))


def _rectangle(x: float, y: float, width: float, height: float, radius: float = 0) -> Path:
    r, x2, y2 = radius, x + width, y + height
    if not r:
        return _polygon([(x, y), (x2, y), (x2, y2), (x, y2)])
    k = r * 0.4477  # how far a corner's handles stand from it, for nearly a quarter circle
    return _shift(
        (
            ("M", ((x + r, y),)),
            ("L", ((x2 - r, y),)),
            ("C", ((x2 - k, y), (x2, y + k), (x2, y + r))),
            ("L", ((x2, y2 - r),)),
            ("C", ((x2, y2 - k), (x2 - k, y2), (x2 - r, y2))),
            ("L", ((x + r, y2),)),
            ("C", ((x + k, y2), (x, y2 - k), (x, y2 - r))),
            ("L", ((x, y + r),)),
            ("C", ((x, y + k), (x + k, y), (x + r, y))),
            ("Z", ()),
        ),
        0,
        0,
    )


def level_shape(level: str, x: float, y: float, r: float = 7.5) -> Outline:
    """The sign of a level of the list around a point: circle, triangle, diamond or square."""
    path = {
        "red": lambda: _rectangle(x - r, y - r, 2 * r, 2 * r, r),
        "orange": lambda: _polygon([(x, y - r), (x + r, y + r * 0.8), (x - r, y + r * 0.8)]),
        "yellow": lambda: _polygon([(x, y - r), (x + r, y), (x, y + r), (x - r, y)]),
        "blue": lambda: _polygon([
            (x - r * 0.8, y - r * 0.8), (x + r * 0.8, y - r * 0.8),
            (x + r * 0.8, y + r * 0.8), (x - r * 0.8, y + r * 0.8),
        ]),
    }[level]()  # fmt: skip
    return Outline(path, fill=LEVELS[level][0], stroke=INK, width=0.8)


def _edge(tree: nx.DiGraph, line: Line, dx: float, dy: float, language: Language) -> Group:
    path = _shift(line.path, dx, dy)
    joined: dict[str, Any] = tree.edges[line.holder, line.firm]
    ends = [shown_name(tree, node, language) for node in (line.holder, line.firm)]
    said = f"{ends[0]} → {ends[1]}: {edge_words(joined, language)}"
    capital = joined["owns"] or joined["branch"]
    return Group(
        (line.holder, line.firm), _stroke(path, capital, line.circular, line.upwards), said
    )


def _stroke(path: Path, capital: bool, circular: bool, upwards: bool) -> tuple[Shape, ...]:
    """A line with its arrow; a double line in a circle, dotted for a post."""
    points = [point for _, some in path for point in some]
    if upwards:
        points = points[::-1]
    tip, before = points[-1], next(p for p in reversed(points) if p != points[-1])
    if circular:
        drawn = (
            Outline(path, stroke=CIRCLE, width=4.2),
            Outline(path, stroke=PAPER, width=1.6),
        )
        return (*drawn, Outline(_arrow(before, tip, 7.0), fill=CIRCLE))
    colour = INK if capital else SOFT
    line = Outline(path, stroke=colour, width=1.2, dash=() if capital else (2.0, 3.0))
    return (line, Outline(_arrow(before, tip, 5.0), fill=colour))


def _arrow(before: Point, tip: Point, size: float) -> Path:
    dx, dy = tip[0] - before[0], tip[1] - before[1]
    length = max((dx * dx + dy * dy) ** 0.5, 1e-9)
    dx, dy = dx / length * size, dy / length * size
    foot = tip[0] - 1.6 * dx, tip[1] - 1.6 * dy
    side = -dy * 0.7, dx * 0.7
    return _polygon(
        [tip, (foot[0] + side[0], foot[1] + side[1]), (foot[0] - side[0], foot[1] - side[1])]
    )


def _edge_label(line: Line, dx: float, dy: float) -> tuple[Shape, ...]:
    label = line.label
    if label is None:
        return ()
    x, y, half = label.x + dx, label.y + dy, label.width / 2 + 2
    ground = Outline(_rectangle(x - half, y - 7, 2 * half, 14), fill=PAPER)
    colour = CIRCLE if line.circular else INK
    return (ground, _words(label.text, x, y + LABEL * 0.36, LABEL, colour, line.circular))


def _words(
    text: str, x: float, y: float, size: float, fill: str = INK, bold: bool = False
) -> Words:
    return Words(text, round(x, 1), round(y, 1), size, "middle", fill, bold)


def _node(tree: nx.DiGraph, box: Box, dx: float, dy: float, language: Language) -> Group:
    seen = tree.nodes[box.node]
    x, y, words = box.x + dx, box.y + dy, PICTURE_WORDS[language]
    shapes = _frame(seen, x, y, box.width, box.height, box.node == tree.graph["subject"])
    middle, at = x + box.width / 2, y + 6 + NAME
    for text in box.name:
        shapes.append(_words(text, middle, at, NAME, bold=seen["kind"] == FIRM))
        at += 17
    if box.small:
        shapes.append(_words(box.small, middle, at - 2, SMALL, SOFT))
        at += 14
    shapes += _tags(box, middle, at, language)
    if seen["warning"]:
        shapes.append(level_shape(seen["warning"], x + box.width - 1, y + box.height - 1))
    said = [printable(seen["name"]) or shown_name(tree, box.node, language)]
    if seen["kind"] == BUNDLE:
        said = [shown_name(tree, box.node, language)]
    elif seen["name"] != seen["id"]:
        said.append(printable(seen["id"]))
    said += [words[mark] for mark in box.marks]
    if seen["warning"]:
        said.append(words[seen["warning"]])
    if seen["probability"] is not None:
        said.append(f"{words['probability']} {chance(seen['probability'])}")
    return Group(box.node, tuple(shapes), "\n".join(said))


def _frame(
    seen: dict[str, Any], x: float, y: float, width: float, height: float, subject: bool
) -> list[Shape]:
    """The box itself: square for a firm, round for a person, a pile for a bundle."""
    person = PERSON in (seen["kind"], seen.get("of"))
    round_ = min(height / 2, 15.0) if person else 0.0
    ground = LEVELS[seen["warning"]][1] if seen["warning"] else PAPER
    line = LEVELS[seen["warning"]][0] if seen["warning"] else INK
    shapes: list[Shape] = []
    if seen["kind"] == BUNDLE:
        for off in (6, 3):
            pile = _rectangle(x + off, y + off, width - 6, height - 6, max(round_ - 3, 0))
            shapes.append(Outline(pile, fill=PAPER, stroke=SOFT, width=1))
        width, height, line = width - 6, height - 6, SOFT
    if subject:  # a second frame inside the first, so that arrows end at the outer one
        shapes.append(Outline(_rectangle(x, y, width, height), fill=PAPER, stroke=INK, width=3.2))
        x, y, width, height = x + 4, y + 4, width - 8, height - 8
    frame = _rectangle(x, y, width, height, round_)
    shapes.append(Outline(frame, fill=ground, stroke=line, width=1.6 if seen["warning"] else 1.2))
    if seen["case"]:
        shapes += _hatched(x, y, 11.0, height)
    return shapes


def _hatched(x: float, y: float, width: float, height: float) -> list[Shape]:
    """A strip of slanted lines along the left edge of a box: under case, in colour or in grey."""
    strip: list[Shape] = [Outline(_rectangle(x, y, width, height), PAPER, INK, 1.2)]
    step, at = 6.0, 0.0
    while at < height + width:
        low, high = max(at - width, 0.0), min(at, height)
        ends = ((x + at - high, y + high), (x + at - low, y + low))
        slant = _shift((("M", (ends[0],)), ("L", (ends[1],))), 0, 0)
        strip.append(Outline(slant, stroke=INK, width=1.6))
        at += step
    return strip


def _tags(box: Box, middle: float, y: float, language: Language) -> list[Shape]:
    """The written marks in a row: a case white on dark, the others framed."""
    texts = [PICTURE_WORDS[language][mark] for mark in box.marks]
    wide = [width_of(text, SMALL) + 10 for text in texts]
    x = middle - (sum(wide) + 5 * (len(wide) - 1)) / 2
    shapes: list[Shape] = []
    for mark, text, width in zip(box.marks, texts, wide, strict=True):
        dark = mark == "case"
        ground = _rectangle(x, y - 11, width, 15, 3)
        shapes.append(Outline(ground, INK if dark else PAPER, INK, 0.9))
        colour = PAPER if dark else INK
        shapes.append(_words(text, x + width / 2, y, SMALL, colour, True))
        x += width + 5
    return shapes


def _legend(
    tree: nx.DiGraph, layout: Layout, width: float, top: float, language: Language
) -> tuple[list[Shape], float]:
    """What the signs in this picture mean, flowing from left to right; and where it ends."""
    words, x, y = PICTURE_WORDS[language], MARGIN, top
    shapes: list[Shape] = []
    rule = (("M", ((MARGIN, top - 16),)), ("L", ((width - MARGIN, top - 16),)))
    shapes.append(Outline(_shift(rule, 0, 0), stroke=SOFT, width=0.6))
    for key in _signs(tree, layout):
        text = shortened(words[key], 260, 11)
        need = 46 + width_of(text, 11) + 22
        if x > MARGIN and x + need > width - MARGIN:
            x, y = MARGIN, y + 24
        shapes += _sample(key, x, y)
        shapes.append(Words(text, round(x + 42, 1), round(y + 4, 1), 11, "start"))
        x += need
    return shapes, y + 10


def _signs(tree: nx.DiGraph, layout: Layout) -> list[str]:
    nodes = [seen for _, seen in tree.nodes(data=True)]
    edges = [joined for _, _, joined in tree.edges(data=True)]
    capital = [joined["owns"] or joined["branch"] for joined in edges]
    present = {
        "subject": True,
        "firm": True,
        "person": any(seen["kind"] == PERSON for seen in nodes),
        "bundle": any(seen["kind"] == BUNDLE for seen in nodes),
        "case": any(seen["case"] for seen in nodes),
        **{level: any(seen["warning"] == level for seen in nodes) for level in LEVELS},
        "ownership": any(capital),
        "post": not all(capital),
        "circle": any(line.circular for line in layout.lines),
        "small": any(box.small for box in layout.boxes),
    }
    return [key for key, there in present.items() if there]


def _sample(key: str, x: float, y: float) -> list[Shape]:
    if key == "small":
        return [_words("9133… 1%", x + 18, y + 4, 8, SOFT)]
    if key in LEVELS:
        return [level_shape(key, x + 18, y)]
    if key in ("ownership", "post", "circle"):
        path = _shift((("M", ((x, y),)), ("L", ((x + 34, y),))), 0, 0)
        return list(_stroke(path, key == "ownership", key == "circle", False))
    seen: dict[str, Any] = {"kind": FIRM, "warning": None, "case": key == "case"}
    if key == "person":
        seen["kind"] = PERSON
    if key == "bundle":
        seen |= {"kind": BUNDLE, "of": FIRM}
    return _frame(seen, x + 2, y - 8, 32, 16, key == "subject")
