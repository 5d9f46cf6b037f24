"""What stands alike in a family tree, put together: "另有 n 家".

The rule. Nodes stand alike when they are of one kind and joined to the very same others in the
same direction (forty firms of one parent, or of one pair of nominees). Where more than `after`
stand alike, the `keep` with the largest stakes stay (then those with smaller ids) and the others
become one node. Never put together: the firm itself, the controller, a firm under case, a firm on
the list, and firms of a circle of holdings: what must be seen is seen one by one.
"""

from __future__ import annotations

from typing import Any

import networkx as nx

from graphs.family_tree import Node

BUNDLE = "bundle"
AFTER, KEEP = 8, 5


def circles(tree: nx.DiGraph) -> dict[Node, int]:
    """Which circle of holdings each node stands in; nodes in none are absent."""
    held = nx.DiGraph((a, b) for a, b, joined in tree.edges(data=True) if joined["owns"])
    found = sorted(sorted(part) for part in nx.strongly_connected_components(held))
    return {node: at for at, part in enumerate(found) if len(part) > 1 for node in part}


def bundled(tree: nx.DiGraph, *, after: int = AFTER, keep: int = KEEP) -> nx.DiGraph:
    """The tree with what stands alike put together, by the rule above.

    A bundle is a node (BUNDLE, id) with the attributes of any node and `of` (the kind of what is
    in it) and `members` (sorted nodes). Its edges have the ratio where all members have the same,
    else None and `spread` (least, most); the roles of any member; and how many edges they stand
    for as `count`. The given tree stays as it is.

    Raises ValueError unless 0 <= keep < after.
    """
    if not 0 <= keep < after:
        raise ValueError(
            f"Fewer must stay than are put together; got keep={keep} and after={after}."
        )
    stands_for: dict[Node, Node] = {}
    out = nx.DiGraph(**tree.graph)
    bundles = []
    for alike in _alike(tree):
        if len(alike) <= after:
            continue
        ordered = sorted(alike, key=lambda node: (-_largest_stake(tree, node), node))
        members = sorted(ordered[keep:])
        name = (BUNDLE, f"{members[0][0]}:{members[0][1]}")
        bundles.append((name, members))
        stands_for |= dict.fromkeys(members, name)
    for node in sorted(node for node in tree if node not in stands_for):
        out.add_node(node, **tree.nodes[node])
    for name, members in bundles:
        first = tree.nodes[members[0]]
        said = {**first, "kind": BUNDLE, "name": "", "id": name[1], "probability": None}
        out.add_node(name, **said, of=first["kind"], members=members)
    for holder, firm, joined in sorted(tree.edges(data=True), key=lambda edge: edge[:2]):
        ends = stands_for.get(holder, holder), stands_for.get(firm, firm)
        if ends == (holder, firm):
            out.add_edge(*ends, **joined)
        else:
            _merge(out, ends, joined)
    return out


def _alike(tree: nx.DiGraph) -> list[list[Node]]:
    circular = circles(tree)
    found: dict[tuple[Any, ...], list[Node]] = {}
    for node in sorted(tree):
        seen = tree.nodes[node]
        special = node == tree.graph["subject"] or node in circular
        if special or seen["case"] or seen["controller"] or seen["warning"]:
            continue
        around = (tuple(sorted(tree.predecessors(node))), tuple(sorted(tree.successors(node))))
        found.setdefault((node[0], *around), []).append(node)
    return list(found.values())


def _largest_stake(tree: nx.DiGraph, node: Node) -> float:
    joined = [j for _, _, j in (*tree.in_edges(node, data=True), *tree.out_edges(node, data=True))]
    return max((j["ratio"] or 0.0 for j in joined), default=0.0)


def _merge(out: nx.DiGraph, ends: tuple[Node, Node], joined: dict[str, Any]) -> None:
    """Adds one more edge to what a bundle's edge says."""
    if not out.has_edge(*ends):
        out.add_edge(*ends, **{**joined, "roles": list(joined["roles"])}, count=1)
        if joined["ratio"] is not None:
            out.edges[ends]["spread"] = (joined["ratio"],) * 2
        return
    merged = out.edges[ends]
    merged["count"] += 1
    merged["owns"] |= joined["owns"]
    merged["branch"] |= joined["branch"]
    merged["roles"] = sorted({*merged["roles"], *joined["roles"]})
    merged["records"] = sorted({*merged["records"], *joined["records"]})
    if joined["ratio"] is not None:
        known = (*merged.get("spread", ()), joined["ratio"])
        merged["spread"] = (min(known), max(known))
    same = merged["ratio"] == joined["ratio"]
    merged["ratio"] = merged["ratio"] if same else None
