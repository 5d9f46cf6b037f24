"""The templates of the pages that are written, and the pieces put into them."""

from __future__ import annotations

from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def environment() -> Environment:
    """The templates, everything escaped: names are whatever somebody registered."""
    return Environment(
        loader=PackageLoader("pipelines.delivering", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def piece(name: str) -> str:
    """A style or a script as it stands among the templates."""
    folder = resources.files("pipelines.delivering").joinpath("templates", name)
    return folder.read_text(encoding="utf-8")
