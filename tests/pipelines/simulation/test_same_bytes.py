"""The same arguments give the same bytes; a folder that holds something else is left alone."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from pipelines.simulation import city, deliveries
from pipelines.simulation.city import SimulationReport, simulate
from tests.pipelines.simulation.reading import content_digest

SINCE, UNTIL = dt.date(2023, 1, 1), dt.date(2023, 9, 30)
FIRMS = 300


def drawn(folder: Path, seed: int = 3, until: dt.date = UNTIL) -> SimulationReport:
    return simulate(
        FIRMS, seed, SINCE, until, "realistic", folder / "deliveries", folder / "truth.parquet"
    )


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    drawn(folder)
    return folder


def test_the_same_arguments_give_the_same_bytes(first: Path, tmp_path: Path) -> None:
    drawn(tmp_path)
    assert files(tmp_path) == files(first)


def test_another_seed_is_another_city(first: Path, tmp_path: Path) -> None:
    drawn(tmp_path, seed=4)
    assert content_digest(tmp_path / "deliveries") != content_digest(first / "deliveries")
    assert (tmp_path / "truth.parquet").read_bytes() != (first / "truth.parquet").read_bytes()


def test_a_finished_folder_is_not_written_again(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.stat().st_mtime_ns for path in first.rglob("*")}

    def never(*_: object) -> None:
        raise AssertionError("the firms of a finished city were drawn again")

    monkeypatch.setattr(city, "build", never)
    report = drawn(first)
    assert {path: path.stat().st_mtime_ns for path in first.rglob("*")} == before
    assert report.firms == FIRMS  # the report is the one written then
    assert report.rows["registration"] >= FIRMS


def test_a_lost_truth_is_written_again_without_the_deliveries(tmp_path: Path) -> None:
    drawn(tmp_path)
    before = files(tmp_path)
    for name in ("truth.parquet", "truth_rules.parquet"):
        (tmp_path / name).unlink()
        drawn(tmp_path)
        assert files(tmp_path) == before


@pytest.mark.parametrize("written", [0, 1, 40])
def test_a_broken_off_run_is_finished_to_the_same_bytes(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    put, left = deliveries.Deliveries._put, [written]

    def breaks(self: deliveries.Deliveries, *words: object) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        put(self, *words)  # type: ignore[arg-type]

    with monkeypatch.context() as during:
        during.setattr(deliveries.Deliveries, "_put", breaks)
        with pytest.raises(KeyboardInterrupt):
            drawn(tmp_path)
    half = files(tmp_path / "deliveries")
    assert len(half) == written + 1  # the files before the break, and the marker
    assert "report" not in json.loads(half[city.MARKER])
    drawn(tmp_path)
    assert files(tmp_path) == files(first)


def test_a_file_cut_off_in_the_middle_is_written_anew(first: Path, tmp_path: Path) -> None:
    drawn(tmp_path)
    out = tmp_path / "deliveries"
    marker = json.loads((out / city.MARKER).read_text("utf-8"))
    (out / city.MARKER).write_text(json.dumps({"arguments": marker["arguments"]}), "utf-8")
    torn = next(out.glob("*/scjg/registration_*"))
    torn.write_bytes(torn.read_bytes()[:50])
    drawn(tmp_path)
    assert files(tmp_path) == files(first)


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "deliveries"
    out.mkdir()
    (out / "letter.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"deliveries is not empty .* give another folder"):
        drawn(tmp_path)
    assert files(out) == {"letter.txt": b"mine"}  # and nothing is touched
    assert not (tmp_path / "truth.parquet").exists()


def test_the_folder_of_another_city_is_refused(first: Path) -> None:
    before = files(first)
    with pytest.raises(ValueError, match="not written by this simulator with these arguments"):
        drawn(first, seed=4)
    with pytest.raises(ValueError, match="not written by this simulator with these arguments"):
        drawn(first, until=UNTIL + dt.timedelta(days=1))
    assert files(first) == before


def test_a_folder_of_an_earlier_version_is_refused(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # two versions in one folder would be neither
    monkeypatch.setattr(city, "SIMULATOR_VERSION", "0.0")
    with pytest.raises(ValueError, match="not written by this simulator"):
        drawn(first)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "deliveries").write_text("a file")
    with pytest.raises(ValueError, match="is a file; give a folder"):
        drawn(tmp_path)


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "deliveries").mkdir()
    assert drawn(tmp_path).firms == FIRMS


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"firms": 0}, "at least one firm; --firms is 0"),
        ({"firms": -5}, "at least one firm; --firms is -5"),
        # beyond ten million the codes of firms, branches and strangers would meet
        ({"firms": 10_000_001}, "at most 10000000 firms"),
        ({"seed": -1}, "a whole number from 0 on; --seed is -1"),
        ({"until": SINCE}, "must begin before it ends"),
        ({"until": SINCE - dt.timedelta(days=1)}, "must begin before it ends"),
        ({"since": dt.date(1989, 12, 31)}, "between 1990 and 2060"),
        ({"until": dt.date(2061, 1, 1)}, "between 1990 and 2060"),
        ({"difficulty": "Realistic"}, "one of easy, realistic, hard; got 'Realistic'"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    tmp_path: Path, changed: dict[str, object], told: str
) -> None:
    arguments: dict[str, object] = {
        "firms": FIRMS, "seed": 3, "since": SINCE, "until": UNTIL, "difficulty": "realistic",
    } | changed  # fmt: skip
    out, truth = tmp_path / "deliveries", tmp_path / "truth.parquet"
    with pytest.raises(ValueError, match=told):
        simulate(**arguments, out=out, truth=truth)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []  # refused before anything is written


@pytest.mark.parametrize("firms", [1, 2, 3, 39, 40])
def test_any_number_of_firms(tmp_path: Path, firms: int) -> None:
    # one firm, a city below the smallest with a ring (40 firms), and the smallest with one
    report = simulate(
        firms, 1, SINCE, UNTIL, "realistic", tmp_path / "deliveries", tmp_path / "truth.parquet"
    )
    assert report.firms == firms
    assert report.ring_firms == (3 if firms >= 40 else 0)


@pytest.mark.parametrize("marker", ["", "{", "[]", '"a"', "{}"])
def test_a_marker_that_says_nothing_is_a_foreign_file(tmp_path: Path, marker: str) -> None:
    out = tmp_path / "deliveries"
    out.mkdir()
    (out / city.MARKER).write_text(marker)
    with pytest.raises(ValueError, match=r"deliveries is not empty .* give another folder"):
        drawn(tmp_path)
