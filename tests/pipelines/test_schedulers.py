"""The files for systemd and Airflow say what the program takes.

The DAG is loaded by Airflow itself in `make test-airflow`; here by a stand-in that takes the same
arguments, so that a wrong one is found without half a gigabyte of packages.
"""

from __future__ import annotations

import re
import runpy
import shlex
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.main import get_command

from pipelines.command_line import app

ROOT = Path(__file__).parents[2]
DAG = ROOT / "scripts" / "airflow" / "forewarn_nightly.py"
SERVICE = ROOT / "scripts" / "systemd" / "forewarn.service"


def check_words(words: list[str]) -> None:
    """The command exists and takes these options."""
    command = get_command(app).commands[words[0]]  # type: ignore[attr-defined]
    known = {name for parameter in command.params for name in parameter.opts}
    asked = {word for word in words[1:] if word.startswith("--")}
    needed = {p.opts[0] for p in command.params if p.required}
    assert asked <= known
    assert needed <= asked


def test_systemd_starts_a_night_that_the_program_takes() -> None:
    text = SERVICE.read_text(encoding="utf-8")
    started = re.search(r"exec \S+/forewarn (.*)'$", text, re.MULTILINE)
    assert started
    check_words(shlex.split(started.group(1)))
    assert "RestartPreventExitStatus=2 3" in text


def test_the_dag_starts_a_night_that_the_program_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks: dict[str, dict[str, Any]] = {}

    class Dag:
        def __init__(self, *, dag_id: str, **_: Any) -> None:
            assert dag_id == "forewarn_nightly"

        def __enter__(self) -> Dag:
            return self

        def __exit__(self, *_: object) -> None:
            return None

    class Task:
        def __init__(self, **told: Any) -> None:
            tasks[told["task_id"]] = told

        def __rshift__(self, other: Task) -> Task:
            return other

    names = ("airflow", "airflow.providers", "airflow.providers.standard",
             "airflow.providers.standard.operators", "airflow.providers.standard.operators.bash")  # fmt: skip
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules["airflow"].DAG = Dag  # type: ignore[attr-defined]
    sys.modules[names[-1]].BashOperator = Task  # type: ignore[attr-defined]
    runpy.run_path(str(DAG))
    assert set(tasks) == {"night", "status"}
    for task in tasks.values():
        command = re.sub(r"\{\{.*?\}\}", "x", task["bash_command"])
        check_words(shlex.split(command)[1:])
    assert tasks["night"]["skip_on_exit_code"] == 3
    assert tasks["status"]["trigger_rule"] == "all_done"
