"""One table of the lake into one file: CSV or Parquet, sorted, and the same on both engines.

The file is written from Arrow on the driver, because the engines' own writers differ in floats,
quoting and order. Columns that the catalogue classes `never` are left out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.table import Table, load_catalogue
from features.as_of import known_state
from pipelines.delivering.glossary import state_words
from pipelines.exported_keys import KEYED_HASH, with_exported_persons
from pipelines.lake import Lake, LakeError
from pipelines.runs import rows_of, run_for

# a spreadsheet runs text that starts like this
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_SYSTEM_KEYS = ("source", "source_record_id", "batch_id", "line")


def export_table(lake: Lake, table: str, out: Path, as_of: date | None = None) -> int:
    """Writes `table` to `out` and returns the number of rows.

    Gold tables give the rows of the run published for `as_of` (default: the newest); `runs` all
    published runs; silver tables the state known as of the date (default: all versions);
    `quarantine` and `batches` what was known by the date. Raises `LakeError` for an unknown
    table, a date without a list, or an ending other than .csv or .parquet.
    """
    if out.suffix not in (".csv", ".parquet"):
        raise LakeError(f"Cannot export to '{out.name}': the file must end in .csv or .parquet.")
    rows = _rows(lake, table, as_of)
    arrow = rows.toArrow()
    if {"other_id", "other_kind"} <= set(arrow.column_names):
        arrow = with_exported_persons(arrow, "other_id", "other_kind")
    if {"verdict_id", "value"} <= set(arrow.column_names):
        arrow = _with_state_words(arrow)
    arrow = _sorted(arrow)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    if out.suffix == ".csv":
        _write_csv(arrow, partial)
    else:
        pq.write_table(arrow, partial)
    os.replace(partial, out)
    return int(arrow.num_rows)


def exportable(lake: Lake) -> list[str]:
    """The names that `export_table` takes for this lake."""
    gold = lake.tables("gold")
    extra = [name for name in ("quarantine", "batches") if lake.exists("bronze", name)]
    return sorted({*gold, *lake.tables("silver"), *extra})


def _rows(lake: Lake, table: str, as_of: date | None) -> DataFrame:
    if table == "runs":
        rows = lake.read("gold", "runs")
        return rows if as_of is None else rows.where(F.col("as_of") == F.lit(as_of))
    if lake.exists("gold", table):
        return _without_persons(rows_of(lake, table, run_for(lake, as_of)))
    if table in ("quarantine", "batches") and lake.exists("bronze", table):
        rows = lake.read("bronze", table)
        rows = rows if as_of is None else rows.where(F.col("known_at") <= F.lit(as_of))
        if table == "quarantine":
            rows = rows.withColumn("raw", F.regexp_replace("raw", KEYED_HASH, "[…]"))
        return rows
    if lake.exists("silver", table):
        rows = lake.read("silver", table)
        rows = rows if as_of is None else known_state(rows, as_of)
        return _without_persons(rows.drop(*_never(load_catalogue(), table)))
    raise LakeError(
        f"There is no table '{table}' to export. There are: {', '.join(exportable(lake))}; "
        "and beneficial_ownership, into a .json file."
    )


def _without_persons(rows: DataFrame) -> DataFrame:
    """Keys of persons are classed `never`, also where the graph or a record's id names one.

    Such a record's id becomes a hash of itself: it still tells records apart and names nobody.
    """
    if "source_record_id" in rows.columns:
        told = F.col("source_record_id")
        hidden = F.substring(F.sha2(told, 256), 1, 24)
        rows = rows.withColumn(
            "source_record_id", F.when(told.rlike(KEYED_HASH), hidden).otherwise(told)
        )
    named = [name for name in ("controller_id", "exposure_path") if name in rows.columns]
    for name in named:
        rows = rows.withColumn(name, F.regexp_replace(name, KEYED_HASH, "[…]"))
    return rows


def _with_state_words(arrow: pa.Table) -> pa.Table:
    """Verdicts with their value in Chinese words beside it: the value itself is for programs."""
    said = [
        value if value is None else state_words(value)[0] for value in arrow["value"].to_pylist()
    ]
    place = arrow.column_names.index("value") + 1
    return arrow.add_column(place, "value_zh", pa.array(said, pa.string()))


def _never(catalogue: Mapping[str, Table], table: str) -> list[str]:
    declared = catalogue[table].columns if table in catalogue else {}
    return [name for name, column in declared.items() if column.use == "never"]


def _sorted(arrow: pa.Table) -> pa.Table:
    """Rows in the order of their keys: the first columns that tell them apart, then the rest.

    Columns too: the column a table is parted by stands first with one engine, last with the other.
    """
    front = [name for name in ("run_id", "as_of") if name in arrow.column_names]
    arrow = arrow.select([*front, *(n for n in arrow.column_names if n not in front)])
    simple = [f.name for f in arrow.schema if not pa.types.is_nested(f.type)]
    lead = [n for n in ("as_of", "run_id", "section", "rank", "subject_id") if n in simple]
    lead += [n for n in _SYSTEM_KEYS if n in simple]
    rest = [name for name in simple if name not in lead]
    return arrow.sort_by([(name, "ascending") for name in [*lead, *rest]])


def _write_csv(arrow: pa.Table, path: Path) -> None:
    columns = []
    for name in arrow.column_names:
        column = arrow.column(name)
        if pa.types.is_boolean(column.type):
            column = pc.if_else(column, "true", "false")
        elif pa.types.is_timestamp(column.type):
            column = pc.strftime(column.cast(pa.timestamp("s", tz="UTC")), "%Y-%m-%dT%H:%M:%SZ")
        elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            risky = pc.match_substring_regex(column, _FORMULA.pattern)
            column = pc.if_else(
                risky, pc.binary_join_element_wise(pa.scalar("'"), column, ""), column
            )
        else:
            column = column.cast(pa.string())
        columns.append(column.cast(pa.string()))
    table = pa.table(dict(zip(arrow.column_names, columns, strict=True)))
    pa_csv.write_csv(table, path, pa_csv.WriteOptions(quoting_style="needed"))
