"""The edge table that statements of the Beneficial Ownership Data Standard, BODS 0.4, give.

The other way of `graphs.ownership_statements`; it also reads what others have written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from graphs.edges import EDGE_SCHEMA
from graphs.kinds import BRANCH, DIRECTORSHIP, FIRM, OWNERSHIP, PERSON
from graphs.ownership_statements import (
    BODS_VERSION,
    NOTED_COLUMNS,
    SHAREHOLDING,
    WIDER_WORDS,
    interest_pointer,
)

_KIND_OF_WORD = {
    SHAREHOLDING: OWNERSHIP,
    "boardMember": DIRECTORSHIP,
    "boardChair": DIRECTORSHIP,
    "seniorManagingOfficial": DIRECTORSHIP,
}
_BATCH = 8_192


def edges_of(statements: Iterable[Mapping[str, Any]]) -> pa.Table:
    """The edge table that BODS 0.4 statements give; columns as `EDGE_SCHEMA`, in their order.

    What `statements` wrote comes back as `expressible(edges)`. Files of others are read too: a
    shareholding is an ownership (a range of shares is no stake: NULL), places on the board and in
    the management are directorships, their role what stands in `details` or else the interest's
    type. Left out: any other interest, indirect interests (they repeat what the direct ones say),
    and unspecified parties. A firm or person is known by its first identifier, or by its record
    id when it has none.

    Raises ValueError, naming the statement, for another version of the standard, for a lacking
    field, for a party without an earlier record of its own, for a subject that is no entity, and
    for a record that replaces or closes an earlier one (only a single picture can be read).
    """
    parties: dict[str, tuple[str, str]] = {}
    parts: list[pa.RecordBatch] = []
    rows: list[dict[str, Any]] = []
    for statement in statements:
        record_type = _field(statement, "recordType", str)
        _check_version(statement)
        if record_type == "relationship":
            rows.extend(_rows(statement, parties))
        elif record_type in ("entity", "person"):
            _add_party(statement, parties, FIRM if record_type == "entity" else PERSON)
        else:
            came = f"is of record type '{record_type}'"
            raise _refused(statement, came, "entity, person or relationship")
        if len(rows) >= _BATCH:
            parts.append(pa.RecordBatch.from_pylist(rows, EDGE_SCHEMA))
            rows = []
    parts.append(pa.RecordBatch.from_pylist(rows, EDGE_SCHEMA))
    return pa.Table.from_batches(parts, EDGE_SCHEMA)


def _add_party(
    statement: Mapping[str, Any], parties: dict[str, tuple[str, str]], kind: str
) -> None:
    record = _field(statement, "recordId", str)
    if record in parties:
        raise _refused(statement, f"is a second one of record '{record}'", "one a record")
    details = _field(statement, "recordDetails", dict)
    identifiers = details.get("identifiers") or [{}]
    parties[record] = (kind, str(identifiers[0].get("id", record)))


def _rows(
    statement: Mapping[str, Any], parties: Mapping[str, tuple[str, str]]
) -> Iterator[dict[str, Any]]:
    """One edge for each interest of a relationship that the graph has a word for."""
    details = _field(statement, "recordDetails", dict)
    holder, held = details.get("interestedParty"), details.get("subject")
    if isinstance(holder, dict) or isinstance(held, dict):
        return
    for name, record in (("interestedParty", holder), ("subject", held)):
        if not isinstance(record, str) or record not in parties:
            came = f"has the {name} '{record}', of which no statement came before"
            raise _refused(statement, came, "each party's own statement first")
    (src_kind, src), (dst_kind, dst) = parties[str(holder)], parties[str(held)]
    if dst_kind != FIRM:
        raise _refused(statement, "has a person as its subject", "an entity")
    asserted = (statement.get("source") or {}).get("assertedBy") or [{}]
    notes = {
        note.get("statementPointerTarget"): note for note in statement.get("annotations") or ()
    }
    for place, interest in enumerate(details.get("interests") or ()):
        note = notes.get(interest_pointer(place), {})
        kind = _kind(interest, note)
        if kind is None or interest.get("directOrIndirect") == "indirect":
            continue
        yield {
            "src": src,
            "src_kind": src_kind,
            "dst": dst,
            "dst_kind": dst_kind,
            "kind": kind,
            "role": _role(interest) if kind == DIRECTORSHIP else None,
            "ratio": _ratio(statement, interest, note) if kind == OWNERSHIP else None,
            "valid_from": _day(statement, interest, "startDate"),
            "valid_to": _day(statement, interest, "endDate"),
            "source": asserted[0].get("name"),
            **{column: note.get(name) for name, column in NOTED_COLUMNS},
        }


def _kind(interest: Mapping[str, Any], note: Mapping[str, Any]) -> str | None:
    word = interest.get("type")
    if word in WIDER_WORDS:
        meant = note.get("edgeKind")
        return meant if meant in (DIRECTORSHIP, BRANCH) else None
    return _KIND_OF_WORD.get(str(word))


def _role(interest: Mapping[str, Any]) -> str | None:
    word = interest["type"]
    return interest.get("details", None if word in WIDER_WORDS else word)


def _ratio(
    statement: Mapping[str, Any], interest: Mapping[str, Any], note: Mapping[str, Any]
) -> Decimal | None:
    exact = (interest.get("share") or {}).get("exact")
    recorded = note.get("recordedRatio")
    if exact is None and recorded is None:
        return None
    try:
        ratio = Decimal(str(exact)) / 100 if recorded is None else Decimal(recorded)
        if recorded is not None or 0 <= ratio <= 1:
            return round(ratio, 6)
    except (TypeError, InvalidOperation):
        pass
    came = f"has the share '{exact if recorded is None else recorded}'"
    raise _refused(statement, came, "a percentage between 0 and 100")


def _day(statement: Mapping[str, Any], interest: Mapping[str, Any], name: str) -> date | None:
    text = interest.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise _refused(statement, f"has the {name} '{text}'", "a date as 2024-12-31") from None


def _check_version(statement: Mapping[str, Any]) -> None:
    version = (statement.get("publicationDetails") or {}).get("bodsVersion", BODS_VERSION)
    if version != BODS_VERSION:
        raise _refused(statement, f"is of version {version} of the standard", BODS_VERSION)
    status = statement.get("recordStatus", "new")
    if status != "new":
        came = f"has the record status '{status}'"
        raise _refused(statement, came, "a single picture, in which every record is new")


def _field(statement: Mapping[str, Any], name: str, kind: type) -> Any:
    value = statement.get(name)
    if not isinstance(value, kind):
        expected = f"one ({kind.__name__}), as BODS 0.4 requires"
        raise _refused(statement, f"has {name} {value!r}", expected)
    return value


def _refused(statement: Mapping[str, Any], came: str, expected: str) -> ValueError:
    return ValueError(
        f"Statement '{statement.get('statementId', 'without an id')}' {came}; expected {expected}."
    )
