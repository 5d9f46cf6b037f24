"""The wheel holds all that a night needs, and works outside the repository, on workers too."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.pipelines.command import simulate

ROOT = Path(__file__).parents[2]
ROOMS = ("conf", "features", "graphs", "models", "pipelines")
NOT_SHIPPED = {".pyc"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built and unpacked into a folder outside the repository."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder / "dist", ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = (folder / "dist").glob("forewarn-*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    return folder / "site"


def outside(installed: Path, folder: Path, *words: str | Path) -> str:
    """Runs `forewarn` as installed, from a folder that is not the repository."""
    done = subprocess.run(
        [sys.executable, "-c", "from pipelines.command_line import main; main()", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        # before the repository, which the environment of the tests knows of
        env={**os.environ, "PYTHONPATH": str(installed)},
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def test_nothing_of_the_rooms_is_left_behind(installed: Path) -> None:
    ours = {
        path.relative_to(ROOT)
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix not in NOT_SHIPPED
    }
    shipped = {
        path.relative_to(installed) for room in ROOMS for path in (installed / room).rglob("*.*")
    }
    assert ours == shipped


def test_the_wheel_works_outside_the_repository(installed: Path, tmp_path: Path) -> None:
    # a whole night from the wheel is run on Spark's workers, below
    assert "行政处罚" in outside(installed, tmp_path, "catalogue", "penalty")
    assert "regime_2022" in outside(installed, tmp_path, "rules", "list")
    told = outside(
        installed, tmp_path, "simulate", "--firms", "5", "--seed", "1", "--since", "2024-06-01",
        "--until", "2024-12-31", "--out", tmp_path / "d", "--truth", tmp_path / "t.parquet",
    )  # fmt: skip
    assert "5 firms" in told


@pytest.mark.spark
@pytest.mark.timeout(900)
def test_a_night_from_the_wheel_on_spark_workers(installed: Path, tmp_path: Path) -> None:
    """Executors in processes of their own, as on a cluster; the driver's folder is not theirs."""
    simulate(tmp_path, 60, "2024-12-31")
    city = tmp_path / "city"
    subprocess.run(["cp", "-r", ROOT / "conf" / "cities" / "demo", city], check=True)
    text = (city / "city.yaml").read_text(encoding="utf-8")
    text = text.replace("engine: sail", "engine: spark\nmaster: 'local-cluster[1,2,1024]'")
    (city / "city.yaml").write_text(text, encoding="utf-8")
    told = night(installed, tmp_path, "spark", city)
    assert "The list is in" in told


def night(installed: Path, folder: Path, engine: str, city: Path | str = "demo") -> str:
    return outside(
        installed, folder, "nightly", "--city", city, "--deliveries", folder / "deliveries",
        "--lake", folder / "lake", "--as-of", "2024-12-31", "--engine", engine,
    )  # fmt: skip
