from __future__ import annotations

import datetime
import random
from decimal import Decimal

import pyarrow as pa
from graph_days import CASES, VERSIONS, day_by_day, edges_of_day, random_versions
from hypothesis import given
from hypothesis import strategies as st

from graphs.compact import compact
from graphs.edge_history import edge_history
from graphs.shape_settings import ShapeSettings
from graphs.subject_graph import day_features

DAY = datetime.date(2024, 6, 30)


def ago(days):
    return None if days is None else DAY - datetime.timedelta(days)


def version(src, dst, kind="ownership", known=400, until=None, **told):
    """A row known from so many days before the day, until so many (None: still)."""
    kinds = {"p": "person", "a": "address", "t": "phone"}
    row = dict.fromkeys(VERSIONS.names) | {
        "src": src,
        "src_kind": kinds.get(src[0], "firm"),
        "dst": dst,
        "dst_kind": kinds.get(dst[0], "firm"),
        "kind": kind,
        "known_at": ago(known),
        "known_until": ago(until),
    }
    return row | told


def pairs(rows, subjects, as_of=DAY, premises=None):
    """The edges of the day's graph, as ids."""
    history = edge_history(pa.Table.from_pylist(rows, VERSIONS), subjects, premises)
    graph = history.on(as_of, 730, history.firm_numbers(pa.array(subjects))).graph
    return [
        (graph.id_of(s), graph.id_of(d), int(w))
        for s, d, w in zip(graph.src, graph.dst, graph.stake, strict=True)
    ]


def test_a_row_counts_on_the_days_on_which_it_was_known_and_valid():
    rows = [
        version("A", "B", known=0),  # known on the day itself
        version("A", "C", known=-1),  # nobody knew of it yet
        version("A", "D", known=9, until=0),  # corrected on the day: the next version stands
        version("A", "E", valid_from=ago(-1)),  # begins tomorrow
        version("A", "F", valid_to=ago(0)),  # ended on the day
        version("A", "G", valid_to=ago(-1)),  # ends tomorrow
    ]
    assert pairs(rows, ["A"]) == [("A", "B", -1), ("A", "G", -1)]


def test_of_several_stakes_the_latest_known_one_of_the_day_counts():
    rows = [
        version("A", "B", ratio=Decimal("0.2"), valid_from=ago(90)),
        version("A", "B", ratio=Decimal("0.4"), valid_from=ago(60), known=5),
        version("A", "B", valid_from=ago(30)),  # later, but no stake is told
    ]
    assert pairs(rows, ["A", "B"]) == [("A", "B", 400_000)]
    assert pairs(rows, ["A", "B"], ago(6)) == [("A", "B", 200_000)]  # 0.4 was not known then


def test_an_address_ties_nobody_while_it_is_known_as_shared():
    rows = [version("A", "a1", "shared_address"), version("B", "a1", "shared_address")]
    premises = pa.table(
        {
            "address_id": ["a1", "a9"],  # a9 has no firm at all
            "known_at": [ago(10), ago(99)],
            "known_until": pa.array([ago(5), None], pa.date32()),
        }
    )
    assert pairs(rows, ["A", "B"], ago(10), premises) == []
    assert len(pairs(rows, ["A", "B"], ago(5), premises)) == 2  # corrected: an ordinary one
    assert len(pairs(rows, ["A", "B"], ago(11), premises)) == 2  # not known as shared yet


@given(st.integers(0, 10**6))
def test_the_graph_of_any_day_is_what_compact_makes_of_its_edges(seed):
    versions, premises = random_versions(seed)
    subjects = sorted({f"F{n}" for n in range(14)})
    history = edge_history(versions, pa.array(subjects), premises)
    for as_of in (ago(700), ago(200), DAY):
        registered = random.Random(seed).sample(subjects, 9)
        numbers = history.firm_numbers(pa.array(sorted(registered)))
        mine = history.on(as_of, 730, numbers).graph
        twin = compact(edges_of_day(versions, premises, as_of)[0], registered)
        assert mine.ids.equals(twin.ids)
        assert (mine.roles, mine.duplicates, mine.self_loops) == (
            twin.roles,
            twin.duplicates,
            twin.self_loops,
        )
        for name in ("kind_start", "src", "dst", "edge_kind", "role", "stake"):
            ours, theirs = getattr(mine, name), getattr(twin, name)
            assert (ours.dtype, ours.tolist()) == (theirs.dtype, theirs.tolist()), name


@given(st.integers(0, 10**6))
def test_the_features_of_any_day_are_those_of_its_edges_alone(seed):
    versions, premises = random_versions(seed)
    subjects = [f"F{n:02}" for n in range(14)]
    history = edge_history(versions, pa.array(subjects), premises)
    draw = random.Random(seed)
    for as_of in (ago(700), ago(200), DAY):
        registered = sorted(draw.sample(subjects, 10))
        wanted = sorted(draw.sample(registered, 6))
        concert = draw.choice([None, pa.table(
            {"holder_id": ["p1", "F01"], "holder_kind": ["person", "firm"], "group_id": ["g", "g"]}
        )])  # fmt: skip
        firms = history.firm_numbers(pa.array(registered))
        mine = day_features(
            history.on(as_of, ShapeSettings().history_days, firms),
            firms,
            history.firm_numbers(pa.array(wanted)),
            CASES,
            as_of,
            concert=concert,
        )
        assert mine.equals(day_by_day(versions, premises, registered, wanted, as_of, concert))
