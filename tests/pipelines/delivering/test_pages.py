"""What a page shows of the gold tables, and what it never shows."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import sample_list
from hypothesis import given
from hypothesis import strategies as st

from pipelines.delivering.glossary import WITHHELD, industry_words, plain
from pipelines.delivering.pages import (
    DistrictCapacity,
    FieldRules,
    district_page,
    districts_of,
    field_rules,
    list_page,
    rows_of,
)

DEMO = sample_list.demo_list()
CITY = list_page(sample_list.facts(), DEMO.warnings, DEMO.evidence)


def test_the_city_page_has_every_firm_in_its_section_by_rank() -> None:
    assert (len(CITY.listed), len(CITY.under_case), len(CITY.cleared)) == (16, 2, 2)
    assert [firm.rank for firm in CITY.listed] == list(range(1, 17))
    assert sum(CITY.level_counts().values()) == 16
    assert CITY.inspections == 16


def test_district_pages_share_the_city_out() -> None:
    districts = districts_of(CITY)
    assert districts == ["440303", "440304", "440305", "unassigned"]
    pages = [district_page(CITY, district) for district in districts]
    for section in ("listed", "under_case", "cleared"):
        shared = sorted(firm.subject_id for page in pages for firm in getattr(page, section))
        assert shared == sorted(firm.subject_id for firm in getattr(CITY, section))
    second = pages[1]
    assert [firm.number for firm in second.listed] == [1, 2, 3]  # counted anew
    assert [firm.rank for firm in second.listed] == [2, 7, 10]  # the city's rank stays


def test_a_district_with_capacity_and_without_firms_gets_a_page() -> None:
    capacity = (DistrictCapacity("440399", 3, "week"),)
    page = list_page(sample_list.facts(capacity=capacity), [], [])
    assert districts_of(page) == ["440399"]


def test_reasons_carry_their_records_newest_first() -> None:
    reason = CITY.listed[0].reasons[0]
    assert reason.zh.startswith("近365天投诉 17 件")
    assert len(reason.records) == 17
    assert [r.event_date for r in reason.records] == sorted(
        (r.event_date for r in reason.records), reverse=True
    )
    assert reason.records[0].place.rsplit(":", 1)[1].isdigit()


def test_arrow_pandas_and_plain_rows_give_the_same_page() -> None:
    frame = list_page(sample_list.facts(), DEMO.warnings.to_pandas(), DEMO.evidence.to_pandas())
    rows = list_page(sample_list.facts(), rows_of(DEMO.warnings), rows_of(DEMO.evidence))
    assert frame == rows == CITY


def test_a_field_classed_never_is_not_shown() -> None:
    hidden = FieldRules(frozenset({("registration", "name"), ("registration", "district")}))
    page = list_page(sample_list.facts(fields=hidden), DEMO.warnings, DEMO.evidence)
    assert {firm.name for firm in page.listed} == {WITHHELD}
    assert {firm.district_text for firm in page.listed} == {WITHHELD}
    assert districts_of(page) == []  # a file by district would tell it


def test_record_ids_never_carry_a_keyed_hash_or_a_hidden_field() -> None:
    key = "0123456789abcdef" * 2
    rows = [
        row | {"source_record_id": f"S|{key}|1"} if row["file"] else row
        for row in rows_of(DEMO.evidence)
    ]
    facts = sample_list.facts(fields=FieldRules(hidden_ids=frozenset({"penalty"})))
    page = list_page(facts, DEMO.warnings, rows)
    shown = [r for firm in page.listed for reason in firm.reasons for r in reason.records]
    assert {r.record_id for r in shown if r.table_zh == "penalty"} == {""}
    assert {r.record_id for r in shown if r.table_zh != "penalty"} == {"S|…|1"}


def test_the_catalogue_says_what_is_hidden() -> None:
    def column(use: str, kind: str = "text") -> SimpleNamespace:
        return SimpleNamespace(use=use, type=kind)

    def table(**columns: SimpleNamespace) -> SimpleNamespace:
        return SimpleNamespace(name_zh="表", name_en="Table", columns=columns)

    rules = field_rules(
        {
            "registration": table(name=column("published"), phone=column("never", "phone")),
            "shareholder": table(holder_name=column("never")),
            "penalty": table(amount=column("shared")),
        },
        [SimpleNamespace(table="penalty", attributes={"x": column("never")})],
    )
    assert rules.hidden == {("registration", "phone"), ("shareholder", "holder_name")}
    # a keyed hash is blotted out of ids; a text that never leaves could stand in one unseen
    assert rules.hidden_ids == {"shareholder", "penalty"}
    assert rules.table_names["penalty"] == ("表", "Table")


def test_the_delivered_catalogue_gives_rules() -> None:
    from conf.table import load_catalogue

    rules = field_rules(load_catalogue())
    assert ("registration", "legal_rep_key") in rules.hidden
    assert rules.table_names["penalty"][0] == "行政处罚信息"


def test_notes_name_the_districts_without_a_capacity_of_their_own() -> None:
    (default_zh, _), (carried_zh, _) = CITY.note_lines()
    assert default_zh == "南山区 440305、未分区：未报送本周检查能力，按默认值计。"
    assert carried_zh == "福田区 440304：沿用以前周次的检查能力。"
    here = district_page(CITY, "440303")
    assert here.note_lines() == ()


@given(st.text())
def test_plain_text_is_one_line_without_marks(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown
    assert not any(ord(c) < 32 or 0x200B <= ord(c) <= 0x202E for c in shown)
    assert plain(shown) == shown


def test_industries_by_section() -> None:
    assert industry_words("L") == ("租赁和商务服务业 L", "Business services L")
    assert industry_words(None) == ("—", "—")
    assert industry_words("9999") == ("9999", "9999")  # no section known: the code as it is


def test_ranks_of_a_frame_with_gaps_stay_whole() -> None:
    row = rows_of(DEMO.warnings)[0] | {"rank": 3.0, "previous_rank": 5.0}
    (firm,) = list_page(sample_list.facts(), [row], []).listed
    assert (firm.rank, firm.change_zh) == (3, replace(firm).change_zh)
    assert isinstance(firm.rank, int)
