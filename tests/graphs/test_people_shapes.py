from __future__ import annotations

import random
from collections import defaultdict
from itertools import combinations

import networkx as nx
from literal_edges import edge, shuffled, table

from graphs.compact import compact
from graphs.nominee_shapes import (
    FRONT_SCHEMA,
    PROXY_SCHEMA,
    front_persons,
    fronts,
    proxies,
    proxy_representatives,
)
from graphs.people_rings import RING_SCHEMA, people_ring_labels, people_rings
from graphs.shape_settings import ShapeSettings

REP, BOARD, BOOKS = "法定代表人", "监事", "财务负责人"


def post(person, firm, role=REP):
    return edge(person, firm, "directorship", role=role)


def ring_sizes(edges, **settings):
    graph = compact(edges)
    _, size = people_ring_labels(graph, ShapeSettings(**settings))
    return {graph.id_of(f): int(size[f]) for f in range(graph.firm_count) if size[f]}


RING = (
    # p1 and p2 run A, B and C between them; nobody holds two of them
    *(post("p1", f) for f in "ABC"),
    *(post("p2", f, BOARD) for f in "ABC"),
    edge("p3", "A", ratio=1), edge("p4", "B", ratio=1), edge("p5", "C", ratio=1),
    # D has only one of them
    post("p1", "D"),
)  # fmt: skip


def test_a_ring_shares_people_and_no_equity():
    assert ring_sizes(table(*RING)) == {"A": 3, "B": 3, "C": 3}
    assert ring_sizes(table(*RING), people_in_common=1) == dict.fromkeys("ABCD", 4)
    # a holding as well as a post is a link
    assert ring_sizes(table(*RING, edge("p2", "D", ratio=0.1))) == dict.fromkeys("ABCD", 4)


def test_equity_between_them_makes_it_an_open_group():
    # p3 holds A and B: that pair is no secret, and A-C, B-C are left
    assert ring_sizes(table(*RING, edge("p3", "B", ratio=0.01))) == dict.fromkeys("ABC", 3)
    # one holder over all
    everywhere = [edge("H", f, ratio=0.1) for f in "ABC"]
    assert ring_sizes(table(*RING, *everywhere)) == {}
    # B in A and C: only A and C are left, which are two
    assert ring_sizes(table(*RING, edge("B", "A"), edge("B", "C"))) == {}


def test_bookkeepers_hubs_and_known_hubs_make_no_ring():
    books = [post(p, f, BOOKS) for p in ("p1", "p2") for f in "ABC"]
    assert ring_sizes(table(*books)) == {}
    assert ring_sizes(table(*RING), hub_cap=3) == {}  # p1 has four firms
    assert ring_sizes(table(*RING), known_hubs=frozenset({"p2"})) == {}


def test_the_rings_are_listed_with_their_people():
    listed = people_rings(compact(table(*RING)))
    assert listed.table.schema == RING_SCHEMA
    rows = listed.table.to_pylist()
    assert len({row["ring_id"] for row in rows}) == 1
    assert [(row["firms"], row["subject_id"], row["person_id"]) for row in rows] == [
        (3, f, p) for f in "ABC" for p in ("p1", "p2")
    ]
    cut = people_rings(compact(table(*RING)), ShapeSettings(listed=5))
    assert (cut.table.num_rows, cut.unlisted) == (0, 3)


def random_people(seed):
    """Few people with many posts, so that every shape comes up."""
    draw = random.Random(seed)
    firms = [f"F{i}" for i in range(draw.randint(1, 9))]
    people = [f"p{i}" for i in range(draw.randint(1, 6))]
    rows = []
    for _ in range(draw.randint(0, 26)):
        person, firm = draw.choice(people), draw.choice(firms)
        kind = draw.randrange(7)
        if kind < 4:
            rows.append(post(person, firm, draw.choice([REP, REP, BOARD, BOOKS, "董事"])))
        elif kind == 4:
            rows.append(edge(person, firm, ratio=draw.choice([0.1, 0.6])))
        elif kind == 5:
            rows.append(edge(draw.choice(firms), firm, ratio=draw.choice([None, 0.3, 0.7])))
        else:
            node = draw.choice(["a0", "a1", "t0"])
            rows.append(edge(firm, node, "shared_phone" if node == "t0" else "shared_address"))
    return table(*rows)


