"""What stands at one place of a family tree's picture: a box, or an outline of what hangs there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import networkx as nx

from graphs.family_tree import Node, edge_words
from graphs.tree_bundles import BUNDLE
from graphs.tree_layers import Item
from graphs.tree_words import Language, marks, shortened, shown_name, small_line, width_of, wrapped

BOX_WIDTH = 190.0
NAME, SMALL, LABEL = 13.0, 10.0, 11.0  # sizes of letters
GAP = 26.0  # between neighbours of a row
OUTLINE_FROM = 3  # so many nodes that hang at one node stand in an outline
OUTLINE_GAP = 12.0
SHORTEST_COLUMN = 560.0  # a column of an outline is not ended before
TRUNK = 10.0
WIDEST_LABEL = 150.0


@dataclass(frozen=True)
class Box:
    """One node: left, top, width, height, and what it says."""

    node: Node
    x: float
    y: float
    width: float
    height: float
    name: tuple[str, ...]
    small: str
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """What stands at one place of a row: one box, or an outline of what hangs at one node.

    above: an outline of owners and people, which stands above the node it belongs to. places: each
    node's left upper corner inside the block. trunk: for a node of an outline, where inside the
    block the line beside it runs down. roots: the nodes of an outline joined to the node outside.
    """

    nodes: tuple[Node, ...]
    width: float
    height: float
    places: Mapping[Node, tuple[float, float]]
    above: bool = False
    trunk: Mapping[Node, float] = field(default_factory=dict)
    roots: frozenset[Node] = frozenset()

    @property
    def outline(self) -> bool:
        """Whether it is an outline."""
        return bool(self.roots)

    @property
    def hangs_below(self) -> bool:
        """Whether it is an outline of holdings."""
        return self.outline and not self.above


def box_of(tree: nx.DiGraph, node: Node, language: Language) -> Box:
    """The box of a node, its place still open."""
    inner = BOX_WIDTH - 30  # room for the strip of a case
    name = wrapped(shown_name(tree, node, language), inner, NAME)
    small = shortened(small_line(tree, node), inner, SMALL)
    said = tuple(marks(tree, node))
    height = 12 + 17 * len(name) + (14 if small else 0) + (18 if said else 0)
    return Box(node, 0, 0, BOX_WIDTH, max(height, 30.0), tuple(name), small, said)


def blocks_of(
    tree: nx.DiGraph, sizes: Mapping[Node, Box], language: Language
) -> tuple[dict[Node, Item], dict[Item, Block]]:
    """Which block each node stands in, and the blocks by name."""
    hanging = _hanging(tree)
    item: dict[Node, Item] = {}
    blocks: dict[Item, Block] = {}
    # outlines of the outer nodes first: what they take in has none of its own
    for owner in (*sorted(n for n in tree if n not in hanging), *reversed(hanging)):
        if owner in item:
            continue
        for above, around in ((True, tree.predecessors(owner)), (False, tree.successors(owner))):
            roots = [n for n in around if n in hanging and hanging[n] == above and n not in item]
            if _many(tree, owner, roots, hanging):
                name = ("outline", "above" if above else "below", *owner)
                blocks[name] = _outline(tree, roots, above, sizes, language)
                item |= dict.fromkeys(blocks[name].nodes, name)
    for node in sorted(node for node in tree if node not in item):
        item[node] = ("node", *node)
        box = sizes[node]
        blocks["node", *node] = Block((node,), box.width, box.height, {node: (0.0, 0.0)})
    return item, blocks


def _many(tree: nx.DiGraph, owner: Node, roots: list[Node], hanging: Mapping[Node, bool]) -> bool:
    """Whether what hangs at a node is worth an outline.

    At the firm itself and above a node the roots count, so that a small tree keeps its rows; below
    the others all that hangs counts, since a long chain would push every row down.
    """
    if owner == tree.graph["subject"] or (roots and hanging[roots[0]]):
        return len(roots) >= OUTLINE_FROM
    return len(roots) + sum(len(nx.descendants(tree, root)) for root in roots) >= OUTLINE_FROM


def _hanging(tree: nx.DiGraph) -> dict[Node, bool]:
    """Nodes that hang at the rest by one line: True above (by what they hold), False below.

    Below: held by one only, and all that it holds, if anything, hangs at it in turn. Above: what
    holds one firm and is held by nobody. The firm itself and self-holdings never hang.
    """
    loose = {n for n in tree if n != tree.graph["subject"] and not tree.has_edge(n, n)}
    found = {n: True for n in loose if tree.in_degree(n) == 0 and tree.out_degree(n) == 1}
    waiting = {n: tree.out_degree(n) for n in loose if tree.in_degree(n) == 1}
    ready = sorted(n for n, count in waiting.items() if count == 0)
    for node in ready:  # from the leaves up; a circle never gets ready
        found[node] = False
        for owner in tree.predecessors(node):
            if owner in waiting:
                waiting[owner] -= 1
                if waiting[owner] == 0:
                    ready.append(owner)
    return found


def _stake(tree: nx.DiGraph, node: Node) -> float:
    edges = (*tree.in_edges(node, data=True), *tree.out_edges(node, data=True))
    return max((joined["ratio"] or 0.0 for _, _, joined in edges), default=0.0)


def _outline(
    tree: nx.DiGraph, roots: list[Node], above: bool, sizes: Mapping[Node, Box], language: Language
) -> Block:
    """Boxes one below the other, what a firm holds indented under it, in columns side by side."""

    def ordered(nodes: list[Node]) -> list[Node]:
        return sorted(nodes, key=lambda node: (node[0] == BUNDLE, -_stake(tree, node), node))

    def indent(nodes: list[Node]) -> float:
        joined = [
            j
            for n in nodes
            for _, _, j in (tree.out_edges if above else tree.in_edges)(n, data=True)
        ]
        said = max(width_of(edge_words(j, language), LABEL) for j in joined)
        return min(max(36.0, said + 22), WIDEST_LABEL + 22)

    def parts(node: Node, x: float) -> list[tuple[Node, float, float]]:
        """A node and what it holds: (node, left, trunk)."""
        below = [] if above else ordered(list(tree.successors(node)))
        step = indent(below) if below else 0.0
        rows = [(node, x, 0.0)]
        for child in below:
            rows += [(n, left, trunk or x + TRUNK) for n, left, trunk in parts(child, x + step)]
        return rows

    first = indent(roots)
    pieces = [parts(root, first) for root in ordered(roots)]
    heights = [sum(sizes[n].height + OUTLINE_GAP for n, _, _ in piece) for piece in pieces]
    widest = max(x for piece in pieces for _, x, _ in piece) + BOX_WIDTH + GAP / 2
    # columns about as high as makes the whole wider than high, as screens and paper are
    limit = max(SHORTEST_COLUMN, (sum(heights) * widest / 1.6) ** 0.5, *heights)
    limit = sum(heights) if sum(heights) < 1.35 * limit else limit  # no column of a box or two
    places: dict[Node, tuple[float, float]] = {}
    trunk: dict[Node, float] = {}
    x, y, right, bottom = 0.0, 0.0, 0.0, 0.0
    for piece, height in zip(pieces, heights, strict=True):
        if y and y + height > limit:
            x, y = right + GAP / 2, 0.0
        for node, left, beside in piece:
            places[node], trunk[node] = (x + left, y), x + (beside or TRUNK)
            y += sizes[node].height + OUTLINE_GAP
            right = max(right, x + left + BOX_WIDTH)
        bottom = max(bottom, y - OUTLINE_GAP)
    return Block(tuple(places), right, bottom, places, above, trunk, frozenset(roots))
