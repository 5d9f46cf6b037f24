from __future__ import annotations

import datetime
import json

import pyarrow as pa
import pytest
from literal_edges import AS_OF, edge, owns, random_edges, shuffled, table

from graphs.subject_graph import FEATURE_SCHEMA, GRAPH_FEATURES, graph_features


def cases(*pairs):
    return pa.table(
        {
            "subject_id": pa.array([firm for firm, _ in pairs], pa.string()),
            "stage_date": pa.array([day for _, day in pairs], pa.date32()),
        }
    )


RECENT = AS_OF - datetime.timedelta(30)


def rows(*args, **settings):
    return {row["subject_id"]: row for row in graph_features(*args, **settings).to_pylist()}


def test_holders_in_concert_control_together():
    edges = table(edge("p1", "A", ratio=0.3), edge("p2", "A", ratio=0.3), edge("A", "B", ratio=0.6))
    assert rows(edges, ["A", "B"], cases(), AS_OF)["A"]["controller_id"] is None
    # two agreements with p2 in both are one group of three, named by the smaller number
    concert = pa.table(
        {
            "holder_id": ["p1", "p2", "p2", "p3"],
            "holder_kind": ["person"] * 4,
            "group_id": ["2", "2", "1", "1"],
        }
    )
    found = rows(edges, ["A", "B"], cases(), AS_OF, concert=concert)
    for firm in "AB":
        assert (found[firm]["controller_id"], found[firm]["controller_kind"]) == (
            "1",
            "concert_group",
        )
    assert rows(edges, ["A", "B"], cases(), AS_OF, concert=concert.slice(0, 0)) == rows(
        edges, ["A", "B"], cases(), AS_OF
    )


def test_every_column_of_a_small_family():
    edges = table(
        edge("p1", "A", ratio=0.6),
        edge("p1", "A", "directorship", role="法定代表人"),
        edge("p2", "A", "directorship", role="监事"),
        edge("p2", "D", "directorship", role="监事"),
        edge("A", "B", ratio=0.8),
        edge("B", "C", ratio=0.3),
        edge("C", "B", ratio=0.1),
        edge("A", "a1", "shared_address", role="domicile"),
        edge("A", "a1", "shared_address", role="operating"),
        edge("D", "a1", "shared_address"),
        edge("B", "t1", "shared_phone"),
        edge("C", "t1", "shared_phone"),
    )
    found = rows(edges, ["A", "B", "C", "D", "E"], cases(("B", RECENT)), AS_OF)
    group = found["A"]["group_id"]
    assert [found[f]["group_id"] == group for f in "ABCDE"] == [True] * 3 + [False] * 2
    a, b, c, e = (found[f] for f in "ABCE")
    assert a | {"exposure": 0, "exposure_path": None} == {
        "subject_id": "A",
        "group_id": group,
        "group_size": 3,  # D only has a supervisor in common
        "group_case_count": 1,  # B
        "controller_id": "p1",
        "controller_kind": "person",
        "controller_firm_count": 2,  # A and B; B holds too little of C
        "control_depth": 1,
        "control_case_count": 1,
        "owner_count": 1,
        "max_owner_ratio": 0.6,
        "holding_count": 1,
        "circular_holding": 0,
        "person_count": 2,
        "busiest_person_firms": 1,  # p2 in D
        "person_link_count": 1,
        "address_firms": 1,  # D, though A names the address twice
        "phone_firms": 0,
        "agent_firms": 0,
        "circle_firms": 0,
        "cross_holding_count": 0,
        "shell_chain_length": 0,
        "people_ring_firms": 0,  # A and D have only p2 in common
        "front_parts": 0,
        "proxy_firms": 0,  # p1 speaks for A and holds it
        "resource_crowd": 0.3,  # D at the address
        "resource_twins": 0,
        "branch_burst_size": 0,
        "rewired_count": 0,
        "rewired_share": 0,
        "exposure": 0,
        "exposure_hops": 1,
        "exposure_case_count": 1,
        "exposure_path": None,
    }
    assert json.loads(a["exposure_path"]) == [
        {"node": "B", "kind": "firm"},
        {"edge": "ownership", "direction": "up"},
        {"node": "A", "kind": "firm"},
    ]
    # B's own case counts nowhere in its own row
    assert (b["group_case_count"], b["control_case_count"], b["exposure"]) == (0, 0, 0)
    assert (b["circular_holding"], c["circular_holding"], b["control_depth"]) == (1, 1, 2)
    assert (c["controller_id"], c["controller_firm_count"], c["phone_firms"]) == (None, 1, 1)
    assert (b["circle_firms"], c["circle_firms"], b["cross_holding_count"]) == (2, 2, 1)
    # a firm nobody knows anything about
    assert e == {
        **dict.fromkeys(GRAPH_FEATURES, 0),
        "subject_id": "E",
        "group_id": e["group_id"],
        "group_size": 1,
        "controller_firm_count": 1,
        **dict.fromkeys(
            name for name, feature in GRAPH_FEATURES.items() if feature.nothing == "NULL"
        ),
    }


