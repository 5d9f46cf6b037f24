from __future__ import annotations

import datetime
import json
import random
import re
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.edges import EDGE_SCHEMA
from graphs.kinds import EDGE_KINDS, NODE_KINDS
from graphs.ownership_statements import expressible, statement_id, statements
from graphs.statement_edges import edges_of
from tests.graphs.literal_edges import edge, random_edges, table

AS_OF = datetime.date(2024, 6, 30)
DAY = datetime.date(2020, 1, 1)
KEY = "0123456789abcdef0123456789abcdef"
CODE = "91330000MA0000000A"


def said(edges, **more):
    return list(statements(edges, AS_OF, "某市", **more))


def recorded(src, dst, kind="ownership", ratio=None, role=None, **more):
    """One edge with its record; kinds as in `literal_edges`."""
    source = {"table_name": "shareholder", "source": "scjg", "source_record_id": "R1"}
    place = {"file": "2024-06-01/scjg/a.csv", "line": 2}
    return edge(src, dst, kind, ratio, role) | {"valid_to": None} | source | place | more


def edge_table(*rows):
    return pa.Table.from_pylist(list(rows), EDGE_SCHEMA)


def of_type(made, record_type):
    return [one for one in made if one["recordType"] == record_type]


def interests(*edges):
    """The interests that a table of edges gives, in order."""
    made = of_type(said(edge_table(*edges)), "relationship")
    return [interest for one in made for interest in one["recordDetails"]["interests"]]


def test_a_person_who_holds_a_firm_in_full():
    held = recorded("p" + KEY, CODE, ratio=0.123456, valid_from=DAY)
    firm, person, relationship = said(edge_table(held), names={CODE: "甲公司"})
    common = {
        "statementDate": "2024-06-30",
        "publicationDetails": {
            "publicationDate": "2024-06-30",
            "bodsVersion": "0.4",
            "publisher": {"name": "某市"},
        },
        "recordStatus": "new",
    }
    assert firm == common | {
        "statementId": statement_id(firm),
        "declarationSubject": f"firm-{CODE}",
        "source": {"type": ["officialRegister"]},
        "recordId": f"firm-{CODE}",
        "recordType": "entity",
        "recordDetails": {
            "isComponent": False,
            "entityType": {"type": "registeredEntity"},
            "name": "甲公司",
            "identifiers": [{"id": CODE, "schemeName": "统一社会信用代码"}],
        },
    }
    assert person["recordType"] == "person"
    assert person["recordDetails"]["personType"] == "anonymousPerson"
    assert person["recordDetails"]["identifiers"] == [{"id": "p" + KEY, "schemeName": "keyed hash"}]
    assert relationship == common | {
        "statementId": statement_id(relationship),
        "declarationSubject": f"firm-{CODE}",
        "source": {"type": ["officialRegister"], "assertedBy": [{"name": "scjg"}]},
        "recordId": relationship["recordId"],
        "recordType": "relationship",
        "recordDetails": {
            "isComponent": False,
            "subject": f"firm-{CODE}",
            "interestedParty": f"person-p{KEY}",
            "interests": [
                {
                    "type": "shareholding",
                    "directOrIndirect": "direct",
                    "share": {"exact": 12.3456},
                    "startDate": "2020-01-01",
                }
            ],
        },
        "annotations": [
            {
                "statementPointerTarget": "/recordDetails/interests/0",
                "motivation": "commenting",
                "description": "The record this interest comes from.",
                "tableName": "shareholder",
                "sourceRecordId": "R1",
                "file": "2024-06-01/scjg/a.csv",
                "line": 2,
            }
        ],
    }


