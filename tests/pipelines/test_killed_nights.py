"""A night that is killed again and again, at commits of every kind, ends as if it never had been.

The short form of `make test-kill`: one lake dies four times on its way through one night.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.run_log import attempts
from tests.campaigns.lake_content import lake_content, unlike
from tests.pipelines.command import forewarn

pytestmark = pytest.mark.timeout(2400)

UNTIL = "2024-12-31"
# Each start does what the one before left: of its own commits, the one it dies at. The first two
# fall into the landing of deliveries, the others among features, the list and the rules.
DEATHS = (("after", 50), ("before", 50), ("after", 20), ("after", 24))


def start(city: Path, lake: Path, when: str, number: str) -> subprocess.CompletedProcess[str]:
    words = ["--city", "demo", "--deliveries", str(city / "deliveries"), "--lake", str(lake),
             "--as-of", UNTIL]  # fmt: skip
    command = [sys.executable, "-m", "tests.campaigns.killed_night", when, number, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_night_killed_at_commits_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    forewarn(
        "simulate", "--firms", "150", "--seed", "5", "--since", "2023-07-01", "--until", UNTIL,
        "--out", tmp_path / "deliveries", "--truth", tmp_path / "truth.parquet",
    )  # fmt: skip
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    done = start(tmp_path, undisturbed, "after", "none")
    assert done.returncode == 0, done.stderr
    for when, number in DEATHS:
        died = start(tmp_path, killed, when, str(number))
        assert died.returncode == -9, (when, number, died.stdout, died.stderr)
    done = start(tmp_path, killed, "after", "none")
    assert done.returncode == 0, done.stderr
    assert unlike(lake_content(undisturbed), lake_content(killed)) == []
    outcomes = [one.outcome for one in attempts(killed)]
    assert outcomes == ["broken off"] * len(DEATHS) + ["ended"]
