"""The investment graph as statements of the Beneficial Ownership Data Standard, BODS 0.4.

The words are those of followthemoney: an Ownership is a `shareholding`, a Directorship is a place
on the board or in the management, with the role as recorded in `details`. Each firm is an entity
record, each person an anonymous person record that carries the keyed hash and nothing else. What
one department records between one holder and one firm is one relationship record; each edge of it
is one interest, and an annotation on the interest names the record the edge comes from.

A branch has no capital and no vote, so its parent's tie to it is "other influence or control". What
the standard has no word for is left out: shared addresses, shared phones and shared agents. The
statements say what departments recorded; they never claim who the beneficial owner is.
`graphs.statement_edges` reads statements back.

Source: the schema reference of BODS 0.4 (standard.openownership.org/en/0.4.0).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from graphs.edges import EDGE_SCHEMA
from graphs.kinds import BRANCH, DIRECTORSHIP, FIRM, LEGAL_REPRESENTATIVE, OWNERSHIP, PERSON

BODS_VERSION = "0.4"

Statement = dict[str, Any]

# The first four make one relationship record; the rest order the interests in it.
_ORDER = (
    *("dst", "src_kind", "src", "source", "kind", "role", "valid_from", "valid_to", "ratio"),
    *("table_name", "source_record_id", "file", "line", "dst_kind"),
)
_ENDS = ("src", "src_kind", "dst", "dst_kind", "kind")

SHAREHOLDING = "shareholding"
OTHER, UNKNOWN = "otherInfluenceOrControl", "unknownInterest"
# Words wider than ours: the annotation's `edgeKind` says which kind of edge is meant.
WIDER_WORDS = (OTHER, UNKNOWN)
# Supervisors, finance officers and contacts neither sit on the board nor lead the management.
_ROLE_WORDS = {
    LEGAL_REPRESENTATIVE: "seniorManagingOfficial",
    "经理": "seniorManagingOfficial",
    "董事": "boardMember",
    "董事长": "boardChair",
}
_BRANCH_WORD = "分支机构"

# What an interest's annotation names of its record, and the edge table's columns.
NOTED_COLUMNS = (
    ("tableName", "table_name"),
    ("sourceRecordId", "source_record_id"),
    ("file", "file"),
    ("line", "line"),
)

_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_BATCH = 8_192
_NORMALISED = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")
)


def expressible(edges: pa.Table) -> pa.Table:
    """The edges that BODS can say, distinct and in a fixed order; columns as `graphs.edges.EDGE_SCHEMA`.

    Ownership, directorships and branches from a firm or person to a firm. As in `graphs.compact`,
    only ownership has a ratio and only a directorship a role; rows that are the same in every
    column are one. Optional columns that are missing are NULL.

    Raises ValueError when src, dst or a kind is missing or NULL.
    """
    missing = [name for name in _ENDS if name not in edges.column_names]
    if missing:
        raise ValueError(
            f"The edge table lacks {', '.join(missing)}; expected at least {', '.join(_ENDS)}, "
            f"got {', '.join(edges.column_names)}. Make it with graphs.edges.edges."
        )
    for name in _ENDS:
        if edges[name].null_count:
            raise ValueError(
                f"The edge table has {edges[name].null_count:,} rows without {name}; expected "
                "none. Leave rows without a key out, as graphs.edges.edges does."
            )
    said = pc.and_(
        pc.is_in(edges["kind"], value_set=pa.array([OWNERSHIP, DIRECTORSHIP, BRANCH])),
        pc.and_(
            pc.is_in(edges["src_kind"], value_set=pa.array([FIRM, PERSON])),
            pc.equal(edges["dst_kind"], FIRM),
        ),
    )
    rows = edges.filter(said)
    columns = []
    for field in EDGE_SCHEMA:
        if field.name not in rows.column_names:
            columns.append(pa.nulls(rows.num_rows, field.type))
            continue
        column = rows[field.name].cast(field.type)
        only = {"ratio": OWNERSHIP, "role": DIRECTORSHIP}.get(field.name)
        if only is not None:
            column = pc.if_else(pc.equal(rows["kind"], only), column, pa.scalar(None, field.type))
        columns.append(column)
    table = pa.table(columns, schema=EDGE_SCHEMA)
    distinct = table.group_by(EDGE_SCHEMA.names, use_threads=False).aggregate([])
    ordered = distinct.select(EDGE_SCHEMA.names).sort_by([(name, "ascending") for name in _ORDER])
    return ordered.cast(EDGE_SCHEMA)


def statements(
    edges: pa.Table,
    as_of: date,
    publisher: str,
    *,
    subjects: pa.Array | Sequence[str] = (),
    names: Mapping[str, str] | None = None,
) -> Iterator[Statement]:
    """BODS statements of the edges known as of a date, one by one: firms, persons, relationships.

    `subjects` are firms that get an entity record even without an edge; `names` gives firms their
    names (persons never have one). `as_of` is the date of statement and of publication. Every
    record is new: one call gives a whole picture that stands alone.

    A statement's id is the SHA-256 of its content (`statement_id`), a record's id derives from
    whom it is about, so the next night's statement of the same record has the same `recordId`.
    A ratio outside 0 to 1 is no share in BODS; it stands as recorded in the interest's annotation.

    Raises ValueError for an edge table as `expressible` does, and for an empty publisher.
    """
    if not publisher.strip():
        raise ValueError("The statements have no publisher; expected the name of who gives them.")
    said = expressible(edges)
    context = _Context(as_of.isoformat(), publisher)
    return _statements(said, context, pa.array(subjects, pa.string()), names or {})


def statement_id(statement: Mapping[str, Any]) -> str:
    """SHA-256 of the statement's normalised JSON, its own id left out (64 hex digits)."""
    content = {name: value for name, value in statement.items() if name != "statementId"}
    return hashlib.sha256(_NORMALISED.encode(content).encode()).hexdigest()