def facts(edges):
    """holders, posts {firm: {person: roles}}, resources, firms; no firm holds itself."""
    holders, posts, resources = defaultdict(set), defaultdict(lambda: defaultdict(set)), {}
    firms = set()
    for row in edges.to_pylist():
        firms |= {row[end] for end in ("src", "dst") if row[end][0] == "F"}
        if row["kind"] == "ownership" and row["src"] != row["dst"]:
            holders[row["dst"]].add(row["src"])
        elif row["kind"] == "directorship":
            posts[row["dst"]][row["src"]].add(row["role"])
        elif row["kind"].startswith("shared"):
            resources.setdefault(row["src"], set()).add(row["dst"])
    return firms, holders, posts, resources


def linking(firm, holders, posts):
    people = {p for p in holders[firm] if p[0] == "p"}
    return people | {p for p, roles in posts[firm].items() if roles - {BOOKS}}


def test_rings_equal_networkx():
    met = 0
    for seed in range(500):
        edges = random_people(seed)
        firms, holders, posts, _ = facts(edges)
        people = {f: linking(f, holders, posts) for f in firms}
        busy = {
            p for p in set().union(*people.values(), ()) if sum(p in people[f] for f in firms) > 4
        }
        joined = nx.Graph()
        for one, other in combinations(sorted(firms), 2):
            equity = one in holders[other] or other in holders[one]
            equity = equity or holders[one] & holders[other]
            if not equity and len((people[one] & people[other]) - busy) >= 2:
                joined.add_edge(one, other)
        expected = {f: len(c) for c in nx.connected_components(joined) if len(c) > 2 for f in c}
        assert ring_sizes(edges, hub_cap=4) == expected, seed
        met += bool(expected)
    assert met > 10


def test_a_front_person_of_firms_that_share_nothing_else():
    edges = table(
        post("p1", "A"), post("p1", "B"), edge("p1", "C", ratio=0.1), post("p1", "D"),
        post("p2", "A", BOARD), post("p2", "B", BOARD),  # A and B are one part
        post("p1", "E", BOARD),  # to sit on a board is no front
        post("p3", "C", BOOKS), post("p3", "D", BOOKS),  # nor do books join C and D
        edge("C", "g1", "shared_phone") | {"dst_kind": "agent", "kind": "shared_agent"},
        edge("D", "g1", "shared_phone") | {"dst_kind": "agent", "kind": "shared_agent"},
        edge("p1", "D", ratio=0.9),
    )  # fmt: skip
    listed = front_persons(compact(edges))
    assert listed.table.schema == FRONT_SCHEMA
    # three parts, AB, C and D; he holds more than half of D alone
    assert [tuple(row.values()) for row in listed.table.to_pylist()] == [
        ("p1", 3, 4, 1, firm) for firm in "ABCD"
    ]
    assert front_persons(compact(edges), ShapeSettings(front_firms=4)).table.num_rows == 0
    known = ShapeSettings(known_hubs=frozenset({"p1"}))
    assert front_persons(compact(edges), known).table.num_rows == 0
    # as soon as C and D have a phone in common, two parts are left
    phones = table(*edges.to_pylist(), edge("C", "t1", "shared_phone"),
                   edge("D", "t1", "shared_phone"))  # fmt: skip
    assert front_persons(compact(phones)).table.num_rows == 0
    # unless the phone is known to be everybody's
    incubator = ShapeSettings(known_hubs=frozenset({"t1"}))
    assert front_persons(compact(phones), incubator).table.num_rows == 4


