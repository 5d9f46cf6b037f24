"""Is the lake whole? Torn files and foreign ones are named before a night works on them.

A torn file is one that a table's log names and that is missing, shorter or longer than the log
says, or no Parquet; or a log that cannot be read. No night may go on from it. A foreign file is one
that no program of ours puts there: it is told, and left alone. What a killed night leaves (Parquet
that no log names) is neither; `forewarn vacuum` takes it away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable

from pipelines.lake import LAYERS, LakeError

_OURS = {".writer", "staging", "lists", "records", "mlflow", "gate", "logs", *LAYERS}
_MARKERS = re.compile(r"\.unfinished-.*\.json")
_IN_TABLE = re.compile(r"\.?[^/]*\.parquet(\.crc)?")
_IN_LOG = re.compile(
    r"\.?(\d{20}\.(json|crc|checkpoint.*\.parquet|compacted\.json)|_last_checkpoint"
    r"|_commit_.*\.json\.tmp|\d{20}\.[0-9a-f.-]+\.json|.*\.tmp)(\.crc)?|_sidecars|_staged_commits"
)
_MAGIC = b"PAR1"


@dataclass(frozen=True)
class LakeState:
    """What is torn and what is foreign in a lake, each a sentence that begins with the path."""

    torn: Sequence[str]
    foreign: Sequence[str]


def lake_state(root: Path) -> LakeState:
    """Looks at every table's log, every file it names (size, first and last bytes), and the rest."""
    torn: list[str] = []
    foreign = [f"{child.name}: no part of a lake" for child in _children(root)
               if child.name not in _OURS and not _MARKERS.fullmatch(child.name)]  # fmt: skip
    for layer in LAYERS:
        for table in _children(root / layer):
            name = f"{layer}/{table.name}"
            if not table.is_dir():
                foreign.append(f"{name}: a file where only tables stand")
                continue
            torn += [f"{name}/{told}" if told else name for told in _torn(table)]
            foreign += [f"{name}/{told}: no file of a table" for told in _foreign(table)]
    return LakeState(sorted(torn), sorted(foreign))


def require_whole(root: Path) -> Sequence[str]:
    """Sentences on foreign files. Raises `LakeError` naming what is torn, and what to do."""
    state = lake_state(root)
    if state.torn:
        more = f" and {len(state.torn) - 5} more" if len(state.torn) > 5 else ""
        raise LakeError(
            f"The lake {root} is damaged: {'; '.join(state.torn[:5])}{more}. Nothing was changed. "
            "Restore these files from a backup; a lake without one is made anew from the "
            "deliveries, in an empty folder."
        )
    return [
        f"In the lake there is a foreign file, {told}. It was left alone." for told in state.foreign
    ]


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _torn(table: Path) -> Iterator[str]:
    log = table / "_delta_log"
    if not any(path.suffix == ".json" for path in _children(log)):
        return  # a first commit that never came: the next night makes the table
    try:
        actions = pa.table(DeltaTable(str(table)).get_add_actions(flatten=True))
        named = actions.select(["path", "size_bytes"]).to_pylist()
    except Exception as error:  # whatever the library makes of a broken log
        yield f"_delta_log: the log cannot be read ({' '.join(str(error).split())[:120]})"
        return
    for row in named:
        yield from _torn_file(table, unquote(row["path"]), int(row["size_bytes"]))


def _torn_file(table: Path, name: str, size: int) -> Iterator[str]:
    path = table / name
    try:
        there = path.stat().st_size
        if there != size:
            yield f"{name}: {there} bytes, {size} were written"
            return
        with path.open("rb") as file:
            first = file.read(len(_MAGIC))
            file.seek(-len(_MAGIC), 2)
            if first != _MAGIC or file.read() != _MAGIC:
                yield f"{name}: no longer a Parquet file"
    except FileNotFoundError:
        yield f"{name}: it is missing"
    except OSError as error:
        yield f"{name}: it cannot be read ({error.strerror})"


def _foreign(table: Path) -> Iterator[str]:
    for path in sorted(table.rglob("*")):
        name = path.relative_to(table)
        known = _IN_LOG if name.parts[0] == "_delta_log" else _IN_TABLE
        if path.is_dir():
            continue
        if not known.fullmatch(path.name):
            yield name.as_posix()