@pytest.mark.parametrize(
    ("role", "interest"),
    [
        ("法定代表人", "seniorManagingOfficial"),  # by law a director or manager, acts for the firm
        ("经理", "seniorManagingOfficial"),
        ("董事", "boardMember"),
        ("董事长", "boardChair"),
        ("监事", "otherInfluenceOrControl"),  # supervises the board, does not sit on it
        ("财务负责人", "otherInfluenceOrControl"),  # does not lead the management
        ("联络员", "otherInfluenceOrControl"),
        (None, "unknownInterest"),
    ],
)
def test_a_role_keeps_its_words(role, interest):
    row = recorded("p1", "A", "directorship", role=role)
    (made,) = interests(row)
    assert made["type"] == interest
    assert made.get("details") == role
    assert edges_of(said(edge_table(row)))["role"].to_pylist() == [role]


def test_a_branch_is_neither_held_nor_directed():
    (made,) = interests(recorded("A", "B", "branch"))
    assert (made["type"], made["details"]) == ("otherInfluenceOrControl", "分支机构")


@pytest.mark.parametrize(
    ("ratio", "share"),
    [
        (None, None),  # an unknown stake stays unknown
        (0, {"exact": 0.0}),
        (0.000001, {"exact": 0.0001}),
        (1, {"exact": 100.0}),
        (1.5, None),  # more than all is no share; the annotation keeps what was recorded
        (-0.1, None),
    ],
)
def test_stakes(ratio, share):
    held = recorded("A", "B", ratio=ratio)
    (made,) = interests(held)
    assert made.get("share") == share
    expected = None if ratio is None else Decimal(str(ratio)).quantize(Decimal("0.000001"))
    assert edges_of(said(edge_table(held)))["ratio"].to_pylist() == [expected]


def test_one_relationship_record_for_what_one_department_says_of_a_pair():
    made = said(
        edge_table(
            recorded("p1", "A", ratio=0.5),
            recorded("p1", "A", "directorship", role="董事"),
            recorded("p1", "A", ratio=0.4, source="tax"),  # another department: its own record
            recorded("p1", "A", ratio=0.5),  # the same row again: said once
        )
    )
    relationships = of_type(made, "relationship")
    counts = {
        one["source"]["assertedBy"][0]["name"]: len(one["recordDetails"]["interests"])
        for one in relationships
    }
    assert counts == {"scjg": 2, "tax": 1}
    assert len({one["recordId"] for one in relationships}) == 2


def test_what_has_no_word_is_left_out():
    made = said(
        table(
            edge("A", "a1", "shared_address"),
            edge("A", "t1", "shared_phone"),
            edge("A", "p1", ratio=1),  # nobody owns a person
            edge("B", "C", "ownership", role="董事", ratio=0.2),  # a stake has no role
            edge("D", "C", "branch", ratio=0.2),  # a branch has no stake
        )
    )
    assert [one["recordId"] for one in of_type(made, "entity")] == ["firm-B", "firm-C", "firm-D"]
    assert [
        (row["src"], row["kind"], row["role"], row["ratio"]) for row in edges_of(made).to_pylist()
    ] == [("B", "ownership", None, Decimal("0.200000")), ("D", "branch", None, None)]


def test_no_edges():
    empty = table()
    assert said(empty) == []
    assert [one["recordId"] for one in said(empty, subjects=["B", "A"])] == ["firm-A", "firm-B"]
    assert edges_of([]).equals(EDGE_SCHEMA.empty_table())


def test_no_name_of_a_person():
    made = said(edge_table(recorded("p1", "A", ratio=1)), names={"A": "甲", "p1": "张三"})
    assert "张三" not in json.dumps(made, ensure_ascii=False)


