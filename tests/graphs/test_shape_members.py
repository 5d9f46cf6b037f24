from __future__ import annotations

import datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from literal_edges import AS_OF, edge, random_edges, shuffled, table

from graphs.compact import compact
from graphs.control import control
from graphs.dated_shapes import split_ended
from graphs.shape_features import shape_columns
from graphs.shape_members import SHAPE_MEMBER_SCHEMA, SHAPES, shape_members
from graphs.shape_settings import ShapeSettings

NONE_ENDED = random_edges(0).slice(0, 0).append_column("valid_to", pa.array([], pa.date32()))
LOOSE = ShapeSettings(
    crowd_firms=2, front_firms=2, proxy_firms=1, shells=1, ring_firms=2, people_in_common=1,
    burst_branches=1,
)  # fmt: skip


def members(edges, ended=NONE_ENDED, settings=None):
    graph = compact(edges)
    return shape_members(graph, control(graph), edges, ended, AS_OF, settings)


def told(found, shape):
    keep = ("subject_id", "tie", "other_id", "other_kind", "share")
    rows = found.filter(pc.equal(found["shape"], shape)).to_pylist()
    return {tuple(row[name] for name in keep) for row in rows}


def test_each_firm_of_a_shape_stands_with_what_ties_it():
    day = AS_OF - datetime.timedelta(30)
    edges = table(
        # A and B hold each other: a circle of two, and a cross holding
        edge("A", "B", ratio=0.4), edge("B", "A", ratio=0.3),
        edge("A", "a1", "shared_address"), edge("B", "a1", "shared_address"),
        # three branches of A within a month
        *(edge("A", f"X{i}", "branch", valid_from=day) for i in range(3)),
        # p1 and p2 run B and C
        *(edge(p, f, "directorship", role="董事") for p in ("p1", "p2") for f in "BCD"),
    )  # fmt: skip
    found = members(edges, settings=ShapeSettings(crowd_firms=2))
    assert found.schema == SHAPE_MEMBER_SCHEMA
    held = {("A", "holds", "B", "firm", 0.4), ("B", "holds", "A", "firm", 0.3)}
    assert told(found, "circle") == held
    assert told(found, "cross_holding") == held
    assert told(found, "crowd") == {(f, "shared_address", "a1", "address", None) for f in "AB"}
    assert told(found, "people_ring") == {
        (firm, "shares_person", person, "person", None) for firm in "BCD" for person in ("p1", "p2")
    }
    assert told(found, "branch_burst") == {("A", None, None, None, None)}
    burst = found.filter(pc.equal(found["shape"], "branch_burst")).to_pylist()[0]
    assert (burst["size"], burst["change"], burst["day"]) == (3, "began", day)


def test_a_change_of_wiring_tells_who_came_and_who_went():
    old, new = AS_OF - datetime.timedelta(2000), AS_OF - datetime.timedelta(10)
    rows = [
        edge("p1", "A", ratio=1, valid_from=old) | {"valid_to": new},
        edge("p2", "A", ratio=1, valid_from=new) | {"valid_to": None},
    ]
    dated = pa.Table.from_pylist(rows, random_edges(0).schema.append(NONE_ENDED.schema[-1]))
    found = members(*split_ended(dated, AS_OF))
    rows = found.filter(pc.equal(found["shape"], "rewiring")).to_pylist()
    seen = [(r["subject_id"], r["change"], r["other_id"], r["other_kind"], r["size"]) for r in rows]
    assert seen == [("A", "ended", "p1", "person", 2), ("A", "began", "p2", "person", 2)]


@pytest.mark.parametrize("settings", [ShapeSettings(), LOOSE])
def test_who_is_counted_is_told_and_who_is_told_is_counted(settings):
    """The counts and the evidence are of the same firms, over random graphs."""
    columns = {
        "circle": "circle_firms",
        "cross_holding": "cross_holding_count",
        "people_ring": "people_ring_firms",
        "front": "front_parts",
        "proxy": "proxy_firms",
        "rewiring": "rewired_count",
    }
    for seed in range(150):
        edges = random_edges(seed)
        graph = compact(edges)
        firms = graph.numbers(graph.ids.slice(0, graph.firm_count))
        counted = shape_columns(graph, firms, control(graph), edges, NONE_ENDED, AS_OF, settings)
        found = members(edges, settings=settings)
        assert found.equals(members(shuffled(edges, seed), settings=settings)), seed
        for shape, column in columns.items():
            carrying = {
                graph.id_of(firm) for firm, n in zip(firms, counted[column], strict=True) if n
            }
            rows = found.filter(pc.equal(found["shape"], shape))
            assert set(rows["subject_id"].to_pylist()) == carrying, (seed, shape)
        assert set(found["shape"].to_pylist()) <= set(SHAPES)


def test_a_shape_tells_no_more_rows_than_asked():
    star = table(
        *(edge(f"F{i}", f"a{i % 3}", "shared_address") for i in range(30)),
        *(edge(p, f"F{i}", "directorship", role="董事") for i in range(9) for p in ("p1", "p2")),
        *(edge(f"F{i}", f"F{i + 1}", ratio=0.1, valid_from=AS_OF) for i in range(8)),
    )
    found = members(star, settings=ShapeSettings(listed=12, ring_firms=2))
    counts = pc.value_counts(found["shape"]).to_pylist()
    assert counts
    assert all(count["counts"] <= 12 for count in counts)
    assert members(table()).num_rows == 0
