from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pytest
from literal_edges import edge, owns, random_edges, shuffled, table

from graphs.compact import GraphTooLarge, compact, estimate_memory, require_memory
from graphs.kinds import EDGE_KINDS


def readable(graph):
    return [
        (
            graph.id_of(int(graph.src[i])),
            graph.id_of(int(graph.dst[i])),
            EDGE_KINDS[graph.edge_kind[i]],
            graph.roles[graph.role[i]],
            int(graph.stake[i]),
        )
        for i in range(graph.edge_count)
    ]


def test_nodes_are_numbered_by_kind_then_id():
    graph = compact(
        table(
            edge("p2", "F9", "directorship", role="监事"),
            edge("F10", "a1", "shared_address"),
            edge("p1", "F9", ratio=0.5),
        ),
        ["F0"],
    )
    # firms by id (F0 has no edge), then people, then addresses
    assert graph.ids.to_pylist() == ["F0", "F10", "F9", "p1", "p2", "a1"]
    assert graph.firm_count == 3
    assert [graph.kind_of(n) for n in range(6)] == ["firm"] * 3 + ["person"] * 2 + ["address"]
    assert graph.numbers(["p2", "nobody"], "person").tolist() == [4, -1]
    assert graph.numbers(["p2"]).tolist() == [-1]  # no firm of that id
    assert readable(graph) == [
        ("F10", "a1", "shared_address", "", -1),
        ("p1", "F9", "ownership", "", 500_000),
        ("p2", "F9", "directorship", "监事", -1),
    ]


def test_one_id_of_two_kinds_is_two_nodes():
    row = edge("x", "F1", "directorship")
    graph = compact(table({**row, "src_kind": "person"}, edge("x", "F1", ratio=1)))
    assert graph.node_count == 3


def test_which_duplicate_counts():
    old, new = datetime.date(2020, 1, 1), datetime.date(2022, 1, 1)
    graph = compact(
        table(
            edge("A", "B", ratio=0.9, valid_from=old),
            edge("A", "B", ratio=0.2, valid_from=new),  # the latest
            edge("A", "C", ratio=0.2),
            edge("A", "C", ratio=0.3),  # the larger of two as old
            edge("A", "D", ratio=0.1),  # the known one
            edge("A", "D", valid_from=new),
            edge("A", "E", ratio=-0.5),  # no share is negative: unknown
            edge("p1", "A", "directorship", role="董事"),
            edge("p1", "A", "directorship", role="董事"),
            edge("p1", "A", "directorship", role="经理"),  # another role is another edge
        )
    )
    assert readable(graph) == [
        ("A", "B", "ownership", "", 200_000),
        ("A", "C", "ownership", "", 300_000),
        ("A", "D", "ownership", "", 100_000),
        ("A", "E", "ownership", "", -1),
        ("p1", "A", "directorship", "经理", -1),
        ("p1", "A", "directorship", "董事", -1),
    ]
    assert graph.duplicates == 4


def test_self_loops_stay_only_as_own_shares():
    graph = compact(table(edge("A", "A", ratio=0.1), edge("A", "A", "branch")))
    assert readable(graph) == [("A", "A", "ownership", "", 100_000)]
    assert graph.self_loops == 1


def test_any_order_of_rows_gives_the_same_arrays():
    for seed in range(60):
        edges = random_edges(seed)
        first, again = compact(edges), compact(shuffled(edges, seed))
        assert first.ids == again.ids
        for name in ("kind_start", "src", "dst", "edge_kind", "role", "stake"):
            assert np.array_equal(getattr(first, name), getattr(again, name)), (seed, name)


def test_an_empty_table_is_an_empty_graph():
    graph = compact(table())
    assert (graph.node_count, graph.edge_count) == (0, 0)
    assert compact(table(), ["F1"]).firm_count == 1


def test_chunked_tables_are_one_table():
    parts = pa.concat_tables([owns(("A", "B", 0.1)), owns(("B", "C", 0.2))])
    assert compact(parts).edge_count == 2


def test_malformed_tables_are_refused_in_words():
    with pytest.raises(ValueError, match="lacks kind"):
        compact(owns(("A", "B", 1)).drop_columns(["kind"]))
    with pytest.raises(ValueError, match=r"holds \['friendship'\]; expected one of ownership"):
        compact(table(edge("A", "B", "friendship")))
    with pytest.raises(ValueError, match="1 rows without dst"):
        compact(table({**edge("A", "B"), "dst": None}))
    with pytest.raises(ValueError, match="300 different roles"):
        compact(table(*(edge("p", "A", "directorship", role=f"r{i}") for i in range(300))))


def test_what_does_not_fit_is_refused_with_the_figures():
    with pytest.raises(GraphTooLarge, match=r"1,000,000 nodes and 2,500,000 edges .* GB"):
        require_memory(1_000_000, 2_500_000, 100 * 2**20)
    require_memory(1_000_000, 2_500_000, estimate_memory(1_000_000, 2_500_000))
    with pytest.raises(GraphTooLarge, match="Split the delivery"):
        require_memory(2**27, 1, 2**60)
    with pytest.raises(GraphTooLarge):
        compact(owns(("A", "B", 1)), limit_bytes=1000)
