"""What a night's log and the status page say, of a night that ended, failed, or was killed."""

from __future__ import annotations

import fcntl
import json
from datetime import date
from pathlib import Path

import pytest

from pipelines.run_log import attempts, run_log
from pipelines.runs import RUN_SCHEMA
from pipelines.status import status_lines, status_of
from tests.pipelines.command import forewarn

DAY = date(2024, 12, 31)


def test_steps_are_told_with_what_they_took(tmp_path: Path) -> None:
    shown = []
    with run_log(tmp_path, DAY, {"city": "c"}) as log:
        step = log.steps(lambda what, done: shown.append((what, done)))
        step("landing", 0.1)
        step("landing", 0.2)
        step("scores", 0.5)
        log.run_id = "r1"
    assert shown == [("landing", 0.1), ("landing", 0.2), ("scores", 0.5)]
    (one,) = attempts(tmp_path)
    assert (one.outcome, one.as_of, one.run_id, one.why) == ("ended", "2024-12-31", "r1", None)
    assert [name for name, _ in one.steps] == ["landing", "scores"]
    lines = [json.loads(t) for t in (tmp_path / "logs" / one.file).read_text().splitlines()]
    assert [line["event"] for line in lines] == ["started", "step", "step", "ended"]
    assert lines[-1]["peak_mb"] > 0


def test_a_refusal_is_logged_word_for_word_and_any_other_error_by_its_kind(tmp_path: Path) -> None:
    from pipelines.refusals import RefusalError

    def fails(error: Exception) -> None:
        with pytest.raises(type(error)), run_log(tmp_path, DAY, {}):
            raise error

    fails(RefusalError("Give --lake another folder."))
    fails(ValueError("row 33010119800101123X"))  # what a library says may hold a person's data
    one, two = attempts(tmp_path)
    assert (one.outcome, one.why) == ("failed", "Give --lake another folder.")
    assert (two.outcome, two.why) == ("failed", "ValueError")
    logged = "".join(path.read_text() for path in (tmp_path / "logs").iterdir())
    assert "33010119800101123X" not in logged


def test_a_log_that_just_stops_is_a_night_broken_off(tmp_path: Path) -> None:
    with run_log(tmp_path, DAY, {}) as log:
        log.steps(lambda *_: None)("landing", 0.1)
    (path,) = (tmp_path / "logs").iterdir()
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:2]) + "\n" + lines[2][:20])  # killed in the middle of a line
    (one,) = attempts(tmp_path)
    assert (one.outcome, [name for name, _ in one.steps]) == ("broken off", ["landing"])
    told = list(status_lines(status_of(tmp_path), DAY))
    assert "No list was published yet." in told
    assert any("broken off" in line for line in told)
    assert told[-1].startswith("Look into it")
    assert max(len(line) for line in told) <= 80
    assert RUN_SCHEMA.endswith("manifest string")


def test_no_lake_has_no_status(tmp_path: Path) -> None:
    assert "holds no lake" in forewarn("status", "--lake", tmp_path, code=1)
    (tmp_path / "logs").mkdir()
    assert "No list was published yet" in forewarn("status", "--lake", tmp_path, code=1)


def test_a_second_night_is_told_so_and_leaves_with_a_code_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "deliveries").mkdir()
    lake = tmp_path / "lake"
    lake.mkdir()
    with (lake / ".writer").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        words = ("nightly", "--city", "demo", "--deliveries", tmp_path / "deliveries",
                 "--lake", lake, "--as-of", "2024-12-31")  # fmt: skip
        assert "Another run is writing" in forewarn(*words, code=5)
    assert not (lake / "logs").exists()
