"""Parquet: each value has one canonical text, whatever type it was stored in."""

from __future__ import annotations

import datetime as dt
import io
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from literal_deliveries import COLUMNS, KEY, land

PARQUET: dict[str, Any] = {"format": "parquet"}


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    data = io.BytesIO()
    pq.write_table(pa.table(columns), data, **options)
    return data.getvalue()


texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=6))


@given(
    table=st.lists(st.tuples(texts, texts, texts), max_size=10), order=st.permutations([0, 1, 2])
)
def test_texts_are_read_back(table: list[tuple[str | None, ...]], order: list[int]) -> None:
    columns = {COLUMNS[i]: pa.array([row[i] for row in table], pa.string()) for i in order}
    with tempfile.TemporaryDirectory() as folder:
        landed = land(Path(folder), parquet(columns, row_group_size=3), **PARQUET)

    assert [row["line"] for row in landed.rows or []] == list(range(1, len(table) + 1))
    for record, row in zip(table, landed.rows or [], strict=True):
        values = [(value or "").strip() for value in record]
        if row["reason"] is None:
            assert [value or "" for value in row["fields"]] == values
        else:
            assert any("\0" in value or value.startswith("=") for value in values)


SHANGHAI = "Asia/Shanghai"
MIDNIGHT = dt.datetime(2020, 1, 5)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1, -5, None], pa.int64()), ["1", "-5", None]),
        (pa.array([True, False, None]), ["true", "false", None]),
        (pa.array([1.5, 5.0, 1e20]), ["1.5", "5", "100000000000000000000"]),
        (pa.array([1e-7, float("nan"), 0.1]), ["0.0000001", "NaN", "0.1"]),
        (pa.array([Decimal("12.50"), Decimal("0.00"), None]), ["12.50", "0.00", None]),
        (pa.array([dt.date(2020, 1, 5)] * 3), ["2020-01-05"] * 3),
        (pa.array([dt.date(2020, 1, 5)] * 3, pa.date64()), ["2020-01-05"] * 3),
        (
            pa.array([MIDNIGHT, MIDNIGHT.replace(hour=8), None], pa.timestamp("ns")),
            ["2020-01-05", "2020-01-05 08:00:00", None],
        ),
        (
            pa.array([MIDNIGHT.replace(hour=16)] * 3, pa.timestamp("us", SHANGHAI)),
            ["2020-01-06"] * 3,
        ),  # stored as UTC, it is midnight in Shanghai
        (pa.array(["甲", "乙", None]).dictionary_encode(), ["甲", "乙", None]),
        (pa.array(["甲", "乙", None], pa.large_string()), ["甲", "乙", None]),
        (pa.array([b"\xe7\x94\xb2", b"x", None]), ["甲", "x", None]),
        (pa.array([[1, 2], [], None]), ["[1,2]", "[]", None]),
        (pa.array([{"a": Decimal("1.50")}, {}, None]), ['{"a":"1.50"}', '{"a":null}', None]),
        (pa.nulls(3), [None, None, None]),
    ],
    ids=str,
)
def test_canonical_text(tmp_path: Path, values: pa.Array, expected: list[str | None]) -> None:
    ids = ["1", "2", "3"]
    landed = land(tmp_path, parquet({"编号": ids, "证件号": ids, "名称": values}), **PARQUET)

    assert [fields[2] for fields in landed.good] == expected


def test_bytes_that_are_no_text_are_quarantined(tmp_path: Path) -> None:
    names = pa.array([b"x", b"\xff\xfe", b"y"])
    for values in (names, pa.StringArray.from_buffers(3, *names.buffers()[1:])):
        content = parquet({"编号": ["1", "2", "3"], "证件号": ["13800138000"] * 3, "名称": values})
        landed = land(
            tmp_path, content, personal={"证件号": "phone"}, mapping={"name": "名称"}, **PARQUET
        )

        assert landed.reasons == ["the column '名称' holds bytes that are not UTF-8"]
        assert [fields[2] for fields in landed.good] == ["x", "y"]
        token = KEY.hash_value("13800138000", "phone")
        assert (landed.rows or [])[1]["raw"] == f"2,[phone:{token}],"
        assert "13800138000" not in landed.everything()


def test_columns_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    landed = land(tmp_path, parquet({"编号": ["1"], "证件号": ["2"], "名": ["3"]}), **PARQUET)

    assert landed.refusal == (
        "2024-03-01/data.parquet: the column '名称' is missing; the column '名' is unknown; did "
        "you mean '名称'?"
    )


def test_damage_within_is_told_in_one_row(tmp_path: Path) -> None:
    """The end of the file is whole, its data is not: known only while reading."""
    content = bytearray(parquet({name: ["a" * 50] * 1000 for name in COLUMNS}, compression="zstd"))
    content[4:60] = bytes(56)

    landed = land(tmp_path, bytes(content), **PARQUET)  # checks the accounts

    (row,) = landed.rows or []
    assert row["line_count"] == 1000
    assert row["reason"].startswith("the file cannot be read from here on")