def test_a_record_is_the_same_record_on_another_day():
    held = edge_table(recorded("p1", "A", ratio=0.5))
    later = edge_table(recorded("p1", "A", ratio=0.6))
    one, two = said(held), list(statements(later, AS_OF + datetime.timedelta(1), "某市"))
    assert [s["recordId"] for s in one] == [s["recordId"] for s in two]
    assert not {s["statementId"] for s in one} & {s["statementId"] for s in two}


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
maybe = st.none() | words
rows = st.fixed_dictionaries(
    {
        "src": words,
        "src_kind": st.sampled_from(NODE_KINDS),
        "dst": st.sampled_from(["A", "B", ""]),
        "dst_kind": st.sampled_from(["firm", "firm", "firm", "person", "address"]),
        "kind": st.sampled_from(EDGE_KINDS),
        "role": st.none() | st.sampled_from(["董事", "监事", "分支机构", ""]) | words,
        "ratio": st.none() | st.decimals(-2, 2, places=6) | st.decimals(0, 1, places=6),
        "valid_from": st.none() | st.dates(),
        "valid_to": st.none() | st.dates(),
        "table_name": maybe,
        "source": maybe,
        "source_record_id": maybe,
        "file": maybe,
        "line": st.none() | st.integers(0, 2**40),
    }
)


def by_hand(table_rows):
    """The slow twin of `expressible`: the rows as a set."""
    kept = set()
    for row in table_rows:
        if row["kind"] not in ("ownership", "directorship", "branch"):
            continue
        if row["src_kind"] not in ("firm", "person") or row["dst_kind"] != "firm":
            continue
        row = dict(row)
        row["role"] = row["role"] if row["kind"] == "directorship" else None
        row["ratio"] = row["ratio"] if row["kind"] == "ownership" else None
        kept.add(frozenset(row.items()))
    return kept


@settings(max_examples=100, deadline=None)
@given(st.lists(rows, max_size=12), st.randoms(use_true_random=False))
def test_what_was_said_is_read_back(table_rows, draw):
    edges = edge_table(*table_rows)
    made = said(edges)
    through_json = [json.loads(json.dumps(one, ensure_ascii=False)) for one in made]
    back = edges_of(through_json)
    assert back.equals(expressible(edges))
    assert {frozenset(row.items()) for row in back.to_pylist()} == by_hand(table_rows)

    mixed = list(table_rows) * 2  # said twice and in another order: the same statements
    draw.shuffle(mixed)
    assert said(edge_table(*mixed)) == made
    assert_conforms(made)


@pytest.mark.parametrize("seed", range(30))
def test_random_graphs_are_read_back(seed):
    edges = random_edges(seed)
    made = said(edges)
    assert edges_of(made).equals(expressible(edges))
    assert_conforms(made)
    order = list(range(edges.num_rows))
    random.Random(seed).shuffle(order)
    assert said(edges.take(pa.array(order, pa.int64()))) == made


INTEREST_FIELDS = {"type", "directOrIndirect", "details", "share", "startDate", "endDate"}
REQUIRED = {
    "entity": {"isComponent", "entityType"},
    "person": {"isComponent", "personType"},
    "relationship": {"isComponent", "subject", "interestedParty"},
}


def assert_conforms(made):
    """What BODS 0.4 requires of what is used here: its schema, and its order of statements."""
    seen, ids = set(), set()
    for one in made:
        assert {"statementDate", "declarationSubject", "recordId"} <= one.keys()
        assert 32 <= len(one["statementId"]) <= 64
        assert one["statementId"] not in ids
        assert one["statementId"] == statement_id(one)
        assert one["recordStatus"] == "new"
        assert one["recordId"] not in seen
        assert re.fullmatch(r"\d+\.\d+", one["publicationDetails"]["bodsVersion"])
        details = one["recordDetails"]
        assert REQUIRED[one["recordType"]] <= details.keys()
        for party in {"subject", "interestedParty"} & details.keys():
            assert details[party] in seen  # said before
        for place, interest in enumerate(details.get("interests", ())):
            assert interest.keys() <= INTEREST_FIELDS
            assert 0 <= interest.get("share", {}).get("exact", 0) <= 100
            for note in one.get("annotations", ())[place : place + 1]:
                assert {"motivation", "statementPointerTarget"} <= note.keys()
        for identifier in details.get("identifiers", ()):
            assert {"id", "schemeName"} <= identifier.keys()
        seen.add(one["recordId"])
        ids.add(one["statementId"])
        assert one["declarationSubject"] in seen


