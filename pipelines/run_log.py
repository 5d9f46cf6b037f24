"""The log of a night: one line of JSON for each step, with the run, the seconds and the CPU.

`logs/<as-of day>-<start>.jsonl` in the lake. A night that was killed has a log without an end, which
is how `forewarn status` knows of it. No record's content is ever written: refusals are sentences of
ours, and of any other failure the kind of error alone.
"""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

from pipelines.progress import Step
from pipelines.refusals import is_refusal
from pipelines.runs import now

LOGS = "logs"
STARTED, STEP, NOTE, ENDED, FAILED = "started", "step", "note", "ended", "failed"


@dataclass(frozen=True)
class Attempt:
    """A night as its log tells it.

    `outcome`: `ended`, `failed`, or `broken off` when the log just stops. `steps`: name and seconds
    of each. `why`: the reason of a failure.
    """

    as_of: str
    started: str
    outcome: str
    run_id: str | None
    seconds: float
    cpu_seconds: float
    steps: Sequence[tuple[str, float]]
    why: str | None
    file: str


class RunLog:
    """Writes one night's log, line by line, each flushed as it is written."""

    def __init__(self, file: IO[str], as_of: date) -> None:
        self._file = file
        self._as_of = as_of.isoformat()
        self._began = self._step_began = time.monotonic()
        self._cpu = self._step_cpu = _cpu_seconds()
        self._step: str | None = None
        self.run_id: str | None = None

    def write(self, event: str, **told: Any) -> None:
        """One line: when, which night and run, what."""
        line = {"at": now().isoformat(timespec="microseconds"), "as_of": self._as_of,
                "run_id": self.run_id, "event": event, **told}  # fmt: skip
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()

    def steps(self, shown: Step) -> Step:
        """A `Step` that also writes each finished step with what it took."""

        def step(what: str, done: float) -> None:
            if what != self._step:
                self.finish_step()
                self._step = what
            shown(what, done)

        return step

    def finish_step(self) -> None:
        """Writes the step that was going on, if any."""
        moment, cpu = time.monotonic(), _cpu_seconds()
        if self._step is not None:
            self.write(STEP, step=self._step, seconds=round(moment - self._step_began, 2),
                       cpu_seconds=round(cpu - self._step_cpu, 2))  # fmt: skip
        self._step, self._step_began, self._step_cpu = None, moment, cpu

    def took(self) -> dict[str, float]:
        """Seconds and CPU seconds since the night began, and the most memory the process had."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {"seconds": round(time.monotonic() - self._began, 2),
                "cpu_seconds": round(_cpu_seconds() - self._cpu, 2),
                "peak_mb": round(peak / 1024)}  # fmt: skip


@contextmanager
def run_log(lake: Path, as_of: date, asked: Mapping[str, Any]) -> Iterator[RunLog]:
    """Opens the log of a night and writes how it ended, whatever happens but a kill.

    `asked`: what the night was asked to do, without paths of the machine.
    """
    folder = lake / LOGS
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{as_of.isoformat()}-{now():%Y%m%dT%H%M%S%f}-{os.getpid()}.jsonl"
    with path.open("x", encoding="utf-8") as file:
        log = RunLog(file, as_of)
        log.write(STARTED, **asked)
        try:
            yield log
        except BaseException as error:
            log.finish_step()
            why = str(error) if is_refusal(error) else type(error).__name__
            log.write(FAILED, error=type(error).__name__, why=why, **log.took())
            raise
        log.finish_step()
        log.write(ENDED, **log.took())


def attempts(lake: Path) -> list[Attempt]:
    """Every night of which there is a log, oldest first by when it began."""
    found = [_attempt(path) for path in (lake / LOGS).glob("*.jsonl")]
    return sorted(
        (one for one in found if one is not None), key=lambda one: (one.started, one.file)
    )


def _attempt(path: Path) -> Attempt | None:
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            break  # the line that a killed night was writing
    if not lines:
        return None
    last = lines[-1]
    steps = [(line["step"], line["seconds"]) for line in lines if line["event"] == STEP]
    over = last["event"] in (ENDED, FAILED)
    return Attempt(
        as_of=last["as_of"],
        started=lines[0]["at"],
        outcome=last["event"] if over else "broken off",
        run_id=last["run_id"],
        seconds=last["seconds"] if over else sum(seconds for _, seconds in steps),
        cpu_seconds=last.get("cpu_seconds", 0.0) if over else 0.0,
        steps=steps,
        why=last.get("why"),
        file=path.name,
    )


def _cpu_seconds() -> float:
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
