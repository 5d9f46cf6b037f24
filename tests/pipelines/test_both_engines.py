"""The same deliveries give the same rows on both engines, and one continues the other's lake.

Whole tables are compared: every column of every row. Each engine runs in a process of its own, as
PySpark decides once whether it speaks Connect. The number of firms comes from FOREWARN_EQUAL_FIRMS
(`make equality` runs 5,000).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

FIRMS = os.environ.get("FOREWARN_EQUAL_FIRMS", "300")
# long enough to train on one day: every further day costs Spark half a minute
SINCE, FIRST, SECOND = "2023-07-01", "2024-11-30", "2024-12-31"
# what a run says of its engine and of the clock
OWN = {"engine", "engine_version", "started_at", "ended_at"}

# Spark's Java is no child that the night waits for: whoever adopts it (36: PR_SET_CHILD_SUBREAPER)
# waits for it too, and so counts its CPU
ADOPTING = """
import ctypes, os, resource, subprocess, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
code = subprocess.call(sys.argv[1:])
try:
    while True:
        os.wait()
except ChildProcessError:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"cpu {used.ru_utime + used.ru_stime:.0f}")
sys.exit(code)
"""

pytestmark = pytest.mark.spark

# For so few firms Java takes longer to compile a plan than to run it; the rows are the same. A city
# that FOREWARN_EQUAL_FIRMS makes larger runs as it would in earnest.
FOR_FEW_FIRMS = """
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
"""


@cache
def environment() -> dict[str, str]:
    """The environment of a night, with Spark's defaults for a few firms."""
    if int(FIRMS) > 300:
        return dict(os.environ)
    folder = Path(tempfile.mkdtemp(prefix="spark-defaults-"))
    (folder / "spark-defaults.conf").write_text(FOR_FEW_FIRMS, encoding="utf-8")
    return {**os.environ, "SPARK_CONF_DIR": str(folder)}


def forewarn(*words: str) -> int:
    """Runs a command; the CPU seconds that it and all it started took."""
    command = [sys.executable, "-c", ADOPTING, sys.executable, "-m", "pipelines", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr
    return int(done.stdout.rsplit("cpu ", 1)[1])


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    forewarn(
        "simulate", "--firms", FIRMS, "--seed", "5", "--since", SINCE, "--until", SECOND,
        "--out", str(folder / "deliveries"), "--truth", str(folder / "truth.parquet"),
    )  # fmt: skip
    return folder


def night(city: Path, lake: str, as_of: str, engine: str) -> str:
    """One night, and what it took: wall and CPU seconds, Spark's Java among them."""
    started = time.monotonic()
    cpu = forewarn(
        "nightly", "--city", "demo", "--deliveries", str(city / "deliveries"),
        "--lake", str(city / lake), "--as-of", as_of, "--engine", engine,
    )  # fmt: skip
    return f"{time.monotonic() - started:.0f} s wall, {cpu} s CPU"


def tables(city: Path, lake: str) -> dict[str, pa.Table]:
    """Every table of a lake that is part of its content, sorted, read by delta-rs."""
    from deltalake import DeltaTable

    found = {}
    for path in sorted((city / lake).glob("*/*/_delta_log")):
        name = f"{path.parents[1].name}/{path.parent.name}"
        rows = pa.table(DeltaTable(str(path.parent)).to_pyarrow_table())
        rows = rows.select([c for c in sorted(rows.column_names) if c not in OWN])
        flat = [c for c in rows.column_names if not pa.types.is_nested(rows.schema.field(c).type)]
        found[name] = rows.sort_by([(c, "ascending") for c in flat])
    return found


def unlike(one: dict[str, pa.Table], two: dict[str, pa.Table]) -> list[str]:
    """What differs, by table and column."""
    told = [f"only in one lake: {name}" for name in sorted(one.keys() ^ two.keys())]
    for name in sorted(one.keys() & two.keys()):
        a, b = one[name], two[name]
        if a.column_names != b.column_names or a.num_rows != b.num_rows:
            told.append(f"{name}: {a.shape} {a.column_names} against {b.shape} {b.column_names}")
            continue
        told += [
            f"{name}.{column}: {a.schema.field(column).type} {b.schema.field(column).type}"
            for column in a.column_names
            if a[column].to_pylist() != b[column].to_pylist()
        ]
    return told


@pytest.mark.timeout(2400 if int(FIRMS) <= 300 else 7200)
def test_whole_tables_are_equal_and_a_lake_is_continued(city: Path) -> None:
    took = {engine: night(city, engine, FIRST, engine) for engine in ("sail", "spark")}
    assert unlike(tables(city, "sail"), tables(city, "spark")) == []
    # a second night, each lake continued by the other engine
    night(city, "sail", SECOND, "spark")
    night(city, "spark", SECOND, "sail")
    assert unlike(tables(city, "sail"), tables(city, "spark")) == []
    print(f"\n{FIRMS} firms, first night: {took}")


def test_exports_are_spelt_alike(city: Path) -> None:
    if not (city / "sail").exists():
        pytest.skip("needs the lakes of the test before")
    for table in ("warnings", "scores", "subject_features", "quarantine", "evidence"):
        for engine in ("sail", "spark"):
            forewarn(
                "export", table, "--lake", str(city / engine), "--engine", engine,
                "--out", str(city / f"{engine}-{table}.csv"),
            )  # fmt: skip
        same = [(city / f"{engine}-{table}.csv").read_bytes() for engine in ("sail", "spark")]
        assert same[0] == same[1], table
