"""The file of BODS statements: written, read back and compared, without an engine."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import pyarrow as pa
import pytest

from graphs.ownership_statements import expressible, statements
from graphs.statement_edges import edges_of
from pipelines.exported_keys import exported_key, with_exported_keys
from pipelines.exporting_ownership import (
    _CHUNK,
    read_statements,
    require_same,
    write_statements,
)
from pipelines.refusals import RefusalError
from tests.graphs.literal_edges import edge, random_edges, table

AS_OF = datetime.date(2024, 6, 30)
KEY = "0123456789abcdef0123456789abcdef"


def written(path: Path, edges: pa.Table) -> tuple[pa.Table, dict[str, int]]:
    said = expressible(edges)
    return said, write_statements(statements(said, AS_OF, "某市"), path)


@pytest.mark.parametrize("seed", range(5))
def test_a_file_is_read_back(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    said, counts = written(path, random_edges(seed))
    require_same(path, said, counts)
    assert edges_of(read_statements(path)).equals(said)
    whole = json.loads(path.read_text(encoding="utf-8"))
    assert whole == list(read_statements(path))  # a JSON array to any other reader too
    assert sum(counts.values()) == len(whole)


def test_a_file_without_statements(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    said, counts = written(path, table())
    require_same(path, said, counts)
    assert json.loads(path.read_text()) == []


def test_statements_across_the_pieces_that_are_read_at_once(tmp_path: Path) -> None:
    long = [{"n": n, "text": "字" * (_CHUNK // 3)} for n in range(7)] + [{"text": "x" * 3 * _CHUNK}]
    for indent in (None, 2):
        path = tmp_path / "a.json"
        path.write_text("\ufeff " + json.dumps(long, indent=indent, ensure_ascii=False) + "\n\n")
        assert list(read_statements(path)) == long


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "after 0 of them the file ends, where '[' was expected"),
        ('{"statementId": 1}', "after 0 of them '{\"statementId\": 1}' came, not '['"),
        ('[{"a": 1}, {"b": ', "after 1 of them one cannot be read"),
        ('[{"a": 1}', "after 1 of them the file ends, where ']' was expected"),
        ('[{"a": 1} {"b": 1}]', "after 1 of them '{\"b\": 1}]' came, not ']'"),
        ('[{"a": 1},]', "after 1 of them ']' came, not '{'"),
        ("[1]", "after 0 of them '1]' came, not '{'"),
        ('[{"a": 1}] {}', "after 1 of them the array is closed and something follows it"),
    ],
)
def test_what_is_no_array_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(
        RefusalError, match=f"^'a.json' is not one JSON array .*{re.escape(sentence)}"
    ):
        list(read_statements(path))


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('"exact":51.0', '"exact":50.0', "statement 4 has not the content of its id"),
        ('"name":"某市"', '"name":"它市"', "statement 1 has not the content of its id"),
        ("\n]", "", "is not one JSON array"),  # a disk that was full
    ],
)
def test_a_file_that_changed_is_refused(
    before: str, after: str, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    said, counts = written(path, table(edge("p1", "A", ratio=0.51), edge("A", "B", ratio=1)))
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(RefusalError, match=sentence):
        require_same(path, said, counts)


def test_a_file_that_says_other_edges_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    said, counts = written(path, table(edge("A", "B", ratio=0.51)))
    other, _ = written(tmp_path / "b.json", table(edge("A", "B", ratio=0.5)))
    with pytest.raises(RefusalError, match="1 edges were written and 1 others read"):
        require_same(path, other, counts)
    with pytest.raises(RefusalError, match="statements were written and"):
        require_same(path, said, counts | {"entity": 3})


def test_no_key_of_a_person_leaves_the_lake(tmp_path: Path) -> None:
    held = edge("p" + KEY, "A", "directorship", role="董事") | {"src": KEY}
    held |= {"src_kind": "person", "source_record_id": f"A|{KEY}|董事"}
    firm = edge("B", "A", ratio=0.5) | {"source_record_id": "A|B"}
    schema = table().schema.append(pa.field("source_record_id", pa.string()))
    said = expressible(with_exported_keys(pa.Table.from_pylist([held, firm], schema)))
    found = {(row["src"], row["source_record_id"]) for row in said.to_pylist()}
    out = exported_key(KEY)
    assert found == {("B", "A|B"), (out, f"A|{out}|董事")}
    path = tmp_path / "a.json"
    require_same(path, said, write_statements(statements(said, AS_OF, "某市"), path))
    assert KEY not in path.read_text(encoding="utf-8")
