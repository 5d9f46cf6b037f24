from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.table_hash import rows_hash

ROWS = [
    {"run_id": "a", "id": "x", "n": 1, "d": 0.5, "on": date(2024, 1, 1), "m": Decimal("1.50")},
    {"run_id": "a", "id": "y", "n": None, "d": float("nan"), "on": None, "m": None},
    {"run_id": "a", "id": None, "n": 0, "d": 0.0, "on": date(1970, 1, 1), "m": Decimal("0.00")},
]


def table(rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows)


@given(st.permutations(ROWS))
def test_the_order_of_rows_does_not_matter(rows: list[dict[str, object]]) -> None:
    assert rows_hash(table(rows)) == rows_hash(table(ROWS))


def test_nor_do_columns_order_chunks_the_run_or_how_an_engine_spells_a_type() -> None:
    one = table(ROWS)
    chunked = pa.concat_tables([one.slice(0, 1), one.slice(1)])
    turned = one.select(sorted(one.column_names, reverse=True))
    wide = one.set_column(1, "id", one["id"].cast(pa.large_string()))
    narrow = one.set_column(2, "n", one["n"].cast(pa.int32()))
    coded = one.set_column(1, "id", one["id"].dictionary_encode())
    other_run = table([row | {"run_id": "b"} for row in ROWS])
    for same in (chunked, turned, wide, narrow, coded, other_run):
        assert rows_hash(same) == rows_hash(one)


@pytest.mark.parametrize(
    ("name", "value"),
    [("id", ""), ("id", "x "), ("n", 2), ("n", 0), ("d", 0.5000000000000001), ("d", 1e-300),
     ("on", date(1970, 1, 1)), ("m", Decimal("0.01"))],
)  # fmt: skip
def test_any_other_value_is_another_table(name: str, value: object) -> None:
    for row in range(len(ROWS)):
        if ROWS[row][name] == value:
            continue
        rows = [dict(one) for one in ROWS]
        rows[row][name] = value
        assert rows_hash(table(rows)) != rows_hash(table(ROWS)), row


def test_swapped_columns_moved_values_and_doubled_rows_are_told() -> None:
    plain = table([{"a": "1", "b": "2"}, {"a": "3", "b": "4"}])
    assert rows_hash(table([{"a": "2", "b": "1"}, {"a": "4", "b": "3"}])) != rows_hash(plain)
    assert rows_hash(table([{"a": "1", "b": "4"}, {"a": "3", "b": "2"}])) != rows_hash(plain)
    assert rows_hash(table([{"a": "1", "b": "2"}] * 2)) != rows_hash(plain)
    assert rows_hash(plain.slice(0, 0)) != rows_hash(plain)
    assert rows_hash(table([{"a": "1", "c": "2"}, {"a": "3", "c": "4"}])) != rows_hash(plain)


def test_minus_zero_is_zero_and_an_instant_is_one_in_any_zone() -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    one = pa.table({"d": [0.0], "t": pa.array([at], pa.timestamp("us", "UTC"))})
    two = pa.table({"d": [-0.0], "t": pa.array([at], pa.timestamp("ms", "Asia/Shanghai"))})
    assert rows_hash(one) == rows_hash(two)
    nested = pa.table({"l": [[1, 2], None]})
    assert rows_hash(nested) != rows_hash(pa.table({"l": [[1], None]}))
