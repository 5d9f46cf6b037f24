"""Runs the command line as a person would, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def forewarn(*words: str | Path, code: int = 0) -> str:
    """Runs `forewarn` and gives back what it said; fails when it ends otherwise than `code`."""
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def simulate(folder: Path, firms: int, until: str, seed: int = 5) -> None:
    """Draws a city into `folder`/deliveries and `folder`/truth.parquet."""
    forewarn(
        "simulate", "--firms", str(firms), "--seed", str(seed), "--since", "2022-01-01",
        "--until", until, "--out", folder / "deliveries", "--truth", folder / "truth.parquet",
    )  # fmt: skip


def night(
    deliveries: Path, lake: Path, as_of: str, city: str = "demo", engine: str = "sail"
) -> str:
    """One night."""
    return forewarn(
        "nightly", "--city", city, "--deliveries", deliveries, "--lake", lake,
        "--as-of", as_of, "--engine", engine,
    )  # fmt: skip
