"""Landing on the engine's workers gives what reading here gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from literal_deliveries import HEADER, KEY, deliver, read_rows, source

from pipelines.landing.bronze import ARROW_SCHEMA
from pipelines.landing.deliveries import find_deliveries
from pipelines.landing.land import BRONZE_SCHEMA, bronze_rows

PERSONAL = {"personal": {"证件号": "phone"}, "mapping": {"name": "名称"}}


def test_engine_lands_what_is_read_here(spark: Any, tmp_path: Path) -> None:
    for name, text in {
        "data1.csv": "1,13800138000,甲\n2,3\n",
        "data2.csv": "".join(f"{i},1380013{i:04d},乙\n" for i in range(3000)),
        "data3.csv": "",  # a header alone
        "data4.csv": "4,5,丁\n",
    }.items():
        deliver(tmp_path, name, (HEADER + text).encode())
    of = source(**PERSONAL)
    deliveries = find_deliveries(of, tmp_path)
    Path(deliveries[3].path).unlink()  # one file fails while it is read; the others still land

    frame = bronze_rows(spark, of, deliveries, KEY)
    rows = [row.asDict() for row in frame.orderBy("file", "line").collect()]

    expected = [row for delivery in deliveries for row in read_rows(delivery, of)]
    assert rows == expected
    assert [field.simpleString() for field in frame.schema.fields] == [
        f"{name}:{kind.lower()}"
        for name, kind in (column.split(" ") for column in BRONZE_SCHEMA.split(", "))
    ]
    assert frame.columns == ARROW_SCHEMA.names
    assert rows[-1]["reason"].startswith("the file cannot be read from here on")


def test_no_file_lands_nothing(spark: Any) -> None:
    assert bronze_rows(spark, source(), [], None).collect() == []


def test_what_must_not_land_is_refused_before(tmp_path: Path) -> None:
    deliver(tmp_path, "data.csv", b"")
    with pytest.raises(ValueError, match=r"A refused file cannot be landed: .*the file is empty"):
        bronze_rows(None, source(), find_deliveries(source(), tmp_path), KEY)
    with pytest.raises(ValueError, match="there is no key to hash them with"):
        bronze_rows(None, source(**PERSONAL), [], None)
