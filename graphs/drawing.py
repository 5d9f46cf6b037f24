"""The picture of a family tree, as SVG or PNG, with Chinese labels.

Both show the same shapes (`graphs.tree_shapes`). In an SVG labels stay text, so whoever opens it
sees them in a font of their own even when this machine has none. A PNG needs an installed Chinese
font (`CJK_FONTS`); without one it shows ids in place of Chinese names and `Drawing.note` says so.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal
from xml.etree import ElementTree

import networkx as nx
import numpy as np
from matplotlib import font_manager, rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outlined
from numpy.typing import NDArray
from PIL import Image

from graphs.family_tree import Node
from graphs.tree_bundles import BUNDLE, bundled
from graphs.tree_shapes import PAPER, Group, Outline, Picture, Words, picture
from graphs.tree_words import Language

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
PNG_SCALE = 1.5  # dots a unit
MOST_DOTS = 24_000_000  # a larger picture is drawn smaller

_CODES = {"M": [Outlined.MOVETO], "L": [Outlined.LINETO], "C": [Outlined.CURVE4] * 3}


@dataclass(frozen=True)
class Drawing:
    """A picture's bytes, the Chinese font it was set in (None: none found), and what to know.

    A notebook shows it as the last value of a cell.
    """

    data: bytes = field(repr=False)
    font: str | None
    note: str
    form: Literal["svg", "png"] = "svg"

    def _repr_svg_(self) -> str | None:
        return self.data.decode() if self.form == "svg" else None

    def _repr_png_(self) -> bytes | None:
        return self.data if self.form == "png" else None


def chinese_font(installed: Collection[str] | None = None) -> str | None:
    """The first of `CJK_FONTS` that is installed, None where none is."""
    if installed is None:
        installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return next((name for name in CJK_FONTS if name in installed), None)


def draw_family_tree(
    tree: nx.DiGraph,
    form: Literal["svg", "png"] = "svg",
    *,
    as_of: datetime.date | None = None,
    language: Language = "zh",
    installed_fonts: Collection[str] | None = None,
) -> Drawing:
    """Draws a tree of `graphs.family_tree`: owners above, holdings below, stakes on the edges.

    What stands alike is put together first (`graphs.tree_bundles`). The same tree gives the same
    bytes: an SVG everywhere, a PNG on one machine. `installed_fonts` stands in for the machine's
    own (tests).
    """
    font = chinese_font(installed_fonts)
    if form == "svg":
        data = svg(picture(bundled(tree), as_of, language)).encode()
        return Drawing(data, font, "", form)
    if font is None:
        shown = picture(_without_chinese(bundled(tree)), as_of, "en")
        note = (
            "No Chinese font is installed here, so the picture shows ids in place of Chinese "
            "names; install one (such as the package fonts-noto-cjk), or ask for SVG or HTML."
        )
        return Drawing(_png(shown, None), None, note, form)
    shown = picture(bundled(tree), as_of, language)
    note = ""
    if _scale(shown) < 1:
        note = (
            f"The picture is large and its letters are drawn at {_scale(shown):.0%} of their size; "
            "ask for SVG or HTML, which can be enlarged."
        )
    return Drawing(_png(shown, font), font, note, form)


def _scale(shown: Picture) -> float:
    """Dots a unit: fewer where the picture would have more than `MOST_DOTS`."""
    return min(PNG_SCALE, (MOST_DOTS / (shown.width * shown.height)) ** 0.5)


def _without_chinese(tree: nx.DiGraph) -> nx.DiGraph:
    """Ids in place of names that need a Chinese font; roles without one are left out."""
    out = tree.copy()
    for _, seen in out.nodes(data=True):
        if not seen["name"].isascii() and seen["kind"] != BUNDLE:
            seen["name"] = seen["id"]
    for _, _, joined in out.edges(data=True):
        joined["roles"] = [role for role in joined["roles"] if role.isascii()]
    return out


def svg(shown: Picture, ids: dict[Node, str] | None = None) -> str:
    """The picture as SVG; with `ids` as part of an HTML page, its nodes and edges marked.

    The groups then carry data-node, or data-src and data-dst, for the page's script.
    """
    families = ", ".join(f"'{name}'" for name in CJK_FONTS)
    alone = {"xmlns": "http://www.w3.org/2000/svg"} if ids is None else {}
    root = ElementTree.Element(
        "svg",
        {
            **alone,
            "viewBox": f"0 0 {_number(shown.width)} {_number(shown.height)}",
            "width": _number(shown.width),
            "height": _number(shown.height),
            "font-family": f"{families}, 'DejaVu Sans', sans-serif",
        },
    )
    size = {"width": _number(shown.width), "height": _number(shown.height)}
    ElementTree.SubElement(root, "rect", {**size, "fill": PAPER})
    for group in shown.groups:
        inside = ElementTree.SubElement(root, "g", _marks(group, ids or {}))
        if group.said and ids is None:  # a page shows more than the title, in its own way
            ElementTree.SubElement(inside, "title").text = group.said
        for shape in group.shapes:
            if isinstance(shape, Words):
                _add_words(inside, shape)
            else:
                ElementTree.SubElement(inside, "path", _path_attributes(shape))
    text = ElementTree.tostring(root, encoding="unicode") + "\n"
    return text if ids is not None else "<?xml version='1.0' encoding='utf-8'?>\n" + text


def _marks(group: Group, ids: dict[Node, str]) -> dict[str, str]:
    """A group's class, and the ids of its node or of both ends of its edge."""
    if group.of is None:
        return {}
    if isinstance(group.of[0], str):
        return {"class": "node", **({"data-node": ids[group.of]} if group.of in ids else {})}  # type: ignore[index]
    holder, firm = group.of
    both = {"data-src": ids[holder], "data-dst": ids[firm]} if holder in ids else {}  # type: ignore[index]
    return {"class": "edge", **both}


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _path_attributes(shape: Outline) -> dict[str, str]:
    steps = (
        letter + " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        for letter, points in shape.path
    )
    said = {"d": "".join(steps), "fill": shape.fill or "none"}
    if shape.stroke:
        said |= {"stroke": shape.stroke, "stroke-width": _number(shape.width)}
    if shape.dash:
        said["stroke-dasharray"] = " ".join(map(_number, shape.dash))
    return said


