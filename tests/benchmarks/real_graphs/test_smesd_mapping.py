from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.real_graphs.smesd import CASES, WITH, WITHOUT, splits
from tests.benchmarks.real_graphs.smesd_graph import OF_CASES, graph_facts
from tests.benchmarks.real_graphs.smesd_tables import (
    Smesd,
    common_groups,
    contracts,
    edge_table,
    firm_facts,
    lawsuit_seeds,
    read,
)

CAPITAL = {1: 100.0, 2: 50.0, 3: 10.0, 4: 10.0}


def relations(split, *rows):
    """Rows (src, name, dst, weight)."""
    columns = ["src", "ename", "dst", "weight"]
    return pd.DataFrame(list(rows), columns=columns).assign(split=split)


def lawsuits(split, *rows):
    """Rows (company, result, months before)."""
    columns = ["company", "result", "months_before_obs"]
    frame = pd.DataFrame(list(rows), columns=columns).astype(int)
    return frame.assign(split=split, cause=0, court=0)


def city(edges=(), suits=(), groups=(), labels=(0, 1, 0, 0), split="train"):
    companies = pd.DataFrame(
        {
            "split": split,
            "company": list(CAPITAL),
            "registered_capital": list(CAPITAL.values()),
            "paid_capital": 10.0,
            "age_months": [12, 24, 36, 48],
            "label": list(labels),
        }
    )
    hyperedges = pd.DataFrame(list(groups), columns=["kind", "group", "company"])
    return Smesd(
        companies, relations(split, *edges), lawsuits(split, *suits), hyperedges.assign(split=split)
    )


EDGES = (
    (9, "invest_CP", 1, 75.0),
    (8, "invest_CP", 1, 50.0),
    (9, "stakeholder", 1, 1.0),
    (1, "invested_CC", 2, 20.0),
    (2, "invest_CC", 1, 20.0),
    (9, "execute", 3, 1.0),
    (3, "executed", 9, 1.0),
    (8, "supervise", 3, 1.0),
    (1, "branch", 4, 1.0),
    (4, "branched", 1, 1.0),
    (1, "loan", 3, 1.0),
    (3, "loaned", 1, 1.0),
)


def test_relations_become_edges_from_holder_to_held():
    rows = edge_table(city(EDGES)).to_pylist()
    found = {
        (row["src"], row["src_kind"], row["dst"], row["kind"], row["role"], row["ratio"])
        for row in rows
    }
    assert found == {
        # 75 and 50 are more than the capital of 100: shares of their sum
        ("000009", "person", "000001", "ownership", None, 0.6),
        ("000008", "person", "000001", "ownership", None, 0.4),
        # an amount nobody gave
        ("000009", "person", "000001", "ownership", None, None),
        # 20 of a capital of 50, the rest is held by who is not told; its inverse is not read
        ("000001", "firm", "000002", "ownership", None, 0.4),
        ("000009", "person", "000003", "directorship", "高管", None),
        ("000008", "person", "000003", "directorship", "监事", None),
        ("000001", "firm", "000004", "branch", None, None),
        # the loan is a contract and no edge
    }
    assert len(rows) == len(found)
    assert contracts(city(EDGES)).to_dict("records") == [
        {"left": "000001", "right": "000003", "kind": "loan"}
    ]


def test_a_split_without_relations_has_an_empty_table():
    assert edge_table(city()).num_rows == 0
    assert len(graph_facts(city())) == 4


def test_graph_facts_count_who_stands_around():
    facts = graph_facts(city(EDGES, suits=[(3, 3, 24), (3, 0, 0)]))
    assert facts.owner_person_count.tolist() == [2, 0, 0, 0]
    assert facts.held_firm_count.tolist() == [1, 0, 0, 0]
    assert facts.parent_count.tolist() == [0, 0, 0, 1]
    assert facts.supervisor_count.tolist() == facts.executive_count.tolist() == [0, 0, 1, 0]
    assert facts.loan_to_count.tolist() == [1, 0, 0, 0]
    assert facts.loan_from_count.tolist() == [0, 0, 1, 0]
    # 1 and 3 share both people, so 3's two lawsuits stand around 1, not around 3 itself
    assert facts.by_person_lawsuits_most[1] == 2
    assert facts.by_person_lawsuits_most[3] == 0
    assert facts.exposure_lawsuits_2[1] > 0
    assert facts.exposure_lawsuits_2[3] == 0
    assert facts.by_capital_age_mean.tolist()[0] == (24 + 48) / 2


