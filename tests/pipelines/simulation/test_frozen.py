"""The simulator is versioned and frozen: what it draws changes only together with its version."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from pathlib import Path

import pyarrow.parquet as pa_parquet
import pytest

from pipelines.simulation.city import simulate
from pipelines.simulation.parameters import SIMULATOR_VERSION
from tests.pipelines.simulation.reading import content_digest

FROZEN = {
    "1.1": {
        "deliveries": "6e2e64a6a0b36d3e207241ae6abace3bef756586a9f9827e19555a4b489c7920",
        "truth": "185e44d3abe11ef21522f6a92ec10d3a92ccaea2c407d246744677b2e601f9db",
    },
    # 1.2: six tables, details at the tax office, three schemes of grades and the rule faults; what
    # 1.1 drew stands as it was, with added rows behind it
    "1.2": {
        "deliveries": "10c0514340d1ac2af63676b3137350fadcd5704f0a434c0140fc9dffb7efc9ec",
        "truth": "185e44d3abe11ef21522f6a92ec10d3a92ccaea2c407d246744677b2e601f9db",
        "rules": "8e18af92927eba8b8a5f9aded090d80119bcffda693731bebf13c95e6dcb77dc",
    },
    # 1.3: harder, since two features had reached an AUC of 0.80 by themselves: honest firms change
    # more often and stand in groups more often; and a row sent again stands before newer ones
    "1.3": {
        "deliveries": "6f79d5d92ced763531ba4e2dc637a558a93e07b5007977b215394388152a8421",
        "truth": "db1790db7bdf330ea4009827f7450ff739fa0c399c63e6584ad9e02b6909be25",
        "rules": "68f258493ba1d31d47276e3f96330ef56d5c3eb84df5aff9f548f35f1382fc0a",
    },
    # 1.4: two tables more, licences for finance and inspections; every other file is that of 1.3 to
    # the byte
    "1.4": {
        "deliveries": "ba56a5f320e0734b542e01b5ffe68e49f3dfbbff4106786171ee642f35f5b689",
        "truth": "db1790db7bdf330ea4009827f7450ff739fa0c399c63e6584ad9e02b6909be25",
        "rules": "68f258493ba1d31d47276e3f96330ef56d5c3eb84df5aff9f548f35f1382fc0a",
    },
}
"""What 300 firms of seed 11 are, by version. An entry is never changed, only a new one added."""

CHANGED = (
    "The simulator draws something else than version {version} did. A drawn city is frozen: either "
    "undo what changed it, or raise SIMULATOR_VERSION, say why in the changelog, and add the new "
    "digest here. Never change it so that a model does better."
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("frozen")
    since, until = dt.date(2023, 1, 1), dt.date(2024, 6, 30)
    simulate(300, 11, since, until, "realistic", folder / "deliveries", folder / "truth.parquet")
    return folder


def test_a_version_has_its_digest() -> None:
    assert SIMULATOR_VERSION in FROZEN, CHANGED.format(version=SIMULATOR_VERSION)


def test_the_deliveries_are_those_of_the_version(small: Path) -> None:
    found = content_digest(small / "deliveries")
    told = CHANGED.format(version=SIMULATOR_VERSION)
    assert found == FROZEN[SIMULATOR_VERSION]["deliveries"], told


def test_the_truth_is_that_of_the_version(small: Path) -> None:
    rows = pa_parquet.read_table(small / "truth.parquet").to_pylist()
    found = hashlib.sha256(repr(rows).encode()).hexdigest()
    told = CHANGED.format(version=SIMULATOR_VERSION)
    assert found == FROZEN[SIMULATOR_VERSION]["truth"], told


def test_the_truth_about_rule_faults_is_that_of_the_version(small: Path) -> None:
    rows = pa_parquet.read_table(small / "truth_rules.parquet").to_pylist()
    found = hashlib.sha256(repr(rows).encode()).hexdigest()
    told = CHANGED.format(version=SIMULATOR_VERSION)
    assert found == FROZEN[SIMULATOR_VERSION]["rules"], told


def test_the_digest_sees_one_changed_cell(small: Path, tmp_path: Path) -> None:
    # the other half of freezing: a digest that never moves would hold anything frozen
    shutil.copytree(small / "deliveries", tmp_path / "copy")
    file = next((tmp_path / "copy").glob("*/xyb/penalty_*.csv"))
    file.write_bytes(file.read_bytes().replace(b"\n", b" \n", 1))
    assert content_digest(tmp_path / "copy") != content_digest(small / "deliveries")
