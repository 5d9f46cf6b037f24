"""The sweep against its slow twin: `assembled`, a day at a time, over a small simulated city."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from conf.city import load_city
from models.risk.training_set import eldest
from pipelines.assembling import assembled
from pipelines.intake import Intake
from pipelines.lake import Lake
from pipelines.landing.personal_data import PersonalKey
from pipelines.sweeping import swept
from tests.pipelines.command import simulate

DAYS = (date(2023, 12, 31), date(2023, 6, 30), date(2022, 12, 31))


@pytest.fixture(scope="module")
def lake(spark, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder: Path = tmp_path_factory.mktemp("city")
    simulate(folder, 300, "2023-12-31")
    (folder / "lake").mkdir()
    found = Lake(folder / "lake", spark)
    city = load_city("demo")
    taking = Intake(found, city, folder / "deliveries", PersonalKey(city.personal_key_bytes()))
    for source in city.sources.values():
        taking.take_in(source)
    return found


ELDEST: dict[date, np.ndarray] = {}


def some(day: date, firms: pa.Array, eldest: np.ndarray) -> pa.Array:
    """Every third firm, others on each day."""
    ELDEST[day] = eldest
    return firms.take(pa.array(range(day.month % 3, len(firms), 3)))


@pytest.mark.parametrize("choose", [some, None])
def test_every_day_of_a_sweep_is_what_is_assembled_for_it(lake: Lake, choose) -> None:
    city = load_city("demo")
    with swept(lake, city, DAYS, choose) as sweep:
        found = {day: sweep.table(day) for day in DAYS}
    for day, own in found.items():
        with assembled(lake, city, day) as then:
            twin = then.features.toArrow().sort_by("subject_id")
        if choose is not None:
            rows = twin.select(["subject_id", "group_id", "group_size"]).to_pandas()
            # who was told to be the first of each family is the first of the same family later
            assert ELDEST[day].tolist() == eldest(rows).tolist()
            asked = choose(day, twin["subject_id"].combine_chunks(), ELDEST[day])
            twin = twin.filter(pc.is_in(twin["subject_id"], value_set=asked))
        assert own.schema.types == twin.schema.types
        for name in twin.column_names:  # to the last bit
            assert own[name].combine_chunks().equals(twin[name].combine_chunks()), (day, name)
