"""Laws of reading csv that hold for any bytes, against a slow and obvious twin."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from literal_deliveries import COLUMNS, HEADER, KEY, deliver, land, read_rows, source

from pipelines.landing import csv_files
from pipelines.landing.deliveries import find_deliveries
from pipelines.landing.readers import check_header
from pipelines.landing.text_lines import LineBlocks

# pieces that make quotes, ends of lines, white space and broken characters meet
TRICKY = [
    b"a",
    b"1,2,\xe7\x94\xb2",
    b",",
    b'"',
    b'""',
    b"\n",
    b"\r",
    b"\r\n",
    b" ",
    b"\xe3\x80\x80",
    b"\0",
    b"\xff",
    b"\xe7\x94",
    b"\n1,2,3\n",
    b'\n"1","2","3"\n',
    b'\n1,"2\n3",4\n',
    b"=",
    b"\xef\xbb\xbf",
    b"\x81\x30",
    b"\x84\x31\x95\x33",
    HEADER.encode(),
    HEADER.encode("gb18030"),
    b"x" * 70,
]
tricky_bytes = st.lists(st.sampled_from(TRICKY), max_size=40).map(b"".join)
encodings = st.sampled_from(["utf-8", "gb18030"])


def physical_lines(content: bytes) -> int:
    """Lines ended by LF, CRLF or CR, and a last one without an end."""
    plain = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return plain.count(b"\n") + (not plain.endswith(b"\n") and plain != b"")


@given(content=st.one_of(st.binary(max_size=300), tricky_bytes), encoding=encodings)
@example(content=b"\xef\xbb\xbf", encoding="utf-8")
@example(content=b'"', encoding="utf-8")
def test_any_bytes_are_refused_or_accounted_for(content: bytes, encoding: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        landed = land(Path(folder), content, encoding=encoding)  # checks the accounts

        if landed.rows is None:
            assert landed.refusal
        assert landed.delivery.refusal or landed.delivery.physical_lines == physical_lines(content)


@given(content=st.one_of(st.binary(max_size=300), tricky_bytes), encoding=encodings)
def test_any_bytes_after_a_header_are_accounted_for(content: bytes, encoding: str) -> None:
    whole = HEADER.encode(encoding) + content
    with tempfile.TemporaryDirectory() as folder:
        of = source(encoding=encoding)
        deliver(Path(folder), "data.csv", whole)
        (delivery,) = find_deliveries(of, Path(folder))

        rows = read_rows(delivery, of)  # whatever the judgement about the file as a whole is

        assert delivery.physical_lines == physical_lines(whole)
        spanned = sum(row["line_count"] for row in rows)
        assert delivery.header_lines + spanned == delivery.physical_lines
        assert all((row["fields"] is None) == (row["reason"] is not None) for row in rows)
        assert all(len(row["fields"]) == 3 for row in rows if row["fields"])


@settings(max_examples=150)
@given(
    content=tricky_bytes,
    encoding=encodings,
    block=st.sampled_from([1, 2, 3, 7, 64, 1000]),
    shortest=st.sampled_from([1, 3, 10_000]),
)
def test_rows_do_not_depend_on_blocks_or_the_way_they_are_parsed(
    content: bytes, encoding: str, block: int, shortest: int
) -> None:
    of = source(encoding=encoding, personal={"证件号": "id_number"}, mapping={"name": "名称"})
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        deliver(Path(folder), "data.csv", HEADER.encode(encoding) + content)
        (delivery,) = find_deliveries(of, Path(folder))
        expected = read_rows(delivery, of)
        patch.setattr(csv_files, "_SHORTEST_STRETCH", shortest)
        assert read_rows(delivery, of, KEY, block) == expected


ODD = [
    b'1,2,"a"\n1,x"y"z,2\n1,"",""\n',  # quotes within a field are letters
    b'1,"a"b",c"\n1,2,3\n1,2,"3,4"\n',  # an even number of them in the wrong places
    b'1,"a""b",2\n"1",2,"""x"""\n',  # doubled ones
    b"1,2,a\r\xff\n3,4,b\r\n",  # a broken line right after a CR
    b'1,"2\n3",4,5\n6,7,8\n',  # a record over two lines with a field too many
    b'1,"2\n3\xff",4\n6,7,8\n',  # a broken line within quotes
    b'1,"2\n\xff\n3",4\n6,7,8\n',  # a broken line on its own within quotes
    b"1,2,3\r\n\r\n\r4,5,6\r\r\n",
]


@pytest.mark.parametrize("content", ODD)
@pytest.mark.parametrize("shortest", [1, 10_000])
@pytest.mark.parametrize("block", [1, 2, 5, 8, 11, 1 << 20])
def test_odd_lines_are_parsed_alike_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, shortest: int, block: int
) -> None:
    monkeypatch.setattr(csv_files, "_SHORTEST_STRETCH", shortest)
    landed = land(tmp_path, HEADER.encode() + content, block=block)

    told = [(row["line"], row["fields"] or row["reason"]) for row in landed.rows or []]
    assert told == ODD_ROWS[ODD.index(content)]


NOT_CLOSED = "a quote is opened in this line and not closed"
ODD_ROWS: list[list[tuple[int, Any]]] = [
    [(2, ["1", "2", "a"]), (3, ["1", 'x"y"z', "2"]), (4, ["1", None, None])],
    [(2, "text after a closing quote"), (3, ["1", "2", "3"]), (4, ["1", "2", "3,4"])],
    [(2, ["1", 'a"b', "2"]), (3, ["1", "2", '"x"'])],
    [
        (2, ["1", "2", "a"]),
        (3, "not UTF-8: byte 1 of the line fits no character"),
        (4, ["3", "4", "b"]),
    ],
    # the second line comes out as a row of its own
    [(2, NOT_CLOSED), (3, ['3"', "4", "5"]), (4, ["6", "7", "8"])],
    [(2, NOT_CLOSED), (3, "not UTF-8: byte 2 of the line fits no character"), (4, ["6", "7", "8"])],
    [
        (2, NOT_CLOSED),
        (3, "not UTF-8: byte 1 of the line fits no character"),
        (4, "2 fields instead of 3"),
        (5, ["6", "7", "8"]),
    ],
    [(2, ["1", "2", "3"]), (5, ["4", "5", "6"])],
]


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_lines_are_counted_alike_whatever_the_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr("pipelines.landing.content._CHUNK", chunk)
    landed = land(tmp_path, HEADER.encode() + b"1,2,3\r\n\r\r\n\n4,5,6\r")

    assert landed.delivery.physical_lines == 6


def test_lines_given_back_come_again() -> None:
    long = b"x" * (3 << 20)
    blocks = LineBlocks(io.BytesIO(long + b"\na\n" + long), "utf-8", 1 << 19)
    first = blocks.read()
    assert first is not None
    blocks.give_back(0)
    again = blocks.read()

    assert again is not None
    assert (again.first, again.broken[0]) == (1, first.broken[0])
    assert again.broken[0].length == len(long)


@pytest.mark.parametrize("block", [100_000, 1 << 20, 3 << 20, 8 << 20])
def test_long_lines_do_not_depend_on_blocks(tmp_path: Path, block: int) -> None:
    limit = 1 << 20
    content = HEADER + "".join(
        "1,2," + "x" * (size - 4) + end
        for size, end in [
            (limit, "\n"),
            (limit + 1, "\r\n"),
            (9, "\r"),
            (3 * limit, "\n"),
            (5, "\n"),
            (limit + 1, ""),
        ]
    )

    landed = land(tmp_path, content.encode(), block=block)

    assert [row["line"] for row in landed.rows or []] == [2, 3, 4, 5, 6, 7]
    assert [len(fields[2] or "") for fields in landed.good] == [limit - 4, 5, 1]
    assert landed.reasons == [
        f"the line has {size} bytes, at most {limit} are read"
        for size in (limit + 1, 3 * limit, limit + 1)
    ]


# texts as departments write them: quotes, delimiters and line breaks within
values = st.text(st.sampled_from('甲乙a1,;|"\n\r \t=.-０'), max_size=8)
tables = st.lists(st.tuples(values, values, values), max_size=12)


@given(
    table=tables,
    encoding=encodings,
    delimiter=st.sampled_from([",", "\t", "|", ";"]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    order=st.permutations([0, 1, 2]),
)
def test_what_python_writes_is_read_back(
    table: list[tuple[str, str, str]],
    encoding: str,
    delimiter: str,
    end: str,
    quoting: Any,
    order: list[int],
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow([COLUMNS[i] for i in order])
    writer.writerows([[row[i] for i in order] for row in table])
    with tempfile.TemporaryDirectory() as folder:
        landed = land(
            Path(folder), text.getvalue().encode(encoding), encoding=encoding, delimiter=delimiter
        )

    # nothing that looks like a formula lands, and a value over lines that hold whole rows may not
    expected = [
        [value.strip() or None for value in row]
        for row in table
        if not any(value.strip().startswith("=") for value in row)
    ]
    if all(reason.startswith("a formula") for reason in landed.reasons):
        assert landed.good == expected
    else:
        assert any("\n" in value or "\r" in value for row in table for value in row)


def test_quoted_line_breaks_count_as_lines_of_their_record(tmp_path: Path) -> None:
    landed = land(tmp_path, (HEADER + '1,"2\n\n3",甲\n\n4,5,"乙\r\n丙"\r\n').encode())

    assert landed.good == [["1", "2\n\n3", "甲"], ["4", "5", "乙\r\n丙"]]
    # the first spans three lines and the blank one after it
    assert [(row["line"], row["line_count"]) for row in landed.rows or []] == [(2, 4), (6, 2)]


@pytest.mark.parametrize("lines", [99, 100, 101])
def test_record_spans_at_most_a_hundred_lines(tmp_path: Path, lines: int) -> None:
    quoted = "\n".join("x" for _ in range(lines))
    landed = land(tmp_path, (HEADER + f'1,"{quoted}",甲\n').encode())

    assert bool(landed.good) == (lines <= 100)


def test_record_over_lines_spans_at_most_a_megabyte(tmp_path: Path) -> None:
    lines = "\n".join("x" * 100_000 for _ in range(11))
    landed = land(tmp_path, (HEADER + f'1,"{lines}",甲\n2,3,乙\n').encode())

    assert landed.good == [["2", "3", "乙"]]
    assert landed.reasons[0] == "a quote is opened in this line and not closed"


def test_quote_that_closes_by_chance_does_not_swallow_rows(tmp_path: Path) -> None:
    """Four columns, a quote opened in line 2 and one in line 5: the rows between are whole."""
    rows = '1,"甲,x,y\n2,乙,x,y\n3,丙,x,y\n4,丁",x,y\n'
    landed = land(tmp_path, ("a,b,c,d\n" + rows).encode(), columns=("a", "b", "c", "d"))

    assert landed.good == [["2", "乙", "x", "y"], ["3", "丙", "x", "y"], ["4", '丁"', "x", "y"]]
    assert landed.reasons == ["a quote is opened in this line and not closed"]


def test_header_forms(tmp_path: Path) -> None:
    """A byte order mark, quotes, another order, a trailing delimiter, blank lines around it."""
    text = '\ufeff\n "名称" , x\n'.replace(' "名称" , x', '"名称",编号 ,　证件号,') + "\n甲,1,2,\n"
    landed = land(tmp_path, text.encode())

    assert landed.delivery.header_lines == 3
    assert landed.good == [["1", "2", "甲"]]


def test_repeated_header_in_another_order_is_told(tmp_path: Path) -> None:
    landed = land(tmp_path, "名称,编号,证件号\n甲,1,2\n名称,编号,证件号\n".encode())

    assert landed.good == [["1", "2", "甲"]]
    assert landed.reasons == ["the header line again"]


def test_cr_alone_ends_lines(tmp_path: Path) -> None:
    landed = land(tmp_path, (HEADER + "1,2,甲\n3,4,乙\n").replace("\n", "\r").encode())

    assert landed.good == [["1", "2", "甲"], ["3", "4", "乙"]]


def test_one_column_and_a_delimiter_beyond_ascii(tmp_path: Path) -> None:
    one = land(tmp_path / "one", b'a\n\n""\nx\n', columns=("a",))
    assert one.good == [[None], ["x"]]  # "" is a record without a value, a blank line is none

    wide = land(tmp_path / "wide", "a，b\n1，2\n".encode(), columns=("a", "b"), delimiter="，")
    assert wide.good == [["1", "2"]]


def test_header_alone_lands_nothing(tmp_path: Path) -> None:
    landed = land(tmp_path, (HEADER + "\n\n").encode())

    assert (landed.rows, landed.delivery.header_lines, landed.delivery.expected_rows) == ([], 3, 0)


def test_many_rows_come_in_batches(tmp_path: Path) -> None:
    landed = land(tmp_path, (HEADER + "1,2,3\n" * 150_000).encode())  # read_rows checks their size

    assert len(landed.good) == 150_000


def test_check_never_raises(tmp_path: Path) -> None:
    deliver(tmp_path, "data.csv", HEADER.encode())
    of = source()
    (delivery,) = find_deliveries(of, tmp_path)
    Path(delivery.path).unlink()

    assert "it cannot be read (FileNotFoundError" in (check_header(delivery, of) or "")