class _Context:
    """What every statement of one picture has in common."""

    def __init__(self, day: str, publisher: str) -> None:
        self.day = day
        self.publisher = publisher

    def statement(
        self,
        record_id: str,
        record_type: str,
        subject: str,
        details: Statement,
        asserted_by: str | None = None,
        annotations: list[Statement] | None = None,
    ) -> Statement:
        source: Statement = {"type": ["officialRegister"]}
        if asserted_by is not None:
            source["assertedBy"] = [{"name": asserted_by}]
        content: Statement = {
            "declarationSubject": subject,
            "statementDate": self.day,
            "publicationDetails": {
                "publicationDate": self.day,
                "bodsVersion": BODS_VERSION,
                "publisher": {"name": self.publisher},
            },
            "source": source,
            "recordId": record_id,
            "recordType": record_type,
            "recordStatus": "new",
            "recordDetails": details,
        }
        if annotations:
            content["annotations"] = annotations
        return {"statementId": statement_id(content), **content}


def _statements(
    said: pa.Table, context: _Context, subjects: pa.Array, names: Mapping[str, str]
) -> Iterator[Statement]:
    persons_hold = pc.equal(said["src_kind"], PERSON)
    firms = [said["src"].filter(pc.invert(persons_hold)), said["dst"], subjects.drop_null()]
    for firm in _ids(firms):
        record = f"{FIRM}-{firm}"
        yield context.statement(record, "entity", record, _entity(firm, names.get(firm)))
    for key in _ids([said["src"].filter(persons_hold)]):
        record = f"{PERSON}-{key}"
        yield context.statement(record, "person", record, _person(key))
    rows = (row for batch in said.to_batches(max_chunksize=_BATCH) for row in batch.to_pylist())
    for (dst, src_kind, src, source), group in groupby(
        rows, lambda row: (row["dst"], row["src_kind"], row["src"], row["source"])
    ):
        held, holder = f"{FIRM}-{dst}", f"{src_kind}-{src}"
        recorded = list(group)
        interests = [_interest(row) for row in recorded]
        details = {
            "isComponent": False,
            "subject": held,
            "interestedParty": holder,
            "interests": interests,
        }
        digest = hashlib.sha256(json.dumps([holder, held, source]).encode()).hexdigest()
        annotations = [
            note
            for place, (row, interest) in enumerate(zip(recorded, interests, strict=True))
            if (note := _annotation(place, row, interest))
        ]
        yield context.statement(
            f"relationship-{digest[:32]}", "relationship", held, details, source, annotations
        )


def _ids(columns: Sequence[pa.Array | pa.ChunkedArray]) -> Iterator[str]:
    chunks = [c for column in columns for c in getattr(column, "chunks", [column])]
    unique = pc.unique(pa.chunked_array(chunks, pa.string()))
    ordered = unique.take(pc.array_sort_indices(unique))
    for start in range(0, len(ordered), _BATCH):
        yield from ordered.slice(start, _BATCH).to_pylist()


def _entity(firm: str, name: str | None) -> Statement:
    scheme = "统一社会信用代码" if _CREDIT_CODE.fullmatch(firm) else "市场主体编号"
    details: Statement = {"isComponent": False, "entityType": {"type": "registeredEntity"}}
    if name is not None:
        details["name"] = name
    details["identifiers"] = [{"id": firm, "schemeName": scheme}]
    return details


def _person(key: str) -> Statement:
    return {
        "isComponent": False,
        "personType": "anonymousPerson",
        "unspecifiedPersonDetails": {
            "reason": "informationUnknownToPublisher",
            "description": "Only a keyed hash of the person's id number is kept.",
        },
        "identifiers": [{"id": key, "schemeName": "keyed hash"}],
    }


def _interest(row: Mapping[str, Any]) -> Statement:
    kind, role = row["kind"], row["role"]
    interest: Statement = {"directOrIndirect": "direct"}
    if kind == OWNERSHIP:
        interest["type"] = SHAREHOLDING
    elif kind == BRANCH:
        interest |= {"type": OTHER, "details": _BRANCH_WORD}
    else:
        interest["type"] = _ROLE_WORDS.get(role, OTHER) if role else UNKNOWN
        if role is not None:
            interest["details"] = role
    if row["ratio"] is not None and _is_share(row["ratio"]):
        # seven digits at most, so a double holds the percentage and prints it back exactly
        interest["share"] = {"exact": float(row["ratio"] * 100)}
    for name, column in (("startDate", "valid_from"), ("endDate", "valid_to")):
        if row[column] is not None:
            interest[name] = row[column].isoformat()
    return interest


def _annotation(place: int, row: Mapping[str, Any], interest: Statement) -> Statement | None:
    """Where the interest comes from, and what its BODS words cannot say."""
    said: Statement = {
        name: row[column] for name, column in NOTED_COLUMNS if row[column] is not None
    }
    if row["ratio"] is not None and not _is_share(row["ratio"]):
        said["recordedRatio"] = str(row["ratio"])
    if interest["type"] in WIDER_WORDS:
        said["edgeKind"] = row["kind"]
    if not said:
        return None
    return {
        "statementPointerTarget": interest_pointer(place),
        "motivation": "commenting",
        "description": "The record this interest comes from.",
        **said,
    }


def interest_pointer(place: int) -> str:
    """The JSON pointer from a relationship statement to one of its interests."""
    return f"/recordDetails/interests/{place}"


def _is_share(ratio: Decimal) -> bool:
    return 0 <= ratio <= 1
