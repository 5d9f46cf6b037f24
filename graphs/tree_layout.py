"""Where everything stands in the picture of a family tree: boxes, lines and their labels.

Holders stand above what they hold. Where several nodes hang at one node by one line each, they
stand in an outline beside a trunk, with what they hold indented below them, in columns. A circle
of holdings cannot stand above itself: the lines of it that lead up again are drawn from the firm
below to the firm above and say so (`Line.upwards`). Labels stand at the lower end of their lines,
in as many rows as they need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import networkx as nx

from graphs.family_tree import Node, edge_words
from graphs.tree_blocks import (
    BOX_WIDTH,
    GAP,
    LABEL,
    WIDEST_LABEL,
    Block,
    Box,
    blocks_of,
    box_of,
)
from graphs.tree_bundles import circles
from graphs.tree_layers import Arc, Item, placed
from graphs.tree_words import Language, shortened, width_of

ROW_LIMIT = 3600.0  # a wider row is laid in several
TALL = 200.0  # an outline higher than this stands in the last row
BEND = 52.0  # the height in which lines cross from port to port
LABEL_ROW = 16.0

Point = tuple[float, float]
Path = tuple[tuple[str, tuple[Point, ...]], ...]


@dataclass(frozen=True)
class Label:
    """What a line says, around its middle."""

    text: str
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Line:
    """One edge: "M" moves, "L" draws straight, "C" curves, from the upper end to the lower end.

    circular: a holding inside a circle of holdings. upwards: the holder is the lower end. itself:
    a firm that holds itself.
    """

    holder: Node
    firm: Node
    path: Path
    label: Label | None
    circular: bool
    upwards: bool
    itself: bool = False


@dataclass(frozen=True)
class Layout:
    """The whole picture, its left upper corner at 0, 0."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: float
    height: float


def laid_out(tree: nx.DiGraph, language: Language = "zh") -> Layout:
    """The picture of a tree of `graphs.family_tree`, or of one that went through `bundled`.

    Any order of nodes and edges gives the same picture. The empty tree cannot be: a family tree
    has its firm.
    """
    sizes = {node: box_of(tree, node, language) for node in tree}
    upwards = _upwards(tree)
    item, blocks = blocks_of(tree, sizes, language)
    rows_graph = nx.DiGraph()
    rows_graph.add_nodes_from(sorted(blocks))
    for holder, firm in tree.edges:
        if item[holder] != item[firm]:
            ends = (firm, holder) if (holder, firm) in upwards else (holder, firm)
            rows_graph.add_edge(item[ends[0]], item[ends[1]])
    width = {name: block.width for name, block in blocks.items()}
    start = item[tree.graph["subject"]]
    tall = [name for name, block in blocks.items() if block.height > TALL and block.hangs_below]
    rows = placed(rows_graph, start, width, gap=GAP, row_limit=ROW_LIMIT, last=tall)
    return _Drawn(tree, language, sizes, upwards, item, blocks, rows).layout()


def _upwards(tree: nx.DiGraph) -> set[tuple[Node, Node]]:
    """The holdings of circles that must lead up: those against the order of levels, then of ids.

    Without them (and self-holdings) no way of holdings and posts comes back to where it began.
    """
    plain = nx.DiGraph((a, b) for a, b in tree.edges if a != b)
    found = set()
    for part in nx.strongly_connected_components(plain):
        order = sorted(part, key=lambda node: (-tree.nodes[node]["level"], node))
        place = {node: at for at, node in enumerate(order)}
        found |= {
            (a, b)
            for a in order
            for b in plain.successors(a)
            if place.get(b, len(place)) < place[a]
        }
    return found


