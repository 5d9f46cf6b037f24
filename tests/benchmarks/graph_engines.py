"""The graph of one city from both engines: every edge and every graph feature compared.

    python -m tests.benchmarks.graph_engines FOLDER 2024-12-31

FOLDER holds a `lake/` whose silver tables stand (`make bench` leaves one of 100,000 firms). Each
engine runs in a process of its own; what each made is left in FOLDER/graph-<engine>.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.benchmarks.measuring import cost, table

ENGINES = ("sail", "spark")
MODULE = "tests.benchmarks.graph_engines"


def make(folder: Path, as_of: date, engine: str) -> None:
    """Edges and graph features by one engine, sorted, into FOLDER/graph-<engine>."""
    from conf.city import load_city
    from graphs.declaration import GRAPH_FEATURES
    from pipelines.assembling import assembled
    from pipelines.engine import open_engine
    from pipelines.lake import Lake, only_one_writer

    city, out = load_city("demo"), folder / f"graph-{engine}"
    out.mkdir(exist_ok=True)
    with only_one_writer(folder / "lake"), open_engine(engine) as running:
        lake = Lake(folder / "lake", running.spark)
        with assembled(lake, city, as_of) as judged:
            features = judged.features.select("subject_id", *GRAPH_FEATURES).toArrow()
            pq.write_table(in_order(judged.edges), out / "edges.parquet")
            pq.write_table(in_order(features), out / "features.parquet")


def in_order(rows: pa.Table) -> pa.Table:
    """The rows sorted by all their columns."""
    return rows.sort_by([(name, "ascending") for name in rows.column_names])


def unlike(one: pa.Table, two: pa.Table) -> list[str]:
    """The columns that differ, or that the tables differ in shape."""
    if one.column_names != two.column_names or one.num_rows != two.num_rows:
        return [f"{one.shape} against {two.shape}"]
    return [name for name in one.column_names if one[name].to_pylist() != two[name].to_pylist()]


def main() -> None:
    """Makes both and says what differs; ends with 1 when anything does."""
    folder, as_of = Path(sys.argv[1]), sys.argv[2]
    if len(sys.argv) > 3:
        make(folder, date.fromisoformat(as_of), sys.argv[3])
        return
    log = folder / "graph-log.txt"
    costs = [cost(e, MODULE, (folder, as_of, e), log) for e in ENGINES]
    print("\n".join(table(costs)))
    differ = False
    for name in ("edges", "features"):
        made = [pq.read_table(folder / f"graph-{e}" / f"{name}.parquet") for e in ENGINES]
        told = unlike(*made)
        differ |= bool(told)
        print(f"{name}: {made[0].num_rows:,} rows, {made[0].num_columns} columns:",
              f"differ in {', '.join(told)}" if told else "equal on both engines")  # fmt: skip
    sys.exit(int(differ))


if __name__ == "__main__":
    main()
