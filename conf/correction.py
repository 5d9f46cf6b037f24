"""What a firm could put right, as data: `conf/corrections.yaml`, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from conf.errors import ConfError, did_you_mean, listed
from conf.table import SYSTEM_COLUMNS, Name, Strict, Table, Text, load_catalogue
from conf.yaml_file import YamlFile, read_yaml

CORRECTIONS_FILE = Path(__file__).parent / "corrections.yaml"


class Edit(Strict):
    """One step of a correction, over the records of one table.

    `change` sets columns of the records that `where` chooses; `append` adds copies of them, or of
    the firm's records in `source` as they stood before. `newest`: only the last such record. `set`:
    SQL by column; `{as_of}`, `{finance_words}` and `{scope_item}` are filled in where it is used.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, validate_by_name=True)

    change: Text | None = None
    append: Text | None = None
    source: Text | None = Field(default=None, alias="from")
    where: Text = "true"
    newest: bool = False
    set: Annotated[Mapping[str, Text], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_verb(self) -> Edit:
        if (self.change is None) == (self.append is None):
            raise ValueError("an edit needs either `change: <table>` or `append: <table>`")
        if self.source is not None and self.append is None:
            raise ValueError("`from` goes with `append`")
        return self

    @property
    def table(self) -> str:
        """The table that is different afterwards."""
        return self.change or self.append or ""


class Correction(Strict):
    """Something a firm could put right.

    `zh`, `en`: what it would do. `needs`: SQL over the firm's features that says when this can be
    offered. `features`: those it puts right, which are shown before and after.
    """

    name: Name
    zh: Text
    en: Text
    needs: Text
    features: Annotated[tuple[Name, ...], Field(min_length=1)]
    edits: Annotated[tuple[Edit, ...], Field(min_length=1)]


class _CorrectionsFile(Strict):
    corrections: tuple[Correction, ...]


def load_corrections(
    path: Path = CORRECTIONS_FILE, catalogue: Mapping[str, Table] | None = None
) -> tuple[Correction, ...]:
    """The corrections in the order written.

    Args:
        path: the file: `corrections:` with one entry by name.
        catalogue: the tables whose columns they may set; by default those of forewarn.

    Raises:
        ConfError: with file, line, what was expected and the nearest match.
    """
    file = read_yaml(path)
    named = file.named("corrections")
    entries = tuple(named.values()) if isinstance(named, dict) else named
    found = file.build(_CorrectionsFile, {"corrections": entries}).corrections
    tables = load_catalogue() if catalogue is None else catalogue
    for correction in found:
        for place, edit in enumerate(correction.edits):
            _check_edit(file, correction.name, place, edit, tables)
    return found


def _check_edit(
    file: YamlFile, name: str, place: int, edit: Edit, tables: Mapping[str, Table]
) -> None:
    for table in (edit.table, edit.source):
        if table is not None and (table not in tables or "subject_id" not in tables[table].columns):
            known = [n for n, t in tables.items() if "subject_id" in t.columns]
            message = f"{name}: unknown table '{table}'; expected one of {listed(known)}"
            raise file.error(message + did_you_mean(table, known), "corrections", name)
    known = [*tables[edit.table].columns, *SYSTEM_COLUMNS]
    for column in edit.set:
        if column not in known or column == "subject_id":
            message = f"{name}: table {edit.table} has no column '{column}' that can be set; "
            message += f"expected one of {listed(known)}{did_you_mean(column, known)}"
            raise file.error(message, "corrections", name, "edits", place)


__all__ = ["CORRECTIONS_FILE", "ConfError", "Correction", "Edit", "load_corrections"]
