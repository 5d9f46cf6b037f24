"""The truth file: its columns, the quotas it keeps, and that the deliveries agree with it."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from pipelines.simulation.truth import truth_table
from pipelines.simulation.world import World
from tests.pipelines.simulation.conftest import SINCE, UNTIL, Drawn
from tests.pipelines.simulation.reading import rows_of

SCHEMES = {
    "nominee_fundraising", "one_address", "circular_holding", "loud_shell", "prepaid_care",
}  # fmt: skip
NEVER_LABELLED = "prepaid_care"
Truth = list[dict[str, object]]


@pytest.fixture(scope="module")
def truth(large: World) -> Truth:
    rows: Truth = truth_table(large).to_pylist()
    return rows


def test_columns_and_types(drawn: Drawn) -> None:
    # in the words of the specification; what is evaluated joins by these names
    schema = pa_parquet.read_schema(drawn.truth).remove_metadata()
    assert schema == pa.schema(
        [
            ("subject_id", pa.string()),
            ("scheme", pa.string()),
            ("ring_id", pa.string()),
            ("role", pa.string()),
            ("started", pa.date32()),
            ("first_official", pa.date32()),
            ("lookalike", pa.bool_()),
        ]
    )


def test_one_row_a_firm_in_the_order_of_the_codes(truth: Truth) -> None:
    codes = [row["subject_id"] for row in truth]
    assert codes == sorted(set(map(str, codes)))


def test_three_in_a_thousand_are_ring_firms_with_ten_lookalikes_each(truth: Truth) -> None:
    # quotas, not chances: 0.3 % of 100,000, and ten times as many
    assert sum(not row["lookalike"] for row in truth) == 300
    assert sum(bool(row["lookalike"]) for row in truth) == 3_000


def test_every_scheme_is_planted_and_resembled(truth: Truth) -> None:
    for scheme in SCHEMES:
        rings = sum(row["scheme"] == scheme and not row["lookalike"] for row in truth)
        alike = sum(row["scheme"] == scheme and bool(row["lookalike"]) for row in truth)
        # the least common scheme has one ring firm in ten; ten look-alikes for each of its firms,
        # give or take what makes the shares whole numbers
        assert rings >= 30
        assert abs(alike - 10 * rings) <= 10
    assert {row["scheme"] for row in truth} == SCHEMES


def test_ring_firms_have_a_ring_a_role_and_a_start_and_lookalikes_have_none(truth: Truth) -> None:
    for row in truth:
        told = (row["ring_id"], row["role"], row["started"])
        if row["lookalike"]:
            assert told == (None, None, None)
            assert row["first_official"] is None  # a wrong label is no truth
        else:
            assert None not in told
            assert row["role"] in {"core", "front", "shell"}


def test_a_ring_has_one_scheme_one_core_and_three_to_twelve_firms(truth: Truth) -> None:
    rings: dict[object, Truth] = {}
    for row in truth:
        if not row["lookalike"]:
            rings.setdefault(row["ring_id"], []).append(row)
    for members in rings.values():
        assert len({row["scheme"] for row in members}) == 1
        assert [row["role"] for row in members].count("core") == 1
        assert 3 <= len(members) <= 12


def test_rings_begin_before_the_city_ends_and_not_before_its_history(truth: Truth) -> None:
    starts = [row["started"] for row in truth if isinstance(row["started"], dt.date)]
    # a ring that begins after the last day would be a truth that nobody could find
    assert max(starts) <= UNTIL - dt.timedelta(days=45)
    assert min(starts) >= SINCE - dt.timedelta(days=540)
    # and they are spread: each third of the time sees some begin
    third = (UNTIL - SINCE) / 3
    for n in range(3):
        assert any(SINCE + n * third <= start < SINCE + (n + 1) * third for start in starts)


def test_three_in_ten_ring_firms_get_a_case_90_to_400_days_late(truth: Truth) -> None:
    cased = [row for row in truth if row["first_official"] is not None]
    assert len(cased) == 90  # a quota: 30 % of 300
    delays = [(row["first_official"] - row["started"]).days for row in cased]  # type: ignore[operator]
    assert min(delays) >= 90
    assert max(delays) <= 400
    assert np.ptp(delays) > 200  # and over the range, not all at one end


def test_one_family_never_gets_a_case(truth: Truth) -> None:
    assert all(row["first_official"] is None for row in truth if row["scheme"] == NEVER_LABELLED)
    labelled = {row["scheme"] for row in truth if row["first_official"] is not None}
    # every other family is known: with 90 cases over about 28 rings none is left out by luck
    assert labelled == SCHEMES - {NEVER_LABELLED}


def test_rings_are_found_as_rings(truth: Truth) -> None:
    # police work goes ring by ring: most rings have no case at all, some have several
    rings = {row["ring_id"] for row in truth if not row["lookalike"]}
    found = {row["ring_id"] for row in truth if row["first_official"] is not None}
    assert 0.3 < len(found) / len(rings) < 0.7


def test_every_subject_of_the_truth_is_in_the_register(drawn: Drawn) -> None:
    registered = {row["统一社会信用代码"] for row in rows_of(drawn.deliveries, "registration")}
    subjects = set(pa_parquet.read_table(drawn.truth)["subject_id"].to_pylist())
    assert len(subjects) == 165  # 15 ring firms (0.3 % of 5,000) and 150 look-alikes
    assert subjects <= registered


def test_first_official_is_the_first_filing_that_was_delivered(drawn: Drawn) -> None:
    filed: dict[object, dt.date] = {}
    for row in rows_of(drawn.deliveries, "case_label"):
        if row["阶段"] == "立案":
            day = dt.date(*map(int, re.findall(r"\d+", str(row["阶段日期"]))))
            code = row["统一社会信用代码"]
            filed[code] = min(day, filed.get(code, day))
    rows = pa_parquet.read_table(drawn.truth).to_pylist()
    officials = {row["subject_id"]: row["first_official"] for row in rows}
    # a department hears within weeks: after 120 days a case must have been delivered; two of the
    # four ring firms that ever get a case (30 % of 15) are under it by then
    due = UNTIL - dt.timedelta(days=120)
    expected = {code: day for code, day in officials.items() if day is not None and day <= due}
    assert len(expected) == 2
    assert {code: filed.get(code) for code in expected} == expected
    for code, day in filed.items():
        if officials.get(code) is not None:
            assert day == officials[code]


def test_the_report_counts_what_the_truth_holds(drawn: Drawn) -> None:
    rows = pa_parquet.read_table(drawn.truth).to_pylist()
    report = drawn.report
    assert report.lookalikes == sum(row["lookalike"] for row in rows)
    assert report.ring_firms == sum(not row["lookalike"] for row in rows)
    assert report.rings == len({row["ring_id"] for row in rows} - {None})
    assert report.cased_firms == sum(row["first_official"] is not None for row in rows)
