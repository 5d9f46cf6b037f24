"""Tiny deliveries, and what landing makes of them."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conf.source import Source
from pipelines.landing.bronze import ARROW_SCHEMA, BATCH_ROWS
from pipelines.landing.deliveries import DeliveryFile, find_deliveries
from pipelines.landing.personal_data import PersonalKey
from pipelines.landing.readers import check_header, read_delivery
from pipelines.landing.text_lines import BLOCK_BYTES

KEY = PersonalKey(b"a key that only tests know")
# three columns; the second one is personal where a test says so
COLUMNS = ("编号", "证件号", "名称")
HEADER = ",".join(COLUMNS) + "\n"
SUFFIX = {"csv": "csv", "jsonl": "jsonl", "xlsx": "xlsx", "parquet": "parquet"}


def source(**settings: Any) -> Source:
    form = settings.get("format", "csv")
    columns = settings.setdefault("columns", COLUMNS)
    return Source(
        **{
            "source": "scjg_demo",
            "department": "市场监督管理局",
            "table": "registration",
            "title": "测试",
            "files": f"{{date}}/data*.{SUFFIX[form]}*",
            "mapping": {"subject_id": columns[0]},
            **settings,
        }
    )


@dataclass(frozen=True)
class Landed:
    """A delivery as landing saw it; `rows` is None when it was refused."""

    delivery: DeliveryFile
    refusal: str | None
    rows: list[dict[str, Any]] | None

    @property
    def good(self) -> list[list[str | None]]:
        return [row["fields"] for row in self.rows or [] if row["reason"] is None]

    @property
    def reasons(self) -> list[str]:
        return [row["reason"] for row in self.rows or [] if row["reason"] is not None]

    @property
    def lines_accounted_for(self) -> int:
        return self.delivery.header_lines + sum(row["line_count"] for row in self.rows or [])

    def everything(self) -> str:
        """All text that could reach the lake or a message."""
        return repr((self.rows, self.refusal, self.delivery.refusal))


def deliver(root: Path, name: str, content: bytes, day: str = "2024-03-01") -> Path:
    path = root / day / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".gz") and not content.startswith(b"\x1f\x8b"):
        content = gzip.compress(content, mtime=0)
    path.write_bytes(content)
    return path


def read_rows(
    delivery: DeliveryFile, of: Source, key: PersonalKey | None = KEY, block: int = BLOCK_BYTES
) -> list[dict[str, Any]]:
    rows = []
    for batch in read_delivery(delivery, of, key, block):
        batch.validate(full=True)
        assert batch.schema.equals(ARROW_SCHEMA)
        assert 0 < len(batch) <= BATCH_ROWS
        rows += batch.to_pylist()
    return rows


def land(
    root: Path, content: bytes, name: str | None = None, block: int = BLOCK_BYTES, **settings: Any
) -> Landed:
    """Delivers one file and lands it, as far as it is not refused."""
    of = source(**settings)
    deliver(root, name or f"data.{SUFFIX[of.format]}", content)
    return land_found(root, of, block)


def land_found(root: Path, of: Source, block: int = BLOCK_BYTES) -> Landed:
    (delivery,) = find_deliveries(of, root)
    refusal = delivery.refusal or check_header(delivery, of)
    if refusal:
        return Landed(delivery, refusal, None)
    landed = Landed(delivery, None, read_rows(delivery, of, KEY, block))
    assert landed.lines_accounted_for == delivery.physical_lines
    places = [row["line"] for row in landed.rows or []]
    assert places == sorted(set(places))
    return landed
