"""Writes the files of a list: HTML and Excel, one pair for the city and one for each district.

The folder appears whole or not at all: everything is written beside it and moved into place in one
step. The same list gives the same bytes, so writing it again changes nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.delivering.excel_list import excel_list
from pipelines.delivering.html_list import html_list
from pipelines.delivering.pages import (
    ListPage,
    Rows,
    RunFacts,
    district_page,
    districts_of,
    list_page,
)

WHOLE_CITY = "city"


@dataclass(frozen=True)
class WrittenFile:
    """One file of a list: its path, the district it is for (None: the whole city), its SHA-256."""

    path: Path
    district: str | None
    sha256: str
    size: int


def write_lists(
    folder: Path, facts: RunFacts, warnings: Rows, evidence: Rows, counterfactuals: Rows = ()
) -> list[WrittenFile]:
    """Write every page of a list into `folder` and say what was written, the city's page first.

    Files are called `forewarn-<as_of>-<city or district code>.html` and `.xlsx`. What stood in
    `folder` before is replaced as a whole; a writer that is killed leaves the old folder or the
    new one, and its own leftovers are cleared away by the next.
    """
    folder = folder.absolute()
    # one name, not one a process: what a killed writer left is found and cleared
    fresh, stale = (folder.with_name(f".{folder.name}.{end}") for end in ("new", "old"))
    if stale.exists() and not folder.exists():
        stale.rename(folder)
    for leftover in (fresh, stale):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    written = []
    for name, district, content in _files(list_page(facts, warnings, evidence, counterfactuals)):
        with (fresh / name).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        digest = hashlib.sha256(content).hexdigest()
        written.append(WrittenFile(folder / name, district, digest, len(content)))
    if folder.exists():
        folder.rename(stale)
    fresh.rename(folder)
    shutil.rmtree(stale, ignore_errors=True)
    return written


def file_name(facts: RunFacts, district: str | None, ending: str) -> str:
    """The name of one file of a list: the as-of date and the district's code, nothing else.

    A code is a department's text: what could lead out of the folder, or clash with the city's own
    page, is spelt as a digest.
    """
    place = WHOLE_CITY if district is None else district
    if district is not None and (
        not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}", district)
        or district.lower() == WHOLE_CITY
    ):
        place = "d-" + hashlib.sha256(district.encode()).hexdigest()[:12]
    return f"forewarn-{facts.as_of.isoformat()}-{place}.{ending}"


def _files(city: ListPage) -> Iterator[tuple[str, str | None, bytes]]:
    for district in (None, *districts_of(city)):
        page = city if district is None else district_page(city, district)
        yield file_name(city.facts, district, "html"), district, html_list(page).encode("utf-8")
        yield file_name(city.facts, district, "xlsx"), district, excel_list(page)
