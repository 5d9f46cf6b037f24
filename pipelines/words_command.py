"""`forewarn words`: where the dictionary may read a city's names and scopes wrongly."""

from __future__ import annotations

from rich.table import Table

from features.chinese_text import NORMALISER_VERSION
from features.doubtful_words import ACROSS, doubtful_words
from pipelines.lake import Lake

_KINDS = {ACROSS: "across two words", "within": "part of a longer word"}


def doubtful_words_shown(lake: Lake, top: int) -> Table:
    """The phrases, most texts first, as a table for a terminal.

    Args:
        lake: whose registered names and scopes are read, all versions that ever came.
        top: how many phrases at most.
    """
    register = lake.read("silver", "registration")
    names = register.selectExpr("name AS text")
    found = doubtful_words(names.union(register.selectExpr("scope_text AS text"))).limit(top)
    grid = Table(
        title=f"词库存疑 Words that may be read wrongly (dictionary {NORMALISER_VERSION}). Where a "
        "phrase does not mean the word, add it to not_meant in conf/words/words.yaml.",
        title_justify="left",
    )
    for name in ("word", "phrase", "how", "texts", "example"):
        grid.add_column(name, overflow="fold")
    for row in found.collect():
        grid.add_row(row.word, row.phrase, _KINDS[row.kind], str(row.texts), row.example)
    return grid
