from __future__ import annotations

import datetime
import random
from collections import defaultdict

import pyarrow as pa
from literal_edges import AS_OF, SCHEMA, edge, shuffled

from graphs.compact import compact
from graphs.dated_shapes import (
    BURST_SCHEMA,
    REWIRING_SCHEMA,
    branch_bursts,
    rewired_relations,
    rewiring,
    split_ended,
)
from graphs.shape_settings import ShapeSettings

DATED = SCHEMA.append(pa.field("valid_to", pa.date32()))


def ago(days):
    return None if days is None else AS_OF - datetime.timedelta(days)


def dated(src, dst, kind="ownership", began=None, over=None, role=None):
    """An edge that began and ended so many days before the day."""
    row = edge(src, dst, kind, role=role, valid_from=ago(began))
    return row | {"valid_to": ago(over)}


def history(*rows):
    return split_ended(pa.Table.from_pylist(list(rows), DATED), AS_OF)


def test_edges_are_split_by_the_day():
    valid, ended = history(
        dated("A", "B"),
        dated("A", "C", over=0),  # ended today: no longer valid today
        dated("A", "D", over=-1),  # ends tomorrow
    )
    assert valid["dst"].to_pylist() == ["B", "D"]
    assert ended["dst"].to_pylist() == ["C"]


def bursts(*rows, **settings):
    found = branch_bursts(*history(*rows), AS_OF, ShapeSettings(**settings))
    assert found.schema == BURST_SCHEMA
    return {
        row["subject_id"]: (row["branches"], (AS_OF - row["first_opened"]).days,
                            (AS_OF - row["last_opened"]).days)
        for row in found.to_pylist()
    }  # fmt: skip


def test_the_heaviest_burst_of_branches():
    rows = [
        *(dated("A", f"A{n}", "branch", began=n) for n in (300, 290, 211, 210, 50)),
        dated("A", "A211", "branch", began=400),  # recorded twice: the earlier opening counts
        dated("A", "A60", "branch", began=295, over=60),  # closed since
        dated("A", "A9", "branch"),  # nobody knows since when
        dated("B", "B1", "branch", began=800),  # too long ago
        dated("C", "C1", "branch", began=0),
    ]
    # 300, 295 and 290; the 91st day from 300 on is 210
    assert bursts(*rows) == {"A": (3, 300, 290), "C": (1, 0, 0)}
    assert bursts(*rows, burst_days=91)["A"] == (4, 300, 210)
    assert bursts(*rows[:4], burst_days=1)["A"] == (1, 300, 300)
    assert bursts() == {}
    assert branch_bursts(*history(*rows)[:1], None, AS_OF).num_rows == 2


def test_bursts_equal_plain_counting():
    for seed in range(200):
        draw = random.Random(seed)
        rows = [
            dated(draw.choice("ABC"), f"X{i}", "branch", draw.choice([None, draw.randint(0, 900)]),
                  draw.choice([None, 0]))
            for i in range(draw.randint(0, 25))
        ]  # fmt: skip
        days = defaultdict(list)
        for row in rows:
            if row["valid_from"] and (day := (AS_OF - row["valid_from"]).days) < 730:
                days[row["src"]].append(day)
        expected = {
            firm: max(sum(first - 90 < d <= first for d in opened) for first in opened)
            for firm, opened in days.items()
        }
        assert {firm: row[0] for firm, row in bursts(*rows).items()} == expected, seed


def rewired(*rows, **settings):
    """{firm: (changed, relations)} of firms that have any, and the changes."""
    valid, ended = history(*rows)
    graph = compact(valid)
    settings = ShapeSettings(**settings)
    found = rewiring(graph, valid, ended, AS_OF, settings)
    changes = rewired_relations(valid, ended, AS_OF, settings)
    assert changes.schema == REWIRING_SCHEMA
    return (
        {
            graph.id_of(f): (int(found.changed[f]), int(found.relations[f]))
            for f in range(graph.firm_count)
            if found.relations[f]
        },
        [
            (row["subject_id"], row["change"], (AS_OF - row["day"]).days, row["src"])
            for row in changes.to_pylist()
        ],
    )


def test_what_began_and_what_ended():
    found, changes = rewired(
        dated("p1", "A", began=2000),  # stands since long
        dated("p2", "A", began=2000, over=100),  # sold
        dated("p3", "A", began=100),  # bought
        dated("p4", "A", "directorship", began=300, over=20, role="董事"),  # came and went
        dated("p5", "A", "directorship", began=900, over=365, role="董事"),  # gone too long ago
        dated("A", "B", began=10),  # B has been held since long; A's holding is new to both
        dated("p6", "B", began=3000),
    )
    assert found == {"A": (4, 5), "B": (1, 2)}
    assert changes == [
        ("A", "ended", 100, "p2"),
        ("A", "began", 100, "p3"),
        ("A", "ended", 20, "p4"),
        ("A", "began", 10, "A"),
        ("B", "began", 10, "A"),
    ]


