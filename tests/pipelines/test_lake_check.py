"""A lake with a torn or foreign file: it is named, and only the torn one stops a night."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from pipelines.lake import LakeError
from pipelines.lake_check import lake_state, require_whole


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    for layer, name in (("silver", "penalty"), ("gold", "scores")):
        for part in (1, 2):
            rows = pa.table({"subject_id": [f"s{part}"], "run_id": ["区 1"]})
            write_deltalake(
                str(tmp_path / layer / name), rows, mode="append", partition_by=["run_id"]
            )
    (tmp_path / "silver" / "begun").mkdir()  # a night was killed before the first commit
    (tmp_path / ".writer").touch()
    (tmp_path / ".unfinished-x.json").touch()
    return tmp_path


def first_file(lake: Path) -> Path:
    return sorted((lake / "silver" / "penalty").rglob("*.parquet"))[0]


def test_a_whole_lake_says_nothing(lake: Path) -> None:
    assert lake_state(lake) == lake_state(lake.parent / "none")
    assert require_whole(lake) == []
    # what a killed night leaves: Parquet that no log names
    shutil.copy(first_file(lake), lake / "silver" / "penalty" / "part-left.parquet")
    assert require_whole(lake) == []


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def overwrite(path: Path) -> None:
    path.write_bytes(b"x" * path.stat().st_size)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (Path.unlink, "it is missing"),
        (shorten, "bytes, "),
        (overwrite, "no longer a Parquet file"),
    ],
)
def test_a_torn_file_is_named_and_stops(
    lake: Path, harm: Callable[[Path], object], words: str
) -> None:
    path = first_file(lake)
    harm(path)
    with pytest.raises(LakeError, match="damaged: silver/penalty/.*" + words) as caught:
        require_whole(lake)
    assert path.name in str(caught.value)
    assert "backup" in str(caught.value)


def test_a_broken_log_is_named(lake: Path) -> None:
    log = lake / "gold" / "scores" / "_delta_log"
    (log / f"{1:020}.json").write_text("{")
    assert [told[:24] for told in lake_state(lake).torn] == ["gold/scores/_delta_log: "]


def test_a_commit_that_was_taken_out_of_a_log_is_named(lake: Path) -> None:
    (lake / "gold" / "scores" / "_delta_log" / f"{0:020}.json").unlink()
    assert lake_state(lake).torn


@pytest.mark.parametrize(
    "name",
    ["notes.docx", "silver/copy.csv", "silver/penalty/~lock.xlsx", "gold/scores/_delta_log/a.txt"],
)
def test_a_foreign_file_is_told_and_left_alone(lake: Path, name: str) -> None:
    (lake / name).write_text("x")
    (told,) = require_whole(lake)
    assert name in told
    assert (lake / name).exists()