def test_the_contract_of_columns():
    found = graph_features(table(), ["B", "A"], cases(), AS_OF)
    assert found.schema == FEATURE_SCHEMA
    assert found["subject_id"].to_pylist() == ["A", "B"]
    assert graph_features(table(), [], cases(), AS_OF).num_rows == 0
    for name, feature in GRAPH_FEATURES.items():
        if feature.nothing != "NULL":
            assert found[name].null_count == 0, name


def test_a_circle_without_an_outsider_is_its_own_controller():
    found = rows(owns(("B", "C", 1), ("C", "B", 1)), ["B", "C"], cases(), AS_OF)
    for firm in ("B", "C"):
        assert found[firm]["controller_id"] == "B"
        assert found[firm]["controller_kind"] == "circle"


def test_what_ended_counts_for_the_dated_shapes_alone():
    edges = table(edge("p1", "A", ratio=1), edge("A", "A1", "branch", valid_from=RECENT))
    gone = table(
        edge("p2", "A", ratio=1, valid_from=datetime.date(2015, 1, 1)),
        edge("A", "A2", "branch", valid_from=RECENT),
    )
    gone = gone.append_column("valid_to", pa.array([RECENT, AS_OF], pa.date32()))
    before, after = (rows(edges, ["A"], cases(), AS_OF, ended=told)["A"] for told in (None, gone))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"branch_burst_size", "rewired_count", "rewired_share"}
    # two branches within 90 days; p2 went, A1 came and A2 came and went, p1 stands
    assert (after["branch_burst_size"], after["rewired_count"], after["rewired_share"]) == (
        2,
        3,
        0.75,
    )
    assert (before["branch_burst_size"], before["rewired_count"], before["rewired_share"]) == (
        1,
        1,
        0.5,
    )


def test_cases_of_tomorrow_are_not_known():
    edges = owns(("A", "B", 1))
    tomorrow = AS_OF + datetime.timedelta(1)
    nothing = graph_features(edges, ["A", "B"], cases(), AS_OF)
    assert graph_features(edges, ["A", "B"], cases(("A", tomorrow)), AS_OF) == nothing
    assert graph_features(edges, ["A", "B"], cases(("A", None)), AS_OF) == nothing
    assert graph_features(edges, ["A", "B"], cases(("A", AS_OF)), AS_OF) != nothing


def test_of_several_cases_of_a_firm_the_latest_counts_once():
    edges = owns(("A", "B", 1))
    old = AS_OF - datetime.timedelta(900)
    twice = graph_features(edges, ["A", "B"], cases(("A", old), ("A", RECENT)), AS_OF)
    assert twice == graph_features(edges, ["A", "B"], cases(("A", RECENT)), AS_OF)


def test_a_case_of_a_stranger_changes_nothing():
    edges = owns(("A", "B", 1))
    nothing = graph_features(edges, ["A", "B"], cases(), AS_OF)
    assert graph_features(edges, ["A", "B"], cases(("Z", RECENT)), AS_OF) == nothing


def test_own_label_never_changes_the_own_row_and_order_changes_nothing():
    for seed in range(80):
        edges = random_edges(seed)
        subjects = [f"F{i}" for i in range(9)]
        known = [(firm, RECENT) for i, firm in enumerate(subjects) if (seed >> i % 5) & 1]
        every = rows(edges, subjects, cases(*known), AS_OF)
        again = rows(shuffled(edges, seed), subjects[::-1], cases(*known[::-1]), AS_OF)
        assert every == again, seed
        for firm, day in known:
            rest = [(other, d) for other, d in known if other != firm]
            assert rows(edges, subjects, cases(*rest), AS_OF)[firm] == every[firm], (seed, firm)
            assert day == RECENT


def test_bad_input_is_refused_in_words():
    with pytest.raises(ValueError, match="2, of them 0 NULL and 1 distinct"):
        graph_features(table(), ["A", "A"], cases(), AS_OF)
    with pytest.raises(ValueError, match="lack stage_date"):
        graph_features(table(), ["A"], pa.table({"subject_id": ["A"]}), AS_OF)


def test_declarations_are_complete():
    for name, feature in GRAPH_FEATURES.items():
        assert feature.zh, name
        assert feature.en, name
        assert feature.definition.endswith("."), name


def test_no_graph_feature_has_the_name_of_a_firms_own():
    from features.feature_sets import feature_set

    assert not set(feature_set("core", ()).names()) & set(GRAPH_FEATURES)
