"""Progress on the terminal: a bar while a person watches, plain lines in a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Step = Callable[[str, float], None]
"""Called with what is being done now and the share that is done (0 to 1)."""


def silent(what: str, done: float) -> None:
    """A `Step` that says nothing: for tests and notebooks."""


@contextmanager
def progress_bar(console: Console) -> Iterator[Step]:
    """A bar with what is being done; in a log (no terminal) one line each time that changes."""
    if not console.is_terminal:
        last = ""

        def line(what: str, done: float) -> None:
            nonlocal last
            if what != last:
                console.print(f"{done:4.0%} {what}")
                last = what

        yield line
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=1.0)

        def step(what: str, done: float) -> None:
            progress.update(task, description=what[:44].ljust(44), completed=done)

        yield step
