"""Reading one YAML file: plain data only, with the line of every key and entry.

A file that is not plain data (tags, anchors, duplicate keys, several documents) is refused, and a
pydantic model that does not fit is told as a `ConfError` with file, line and the nearest match.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from conf.errors import ConfError, did_you_mean, listed

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_PREFIX = "tag:yaml.org,2002:"
_SCALARS = {_PREFIX + kind for kind in ("str", "int", "float", "bool", "null", "timestamp")}


@dataclass(frozen=True)
class YamlFile:
    """One file read: `data` (mappings as dicts, sequences as tuples) and the line of each place.

    A place is the path to a value, such as ("mapping", "amount_fen") or ("features", 0, "expr").
    """

    path: Path
    raw: bytes
    data: dict[str, Any]
    lines: Mapping[Place, int]

    def line(self, *place: str | int) -> int:
        """The line of a place, or of the nearest place around it that stands in the file."""
        for length in range(len(place), 0, -1):
            if place[:length] in self.lines:
                return self.lines[place[:length]]
        return 1

    def error(self, message: str, *place: str | int) -> ConfError:
        """A `ConfError` that points at a place of this file."""
        return ConfError(self.path, self.line(*place), message)

    def named(self, key: str) -> Any:
        """The mapping under `key` with each entry's own key written into it as `name`."""
        entries = self.data.get(key, {})
        if not isinstance(entries, dict):
            return entries
        for name, entry in entries.items():
            if isinstance(entry, dict) and "name" in entry:
                raise self.error(f"unknown key 'name' in {key}.{name}", key, name, "name")
        return {k: {**v, "name": k} if isinstance(v, dict) else v for k, v in entries.items()}

    def build(self, model: type[Model], extra: Mapping[str, Any] | None = None) -> Model:
        """The file's data as a pydantic model; `extra` adds what the file does not say itself."""
        try:
            return model.model_validate({**self.data, **(extra or {})})
        except ValidationError as error:
            raise self._explained(error, model) from None

    def _explained(self, error: ValidationError, model: type[BaseModel]) -> ConfError:
        # a key spelt wrong is unknown and missing at once: the first says more
        details = sorted(
            error.errors(), key=lambda e: (e["type"] != "extra_forbidden", self.line(*e["loc"]))
        )
        message = _sentence(details[0], model)
        if len(details) > 1:
            others = sorted({self.line(*e["loc"]) for e in details[1:]})
            message += f" (more mistakes at line {listed([str(n) for n in others], 5)})"
        return self.error(message, *details[0]["loc"])


@dataclass(frozen=True)
class OverlaidFile(YamlFile):
    """A file laid over another: it states what it changes, the rest stands as `base` has it.

    Mappings are merged key by key, all else is replaced. A mistake is told of the file it stands in.
    """

    base: YamlFile

    def error(self, message: str, *place: str | int) -> ConfError:
        """A `ConfError` that points at a place of the file that holds it."""
        for length in range(len(place), 0, -1):
            if place[:length] in self.lines:
                return super().error(message, *place)
            if place[:length] in self.base.lines:
                return self.base.error(message, *place)
        return super().error(message, *place)


def overlaid(base: YamlFile, changes: YamlFile) -> OverlaidFile:
    """The file `changes` over the file `base`."""
    merged = _merged(base.data, changes.data)
    raw = base.raw + b"\n" + changes.raw
    return OverlaidFile(changes.path, raw, merged, changes.lines, base)


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(base[key], value)
        if isinstance(value, dict) and isinstance(base.get(key), dict)
        else value
        for key, value in changes.items()
    }
    return {**base, **both}


