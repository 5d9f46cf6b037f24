"""The list's tables: ranks, levels, changes, what left and why, and the evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.risk.levels import LEVELS, Line, ListPolicy, level_of
from models.risk.reasons import Reason, Record
from models.risk.warning_list import (
    EVIDENCE_SCHEMA,
    SEPARATOR_EN,
    SEPARATOR_ZH,
    WARNINGS_SCHEMA,
    list_hash,
    warning_tables,
)

AS_OF = date(2024, 12, 31)


def record(line: int, department: str = "市场监督管理局") -> Record:
    return Record("d/f.csv", line, "penalty", "p", department, f"P{line}", date(2024, 5, 1), AS_OF)


def reason(
    subject: str,
    *records: Record,
    own: bool = True,
    value: float | None = 3.0,
    name: str = "penalties",
) -> Reason:
    return Reason(subject, name, name, value, 0.5, f"{name} 三次", f"{name}: 3", own, records)


def row(subject: str, margin: float, place: str = "list", **more: Any) -> dict[str, Any]:
    return {
        "subject_id": subject, "name": f"企业{subject}", "district": "440303", "industry": "J6760",
        "status": "存续", "probability": 0.5 + margin / 100, "margin": margin, "flagged": True,
        "place": place, "position": 1, "inspections": 3, "case_stage": None, "case_date": None,
        "case_source": None, "case_dept": None, "case_record_id": None, "case_file": None,
        "case_line": None, "case_event_date": None, "case_known_at": None, **more,
    }  # fmt: skip


def case(subject: str, margin: float, place: str = "under_case") -> dict[str, Any]:
    return row(
        subject, margin, place, case_stage="立案", case_date=date(2024, 11, 1), case_source="c",
        case_dept="处非办", case_record_id="c1", case_file="d/c.csv", case_line=4,
        case_event_date=date(2024, 11, 1), case_known_at=date(2024, 11, 9),
    )  # fmt: skip


def tables(
    rows: list[dict[str, Any]],
    reasons: dict[str, tuple[Reason, ...]] | None = None,
    previous: pa.Table | None = None,
    run_id: str = "run1",
):
    told = {r["subject_id"]: () for r in rows} | (reasons or {})
    return warning_tables(pa.Table.from_pylist(rows), told, previous, run_id, AS_OF, ListPolicy())


def by_subject(table: pa.Table) -> dict[str, dict[str, Any]]:
    return {r["subject_id"]: r for r in table.to_pylist()}


def test_the_list_is_ranked_by_margin_then_id() -> None:
    made = tables([row("B", 1.0), row("C", 2.0), row("A", 1.0)]).warnings
    assert made.schema == WARNINGS_SCHEMA
    assert [(r["rank"], r["subject_id"]) for r in made.to_pylist()] == [
        (1, "C"),
        (2, "A"),
        (3, "B"),
    ]


def test_changes_against_the_list_before() -> None:
    before = tables([row("A", 3.0), row("B", 2.0), row("C", 1.0), row("D", 0.5)]).warnings
    now = tables(
        [row("A", 3.0), row("C", 2.5), row("B", 2.0), row("E", 1.0), row("D", 0.1, "watched")],
        previous=before,
    ).warnings
    changed = {s: (r["change"], r["previous_rank"]) for s, r in by_subject(now).items()}
    assert changed == {
        "A": ("same", 1),
        "C": ("up", 3),
        "B": ("down", 2),
        "E": ("new", None),
        "D": ("cleared", 4),
    }


def test_a_firm_that_comes_under_case_shows_the_rank_at_which_it_was_found() -> None:
    before = tables([row("A", 3.0), row("B", 2.0)]).warnings
    now = by_subject(tables([row("B", 2.0), case("A", 3.0)], previous=before).warnings)
    assert now["A"]["section"] == "under_case"
    assert (now["A"]["change"], now["A"]["previous_rank"]) == ("new", 1)
    assert now["B"]["rank"] == 1  # a firm under case takes no place of the list


def test_a_firm_under_case_starts_with_the_case_and_its_record() -> None:
    made = tables([case("A", 3.0)], {"A": (reason("A", record(2)),)})
    warned = made.warnings.to_pylist()[0]
    assert warned["reasons_zh"] == SEPARATOR_ZH.join(
        ["已进入办案程序：立案，2024-11-01（处非办，依据 1 条）", "penalties 三次"]
    )
    first = made.evidence.to_pylist()[0]
    assert (first["reason_no"], first["table_name"], first["file"], first["line"]) == (
        1, "case_label", "d/c.csv", 4,
    )  # fmt: skip


def test_every_way_off_the_list_is_said() -> None:
    before = tables([row(s, 9.0 - i) for i, s in enumerate("ABCD")]).warnings
    now = tables(
        [
            row("A", 0.0, "watched", position=7, probability=0.04),
            row("B", 8.0, "watched", position=None, status="注销"),
            case("C", 7.0, "watched"),
            # D is not registered any more
        ],
        previous=before,
    ).warnings
    told = {s: (r["section"], r["rank"], r["reasons_zh"]) for s, r in by_subject(now).items()}
    assert told == {
        "A": ("cleared", None, "概率由 59.0% 变为 4.0%，本区现列第 7 位，本周检查能力 3 家"),
        "B": ("cleared", None, "登记状态变为注销"),
        "C": ("cleared", None, "已立案（2024-11-01），不再占用检查名额"),
        "D": ("cleared", None, "本期登记资料中没有该主体"),
    }
    assert all(SEPARATOR_EN not in r["reasons_en"] for r in now.to_pylist())


def test_what_was_cleared_before_is_not_cleared_again() -> None:
    first = tables([row("A", 3.0), row("B", 2.0)]).warnings
    second = tables([row("A", 3.0), row("B", 0.0, "watched")], previous=first).warnings
    third = tables([row("A", 3.0), row("B", 0.0, "watched")], previous=second).warnings
    assert [r["subject_id"] for r in third.to_pylist()] == ["A"]
    # and one that comes back is new, though it stood under cleared
    back = tables([row("A", 3.0), row("B", 2.0)], previous=second).warnings
    assert by_subject(back)["B"]["change"] == "new"


def test_evidence_reaches_file_and_line_and_keeps_reasons_without_a_record() -> None:
    told = (reason("A", record(2), record(9, "税务局")), reason("A", own=False, name="exposure"))
    made = tables([row("A", 1.0)], {"A": told})
    assert made.evidence.schema == EVIDENCE_SCHEMA
    rows = [(r["reason_no"], r["feature"], r["file"], r["line"]) for r in made.evidence.to_pylist()]
    assert rows == [
        (1, "penalties", "d/f.csv", 2),
        (1, "penalties", "d/f.csv", 9),
        (2, "exposure", None, None),
    ]
    warned = made.warnings.to_pylist()[0]
    assert (warned["department_count"], warned["record_count"]) == (2, 2)
    assert warned["reasons_en"] == "penalties: 3; exposure: 3"


RED = ListPolicy()
TWO = (record(2), record(3, "税务局"))


@pytest.mark.parametrize(
    ("probability", "rank", "told", "level"),
    [
        (0.9, 1, (reason("A", *TWO),), "red"),
        (0.9, 11, (reason("A", *TWO),), "orange"),  # among the first 30 %, not the first 10 %
        (0.9, 31, (reason("A", *TWO),), "yellow"),
        (0.49, 1, (reason("A", *TWO),), "orange"),
        (0.06, 1, (reason("A", *TWO),), "yellow"),
        (0.04, 1, (reason("A", *TWO),), "blue"),
        (0.9, 1, (), "orange"),  # nothing to show
        (0.9, 1, (reason("A", record(2)),), "orange"),  # one department
        (0.9, 1, (reason("A", *TWO, own=False),), "orange"),  # exposure alone
        (0.9, 1, (reason("A", *TWO, own=False, value=None),), "orange"),  # missing data alone
        # a second department that only attests that data are missing is no second department
        (0.9, 1, (reason("A", record(2)), reason("A", TWO[1], own=False, value=None)), "orange"),
        # a fact of the firm's own, and a relation that another department attests
        (0.9, 1, (reason("A", record(2)), reason("A", TWO[1], own=False)), "red"),
    ],
)
def test_levels(probability: float, rank: int, told: tuple[Reason, ...], level: str) -> None:
    assert level_of(probability, rank, 100, told, RED) == level


@given(
    st.floats(0, 1), st.floats(0, 1), st.integers(1, 50), st.integers(1, 50), st.integers(50, 99)
)
def test_a_higher_score_and_a_better_rank_never_give_a_milder_level(
    p: float, q: float, rank: int, other: int, size: int
) -> None:
    told = (reason("A", *TWO),)
    worse = level_of(max(p, q), min(rank, other), size, told, RED)
    milder = level_of(min(p, q), max(rank, other), size, told, RED)
    assert LEVELS.index(worse) <= LEVELS.index(milder)


REASON = st.tuples(
    st.booleans(),  # of the firm's own
    st.one_of(st.none(), st.floats(0, 9)),  # None: missing data
    st.booleans(),  # nothing happened where happening is the risk
    st.lists(st.sampled_from(["税务局", "市场监督管理局", "法院"]), max_size=3),
)


@given(st.lists(REASON, max_size=6), st.floats(0.5, 1))
def test_red_takes_a_record_of_its_own_and_two_departments(
    drawn: list[tuple[bool, float | None, bool, list[str]]], probability: float
) -> None:
    """Over any reasons: exposure alone, missing data alone or one department is never red."""
    told = [
        replace(
            reason("A", *(record(n, d) for n, d in enumerate(names)), own=own, value=value),
            hollow=hollow,
        )
        for own, value, hollow, names in drawn
    ]
    level = level_of(probability, 1, 100, told, RED)
    facts = [
        (own, names) for own, value, hollow, names in drawn if value is not None and not hollow
    ]
    own_record = any(own and names for own, names in facts)
    told_by = {name for _, names in facts for name in names}
    assert level == ("red" if own_record and len(told_by) >= 2 else "orange")
    # more exposure, more that is missing, and nothing at all never make a firm red
    more = [
        reason("A", *TWO, own=False, value=None),
        reason("A", own=False),
        replace(reason("A", *TWO, own=False), hollow=True),
    ]
    if level != "red":
        assert level_of(probability, 1, 100, [*told, *more], RED) != "red"


def test_a_firm_drawn_by_lot_has_no_level_and_nothing_against_it() -> None:
    draw = {"draw_type": "random", "inclusion_prob": 0.01, "draw_seed": "s", "inspector_no": "1;2"}
    made = tables([row("B", 9.0, "random", **draw, cause="drawn"), row("A", 3.0)])
    (drawn,) = [r for r in made.warnings.to_pylist() if r["section"] == "random"]
    assert (drawn["level"], drawn["probability"], drawn["reasons_zh"]) == (
        None, None, "双随机抽取，与风险高低无关",
    )  # fmt: skip
    assert (drawn["draw_type"], drawn["inclusion_prob"], drawn["inspector_no"]) == (
        "random", 0.01, "1;2",
    )  # fmt: skip
    assert [r["subject_id"] for r in made.evidence.to_pylist()] == []
    # it takes no rank of the list
    assert by_subject(made.warnings)["A"]["rank"] == 1


def test_a_policy_is_read_from_a_citys_settings() -> None:
    policy = ListPolicy.of_settings({"red": {"probability": 0.8}, "yellow": 0.1, "floor": 0.02})
    assert policy.red == Line(0.8, 0.10)
    assert policy.yellow == Line(0.1)
    assert policy.floor == 0.02
    assert "80%" in policy.meanings()["red"][0]
    named = ListPolicy.of_settings({"inspectors": {"440303": 6, "default": 4}})
    assert (named.inspectors_of("440303", 99), named.inspectors_of("440304", 99)) == (6, 4)
    # worked out from the capacity: five visits each, and never fewer than go together
    assert (policy.inspectors_of("440303", 12), policy.inspectors_of("440303", 1)) == (3, 2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rod": 0.5}, r"unknown key 'rod' \(did you mean 'red'\?\)"),
        ({"red": {"probabilty": 0.5}}, r"list.red: unknown key 'probabilty'"),
        ({"red": 0.1}, "red must be harder to reach than orange"),
        ({"red": 1.4}, "must lie between 0 and 1"),
        ({"floor": "a"}, "list.floor is 'a'; a number is expected"),
        ({"red": "50%"}, "list.red.probability is '50%'; a number is expected"),
        ({"orange": {"share": None}}, "list.orange.share is None; a number is expected"),
        ({"hold": 0.9}, "hold is 0.9"),
        ({"hold": float("nan")}, "list.hold is nan"),  # it would be below no line
        ({"random_share": 0.6}, "random_share 0.6"),
        ({"quiet_days": 1.5}, "list.quiet_days is 1.5; a whole number is expected"),
        ({"inspectors": {"440303": "x"}}, "list.inspectors.440303 is 'x'"),
        ({"inspectors_a_visit": 0}, "inspectors_a_visit at least 1"),
    ],
)
def test_a_wrong_policy_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ListPolicy.of_settings(settings)


def test_what_cannot_be_ranked_is_refused() -> None:
    with pytest.raises(ValueError, match="subject A is ranked twice"):
        tables([row("A", 1.0), row("A", 1.0)])
    with pytest.raises(ValueError, match="margin of subject A is nan"):
        tables([row("A", float("nan"))])
    with pytest.raises(ValueError, match=r"subject A .* reasons were not worked out"):
        warning_tables(pa.Table.from_pylist([row("A", 1.0)]), {}, None, "r", AS_OF, RED)


@given(st.permutations([row("A", 3.0), row("B", 3.0), row("C", 1.0), case("D", 2.0)]))
def test_the_order_of_the_rows_changes_nothing(rows: list[dict[str, Any]]) -> None:
    expected = tables([row("A", 3.0), row("B", 3.0), row("C", 1.0), case("D", 2.0)])
    made = tables(rows)
    assert made.warnings.equals(expected.warnings)
    assert made.evidence.equals(expected.evidence)


def test_the_hash_is_of_the_content_and_not_of_the_run() -> None:
    one = tables([row("A", 3.0)]).warnings
    assert list_hash(one) == list_hash(tables([row("A", 3.0)], run_id="run2").warnings)
    assert list_hash(one) != list_hash(tables([row("A", 3.1)]).warnings)


def test_an_empty_list_has_its_columns() -> None:
    made = warning_tables(
        pa.Table.from_pylist([], pa.schema([("subject_id", pa.string())])),
        {},
        None,
        "r",
        AS_OF,
        RED,
    )
    assert made.warnings.num_rows == made.evidence.num_rows == 0
    assert made.warnings.schema == WARNINGS_SCHEMA
