from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
import pytest
from graph_twins import plain_ultimate
from hypothesis import given
from hypothesis import strategies as st
from literal_edges import AS_OF, edge, owns, random_edges, shuffled, table

from graphs.subject_graph import graph_features
from graphs.what_if import (
    AddEdge,
    ChangeStake,
    EditRefused,
    RemoveEdges,
    edited_edges,
    what_if,
)

NO_CASES = pa.table(
    {"subject_id": pa.array([], pa.string()), "stage_date": pa.array([], pa.date32())}
)
FIRMS = ["A", "B", "C", "D"]
# p1 holds 60 % of A, A 80 % of B; B and C hold a little of each other; D stands alone
FAMILY = table(
    edge("p1", "A", ratio=0.6),
    edge("p2", "A", ratio=0.4),
    edge("A", "B", ratio=0.8),
    edge("B", "C", ratio=0.3),
    edge("C", "B", ratio=0.1),
    edge("p1", "A", "directorship", role="法定代表人"),
)


def cases(*firms):
    return pa.table({"subject_id": list(firms), "stage_date": [AS_OF] * len(firms)})


def told(result, subject):
    rows = [row for row in result.changes().to_pylist() if row["subject_id"] == subject]
    return {row["feature"]: (row["before"], row["after"]) for row in rows}


def compare(*edits, known=NO_CASES):
    return what_if(FAMILY, edits, FIRMS, known, AS_OF)


def test_a_smaller_stake_hands_control_to_the_other_owner():
    result = compare(ChangeStake("p1", "A", 0.3), ChangeStake("p2", "A", 0.6))
    for firm in ("A", "B"):  # B follows, since A holds 80 % of it
        assert told(result, firm)["controller_id"] == ("p1", "p2")
    assert result.control_group("A") == (("A", "B"), ("A", "B"))
    assert "D" not in result.changed  # alone, and nothing changed for it


def test_a_removed_edge_breaks_the_circle_and_the_group():
    result = compare(RemoveEdges("C", "B"))
    assert told(result, "C")["circular_holding"] == ("1", "0")
    assert told(result, "B")["circular_holding"] == ("1", "0")


def test_an_added_edge_brings_control_group_and_exposure_with_its_path():
    result = compare(AddEdge("A", "D", ratio=0.9), known=cases("A"))
    changed = told(result, "D")
    assert changed["controller_id"] == (None, "p1")
    assert changed["control_group"] == ("D", "A, B, D")
    assert float(changed["exposure"][0]) == 0.0
    assert float(changed["exposure"][1]) > 0.0
    assert changed["exposure_path"][0] is None
    assert '"node":"A"' in changed["exposure_path"][1]
    # B is under the same control as one more firm now, though its own edges are as they were
    assert told(result, "B")["control_group"] == ("A, B", "A, B, D")


def test_without_edits_nothing_changes():
    result = compare()
    assert result.changed == ()
    assert result.changes().num_rows == 0


