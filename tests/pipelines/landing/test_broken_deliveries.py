"""Kinds of broken delivery: each is refused or quarantined with a reason, and nothing is lost."""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from literal_deliveries import HEADER, KEY, deliver, land, read_rows, source

from pipelines.landing.bronze import CHANGED, SHOWN_BYTES, UNREADABLE
from pipelines.landing.deliveries import find_deliveries
from pipelines.landing.text_lines import RECORD_BYTES

GB = "gb18030"
# random digits do not compress, so cutting the file cuts the data
_BODY = "".join(f"{i},{random.Random(i).random()},甲\n" for i in range(2000))
WHOLE_GZIP = gzip.compress((HEADER + _BODY).encode(), mtime=0)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)


@dataclass(frozen=True)
class Refused:
    """A file that is refused as a whole, with all of these words in the sentence."""

    kind: str
    content: bytes
    words: tuple[str, ...]
    name: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)


REFUSED = [
    Refused("an empty file", b"", ("the file is empty", "send it again")),
    Refused("gzip of nothing", gzip.compress(b""), ("empty after unpacking",), "data.csv.gz"),
    Refused("truncated gzip", WHOLE_GZIP[:-3000], ("truncated",), "data.csv.gz"),
    Refused(
        "gzip damaged within",
        WHOLE_GZIP[:3000] + b"\0" * 50 + WHOLE_GZIP[3050:],
        ("gzip file is damaged",),
        "data.csv.gz",
    ),
    Refused(
        "garbage after gzip", WHOLE_GZIP + b"garbage", ("gzip file is damaged",), "data.csv.gz"
    ),
    Refused("gzip without its name", WHOLE_GZIP, ("a gzip file without .gz",)),
    Refused(
        "a zip bomb",
        gzip.compress(bytes(16 << 20)),
        ("unpack to more than", "at most 200"),
        "data.csv.gz",
    ),
    Refused(
        "an xlsx called csv", b"PK\x03\x04" + bytes(50), ("a zip or xlsx file", "expected csv")
    ),
    Refused("an old xls called csv", OLE, ("old Excel",)),
    Refused("a web page called csv", b"\n <!DOCTYPE html><html>404</html>", ("a web page",)),
    Refused("UTF-16", ("\ufeff" + HEADER).encode("utf-16-le"), ("UTF-16",)),
    Refused("only blank lines", b"\n \n\r\n", ("only blank lines",)),
    Refused("only a byte order mark", b"\xef\xbb\xbf", ("only blank lines",)),
    Refused("header missing", b"1,2,3\n4,5,6\n", ("none of the 3 columns", "header line missing?")),
    Refused(
        "a title above the header", ("企业名单,,\n" + HEADER).encode(), ("none of the 3 columns",)
    ),
    Refused("a column missing", "编号,名称\n1,甲\n".encode(), ("the column '证件号' is missing",)),
    Refused(
        "a column renamed",
        "编号,证件号码,名称\n".encode(),
        ("'证件号' is missing", "'证件号码' is unknown; did you mean '证件号'?"),
    ),
    Refused("a column too many", "编号,证件号,名称,备注\n".encode(), ("'备注' is unknown",)),
    Refused("a column twice", "编号,证件号,名称,编号\n".encode(), ("'编号' is there twice",)),
    Refused(
        "the wrong delimiter",
        "编号|证件号|名称\n1|2|3\n".encode(),
        ("separated by '|', expected ','",),
    ),
    Refused(
        "GB18030 that was promised as UTF-8",
        (HEADER + "1,2,甲\n").encode(GB),
        ("its text is GB18030, expected UTF-8",),
    ),
    Refused(
        "UTF-8 that was promised as GB18030",
        (HEADER + "1,2,甲乙丙\n").encode(),
        ("its text is UTF-8, expected GB18030",),
        None,
        {"encoding": GB},
    ),
    Refused(
        "a header with an unclosed quote",
        '编号,"证件号,名称\n1,2,3\n'.encode(),
        ("header cannot be read", "a quote is opened"),
    ),
    Refused(
        "a header that is no text", b"\xff\xfa,b,c\n1,2,3\n", ("header cannot be read", "not UTF-8")
    ),
    Refused(
        "a JSON array instead of JSON lines",
        '[{"编号":"1"},\n{"编号":"2"}]\n'.encode(),
        ("none of its first lines", "expected JSON lines"),
        None,
        {"format": "jsonl"},
    ),
    Refused(
        "JSON of something else", b'{"id": 1}\n', ("none of the keys",), None, {"format": "jsonl"}
    ),
    Refused(
        "csv called jsonl", (HEADER + "1,2,3\n").encode(), ("not JSON",), None, {"format": "jsonl"}
    ),
    Refused(
        "csv called xlsx", HEADER.encode(), ("no whole xlsx workbook",), None, {"format": "xlsx"}
    ),
    Refused("a workbook with a password", OLE, ("a password",), None, {"format": "xlsx"}),
    Refused(
        "an xlsx cut short",
        b"PK\x03\x04" + bytes(200),
        ("no whole xlsx workbook",),
        None,
        {"format": "xlsx"},
    ),
    Refused("csv called parquet", HEADER.encode(), ("not Parquet",), None, {"format": "parquet"}),
    Refused(
        "parquet cut short",
        b"PAR1" + bytes(100),
        ("Parquet file is damaged",),
        None,
        {"format": "parquet"},
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.kind)
def test_file_is_refused(case: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # so that the bomb in these tests may be small
    monkeypatch.setattr("pipelines.landing.content._BOMB_BYTES", 4 << 20)
    landed = land(tmp_path, case.content, case.name, **case.settings)

    assert landed.rows is None
    assert landed.refusal is not None
    assert landed.refusal.startswith(f"2024-03-01/{case.name or 'data.'}")  # it says which file
    assert landed.refusal.endswith((".", "?"))
    for words in case.words:
        assert words in landed.refusal


@dataclass(frozen=True)
class Quarantined:
    """A file with rows that do not parse: (line, lines it spans, words of its reason)."""

    kind: str
    content: bytes
    broken: list[tuple[int, int, str]]
    good: int
    settings: dict[str, Any] = field(default_factory=dict)


def body(*lines: str, end: str = "\n", encoding: str = "utf-8") -> bytes:
    return (HEADER + "".join(line + end for line in lines)).encode(encoding)


LONG = "甲" * (10 << 20)
JSON = {"format": "jsonl"}
ONE = '{"编号":"1","名称":"甲"}\n'

QUARANTINED = [
    Quarantined(
        "a field missing", body("1,2,甲", "1,2", "3,4,乙"), [(3, 1, "2 fields instead of 3")], 2
    ),
    Quarantined(
        "a field too many", body("1,2,甲,x", "3,4,乙"), [(2, 1, "4 fields instead of 3")], 1
    ),
    Quarantined("one word", body("合计", "3,4,乙"), [(2, 1, "1 field instead of 3")], 1),
    Quarantined(
        "a trailing delimiter in one row",
        body("1,2,甲,", "3,4,乙"),
        [(2, 1, "4 fields instead of 3")],
        1,
    ),
    Quarantined(
        "a trailing delimiter missing",
        "编号,证件号,名称,\n1,2,甲,\n3,4,乙\n5,6,丙,x\n".encode(),
        [
            (3, 1, "3 fields instead of 4 (the last one empty)"),
            (4, 1, "a value after the last column"),
        ],
        1,
    ),
    Quarantined(
        "an unclosed quote",
        body('1,"2,甲', *(f"{i},4,乙" for i in range(300))),
        [(2, 1, "a quote is opened in this line and not closed")],
        300,
    ),
    Quarantined(
        "an unclosed quote at the end", body("1,2,甲", '3,4,"乙'), [(3, 1, "not closed")], 1
    ),
    Quarantined(
        "an unclosed quote before a quoted row",
        body('1,"2,甲', '3,"4",乙', "5,6,丙"),
        [(2, 1, "not closed")],
        2,
    ),
    Quarantined(
        "text after a quote", body('1,"2"x,甲', "3,4,乙"), [(2, 1, "after a closing quote")], 1
    ),
    Quarantined(
        "a NUL byte", body("1,2\0,甲", "3,4,乙"), [(2, 1, "a NUL byte in the column '证件号'")], 1
    ),
    Quarantined("a NUL byte in a ragged row", body("1,\0", "3,4,乙"), [(2, 1, "2 fields")], 1),
    Quarantined(
        "a row of 10 MB in one field",
        body("1,2," + LONG, "3,4,乙"),
        [(2, 1, f"the line has {len(LONG.encode()) + 4} bytes, at most {RECORD_BYTES}")],
        1,
    ),
    Quarantined(
        "bytes that are not UTF-8",
        body("1,2,甲") + b"3,4,\xff\xfe\n" + "5,6,乙\n".encode(),
        [(3, 1, "not UTF-8: byte 5 of the line")],
        2,
    ),
    Quarantined(
        "bytes that are not GB18030",
        body("1,2,甲", encoding=GB) + b"3,4,\xff\xff\n",
        [(3, 1, "not GB18030: byte 5")],
        1,
        {"encoding": GB},
    ),
    Quarantined(
        "half a character at the end of a line",
        body("1,2,甲", encoding=GB) + "3,4,乙".encode(GB)[:-1] + b"\n5,6,x\n",
        [(3, 1, "not GB18030")],
        2,
        {"encoding": GB},
    ),
    Quarantined(
        "the header again",
        body("1,2,甲", "编号,证件号,名称", "3,4,乙"),
        [(3, 1, "the header line again")],
        2,
    ),
    Quarantined(
        "a formula that would run in Excel",
        body("1,2,\"=cmd|' /C calc'!A0\"", "3,4,乙"),
        [(2, 1, "a formula in the column '名称'")],
        1,
    ),
    Quarantined(
        "a last line without its end and with a field missing",
        body("1,2,甲") + b"3,4",
        [(3, 1, "2 fields instead of 3")],
        1,
    ),
    Quarantined(
        "CRLF with a ragged row",
        body("1,2,甲", "1,2", "3,4,乙", end="\r\n"),
        [(3, 1, "2 fields instead of 3")],
        2,
    ),
    Quarantined(
        "a CR within a row", body("1,2,甲\r乙", "3,4,丙"), [(3, 1, "1 field instead of 3")], 2
    ),
    Quarantined(
        "blank lines around a ragged row",
        body("1,2,甲", "", " ", "1,2", "", "3,4,乙", ""),
        [(5, 2, "2 fields instead of 3")],
        2,
    ),
    Quarantined(
        "broken JSON", (ONE + '{"编号": "1", \n' + ONE).encode(), [(2, 1, "not JSON")], 2, JSON
    ),
    Quarantined(
        "JSON that is no object", (ONE + "[1]\n").encode(), [(2, 1, "not a JSON object")], 1, JSON
    ),
    Quarantined(
        "an unknown key",
        (ONE + '{"编码":"1"}\n').encode(),
        [(2, 1, "the key '编码' is unknown; did you mean '编号'?")],
        1,
        JSON,
    ),
    Quarantined(
        "a key twice",
        (ONE + '{"编号":"1","编号":"2"}\n').encode(),
        [(2, 1, "the key '编号' is there twice")],
        1,
        JSON,
    ),
    Quarantined(
        "NaN", (ONE + '{"编号":NaN}\n').encode(), [(2, 1, "NaN is not a JSON number")], 1, JSON
    ),
    Quarantined(
        "half a surrogate pair",
        (ONE + '{"名称":"\\ud800"}\n').encode(),
        [(2, 1, "half a character")],
        1,
        JSON,
    ),
    Quarantined(
        "an escaped NUL", (ONE + '{"名称":"a\\u0000b"}\n').encode(), [(2, 1, "a NUL byte")], 1, JSON
    ),
    Quarantined(
        "JSON nested too deep",
        (ONE + '{"名称":' + "[" * 100_000 + "\n").encode(),
        [(2, 1, "nested too deep")],
        1,
        JSON,
    ),
    Quarantined(
        "JSON over two lines",
        (ONE + '{"编号":\n"1"}\n').encode(),
        [(2, 1, "not JSON"), (3, 1, "not JSON")],
        1,
        JSON,
    ),
    Quarantined(
        "JSON in the wrong encoding",
        ONE.encode() + '{"名称":"甲乙"}\n'.encode(GB),
        [(2, 1, "not UTF-8")],
        1,
        JSON,
    ),
]


@pytest.mark.parametrize("case", QUARANTINED, ids=lambda case: case.kind)
def test_row_is_quarantined(case: Quarantined, tmp_path: Path) -> None:
    landed = land(tmp_path, case.content, **case.settings)

    assert landed.refusal is None
    broken = [row for row in landed.rows or [] if row["reason"]]
    assert [(row["line"], row["line_count"]) for row in broken] == [b[:2] for b in case.broken]
    for row, (_, _, words) in zip(broken, case.broken, strict=True):
        assert words in row["reason"]
        assert row["fields"] is None
        assert row["raw"]
        assert len(row["raw"].encode()) < SHOWN_BYTES + 100
    assert len(landed.good) == case.good


def test_long_line_is_kept_in_part_with_its_full_length(tmp_path: Path) -> None:
    landed = land(tmp_path, body("1,2," + LONG))

    (row,) = landed.rows or []
    assert row["raw"].startswith("1,2,甲甲")
    assert row["raw"].endswith(f"… ({len(LONG.encode()) + 4} bytes in all)")


def test_gzip_that_goes_bad_after_it_was_examined(tmp_path: Path) -> None:
    deliver(tmp_path, "data.csv.gz", WHOLE_GZIP)
    (delivery,) = find_deliveries(source(), tmp_path)
    Path(delivery.path).write_bytes(WHOLE_GZIP[:-3000])

    *good, last = rows = read_rows(delivery, source(), KEY, 4096)

    assert len(good) > 100  # what came before the break is there
    assert last["reason"].startswith(f"{UNREADABLE}: EOFError")
    assert delivery.header_lines + sum(row["line_count"] for row in rows) == delivery.physical_lines


def test_file_that_has_gone_after_it_was_examined(tmp_path: Path) -> None:
    deliver(tmp_path, "data.csv", body("1,2,甲", "3,4,乙"))
    (delivery,) = find_deliveries(source(), tmp_path)
    Path(delivery.path).unlink()

    (row,) = read_rows(delivery, source())

    assert (row["line"], row["line_count"]) == (2, 2)  # both rows, none of them read
    assert row["reason"].startswith(f"{UNREADABLE}: FileNotFoundError")


def test_file_that_changed_after_it_was_examined(tmp_path: Path) -> None:
    deliver(tmp_path, "data.csv", body("1,2,甲"))
    (delivery,) = find_deliveries(source(), tmp_path)
    Path(delivery.path).write_bytes(body("1,2,乙"))

    *_, last = read_rows(delivery, source())

    assert last["reason"].startswith(CHANGED)


def test_header_that_changed_after_it_was_examined(tmp_path: Path) -> None:
    deliver(tmp_path, "data.csv", body("1,2,甲"))
    (delivery,) = find_deliveries(source(), tmp_path)
    Path(delivery.path).write_bytes("编号,名称\n1,甲\n".encode())

    (row,) = read_rows(delivery, source())

    assert "the header does not fit: the column '证件号' is missing" in row["reason"]
    assert (row["line"], row["line_count"]) == (2, 1)
