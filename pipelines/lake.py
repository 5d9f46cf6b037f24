"""The lake: where each Delta table stands, and the few ways in which we write one.

Layers are folders (`bronze`, `silver`, `gold`), a table is a folder in a layer. Reading and
writing rows goes through the engine; what neither engine spells alike (a new column, compaction)
goes through delta-rs.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deltalake import DeltaTable, Field
from deltalake.schema import PrimitiveType
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

# delta-rs names for the Spark types that a city's extra attributes may have
_DELTA_TYPES = {
    "string": "string",
    "bigint": "long",
    "int": "integer",
    "double": "double",
    "date": "date",
    "boolean": "boolean",
}


LAYERS = ("bronze", "silver", "gold")


class LakeError(RuntimeError):
    """A table of the lake is missing, or does not fit what would be written into it."""


class LakeBusyError(LakeError):
    """Another run is writing to the lake."""


class Lake:
    """One city's tables under one folder, read and written by one engine's session.

    `staging`: where what is not to stay is put down; every worker must see it.
    """

    def __init__(self, root: Path, spark: SparkSession, staging: Path | None = None) -> None:
        self.root = root
        self.spark = spark
        self.staging = root / "staging" if staging is None else staging

    def path(self, layer: str, table: str) -> Path:
        """The folder of a table."""
        return self.root / layer / table

    def exists(self, layer: str, table: str) -> bool:
        """Whether the table has at least one commit."""
        return DeltaTable.is_deltatable(str(self.path(layer, table)))

    def tables(self, layer: str) -> list[str]:
        """The tables of a layer, by name."""
        folder = self.root / layer
        names = (child.name for child in folder.iterdir()) if folder.is_dir() else ()
        return sorted(name for name in names if self.exists(layer, name))

    def read(self, layer: str, table: str) -> DataFrame:
        """The table as it stands. Raises `LakeError` when there is none."""
        if not self.exists(layer, table):
            raise LakeError(
                f"There is no table {layer}/{table} in {self.root}. Run `forewarn nightly` first; "
                f"the layer holds: {', '.join(self.tables(layer)) or 'nothing'}."
            )
        return self.spark.read.format("delta").load(str(self.path(layer, table)))

    def version(self, layer: str, table: str) -> int:
        """The number of the table's last commit."""
        return DeltaTable(str(self.path(layer, table))).version()

    def append(
        self, rows: DataFrame, layer: str, table: str, partition_by: Sequence[str] = ()
    ) -> None:
        """Adds rows in one commit; a table that is not there is made.

        Columns the table lacks are added first (as NULL for older rows); columns the rows lack
        are filled with NULL. Raises `LakeError` when a column's type differs: Sail would truncate
        in silence.
        """
        if self.exists(layer, table):
            rows = self._fit(rows, layer, table)
        writer = rows.write.format("delta").mode("append")
        if partition_by and not self.exists(layer, table):
            writer = writer.partitionBy(*partition_by)
        writer.save(str(self.path(layer, table)))

    def replace(self, rows: DataFrame, layer: str, table: str, run_id: str) -> None:
        """Makes `rows` the only rows of `run_id` in a gold table, in one commit.

        Run again after a crash it leaves the same content. Every row must carry that run id,
        which the caller's own literal column guarantees.
        """
        rows = rows.withColumn("run_id", F.lit(run_id))
        if not self.exists(layer, table):
            self.append(rows, layer, table, partition_by=("run_id",))
            return
        rows = self._fit(rows, layer, table)
        (
            rows.write.format("delta")
            .mode("overwrite")
            .option("replaceWhere", f"run_id = '{run_id}'")
            .save(str(self.path(layer, table)))
        )

    def clear_staging(self) -> None:
        """Removes what a killed night put down aside. Only who holds the lake may do so."""
        shutil.rmtree(self.staging, ignore_errors=True)

    def delete(self, layer: str, table: str, condition: str) -> None:
        """Deletes rows: used only to clear what a killed run left half done."""
        DeltaTable(str(self.path(layer, table))).delete(condition)

    def compact(self, layer: str, table: str, files: int = 40) -> None:
        """Joins small files once a table has more than `files` of them."""
        delta = DeltaTable(str(self.path(layer, table)))
        if len(delta.file_uris()) > files:
            delta.optimize.compact()

    def _fit(self, rows: DataFrame, layer: str, table: str) -> DataFrame:
        there = dict(self.read(layer, table).dtypes)
        ours = dict(rows.dtypes)
        for name in ours.keys() & there.keys():
            if ours[name] != there[name]:
                raise LakeError(
                    f"Column {name} of {layer}/{table} is {there[name]} in the lake and "
                    f"{ours[name]} in what would be written. Give the column a new name, or "
                    "start a new lake."
                )
        if new := [name for name in rows.columns if name not in there]:
            delta = DeltaTable(str(self.path(layer, table)))
            delta.alter.add_columns([Field(n, PrimitiveType(_delta_type(ours[n]))) for n in new])
            there.update({name: ours[name] for name in new})
        columns: list[Any] = [
            F.col(f"`{name}`") if name in ours else F.lit(None).cast(kind).alias(name)
            for name, kind in there.items()
        ]
        return rows.select(*columns)


def _delta_type(spark_type: str) -> str:
    return _DELTA_TYPES.get(spark_type, spark_type)


@contextmanager
def only_one_writer(root: Path) -> Iterator[None]:
    """Holds the lake for one night at a time; a second one is told so and leaves.

    The lock is the kernel's: it goes with the process that held it, however that ended.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".writer").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LakeBusyError(
                f"Another run is writing to {root}. Wait until it ends, then start this one again."
            ) from error
        yield
