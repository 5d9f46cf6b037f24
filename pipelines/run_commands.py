"""Commands on published runs and on the lake: `replay`, `diff`, `status`, `vacuum`."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer
from rich.console import Console

from pipelines.command_options import AsOfNeeded, Engine_, ItsCity, Lake_

RunName = Annotated[str, typer.Argument(help="A run's id, or the day of its list.")]
told = Console(stderr=True, highlight=False)

NOT_THE_SAME = 4
"""Exit code of a replay that gave another list."""


def add_run_commands(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    for command in (replay, diff, status, vacuum):
        app.command()(command)


def replay(run: RunName, lake: Lake_, engine: Engine_ = None, city: ItsCity = None) -> None:
    """Work a past list out again from the lake as it was known, and compare every digest.

    Exit code 0: the same; 4: something differs.
    """
    from pipelines.engine import open_engine
    from pipelines.progress import progress_bar
    from pipelines.replay import replay as work_out

    with open_engine(engine.value if engine else "sail") as running, progress_bar(told) as step:
        found = work_out(lake, run, running, city, step)
    Console(highlight=False, markup=False).print(found.summary(), soft_wrap=True)
    raise typer.Exit(0 if found.same else NOT_THE_SAME)


def diff(
    one: RunName,
    two: RunName,
    lake: Lake_,
    subject: Annotated[str | None, typer.Option(help="Only this subject.")] = None,
) -> None:
    """Explain every row that differs between two lists by what changed it."""
    from pipelines.engine import open_engine
    from pipelines.lake import Lake
    from pipelines.list_difference import list_difference, shown
    from pipelines.runs import run_named

    with open_engine("sail") as running:
        opened = Lake(lake, running.spark)
        found = list_difference(opened, run_named(opened, one), run_named(opened, two), subject)
    console = Console(highlight=False, markup=False)
    for line in shown(found):
        console.print(line, soft_wrap=True)


def status(lake: Lake_) -> None:
    """Say on one page how the lake stands. Exit code 1 when the last night did not end well."""
    from pipelines.runs import now
    from pipelines.status import status_lines, status_of

    found = status_of(lake)
    console = Console(highlight=False, markup=False)
    for line in status_lines(found, now().date()):
        console.print(line, soft_wrap=True)
    raise typer.Exit(0 if found.well else 1)


def vacuum(
    lake: Lake_,
    as_of: AsOfNeeded,
    keep_days: Annotated[
        int, typer.Option(min=1, help="Lists of so many days before --as-of can be replayed.")
    ] = 1826,
    hours: Annotated[
        int, typer.Option(min=0, help="Replaced files stay so long for those reading now.")
    ] = 168,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Take out what no list within its retention needs; join small files."""
    from pipelines.engine import open_engine
    from pipelines.lake import Lake, only_one_writer
    from pipelines.vacuum import vacuum as clean

    day: date = as_of
    with only_one_writer(lake), open_engine("sail") as running:
        done = clean(Lake(lake, running.spark), day, keep_days, hours, dry_run)
    told.print(done.summary(), soft_wrap=True)
