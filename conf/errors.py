"""What is said when a configuration file is wrong: where, what was expected, the nearest match."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

_INSTALLED = Path(__file__).resolve().parent.parent


class ConfError(ValueError):
    """One mistake in one configuration file, told in one sentence.

    Attributes:
        file: the file as a person would name it (`conf/...` for what is delivered with forewarn).
        line: its line, counted from 1; None where no line can be blamed (a missing file).
        message: what is wrong, what was expected and, where one is near, what was probably meant.
    """

    def __init__(self, file: Path | str, line: int | None, message: str) -> None:
        self.file = shown(file)
        self.line = line
        self.message = message
        place = self.file if line is None else f"{self.file}:{line}"
        super().__init__(f"{place}: {message}")

    def __reduce__(self) -> tuple[type[ConfError], tuple[str, int | None, str]]:
        """Let the error travel between processes (its constructor takes three arguments)."""
        return ConfError, (self.file, self.line, self.message)


def shown(file: Path | str) -> str:
    """The name of a file for people: from `conf/` on when forewarn brought it, else as given."""
    path = Path(file)
    try:
        return path.resolve().relative_to(_INSTALLED).as_posix()
    except ValueError:
        return path.as_posix()


def nearest(word: str, choices: Iterable[str], cutoff: float = 0.5) -> str | None:
    """The choice most like `word` (difflib ratio of at least `cutoff`, case aside), or None."""
    by_fold: dict[str, str] = {}
    for choice in choices:
        by_fold.setdefault(choice.casefold(), choice)
    found = difflib.get_close_matches(word.casefold(), list(by_fold), n=1, cutoff=cutoff)
    return by_fold[found[0]] if found else None


def did_you_mean(word: str, choices: Iterable[str], cutoff: float = 0.5) -> str:
    """`; did you mean 'x'?`, or nothing when no choice is near."""
    match = nearest(word, choices, cutoff)
    return f"; did you mean '{match}'?" if match is not None else ""


def listed(choices: Iterable[str], most: int = 30) -> str:
    """The choices as `a, b, c`, cut after `most` with a count of those left out."""
    names = list(choices)
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"
