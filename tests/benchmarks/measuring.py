"""What a step costs: a process of its own, and what the kernel counted for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


class StepError(RuntimeError):
    """A step of the benchmark ended with an error; the message ends with what it said."""


@dataclass(frozen=True)
class Cost:
    """What one step cost.

    Attributes:
        step: what was done.
        cpu_seconds: user and system time of the process and all it waited for, threads included.
        wall_seconds: from start to end; on a busy machine it says more of the machine.
        peak_mb: the largest resident memory of the process, in MiB; Sail runs inside it.
    """

    step: str
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float


def cost(step: str, module: str, words: Iterable[str | Path], log: Path) -> Cost:
    """Runs `python -m module words` and says what it cost; its output goes behind `log`'s end.

    The caller should be small: until a new process loads its program, the kernel counts the
    caller's memory as its own.

    Raises:
        StepError: it ended with an error.
    """
    command = [sys.executable, "-m", module, *map(str, words)]
    with log.open("a") as out:
        out.write(f"== {step}: {' '.join(command[1:])}\n")
        out.flush()
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=out)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        last = "\n".join(log.read_text().splitlines()[-15:])
        raise StepError(f"{step} ended with {process.returncode}:\n{last}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Cost(step, usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / unit)


def table(costs: Sequence[Cost]) -> list[str]:
    """The costs as lines of a Markdown table, at most 80 columns wide."""
    lines = [
        f"| {'step':<34} | {'CPU s':>8} | {'wall s':>8} | {'peak MiB':>8} |",
        f"| {'-' * 34} | {'-' * 7}: | {'-' * 7}: | {'-' * 7}: |",
    ]
    return lines + [
        f"| {c.step:<34} | {c.cpu_seconds:8.1f} | {c.wall_seconds:8.1f} | {c.peak_mb:8,.0f} |"
        for c in costs
    ]
