"""What stands at one place of a family tree's picture: a box, or a column of leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

from graphs.family_tree import Node, edge_words
from graphs.tree_bundles import BUNDLE
from graphs.tree_layers import Item
from graphs.tree_words import Language, marks, shortened, shown_name, small_line, width_of, wrapped

BOX_WIDTH = 190.0
NAME, SMALL, LABEL = 13.0, 10.0, 11.0  # sizes of letters
GAP = 26.0  # between neighbours of a row
STACK_FROM = 3  # so many leaves of one node stand in a column
STACK_ROWS = 8
STACK_GAP = 12.0
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
    """What stands at one place of a row: one box, or a column of leaves beside a trunk."""

    nodes: tuple[Node, ...]
    above: bool  # a column that stands above the node it belongs to
    indent: float
    width: float
    height: float

    @property
    def stack(self) -> bool:
        return self.indent > 0


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
    leaves: dict[tuple[Node, bool], list[Node]] = {}
    for node in sorted(tree):
        around = (set(tree.predecessors(node)) | set(tree.successors(node))) - {node}
        own = tree.has_edge(node, node) or node == tree.graph["subject"]
        one_way = tree.in_degree(node) + tree.out_degree(node) == 1
        if not own and one_way:
            leaves.setdefault((around.pop(), tree.out_degree(node) == 1), []).append(node)
    item: dict[Node, Item] = {}
    blocks: dict[Item, Block] = {}
    for (owner, above), nodes in sorted(leaves.items()):
        if len(nodes) >= STACK_FROM:
            name = ("stack", "above" if above else "below", *owner)
            nodes.sort(key=lambda node: (node[0] == BUNDLE, -_stake(tree, node), node))
            blocks[name] = _stack(tree, nodes, above, sizes, language)
            item |= dict.fromkeys(nodes, name)
    for node in sorted(node for node in tree if node not in item):
        item[node] = ("node", *node)
        blocks["node", *node] = Block((node,), False, 0, BOX_WIDTH, sizes[node].height)
    return item, blocks


def _stake(tree: nx.DiGraph, node: Node) -> float:
    edges = (*tree.in_edges(node, data=True), *tree.out_edges(node, data=True))
    return max((joined["ratio"] or 0.0 for _, _, joined in edges), default=0.0)


def _stack(
    tree: nx.DiGraph,
    nodes: list[Node],
    above: bool,
    sizes: Mapping[Node, Box],
    language: Language,
) -> Block:
    said = [
        width_of(edge_words(joined, language), LABEL)
        for node in nodes
        for _, _, joined in (*tree.in_edges(node, data=True), *tree.out_edges(node, data=True))
    ]
    indent = min(max(36.0, max(said) + 22), WIDEST_LABEL + 22)
    columns = [nodes[at : at + STACK_ROWS] for at in range(0, len(nodes), STACK_ROWS)]
    height = max(sum(sizes[node].height + STACK_GAP for node in part) for part in columns)
    width = len(columns) * (indent + BOX_WIDTH) + (len(columns) - 1) * GAP / 2
    return Block(tuple(nodes), above, indent, width, height)