class _Drawn:
    """From rows to coordinates."""

    def __init__(
        self,
        tree: nx.DiGraph,
        language: Language,
        sizes: Mapping[Node, Box],
        upwards: set[tuple[Node, Node]],
        item: Mapping[Node, Item],
        blocks: Mapping[Item, Block],
        rows: Any,
    ) -> None:
        self._tree, self._language, self._sizes = tree, language, sizes
        self._upwards, self._item, self._blocks, self._rows = upwards, item, blocks, rows
        self._circle = circles(tree)
        self._row_of = {name: at for at, members in enumerate(rows.rows) for name in members}
        self._ports = self._all_ports()
        self._texts = self._all_texts()
        self._label_row, self._label_rows = self._stagger()
        self._top, self._bottom = self._heights()

    def layout(self) -> Layout:
        """Boxes and lines, moved so that the picture begins at 0, 0."""
        boxes = {box.node: box for name in sorted(self._blocks) for box in self._placed_boxes(name)}
        lines = [self._line(a, b, boxes) for a, b in sorted(self._tree.edges)]
        xs = [x for box in boxes.values() for x in (box.x, box.x + box.width)]
        for line in lines:
            xs += [x for _, points in line.path for x, _ in points]
            if line.label:
                xs += [line.label.x - line.label.width / 2, line.label.x + line.label.width / 2]
        left = min(xs)
        return Layout(
            tuple(replace(boxes[node], x=_round(boxes[node].x - left)) for node in sorted(boxes)),
            tuple(_moved(line, -left) for line in lines),
            _round(max(xs) - left),
            _round(max(self._bottom)),
        )

    def _arc(self, holder: Node, firm: Node) -> tuple[Node, Node]:
        """The edge's upper and lower node."""
        return (firm, holder) if (holder, firm) in self._upwards else (holder, firm)

    def _route(self, up: Node, down: Node) -> list[Item]:
        arc: Arc = (self._item[up], self._item[down])
        return [arc[0], *self._rows.passing[arc], arc[1]]

    def _all_ports(self) -> dict[tuple[Node, Node], Point]:
        """For each drawn edge the x of its upper and of its lower end, spread over the boxes."""
        ends: dict[tuple[Node, int], dict[Any, list[tuple[Node, Node]]]] = {}
        for holder, firm in sorted(self._tree.edges):
            if self._item[holder] == self._item[firm]:
                continue  # a self-holding, or inside an outline
            up, down = self._arc(holder, firm)
            route = self._route(up, down)
            for node, side, near, far in ((up, 1, route[1], down), (down, 0, route[-2], up)):
                back = (holder, firm) in self._upwards  # two firms that hold each other: two lines
                towards = (self._rows.centre[near], near, self._item[far], back)
                ends.setdefault((node, side), {}).setdefault(towards, []).append((holder, firm))
        x: dict[tuple[Node, Node], list[float]] = {}
        for (node, side), groups in sorted(ends.items()):
            name = self._item[node]
            if self._blocks[name].outline:
                continue  # its lines run along the trunk
            room = BOX_WIDTH * 0.7
            for at, towards in enumerate(sorted(groups)):
                place = self._rows.centre[name] + room * ((at + 0.5) / len(groups) - 0.5)
                for pair in groups[towards]:
                    x.setdefault(pair, [0.0, 0.0])[1 - side] = place
        return {pair: (both[0], both[1]) for pair, both in x.items()}

    def _all_texts(self) -> dict[tuple[Node, Node], str]:
        said = {}
        for a, b, joined in self._tree.edges(data=True):
            text = edge_words(joined, self._language)
            said[a, b] = shortened(text, WIDEST_LABEL, LABEL)
        return said

    def _stagger(self) -> tuple[dict[tuple[Node, Node], int], list[int]]:
        """The row of each label above its row of boxes, the lowest with room; and how many rows."""
        taken: list[list[list[Point]]] = [[] for _ in self._rows.rows]
        row_of: dict[tuple[Node, Node], int] = {}
        drawn = [pair for pair in self._ports if not self._on_trunk(pair) and self._texts[pair]]
        for pair in sorted(drawn, key=lambda pair: (self._ports[pair][1], pair)):
            rows = taken[self._row_of[self._item[self._arc(*pair)[1]]]]
            half = width_of(self._texts[pair], LABEL) / 2 + 4
            span = self._ports[pair][1] - half, self._ports[pair][1] + half
            at = 0
            while at < len(rows) and any(a < span[1] and span[0] < b for a, b in rows[at]):
                at += 1
            if at == len(rows):
                rows.append([])
            rows[at].append(span)
            row_of[pair] = at
        return row_of, [len(rows) for rows in taken]

    def _on_trunk(self, pair: tuple[Node, Node]) -> bool:
        return any(self._blocks[self._item[node]].outline for node in pair)

    def _heights(self) -> tuple[list[float], list[float]]:
        top, bottom, y = [], [], 0.0
        for at, members in enumerate(self._rows.rows):
            if at:
                y += BEND + LABEL_ROW * self._label_rows[at] + 12
            top.append(y)
            real = [self._blocks[name].height for name in members if name in self._blocks]
            y += max(real, default=0.0)
            bottom.append(y)
        return top, bottom

    def _placed_boxes(self, name: Item) -> Iterable[Box]:
        block, at = self._blocks[name], self._row_of[name]
        left = self._rows.centre[name] - block.width / 2
        # what has nothing above it stands at the foot of its row, near what it holds
        at_foot = block.above or all(
            (pair[1] if pair in self._upwards else pair[0]) in block.nodes
            for node in block.nodes
            for pair in (*self._tree.in_edges(node), *self._tree.out_edges(node))
        )
        y = self._bottom[at] - block.height if at_foot else self._top[at]
        for node, (dx, dy) in block.places.items():
            yield replace(self._sizes[node], x=left + dx, y=_round(y + dy))

    def _line(self, holder: Node, firm: Node, boxes: Mapping[Node, Box]) -> Line:
        own = self._circle.get(holder, -1) == self._circle.get(firm, -2)
        circular = own and bool(self._tree.edges[holder, firm]["owns"])
        text = self._texts[holder, firm]
        if holder == firm:
            return self._loop(holder, boxes[holder], text)
        up, down = self._arc(holder, firm)
        path, spot = self._path(up, down, (holder, firm), boxes)
        label = Label(text, *spot, width_of(text, LABEL)) if text else None
        return Line(holder, firm, path, label, circular, (holder, firm) in self._upwards)

    def _path(
        self, up: Node, down: Node, pair: tuple[Node, Node], boxes: Mapping[Node, Box]
    ) -> tuple[Path, Point]:
        """A line from its upper to its lower box, and where its label stands."""
        upper, lower = self._item[up], self._item[down]
        beside = lower if self._blocks[lower].outline else upper
        box = boxes[down if beside == lower else up]
        middle = box.y + box.height / 2
        trunk = self._rows.centre[beside] - self._blocks[beside].width / 2
        trunk += self._blocks[beside].trunk.get(box.node, 0.0)
        elbow: Path = (("L", ((trunk, middle),)), ("L", ((box.x, middle),)))
        spot = ((trunk + box.x) / 2, middle - 9)
        foot = boxes[up].y + boxes[up].height
        if upper == lower:
            return (("M", ((trunk, foot),)), *elbow), spot
        start, end = self._ports[pair]
        last: Path = (("L", ((end, boxes[down].y),)),)
        if self._blocks[upper].outline:
            way = self._between(up, down, pair, trunk, end)
            return (("M", elbow[1][1]), elbow[0], *way, *last), spot
        begin: Path = (("M", ((start, foot),)),)
        if self._blocks[lower].outline:
            return (*begin, *self._between(up, down, pair, start, trunk), *elbow), spot
        at, rise = self._row_of[lower], 20 + LABEL_ROW * self._label_row.get(pair, 0)
        way = self._between(up, down, pair, start, end)
        return (*begin, *way, *last), (end, self._top[at] - rise)

    def _between(self, up: Node, down: Node, pair: tuple[Node, Node], x: float, end: float) -> Path:
        """From the foot of the upper row to the head of the lower, past the rows between."""
        path: list[tuple[str, tuple[Point, ...]]] = []
        aside = 5.0 if pair in self._upwards else 0.0
        for name in self._route(up, down)[1:]:
            at = self._row_of[name]
            to = end if name == self._item[down] else self._rows.centre[name] + aside
            foot = self._bottom[at - 1]
            reach = self._top[at] - LABEL_ROW * self._label_rows[at] - 12
            path += [("L", ((x, foot),)), ("C", _bend((x, foot), (to, reach)))]
            path.append(("L", ((to, self._top[at]),)))
            x = to
        return tuple(path)

    def _loop(self, node: Node, box: Box, text: str) -> Line:
        """A firm that holds itself: a loop at its right side, in the gap to its neighbour."""
        x, y, out = box.x + box.width, box.y + box.height / 2, GAP - 6
        turn: tuple[Point, ...] = ((x + out, y - 12), (x + out, y + 12), (x, y + 8))
        label = Label(text, x + 4, box.y + box.height + 8, width_of(text, LABEL)) if text else None
        path = (("M", ((x, y - 8),)), ("C", turn))
        return Line(node, node, path, label, True, False, itself=True)


def _bend(start: Point, end: Point) -> tuple[Point, Point, Point]:
    half = (start[1] + end[1]) / 2
    return (start[0], half), (end[0], half), end


def _round(value: float) -> float:
    return round(value, 1) + 0.0  # no -0.0


def _moved(line: Line, by: float) -> Line:
    path = tuple(
        (letter, tuple((_round(x + by), _round(y)) for x, y in points))
        for letter, points in line.path
    )
    label = line.label
    if label:
        label = replace(label, x=_round(label.x + by), y=_round(label.y))
    return replace(line, path=path, label=label)
