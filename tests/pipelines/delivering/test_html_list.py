"""The HTML page: self-contained, escaped, complete, the same bytes every time."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
import sample_list
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.delivering import html_list as module
from pipelines.delivering.glossary import BANNER_ZH
from pipelines.delivering.html_list import html_list, records_shown
from pipelines.delivering.pages import ListPage, district_page, list_page

DEMO = sample_list.demo_list()
CITY = list_page(sample_list.facts(), DEMO.warnings, DEMO.evidence, sample_list.helps())
HTML = html_list(CITY)
VOID = {"meta", "input", "br", "col"}


class Reader(HTMLParser):
    """Counts elements, keeps attributes, checks nesting, and what a reader sees as text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)

    def count(self, tag: str, **wanted: str) -> int:
        return sum(
            name == tag and all(attrs.get(k) == v for k, v in wanted.items())
            for name, attrs in self.elements
        )


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def with_name(name: str) -> ListPage:
    row = DEMO.warnings.to_pylist()[0] | {"name": name}
    return list_page(sample_list.facts(), [row], [])


def test_nothing_is_fetched_from_anywhere() -> None:
    page = read(HTML)
    for tag, attrs in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base"}
        assert not {"src", "href", "action", "srcset"} & set(attrs), (tag, attrs)
    style = re.search(r"<style>(.*?)</style>", HTML, re.S)
    assert style
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_every_firm_reason_and_record_stands_in_the_page() -> None:
    page = read(HTML)
    assert page.count("tbody", **{"class": "firm"}) == 22
    text = "".join(page.text)
    for firm in (*CITY.listed, *CITY.under_case, *CITY.cleared):
        assert firm.name in text
        assert firm.subject_id in text
        for reason in firm.reasons:
            assert reason.zh in text
            assert reason.en in text
            for record in reason.records[: module.RECORDS_A_REASON]:
                assert record.place in text


def test_elements_paths_and_what_would_help_stand_in_the_page() -> None:
    page = read(HTML)
    text = "".join(page.text)
    assert "利诱性、公开性：本期没有依据" in text
    assert "另见理由" in text
    assert "涉案企业 甲公司 ←持股— 某自然人 —任职→ 本企业" in text
    assert page.count("details", **{"class": "lowered"}) == 1


def test_the_drawn_are_shown_without_a_word_against_them() -> None:
    table = re.search(r'<table id="drawn".*?</table>', HTML, re.S)
    assert table
    text = "".join(read(table[0]).text)
    assert "深圳市平安小店0号" in text
    assert "1、2" in text
    assert "0.03%" in text
    assert not re.search("理由|投诉|色|概率.*%.*概率", text)


def test_the_banner_stands_on_top_and_on_every_printed_page() -> None:
    page = read(HTML)
    assert HTML.index('class="banner"') < HTML.index("<h1>")
    # a header row that is repeated on each printed page, in each of the four tables
    assert page.count("tr", **{"class": "banner-row"}) == 4
    assert f'@bottom-left{{content:"{BANNER_ZH}"' in HTML


def test_a_name_cannot_become_markup() -> None:
    hostile = "</tbody><script>alert(1)</script><img src=x onerror=alert(1)> \" ' & {{7*7}}"
    html = html_list(with_name(hostile))
    page = read(html)
    assert page.count("script") == 1
    assert page.count("img") == 0
    assert "alert(1)" in "".join(page.text)  # shown as the text it is
    assert "{{7*7}}" in "".join(page.text)
    firm = next(attrs for tag, attrs in page.elements if tag == "tbody" and "data-name" in attrs)
    assert firm["data-name"] == hostile


@settings(max_examples=15)
@given(st.text(alphabet=st.sampled_from("<>\"'&/=`{}%!-\u202e\x00ab；"), max_size=30))
def test_no_text_changes_the_pages_elements(text: str) -> None:
    plain, odd = read(html_list(with_name("x"))), read(html_list(with_name(text)))
    assert [tag for tag, _ in odd.elements] == [tag for tag, _ in plain.elements]


def test_the_script_is_the_one_the_policy_allows() -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", HTML, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(
        attrs["content"]
        for tag, attrs in read(HTML).elements
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_levels_are_told_by_word_and_shape_not_by_colour_alone() -> None:
    for level, (zh, en, shape) in module.LEVEL_NAMES.items():
        marks = re.findall(rf'<span class="level {level}">(.*?)</span></span>', HTML, re.S)
        assert marks or CITY.level_counts()[level] == 0
        assert all(shape in mark and zh in mark and en in mark for mark in marks)


def test_sortable_columns_say_how_they_are_sorted() -> None:
    page = read(HTML)
    assert page.count("th", **{"aria-sort": "ascending"}) == 3  # by rank, one a table
    assert page.count("th", scope="col", **{"data-key": "probability"}) == 3


def test_a_district_page_names_the_district_and_filters_by_none() -> None:
    html = html_list(district_page(CITY, "440303"))
    page = read(html)
    assert "罗湖区 440303" in "".join(page.text)
    assert page.count("select", id="district") == 0
    assert "福田区" not in "".join(page.text)


def test_an_empty_list_is_a_page() -> None:
    page = read(html_list(list_page(sample_list.facts(capacity=()), [], [])))
    assert page.count("tbody", **{"class": "none"}) == 4
    assert BANNER_ZH in "".join(page.text)


def test_two_thousand_firms_stay_a_page_that_a_mail_carries() -> None:
    made = sample_list.demo_list(2000)
    page = list_page(sample_list.facts(), made.warnings, made.evidence)
    assert records_shown(page) == 1
    assert records_shown(CITY) == module.RECORDS_A_REASON
    html = html_list(page)
    assert html.count('<tbody class="firm"') == 2004
    assert len(html.encode()) < 12_000_000


def test_the_same_page_gives_the_same_bytes() -> None:
    again = sample_list.demo_list()
    assert (
        html_list(
            list_page(sample_list.facts(), again.warnings, again.evidence, sample_list.helps())
        )
        == HTML
    )


@pytest.mark.parametrize("column", ["legal_rep_key", "contact_phone", "source_record_id"])
def test_columns_nobody_asked_for_leave_no_trace(column: str) -> None:
    secret = "5e" * 16
    warnings = [row | {column: secret} for row in DEMO.warnings.to_pylist()]
    evidence = [row | {column: secret} for row in DEMO.evidence.to_pylist()]
    assert secret not in html_list(list_page(sample_list.facts(), warnings, evidence))
