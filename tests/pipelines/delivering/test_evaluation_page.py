"""The evaluation as a page: self-contained, the same each time, and safe from hostile names."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pandas as pd
import pytest

from models.risk.evaluation import Note, evaluate
from models.risk.subgroups import AGES, SIZES, UNKNOWN
from pipelines.delivering.evaluation_page import BANDS_ZH, evaluation_page
from tests.models.risk.literal_list import FEATURES, FIRMS, held, outcomes

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
LEADS = pd.DataFrame(
    [("C", date(2024, 2, 1), False), ("A", date(2024, 3, 1), True)],
    columns=["subject_id", "day", "hit"],
)


class Tags(HTMLParser):
    """Every tag that opens, with its attributes; and what is left open."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(page)
    return parser.tags


@pytest.fixture(scope="module")
def page() -> str:
    return evaluation_page(evaluate(held(leads=LEADS)), "demo", "abc")


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    for tag, attributes in tags(page):
        assert tag not in {"script", "link", "iframe", "img", "object", "embed", "base"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in {"href", "src", "xlink:href", "action"}:
                assert value is not None
                assert value.startswith("#")
    policy = [a["content"] for _, a in tags(page) if a.get("http-equiv")]
    assert policy == [
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    ]
    addresses = set(re.findall(r"https?://[^\"' ]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_the_page_has_its_pictures_and_ids_are_single(page: str) -> None:
    drawn = [a["class"] for tag, a in tags(page) if tag == "svg"]
    assert drawn == [
        "chart-precision", "chart-lead", "chart-reordering", "chart-reliability", "chart-drift",
    ]  # fmt: skip
    ids = [a["id"] for _, a in tags(page) if "id" in a]
    assert len(ids) == len(set(ids))
    # every use of an id finds it
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_the_same_figures_give_the_same_bytes(page: str) -> None:
    assert evaluation_page(evaluate(held(leads=LEADS)), "demo", "abc") == page


def test_the_page_says_what_it_was_held_against(page: str) -> None:
    assert "held against the planted truth" in page
    cases = evaluation_page(evaluate(held(outcomes=outcomes(source="cases"))), "demo", "abc")
    assert "held against the cases that became known later" in cases
    assert "look-alikes" not in cases
    assert "内部使用，预警不是违法认定" in cases


def test_a_hostile_name_stays_text() -> None:
    firms = FIRMS.assign(
        group=FIRMS["subject_id"], district=HOSTILE, industry=HOSTILE, name=HOSTILE
    )
    features = FEATURES.rename(columns={"x": HOSTILE})
    before = features.assign(**{HOSTILE: [1, 2, 3, 4, 5, 6, 7]})
    found = evaluate(held(firms=firms, features=features, before_features=before))
    page = evaluation_page(replace(found, notes=(Note(HOSTILE, HOSTILE),)), HOSTILE, HOSTILE)
    told = tags(page)
    assert not [tag for tag, _ in told if tag in {"script", "img"}]
    assert "&lt;script&gt;" in page
    assert "<script" not in page


def test_a_first_list_with_nothing_later_has_a_page_too() -> None:
    nothing = outcomes(source="cases", until=outcomes().as_of, to_find=frozenset(),
                       came=frozenset(), suspects=frozenset(), official={},
                       horizon_over=False)  # fmt: skip
    found = evaluate(held(outcomes=nothing, before_scores=None, before_features=None))
    page = evaluation_page(found, "demo", "abc")
    assert "nothing is known after the list" in page
    assert "chart-reliability" not in page


def test_the_page_says_how_well_the_list_is_backed() -> None:
    page = evaluation_page(evaluate(held()), "demo", "abc")
    # of A, C and D: A and C have a record, A two departments; nobody has openness, D nothing at all
    for zh, en, share in (
        ("至少一条记录", "at least one record", "2/3 = 67%"),
        ("至少两个部门", "at least two departments", "1/3 = 33%"),
        ("非法性", "Unlawfulness", "2/3 = 67%"),
        ("公开性", "Openness", "0/3 = 0%"),
        ("没有要件有依据", "no element backed", "1/3 = 33%"),
    ):
        assert f'{zh} <small lang="en">{en}</small></th><td class="n">{share}' in page


def test_the_page_weighs_leads_by_harm_and_says_whom_it_leaves_out() -> None:
    harm = pd.DataFrame({"participants": [200.0], "amount_fen": [3e10]}, index=["A"])
    page = evaluation_page(evaluate(held(harm=harm)), "demo", "abc")
    assert "按参与人数加权" in page
    assert "1 firm, 200 people; 0 without a figure and 1 not official are left out" in page
    assert "1 户，3 亿元；未写明的 0 户、未立案的 1 户不计" in page
    none = evaluation_page(evaluate(held()), "demo", "abc")
    assert "每户计一次" in none


def test_subgroups_are_called_by_their_words() -> None:
    bands = {told for _, told in (*AGES, *SIZES)}
    assert bands | {UNKNOWN} == set(BANDS_ZH)  # a band without words would be English alone
    found = evaluate(held(firms=FIRMS.assign(industry="L7212", group=FIRMS["subject_id"])))
    page = evaluation_page(found, "demo", "abc")
    assert '租赁和商务服务业 L <small lang="en">Business services</small>' in page
    assert '不满 1 年 <small lang="en">under 1 year</small>' in page
