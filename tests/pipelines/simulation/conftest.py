"""Cities that several tests look at: drawn once, never changed by a test."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.simulation import city
from pipelines.simulation.city import SimulationReport
from pipelines.simulation.world import World

SINCE, UNTIL = dt.date(2022, 1, 1), dt.date(2024, 12, 31)


@dataclass(frozen=True)
class Drawn:
    """A city on the disk."""

    deliveries: Path
    truth: Path
    report: SimulationReport


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """5,000 firms over three years: the size at which every kind of fault should occur."""
    folder = tmp_path_factory.mktemp("city")
    out, truth = folder / "deliveries", folder / "truth.parquet"
    report = city.simulate(5_000, 7, SINCE, UNTIL, "realistic", out, truth)
    return Drawn(out, truth, report)


@pytest.fixture(scope="session")
def large() -> World:
    """100,000 firms in memory, 300 of them in rings: enough to see shares of one in twenty."""
    return city.build(100_000, 7, SINCE, UNTIL, "realistic")
