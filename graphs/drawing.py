"""The picture of a family tree, as SVG or PNG, with Chinese labels.

Chinese needs a font. An installed one is looked for (`CJK_FONTS`). In an SVG labels stay text, so
whoever opens it sees them in a font of their own even when this machine has none; a PNG then shows
ids in place of Chinese names and `Drawing.note` says so.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import networkx as nx
from matplotlib import font_manager, rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from graphs.family_tree import Node, edge_words
from graphs.kinds import FIRM

# Fonts with simplified Chinese that systems bring, the plainest first.
CJK_FONTS: tuple[str, ...] = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Noto Sans SC",
    "Noto Sans CJK JP",  # one file holds all scripts; some libraries list only its first face
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Noto Serif CJK SC",
    "Noto Serif CJK JP",
    "SimSun",
)

_RED, _INK, _PAPER, _BLUE = "#b3261e", "#1f2933", "#ffffff", "#e8eef7"


@dataclass(frozen=True)
class Drawing:
    """A picture's bytes, the Chinese font it was set in (None: none found), and what to know."""

    data: bytes
    font: str | None
    note: str


def chinese_font(installed: Collection[str] | None = None) -> str | None:
    """The first of `CJK_FONTS` that is installed, None where none is."""
    if installed is None:
        installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return next((name for name in CJK_FONTS if name in installed), None)


def draw_family_tree(
    tree: nx.DiGraph,
    form: Literal["svg", "png"] = "svg",
    *,
    installed_fonts: Collection[str] | None = None,
) -> Drawing:
    """Draws a tree of `graphs.family_tree`: owners above, holdings below, stakes on the edges.

    Firms are boxes and people ovals; a known case is red and hatched, the firm itself framed
    thickly, the ultimate controller dashed; circular holdings are red, posts dotted. The same tree
    gives the same bytes on one machine. `installed_fonts` stands in for the machine's own (tests).
    """
    font = chinese_font(installed_fonts)
    place = _layout(tree)
    settings: dict[str, Any] = {
        "svg.fonttype": "none",  # labels stay text
        "svg.hashsalt": "forewarn",  # else the ids inside the file are random
        "font.family": [font, "DejaVu Sans"] if font else ["DejaVu Sans"],
    }
    with rc_context(settings), warnings.catch_warnings():
        # measuring a label without its font warns once a glyph; the note says it once
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = _painted(tree, place, ids_for_names=form == "png" and font is None)
        out = io.BytesIO()
        metadata = {"Date": None} if form == "svg" else {"Software": None}
        figure.savefig(out, format=form, metadata=metadata, bbox_inches="tight", dpi=120)
    data = out.getvalue()
    if form == "svg":
        # the reader's machine may have another Chinese font than this one
        families = ", ".join(f"'{name}'" for name in CJK_FONTS)
        data = data.replace(b"'DejaVu Sans'", f"{families}, 'DejaVu Sans'".encode())
    return Drawing(data, font, _note(form, font))


def _note(form: str, font: str | None) -> str:
    if font:
        return ""
    if form == "svg":
        return (
            "No Chinese font is installed here: the labels are text and show in the reader's own "
            "font, but their boxes were measured without one."
        )
    return (
        "No Chinese font is installed here: the picture shows ids in place of Chinese names. "
        "Install one (such as Noto Sans CJK), or use SVG."
    )


def _layout(tree: nx.DiGraph) -> dict[Node, tuple[float, float]]:
    """A row a level, each row ordered by the mean place of its neighbours in the other rows."""
    rows: dict[int, list[Node]] = {}
    for node, seen in tree.nodes(data=True):
        rows.setdefault(seen["level"], []).append(node)
    place = {
        node: (at - (len(row) - 1) / 2, float(level))
        for level, row in rows.items()
        for at, node in enumerate(sorted(row))
    }
    for _ in range(4):
        for level in sorted(rows, key=lambda level: (abs(level), level)):
            order = sorted(rows[level], key=lambda node: (_pull(tree, node, place), node))
            for at, node in enumerate(order):
                place[node] = (at - (len(order) - 1) / 2, float(level))
    return place