def test_what_is_no_change():
    found, changes = rewired(
        # a new stake of an old owner
        dated("p1", "A", began=2000, over=50), dated("p1", "A", began=50),
        # the post has ended in one register and stands in another
        dated("p2", "A", "directorship", began=2000, over=50, role="法定代表人"),
        dated("p2", "A", "directorship", role="法定代表人"),
        # nobody knows since when
        dated("p3", "A"),
        # a founding: holder and board within a month
        dated("p4", "N", began=60), dated("p5", "N", "directorship", began=40, role="董事"),
        dated("a1", "A", "shared_address", began=5),  # no wire
        dated("A", "A", began=5),
    )  # fmt: skip
    assert changes == []
    assert found == {"A": (0, 3), "N": (0, 2)}


def test_a_founding_is_a_change_of_the_old_firm_behind_it():
    found, _ = rewired(dated("p1", "A", began=2000), dated("A", "N", began=60))
    assert found == {"A": (1, 2), "N": (0, 1)}
    # past the first month it is a change of the young firm too
    found, _ = rewired(dated("p1", "N", began=60), dated("p2", "N", began=20))
    assert found == {"N": (1, 2)}
    found, _ = rewired(dated("p1", "N", began=60), dated("p2", "N", began=20), founding_days=40)
    assert found == {"N": (0, 2)}


def test_without_what_ended_or_without_dates_less_is_seen():
    valid, _ = history(dated("p1", "A", began=2000), dated("p2", "A", began=10))
    graph = compact(valid)
    assert rewiring(graph, valid, None, AS_OF).changed.tolist() == [1]
    bare = valid.drop_columns(["valid_from", "valid_to", "role"])
    assert rewiring(graph, bare, None, AS_OF).changed.tolist() == [0]
    assert branch_bursts(bare, None, AS_OF).num_rows == 0
    empty = valid.slice(0, 0)
    assert len(rewiring(compact(empty), empty, None, AS_OF).changed) == 0


def random_history(seed):
    draw = random.Random(seed)
    rows = []
    for _ in range(draw.randint(0, 30)):
        src, dst = draw.choice(["A", "B", "C", "p1", "p2"]), draw.choice("ABC")
        kind = draw.choice(["ownership", "ownership", "directorship", "branch"])
        if (src[0] == "p") == (kind == "branch") or (kind == "directorship" and src[0] != "p"):
            continue
        began = draw.choice([None, draw.randint(0, 900)])
        over = None if draw.random() < 0.6 else draw.randint(0, 500)
        if began is not None and over is not None and over > began:
            continue
        role = draw.choice(["董事", "监事"]) if kind == "directorship" else None
        rows.append(dated(src, dst, kind, began, over, role))
    return rows


def test_rewiring_equals_the_plain_rules():
    met = 0
    for seed in range(300):
        rows = random_history(seed)
        rows = [r for r in rows if r["src"] != r["dst"]]
        by_relation = defaultdict(list)
        first = {}
        for row in rows:
            by_relation[row["src"], row["dst"], row["kind"], row["role"]].append(row)
            if (day := row["valid_from"]) and day <= first.get(row["dst"], day):
                first[row["dst"]] = day
        changed, relations = defaultdict(int), defaultdict(int)
        for (src, dst, *_), known in by_relation.items():
            stands = any(r["valid_to"] is None or r["valid_to"] > AS_OF for r in known)
            begins = [r["valid_from"] for r in known if r["valid_from"]]
            ends = [r["valid_to"] for r in known if r["valid_to"]]
            ended = not stands and max(ends) > ago(365)
            for firm in {src, dst} - {"p1", "p2"}:
                relations[firm] += stands or ended
                founding = begins and firm in first and (min(begins) - first[firm]).days <= 30
                began = stands and begins and min(begins) > ago(365) and not founding
                changed[firm] += bool(ended or began)
        expected = {f: (changed[f], n) for f, n in relations.items() if n}
        found, changes = rewired(*rows)
        # firms all of whose edges have ended are not in the graph
        standing = {r[e] for r in rows for e in ("src", "dst") if not r["valid_to"]}
        assert found == {f: v for f, v in expected.items() if f in standing}, seed
        assert len(changes) == sum(changed.values()), seed
        met += sum(changed.values())
    assert met > 100


def test_no_order_of_rows_matters_and_the_future_is_not_read():
    for seed in range(40):
        valid, ended = history(*random_history(seed))
        graph = compact(valid)
        one = rewired_relations(valid, ended, AS_OF)
        assert rewired_relations(shuffled(valid, seed), shuffled(ended, seed), AS_OF) == one
        assert branch_bursts(shuffled(valid, seed), ended, AS_OF) == branch_bursts(
            valid, ended, AS_OF
        )
        # an end that lies ahead tells nothing today
        ahead = pa.array([AS_OF + datetime.timedelta(9)] * valid.num_rows, pa.date32())
        told = valid.set_column(valid.schema.get_field_index("valid_to"), "valid_to", ahead)
        assert split_ended(told, AS_OF)[1].num_rows == 0
        assert rewired_relations(told, ended, AS_OF) == one
        assert (rewiring(graph, told, ended, AS_OF).changed
                == rewiring(graph, valid, ended, AS_OF).changed).all()  # fmt: skip