def _add_words(inside: Any, shape: Words) -> None:
    said = {
        "x": _number(shape.x),
        "y": _number(shape.y),
        "font-size": _number(shape.size),
        "text-anchor": shape.anchor,
        "fill": shape.fill,
    }
    if shape.bold:
        said["font-weight"] = "bold"
    ElementTree.SubElement(inside, "text", said).text = shape.text


def _png(shown: Picture, font: str | None) -> bytes:
    scale = _scale(shown)
    settings: dict[str, Any] = {"font.family": [font, "DejaVu Sans"] if font else ["DejaVu Sans"]}
    with rc_context(settings):
        inches = (shown.width / 100, shown.height / 100)
        figure = Figure(figsize=inches, dpi=100 * scale, facecolor=PAPER)
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.axis("off")
        axes.set_xlim(0, shown.width)
        axes.set_ylim(shown.height, 0)
        order = 0
        for group in shown.groups:
            for shape in group.shapes:
                order += 1  # painted in the order of the shapes, not words last
                _paint(axes, shape, order)
        canvas.draw()
        dots = np.asarray(canvas.buffer_rgba())[:, :, :3]
    out = io.BytesIO()
    _with_palette(dots, shown).save(out, "png", optimize=True)
    return out.getvalue()


def _with_palette(dots: NDArray[np.uint8], shown: Picture) -> Image.Image:
    """The dots in the picture's few colours, each in steps to white: a third of the size.

    Every dot gets the nearest of them exactly; Pillow's own search is coarse and tints the paper.
    """
    used = {PAPER}
    for group in shown.groups:
        for shape in group.shapes:
            both = [shape.fill] if isinstance(shape, Words) else [shape.fill, shape.stroke]
            used |= {colour for colour in both if colour}
    base = np.array([[int(c[at : at + 2], 16) for at in (1, 3, 5)] for c in sorted(used)])
    steps = min(16, 256 // len(base))
    share = np.arange(steps)[:, None, None] / steps
    palette = np.rint(base + (255 - base) * share).astype(np.int64).reshape(-1, 3)
    packed = dots.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    distinct, place = np.unique(packed, return_inverse=True)
    colours = np.stack([distinct >> 16, (distinct >> 8) & 255, distinct & 255], 1).astype(np.int64)
    nearest = np.array([np.argmin(((palette - c) ** 2).sum(1)) for c in colours], np.uint8)
    image = Image.fromarray(nearest[place].reshape(packed.shape), "P")
    image.putpalette(palette.astype(np.uint8).tobytes())
    return image


def _paint(axes: Any, shape: Outline | Words, order: int) -> None:
    points_a_unit = 0.72
    if isinstance(shape, Words):
        axes.text(
            shape.x,
            shape.y,
            shape.text,
            fontsize=shape.size * points_a_unit,
            color=shape.fill,
            ha={"start": "left", "middle": "center", "end": "right"}[shape.anchor],
            va="baseline",
            weight="bold" if shape.bold else "normal",
            zorder=order,
            parse_math=False,  # a name may hold dollar signs
        )
        return
    vertices: list[tuple[float, float]] = []
    codes: list[Any] = []
    for letter, points in shape.path:
        vertices += points or (vertices[0],)
        codes += _CODES.get(letter, [Outlined.CLOSEPOLY])
    axes.add_patch(
        PathPatch(
            Outlined(vertices, codes),
            facecolor=shape.fill or "none",
            edgecolor=shape.stroke or "none",
            linewidth=shape.width * points_a_unit if shape.stroke else 0,
            linestyle=(0, tuple(d / shape.width for d in shape.dash)) if shape.dash else "-",
            zorder=order,
        )
    )
