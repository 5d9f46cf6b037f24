"""How Chinese texts are read: levelled once, then searched for the words of the dictionary.

The tables keep the text as it was delivered. Reading levels it: full width becomes half width,
traditional letters simplified ones (those that the dictionary needs), capitals small letters,
brackets round ones, and blanks vanish. Phrases in which a word is not meant are then cut out, and
from names and scopes also the clauses that deny what they name. All of it is SQL that both engines
share, so the condition that counts also finds the records to show. `read` says the same in Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from conf.word_groups import HALF_WIDTH, load_words

_WORDS = load_words()

NORMALISER_VERSION = f"1.{_WORDS.levelling}.{_WORDS.version}"
"""Of this module, of the table of traditional letters, of the dictionary."""

CUT = "。"
"""What stands where something was cut out, so that its neighbours do not grow together."""

_BRACKETS = dict(zip("【〔〖｛［】〕〗｝］", "((((()))))", strict=True))
_CAPITALS = {c: c.lower() for c in map(chr, range(ord("A"), ord("Z") + 1))}
# Quotes and backslashes mean something inside of SQL, and are part of no word.
_HALF = {full: half.lower() for full, half in HALF_WIDTH.items() if half not in "'\"\\"}
_LEVEL = {**_HALF, **_CAPITALS, **_BRACKETS, **_WORDS.traditional}
_BLANKS = " \t\n\r\u00a0\u200b\u3000\ufeff"

_NOT_MEANT = "|".join(_WORDS.not_meant)
_DENIED = "|".join(
    ["[(][^()]*除外[)]", "[(]除[^()]*[)]", f"(?:{'|'.join(_WORDS.denials)})[^;。()]*"]
)


def level(column: str) -> str:
    """SQL for a text in half width, simplified letters, small letters, without blanks."""
    return f"translate({column}, '{''.join(_LEVEL)}{_BLANKS}', '{''.join(_LEVEL.values())}')"


def meant(column: str) -> str:
    """SQL for a text levelled, without the phrases in which a word is not meant."""
    return f"regexp_replace({level(column)}, '{_NOT_MEANT}', '{CUT}')"


def claimed(column: str) -> str:
    """SQL for a name or scope as `meant`, also without the clauses that deny what they name."""
    return f"regexp_replace({level(column)}, '{_NOT_MEANT}|{_DENIED}', '{CUT}')"


def read(text: str, *, denials: bool = False) -> str:
    """What `meant` (with `denials`: `claimed`) makes of one text."""
    levelled = text.translate(str.maketrans(_LEVEL) | dict.fromkeys(map(ord, _BLANKS)))
    return re.sub(f"{_NOT_MEANT}|{_DENIED}" if denials else _NOT_MEANT, CUT, levelled)


def pattern(words: Iterable[str]) -> str:
    """A regular expression for any of the words, alike on both engines."""
    return "|".join(words)


def speaks_of(column: str, words: Iterable[str]) -> str:
    """SQL that holds where a text (topics, a cause, a job) holds any of the words."""
    return f"{meant(column)} RLIKE '{pattern(words)}'"


def claims(column: str, words: Iterable[str]) -> str:
    """SQL that holds where a name or scope claims any of the words."""
    return f"{claimed(column)} RLIKE '{pattern(words)}'"