def test_fronts_equal_networkx():
    met = 0
    for seed in range(500):
        edges = random_people(seed)
        firms, holders, posts, resources = facts(edges)
        has = {
            f: linking(f, holders, posts) | holders[f] | resources.get(f, set())
            | {o for o in firms if f in holders[o]} | {f}
            for f in firms
        }  # fmt: skip
        expected = set()
        for person in {p for f in firms for p in (*holders[f], *posts[f]) if p[0] == "p"}:
            his = [f for f in firms if person in holders[f] or REP in posts[f].get(person, ())]
            apart = nx.Graph()
            apart.add_nodes_from(his)
            apart.add_edges_from(
                pair for pair in combinations(his, 2) if (has[pair[0]] & has[pair[1]]) - {person}
            )
            parts = nx.number_connected_components(apart)
            if parts >= 2:
                expected |= {(person, f, parts, len(his)) for f in his}
        graph = compact(edges)
        found = fronts(graph, ShapeSettings(front_firms=2))
        told = zip(found.person, found.firm, found.parts, found.firms, strict=True)
        told = {(graph.id_of(p), graph.id_of(f), int(n), int(m)) for p, f, n, m in told}
        assert told == expected, seed
        met += bool(expected)
    assert met > 50


def test_proxies_speak_for_one_behind_them():
    edges = table(
        post("p1", "A"), post("p2", "B"), post("p3", "C"), post("p4", "D"),
        # p9 controls A through H, sits on the boards of B, C and D
        edge("p9", "H", ratio=0.8), edge("H", "A", ratio=0.6),
        post("p9", "B", BOARD), post("p9", "C", BOARD), post("p9", "D", BOARD),
        edge("p3", "C", ratio=0.05),  # C's representative holds a little of it
        post("p9", "D"),  # D has p9 for a second representative
    )  # fmt: skip
    listed = proxy_representatives(compact(edges))
    assert listed.table.schema == PROXY_SCHEMA
    assert [tuple(row.values()) for row in listed.table.to_pylist()] == [
        ("p9", 2, 2, "A", "p1"),
        ("p9", 2, 2, "B", "p2"),
    ]
    # one and the same hired representative is no pattern
    same = [row | {"src": "p1"} if row["src"] == "p2" else row for row in edges.to_pylist()]
    assert proxy_representatives(compact(table(*same))).table.num_rows == 0
    hub = ShapeSettings(hub_cap=3)  # p9 has four firms
    assert proxy_representatives(compact(edges), hub).table.num_rows == 0


def test_a_representative_who_controls_from_above_is_no_proxy():
    edges = table(
        post("p1", "A"), edge("p1", "H", ratio=1), edge("H", "A", ratio=1), post("p2", "B"),
        post("p9", "A", BOARD), post("p9", "B", BOARD),
    )  # fmt: skip
    assert proxy_representatives(compact(edges)).table.num_rows == 0


def test_proxies_equal_the_plain_rules():
    from graph_twins import plain_ultimate

    met = 0
    for seed in range(300):
        edges = random_people(seed)
        firms, holders, posts, _ = facts(edges)
        controller = {node: top for node, (top, _) in plain_ultimate(edges).items()}
        behind = defaultdict(set)
        for firm in firms:
            reps = {p for p, roles in posts[firm].items() if REP in roles}
            if not reps or reps & (holders[firm] | {controller.get(firm)}):
                continue
            watchers = {p for p, roles in posts[firm].items() if roles & {BOARD, "董事"}}
            for person in ({controller.get(firm)} | watchers) - reps - {None}:
                if person[0] == "p":
                    behind[person] |= {(firm, rep) for rep in reps}
        expected = {
            (person, firm, rep)
            for person, pairs in behind.items()
            for firm, rep in pairs
            if len({f for f, _ in pairs}) >= 2 and len({r for _, r in pairs}) >= 2
        }
        graph = compact(edges)
        found = proxies(graph)
        told = zip(found.person, found.firm, found.representative, strict=True)
        assert {tuple(map(graph.id_of, row)) for row in told} == expected, seed
        met += bool(expected)
    assert met > 10


def test_no_order_of_rows_matters():
    two = ShapeSettings(front_firms=2)
    for seed in range(40):
        edges = random_people(seed)
        one, other = compact(edges), compact(shuffled(edges, seed))
        assert people_rings(one) == people_rings(other)
        assert front_persons(one, two) == front_persons(other, two)
        assert proxy_representatives(one) == proxy_representatives(other)


def test_an_empty_graph_has_no_people():
    graph = compact(table())
    for listed in (people_rings(graph), front_persons(graph), proxy_representatives(graph)):
        assert (listed.table.num_rows, listed.unlisted) == (0, 0)
