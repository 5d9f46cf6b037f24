"""The one place that knows which engine runs.

`sail` (embedded, the default) is Sail's Spark Connect server inside this process: no Java, no
jars, one machine. `spark` is Apache Spark 4 with `delta-spark`, local or on a cluster. Everything
else in the project is handed a session and writes what both engines do alike.

How the two differ, and what we write instead (each line has a test in
`tests/pipelines/test_engine_differences.py`):

- Integer overflow wraps on Sail and raises on Spark: digits are bounded before a cast.
- Sums of doubles, `ln`, `exp` and `pow` differ in their last bits: money is integer fen, shares
  are decimals, and a ratio is one double division, last; the rest runs in Python kernels.
- `try_to_date` is missing on Sail: a date's parts are taken by a regular expression, then
  `try_cast`.
- `try_cast('1e3' as decimal)` is a number on one and NULL on the other: only plain decimal
  notation passes.
- `make_date` of a day that does not exist fails on Sail: `try_cast` of the ISO text.
- `log(x)` fails on Sail: no logarithm in the engine at all.
- Sail drops a new column on append without a word, with or without `mergeSchema`: `lake.append`
  compares names and types first and adds columns through delta-rs.
- An array of structs that differ in what may be NULL breaks Sail down, and so do two collected lists
  of structs with the same field names in one aggregate: `models.grading.frames.spread` and
  `models.grading.wording.joined` say both in another way.
- `DeltaTable`, `OPTIMIZE`, `VACUUM` and `DESCRIBE HISTORY` are missing on Sail: delta-rs.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

ENGINES = ("sail", "spark")

# The Spark minor is part of the jar's name; delta-spark 4.4.1 has a wheel but no published jar.
DELTA_JAR = "io.delta:delta-spark_4.1_2.13:4.4.0"


class EngineError(RuntimeError):
    """The engine asked for cannot start here; the message says what to do."""


@dataclass(frozen=True)
class Engine:
    """A running engine: its session, and the name that goes into the run's manifest."""

    name: str
    version: str
    spark: SparkSession


def spark_settings(scratch: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Settings of a Spark session, each with its reason; a city's own settings come last."""
    chosen = {
        # Delta's jar through Spark's own resolver: nothing to install by hand
        "spark.jars.packages": DELTA_JAR,
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        # small work: 200 partitions without adaptive execution were seven times slower
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.adaptive.enabled": "true",
        # Delta reads its own log in 50 tasks by default; ours are a few kilobytes long
        "spark.databricks.delta.snapshotPartitions": "2",
        # a night's dates are dates: no zone of the machine may move one
        "spark.sql.session.timeZone": "UTC",
        # Arrow in both directions, as Sail does it
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # the same meaning of casts and overflow everywhere, whatever a cluster's defaults are
        "spark.sql.ansi.enabled": "true",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.driver.memory": os.environ.get("FOREWARN_SPARK_MEMORY", "3g"),
        # a laptop's host name often resolves to nothing
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={scratch}",
    }
    return {**chosen, **settings}


@contextmanager
def open_engine(
    name: str = "sail", *, master: str = "local[2]", settings: Mapping[str, str] | None = None
) -> Iterator[Engine]:
    """Starts the engine `name` and closes it at the end.

    `master` and `settings` speak to `spark` alone (a cluster's address, its own settings).
    Raises `EngineError` with the fix when the engine is unknown or cannot start here. One engine
    a process: PySpark decides once whether its functions speak Connect.
    """
    if name == "sail":
        with _sail() as engine:
            yield engine
    elif name == "spark":
        with _spark(master, settings or {}) as engine:
            yield engine
    else:
        raise EngineError(f"Unknown engine '{name}'. Expected one of: {', '.join(ENGINES)}.")


@contextmanager
def _sail() -> Iterator[Engine]:
    # Sail logs every session to stderr at INFO; the variable is read when the library loads
    os.environ.setdefault("RUST_LOG", "error")
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    _, port = server.listening_address
    logging.getLogger("pyspark.sql.connect").setLevel(logging.ERROR)
    spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").create()
    try:
        yield Engine("sail", version("pysail"), spark)
    finally:
        spark.stop()
        server.stop()


@contextmanager
def _spark(master: str, settings: Mapping[str, str]) -> Iterator[Engine]:
    if (problem := java_problem()) is not None:
        raise EngineError(problem)
    # the workers must be this interpreter, or they cannot import what the driver pickled
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    with tempfile.TemporaryDirectory(prefix="forewarn-spark-") as scratch:
        builder: Any = SparkSession.builder.master(master).appName("forewarn")
        for key, value in spark_settings(Path(scratch), settings).items():
            builder = builder.config(key, value)
        try:
            spark = builder.getOrCreate()
        except Exception as error:
            raise EngineError(
                "Spark did not start. Its jars come through spark.jars.packages "
                f"({DELTA_JAR}): check that the package repository can be reached, or use "
                f"--engine sail. Spark said: {str(error).splitlines()[0][:200]}"
            ) from error
        try:
            yield Engine("spark", version("pyspark"), spark)
        finally:
            spark.stop()


def java_problem() -> str | None:
    """What keeps Spark's Java from running here, in one sentence; None when Java 17+ answers."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None or not Path(java).exists():
        return (
            "The spark engine needs Java 17 and none was found: install a Java 17 runtime or set "
            "JAVA_HOME, or use --engine sail, which needs no Java."
        )
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    digits = told.split('"')[1].split(".")[0] if '"' in told else ""
    if not digits.isdigit() or int(digits) < 17:
        return f"The spark engine needs Java 17 or newer; {java} is version '{digits or '?'}'."
    return None
