"""Slow, obvious twins of the graph's algorithms: plain Python, fractions, networkx."""

from __future__ import annotations

from fractions import Fraction

import networkx as nx
import numpy as np
import pyarrow as pa

LONG_AGO = -(10**9)


def plain_stakes(edges: pa.Table):
    """{(owner, firm): stake}, {firm: votes that count} in fractions, by the documented rules."""
    best = {}
    for row in edges.to_pylist():
        if row["kind"] not in ("ownership", "branch"):
            continue
        pair = (row["src"], row["dst"])
        if row["kind"] == "branch":
            if pair[0] != pair[1]:
                best.setdefault(pair, {})["branch"] = Fraction(1)
            continue
        stake = None if row["ratio"] is None else Fraction(row["ratio"])
        day = row["valid_from"].toordinal() if row["valid_from"] else LONG_AGO
        worth = (stake is not None, day, stake or 0)
        seen = best.setdefault(pair, {})
        if "worth" not in seen or worth > seen["worth"]:
            seen["worth"] = worth
            seen["stake"] = stake or Fraction(0)
    stakes = {pair: max(s.get("stake", 0), s.get("branch", 0)) for pair, s in best.items()}
    base = {}
    for firm in {dst for _, dst in stakes}:
        total = sum(stake for (_, dst), stake in stakes.items() if dst == firm)
        own = best.get((firm, firm), {}).get("stake", 0)
        base[firm] = max(total, Fraction(1)) - own
    return {p: s for p, s in stakes.items() if p[0] != p[1] and s > 0}, base


def plain_controlled(stakes, base, holder):
    """Every firm that the holder controls: grow the set until nothing changes."""
    found: set[str] = set()
    while True:
        group = found | {holder}
        more = {
            firm
            for firm in base
            if firm not in group
            and 2 * sum(s for (src, dst), s in stakes.items() if dst == firm and src in group)
            > base[firm]
        }
        if not more:
            return found
        found |= more


def plain_ultimate(edges: pa.Table):
    """{node: (controller, circle?)}: a controller nobody controls, or the circle's smallest."""
    stakes, base = plain_stakes(edges)
    nodes = {node for pair in stakes for node in pair}
    controlled = {node: plain_controlled(stakes, base, node) for node in nodes}
    answer = {}
    for node in nodes:
        above = {x for x in nodes if node in controlled[x]}
        free = {x for x in above if not any(x in controlled[y] for y in nodes)}
        assert len(free) <= 1, "two ultimate controllers"
        if free:
            answer[node] = (free.pop(), False)
            continue
        # whoever controls all of his own controllers stands in a circle at the top
        tops = {
            x
            for x in above | {node}
            if all(y in controlled[x] for y in nodes if x in controlled[y])
            and any(x in controlled[y] for y in nodes)
        }
        if tops:
            answer[node] = (min(tops), True)
    return answer


def plain_integrated(edges: pa.Table, holder: str):
    """Shares by following every way with its stakes until what is left is below 1e-15."""
    stakes, base = plain_stakes(edges)
    own = {}
    for row in edges.to_pylist():
        if row["kind"] == "ownership" and row["src"] == row["dst"]:
            own[row["src"]] = True
    total = {}
    for firm in base:
        total[firm] = max(base[firm], Fraction(1)) if firm not in own else None
    if any(value is None for value in total.values()):
        return None  # self-loops have their own literal tests
    share: dict[str, float] = {}
    wave = {holder: 1.0}
    for _ in range(20_000):
        after: dict[str, float] = {}
        for (src, dst), stake in stakes.items():
            if src in wave and dst != holder:
                after[dst] = after.get(dst, 0.0) + wave[src] * float(stake / total[dst])
        for firm, amount in after.items():
            share[firm] = share.get(firm, 0.0) + amount
        wave = after
        if sum(wave.values()) < 1e-15:
            break
    return share


def plain_exposure(graph, along, cases, weights, hops, damping):
    """Dense powers of the passing matrix, a case at a time; {firm: score} for other firms."""
    n = graph.node_count
    matrix = np.zeros((n, n))
    for node in range(n):
        for place in range(along.start[node], along.start[node + 1]):
            matrix[node, along.neighbour[place]] = along.passes[place] * damping
    score = np.zeros(graph.firm_count)
    for case, weight in zip(cases, weights, strict=True):
        row = np.zeros(n)
        row[case] = 1
        reach = np.zeros(n)
        for _ in range(hops):
            row = row @ matrix
            reach += row
        reach[case] = 0
        score += weight * reach[: graph.firm_count]
    return score


def best_way(matrix_graph: nx.DiGraph, source, target, hops):
    """The largest product over simple paths of at most `hops` ties; 0 where there is none."""
    best = 0.0
    for path in nx.all_simple_paths(matrix_graph, source, target, cutoff=hops):
        product = 1.0
        for a, b in nx.utils.pairwise(path):
            product *= matrix_graph.edges[a, b]["passes"]
        best = max(best, product)
    return best