def read_yaml(path: Path) -> YamlFile:
    """Read a YAML file whose top is a mapping.

    Raises:
        ConfError: the file is missing, is no UTF-8, no YAML, or more than plain data.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = "there is no such file" if not path.exists() else f"cannot be read: {error}"
        raise ConfError(path, None, reason) from None
    return _parsed(path, raw)


def yaml_files(folder: Path) -> list[Path]:
    """The YAML files of a folder, in alphabetical order.

    Raises:
        ConfError: a file there is named `.yml`, which would be passed over in silence.
    """
    for path in sorted(folder.glob("*.yml")):
        raise ConfError(path, None, f"rename it to {path.stem}.yaml; .yml files are not read")
    return sorted(path for path in folder.glob("*.yaml") if not path.name.startswith("."))


@lru_cache(maxsize=512)
def _parsed(path: Path, raw: bytes) -> YamlFile:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfError(path, line, "is not UTF-8; save the file as UTF-8") from None
    yaml = YAML(typ="safe", pure=True)
    try:
        top = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(str(error.problem or error.context or "cannot be read").split())
        raise ConfError(path, mark.line + 1 if mark else 1, f"is not valid YAML: {what}") from None
    except YAMLError as error:
        raise ConfError(path, 1, f"is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(top, MappingNode):
        raise ConfError(path, 1, "is empty or no mapping; expected lines of `key: value`")
    reader = _Reader(path, yaml)
    data = reader.value(top, ())
    return YamlFile(path, raw, data, reader.lines)


class _Reader:
    """Turns composed nodes into plain values and notes the line of each."""

    def __init__(self, path: Path, yaml: YAML) -> None:
        self.path = path
        self.constructor = yaml.constructor
        self.lines: dict[Place, int] = {}
        self.seen: set[int] = set()

    def value(self, node: Node, place: Place) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if id(node) in self.seen or node.anchor is not None:
            raise ConfError(self.path, line, "anchors and aliases are not used here; write it out")
        self.seen.add(id(node))
        if isinstance(node, MappingNode) and node.tag == _PREFIX + "map":
            return self.mapping(node, place)
        if isinstance(node, SequenceNode) and node.tag == _PREFIX + "seq":
            return tuple(self.value(item, (*place, i)) for i, item in enumerate(node.value))
        if isinstance(node, ScalarNode) and node.tag in _SCALARS:
            try:
                return self.constructor.construct_object(node)
            except (ValueError, YAMLError):
                message = f"'{node.value}' is no {node.tag.removeprefix(_PREFIX)}"
                raise ConfError(self.path, line, message) from None
        tag = str(node.tag).replace(_PREFIX, "!!")
        raise ConfError(self.path, line, f"the tag {tag} is not allowed; only plain data is read")

    def mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode) or key_node.tag != _PREFIX + "str":
                key = getattr(key_node, "value", "")
                message = f"a key must be text, not {key!r}; put it in quotes"
                raise ConfError(self.path, line, message)
            key = key_node.value
            if key in found:
                first = self.lines[(*place, key)]
                message = f"the key '{key}' is written twice (first at line {first}); keep one"
                raise ConfError(self.path, line, message)
            self.lines[(*place, key)] = line
            found[key] = self.value(value_node, (*place, key))
        return found


def _sentence(error: ErrorDetails, model: type[BaseModel]) -> str:
    """One pydantic error in the words of the person who wrote the file."""
    kind, place = error["type"], error["loc"]
    inside = f" in {_spelt(place[:-1])}" if place[:-1] else ""
    name = str(place[-1]) if place else "the file"
    subject = f"'{name}'{inside}"
    if place and isinstance(place[-1], int):
        subject = _spelt(place)
    context = error.get("ctx", {})
    if kind == "extra_forbidden":
        keys = _keys_at(model, place[:-1])
        return f"unknown key '{name}'{inside}; expected one of {listed(keys)}" + did_you_mean(
            name, keys
        )
    if kind == "missing":
        return f"the key '{name}' is missing{inside}"
    if kind == "value_error":
        return str(context.get("error", error["msg"]))
    if kind == "literal_error":
        choices = [str(c) for c in _choices_at(model, place)]
        came = str(error["input"])
        return f"unknown value '{came}' for '{name}'{inside}; expected one of " + (
            listed(choices) + did_you_mean(came, choices)
        )
    if kind == "string_pattern_mismatch":
        pattern = context.get("pattern", "")
        return f"'{error['input']}' is no valid '{name}'{inside}; expected the form {pattern}"
    expected = _EXPECTED.get(kind)
    if expected is not None:
        expected = expected.format(**context)
        return f"{subject} must be {expected}, not {_came(error['input'])}"
    return f"{subject}: {error['msg'].lower()}, not {_came(error['input'])}"


def _spelt(place: Place) -> str:
    """A place for people, with entries counted from 1: `features entry 2.nothing`."""
    parts = [f" entry {part + 1}" if isinstance(part, int) else f".{part}" for part in place]
    return "".join(parts).lstrip(". ")


_EXPECTED = {
    "string_type": "text (put it in quotes)",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "date_type": "a date such as 2020-12-31",
    "tuple_type": "a list such as [a, b]",
    "dict_type": "a mapping of `key: value`",
    "model_type": "a mapping of `key: value`",
    "string_too_short": "a text",
    "too_short": "a list with at least one entry",
    "string_too_long": "a text of at most {max_length} character(s)",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
}


def _came(value: Any) -> str:
    if value is None:
        return "nothing"
    if value in ((), {}, ""):
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, tuple):
        return "a list"
    return f"'{value}'"


def _bare(annotation: Any) -> Any:
    """An annotation without Annotated and None."""
    while True:
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif origin in (typing.Union, types.UnionType):
            rest = [a for a in typing.get_args(annotation) if a is not type(None)]
            annotation = rest[0]
        else:
            return annotation


def _annotation_at(model: type[BaseModel], place: Place) -> Any:
    """The annotation that stands at a place inside a model, or None."""
    here: Any = model
    for part in place:
        here = _bare(here)
        if isinstance(here, type) and issubclass(here, BaseModel):
            fields = {f.alias or name: f.annotation for name, f in here.model_fields.items()}
            here = fields.get(str(part))
        elif typing.get_origin(here) in (dict, tuple, list):
            inside = typing.get_args(here)
            here = inside[1] if typing.get_origin(here) is dict else inside[0]
        else:
            return None
    return _bare(here)


def _keys_at(model: type[BaseModel], place: Place) -> list[str]:
    here = _annotation_at(model, place)
    if isinstance(here, type) and issubclass(here, BaseModel):
        given: frozenset[str] = getattr(here, "GIVEN_BY_LOADER", frozenset())
        fields = here.model_fields.items()
        return [field.alias or name for name, field in fields if name not in given]
    return []


def _choices_at(model: type[BaseModel], place: Place) -> tuple[Any, ...]:
    here = _annotation_at(model, place)
    return typing.get_args(here) if typing.get_origin(here) is typing.Literal else ()
