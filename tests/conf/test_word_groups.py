"""A word that would be counted twice, or that no text can hold, is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from conf.errors import ConfError
from conf.word_groups import WORDS_FOLDER, WordList, load_words

FILE = """\
version: 3
groups:
  banned: {zh: 甲, en: A, reads: name_scope, source: order 737, words: [金融, 理财]}
  hot: {zh: 乙, en: B, reads: name_scope, source: project default, words: [养老]}
  topics: {zh: 丙, en: C, reads: complaint, source: project default, words: [理财]}
not_meant:
  - 金融街
denials: [不得]
"""
TABLE = 'version: 2\npairs: ["財财養养"]\n'


def words(folder: Path, text: str = FILE, table: str = TABLE) -> WordList:
    (folder / "words.yaml").write_text(text, encoding="utf-8")
    (folder / "traditional.yaml").write_text(table, encoding="utf-8")
    return load_words(folder)


def test_a_word_may_be_looked_for_in_two_kinds_of_text(tmp_path):
    found = words(tmp_path)  # 理财 is banned in names, and people complain of it
    assert found.groups["topics"].words == ("理财",)
    assert (found.version, found.levelling) == (3, 2)


def test_only_the_traditional_letters_of_words_are_kept(tmp_path):
    found = words(tmp_path, table='version: 1\npairs: ["財财養养龍龙"]\n')
    assert found.traditional == {"財": "财", "養": "养"}  # no word holds 龙


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("[养老]", "[养老, 养老]", r"yaml:4: the word '养老' stands twice"),
        ("[养老]", "[养老, 理财]", r"yaml:4: .*'理财' stands here and in the group 'banned'"),
        ("[养老]", "[養老]", r"yaml:4: '養老' is found in no text once it is levelled.* '养老'"),
        ("[养老]", "[Ｐ２Ｐ]", r"yaml:4: 'Ｐ２Ｐ' .*write 'p2p'"),
        ("[养老]", "['养 老']", r"yaml:4: '养 老' .*write '养老'"),
        ("[养老]", "['养.老']", r"yaml:4: '养.老' .*write '养老'"),  # it becomes an expression
        ("[养老]", "[]", r"yaml:4: 'words' in groups.hot must be a list with at least one entry"),
        ("reads: complaint", "reads: complaints", r"yaml:5: unknown value .*mean 'complaint'"),
        ("- 金融街", "- 财务", r"yaml:7: '财务' holds no word of any group"),
        ("- 金融街", "- 金融", r"yaml:7: '金融' is a word of a group"),
        ("- 金融街", "- 金融街\n  - 金融街", r"yaml:8: the phrase '金融街' is written twice"),
        ("denials: [", "denails: [", r"yaml:8: unknown key 'denails'.*mean 'denials'"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, right, wrong, told):
    assert FILE.count(right) == 1
    with pytest.raises(ConfError, match=told):
        words(tmp_path, FILE.replace(right, wrong))


def test_an_odd_row_of_the_table_is_refused(tmp_path):
    with pytest.raises(ConfError, match=r"traditional.yaml:2: the row holds an odd number"):
        words(tmp_path, table='version: 1\npairs: ["財财養"]\n')


def test_the_words_of_order_737_are_dated():
    banned = load_words(WORDS_FOLDER).groups["banned"]
    assert str(banned.effective_from) == "2021-05-01"
    assert set(banned.words) == {"金融", "交易所", "交易中心", "理财", "财富管理", "股权众筹"}