def test_a_firms_own_case_is_not_in_its_row():
    without, own = graph_facts(city(EDGES)), graph_facts(city(EDGES), [1])
    assert (own.loc[1, list(OF_CASES)].fillna(0) == without.loc[1, list(OF_CASES)].fillna(0)).all()
    assert own.exposure[3] > without.exposure[3] == 0
    # what is not made of cases does not change with them
    others = [name for name in own if name not in OF_CASES]
    pd.testing.assert_frame_equal(own[others], without[others])


def test_firm_facts_are_the_firms_own():
    suits = [(1, 3, 0), (1, 0, 24), (2, 2, 30)]
    groups = [("area", "x", n) for n in range(1, 5)] + [("qualify", "7", 1), ("qualify", "8", 1)]
    told = city(EDGES, suits, groups)
    facts = firm_facts(told, {"area": {"y": 0, "x": 1}, "industry": {}})
    assert facts.paid_share.tolist() == [0.1, 0.2, 1.0, 1.0]
    assert facts.lawsuits.tolist() == [2, 1, 0, 0]
    assert facts.sued.tolist() == [1, 1, 0, 0]
    assert facts.fresh.tolist()[0] == 1 + 0.5  # today, and one half-life ago
    assert facts.sued_first[2] == 30
    assert np.isnan(facts.sued_first[3])  # never sued: no month, not month 0
    assert facts.qualify_count.tolist() == [2, 0, 0, 0]
    assert facts.area.tolist() == [1] * 4
    assert facts.industry.tolist() == [0] * 4  # no industry is common: all are of the others
    # relations change nothing here
    alone = firm_facts(city((), suits, groups), {"area": {"y": 0, "x": 1}, "industry": {}})
    pd.testing.assert_frame_equal(facts, alone)
    seeds = lawsuit_seeds(told)
    assert seeds.loc[1].tolist() == [2.0, 1.0, 1.5]


def test_groups_are_coded_by_size_in_the_train_split():
    groups = [("area", "rare", 1)] + [("area", name, n) for name in "zay" for n in range(15)]
    groups += [("area", "y", 99)]
    assert common_groups(city(groups=groups), "area") == {"y": 0, "a": 1, "z": 2}


def joined(*cities):
    names = ("companies", "edges", "lawsuits", "hyperedges")
    return Smesd(*(pd.concat([getattr(c, name) for c in cities]) for name in names))


def test_labels_of_a_split_never_reach_its_own_facts():
    def facts(labels):
        told = joined(*(city(EDGES, split=s) for s in ("train", "valid")))
        told = joined(told, city(EDGES, split="test", labels=labels))
        return splits(told, ("train", "valid", "test"))["test"].facts

    one, other = facts((0, 0, 0, 0)), facts((1, 1, 1, 1))
    for name in (WITHOUT, WITH, CASES):
        pd.testing.assert_frame_equal(one[name], other[name])
    # firm 2 was bankrupt in an earlier split: its holder 1 is exposed to it, it is not to itself
    assert one[CASES].exposure[1] > 0
    assert one[CASES].exposure[2] == 0
    assert not set(OF_CASES) & set(one[WITH])


def test_test_labels_are_blanked_unless_asked_for(tmp_path):
    told = joined(city(split="train"), city(split="test"))
    for name in ("companies", "edges", "lawsuits", "hyperedges"):
        getattr(told, name).to_csv(tmp_path / f"{name}.csv.gz", index=False)
    blank = read(tmp_path, test_labels=False).companies.set_index("split").label
    assert blank["test"].isna().all()
    assert blank["train"].tolist() == [0, 1, 0, 0]
    assert read(tmp_path, test_labels=True).companies.label.notna().all()
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nowhere", test_labels=False)
