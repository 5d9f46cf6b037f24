"""Slow, obvious twins of shared control, concert groups and the owners of all firms."""

from __future__ import annotations

import random
from fractions import Fraction

import networkx as nx
import numpy as np
import pyarrow as pa
from graph_twins import plain_stakes

CONCERT = pa.schema(
    [("holder_id", pa.string()), ("holder_kind", pa.string()), ("group_id", pa.string())]
)


def concert_table(**groups):
    """Concert groups from lists of holders; a holder's kind is read off its first letter."""
    rows = [
        {
            "holder_id": holder,
            "holder_kind": "person" if holder[0] == "p" else "firm",
            "group_id": group,
        }
        for group, holders in groups.items()
        for holder in holders
    ]
    return pa.Table.from_pylist(rows, CONCERT)


def random_concert(edges: pa.Table, seed: int):
    """{group: members}: some holders of the graph in one or two groups, at times one it lacks."""
    draw = random.Random(seed)
    rows = edges.to_pylist()
    holders = sorted({row["src"] for row in rows if row["kind"] == "ownership"})
    draw.shuffle(holders)
    first = draw.randint(1, 3)
    groups = {"g1": holders[:first], "g2": holders[first : first + draw.randint(0, 2)]}
    if groups["g1"] and draw.random() < 0.2:
        groups["g1"].append("p_elsewhere")
    return {name: members for name, members in groups.items() if members}


def order_of(node, groups):
    """The place of a node in the order of numbers: firms, persons, concert groups."""
    return (2 if node in groups else 1 if node[0] == "p" else 0, node)


def plain_reach(stakes, base, holder, threshold, groups):
    """Everything the holder controls, groups as holders of their own."""
    account = {member: group for group, members in groups.items() for member in members}
    found: set[str] = set()
    while True:
        mine = found | {holder}
        more = {
            firm
            for firm in base
            if firm not in mine
            and sum(s for (a, b), s in stakes.items() if b == firm and account.get(a, a) in mine)
            > threshold * base[firm]
        }
        more |= {g for g, members in groups.items() if g not in mine and set(members) <= mine}
        if not more:
            return found
        found |= more


def plain_controllers(edges: pa.Table, threshold: Fraction, groups):
    """{node: {controller: is it a circle?}}, {holder: what it controls}."""
    stakes, base = plain_stakes(edges)
    nodes = {node for pair in stakes for node in pair} | set(groups)
    nodes |= {member for members in groups.values() for member in members}
    reach = {x: plain_reach(stakes, base, x, threshold, groups) for x in nodes}
    answer: dict[str, dict[str, bool]] = {node: {} for node in nodes}
    for x in nodes:
        above = {y for y in nodes if x in reach[y]}
        if not above <= reach[x]:
            continue  # somebody outside controls x
        circle = above | {x}
        if x != min(circle, key=lambda node: order_of(node, groups)):
            continue
        for node in reach[x] | (circle if above else set()):
            answer[node][x] = bool(above)
    return answer, reach


def plain_depth(edges: pa.Table, top, node, reach, groups):
    """Fewest holdings from the top down to the node, through what the top controls."""
    stakes, _ = plain_stakes(edges)
    account = {member: group for group, members in groups.items() for member in members}
    ways = nx.DiGraph()
    ways.add_node(top)
    for holder, held in stakes:
        owner = account.get(holder, holder)
        if owner in reach[top] | {top} and held in reach[top]:
            ways.add_edge(top if owner == top else holder, held)
    return nx.shortest_path_length(ways, top, node)


def plain_owners(graph, holdings):
    """Dense shares [owner, firm] by one inverse, and the share of each firm nobody owns."""
    n = graph.node_count
    matrix = np.zeros((n, n))
    matrix[holdings.src, holdings.dst] = holdings.amount / holdings.base[holdings.dst]
    owned = np.zeros(n, bool)
    owned[holdings.dst] = True
    reached = nx.DiGraph(list(zip(holdings.src.tolist(), holdings.dst.tolist(), strict=True)))
    owners = [node for node in reached if not owned[node]]
    below = set().union(*(nx.descendants(reached, owner) for owner in owners)) if owners else set()
    firms = sorted(below)
    shares = np.zeros((n, n))
    if firms:
        inner = np.eye(len(firms)) - matrix[np.ix_(firms, firms)]
        shares[np.ix_(owners, firms)] = matrix[np.ix_(owners, firms)] @ np.linalg.inv(inner)
    return shares, 1 - shares.sum(axis=0)[: graph.firm_count]
