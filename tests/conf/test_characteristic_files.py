"""A characteristic that is written wrongly is refused with file, line and the nearest match."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from conf.characteristic import CharacteristicLibrary, load_characteristics
from conf.errors import ConfError

FILE = """\
elements:
  unlawfulness: {zh: 非法性, en: Unlawfulness, definition: no permission}
  openness: {zh: 公开性, en: Openness, definition: spread}
characteristics:
  I1:
    zh: 甲
    en: A
    definition: words
    elements: [unlawfulness]
    effective_from: 2021-05-01
    direction: up
    confidence: H
    source: order 737
    columns: [name_words, posts]
  I13:
    zh: 乙
    en: B
    definition: a front
    elements: [openness]
    proxy: true
    direction: up
    confidence: L
    source: none found
    columns: [posts]
    graph: [fronts]
    personal: [posts, fronts]
"""


def library(folder: Path, text: str = FILE) -> CharacteristicLibrary:
    (folder / "trial.yaml").write_text(text, encoding="utf-8")
    return load_characteristics("trial", folder)


def test_a_column_speaks_for_the_elements_of_its_characteristics(tmp_path):
    found = library(tmp_path)
    assert found.elements_of("name_words") == ("unlawfulness",)
    assert found.elements_of("name_words", date(2021, 5, 1)) == ("unlawfulness",)
    assert found.elements_of("name_words", date(2021, 4, 30)) == ()  # not law yet
    assert found.elements_of("fronts") == ()  # a proxy is no evidence
    assert found.elements_of("unheard_of") == ()
    assert [one.name for one in found.of_column("posts")] == ["I1", "I13"]


def test_a_column_is_personal_only_where_nothing_else_names_it(tmp_path):
    # `posts` measures I1 too, which asks for nobody's age
    assert library(tmp_path).personal == {"fronts"}


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("[openness]", "[opennes]", "trial.yaml:19: unknown element 'opennes' of I13.*'openness'"),
        ("confidence: L", "confidence: X", "trial.yaml:22: unknown value 'X' for 'confidence'"),
        ("proxy: true", "proxi: true", "trial.yaml:20: unknown key 'proxi'.*mean 'proxy'"),
        ("  I13:", "  J1:", "trial.yaml:15: 'J1'"),
        ("[posts, fronts]", "[post]", "personal column 'post' is none of its own.*'posts'"),
        ("[name_words, posts]", "[posts, posts]", "trial.yaml:14: I1 names .*'posts' twice"),
        (
            "    columns: [name_words, posts]\n",
            "",
            "I1 has no columns; name some, or say the `gap`",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, right, wrong, told):
    assert FILE.count(right) == 1
    with pytest.raises(ConfError, match=told):
        library(tmp_path, FILE.replace(right, wrong))


def test_columns_are_checked_by_the_room_that_makes_them(tmp_path):
    found = library(tmp_path)
    found.check_columns("columns", {"name_words", "posts"})
    with pytest.raises(ConfError, match=r"trial.yaml:14: I1 .*'posts', .* mean 'post_count'"):
        found.check_columns("columns", {"name_words", "post_count"})
    with pytest.raises(ConfError, match=r"no such column of the graph; did you mean 'front'"):
        found.check_columns("graph", {"front"})
