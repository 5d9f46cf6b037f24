from __future__ import annotations

import numpy as np
import pandas as pd

from models.risk.family import LARGEST_FAMILY
from models.risk.labels import Labels
from models.risk.training_set import group_of, labelled_rows

LABELS = Labels(frozenset({"p1", "p2"}), frozenset({"r"}), frozenset({"c"}))
FEATURES = pd.DataFrame({"subject_id": ["u2", "c", "r", "p1", "u1"], "debt": [1, 2, 3, 4, 5]})


def test_a_dated_city_trains_on_all_but_those_under_case() -> None:
    rows = labelled_rows(FEATURES, LABELS, most_unlabelled=10, static=False)
    # p2 has a case but no row: it was not registered that day. c is under case and left out.
    assert rows["subject_id"].tolist() == ["p1", "r", "u1", "u2"]
    assert rows["label"].tolist() == [1, 0, 0, 0]


def test_a_static_city_trains_on_reviewed_firms_only() -> None:
    rows = labelled_rows(FEATURES, LABELS, most_unlabelled=10, static=True)
    assert rows[["subject_id", "label"]].values.tolist() == [["p1", 1], ["r", 0]]


def test_unlabelled_firms_are_drawn_by_their_id_alone() -> None:
    many = pd.DataFrame({"subject_id": [f"u{n}" for n in range(200)], "debt": 0})
    nobody = Labels(frozenset(), frozenset(), frozenset())
    drawn = labelled_rows(many, nobody, most_unlabelled=20, static=False)["subject_id"]
    assert len(drawn) == 20
    # neither the order of the rows nor firms that are not drawn change who is
    fewer = many[many["subject_id"].isin(set(drawn) | {f"u{n}" for n in range(50)})]
    again = labelled_rows(fewer.iloc[::-1], nobody, most_unlabelled=20, static=False)["subject_id"]
    assert again.tolist() == drawn.tolist()


def test_a_family_comes_whole_and_a_row_stands_for_those_not_drawn() -> None:
    rows = pd.DataFrame(
        [
            ("p1", "G1", 3),  # a case: stands for itself
            ("k1", "G1", 3),  # of its family and not drawn: there for its sake
            ("c", "G1", 3),  # of its family, under case: for its sake too
            ("r", "own", 1),  # reviewed: stands for itself
            *[(f"u{n}", f"G{n // 2 + 2}", 2) for n in range(40)],  # pairs that nobody knows
            *[(f"v{n}", "hub", LARGEST_FAMILY + 1) for n in range(20)],  # no family
        ],
        columns=["subject_id", "group_id", "group_size"],
    )
    labels = Labels(frozenset({"p1"}), frozenset({"r"}), frozenset({"c"}))
    found = labelled_rows(rows, labels, most_unlabelled=20, static=False)
    weight = found.set_index("subject_id")["weight"]
    assert weight[["p1", "r"]].tolist() == [1.0, 1.0]
    drawn = weight.drop(["p1", "r"])
    # k1, u0 to u39 and v0 to v19 were drawn from, and each row drawn stands for as many
    assert drawn.sum() == 61
    assert drawn[drawn > 0].nunique() == 1
    assert 20 <= (drawn > 0).sum() <= 21  # the last pair comes whole
    assert drawn["c"] == 0
    assert "k1" in drawn.index
    pairs = found[found["subject_id"].str.startswith("u")].groupby("group_id").size()
    assert set(pairs) == {2}
    assert not np.isnan(found["weight"]).any()


def test_groups() -> None:
    rows = pd.DataFrame(
        [
            # a family of two in the graph: one group, whatever their registrations say
            ("a", "family", 2, "x", 1.0),
            ("b", "family", 2, "y", 2.0),
            # alone in the graph, but the same in name and capital: one group
            ("c", "own-c", 1, "x", 1.0),
            ("d", "own-d", 1, "x", 1.0),
            # missing equals missing only
            ("e", None, None, "x", None),
            ("f", None, None, "x", None),
            # a component so large that hubs made it is no family
            ("g", "hub", LARGEST_FAMILY + 1, "z", 9.0),
            ("h", "hub", LARGEST_FAMILY + 1, "w", 9.0),
        ],
        columns=["subject_id", "group_id", "group_size", "name", "capital"],
    )
    group = dict(zip(rows["subject_id"], group_of(rows, ["name", "capital"]), strict=True))
    assert group["a"] == group["b"] == "family"
    assert group["c"] == group["d"] != group["a"]
    assert group["e"] == group["f"] != group["c"]
    assert group["g"] != group["h"]
    # without columns that make firms alike, a firm outside families is its own group
    assert group_of(rows, []).tolist() == ["family", "family", "c", "d", "e", "f", "g", "h"]
