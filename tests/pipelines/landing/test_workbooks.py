"""Workbooks: the values Excel shows, and what must not pass for a value."""

from __future__ import annotations

import datetime as dt
import io
import re
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from literal_deliveries import COLUMNS, KEY, deliver, land, land_found, source

XLSX: dict[str, Any] = {"format": "xlsx"}


def workbook(rows: list[list[Any]], sheet: str = "名单", before: int = 0) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for _ in range(before):
        page.append([])
    for row in rows:
        page.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def changed(data: bytes, member: str, change: Callable[[str], str]) -> bytes:
    """A workbook with one of its XML members changed."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text.decode()) if name == member else text)
    return result.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
cells = st.text(st.sampled_from("甲乙a1,;\"' .-０"), max_size=6)


@given(table=st.lists(st.tuples(cells, cells, cells), max_size=8), order=st.permutations([0, 1, 2]))
def test_texts_are_read_back(table: list[tuple[str, ...]], order: list[int]) -> None:
    rows = [[COLUMNS[i] for i in order], *[[row[i] for i in order] for row in table]]
    with tempfile.TemporaryDirectory() as folder:
        landed = land(Path(folder), workbook(rows), **XLSX)

    expected = [[value.strip() or None for value in row] for row in table]
    assert landed.good == [row for row in expected if any(row)]  # an empty row is a blank line


def test_values_are_what_excel_shows(tmp_path: Path) -> None:
    rows = [
        list(COLUMNS),
        [1, 2.5, True],
        [0.1 + 0.2, 100.0, 1e-7],
        [dt.datetime(2020, 1, 5), dt.datetime(2020, 1, 5, 12, 30), dt.time(8, 0)],
        [123456789012345, -3, 0],
    ]
    landed = land(tmp_path, workbook(rows), **XLSX)

    assert landed.good == [
        ["1", "2.5", "true"],
        ["0.3", "100", "0.0000001"],
        ["2020-01-05", "2020-01-05 12:30:00", "08:00:00"],
        ["123456789012345", "-3", "0"],
    ]


def test_rows_keep_their_numbers_and_blank_ones_count(tmp_path: Path) -> None:
    table = [list(COLUMNS), [], ["1", "2", "甲"], [None, " ", None], ["3", "4", "乙"], [" "]]
    landed = land(tmp_path, workbook(table, before=2), **XLSX)

    assert (landed.delivery.header_lines, landed.delivery.physical_lines) == (4, 8)
    assert [(row["line"], row["line_count"]) for row in landed.rows or []] == [(5, 2), (7, 2)]


def test_rows_missing_from_the_file_are_blank(tmp_path: Path) -> None:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    page = book.add_worksheet()
    page.write_row(0, 0, COLUMNS)
    page.write_row(9, 0, ["1", "2", "甲"])  # rows 2 to 9 are not in the XML at all
    book.close()

    landed = land(tmp_path, data.getvalue(), **XLSX)

    assert landed.delivery.physical_lines == 10
    assert [(row["line"], row["fields"]) for row in landed.rows or []] == [(10, ["1", "2", "甲"])]


def formula_book(value: Any) -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    page = book.add_worksheet()
    page.write_row(0, 0, COLUMNS)
    page.write_row(1, 0, ["1", "2"])
    page.write_formula(1, 2, "=1+1", None, value)
    page.write_row(2, 0, ["3", "4", "乙"])
    book.close()
    return data.getvalue()


def test_formula_gives_its_value(tmp_path: Path) -> None:
    landed = land(tmp_path, formula_book(2), **XLSX)

    assert landed.good == [["1", "2", "2"], ["3", "4", "乙"]]


def test_formula_without_its_value_is_quarantined(tmp_path: Path) -> None:
    content = changed(formula_book(2), SHEET, lambda xml: re.sub(r"(</f>)<v>.*?</v>", r"\1", xml))
    landed = land(tmp_path, content, **XLSX)

    assert landed.reasons == ["the column '名称' holds a formula without its value"]
    assert landed.good == [["3", "4", "乙"]]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("#N/A", "holds the error #N/A"),
        (110101199003071234, "more than 15 digits, which Excel rounds"),
        (1e308, "more than 15 digits"),
        ("=HYPERLINK(1)", "a formula in the column '名称'"),
    ],
)
def test_cell_without_a_usable_value(tmp_path: Path, value: Any, words: str) -> None:
    content = workbook([list(COLUMNS), ["1", "2", "x"], ["3", "4", "乙"]])
    if isinstance(value, str) and value.startswith("="):
        # a text that begins with =, not a formula: it would run when pasted elsewhere
        content = changed(content, SHEET, lambda xml: xml.replace(">x<", f">{value}<"))
    else:
        content = workbook([list(COLUMNS), ["1", "2", value], ["3", "4", "乙"]])

    landed = land(tmp_path, content, **XLSX)

    assert words in landed.reasons[0]
    assert landed.good == [["3", "4", "乙"]]


def test_value_beyond_the_last_column_is_quarantined_without_personal_data(tmp_path: Path) -> None:
    phone = "13800138000"
    rows = [
        list(COLUMNS),
        ["1", "110101199003071234", "甲", None, f"电话{phone}"],
        ["3", "4", "乙"],
    ]
    landed = land(
        tmp_path, workbook(rows), personal={"证件号": "id_number"}, mapping={"name": "名称"}, **XLSX
    )

    assert landed.reasons == ["a value after the last column"]
    token = KEY.hash_value("110101199003071234", "id_number")
    assert (landed.rows or [])[0]["raw"].startswith(f"1,[id:{token}],甲,电话[phone:")
    assert landed.good == [["3", KEY.hash_value("4", "id_number"), "乙"]]
    assert phone not in landed.everything()


def test_sheet_by_name(tmp_path: Path) -> None:
    content = workbook([list(COLUMNS), ["1", "2", "甲"]], sheet="名单2024")

    assert land(tmp_path / "a", content, sheet="名单2024", **XLSX).good == [["1", "2", "甲"]]
    refused = land(tmp_path / "b", content, sheet="名单2023", **XLSX)
    assert "expected the sheet '名单2023'; did you mean '名单2024'?" in (refused.refusal or "")


def test_wrong_dimensions_in_the_file_lose_nothing(tmp_path: Path) -> None:
    content = workbook([list(COLUMNS), *[["1", "2", "甲"]] * 3])
    content = changed(
        content, SHEET, lambda xml: re.sub(r'<dimension ref="[^"]*"', '<dimension ref="A1:A1"', xml)
    )

    assert len(land(tmp_path, content, **XLSX).good) == 3


REFUSED: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("no row with a value", lambda _: workbook([]), "no row with a value"),
    ("header does not fit", lambda _: workbook([["编号", "证件号", "名字"]]), "'名字' is unknown"),
    (
        "the sheet is missing",
        lambda data: data.replace(SHEET.encode(), b"xl/worksheets/sheetX.xml"),
        "no whole xlsx workbook",
    ),
    (
        "its XML is broken",
        lambda data: changed(data, SHEET, lambda xml: xml[: len(xml) // 2]),
        "the workbook cannot be read",
    ),
    (
        "rows out of order",
        lambda data: changed(data, SHEET, lambda xml: xml.replace('r="2"', 'r="1"')),
        "rows are out of order",
    ),
    (
        "a row Excel does not have",
        lambda data: changed(
            data, SHEET, lambda xml: xml.replace('<row r="2"', '<row r="9999999"')
        ),
        "names row 9999999",
    ),
    ("too large when unpacked", lambda data: data, "unpacks to"),
]


@pytest.mark.parametrize(("kind", "spoil", "words"), REFUSED, ids=[case[0] for case in REFUSED])
def test_workbook_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    spoil: Callable[[bytes], bytes],
    words: str,
) -> None:
    if kind == "too large when unpacked":
        monkeypatch.setattr("pipelines.landing.content._WORKBOOK_BYTES", 1000)
    content = spoil(workbook([list(COLUMNS), ["1", "2", "甲"]]))

    landed = land(tmp_path, content, **XLSX)

    assert landed.rows is None
    assert words in (landed.refusal or "")


def test_entities_that_multiply_are_not_expanded(tmp_path: Path) -> None:
    """A billion laughs in the sheet: refused or broken, never gigabytes."""
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    doctype = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>'
    content = changed(
        workbook([list(COLUMNS), ["1", "2", "x"]]),
        SHEET,
        lambda xml: doctype + xml.replace(">x<", ">&l11;<"),
    )
    deliver(tmp_path, "data.xlsx", content)

    landed = land_found(tmp_path, source(**XLSX))

    assert landed.refusal or landed.reasons
