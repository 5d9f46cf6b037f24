"""JSON lines: values keep the words they were written in."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from literal_deliveries import COLUMNS, deliver, land, read_rows, source

from pipelines.landing.deliveries import find_deliveries

values = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=6))
records = st.dictionaries(st.sampled_from(COLUMNS), values)


@given(
    table=st.lists(records, max_size=8),
    ascii_only=st.booleans(),
    end=st.sampled_from(["\n", "\r\n", "\n\n"]),
)
def test_what_python_writes_is_read_back(
    table: list[dict[str, str | None]], ascii_only: bool, end: str
) -> None:
    text = "".join(json.dumps(record, ensure_ascii=ascii_only) + end for record in table)
    with tempfile.TemporaryDirectory() as folder:
        landed = land(Path(folder), ('{"编号":"first"}\n' + text).encode(), format="jsonl")

    for record, row in zip([{}, *table], landed.rows or [], strict=True):
        if row["reason"] is None and record:
            stripped = [(record.get(name) or "").strip() for name in COLUMNS]
            assert [value or "" for value in row["fields"]] == stripped
        elif row["reason"]:
            # the only values that may not stand in a row
            texts = [value or "" for value in record.values()]
            assert any("\0" in text or text.strip().startswith("=") for text in texts)


@given(content=st.one_of(st.binary(max_size=200), st.text('{}[]":,\\u\n\r 甲1eE.-', max_size=60)))
def test_any_bytes_are_accounted_for_whatever_the_block(content: bytes | str) -> None:
    data = '{"编号":"1"}\n'.encode() + (content if isinstance(content, bytes) else content.encode())
    of = source(format="jsonl")
    with tempfile.TemporaryDirectory() as folder:
        deliver(Path(folder), "data.jsonl", data)
        (delivery,) = find_deliveries(of, Path(folder))
        rows = read_rows(delivery, of)

        spanned = sum(row["line_count"] for row in rows)
        assert delivery.header_lines + spanned == delivery.physical_lines
        assert read_rows(delivery, of, block=5) == rows


def test_numbers_keep_their_digits_and_nested_values_are_json(tmp_path: Path) -> None:
    line = (
        '{"编号": 12345678901234567890.10, "证件号": {"a": [1.50, 1e308, true, null, "甲\\n"]},'
        ' "名称": false}\n{"编号": -0.0, "证件号": [], "名称": ""}\n'
    )
    landed = land(tmp_path, line.encode(), format="jsonl")

    assert landed.good == [
        ["12345678901234567890.10", '{"a":[1.50,1e308,true,null,"甲\\n"]}', "false"],
        ["-0.0", "[]", None],
    ]


def test_blank_lines_belong_to_the_header_or_the_record_before(tmp_path: Path) -> None:
    landed = land(tmp_path, '\ufeff\n{"编号":"1"}\n\n \n{"编号":"2"}'.encode(), format="jsonl")

    assert landed.delivery.header_lines == 1
    assert [(row["line"], row["line_count"]) for row in landed.rows or []] == [(2, 3), (5, 1)]


def test_gb18030(tmp_path: Path) -> None:
    line = '{"编号":"甲乙丙"}\n'.encode("gb18030")
    landed = land(tmp_path, line, format="jsonl", encoding="gb18030")

    assert landed.good == [["甲乙丙", None, None]]