def _pull(tree: nx.DiGraph, node: Node, place: dict[Node, tuple[float, float]]) -> float:
    around = sorted(set(tree.predecessors(node)) | set(tree.successors(node)))
    seen = [place[other][0] for other in around if place[other][1] != place[node][1]]
    return sum(seen) / len(seen) if seen else place[node][0]


def _painted(
    tree: nx.DiGraph, place: dict[Node, tuple[float, float]], *, ids_for_names: bool
) -> Figure:
    widest = max(sum(1 for _, y in place.values() if y == level) for _, level in place.values())
    height = max(y for _, y in place.values()) - min(y for _, y in place.values()) + 1
    figure = Figure(figsize=(max(4.0, 1.9 * widest), max(2.0, 1.6 * height)), facecolor=_PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.set_xlim(-widest / 2 - 0.2, widest / 2 + 0.2)
    axes.set_ylim(min(y for _, y in place.values()) - 0.5, max(y for _, y in place.values()) + 0.5)
    circle = _circle_of(tree)
    for holder, firm, joined in sorted(tree.edges(data=True), key=lambda edge: edge[:2]):
        if holder != firm:
            together = circle.get(holder, -1) == circle.get(firm, -2)
            _paint_edge(axes, place[holder], place[firm], joined, together, ids_for_names)
    for node in sorted(tree):
        _paint_node(axes, tree, node, place[node], ids_for_names)
    return figure


def _circle_of(tree: nx.DiGraph) -> dict[Node, int]:
    """Which circle of holdings each node stands in; nodes in none are absent."""
    held = nx.DiGraph((a, b) for a, b, joined in tree.edges(data=True) if joined["owns"])
    circles = sorted(sorted(part) for part in nx.strongly_connected_components(held))
    return {node: at for at, part in enumerate(circles) if len(part) > 1 for node in part}


def _paint_edge(
    axes: Any,
    start: tuple[float, float],
    end: tuple[float, float],
    joined: dict[str, Any],
    circular: bool,
    ids_for_names: bool,
) -> None:
    capital = joined["owns"] or joined["branch"]
    color = _RED if circular and joined["owns"] else _INK
    bend = 0.25 if circular or start[1] == end[1] else 0.0
    axes.annotate(
        "",
        xy=end,
        xytext=start,
        zorder=1,
        arrowprops={
            "arrowstyle": "-|>",
            "color": color,
            "linestyle": "-" if capital else ":",
            "linewidth": 1.6 if circular else 1.0,
            "shrinkA": 22,
            "shrinkB": 24,
            "connectionstyle": f"arc3,rad={bend}",
        },
    )
    text = edge_words(joined, "en" if ids_for_names else "zh")
    if ids_for_names and not text.isascii():
        text = ""  # roles are Chinese words: no font, no label
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    if bend:
        middle = (
            middle[0] + bend / 2 * (end[1] - start[1]),
            middle[1] - bend / 2 * (end[0] - start[0]),
        )
    axes.text(*middle, text, fontsize=7, color=color, ha="center", va="center", zorder=2).set_bbox(
        {"facecolor": _PAPER, "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
    )


def _paint_node(
    axes: Any, tree: nx.DiGraph, node: Node, at: tuple[float, float], ids_for_names: bool
) -> None:
    seen = tree.nodes[node]
    text = seen["name"]
    if ids_for_names and not text.isascii():
        text = seen["id"]
    width = 9 if not text.isascii() else 16
    lines = [text[i : i + width] for i in range(0, min(len(text), 3 * width), width)]
    firm = seen["kind"] == FIRM
    box: dict[str, Any] = {
        "boxstyle": "square,pad=0.5" if firm else "round,pad=0.5",
        "facecolor": "#fbe4e2" if seen["case"] else _BLUE if firm else _PAPER,
        "edgecolor": _RED if seen["case"] else _INK,
        "linewidth": 2.4 if node == tree.graph["subject"] else 1.0,
        "linestyle": "--" if seen["controller"] else "-",
    }
    if seen["case"]:
        box["hatch"] = "///"  # a shape as well as a colour: print and colour blindness
    label = axes.text(*at, "\n".join(lines), fontsize=8, color=_INK, ha="center", va="center")
    label.set_bbox(box)
    label.set_zorder(3)
