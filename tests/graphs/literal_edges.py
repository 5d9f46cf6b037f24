"""Small edge tables for the graph's tests: literal ones, and random ones with odd stakes."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal

import pyarrow as pa

AS_OF = datetime.date(2024, 6, 30)

SCHEMA = pa.schema(
    [
        ("src", pa.string()),
        ("src_kind", pa.string()),
        ("dst", pa.string()),
        ("dst_kind", pa.string()),
        ("kind", pa.string()),
        ("role", pa.string()),
        ("ratio", pa.decimal128(9, 6)),
        ("valid_from", pa.date32()),
    ]
)


def edge(src, dst, kind="ownership", ratio=None, role=None, valid_from=None):
    """One edge; a node's kind is read off its first letter: p person, a address, t phone."""
    kinds = {"p": "person", "a": "address", "t": "phone"}
    return {
        "src": src,
        "src_kind": kinds.get(src[0], "firm"),
        "dst": dst,
        "dst_kind": kinds.get(dst[0], "firm"),
        "kind": kind,
        "role": role,
        "ratio": None if ratio is None else Decimal(str(ratio)),
        "valid_from": valid_from,
    }


def table(*rows):
    return pa.Table.from_pylist(list(rows), SCHEMA)


def owns(*triples):
    """An edge table of holdings: (owner, firm, ratio)."""
    return table(*(edge(src, dst, ratio=ratio) for src, dst, ratio in triples))


def shuffled(edges: pa.Table, seed: int) -> pa.Table:
    order = list(range(edges.num_rows))
    random.Random(seed).shuffle(order)
    return edges.take(pa.array(order, pa.int64()))


ODD_STAKES = (None, 0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.500001, 0.51, 0.6, 1, 1.5)


def random_edges(seed: int) -> pa.Table:
    """A few firms and people with circles, self-loops, duplicates and stakes that sum above 1."""
    draw = random.Random(seed)
    firms = [f"F{i}" for i in range(draw.randint(1, 9))]
    people = [f"p{i}" for i in range(draw.randint(0, 4))]
    rows = []
    for _ in range(draw.randint(0, 24)):
        src, dst = draw.choice(firms + people), draw.choice(firms)
        kind = draw.choice(["ownership"] * 6 + ["directorship", "branch", "shared_address"])
        if kind == "ownership":
            day = draw.choice([None, datetime.date(2020, 1, 1), datetime.date(2022, 1, 1)])
            rows.append(edge(src, dst, kind, draw.choice(ODD_STAKES), valid_from=day))
        elif kind == "directorship" and people:
            role = draw.choice(["法定代表人", "监事", "董事"])
            rows.append(edge(draw.choice(people), dst, kind, role=role))
        elif kind == "branch":
            rows.append(edge(draw.choice(firms), dst, kind))
        elif kind == "shared_address":
            rows.append(edge(dst, f"a{draw.randint(0, 2)}", kind))
    rows += [dict(row) for row in rows if draw.random() < 0.1]  # plain duplicates
    return table(*rows)


def random_joint_holdings(seed: int) -> pa.Table:
    """A shuffled ladder: firms held by two or three of the rungs below, the first by the last."""
    draw = random.Random(seed)
    firms = [f"F{i:02}" for i in range(draw.randint(10, 20))]
    draw.shuffle(firms)
    rows = []
    for at, firm in enumerate(firms):
        nearby = firms[max(0, at - 3) : at] if at > 2 else firms[: at or -1][-3:]
        for holder in draw.sample(nearby, min(len(nearby), draw.choice((2, 2, 2, 3)))):
            rows.append(edge(holder, firm, ratio=draw.choice((0.26, 0.3, 0.34, 0.51))))
    if seed % 3 == 0:
        rows.append(edge("p0", firms[0], ratio=0.4))
    return table(*(row for row in rows if row["src"] != row["dst"]))
