"""A small city whose deliveries arrive over three nights, each with its list.

The simulator's corrections, withdrawals and late files are among them.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pipelines.command import forewarn, night, simulate

NIGHTS = ("2024-10-31", "2024-11-30", "2024-12-31")
EXPORTED = (
    "warnings", "scores", "subject_features", "evidence", "groups", "group_events", "shape_members",
)  # fmt: skip


@dataclass(frozen=True)
class City:
    """Three published nights: the folder, and the exports made right after each night."""

    folder: Path
    told: tuple[str, ...]

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def deliveries(self) -> Path:
        return self.folder / "arrived"

    def export(self, table: str, as_of: str, name: str) -> Path:
        out = self.folder / f"{name}-{table}-{as_of}.parquet"
        forewarn("export", table, "--lake", self.lake, "--as-of", as_of, "--out", out)
        return out


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = tmp_path_factory.mktemp("nights")
    simulate(folder, 500, NIGHTS[-1])
    told = []
    made = City(folder, ())
    for as_of in NIGHTS:
        for day in sorted((folder / "deliveries").iterdir()):
            if day.is_dir() and day.name <= as_of and not (made.deliveries / day.name).exists():
                shutil.copytree(day, made.deliveries / day.name)
        told.append(night(made.deliveries, made.lake, as_of))
        for table in EXPORTED:
            made.export(table, as_of, "then")
    return City(folder, tuple(told))
