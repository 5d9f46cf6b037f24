from __future__ import annotations

import datetime
import io
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from ruamel.yaml import YAML

from conf.errors import ConfError
from conf.table import Strict
from conf.yaml_file import read_yaml, yaml_files


def _write(folder: Path, text: str | bytes) -> Path:
    path = folder / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _refusal(path: Path) -> str:
    with pytest.raises(ConfError) as caught:
        read_yaml(path)
    return str(caught.value).removeprefix(path.as_posix())


def test_plain_data_comes_with_the_line_of_every_place(tmp_path: Path) -> None:
    file = read_yaml(_write(tmp_path, "# note\na: 1\nb:\n  - x\n  - {c: 2020-12-31}\nd: 是\n"))
    assert file.data == {"a": 1, "b": ("x", {"c": datetime.date(2020, 12, 31)}), "d": "是"}
    assert [file.line("a"), file.line("b", 0), file.line("b", 1, "c"), file.line("d")] == [
        2, 4, 5, 6,
    ]  # fmt: skip
    # a place that is not there takes the line of what is around it
    assert file.line("b", 1, "missing") == 5
    assert file.line("missing") == 1


def test_no_and_yes_are_words_not_truth_values(tmp_path: Path) -> None:
    assert read_yaml(_write(tmp_path, "no: yes\non: off\n")).data == {"no": "yes", "on": "off"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", ":2: the key 'a' is written twice (first at line 1); keep one"),
        ("x:\n  a: 1\n  a: 2\n", ":3: the key 'a' is written twice (first at line 2); keep one"),
        ("a: &b 1\nc: *b\n", ":1: anchors and aliases are not used here; write it out"),
        ("a: !!python/object:os.system x\n",
         ":1: the tag !!python/object:os.system is not allowed; only plain data is read"),
        ("a: !!set {x, y}\n", ":1: the tag !!set is not allowed; only plain data is read"),
        ("a: !own x\n", ":1: the tag !own is not allowed; only plain data is read"),
        ("1: a\n", ":1: a key must be text, not '1'; put it in quotes"),
        ("", ":1: is empty or no mapping; expected lines of `key: value`"),
        ("- a\n", ":1: is empty or no mapping; expected lines of `key: value`"),
        ("a: [1\nb: 2\n", ":2: is not valid YAML: expected ',' or ']', but got ':'"),
        ("a: 1\n--- \nb: 2\n", ":2: is not valid YAML: but found another document"),
        ("a: 1\n\tb: 2\n",
         ":2: is not valid YAML: found character '\\t' that cannot start any token"),
        ("a: 2020-02-31\n", ":1: '2020-02-31' is no timestamp"),
        ("a: 1\nb: 名称\n".encode("gb18030"), ":2: is not UTF-8; save the file as UTF-8"),
    ],
)  # fmt: skip
def test_what_is_no_plain_data_is_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert _refusal(_write(tmp_path, text)) == message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert _refusal(tmp_path / "none.yaml") == ": there is no such file"


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    assert read_yaml(_write(tmp_path, b"\xef\xbb\xbfa: 1\n")).data == {"a": 1}


def test_a_file_called_yml_is_refused_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").touch()
    (tmp_path / "a.yaml").touch()
    assert [path.name for path in yaml_files(tmp_path)] == ["a.yaml", "b.yaml"]
    (tmp_path / "c.yml").touch()
    with pytest.raises(ConfError, match=r"c\.yml: rename it to c\.yaml; \.yml files are not read"):
        yaml_files(tmp_path)


class _Part(Strict):
    rows: int
    kind: Literal["csv", "jsonl"] = "csv"


class _Whole(Strict):
    name: str
    parts: dict[str, _Part] = Field(default_factory=dict)
    words: tuple[str, ...] = ()
    since: datetime.date | None = None
    share: float = 0.0
    open: bool = False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\nparst: {}\n",
         ":2: unknown key 'parst'; expected one of name, parts, words, since, share, open; "
         "did you mean 'parts'?"),
        ("name: a\nparts:\n  x:\n    rowz: 1\n    rows: 1\n",
         ":4: unknown key 'rowz' in parts.x; expected one of rows, kind; did you mean 'rows'?"),
        ("words: [a]\n", ":1: the key 'name' is missing"),
        ("name: a\nparts: {x: {kind: csv}}\n", ":2: the key 'rows' is missing in parts.x"),
        ("name: a\nparts: {x: {rows: 1, kind: jsnl}}\n",
         ":2: unknown value 'jsnl' for 'kind' in parts.x; expected one of csv, jsonl; "
         "did you mean 'jsonl'?"),
        ("name: 12\n", ":1: 'name' must be text (put it in quotes), not '12'"),
        ("name:\n", ":1: 'name' must be text (put it in quotes), not nothing"),
        ("name: a\nparts: {x: {rows: '1'}}\n",
         ":2: 'rows' in parts.x must be a whole number, not '1'"),
        ("name: a\nparts: {x: {rows: 1.5}}\n",
         ":2: 'rows' in parts.x must be a whole number, not '1.5'"),
        ("name: a\nparts: [x]\n", ":2: 'parts' must be a mapping of `key: value`, not a list"),
        ("name: a\nparts: {x: 3}\n", ":2: 'x' in parts must be a mapping of `key: value`, not '3'"),
        ("name: a\nwords: b\n", ":2: 'words' must be a list such as [a, b], not 'b'"),
        ("name: a\nwords:\n - b\n - 3\n",
         ":4: words entry 2 must be text (put it in quotes), not '3'"),
        ("name: a\nsince: 31.12.2020\n",
         ":2: 'since' must be a date such as 2020-12-31, not '31.12.2020'"),
        ("name: a\nshare: half\n", ":2: 'share' must be a number, not 'half'"),
        ("name: a\nopen: yes\n", ":2: 'open' must be true or false, not 'yes'"),
        ("name: 1\nwords: b\nopen: yes\n",
         ":1: 'name' must be text (put it in quotes), not '1' (more mistakes at line 2, 3)"),
    ],
)  # fmt: skip
def test_a_model_that_does_not_fit_is_told_in_words(
    tmp_path: Path, text: str, message: str
) -> None:
    path = _write(tmp_path, text)
    with pytest.raises(ConfError) as caught:
        read_yaml(path).build(_Whole)
    assert str(caught.value).removeprefix(path.as_posix()) == message


_words = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.dates(datetime.date(1900, 1, 1)) | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=8,
)


def _as_read(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_as_read(item) for item in value)
    return {k: _as_read(v) for k, v in value.items()} if isinstance(value, dict) else value


@given(st.dictionaries(_words, _values, min_size=1, max_size=5))
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]
) -> None:
    out = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.representer.ignore_aliases = lambda data: True  # two equal dates are no alias
    writer.allow_unicode = True
    writer.dump(data, out)
    file = read_yaml(_write(tmp_path_factory.mktemp("yaml"), out.getvalue()))
    assert file.data == _as_read(data)
    # every place has its line, and a line is inside of the file
    assert all(1 <= n <= out.getvalue().count("\n") + 1 for n in file.lines.values())
