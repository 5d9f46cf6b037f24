"""Which planted rings of a synthetic city the graph's shapes and groups find, and who else has them.

    python -m tests.benchmarks.planted_shapes --firms 20000 --seed 7 --out FOLDER

Draws a city, takes everything in and draws the edges as of its end (kept in FOLDER: a second run
starts from there), then prints a table a question. The simulator builds honest look-alikes by the
same code as rings, with the same links, ten for each ring firm: a shape by itself cannot tell them
apart. So precision is told twice: of ring firms among all who carry the shape, and of firms with
planted links, rings and look-alikes together, which is what a shape can be asked for.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from graphs.compact import CompactGraph, compact
from graphs.components import groups
from graphs.control import control
from graphs.dated_shapes import split_ended
from graphs.people_rings import people_ring_labels
from graphs.shape_features import shape_columns
from graphs.shape_settings import ShapeSettings
from tests.benchmarks.measuring import cost

SINCE, UNTIL = "2022-01-01", "2024-12-31"
EDGES, SUBJECTS = "planted_edges.parquet", "planted_subjects.parquet"

Mask = NDArray[np.bool_]

# What a firm is said to carry, by the columns of `shape_columns`.
SHAPES: dict[str, Callable[[dict[str, NDArray[np.float64]]], Mask]] = {
    "in a circle of holdings": lambda c: c["circle_firms"] > 0,
    "in a cross holding": lambda c: c["cross_holding_count"] > 0,
    "in a chain of 2 shells": lambda c: c["shell_chain_length"] >= 2,
    "in a ring of people, 2 in common": lambda c: c["people_ring_firms"] > 0,
    "in a ring of people, 1 in common": lambda c: c["people_ring_1"] > 0,
    "somebody fronts it": lambda c: c["front_parts"] > 0,
    "run through a proxy, 2 firms": lambda c: c["proxy_firms"] >= 2,
    "run through a proxy, 3 firms": lambda c: c["proxy_firms"] >= 3,
    "nominee: fronted or by a proxy": lambda c: (c["front_parts"] > 0) | (c["proxy_firms"] >= 2),
    "crowded: 5 weighted firms": lambda c: c["resource_crowd"] >= 5,
    "2 things shared with a firm": lambda c: c["resource_twins"] >= 1,
    "burst of 3 branches": lambda c: c["branch_burst_size"] >= 3,
    "half of its ties changed": lambda c: np.nan_to_num(c["rewired_share"]) >= 0.5,
    "in a group of 3": lambda c: c["group_size"] >= 3,
}


def draw(folder: Path, firms: int, seed: int) -> None:
    """The city, its lake and its edges, in `folder`."""
    from graphs.edges import edges
    from pipelines.assembling import known_lake
    from pipelines.engine import open_engine
    from pipelines.lake import Lake

    log = folder / "log.txt"
    drawn = (
        "simulate", "--firms", str(firms), "--seed", str(seed), "--since", SINCE,
        "--until", UNTIL, "--out", folder / "deliveries", "--truth", folder / "truth.parquet",
    )  # fmt: skip
    cost("simulating the city", "pipelines", drawn, log)
    cost("taking in", "tests.benchmarks.steps", ("intake", folder, UNTIL), log)
    day = date.fromisoformat(UNTIL)
    with open_engine("sail") as engine:
        known = known_lake(Lake(folder / "lake", engine.spark), day)
        ids = known["registration"].select("subject_id").distinct().toArrow()
        pq.write_table(ids.sort_by("subject_id"), folder / SUBJECTS)
        since = day - timedelta(ShapeSettings().history_days)
        # written last: its presence says that the rest is there
        pq.write_table(edges(known, day, since).toArrow(), folder / EDGES)


def columns_of(
    graph: CompactGraph, subjects: pa.Array, edges: pa.Table, ended: pa.Table
) -> dict[str, NDArray[np.float64]]:
    """What every subject carries, by column; NaN for NULL."""
    numbers = graph.numbers(subjects)
    day = date.fromisoformat(UNTIL)
    found = shape_columns(graph, numbers, control(graph), edges, ended, day)
    drawn = groups(graph, numbers)
    found["group"] = drawn.label[numbers]
    found["group_size"] = drawn.size[drawn.label[numbers]]
    found["people_ring_1"] = people_ring_labels(graph, ShapeSettings(people_in_common=1))[1][
        numbers
    ]
    return {
        name: np.asarray(
            values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values,
            np.float64,
        )
        for name, values in found.items()
    }


def share(part: int, whole: int) -> str:
    """A share in percent, with its numbers."""
    return f"{part / whole:6.1%} ({part}/{whole})" if whole else "     - (0/0)"


def carriers(
    columns: dict[str, NDArray[np.float64]], ring: Mask, alike: Mask, names: list[str]
) -> list[str]:
    """A row a shape: who carries it, and precision and recall."""
    lines = [
        "| Shape | Ring firms (recall) | Look-alikes | Other firms | Precision, rings | "
        "Precision, planted links |",
        "|---|---|---|---|---|---|",
    ]
    for name in names:
        carry = SHAPES[name](columns)
        rings, likes, everybody = (int((carry & m).sum()) for m in (ring, alike, carry))
        plain = ~ring & ~alike
        lines.append(
            f"| {name} | {share(rings, int(ring.sum()))} | {share(likes, int(alike.sum()))} | "
            f"{share(int((carry & plain).sum()), int(plain.sum()))} | {share(rings, everybody)} | "
            f"{share(rings + likes, everybody)} |"
        )
    return lines


def held_together(group: NDArray[np.float64], ring_id: NDArray[np.object_]) -> list[str]:
    """How far groups put a ring's firms together, pair by pair and ring by ring."""
    rings = sorted({r for r in ring_id if r is not None})
    pairs = together = whole = most = 0
    for ring in rings:
        of = group[ring_id == ring]
        sizes = np.unique(of, return_counts=True)[1]
        pairs += len(of) * (len(of) - 1) // 2
        together += int((sizes * (sizes - 1) // 2).sum())
        whole += len(sizes) == 1
        most += int(sizes.max() * 2 > len(of))
    touched = np.isin(group, group[ring_id != None])  # noqa: E711 - by element
    strangers = mixed = 0
    for label in np.unique(group[touched]):
        inside = ring_id[group == label]
        of_ring = [r for r in inside if r is not None]
        if len(inside) > 1 and of_ring:
            strangers += len(inside) - max(of_ring.count(r) for r in set(of_ring))
            mixed += len(inside)
    return [
        f"- pairs of one ring in one group (recall): {share(together, pairs)}",
        f"- rings that are whole in one group: {share(whole, len(rings))}; with more than half of "
        f"their firms: {share(most, len(rings))}",
        f"- firms of the groups that hold a ring firm and another firm, which belong to the ring "
        f"(precision): {share(mixed - strangers, mixed)}",
    ]


def evaluate(folder: Path) -> list[str]:
    """The tables, as lines of Markdown."""
    edges, ended = split_ended(pq.read_table(folder / EDGES), date.fromisoformat(UNTIL))
    subjects = pq.read_table(folder / SUBJECTS)["subject_id"].combine_chunks()
    columns = columns_of(compact(edges, subjects), subjects, edges, ended)
    truth = {row["subject_id"]: row for row in pq.read_table(folder / "truth.parquet").to_pylist()}
    told = [truth.get(s, {}) for s in subjects.to_pylist()]
    ring_id = np.array([row.get("ring_id") for row in told], object)
    scheme = np.array([row.get("scheme") for row in told], object)
    alike = np.array([bool(row.get("lookalike")) for row in told])
    ring = np.array([r is not None for r in ring_id])
    lines = [f"{len(subjects):,} firms, as of {UNTIL}", "", "All rings", ""]
    lines += carriers(columns, ring, alike, list(SHAPES))
    for one, names in (
        ("circular_holding", ["in a circle of holdings", "in a cross holding"]),
        (
            "nominee_fundraising",
            [n for n in SHAPES if "people" in n or "front" in n or "proxy" in n],
        ),
        ("one_address", ["crowded: 5 weighted firms", "2 things shared with a firm"]),
    ):
        of = scheme == one
        lines += ["", f"Scheme {one}", ""]
        lines += carriers(columns, ring & of, alike & of, names)
    lines += ["", "Groups", "", *held_together(columns["group"], ring_id)]
    return lines


def main() -> None:
    """Reads the command line, draws what is missing, prints and writes the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--firms", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True, help="kept from run to run")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    if not (asked.out / EDGES).exists():
        draw(asked.out, asked.firms, asked.seed)
    lines = [f"seed {asked.seed}", *evaluate(asked.out)]
    (asked.out / "planted_shapes.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
