"""The workbook: every text a text, every sheet there, the same bytes every time."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
import sample_list

from pipelines.delivering.excel_list import A3, A4, HEADER_ROW, LONGEST_CELL, excel_list
from pipelines.delivering.glossary import BANNER_ZH
from pipelines.delivering.pages import list_page

DEMO = sample_list.demo_list()
CITY = list_page(sample_list.facts(), DEMO.warnings, DEMO.evidence, sample_list.helps())
BYTES = excel_list(CITY)
SHEETS = ["预警名单", "双随机抽查", "已立案", "已移出", "依据", "说明"]
FIRST = HEADER_ROW + 2  # openpyxl counts from 1


@pytest.fixture(scope="module")
def book() -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(BYTES))


def test_sheets_rows_and_header(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == SHEETS
    listed = book["预警名单"]
    assert [listed.cell(FIRST + i, 4).value for i in range(16)] == [f.name for f in CITY.listed]
    assert listed.freeze_panes == f"A{FIRST}"
    assert listed.auto_filter.ref == "A4:O20"
    assert listed.cell(FIRST, 8).value == CITY.listed[0].probability  # a number, to sort by
    # below 1 % two digits, below what they show the words for it: 0.0 % would be said of many
    assert listed.cell(FIRST, 8).number_format == '[<0.00005]"<0.01%";[<0.01]0.00%;0.0%'


def test_every_record_stands_in_the_evidence_sheet(book: openpyxl.Workbook) -> None:
    sheet = book["依据"]
    places = [sheet.cell(row, 10).value for row in range(FIRST, sheet.max_row + 1)]
    expected = [
        record.place
        for firm in (*CITY.listed, *CITY.under_case)
        for reason in firm.reasons
        for record in reason.records
    ]
    assert [place for place in places if place != "没有单条记录"] == expected


def test_the_drawn_have_a_sheet_that_says_nothing_against_them(book: openpyxl.Workbook) -> None:
    sheet = book["双随机抽查"]
    assert [sheet.cell(FIRST + i, 3).value for i in range(2)] == [f.name for f in CITY.drawn]
    assert sheet.cell(FIRST, 7).value == "1、2"
    assert sheet.cell(FIRST, 8).value == pytest.approx(2 / 7000)
    words = {str(c.value) for row in sheet.iter_rows(min_row=FIRST) for c in row if c.value}
    assert not [w for w in words if "投诉" in w or "风险" in w or "色" in w]


def test_reasons_stand_under_their_elements(book: openpyxl.Workbook) -> None:
    told = book["预警名单"].cell(FIRST, 9).value
    assert told.index("【利诱性】") < told.index("广告承诺年化收益")
    assert "【公开性】 另见理由 3" in told  # the same advertisements speak for it too
    # the fourth firm advertises no yield
    assert "利诱性、公开性：本期没有依据" in book["预警名单"].cell(FIRST + 3, 9).value
    assert "不再列入名单" in book["预警名单"].cell(FIRST, 13).value


def test_no_cell_is_a_formula_or_a_link(book: openpyxl.Workbook) -> None:
    for sheet in book:
        for cells in sheet.iter_rows():
            for cell in cells:
                assert cell.data_type != "f", (sheet.title, cell.coordinate)
                assert cell.hyperlink is None
    names = [f.name for f in (*CITY.listed, *CITY.under_case)]
    assert {n[0] for n in names} >= {"=", "+", "@"}  # the sample really has such names
    with zipfile.ZipFile(io.BytesIO(BYTES)) as packed:
        for name in packed.namelist():
            content = packed.read(name)
            assert b"<f>" not in content
            assert b"externalLink" not in content


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "{=1}", "\t=1", "http://a.invalid/", "12e3", "007"]
)
def test_a_hostile_name_is_a_text(name: str) -> None:
    row = DEMO.warnings.to_pylist()[0] | {"name": name}
    made = excel_list(list_page(sample_list.facts(), [row], []))
    cell = openpyxl.load_workbook(io.BytesIO(made))["预警名单"].cell(FIRST, 4)
    assert (cell.data_type, cell.value) == ("s", name.strip())


def test_a_text_longer_than_a_cell_is_cut_and_not_lost() -> None:
    row = DEMO.warnings.to_pylist()[0] | {"name": "长" * 40_000}
    made = excel_list(list_page(sample_list.facts(), [row], []))
    cell = openpyxl.load_workbook(io.BytesIO(made))["预警名单"].cell(FIRST, 4)
    assert cell.value == "长" * LONGEST_CELL


def test_every_sheet_prints_with_the_banner(book: openpyxl.Workbook) -> None:
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        # one page wide (a 1 is not written, it is the format's default), as long as it takes
        assert sheet.page_setup.fitToWidth in (None, 1)
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.oddFooter.left.text == BANNER_ZH
        banner_row = 1 if sheet.title == "说明" else 3
        assert BANNER_ZH in sheet.cell(banner_row, 1).value
    assert book["预警名单"].print_title_rows == "$3:$4"  # banner and header, on every page


def test_the_wide_sheets_print_on_a3(book: openpyxl.Workbook) -> None:
    sizes = {sheet.title: sheet.page_setup.paperSize for sheet in book}
    assert {title for title, size in sizes.items() if size == A3} == {"预警名单", "已立案"}
    assert {size for size in sizes.values() if size != A3} == {A4}


def test_an_empty_list_is_a_workbook() -> None:
    made = excel_list(list_page(sample_list.facts(capacity=()), [], []))
    book = openpyxl.load_workbook(io.BytesIO(made))
    assert book.sheetnames == SHEETS
    assert book["预警名单"].cell(FIRST, 1).value == "无"


def test_the_same_page_gives_the_same_bytes() -> None:
    again = sample_list.demo_list()
    page = list_page(sample_list.facts(), again.warnings, again.evidence, sample_list.helps())
    assert excel_list(page) == BYTES
    created = openpyxl.load_workbook(io.BytesIO(BYTES)).properties.created
    assert created.date() == sample_list.AS_OF
