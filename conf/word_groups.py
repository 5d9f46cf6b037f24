"""The dictionary (词库): the words that features look for in names, scopes, topics and causes.

`conf/words/words.yaml` holds them in groups, with the phrases in which a word is not meant;
`conf/words/traditional.yaml` holds traditional letters beside their simplified forms.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from conf.table import Name, Strict, Text
from conf.yaml_file import YamlFile, read_yaml

WORDS_FOLDER = Path(__file__).parent / "words"

Reads = Literal[
    "name_scope", "disclaimer", "complaint", "cause", "list_reason", "job", "permit", "industry"
]
Words = Annotated[tuple[Text, ...], Field(min_length=1)]

HALF_WIDTH = dict(zip(map(chr, range(0xFF01, 0xFF5F)), map(chr, range(0x21, 0x7F)), strict=True))
"""Full-width letters, digits and marks, and their half-width forms."""

_PLAIN = re.compile(r"[\w%]+")


class WordGroup(Strict):
    """Words of one meaning, looked for in one kind of text.

    Attributes:
        name: the group's name, such as `banned`.
        zh, en: display names.
        reads: the text it is looked for in.
        source: where the words come from.
        effective_from: the day since which the law reserves them; None where it does not.
        words: in simplified letters and half width.
    """

    name: Name
    zh: Text
    en: Text
    reads: Reads
    source: Text
    effective_from: date | None = None
    words: Words

    GIVEN_BY_LOADER = frozenset({"name"})


class WordList(Strict):
    """The whole dictionary.

    Attributes:
        version: raised by every change of words.
        groups: by name.
        not_meant: phrases that hold a word and do not mean it.
        denials: beginnings of clauses that deny what they name.
        traditional: traditional letters and their simplified forms, those that words need.
        levelling: version of the table of traditional letters.
    """

    version: Annotated[int, Field(ge=1)]
    groups: Annotated[dict[str, WordGroup], Field(min_length=1)]
    not_meant: tuple[Text, ...] = ()
    denials: tuple[Text, ...] = ()
    traditional: dict[str, str] = Field(default_factory=dict)
    levelling: int = 1

    GIVEN_BY_LOADER = frozenset({"traditional", "levelling"})


class _TraditionalFile(Strict):
    version: Annotated[int, Field(ge=1)]
    pairs: Words


def load_words(folder: Path | None = None) -> WordList:
    """The dictionary, checked.

    Raises:
        ConfError: with file and line: a word that no levelled text can hold (traditional letters,
            full width, capitals, blanks), a word twice among groups that read the same text, or a
            phrase under `not_meant` that holds no word or is one.
    """
    return _loaded(folder or WORDS_FOLDER)


@cache
def _loaded(folder: Path) -> WordList:
    simplified, levelling = _simplified(read_yaml(folder / "traditional.yaml"))
    file = read_yaml(folder / "words.yaml")
    words = file.build(WordList, {"groups": file.named("groups")} if "groups" in file.data else {})
    _check_spelling(file, words, simplified)
    _check_once(file, words)
    _check_not_meant(file, words)
    letters = set("".join((*(w for g in words.groups.values() for w in g.words),
                           *words.not_meant, *words.denials, "除外")))  # fmt: skip
    needed = {old: new for old, new in simplified.items() if new in letters}
    return words.model_copy(update={"traditional": needed, "levelling": levelling})


def _simplified(file: YamlFile) -> tuple[dict[str, str], int]:
    table = file.build(_TraditionalFile)
    found: dict[str, str] = {}
    for i, row in enumerate(table.pairs):
        if len(row) % 2:
            message = "holds an odd number of letters; expected pairs of traditional and simplified"
            raise file.error(f"the row {message}", "pairs", i)
        found |= dict(zip(row[::2], row[1::2], strict=True))
    return found, table.version


def _check_spelling(file: YamlFile, words: WordList, simplified: dict[str, str]) -> None:
    lists = [(("groups", name, "words"), g) for name, g in words.groups.items()]
    for place, entries in [
        *((place, group.words) for place, group in lists if group.reads != "industry"),
        (("not_meant",), words.not_meant),
        (("denials",), words.denials),
    ]:
        for i, word in enumerate(entries):
            level = "".join(simplified.get(c, HALF_WIDTH.get(c, c)) for c in word).lower()
            if level != word or _PLAIN.fullmatch(word) is None:
                right = "".join(re.findall(_PLAIN, level))
                message = f"'{word}' is found in no text once it is levelled; write '{right}'"
                raise file.error(message, *place, i)


def _check_once(file: YamlFile, words: WordList) -> None:
    first: dict[tuple[str, str], str] = {}
    for name, group in words.groups.items():
        for i, word in enumerate(group.words):
            other = first.setdefault((group.reads, word), name)
            if other != name or word in group.words[:i]:
                where = "twice" if other == name else f"here and in the group '{other}'"
                message = f"the word '{word}' stands {where}, and both read {group.reads}; keep one"
                raise file.error(message, "groups", name, "words", i)


def _check_not_meant(file: YamlFile, words: WordList) -> None:
    known = {w for g in words.groups.values() if g.reads != "industry" for w in g.words}
    for i, phrase in enumerate(words.not_meant):
        if phrase in words.not_meant[:i]:
            raise file.error(f"the phrase '{phrase}' is written twice; keep one", "not_meant", i)
        if phrase in known:
            message = f"'{phrase}' is a word of a group; take it out there, or here"
            raise file.error(message, "not_meant", i)
        if not any(word in phrase for word in known):
            message = f"'{phrase}' holds no word of any group, so nothing would change; take it out"
            raise file.error(message, "not_meant", i)
