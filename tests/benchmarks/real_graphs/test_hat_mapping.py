from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.real_graphs.hat import judged, predictions
from tests.benchmarks.real_graphs.hat_graph import case_facts, hat_graph
from tests.benchmarks.real_graphs.hat_tables import Hat, edge_table, read


def pairs(*rows):
    return pd.DataFrame(list(rows), columns=["src", "dst"], dtype=int)


def small(labels=(1.0, 0.0, np.nan), splits=("train", "valid", "test")):
    """Three firms; person 7 has posts in 0 and 1, firm 1 holds firm 2."""
    firms = len(labels)
    return Hat(
        companies=pd.DataFrame(
            {
                "company": range(firms),
                "split": splits,
                "label": labels,
                "bankrupt_before_2019": labels,
                "f0": [float(n % 7) for n in range(firms)],
            }
        ),
        individuals=pd.DataFrame({"i0": [4.0, 9.0]}, index=[7, 8]),  # 8 has no post
        posts=pd.DataFrame({"individual": [7, 7], "company": [0, 1]}),
        holdings=pd.DataFrame({"src_company": [1], "dst_company": [2]}),
        metapaths={
            "CC": pairs((1, 2), (2, 1)),
            "CIC": pairs((0, 0), (1, 1)),
            "CMC": pairs((0, 1), (1, 0), (0, 0), (1, 2), (2, 1)),
        },
    )


def test_relations_become_posts_and_holdings():
    rows = [tuple(row.values()) for row in edge_table(small()).to_pylist()]
    assert rows == [
        ("000007", "person", "000000", "firm", "directorship"),
        ("000007", "person", "000001", "firm", "directorship"),
        ("000001", "firm", "000002", "firm", "ownership"),
    ]


def test_facts_stand_around_the_firm():
    facts = hat_graph(small()).facts
    assert facts.person_count.tolist() == [1, 1, 0]
    assert facts.busiest_person[:2].tolist() == [2, 2]
    assert facts.i0_mean[:2].tolist() == [4, 4]
    assert np.isnan(facts.i0_mean[2])  # nobody is known there
    assert facts.held_count.tolist() == [0, 1, 0]
    assert facts.holder_count.tolist() == [0, 0, 1]
    assert facts.CIC_count.tolist() == [0, 0, 0]  # a firm with itself is no pair
    assert facts.CMC_count.tolist() == [1, 2, 1]
    assert facts.CC_f0[1] == 2.0  # the f0 of firm 2
    assert not [name for name in facts if "bankrupt" in name or name == "company"]


def test_known_cases_are_those_of_others():
    graph = hat_graph(small())
    facts = case_facts(graph, np.array([1.0, 0.0, np.nan]))
    assert facts.CMC_known.tolist() == [1, 1, 1]  # firm 2's end is not known
    assert facts.CMC_cases.tolist() == [0, 1, 0]  # firm 0 is bankrupt, and counts for 1 alone
    other = case_facts(graph, np.array([0.0, 1.0, np.nan]))
    assert other.CMC_cases.tolist() == [1, 0, 1]
    # two more firms at the overall share of a half: (1 + 0.5 * 2) / (1 + 2)
    assert facts.CMC_drawn_share[1] == pytest.approx(2 / 3)


def many(test_labels):
    labels = [float(n % 3 == 0) for n in range(60)] + list(test_labels)
    hat = small(tuple(labels), ("train",) * 40 + ("valid",) * 20 + ("test",) * len(test_labels))
    chain = pairs(*((n, n + 1) for n in range(len(labels) - 1)))
    return Hat(hat.companies, hat.individuals, hat.posts, hat.holdings, {"CMC": chain})


def test_the_asked_firms_labels_change_nothing():
    hidden, shown = many([np.nan] * 6), many([1.0, 0.0] * 3)
    fit, asked = shown.in_split("train"), shown.in_split("test")
    one, other = (judged(hat, hat_graph(hat), fit, asked, seeds=1) for hat in (hidden, shown))
    assert one.tolist() == other.tolist()
    rows = predictions(hidden)
    assert list(rows) == ["company", "probability"]
    assert rows.company.tolist() == list(range(60, 66))
    assert rows.probability.between(0, 1).all()
    assert rows.equals(predictions(shown))


def test_firms_must_be_numbered_in_a_row(tmp_path):
    hat = small()
    hat.companies.drop(index=1).to_csv(tmp_path / "companies.csv.gz", index=False)
    with pytest.raises(ValueError, match="not numbered 0 to 1"):
        read(tmp_path)
