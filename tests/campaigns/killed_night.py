"""A night that kills itself with SIGKILL just before or just after one of its commits.

    python -m tests.campaigns.killed_night before|after N|none NIGHTLY-OPTIONS...

A commit is whatever changes the lake at one stroke: a Delta commit, the list's folder, its record,
the model. With `none` it runs to the end and prints how many commits there were.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from pipelines import command_line, intake, model_registry, nightly, training
from pipelines.lake import Lake

COMMITS: tuple[tuple[Any, str], ...] = (
    (Lake, "append"),
    (Lake, "replace"),
    (Lake, "delete"),
    (Lake, "compact"),
    (model_registry, "register"),
    (training, "register"),
    (nightly, "write_lists"),
    (nightly, "write_record"),
)


def main() -> None:
    """Counts the commits, and dies at the one asked for."""
    when, number = sys.argv[1], int(sys.argv[2]) if sys.argv[2] != "none" else -1
    count = depth = 0

    def counted(commit: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            nonlocal count, depth
            outermost = depth == 0
            count += outermost
            if outermost and when == "before" and count == number:
                os.kill(os.getpid(), signal.SIGKILL)
            depth += 1
            try:
                done = commit(*args, **options)
            finally:
                depth -= 1
            if outermost and when == "after" and count == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return run

    for place, name in COMMITS:
        if hasattr(place, name):
            setattr(place, name, counted(getattr(place, name)))
    assert intake  # its commits go through the lake's
    sys.argv = ["forewarn", "nightly", *sys.argv[3:]]
    try:
        command_line.main()
    finally:
        print(f"commits {count}", flush=True)


if __name__ == "__main__":
    main()