def test_members_that_swap_are_a_change_even_when_their_number_is_the_same():
    edges = owns(("H", "A", 0.9), ("H", "B", 0.9), ("X", "H", 0.1))
    edits = [RemoveEdges("H", "B"), AddEdge("H", "C", ratio=0.9)]
    result = what_if(edges, edits, ["A", "B", "C", "H"], NO_CASES, AS_OF)
    assert told(result, "A")["control_group"] == ("A, B, H", "A, C, H")


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (AddEdge("A", "Z"), "there is no firm 'Z' in the graph"),
        (AddEdge("p9", "A", src_kind="person"), "Say newcomer=True"),
        (ChangeStake("A", "B", 1.2), "a share from 0 to 1"),
        (ChangeStake("A", "B", float("nan")), "a share from 0 to 1"),
        (ChangeStake("A", "B", -0.1), "a share from 0 to 1"),
        (ChangeStake("A", "C", 0.2), "holds nothing of 'C' yet; use AddEdge"),
        (RemoveEdges("A", "D"), "there is no edge from 'A' to 'D' to remove"),
        (RemoveEdges("Q", "A"), "there is no firm 'Q'"),
        (AddEdge("A", "B", ratio=0.1), "use ChangeStake"),
        (AddEdge("A", "B", "friendship"), "kind must be one of"),
        (AddEdge("A", "B", "branch", ratio=0.2), "only an ownership has a stake"),
        (AddEdge("A", "B", "directorship"), "a post is held by a person"),
        (AddEdge("p1", "B", "branch", src_kind="person"), "a person cannot stand"),
        (AddEdge("A", "A", "branch"), "no branch of itself"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_in_one_sentence(edit, sentence):
    with pytest.raises(EditRefused, match="Edit 1 of 1") as refused:
        edited_edges(FAMILY, [edit], FIRMS)
    assert sentence in str(refused.value)


def test_an_unknown_firm_is_answered_with_the_nearest():
    edges = owns(("91330000MA0000001X", "91330000MA0000002X", 0.5))
    with pytest.raises(EditRefused, match="Did you mean '91330000MA0000002X'"):
        edited_edges(edges, [ChangeStake("91330000MA0000001X", "91330000MA0000022X", 0.1)], [])


def test_a_newcomer_may_hold_and_then_be_edited_again():
    edits = [
        ChangeStake("p1", "A", 0.1),
        AddEdge("p9", "A", src_kind="person", ratio=0.5, newcomer=True),
        ChangeStake("p9", "A", 0.51),
    ]
    result = compare(*edits)
    # p2 40 %, p1 10 %, p9 51 % make 101 %: said, and scaled, p9 still has more than half
    assert told(result, "A")["controller_id"] == ("p1", "p9")
    assert "sum to 101.00%" in result.notes[0]


def test_two_departments_records_of_one_stake_change_together():
    edges = table(
        edge("p1", "A", ratio=0.6, valid_from=datetime.date(2020, 1, 1)),
        edge("p1", "A", ratio=0.6, valid_from=datetime.date(2023, 1, 1)),
    )
    edited, notes = edited_edges(edges, [ChangeStake("p1", "A", 0.2)], ["A"])
    assert [float(ratio) for ratio in edited["ratio"].to_pylist()] == [0.2, 0.2]
    assert notes == []  # one holder: not added up
    assert edited.schema == edges.schema


def test_the_given_table_stays_as_it_is():
    before = FAMILY.to_pylist()
    compare(RemoveEdges("A", "B"), AddEdge("A", "D", ratio=0.9))
    assert FAMILY.to_pylist() == before


@given(st.integers(0, 300), st.integers(0, 5))
def test_an_edited_graph_is_what_the_graph_would_be_and_row_order_changes_nothing(seed, order):
    edges = random_edges(seed)
    firms = sorted({f"F{at}" for at in range(9)})
    if not edges.num_rows:
        return
    row = edges.to_pylist()[seed % edges.num_rows]
    edits = [RemoveEdges(row["src"], row["dst"])]
    result = what_if(edges, edits, firms, NO_CASES, AS_OF)
    again = what_if(shuffled(edges, order), edits, firms, NO_CASES, AS_OF)
    assert result.changes().equals(again.changes())
    # the slow way: the same table without these rows, made by hand, and its controllers
    kept = [r for r in edges.to_pylist() if (r["src"], r["dst"]) != (row["src"], row["dst"])]
    assert result.after.equals(graph_features(table(*kept), firms, NO_CASES, AS_OF))
    plain = plain_ultimate(table(*kept))
    for found in result.after.to_pylist():
        assert found["controller_id"] == plain.get(found["subject_id"], (None, False))[0]


@given(st.integers(0, 300))
def test_what_is_added_and_removed_again_changes_nothing(seed):
    edges = random_edges(seed)
    firms = sorted({f"F{at}" for at in range(9)} | {"N"})
    edits = [AddEdge("N", "F0", ratio=0.9), RemoveEdges("N", "F0")]
    assert what_if(edges, edits, firms, NO_CASES, AS_OF).changed == ()


def test_a_stake_as_the_lake_gives_it_is_a_stake():
    for edit in (AddEdge("A", "D", ratio=0.9), ChangeStake("A", "B", 0.4)):
        exact = replace(edit, ratio=Decimal(str(edit.ratio)))
        assert compare(exact).after.equals(compare(edit).after)
