"""What was known on each month-end of a synthetic city, as Parquet files beside its lake.

    python -m tests.benchmarks.judgement_frames features FOLDER FIRST LAST
    python -m tests.benchmarks.judgement_frames known FOLDER FIRST LAST

`features` writes `features-DAY.parquet`, one row a firm; `known` writes `firms-DAY` (name,
district, status, industry), `cases-DAY` (stages) and `capacity-DAY`. Files that are there stay.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from pyspark.sql import DataFrame

from conf.city import City, load_city
from features.as_of import known_state, latest_by_key
from models.risk.ranking import district_capacity
from pipelines.engine import open_engine
from pipelines.lake import Lake
from pipelines.sweeping import swept


def month_ends(first: date, last: date) -> list[date]:
    """The last days of the months from `first` to `last`, both days included."""
    return [day.date() for day in pd.date_range(first, last, freq="ME")]


def write_features(folder: Path, lake: Lake, city: City, days: list[date]) -> None:
    """Features and graph of every firm as of each day, in one sweep."""
    missing = [day for day in days if not (folder / f"features-{day}.parquet").exists()]
    if not missing:
        return
    with swept(lake, city, missing) as sweep:
        for day in missing:
            table = sweep.table(day)
            path = folder / f"features-{day}.parquet"
            half = path.with_suffix(".half")
            pq.write_table(table, half)
            half.rename(path)
            print(f"features as of {day}: {table.num_rows:,} firms", flush=True)


def write_known(folder: Path, lake: Lake, city: City, days: list[date]) -> None:
    """The register, the cases and the capacity as they were known on each day."""
    for day in days:
        path = folder / f"capacity-{day}.parquet"
        if path.exists():
            continue
        register = latest_by_key(_known(lake, "registration", day), ["subject_id"])
        firms = register.select("subject_id", "name", "district", "status", "industry")
        cases = _known(lake, city.target.label_table, day)
        staged = cases.select("subject_id", "stage", "stage_date", "known_at").toPandas()
        places = district_capacity(
            _known(lake, "capacity", day), register, day, city.capacity_default.inspections
        )
        _write(firms.toPandas().sort_values("subject_id"), folder / f"firms-{day}.parquet")
        keys = ["subject_id", "stage_date", "stage", "known_at"]
        _write(staged.sort_values(keys), folder / f"cases-{day}.parquet")
        _write(places.toPandas().sort_values("district"), path)
        print(f"register, cases and capacity as of {day}", flush=True)


def _known(lake: Lake, table: str, day: date) -> DataFrame:
    return known_state(lake.read("silver", table), day, plan="hash")


def _write(rows: pd.DataFrame, path: Path) -> None:
    """Whole or not at all: a run broken off leaves no half file."""
    half = path.with_suffix(".half")
    rows.reset_index(drop=True).to_parquet(half)
    half.rename(path)


class Frames:
    """The frames of a folder, read when asked for: what the dated protocol takes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def days(self) -> list[date]:
        """The days of which there are features."""
        found = self.folder.glob("features-*.parquet")
        return sorted(date.fromisoformat(path.stem.removeprefix("features-")) for path in found)

    def last_known(self) -> date:
        """The newest day of which the cases are there."""
        found = self.folder.glob("cases-*.parquet")
        return max(date.fromisoformat(path.stem.removeprefix("cases-")) for path in found)

    def features_of(self, day: date) -> pd.DataFrame:
        """subject_id and every feature of every firm registered by the day."""
        return self._read("features", day)

    def firms_of(self, day: date) -> pd.DataFrame:
        """subject_id, name, district, status, industry."""
        return self._read("firms", day)

    def cases_of(self, day: date) -> pd.DataFrame:
        """subject_id, stage, stage_date, known_at: as known on the day."""
        return self._read("cases", day)

    def capacity_of(self, day: date) -> pd.DataFrame:
        """district, inspections in the week of the day."""
        return self._read("capacity", day)[["district", "inspections"]]

    def _read(self, name: str, day: date) -> pd.DataFrame:
        return pd.read_parquet(self.folder / f"{name}-{day}.parquet")


def main() -> None:
    """Runs one of the two over the month-ends from FIRST to LAST."""
    what, folder = sys.argv[1], Path(sys.argv[2])
    days = month_ends(date.fromisoformat(sys.argv[3]), date.fromisoformat(sys.argv[4]))
    city = load_city("demo")
    with open_engine("sail") as running:
        lake = Lake(folder / "lake", running.spark)
        (write_features if what == "features" else write_known)(folder, lake, city, days)


if __name__ == "__main__":
    main()
