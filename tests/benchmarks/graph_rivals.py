"""Weak components, strong components and propagation of one graph by other libraries.

    python -m tests.benchmarks.graph_rivals EDGES.parquet scipy

Each rival gets numbered pairs, as our compact graph has them, and is timed with the building of its
own graph. What each does: weak components of all pairs, strong components of the stakes between
firms, and four rounds of damped propagation from one firm in a thousand (`igraph`: its
personalised PageRank, `networkx`: no propagation, which takes it minutes).
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from graphs.compact import CompactGraph, compact
from graphs.components import distinct_pairs
from graphs.kinds import EDGE_KINDS, OWNERSHIP
from tests.benchmarks.investment_graph import CASES_ONE_IN

Pairs = tuple[NDArray[np.int32], NDArray[np.int32]]


def by_scipy(graph: CompactGraph, every: Pairs, stakes: Pairs) -> str:
    """Components by csgraph, propagation by four sparse products."""
    from scipy import sparse
    from scipy.sparse import csgraph

    nodes = graph.node_count
    joined = sparse.csr_matrix((np.ones(len(every[0])), every), shape=(nodes, nodes))
    weak, _ = csgraph.connected_components(joined, directed=False)
    held = sparse.csr_matrix((np.ones(len(stakes[0]), np.int8), stakes), shape=(nodes, nodes))
    strong, _ = csgraph.connected_components(held, directed=True, connection="strong")
    both = joined + joined.T
    degree = np.maximum(np.asarray(both.sum(axis=0)).ravel(), 1)
    scale = sparse.diags(1 / np.sqrt(degree))
    passing = 0.7 * (scale @ both @ scale)
    amount = np.zeros(nodes)
    amount[: graph.firm_count : CASES_ONE_IN] = 1
    total = amount.copy()
    for _ in range(4):
        amount = passing @ amount
        total += amount
    return f"{weak:,} weak, {strong:,} strong, {int((total > 0).sum()):,} reached"


def by_igraph(graph: CompactGraph, every: Pairs, stakes: Pairs) -> str:
    """Components and personalised PageRank."""
    import igraph

    joined = igraph.Graph(n=graph.node_count, edges=np.column_stack(every))
    weak = joined.connected_components()
    held = igraph.Graph(n=graph.node_count, edges=np.column_stack(stakes), directed=True)
    strong = held.connected_components(mode="strong")
    cases = range(0, graph.firm_count, CASES_ONE_IN)
    ranks = joined.personalized_pagerank(damping=0.7, reset_vertices=cases)
    reached = int((np.array(ranks) > 0).sum())
    return f"{len(weak):,} weak, {len(strong):,} strong, {reached:,} reached"


def by_networkx(graph: CompactGraph, every: Pairs, stakes: Pairs) -> str:
    """Components alone."""
    import networkx as nx

    joined = nx.Graph()
    joined.add_nodes_from(range(graph.node_count))
    joined.add_edges_from(zip(every[0].tolist(), every[1].tolist(), strict=True))
    weak = nx.number_connected_components(joined)
    del joined
    held = nx.DiGraph()
    held.add_nodes_from(range(graph.node_count))
    held.add_edges_from(zip(stakes[0].tolist(), stakes[1].tolist(), strict=True))
    return f"{weak:,} weak, {nx.number_strongly_connected_components(held):,} strong"


RIVALS = {"scipy": by_scipy, "igraph": by_igraph, "networkx": by_networkx}


def main() -> None:
    """One rival over one edge table; prints its CPU seconds and the peak of the process."""
    path, rival = sys.argv[1:3]
    graph = compact(pq.read_table(path))
    every, stakes = distinct_pairs(graph, *EDGE_KINDS), distinct_pairs(graph, OWNERSHIP)
    started = time.process_time()
    said = RIVALS[rival](graph, every, stakes)
    spent = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(f"{rival}: {spent:.2f} CPU s, peak {peak:,.0f} MiB; {said}")


if __name__ == "__main__":
    main()
