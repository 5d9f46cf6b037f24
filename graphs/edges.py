"""Edges of the investment graph, from the tables known as of a date.

One row is one relation as one department recorded it, with the record it came from, so that a path
can be followed down to file and line. Nothing is merged here: two departments that report one
stake give two rows, and `graphs.compact` decides what counts.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from functools import reduce

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from graphs.kinds import (
    ADDRESS,
    AGENT,
    BRANCH,
    DIRECTORSHIP,
    FIRM,
    LEGAL_REPRESENTATIVE,
    OWNERSHIP,
    PERSON,
    PHONE,
    SHARED_ADDRESS,
    SHARED_AGENT,
    SHARED_PHONE,
)

EDGE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("src", "string"),
    ("src_kind", "string"),
    ("dst", "string"),
    ("dst_kind", "string"),
    ("kind", "string"),
    ("role", "string"),
    ("ratio", "decimal(9,6)"),
    ("valid_from", "date"),
    ("valid_to", "date"),
    ("table_name", "string"),
    ("source", "string"),
    ("source_record_id", "string"),
    ("file", "string"),
    ("line", "bigint"),
)

_ARROW = {
    "string": pa.string(),
    "decimal(9,6)": pa.decimal128(9, 6),
    "date": pa.date32(),
    "bigint": pa.int64(),
}
EDGE_SCHEMA: pa.Schema = pa.schema([(name, _ARROW[kind]) for name, kind in EDGE_COLUMNS])
"""The same columns in Arrow."""

_RECORD = ("source", "source_record_id", "file", "line")

EDGE_TABLES: tuple[str, ...] = ("shareholder", "investment", "key_person", "branch", "registration")


def edges(
    tables: Mapping[str, DataFrame],
    as_of: datetime.date,
    ended_since: datetime.date | None = None,
) -> DataFrame:
    """Edges valid as of a date: one row a recorded relation, columns as `EDGE_COLUMNS`.

    With `ended_since` also those that ended after that day and by `as_of`, the graph's recent past
    (`graphs.dated_shapes.split_ended` takes the two apart). What ends after `as_of` is still valid
    on the day, and nothing that begins after it is given.

    `tables` are known states of shareholder, investment, key_person, branch and registration, and
    of address (for the offices left out); a table that is missing gives no edges. An edge is valid
    when `valid_from` is NULL or not after `as_of`, and `valid_to` is NULL or after it.

    A person joins by key, never by name: a row whose person has no key gives no edge. `ratio` is a
    share of 1 (0.51 = 51 %), NULL where the record gives none; only ownership has one.

    - ownership: shareholder -> firm (table shareholder), investor -> investee (investment)
    - directorship: person -> firm, `role` as recorded (key_person, registration.legal_rep_key)
    - branch: parent -> branch
    - shared_address, shared_phone, shared_agent: firm -> the resource, from registration. Shared
      offices, managed clusters and cluster-registered firms have no address edge: that their
      firms sit together says nothing.

    Raises ValueError when none of the five tables is given, or `ended_since` is after `as_of`.
    """
    if ended_since is not None and ended_since > as_of:
        raise ValueError(
            f"Edges that ended since {ended_since} were asked for as of {as_of}; expected an earlier "
            "day. Give ended_since a day before as_of."
        )
    every = _every_row(tables, _RECORD)
    day, since = F.lit(as_of), F.lit(as_of if ended_since is None else ended_since)
    valid = (
        F.col("src").isNotNull()
        & F.col("dst").isNotNull()
        & (F.col("valid_from").isNull() | (F.col("valid_from") <= day))
        & (F.col("valid_to").isNull() | (F.col("valid_to") > since))
    )
    return every.where(valid).select(*[F.col(name) for name, _ in EDGE_COLUMNS])


HISTORY_COLUMNS = ("src", "src_kind", "dst", "dst_kind", "kind", "role", "ratio",
                   "valid_from", "valid_to", "known_at", "known_until")  # fmt: skip


def edge_versions(tables: Mapping[str, DataFrame]) -> DataFrame:
    """Every edge that was ever known, with the days on which it was: `HISTORY_COLUMNS`.

    What `graphs.edge_history` slices days out of. `tables`: as for `edges`, but all versions with
    the days on which they stood (`features.as_of.known_intervals`). The edges to shared offices and
    managed clusters are in it: which addresses are such is a matter of the day
    (`shared_premises`).

    Raises ValueError when none of the tables is given.
    """
    own = {name: table for name, table in tables.items() if name != "address"}
    every = _every_row(own, ("known_at", "known_until"))
    told = every.where(F.col("src").isNotNull() & F.col("dst").isNotNull())
    return told.select(*HISTORY_COLUMNS)


def shared_premises(tables: Mapping[str, DataFrame]) -> DataFrame | None:
    """Addresses that tie nobody, and when they were known as such; None without the table.

    address_id, known_at, known_until. `tables` as for `edge_versions`.
    """
    if "address" not in tables:
        return None
    return _shared(tables["address"]).select("address_id", "known_at", "known_until")


def _every_row(tables: Mapping[str, DataFrame], also: tuple[str, ...]) -> DataFrame:
    """The rows of all edge tables, those without a key or not valid on the day included."""
    parts = [
        part for name in EDGE_TABLES if name in tables for part in _BUILDERS[name](tables, also)
    ]
    if not parts:
        raise ValueError(
            f"No edges can be made: expected at least one of the tables {', '.join(EDGE_TABLES)}, "
            f"got {', '.join(sorted(tables)) or 'none'}. Pass the known states of these tables."
        )
    return reduce(DataFrame.unionAll, parts)


def concert_holders(tables: Mapping[str, DataFrame], as_of: datetime.date) -> DataFrame | None:
    """Who is recorded to count together on the date: holder_id, holder_kind, group_id.

    From the known state of concert_party, each once; a member without a key is left out. None where
    the table is absent: nothing is inferred.
    """
    if "concert_party" not in tables:
        return None
    is_person = F.col("holder_type") == "person"
    day = F.lit(as_of)
    holder = F.when(is_person, F.col("holder_key")).otherwise(F.col("holder_subject_id"))
    rows = tables["concert_party"].where(
        (F.col("valid_from").isNull() | (F.col("valid_from") <= day))
        & (F.col("valid_to").isNull() | (F.col("valid_to") > day))
    )
    told = rows.select(
        holder.alias("holder_id"),
        F.when(is_person, F.lit(PERSON)).otherwise(F.lit(FIRM)).alias("holder_kind"),
        F.col("group_no").alias("group_id"),
    )
    return told.where(F.col("holder_id").isNotNull()).distinct()


def _edge_rows(
    table: DataFrame, also: tuple[str, ...], table_name: str, kind: str, **columns: Column | str
) -> DataFrame:
    """Rows of `table` as edges; a string argument is a literal, what is not given is NULL.

    also: columns of the table that stand behind those of the relation.
    """
    given: dict[str, Column | str] = {"kind": kind, "table_name": table_name, **columns}
    chosen = []
    for name, spark_type in EDGE_COLUMNS:
        if name not in _RECORD:
            value = given.get(name)
            column = value if isinstance(value, Column) else F.lit(value)
            chosen.append(column.cast(spark_type).alias(name))
    return table.select(*chosen, *also)


def _from_shareholder(tables: Mapping[str, DataFrame], also: tuple[str, ...]) -> list[DataFrame]:
    firm_id, person_key = F.col("holder_subject_id"), F.col("holder_key")
    # The type says which key counts; without a type the firm's id goes first, being public.
    is_person = F.coalesce(F.col("holder_type") == "person", firm_id.isNull())
    return [
        _edge_rows(
            tables["shareholder"],
            also,
            "shareholder",
            OWNERSHIP,
            src=F.when(is_person, person_key).otherwise(firm_id),
            src_kind=F.when(is_person, PERSON).otherwise(FIRM),
            dst=F.col("subject_id"),
            dst_kind=FIRM,
            ratio=F.col("ratio"),
            valid_from=F.col("valid_from"),
            valid_to=F.col("valid_to"),
        )
    ]


def _from_investment(tables: Mapping[str, DataFrame], also: tuple[str, ...]) -> list[DataFrame]:
    return [
        _edge_rows(
            tables["investment"],
            also,
            "investment",
            OWNERSHIP,
            src=F.col("subject_id"),
            src_kind=FIRM,
            dst=F.col("investee_id"),
            dst_kind=FIRM,
            ratio=F.col("ratio"),
            valid_from=F.col("valid_from"),
            valid_to=F.col("valid_to"),
        )
    ]


def _from_key_person(tables: Mapping[str, DataFrame], also: tuple[str, ...]) -> list[DataFrame]:
    return [
        _edge_rows(
            tables["key_person"],
            also,
            "key_person",
            DIRECTORSHIP,
            src=F.col("person_key"),
            src_kind=PERSON,
            dst=F.col("subject_id"),
            dst_kind=FIRM,
            role=F.col("role"),
            valid_from=F.col("valid_from"),
            valid_to=F.col("valid_to"),
        )
    ]


def _from_branch(tables: Mapping[str, DataFrame], also: tuple[str, ...]) -> list[DataFrame]:
    return [
        _edge_rows(
            tables["branch"],
            also,
            "branch",
            BRANCH,
            src=F.col("subject_id"),
            src_kind=FIRM,
            dst=F.col("branch_id"),
            dst_kind=FIRM,
            valid_from=F.col("opened"),
            valid_to=F.col("closed"),
        )
    ]


def _from_registration(tables: Mapping[str, DataFrame], also: tuple[str, ...]) -> list[DataFrame]:
    registration = tables["registration"]
    legal_rep = _edge_rows(
        registration,
        also,
        "registration",
        DIRECTORSHIP,
        src=F.col("legal_rep_key"),
        src_kind=PERSON,
        dst=F.col("subject_id"),
        dst_kind=FIRM,
        role=LEGAL_REPRESENTATIVE,
    )
    addressed = _addressed(tables)
    shared = [
        (addressed, SHARED_ADDRESS, ADDRESS, "domicile_address_id", "domicile"),
        (addressed, SHARED_ADDRESS, ADDRESS, "operating_address_id", "operating"),
        (registration, SHARED_PHONE, PHONE, "contact_phone", None),
        (registration, SHARED_AGENT, AGENT, "agent_id", None),
    ]
    return [legal_rep] + [
        _edge_rows(
            table,
            also,
            "registration",
            kind,
            src=F.col("subject_id"),
            src_kind=FIRM,
            dst=F.col(column),
            dst_kind=resource,
            **({} if role is None else {"role": role}),
        )
        for table, kind, resource, column, role in shared
    ]


def _addressed(tables: Mapping[str, DataFrame]) -> DataFrame:
    """Registrations with the addresses that may tie firms; the others' address ids are NULL."""
    registration = tables["registration"].where(
        ~F.coalesce(F.col("cluster_registered"), F.lit(False))
    )
    if "address" not in tables:
        return registration
    common = _shared(tables["address"]).select(F.col("address_id").alias("_common")).distinct()
    for column in ("domicile_address_id", "operating_address_id"):
        left_out = common.select(F.col("_common").alias(f"_common_{column}"))
        registration = registration.join(
            left_out, F.col(column) == F.col(f"_common_{column}"), "left"
        ).withColumn(column, F.when(F.col(f"_common_{column}").isNull(), F.col(column)))
    return registration


def _shared(addresses: DataFrame) -> DataFrame:
    """The rows that speak of a shared office or a managed cluster."""
    return addresses.where(
        F.coalesce(F.col("shared_office"), F.lit(False))
        | F.coalesce(F.col("managed_cluster"), F.lit(False))
    )


_Builder = Callable[[Mapping[str, DataFrame], tuple[str, ...]], list[DataFrame]]

_BUILDERS: dict[str, _Builder] = {
    "shareholder": _from_shareholder,
    "investment": _from_investment,
    "key_person": _from_key_person,
    "branch": _from_branch,
    "registration": _from_registration,
}
