"""What a lake holds, as digests: two lakes with the same digests hold the same, to the bit.

Left out is what speaks of the clock, the engine, or Delta's own version numbers.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from pipelines.table_hash import rows_hash

CLOCK_AND_ENGINE = ("started_at", "ended_at", "engine", "engine_version")
VERSIONS = "input_tables"


def lake_content(lake: Path) -> dict[str, str]:
    """The digest and row count of each table, the files of each list, and each record."""
    found = {}
    for log in sorted(lake.glob("*/*/_delta_log")):
        if DeltaTable.is_deltatable(str(log.parent)):
            rows = pa.table(DeltaTable(str(log.parent)).to_pyarrow_table())
            name = log.parent.relative_to(lake).as_posix()
            found[name] = f"{rows.num_rows} rows {rows_hash(_without_versions(rows), without=())}"
    for path in sorted((lake / "lists").rglob("*")):
        if path.is_file():
            told = hashlib.sha256(path.read_bytes()).hexdigest()
            found[path.relative_to(lake).as_posix()] = told
    for path in sorted((lake / "records").rglob("*")):
        if path.is_file():
            found[path.relative_to(lake).as_posix()] = _record(path)
    return found


def unlike(one: dict[str, str], two: dict[str, str]) -> list[str]:
    """What differs between two contents, each with both digests."""
    return [f"{name}: {one.get(name)} | {two.get(name)}"
            for name in sorted(one.keys() | two.keys()) if one.get(name) != two.get(name)]  # fmt: skip


def _without_versions(rows: pa.Table) -> pa.Table:
    rows = rows.select([name for name in rows.column_names if name not in CLOCK_AND_ENGINE])
    if "manifest" not in rows.column_names:
        return rows
    told = [
        None if text is None else _plain(json.loads(text)) for text in rows["manifest"].to_pylist()
    ]
    return rows.set_column(
        rows.column_names.index("manifest"), "manifest", pa.array(told, pa.string())
    )


def _record(path: Path) -> str:
    if path.name == "manifest.json":
        return _plain(json.loads(path.read_text(encoding="utf-8")))
    if path.suffix == ".parquet":
        return rows_hash(pq.read_table(path), without=())
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _plain(manifest: dict[str, Any]) -> str:
    return json.dumps({k: v for k, v in manifest.items() if k != VERSIONS}, sort_keys=True)
