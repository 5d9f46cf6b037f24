"""What every test may ask for: one session of the chosen engine, and where real data is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from pipelines.engine import ENGINES, open_engine

ROOT = Path(__file__).parents[1]

# the machine is shared and noisy: no example is judged by its time
hypothesis.settings.register_profile("sail", deadline=None, max_examples=30, derandomize=True)
# an action on Spark takes a hundred times as long for a frame of three rows
hypothesis.settings.register_profile("spark", deadline=None, max_examples=3, derandomize=True)

# for frames of a few rows, compiling Java for every plan costs far more than it saves
FOR_TINY_FRAMES = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=ENGINES, default="sail", help="the engine under test")


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.load_profile(config.getoption("--engine"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--engine spark` only the tests that use a session run, and those marked spark."""
    if config.getoption("--engine") == "sail":
        return
    wanted, others = [], []
    for item in items:
        uses = "spark" in getattr(item, "fixturenames", ()) or item.get_closest_marker("spark")
        uses = uses and item.get_closest_marker("embedded") is None
        (wanted if uses else others).append(item)
    items[:] = wanted
    config.hook.pytest_deselected(items=others)


@pytest.fixture(scope="session")
def engine_name(pytestconfig: pytest.Config) -> str:
    return str(pytestconfig.getoption("--engine"))


@pytest.fixture(scope="session")
def spark(engine_name: str) -> Iterator[object]:
    """One session for the whole run: starting Spark takes ten seconds."""
    with open_engine(engine_name, settings=FOR_TINY_FRAMES) as engine:
        yield engine.spark


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets, which never enter the repository."""
    folder = Path(os.environ.get("FOREWARN_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real data sets are not on this machine")
    return folder
