"""What a reader must know of a source and of a file, as plain data that travels to a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class SourceLike(Protocol):
    """The part of `conf.source.Source` that landing reads."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def format(self) -> str: ...  # noqa: D102
    @property
    def encoding(self) -> str: ...  # noqa: D102
    @property
    def delimiter(self) -> str: ...  # noqa: D102
    @property
    def sheet(self) -> str | None: ...  # noqa: D102
    @property
    def columns(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def personal(self) -> Mapping[str, str]: ...  # noqa: D102


@dataclass(frozen=True)
class Shape:
    """The form of a source's files.

    Attributes:
        name: the source's name.
        format: csv, jsonl, xlsx or parquet.
        encoding: utf-8 or gb18030 (csv, jsonl).
        delimiter: one character (csv).
        sheet: the sheet's name, None for the first one (xlsx).
        columns: the raw columns, in the order of bronze `fields`.
        personal: raw column → kind of personal data.
    """

    name: str
    format: str
    encoding: str
    delimiter: str
    sheet: str | None
    columns: tuple[str, ...]
    personal: dict[str, str]

    @classmethod
    def of(cls, source: SourceLike) -> Shape:
        """The shape of a source's files; a shape stays itself."""
        if isinstance(source, Shape):
            return source
        return cls(
            name=source.name,
            format=source.format,
            encoding=source.encoding,
            delimiter=source.delimiter,
            sheet=source.sheet,
            columns=tuple(source.columns),
            personal=dict(source.personal),
        )

    @property
    def personal_places(self) -> dict[int, str]:
        """Place in `columns` → kind of personal data."""
        return {
            i: self.personal[name] for i, name in enumerate(self.columns) if name in self.personal
        }
