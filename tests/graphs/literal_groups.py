"""A group of 500 firms for the pictures' tests: a holding, its sub-groups, their leaves."""

from __future__ import annotations

import random

import pyarrow as pa
from literal_edges import edge, table


def group_of_500(seed: int = 3) -> pa.Table:
    """H holds 40 firms; each has a director and 1 to 24 holdings; two of them hold each other."""
    draw = random.Random(seed)
    rows = [edge("p0", "H", ratio=0.7), edge("p1", "H", ratio=0.3)]
    rows += [edge(f"p{at}", "H", "directorship", role="董事") for at in range(2, 6)]
    firms = ["H"]
    for at in range(40):
        firm = f"S{at:02}"
        rows.append(edge("H", firm, ratio=draw.choice((0.51, 0.6, 0.8, 1))))
        rows.append(edge(f"p9{at % 12}", firm, "directorship", role="法定代表人"))
        firms.append(firm)
    rows += [edge("S00", "S01", ratio=0.1), edge("S01", "S00", ratio=0.2)]
    while len(firms) < 500:
        leaf, owner = f"T{len(firms):03}", f"S{draw.randrange(40):02}"
        rows.append(edge(owner, leaf, ratio=round(draw.uniform(0.05, 1), 2)))
        firms.append(leaf)
    return table(*rows)
