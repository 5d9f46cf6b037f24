"""One firm's family tree (族谱): who stands above it, what it holds, and its people.

A small directed graph around one firm, and the same as text for a terminal. `graphs.drawing` makes
the picture, after `graphs.tree_bundles` has put together what stands alike.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

import networkx as nx
import pyarrow as pa
import pyarrow.compute as pc

from graphs.compact import WHOLE, compact
from graphs.kinds import BRANCH, DIRECTORSHIP, EDGE_KINDS, FIRM, OWNERSHIP, PERSON

Node = tuple[str, str]  # (kind, id)

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "owners": "股东与上级",
        "holdings": "对外投资与分支机构",
        "people": "任职人员",
        "related": "经股东或人员关联的企业",
        "case": "涉案",
        "controller": "最终控制人",
        "branch": "分支机构",
        "unknown": "比例不详",
        "again": "见上文",
        "left_out": "另有 {count} 个节点未列出",
        "person": "自然人 {id}",
    },
    "en": {
        "owners": "Owners and above",
        "holdings": "Holdings and branches",
        "people": "People with a post",
        "related": "Firms related through owners or people",
        "case": "case",
        "controller": "ultimate controller",
        "branch": "branch",
        "unknown": "stake unknown",
        "again": "see above",
        "left_out": "{count} more nodes not shown",
        "person": "person {id}",
    },
}


def family_tree(
    edges: pa.Table,
    subject: str,
    *,
    names: Mapping[str, str] | None = None,
    cases: Collection[str] = (),
    controller: str | None = None,
    levels_up: int = 4,
    levels_down: int = 3,
    max_nodes: int = 60,
) -> nx.DiGraph:
    """The tree around one firm, at most `max_nodes` nodes.

    Taken in this order until it is full, firms under case first, then larger stakes, then smaller
    ids: owners and parents level by level, people with a post, holdings and branches level by
    level, then the other firms of those owners and people. Every ownership, branch and post
    between chosen nodes is an edge, so a circle of holdings shows.

    Nodes are (kind, id) with the attributes id, kind, name (the id unless `names` has it), level
    (0 the firm, 1 its owners and people, -1 its holdings), case and controller (booleans), and
    what `marked` adds. Edges point from holder or director to firm, with ratio (share of 1, None
    unknown), owns and branch (booleans), roles (sorted list) and records (sorted sentences: table,
    record, file and line; empty where the edge table has no such columns). graph["subject"] is the
    firm's node; graph["left_out"] how many more nodes the walk met.

    Raises ValueError when a level is below 0 or `max_nodes` below 1.
    """
    if min(levels_up, levels_down) < 0 or max_nodes < 1:
        raise ValueError(
            f"A tree needs levels of 0 or more and room for at least 1 node; got {levels_up} "
            f"levels up, {levels_down} down and {max_nodes} nodes."
        )
    kinds = pa.array([OWNERSHIP, BRANCH, DIRECTORSHIP])
    relevant = edges.filter(pc.is_in(edges["kind"], value_set=kinds))
    walk = _Walk(relevant, (FIRM, subject), max_nodes, frozenset(cases))
    walk.grow("src", (OWNERSHIP, BRANCH), levels_up, +1, [walk.subject])
    walk.grow("src", (DIRECTORSHIP,), 1, +1, [walk.subject])
    walk.grow("dst", (OWNERSHIP, BRANCH), levels_down, -1, [walk.subject])
    above = [node for node, level in walk.level.items() if level > 0]
    walk.grow("dst", (OWNERSHIP, BRANCH, DIRECTORSHIP), 1, -1, above)

    tree = nx.DiGraph(subject=walk.subject, left_out=len(walk.left_out))
    for node, level in walk.level.items():
        kind, name = node
        tree.add_node(node, id=name, kind=kind, level=level, case=kind == FIRM and name in cases)
    _add_edges(tree, relevant)
    return marked(tree, names=names, controller=controller)


def marked(
    tree: nx.DiGraph,
    *,
    names: Mapping[str, str] | None = None,
    controller: str | None = None,
    warnings: Mapping[str, str] | None = None,
    probabilities: Mapping[str, float] | None = None,
) -> nx.DiGraph:
    """The same tree with names and marks by id; what a node has no entry for stays without.

    Sets the attributes name, controller, warning (a level of the list: red, orange, yellow, blue;
    None when the firm is not on it) and probability (None unknown). A person has neither.
    """
    out = tree.copy()
    for (kind, name), seen in out.nodes(data=True):
        firm = kind == FIRM
        seen["name"] = (names or {}).get(name, name)
        seen["controller"] = name == controller
        seen["warning"] = (warnings or {}).get(name) if firm else None
        seen["probability"] = (probabilities or {}).get(name) if firm else None
    return out


class _Walk:
    """Breadth-first over the edge table from one firm, bounded."""

    def __init__(
        self, edges: pa.Table, subject: Node, max_nodes: int, cases: frozenset[str]
    ) -> None:
        self.subject = subject
        self.level: dict[Node, int] = {subject: 0}
        self.left_out: set[Node] = set()
        self._edges = edges
        self._max_nodes = max_nodes
        self._cases = cases

    def grow(
        self, side: str, kinds: tuple[str, ...], levels: int, step: int, start: list[Node]
    ) -> None:
        """Adds the nodes at `side` ("src" above, "dst" below), level by level, from `start`."""
        front = start
        for _ in range(levels):
            met = self._neighbours(side, kinds, front)
            front = []
            for node, level in met:
                if node in self.level:
                    continue
                if len(self.level) >= self._max_nodes:
                    self.left_out.add(node)
                    continue
                self.level[node] = level + step
                front.append(node)
            if not front:
                return

    def _neighbours(
        self, side: str, kinds: tuple[str, ...], front: list[Node]
    ) -> list[tuple[Node, int]]:
        """Nodes across the edges of the front, with the level they are reached from, in order."""
        here = "dst" if side == "src" else "src"
        ids = pa.array([name for _, name in front], pa.string())
        rows = self._edges.filter(
            pc.and_(
                pc.is_in(self._edges[here], value_set=ids),
                pc.is_in(self._edges["kind"], value_set=pa.array(kinds)),
            )
        )
        best: dict[Node, tuple[bool, float, str, str, int]] = {}
        for row in rows.to_pylist():
            near = (row[f"{here}_kind"], row[here])
            if near not in self.level:
                continue  # another kind of node with the same id
            far = (row[f"{side}_kind"], row[side])
            clean = far[0] != FIRM or far[1] not in self._cases
            worth = (clean, -float(row.get("ratio") or 0), *far, self.level[near])
            best[far] = min(worth, best.get(far, worth))
        return [(node, worth[4]) for node, worth in sorted(best.items(), key=lambda kv: kv[1])]


def _add_edges(tree: nx.DiGraph, edges: pa.Table) -> None:
    ids = pa.array(sorted({name for _, name in tree.nodes}), pa.string())
    inside = pc.and_(pc.is_in(edges["src"], value_set=ids), pc.is_in(edges["dst"], value_set=ids))
    inner = edges.filter(inside)
    graph = compact(inner)
    for at in range(graph.edge_count):
        ends = [int(graph.src[at]), int(graph.dst[at])]
        holder, firm = [(graph.kind_of(node), graph.id_of(node)) for node in ends]
        if holder not in tree or firm not in tree:
            continue
        if not tree.has_edge(holder, firm):
            tree.add_edge(holder, firm, ratio=None, owns=False, branch=False, roles=[], records=[])
        joined = tree.edges[holder, firm]
        kind = EDGE_KINDS[graph.edge_kind[at]]
        if kind == OWNERSHIP:
            joined["owns"] = True
            joined["ratio"] = int(graph.stake[at]) / WHOLE if graph.stake[at] >= 0 else None
        elif kind == BRANCH:
            joined["branch"] = True
        elif graph.role[at]:
            joined["roles"].append(graph.roles[graph.role[at]])
    _add_records(tree, inner)


def _add_records(tree: nx.DiGraph, edges: pa.Table) -> None:
    """The records each edge comes from, duplicates that no longer count included."""
    if "file" not in edges.column_names:
        return
    for row in edges.to_pylist():
        pair = (row["src_kind"], row["src"]), (row["dst_kind"], row["dst"])
        if tree.has_edge(*pair):
            place = f"{row['file']}:{row['line']}"
            told = [row["table_name"], row["source_record_id"], place]
            if row["valid_from"]:
                told.append(f"{row['valid_from']} –")
            tree.edges[pair]["records"].append(" · ".join(str(part) for part in told if part))
    for _, _, joined in tree.edges(data=True):
        joined["records"] = sorted(set(joined["records"]))


def percent(ratio: float) -> str:
    """A share of 1 as a percentage, without needless zeros."""
    return f"{ratio * 100:.4f}".rstrip("0").rstrip(".") + "%"


def edge_words(joined: Mapping[str, object], language: Literal["zh", "en"] = "zh") -> str:
    """What an edge says, in words: stake, branch, roles."""
    words = WORDS[language]
    said = []
    ratio = joined["ratio"]
    spread = joined.get("spread")
    if isinstance(ratio, float):
        said.append(percent(ratio))
    elif isinstance(spread, tuple):
        said.append("–".join(percent(end) for end in spread))
    elif joined["owns"]:
        said.append(words["unknown"])
    if joined["branch"]:
        said.append(words["branch"])
    roles = joined["roles"]
    if isinstance(roles, list):
        said += roles
    return "、".join(said) if language == "zh" else ", ".join(said)


def node_words(tree: nx.DiGraph, node: Node, language: Literal["zh", "en"] = "zh") -> str:
    """A node in words: name, id where it differs, and its marks."""
    seen = tree.nodes[node]
    marks = [WORDS[language][mark] for mark in ("controller", "case") if seen[mark]]
    text = seen["name"] if seen["name"] == seen["id"] else f"{seen['name']} ({seen['id']})"
    return text + "".join(f" [{mark}]" for mark in marks)


def text_tree(tree: nx.DiGraph, language: Literal["zh", "en"] = "zh") -> str:
    """The tree as lines of text: owners, holdings, people, related firms; circles end in ↺."""
    words = WORDS[language]
    subject = tree.graph["subject"]
    shown = {subject}
    sections = [
        ("owners", _branches(tree, subject, "up", shown, language)),
        ("people", _people(tree, subject, language)),
        ("holdings", _branches(tree, subject, "down", shown, language)),
    ]
    shown |= set(tree.predecessors(subject))
    rest = sorted(node for node in tree if node not in shown)
    sections.append(("related", [node_words(tree, node, language) for node in rest]))
    lines = [node_words(tree, subject, language)]
    filled = [(name, body) for name, body in sections if body]
    for place, (name, body) in enumerate(filled):
        last = place == len(filled) - 1
        lines.append(("└─ " if last else "├─ ") + words[name])
        lines += [("   " if last else "│  ") + line for line in body]
    if tree.graph["left_out"]:
        lines.append("… " + words["left_out"].format(count=tree.graph["left_out"]))
    return "\n".join(lines)


def _people(tree: nx.DiGraph, subject: Node, language: Literal["zh", "en"]) -> list[str]:
    posts = [n for n in tree.predecessors(subject) if tree.edges[n, subject]["roles"]]
    return [
        f"{edge_words({**tree.edges[n, subject], 'ratio': None, 'owns': False}, language)}  "
        f"{node_words(tree, n, language)}"
        for n in sorted(posts)
    ]


def _branches(
    tree: nx.DiGraph,
    node: Node,
    way: Literal["up", "down"],
    shown: set[Node],
    language: Literal["zh", "en"],
) -> list[str]:
    """Lines for what is above or below a node, children indented; a node is opened once."""

    def stake(other: Node) -> Mapping[str, object]:
        pair = (other, node) if way == "up" else (node, other)
        found: Mapping[str, object] = tree.edges[pair]
        return found

    around = tree.predecessors(node) if way == "up" else tree.successors(node)
    held = [other for other in around if stake(other)["owns"] or stake(other)["branch"]]
    held.sort(key=lambda other: (-float(str(stake(other)["ratio"] or 0)), other))
    lines = []
    for place, other in enumerate(held):
        last = place == len(held) - 1
        text = edge_words({**stake(other), "roles": []}, language)
        line = f"{'└─' if last else '├─'} {text}  {node_words(tree, other, language)}"
        if other in shown:
            mark = " ↺" if _circular(tree, node, other) else f" ({WORDS[language]['again']})"
            lines.append(line + mark)
            continue
        shown.add(other)
        lines.append(line)
        below = _branches(tree, other, way, shown, language)
        lines += [("   " if last else "│  ") + inner for inner in below]
    return lines


def _circular(tree: nx.DiGraph, node: Node, other: Node) -> bool:
    return other == node or (
        node[0] != PERSON
        and other[0] != PERSON
        and nx.has_path(tree, node, other)
        and nx.has_path(tree, other, node)
    )
