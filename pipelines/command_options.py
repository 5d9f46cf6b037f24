"""Options that several commands share."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class EngineName(StrEnum):
    """The engines `--engine` takes."""

    sail = "sail"
    spark = "spark"


def day_of(text: str) -> date:
    """A day written YYYY-MM-DD; typer tells of any other text."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a date such as 2024-12-31") from None


Lake_ = Annotated[Path, typer.Option("--lake", help="The folder of the lake.", file_okay=False)]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of", parser=day_of, metavar="DATE", help="The list's date; default: newest."
    ),
]
AsOfNeeded = Annotated[
    date,
    typer.Option("--as-of", parser=day_of, metavar="DATE", help="What was known by this day."),
]
City_ = Annotated[
    str,
    typer.Option("--city", help="A city of conf/cities, or a folder with a city.yaml of its own."),
]
ItsCity = Annotated[
    str | None, typer.Option("--city", help="Where the city is a folder of your own: that.")
]
Engine_ = Annotated[
    EngineName | None,
    typer.Option("--engine", help="Which engine runs; default: what city.yaml says."),
]
