"""The features of `core` against the same made by hand in polars, column by column.

The twin is the rival of `make bench`. It is compared over a small simulated city, and over the
same city with every column of every table drawn anew from its own values and from NULL: records
of many versions, people in one post twice, reports of one year, dates out of order.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from conf.city import load_city
from conf.table import load_catalogue
from features.assemble import subject_features
from features.feature_sets import CORE, feature_set
from pipelines.assembling import known_lake
from pipelines.intake import Intake
from pipelines.lake import Lake
from pipelines.landing.personal_data import PersonalKey
from tests.benchmarks.comparing import differences
from tests.benchmarks.polars_rival import core_features
from tests.pipelines.command import forewarn

LAST = datetime.date(2024, 12, 31)
DAYS = (LAST, datetime.date(2024, 3, 15))
FEW = 60
"""So few values of a column in the city drawn anew: every one is shared."""

Pair = tuple[pl.DataFrame, pl.DataFrame]
"""The features, and the twin's."""


@pytest.fixture(scope="module")
def city(spark: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake of a small city, taken in without a night."""
    folder = tmp_path_factory.mktemp("twin")
    forewarn(
        "simulate", "--firms", "400", "--seed", "5", "--since", "2023-07-01",
        "--until", LAST.isoformat(), "--out", folder / "deliveries",
        "--truth", folder / "truth.parquet",
    )  # fmt: skip
    demo, lake = load_city("demo"), Lake(folder / "lake", spark)  # type: ignore[arg-type]
    lake.root.mkdir()
    intake = Intake(lake, demo, folder / "deliveries", PersonalKey(demo.personal_key_bytes()))
    for source in demo.sources.values():
        intake.take_in(source)
    return lake.root


@pytest.fixture(scope="module")
def drawn_anew(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of the same tables in which no column knows of another."""
    lake, catalogue = tmp_path_factory.mktemp("anew"), load_catalogue()
    for number, table in enumerate(sorted((city / "silver").iterdir())):
        rows = pl.DataFrame(DeltaTable(str(table)).to_pyarrow_table())
        asked = {name for name, column in catalogue[table.name].columns.items() if column.required}
        kept = {"source", "source_record_id", "batch_id", "line", *asked}  # never NULL in a lake
        _drawn_anew(rows, kept, number).write_delta(str(lake / "silver" / table.name))
    return lake


def _drawn_anew(rows: pl.DataFrame, kept: Collection[str], seed: int) -> pl.DataFrame:
    """Every column sampled from a few of its own values, one in ten NULL but in `kept`."""
    columns = []
    for place, name in enumerate(rows.columns):
        values = rows[name]
        if name == "subject_id":  # the same firms in every table, or they would not meet
            values = values.unique().sort().head(FEW)
        elif name != "source_record_id":
            values = values.sample(FEW, with_replacement=True, seed=seed)
        drawn = values.sample(rows.height, with_replacement=True, seed=1000 * seed + place)
        gone = pl.int_range(rows.height, eager=True).shuffle(seed=place) % 10 == 0
        columns.append(drawn if name in kept else drawn.set(gone, None))
    # An arrival's line is its own, or the last version of a record would be anyone's guess.
    line = pl.int_range(1, rows.height + 1, eager=True).shuffle(seed=seed).alias("line")
    return pl.DataFrame(columns).with_columns(line)


@pytest.fixture(scope="module")
def made(city: Path, drawn_anew: Path, spark: object) -> Callable[[str, datetime.date], Pair]:
    """Both makings of the features of a lake, each made once."""
    lakes = {"city": city, "drawn anew": drawn_anew}

    @cache
    def make(lake: str, day: datetime.date) -> Pair:
        known = known_lake(Lake(lakes[lake], spark), day)  # type: ignore[arg-type]
        own = subject_features(known, day, feature_set("core", personal=True)).toArrow()
        return pl.DataFrame(own), core_features(lakes[lake], day).collect()

    return make


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("lake", ["city", "drawn anew"])
def test_every_column_is_the_twins(
    lake: str, day: datetime.date, made: Callable[[str, datetime.date], Pair]
) -> None:
    own, twin = made(lake, day)
    assert own.height > 40
    found = differences(own, twin, CORE)
    assert not found, "\n".join(map(str, found))


def test_the_twin_tells_the_smallest_difference(
    made: Callable[[str, datetime.date], Pair],
) -> None:
    own, twin = made("city", LAST)
    other = twin.with_columns(pl.col("change_rate") * (1 + 2**-52))
    assert [d.column for d in differences(own, other, ["changes", "change_rate"])] == [
        "change_rate"
    ]
