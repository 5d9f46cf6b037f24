"""The list and an explanation in a terminal of 80 columns."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
import sample_list
from rich.cells import cell_len
from rich.console import Console

from pipelines.delivering.glossary import BANNER_ZH
from pipelines.delivering.terminal import explanation, warning_table
from pipelines.refusals import RefusalError

DEMO = sample_list.demo_list()
RUN = SimpleNamespace(
    run_id=sample_list.RUN_ID,
    city="demo",
    as_of=sample_list.AS_OF,
    model_version="risk-3",
    counts='{"subjects": 20000}',
)
PERSON = "0123456789abcdef" * 2


def printed(renderable: Any, colour: bool = False) -> str:
    out = io.StringIO()
    system = "standard" if colour else None
    Console(file=out, width=80, force_terminal=colour, color_system=system).print(renderable)
    return out.getvalue()


def explained(place: int = 0, **other: Any) -> str:
    warning = DEMO.warnings.to_pylist()[place]
    subject = warning["subject_id"]
    given = {
        "score": {
            "subject_id": subject, "probability": 0.872, "margin": 3.21, "flagged": True,
            "rank_city": 1,
        },
        "registration": {"name": warning["name"]},
        "warning": warning,
        "contributions": [
            {"feature": "complaints_365d", "value": 17.0, "contribution": 1.4},
            {"feature": "insured_staff", "value": None, "contribution": -0.3},
        ],
        "features": {},
        "evidence": [e for e in DEMO.evidence.to_pylist() if e["subject_id"] == subject],
    }  # fmt: skip
    return printed(explanation(RUN, **{**given, **other}))


def test_the_table_fits_eighty_columns_and_says_what_is_left_out() -> None:
    text = printed(warning_table(RUN, DEMO.warnings, top=3, facts=sample_list.facts()))
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert BANNER_ZH in text
    assert "列入 16 家 / 检查能力 16 家" in text
    assert "其余 13 家未显示" in text
    assert "近365天投诉17件" in text
    assert "登记状态变为注销" in text


def test_a_run_alone_is_enough() -> None:
    text = printed(warning_table(RUN, DEMO.warnings.to_pandas()))
    assert "demo" in text
    assert "检查能力" not in text.splitlines()[2]  # a run does not know it


def test_one_district() -> None:
    text = printed(warning_table(RUN, DEMO.warnings, district="440304"))
    assert "91440300MA5000001X" in text  # second of the city, first of its district
    assert "91440300MA5000000X" not in text
    with pytest.raises(RefusalError, match=r"'999999' is on this list\. Districts on it: 440303"):
        warning_table(RUN, DEMO.warnings, district="999999")


def test_an_explanation_goes_down_to_file_and_line() -> None:
    text = explained(words=sample_list.WORDS)
    evidence = next(e for e in DEMO.evidence.to_pylist() if e["file"])
    assert f"{evidence['file']}:{evidence['line']}" in text
    assert "全市 20,000 家中列第 1" in text
    assert "近365天投诉件数" in text
    assert "+1.400" in text
    assert BANNER_ZH in text


def test_where_every_firm_begins_has_no_bar() -> None:
    moved = [
        {"feature": "(base)", "value": None, "contribution": -11.187},
        {"feature": "complaints_365d", "value": 17.0, "contribution": 1.4},
        {"feature": "insured_staff", "value": 3.0, "contribution": -0.7},
    ]
    lines = explained(contributions=moved, words=sample_list.WORDS).splitlines()
    base, heaviest, half = (
        next(line for line in lines if number in line) for number in ("-11.187", "+1.400", "-0.700")
    )
    assert "█" not in base  # the number alone
    assert heaviest.count("█") == 12  # the scale is that of the firm's own features
    assert half.count("█") == 6
    assert not any("其余" in line and "项合计" in line for line in lines)  # the base is no rest


def test_a_small_probability_is_not_nothing() -> None:
    score = {"subject_id": "X", "margin": -8.06, "flagged": False, "rank_city": 1}
    assert "概率 0.03%" in explained(score=score | {"probability": 0.000315})
    assert "概率 <0.01%" in explained(score=score | {"probability": 0.0})


def test_a_firm_that_is_not_on_the_list_is_still_explained() -> None:
    text = explained(warning=None, evidence=[])
    assert "不在本期名单上" in text
    assert "概率 87.2%" in text


def test_a_cleared_firm_says_why() -> None:
    place = DEMO.warnings.column("section").to_pylist().index("cleared")
    text = explained(place, evidence=[])
    assert "概率由31.0%变为4.0%" in text


def test_a_path_through_people_names_none() -> None:
    path = [
        {"node": "91440300MA5000009X", "kind": "firm"},
        {"edge": "directorship", "direction": "up"},
        {"node": PERSON, "kind": "person"},
        {"edge": "ownership", "direction": "down"},
        {"node": "91440300MA5000000X", "kind": "firm"},
    ]
    text = explained(features={"exposure_path": json.dumps(path)})
    assert "91440300MA5000009X" in text
    assert "↑ 任职 （某自然人）" in text
    assert PERSON not in text


def test_names_are_neither_markup_nor_control_sequences() -> None:
    hostile = "[red]星辰[/red]\x1b[31m\x07"
    row = DEMO.warnings.to_pylist()[0] | {"name": hostile}
    for colour in (False, True):
        text = printed(warning_table(RUN, [row]), colour)
        assert "[red]星辰" in text
        assert "\x07" not in text
    assert "\x1b[31m\x07" not in text


def test_an_empty_list_says_so() -> None:
    assert "没有企业列入本期名单" in printed(warning_table(RUN, []))


def test_a_departments_own_brackets_do_not_cut_a_reason() -> None:
    from pipelines.delivering.terminal import _without_its_end

    told = "未办结投诉 3 件（政务服务热线中心（12345、12315），依据 3 条）"
    assert _without_its_end(told) == "未办结投诉 3 件"
    assert _without_its_end("实缴（元）：5") == "实缴（元）：5"