def foreign(record_type, record, **details):
    """A statement as another publisher may write it: only what the standard requires."""
    return {
        "statementId": f"{record:0>32}",
        "declarationSubject": "x",
        "statementDate": "2024-01-01",
        "recordId": record,
        "recordType": record_type,
        "recordDetails": {"isComponent": False} | details,
    }


PARTIES = [
    foreign("person", "p-1", personType="unknownPerson"),
    foreign("entity", "e-1", entityType={"type": "registeredEntity"}, identifiers=[{"id": "X1"}]),
]


def holds(interest, party="p-1", subject="e-1"):
    return foreign("relationship", "r", subject=subject, interestedParty=party,
                   interests=[interest])  # fmt: skip


@pytest.mark.parametrize(
    ("interest", "expected"),
    [
        ({"type": "shareholding", "share": {"exact": 25}}, ("ownership", None, Decimal("0.25"))),
        ({"type": "shareholding", "share": {"minimum": 25}}, ("ownership", None, None)),
        ({"type": "boardMember"}, ("directorship", "boardMember", None)),
        ({"type": "boardMember", "details": "Director"}, ("directorship", "Director", None)),
        ({"type": "votingRights", "share": {"exact": 25}}, None),  # votes are not capital
        ({"type": "otherInfluenceOrControl", "details": "x"}, None),  # of what kind, nobody says
        ({"type": "shareholding", "directOrIndirect": "indirect"}, None),  # through another firm
    ],
)
def test_what_others_wrote(interest, expected):
    read = edges_of([*PARTIES, holds(interest)]).to_pylist()
    assert [(row["src"], row["src_kind"], row["dst"]) for row in read] == (
        [("p-1", "person", "X1")] if expected else []
    )
    if expected:
        assert (read[0]["kind"], read[0]["role"], read[0]["ratio"]) == expected


def test_an_unspecified_party_gives_no_edge():
    unknown = {"reason": "subjectUnableToConfirmOrIdentifyBeneficialOwner"}
    assert edges_of([*PARTIES, holds({"type": "shareholding"}, party=unknown)]).num_rows == 0


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (holds({"type": "shareholding"}, party="p-9"), "interestedParty 'p-9', of which no"),
        (holds({"type": "shareholding"}, subject="p-1"), "has a person as its subject"),
        (holds({"type": "shareholding", "share": {"exact": 101}}), "has the share '101'"),
        (holds({"type": "shareholding", "startDate": "May"}), "has the startDate 'May'"),
        (PARTIES[1], "is a second one of record 'e-1'"),
        (foreign("company", "c"), "is of record type 'company'"),
        (foreign("entity", "e-2") | {"recordDetails": []}, "has recordDetails \\[\\]"),
        (foreign("entity", "e-2") | {"recordStatus": "closed"}, "record status 'closed'"),
        (
            foreign("entity", "e-2") | {"publicationDetails": {"bodsVersion": "0.2"}},
            "of version 0.2 of the standard; expected 0.4",
        ),
        ({"statementID": "old"}, "has recordType None"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_statement(wrong, sentence):
    with pytest.raises(ValueError, match=f"^Statement '.*' .*{sentence}"):
        edges_of([*PARTIES, wrong])


def test_wrong_edge_tables_are_refused():
    with pytest.raises(ValueError, match="lacks dst_kind, kind"):
        expressible(pa.table({"src": ["A"], "src_kind": ["firm"], "dst": ["B"]}))
    with pytest.raises(ValueError, match="1 rows without src"):
        said(table(edge("A", "B") | {"src": None}))
    with pytest.raises(ValueError, match="no publisher"):
        statements(table(), AS_OF, " ")
