"""Reads JSON lines: one object a line, numbers kept as they are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from conf.errors import did_you_mean
from pipelines.landing.bronze import Piece, RowList, broken_text, shown
from pipelines.landing.names import said
from pipelines.landing.personal_data import PersonalKey, hide_keys
from pipelines.landing.shape import Shape
from pipelines.landing.text_lines import BLOCK_BYTES, LineBlocks, Lines


class JsonError(ValueError):
    """Why a line is not the JSON object it should be; the message is a reason."""


class _Number(str):
    """A number as it was written: no float may round it."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonError(f"the key {said(twice)} is there twice")
    return found


def _no_constant(name: str) -> Any:
    raise JsonError(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_Number, parse_int=_Number, parse_constant=_no_constant
)


def json_object(line: str) -> dict[str, Any]:
    """The object of one line, numbers as text. Raises `JsonError`."""
    try:
        found = _DECODER.decode(line)
    except JsonError:
        raise
    except json.JSONDecodeError as error:
        raise JsonError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise JsonError("not JSON: nested too deep") from None
    if not isinstance(found, dict):
        raise JsonError("not a JSON object")
    return found


def json_text(value: Any) -> str | None:
    """A JSON value as text: a string as it is, null as None, lists and objects as JSON."""
    if value is None or type(value) is str:
        return value
    return _written(value)


def _written(value: Any) -> str:
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(k)}:{_written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _values(line: str, shape: Shape) -> list[str | None]:
    """The values of one line in the order of the columns; a missing key is None."""
    found = json_object(line)
    unknown = [name for name in found if name not in shape.columns]
    if unknown:
        hint = did_you_mean(unknown[0], shape.columns)
        raise JsonError(f"the key {said(unknown[0])} is unknown{hint}")
    try:
        values = [json_text(found.get(name)) for name in shape.columns]
    except RecursionError:
        raise JsonError("not JSON: nested too deep") from None
    if "\\u" in line:
        for name, value in zip(shape.columns, values, strict=True):
            _refuse_half_character(name, value)
    return values


def _refuse_half_character(name: str, value: str | None) -> None:
    try:
        (value or "").encode()
    except UnicodeEncodeError:
        raise JsonError(f"half a character (a lone surrogate) in the column '{name}'") from None


def json_pieces(
    stream: IO[bytes], shape: Shape, key: PersonalKey | None, block_bytes: int = BLOCK_BYTES
) -> Iterator[Piece]:
    """The records of a JSON lines file, in stretches of a block."""
    blocks = LineBlocks(stream, shape.encoding, block_bytes)
    while (lines := blocks.read()) is not None:
        rows = RowList()
        for place in range(len(lines)):
            _add(rows, lines, place, shape, key)
        yield rows.piece(lines.first + len(lines))


def _add(rows: RowList, lines: Lines, place: int, shape: Shape, key: PersonalKey | None) -> None:
    number = lines.first + place
    broken = lines.broken.get(place)
    if broken:
        text = broken_text(broken, shape.encoding, key)
        raw = shown(hide_keys(text, shape.personal, key), key, broken.length)
        rows.broken(number, raw, broken.reason)
        return
    content = lines.content(place)
    if not content.strip():
        return
    try:
        rows.parsed(number, _values(content, shape))
    except JsonError as problem:
        raw = shown(hide_keys(content, shape.personal, key), key, len(content.encode()))
        rows.broken(number, raw, str(problem))
