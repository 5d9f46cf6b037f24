"""A published list's record: what stands behind it, kept apart from the tables.

A folder for each run, `records/<day>-<run>`, holds the list, its reasons, the records they point
to, the contributions, what would lower each risk, and the manifest. Compaction, vacuum and later
corrections touch tables, never this folder. The city's files of the night are kept beside, once for
each wording (`records/conf/<digest>.zip`).

It holds keyed hashes of persons where the lake's own tables do: it is for those who may open the
lake, and is no export.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from conf.city import City
from pipelines.lake import Lake
from pipelines.runs import Run
from pipelines.warning import Warned

RECORDS = "records"
RECORD_SCHEMA = pa.schema(
    [
        ("table_name", pa.string()),
        ("source", pa.string()),
        ("source_record_id", pa.string()),
        ("batch_id", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("record", pa.string()),
    ]
)
"""The records behind a list, each as silver held it: `record` is JSON of its columns."""
_ONE_DATE = (1980, 1, 1, 0, 0, 0)


def record_folder(root: Path, run: Run) -> Path:
    """Where the record of a run stands."""
    return root / RECORDS / f"{run.as_of:%Y-%m-%d}-{run.run_id}"


def write_record(
    lake: Lake, city: City, run: Run, manifest: Mapping[str, Any], warned: Warned
) -> None:
    """Writes a run's record, whole or not at all; written again it is the same."""
    folder = record_folder(lake.root, run)
    fresh = folder.with_name(f".{folder.name}.new")
    for old in (fresh, folder):
        shutil.rmtree(old, ignore_errors=True)
    fresh.mkdir(parents=True)
    tables = {
        "warnings": warned.tables.warnings,
        "evidence": warned.tables.evidence,
        "contributions": warned.contributions,
        "counterfactuals": warned.counterfactuals,
        "records": records_behind(lake, warned.tables.evidence),
    }
    for name, rows in tables.items():
        pq.write_table(rows, fresh / f"{name}.parquet")
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    (fresh / "manifest.json").write_text(text + "\n", encoding="utf-8")
    fresh.rename(folder)
    keep_city_files(lake.root, city)


def records_behind(lake: Lake, evidence: pa.Table) -> pa.Table:
    """The silver rows that evidence points to: `RECORD_SCHEMA`, in order of file and line."""
    found: list[dict[str, Any]] = []
    told = evidence.select(["subject_id", "table_name", "file", "line"]).to_pylist()
    for table in sorted({row["table_name"] for row in told if row["table_name"]}):
        if not lake.exists("silver", table):
            continue
        wanted = {(row["file"], row["line"]) for row in told if row["table_name"] == table}
        files = sorted({file for file, _ in wanted if file})
        few = lake.spark.createDataFrame([(file,) for file in files], "file string")
        lines = sorted({line for _, line in wanted if line is not None})
        rows = lake.read("silver", table).join(few, "file", "left_semi")
        rows = rows.where(rows["line"].isin(lines))
        for row in rows.toArrow().to_pylist():
            if (row["file"], row["line"]) in wanted:
                text = json.dumps(row, ensure_ascii=False, default=str, sort_keys=True)
                own = {name: row[name] for name in RECORD_SCHEMA.names if name in row}
                found.append({**own, "table_name": table, "record": text})
    found.sort(key=lambda row: (row["table_name"], row["file"], row["line"], row["batch_id"]))
    return pa.Table.from_pylist(found, RECORD_SCHEMA)


def keep_city_files(root: Path, city: City) -> Path:
    """The city's own files as they were read, once for each digest of the configuration."""
    path = root / RECORDS / "conf" / f"{city.digest}.zip"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in city_files(city.folder):
            info = zipfile.ZipInfo(file.relative_to(city.folder).as_posix(), _ONE_DATE)
            archive.writestr(info, file.read_bytes(), zipfile.ZIP_DEFLATED)
    os.replace(partial, path)
    return path


def city_files(folder: Path) -> list[Path]:
    """The YAML files of a city's folder: those that a digest is made of, and no key file."""
    found = [folder / "city.yaml", folder / "features.yaml", *(folder / "sources").glob("*.yaml")]
    return sorted(path for path in found if path.is_file())
