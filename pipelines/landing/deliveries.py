"""Which files the departments delivered, what is in them and when the city got them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipelines.landing.content import ContentError, examine
from pipelines.landing.headers import header_lines
from pipelines.refusals import RefusalError

_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".swp")
_DATE_FORM = r"\d{4}-\d{2}-\d{2}"


@dataclass(frozen=True)
class DeliveryFile:
    """One file that a source claims.

    Attributes:
        source: the source's name.
        file: path under the deliveries folder, with `/`.
        path: where it stands on this machine.
        known_at: the day in its path; None when the source's pattern has no `{date}`.
        size: bytes on disk.
        content_sha256: of the decompressed text (csv, jsonl) or of the file (xlsx, parquet).
            For a file that cannot be read: of its name, size and fault, so that it stays itself.
        physical_lines: lines of text, last row of a workbook, or rows of a Parquet file.
        header_lines: lines before the first record: the header and blank lines around it.
        batch_id: 16 hex digits from the source's name and the content.
        refusal: why it cannot be landed, as a sentence; None when nothing stands against it.
    """

    source: str
    file: str
    path: str
    known_at: date | None
    size: int
    content_sha256: str
    physical_lines: int
    header_lines: int
    batch_id: str
    refusal: str | None = None

    @property
    def expected_rows(self) -> int:
        """Lines after the header: the number of records, but for blank lines and quoted breaks."""
        return self.physical_lines - self.header_lines


def find_deliveries(source: Any, root: Path) -> list[DeliveryFile]:
    """The files under `root` that match `source.files`, in order of their path.

    Links, folders, hidden and unfinished files do not count. A file that cannot be read is
    listed with its refusal. Raises `RefusalError` when `root` is no folder.
    """
    pattern, strict = _patterns(source.files)
    found = []
    for file in _files(root):
        match = strict.fullmatch(file) or pattern.fullmatch(file)
        if match:
            found.append(_delivery(source, root, file, match.groupdict().get("date")))
    return found


def unclaimed_files(sources: Iterable[Any], root: Path) -> list[str]:
    """Files under `root` that no source's pattern matches, and folders that cannot be opened."""
    patterns = [_patterns(source.files)[0] for source in sources]
    closed: list[str] = []
    files = [f for f in _files(root, closed) if not any(p.fullmatch(f) for p in patterns)]
    return sorted([*files, *closed])


def _delivery(source: Any, root: Path, file: str, day: str | None) -> DeliveryFile:
    path = root / file
    known_at, refusal = _arrival(day)
    size, lines, header, sha = 0, 0, 0, ""
    try:
        _refuse_odd_name(file)
        before = path.stat()
        size = before.st_size
        content = examine(path, source.format, source.sheet)
        sha, lines = content.sha256, content.lines
        after = path.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise ContentError("the file is still being written. Run again when it is complete")
        header = header_lines(path, source)
    except (ContentError, OSError) as error:
        why = str(error) if isinstance(error, ContentError) else "the file has gone"
        refusal = refusal or why
    shown = file.encode("utf-8", "backslashreplace").decode()
    if not sha:
        sha = hashlib.sha256(f"unreadable\0{shown}\0{size}\0{refusal}".encode()).hexdigest()
    return DeliveryFile(
        source=source.name,
        file=shown,
        path=str(path),
        known_at=known_at,
        size=size,
        content_sha256=sha,
        physical_lines=lines,
        header_lines=header,
        batch_id=hashlib.sha256(f"{source.name}{sha}".encode()).hexdigest()[:16],
        refusal=f"{shown}: {refusal}." if refusal else None,
    )


def _arrival(day: str | None) -> tuple[date | None, str | None]:
    """The day of arrival in a path, and why it is none."""
    if day is None:
        return None, None
    try:
        if re.fullmatch(_DATE_FORM, day):
            return date.fromisoformat(day), None
    except ValueError:
        pass
    return None, (
        f"'{day}' in its path is not a date, expected YYYY-MM-DD. Put the file into the folder of "
        "the day it arrived"
    )


def _refuse_odd_name(file: str) -> None:
    try:
        file.encode("utf-8")
    except UnicodeEncodeError:
        raise ContentError("the file's name is not UTF-8. Rename it") from None


def _files(root: Path, closed: list[str] | None = None) -> list[str]:
    """Paths of the whole, visible, regular files under `root`, sorted; links are not followed."""
    if not root.is_dir():
        raise RefusalError(f"{root} is no folder. Give the folder that holds the deliveries.")
    return sorted(_walk(root, "", closed if closed is not None else []))


def _walk(folder: Path, prefix: str, closed: list[str]) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            inside = list(entries)
    except OSError:
        closed.append(prefix)
        return
    for entry in inside:
        name = entry.name
        if name.startswith((".", "~$")):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(folder / name, f"{prefix}{name}/", closed)
        elif entry.is_file(follow_symlinks=False) and not name.lower().endswith(_UNFINISHED):
            yield prefix + name


@lru_cache(maxsize=256)
def _patterns(files: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The glob as two expressions: `{date}` as any text, and as something of a date's form."""
    wide, strict = "", ""
    place = 0
    tokens = re.compile(r"\{date\}|\*\*/|\*|\?|\[!?[^\]/]+\]")
    for match in tokens.finditer(files):
        literal = re.escape(files[place : match.start()])
        text = match.group()
        if text == "{date}":
            wide += literal + r"(?P<date>[^/]+?)"
            strict += literal + rf"(?P<date>{_DATE_FORM})"
        else:
            piece = literal + _glob_piece(text)
            wide, strict = wide + piece, strict + piece
        place = match.end()
    rest = re.escape(files[place:])
    return re.compile(wide + rest), re.compile(strict + rest)


def _glob_piece(text: str) -> str:
    simple = {"**/": r"(?:[^/]+/)*", "*": r"[^/]*", "?": r"[^/]"}
    return simple.get(text) or "[" + text[1:-1].replace("!", "^", 1).replace("\\", r"\\") + "]"
