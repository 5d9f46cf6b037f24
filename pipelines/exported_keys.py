"""What stands for a person's key in files that leave the lake: a hash of the key, never the key.

Whoever has the lake can find the person; whoever has only the file cannot say which key it is. The
same person has the same hash in every file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from graphs.kinds import PERSON

KEYED_HASH = r"\b[0-9a-f]{32}\b"
"""A keyed hash of an id number or a phone, as record ids and quarantined text may hold one."""

_KEY = re.compile(KEYED_HASH)


def exported_key(key: str) -> str:
    """What stands in a file for one person's key: 32 hex digits of SHA-256."""
    # the salt is that of the first file that had such hashes: they must stay the same
    return hashlib.sha256(f"beneficial_ownership\0{key}".encode()).hexdigest()[:32]


def with_exported_keys(edges: pa.Table) -> pa.Table:
    """An edge table with `exported_key` in place of every person's key, in record ids too."""
    edges = with_exported_persons(edges, "src", "src_kind")
    at = edges.schema.get_field_index("source_record_id")
    hidden = _mapped(edges["source_record_id"], _hidden)
    return edges.set_column(at, "source_record_id", hidden)


def with_exported_persons(rows: pa.Table, id_column: str, kind_column: str) -> pa.Table:
    """The table with `exported_key` in place of the ids of those who are persons by their kind."""
    ids, is_person = rows[id_column], pc.fill_null(pc.equal(rows[kind_column], PERSON), False)
    shown = pc.if_else(is_person, _mapped(ids, exported_key, ids.filter(is_person)), ids)
    return rows.set_column(rows.schema.get_field_index(id_column), id_column, shown)


def _hidden(text: str) -> str:
    return _KEY.sub(lambda found: exported_key(found[0]), text)


def _mapped(
    column: pa.ChunkedArray, function: Callable[[str], str], among: pa.ChunkedArray | None = None
) -> pa.ChunkedArray:
    """`function` of each text, worked out once for each distinct one; NULL for those not `among`."""
    distinct = pc.unique(column if among is None else among).drop_null()
    results = pa.array([function(text) for text in distinct.to_pylist()], pa.string())
    return results.take(pc.index_in(column, value_set=distinct).combine_chunks())
