"""The simulator knows nothing of what judges its cities, and the judges nothing of it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SIMULATION = sorted((ROOT / "pipelines" / "simulation").glob("*.py"))


def imported(path: Path) -> set[str]:
    """Names of the modules a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, path  # relative imports are not used in the house
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", SIMULATION, ids=lambda path: path.stem)
def test_the_simulator_imports_nothing_of_the_house(path: Path) -> None:
    rooms = ("features", "graphs", "models", "conf", "pipelines")
    for name in imported(path):
        room = name.split(".")[0]
        assert room not in rooms or name.startswith("pipelines.simulation"), name


def test_the_rooms_that_judge_import_nothing_of_the_simulator() -> None:
    for room in ("features", "graphs", "models", "conf"):
        for path in (ROOT / room).rglob("*.py"):
            assert not any("simulation" in name for name in imported(path)), path


def test_loading_the_simulator_loads_no_room_that_judges() -> None:
    # in a process of its own: what is loaded here says nothing
    code = (
        "import sys, pipelines.simulation.city\n"
        "print([n for n in sys.modules if n.split('.')[0] in ('features', 'graphs', 'models')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
