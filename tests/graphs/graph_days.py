"""The slow way to the graph of a day: pick the rows that stood, then do all the work on them."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
from literal_edges import ODD_STAKES

from graphs.dated_shapes import split_ended
from graphs.subject_graph import graph_features

_TEXT = ("src", "src_kind", "dst", "dst_kind", "kind", "role")
_DATES = ("valid_from", "valid_to", "known_at", "known_until")
VERSIONS = pa.schema(
    [
        *((name, pa.string()) for name in _TEXT),
        ("ratio", pa.decimal128(9, 6)),
        *((name, pa.date32()) for name in _DATES),
    ]
)
PREMISES = pa.schema(
    [("address_id", pa.string()), ("known_at", pa.date32()), ("known_until", pa.date32())]
)
FIRST = datetime.date(2020, 1, 1)
CASES = pa.table(
    {
        "subject_id": ["F02", "F05", "F13"],
        "stage_date": [datetime.date(2022, 3, 1), datetime.date(2023, 9, 9), FIRST],
    }
)


def random_versions(seed: int) -> tuple[pa.Table, pa.Table]:
    """Edges between few nodes with every odd thing: gaps, overlaps, loops, missing dates."""
    draw = random.Random(seed)
    rows = [_random_row(draw) for _ in range(draw.randint(0, 90))]
    addresses = [f"a{draw.randint(0, 3)}" for _ in range(draw.randint(0, 5))]
    premises = [
        {"address_id": a, **dict(zip(("known_at", "known_until"), _interval(draw), strict=True))}
        for a in addresses
    ]
    return pa.Table.from_pylist(rows, VERSIONS), pa.Table.from_pylist(premises, PREMISES)


def _day(draw: random.Random) -> datetime.date:
    return FIRST + datetime.timedelta(draw.randint(0, 1800))


def _interval(draw: random.Random) -> tuple[datetime.date, datetime.date | None]:
    begin = _day(draw)
    return begin, draw.choice([None, begin + datetime.timedelta(draw.randint(1, 900))])


def _random_row(draw: random.Random) -> dict[str, object]:
    kind = draw.choice(
        ["ownership"] * 3
        + ["directorship", "branch", "shared_address", "shared_phone", "shared_agent"]
    )
    firm = f"F{draw.randint(0, 13):02}"
    person = f"p{draw.randint(0, 5)}"
    src, src_kind = {
        "ownership": draw.choice([(person, "person"), (f"F{draw.randint(0, 13):02}", "firm")]),
        "directorship": (person, "person"),
    }.get(kind, (f"F{draw.randint(0, 13):02}", "firm"))
    dst, dst_kind = {
        "shared_address": (f"a{draw.randint(0, 3)}", "address"),
        "shared_phone": (f"t{draw.randint(0, 2)}", "phone"),
        "shared_agent": (f"g{draw.randint(0, 2)}", "agent"),
    }.get(kind, (firm, "firm"))
    known_at, known_until = _interval(draw)
    ratio = draw.choice(ODD_STAKES)
    role = draw.choice([None, "", "法定代表人", "监事", "经理", "联络员"])
    return {
        "src": src,
        "src_kind": src_kind,
        "dst": dst,
        "dst_kind": dst_kind,
        "kind": kind,
        "role": role if kind == "directorship" else None,
        "ratio": None if ratio is None or kind != "ownership" else Decimal(str(ratio)),
        "valid_from": draw.choice([None, _day(draw), _day(draw)]),
        "valid_to": draw.choice([None, None, _day(draw)]),
        "known_at": known_at,
        "known_until": known_until,
    }


def edges_of_day(
    versions: pa.Table, premises: pa.Table, as_of: datetime.date
) -> tuple[pa.Table, pa.Table]:
    """What `graphs.edges.edges` gives as of the day: valid, and ended in the last two years."""
    shared = {row["address_id"] for row in premises.to_pylist() if _known(row, as_of)}
    since = as_of - datetime.timedelta(730)
    rows = [
        row
        for row in versions.to_pylist()
        if _known(row, as_of)
        and (row["valid_from"] is None or row["valid_from"] <= as_of)
        and (row["valid_to"] is None or row["valid_to"] > since)
        and not (row["kind"] == "shared_address" and row["dst"] in shared)
    ]
    return split_ended(pa.Table.from_pylist(rows, VERSIONS), as_of)


def _known(row: dict[str, object], as_of: datetime.date) -> bool:
    return row["known_at"] <= as_of and (row["known_until"] is None or row["known_until"] > as_of)


def day_by_day(versions, premises, registered, wanted, as_of, concert) -> pa.Table:
    """The features of the wanted firms from the day's edges alone."""
    edges, ended = edges_of_day(versions, premises, as_of)
    found = graph_features(edges, registered, CASES, as_of, ended=ended, concert=concert)
    return found.filter(pc.is_in(found["subject_id"], value_set=pa.array(wanted)))
