"""Reasons: themes, sentences, records; the same from the same rows in any order."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.declaration import GRAPH_FEATURES
from models.risk.reasons import backed_elements, leading_features, reasons
from models.risk.wording import SAME_THEME, FeatureWords, in_words, said, words_of

FIRM = "91440300MA5000001X"
WORDS = {
    word.name: word
    for word in (
        FeatureWords("complaints_30d", "近30天投诉件数", "Complaints, last 30 days", "count", 1),
        FeatureWords("complaints_365d", "近365天投诉件数", "Complaints, last 365 days", "count", 1),
        FeatureWords("fined", "罚没金额", "Fines", "fen", 1),
        FeatureWords("insured", "参保人数", "Insured staff", "count", -1),
        FeatureWords("exposure", "关联风险", "Exposure", "ratio", 1, own=False),
        FeatureWords("industry", "行业门类", "Industry section", "text"),
    )
}


def weight(feature: str, value: Any, contribution: float, subject: str = FIRM) -> dict[str, Any]:
    return {
        "subject_id": subject,
        "feature": feature,
        "value": value,
        "contribution": contribution,
    }


def record(feature: str, line: int, department: str = "12345中心", **more: Any) -> dict[str, Any]:
    return {
        "subject_id": FIRM,
        "feature": feature,
        "table_name": "complaint",
        "source": "hotline",
        "source_dept": department,
        "source_record_id": f"T{line}",
        "file": "2024-12-01/12345/tickets.csv",
        "line": line,
        "event_date": date(2024, 11, 1 + line % 28),
        "known_at": date(2024, 12, 1),
        **more,
    }


def test_a_sentence_has_the_firms_own_number_its_departments_and_its_records() -> None:
    found = [record("complaints_365d", 2), record("complaints_365d", 3, "地方金融管理局")]
    (reason,) = reasons([weight("complaints_365d", 12.0, 0.8)], WORDS, found)[FIRM]
    assert (
        reason.sentence_zh == "近365天投诉 12 件（12345中心、地方金融管理局 2 个部门，依据 2 条）"
    )
    assert reason.sentence_en == (
        "Complaints, last 365 days: 12 (12345中心, 地方金融管理局, 2 departments, "
        "2 records attached)"
    )
    # newest first, and down to file and line
    assert [(r.file, r.line) for r in reason.records] == [
        ("2024-12-01/12345/tickets.csv", 3),
        ("2024-12-01/12345/tickets.csv", 2),
    ]


def test_what_more_is_said_of_a_feature_stands_before_its_records() -> None:
    ends = {
        (FIRM, "exposure"): ("，主要来自乙公司", ", mostly 乙公司"),
        ("another", "fined"): ("，别的企业", ", another firm"),
    }
    rows = [weight("exposure", 0.5, 2.0), weight("fined", 100.0, 1.0)]
    first, second = reasons(rows, WORDS, [], ends=ends)[FIRM]
    assert first.sentence_zh == "关联风险：50%，主要来自乙公司（由关联关系推算，没有单条记录）"
    assert first.sentence_en.startswith("Exposure: 50%, mostly 乙公司 (computed")
    assert "别的企业" not in second.sentence_zh


def test_windows_of_one_feature_are_one_reason_spoken_by_the_heaviest() -> None:
    given_ = [
        weight("complaints_30d", 2.0, 0.3),
        weight("complaints_365d", 9.0, 0.5),
        weight("fined", 1_250_000_00.0, 0.6),
    ]
    told = reasons(given_, WORDS, [])[FIRM]
    # complaints weigh 0.3 + 0.5, more than the fine's 0.6
    assert [(r.theme, r.feature, round(r.contribution, 6)) for r in told] == [
        ("complaints", "complaints_365d", 0.8),
        ("fined", "fined", 0.6),
    ]
    assert told[1].sentence_zh.startswith("罚没金额：125 万元")


def test_only_what_raises_the_score_is_a_reason() -> None:
    given_ = [
        weight("fined", 0.0, -0.4),
        # the theme as a whole lowers the score, though one window raises it
        weight("complaints_30d", 0.0, -0.5),
        weight("complaints_365d", 1.0, 0.2),
    ]
    assert reasons(given_, WORDS, [])[FIRM] == ()


def test_a_reason_without_a_record_says_so() -> None:
    given_ = [
        weight("exposure", 0.1, 0.9),
        weight("insured", None, 0.8),
        weight("industry", "J", 0.7),
    ]
    told = {r.feature: r for r in reasons(given_, WORDS, [])[FIRM]}
    assert told["exposure"].sentence_zh == "关联风险：10%（由关联关系推算，没有单条记录）"
    assert told["insured"].sentence_zh == "参保人数：无资料（资料缺失，没有对应记录）"
    assert told["industry"].sentence_zh == "行业门类：J（未找到对应的单条记录）"
    # neither relations nor missing data are facts of the firm's own
    assert [told[n].own for n in ("exposure", "insured", "industry")] == [False, False, True]


def test_missing_data_with_a_registration_row_is_no_fact_of_the_firm() -> None:
    found = [record("insured", 2, "市场监督管理局")]
    (reason,) = reasons([weight("insured", None, 0.8)], WORDS, found)[FIRM]
    assert not reason.own
    assert "资料缺失，仅附：市场监督管理局，依据 1 条" in reason.sentence_zh


def test_nothing_happened_comes_after_everything_else() -> None:
    # 0 complaints may weigh most in a tree, but it is hardly a reason
    given_ = [weight("complaints_365d", 0.0, 0.9), weight("fined", 5000.0, 0.1)]
    told = reasons(given_, WORDS, [])[FIRM]
    assert [r.feature for r in told] == ["fined", "complaints_365d"]
    assert not told[1].own


def test_a_reason_with_a_record_steps_in_when_none_of_the_first_has_one() -> None:
    given_ = [weight("exposure", 0.1, 0.9), weight("insured", None, 0.8), weight("fined", 9.0, 0.1)]
    found = [record("fined", 7)]
    assert [r.feature for r in reasons(given_, WORDS, found, limit=2)[FIRM]] == [
        "exposure",
        "fined",
    ]


ELEMENTS = {
    "complaints_365d": ("public_reach",),
    "fined": ("unlawfulness",),
    "exposure": ("openness",),
}


def elements(feature: str) -> tuple[str, ...]:
    return ELEMENTS.get(feature, ())


def test_an_element_with_evidence_is_never_left_out() -> None:
    given_ = [weight("industry", "J", 0.9), weight("insured", 3, 0.8), weight("fined", 9.0, 0.1)]
    found = [record("industry", 1), record("fined", 7)]
    told = reasons(given_, WORDS, found, limit=2, elements=elements)[FIRM]
    # the fine weighs least, but nothing else speaks for unlawfulness
    assert [(r.feature, r.elements) for r in told] == [
        ("industry", ()),
        ("insured", ()),
        ("fined", ("unlawfulness",)),
    ]
    assert backed_elements(told) == ["unlawfulness"]


def test_missing_data_computed_figures_and_nothing_at_all_back_no_element() -> None:
    given_ = [
        weight("exposure", 0.1, 0.9),  # no record
        weight("fined", None, 0.8),
        weight("complaints_365d", 0.0, 0.7),
    ]
    found = [record("fined", 7), record("complaints_365d", 8)]
    told = reasons(given_, WORDS, found, elements=elements)[FIRM]
    assert len(told) == 3
    assert backed_elements(told) == []


def test_no_permit_is_no_evidence_of_unlawfulness() -> None:
    """Nearly every firm has none: that it is registered is no record of what it did."""
    given_ = [weight("insured", 0.0, 0.8)]
    told = {"insured": ("unlawfulness",)}.get
    where = {"table_name": "registration"}
    (none,) = reasons(given_, WORDS, [record("insured", 1, **where)], elements=told)[FIRM]
    assert (none.own, none.is_fact) == (False, False)
    # a report that says nobody is insured is a record of a fact
    (report,) = reasons(given_, WORDS, [record("insured", 1)], elements=told)[FIRM]
    assert (report.own, report.is_fact) == (True, True)


def test_features_to_look_up_are_those_that_could_be_shown() -> None:
    given_ = [weight("exposure", 0.1, 0.9), weight("fined", 9.0, 0.1), weight("insured", 3, -1.0)]
    assert leading_features(given_, WORDS) == {FIRM: ("exposure", "fined")}


def test_a_feature_without_words_and_a_contribution_without_a_number_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'unheard' contributes .* has no words"):
        reasons([weight("unheard", 1.0, 0.1)], WORDS, [])
    with pytest.raises(ValueError, match=r"'fined' .* is nan; a finite number"):
        reasons([weight("fined", 1.0, float("nan"))], WORDS, [])


@given(st.data())
def test_the_order_of_the_rows_changes_nothing(data: st.DataObject) -> None:
    given_ = [
        weight(name, float(i), 0.1 * (i % 3), subject)
        for subject in (FIRM, "91440300MA5000002X")
        for i, name in enumerate(sorted(WORDS))
    ]
    found = [record(name, line) for line, name in enumerate(sorted(WORDS))]
    expected = reasons(given_, WORDS, found)
    shuffled = reasons(data.draw(st.permutations(given_)), WORDS, data.draw(st.permutations(found)))
    assert shuffled == expected
    assert list(shuffled) == list(expected)


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_sentence_contains_what_separates_sentences(category: str, department: str) -> None:
    found = [record("industry", 2, department)]
    (reason,) = reasons([weight("industry", category, 0.5)], WORDS, found)[FIRM]
    assert "；" not in reason.sentence_zh
    assert ";" not in reason.sentence_en
    assert "\n" not in reason.sentence_zh


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (0.0, "fen", "0 元", "CNY 0"),
        (850_00.0, "fen", "850 元", "CNY 850"),
        (3_500_000_000_00.0, "fen", "35 亿元", "CNY 3,500,000,000"),
        (0.1234, "ratio", "12.3%", "12.3%"),
        (1.0, "flag", "是", "yes"),
        (0.0, "flag", "否", "no"),
        (1234.0, "count", "1,234", "1,234"),
        (2.5, "years", "2.5 年", "2.5 years"),
        ("12.0", "count", "12", "12"),  # a value kept as text
        ("J", "text", "J", "J"),
        ("4500", "text", "4500", "4500"),  # a code of digits is no number
        (4500.0, "text", "4500", "4500"),
        (float("nan"), "count", "无资料", "no data"),
        (3.0, "parsecs", "3 parsecs", "3 parsecs"),  # an unknown unit is said as it is
    ],
)
def test_values_in_words(value: Any, unit: str, zh: str, en: str) -> None:
    assert in_words(value, unit) == (zh, en)


def test_a_flag_is_said_by_its_name_alone() -> None:
    flag = FeatureWords("on_list", "在经营异常名录中", "On the abnormal list", "flag")
    assert said(flag, 1.0) == ("在经营异常名录中", "On the abnormal list")
    assert said(flag, 0.0)[0] == "在经营异常名录中：否"


def test_every_feature_of_the_library_can_be_said() -> None:
    from features.library import FEATURES

    columns = FEATURES.values()
    words = words_of(columns)
    assert words["complaints_365d"].theme == words["complaints_30d"].theme == "complaints"
    themes = {words[name].theme for name in SAME_THEME}  # they all exist
    # two of them are the graph's: one phone shared by 15 firms is one reason, however counted
    assert themes == {"industry", "phone_firms", "agent_firms"}
    assert themes - {"industry"} <= set(GRAPH_FEATURES)
    assert not words["firms_with_phone"].own  # what is counted are other firms
    for word in words.values():
        zh, en = said(word, 3.0)
        assert zh
        assert en
        assert "：" not in zh or not zh.endswith("：")
