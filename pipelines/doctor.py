"""What works on this machine and what is missing, each with its fix."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from conf.city import load_city
from pipelines.engine import java_problem, open_engine
from pipelines.lake import Lake


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `state` is ok, missing (optional) or broken (needed)."""

    what: str
    state: str
    told: str
    fix: str = ""


def examine(try_spark: bool = False) -> Iterator[Finding]:
    """Looks at everything a night needs, one finding at a time.

    `try_spark` also starts Spark and writes a table with it (half a minute, and its jars are
    fetched the first time).
    """
    yield _python()
    yield from _packages()
    yield from _machine()
    yield _engine("sail")
    problem = java_problem()
    if problem is not None:
        yield Finding("engine spark", "missing", "optional: " + problem, "install Java 17")
    elif try_spark:
        yield _engine("spark")
    else:
        yield Finding(
            "engine spark", "ok", "Java answers; `forewarn doctor --spark` starts Spark itself"
        )
    for city in ("demo", "ccf469"):
        yield _city(city)


def _python() -> Finding:
    told = f"{sys.version.split()[0]} at {sys.executable}"
    return Finding("python", "ok", told)


def _packages() -> Iterator[Finding]:
    told = [f"{name} {version(name)}" for name in ("pysail", "pyspark", "deltalake", "mlflow")]
    yield Finding("packages", "ok", ", ".join(told))


def _machine() -> Iterator[Finding]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    state = "ok" if memory >= 4 and free >= 5 else "broken"
    fix = "" if state == "ok" else "a night of 20,000 firms wants 4 GB of memory and 5 GB of disk"
    told = f"{os.cpu_count()} cores, {memory:.0f} GB memory, {free:.0f} GB free here"
    yield Finding("machine", state, told, fix)


def _engine(name: str) -> Finding:
    try:
        with open_engine(name) as engine, tempfile.TemporaryDirectory() as folder:
            lake = Lake(Path(folder), engine.spark)
            lake.append(engine.spark.range(3), "gold", "probe")
            rows = lake.read("gold", "probe").count()
        if rows != 3:
            return Finding(f"engine {name}", "broken", f"wrote 3 rows and read {rows}", "report it")
    except Exception as error:  # whatever it is, a person wants it in one line here
        told = str(error).splitlines()[0][:200]
        return Finding(f"engine {name}", "broken", told, "run `make clean`, then `make demo`")
    return Finding(f"engine {name}", "ok", f"{engine.version}: wrote and read a Delta table")


def _city(name: str) -> Finding:
    try:
        city = load_city(name)
    except ValueError as error:
        return Finding(f"city {name}", "broken", str(error), "mend the file it names")
    return Finding(f"city {name}", "ok", f"{len(city.sources)} sources")
