"""Bronze rows of many files at once, on the engine's workers: one file a partition, streaming."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from pipelines.landing.bronze import BRONZE_SCHEMA
from pipelines.landing.deliveries import DeliveryFile
from pipelines.landing.personal_data import PersonalKey
from pipelines.landing.shape import Shape, SourceLike

__all__ = ["BRONZE_SCHEMA", "bronze_rows"]

if TYPE_CHECKING:
    Parser = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]


BYTES_A_TASK = 16 * 2**20
"""Delivered bytes (as they lie, often compressed) that are worth a task of their own."""


def bronze_rows(
    spark: SparkSession,
    source: SourceLike,
    deliveries: Sequence[DeliveryFile],
    key: PersonalKey | None,
) -> DataFrame:
    """The records of `deliveries`, all of one source, with the columns of `BRONZE_SCHEMA`.

    Nothing is read before an action; files must stand at the same path on every worker. Raises
    `ValueError` for a delivery that was refused, or for personal columns without a key.
    """
    shape = Shape.of(source)
    refused = [delivery.refusal for delivery in deliveries if delivery.refusal]
    if refused:
        raise ValueError(f"A refused file cannot be landed: {refused[0]}")
    if shape.personal and key is None:
        raise ValueError(
            f"The source {shape.name} has personal columns ({', '.join(shape.personal)}) and there "
            "is no key to hash them with. Give `personal_key` in city.yaml."
        )
    files = list(deliveries)
    # a month of small files is one task's work; large ones are spread, at most one file a task
    tasks = min(max(len(files), 1), 2 + sum(file.size for file in files) // BYTES_A_TASK)
    numbers = spark.range(0, len(files), 1, tasks)
    return numbers.mapInArrow(_parser(files, shape, key), BRONZE_SCHEMA)


def _parser(files: list[DeliveryFile], shape: Shape, key: PersonalKey | None) -> Parser:
    """What a worker runs: it carries plain data and imports its code where it runs."""

    def parse(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pipelines.landing.readers import read_delivery

        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from read_delivery(files[number], shape, key)

    return parse
