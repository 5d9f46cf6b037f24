"""The dimensions once more in plain Python, and random cities to compare the two on.

The items are written out by hand here and read nothing of the pack: a change there must be made
here too, by somebody who thinks of what it means.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.features.literal_tables import DAY

Row = Mapping[str, Any]

#: dimension, table, clock, which records, months, points, most
ITEMS: tuple[tuple[str, str, str, Callable[[Row], bool], int | None, int, int], ...] = (
    ("integrity", "list_event", "listed_date",
     lambda r: r["list_type"] == "经营异常" and r["direction"] == "in"
     and r["reason_code"] in ("未按期公示年度报告", "公示信息隐瞒真实情况"), 36, 10, 30),
    ("integrity", "list_event", "listed_date",
     lambda r: r["list_type"] == "严重违法" and r["direction"] == "in", 60, 40, 40),
    ("integrity", "complaint", "received_date", lambda r: True, 12, 2, 20),
    ("compliance", "penalty", "decided_date", lambda r: r["kind"] in ("停业", "吊销"), 60, 30, 60),
    ("compliance", "penalty", "decided_date",
     lambda r: r["kind"] not in ("停业", "吊销", None), 36, 8, 40),
    ("performance", "enforcement", "filed_date", lambda r: True, 36, 10, 30),
    ("performance", "enforcement", "filed_date", lambda r: r["dishonest"] is True, 60, 40, 40),
    ("performance", "tax_arrears", "since_date", lambda r: r["cleared_date"] is None, None, 20, 40),
)  # fmt: skip


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of a shorter month."""
    number = day.year * 12 + day.month - 1 - months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def scores(
    subjects: Sequence[str], tables: Mapping[str, Sequence[Row]], as_of: date
) -> dict[tuple[str, str], int]:
    """The score of each subject and dimension."""
    found = {}
    for subject in subjects:
        for dimension in ("integrity", "compliance", "performance"):
            score = 100
            for of, table, clock, meets, months, points, most in ITEMS:
                if of != dimension:
                    continue
                count = 0
                for row in tables.get(table, ()):
                    within = months is None or (
                        row[clock] is not None
                        and months_before(as_of, months) < row[clock] <= as_of
                    )
                    count += row["subject_id"] == subject and meets(row) and within
                score -= min(most, count * points)
            found[subject, dimension] = max(score, 0)
    return found


_EDGES = [0, 1, -1] + [
    (DAY - months_before(DAY, m)).days + shift for m in (12, 36, 60) for shift in (-1, 0, 1)
]
_DAYS = st.one_of(
    st.none(), st.sampled_from(_EDGES).map(lambda n: DAY - timedelta(days=n)),
    st.integers(0, 2500).map(lambda n: DAY - timedelta(days=n)),
)  # fmt: skip

_RECORDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "list_event": st.fixed_dictionaries(
        {
            "list_type": st.sampled_from(["经营异常", "严重违法", "其他"]),
            "direction": st.sampled_from(["in", "out"]),
            "reason_code": st.sampled_from([None, "未按期公示年度报告", "公示信息隐瞒真实情况"]),
            "listed_date": _DAYS,
        }
    ),
    "complaint": st.fixed_dictionaries({"received_date": _DAYS}),
    "penalty": st.fixed_dictionaries(
        {"kind": st.sampled_from([None, "警告", "停业", "吊销"]), "decided_date": _DAYS}
    ),
    "enforcement": st.fixed_dictionaries(
        {"dishonest": st.sampled_from([None, True, False]), "filed_date": _DAYS}
    ),
    "tax_arrears": st.fixed_dictionaries(
        {"cleared_date": st.sampled_from([None, DAY]), "since_date": _DAYS}
    ),
}

_ONE = st.one_of(*(rows.map(lambda row, t=t: (t, row)) for t, rows in _RECORDS.items()))


@st.composite
def subjects_with_records(
    draw: st.DrawFn,
) -> tuple[list[str], dict[str, list[dict[str, Any]]]]:
    """Ten subjects, each with some records, and beside each the same with one record more."""
    tables: dict[str, list[dict[str, Any]]] = {}
    subjects = []
    for number in range(10):
        own = draw(st.lists(_ONE, max_size=12))
        more = [*own, draw(_ONE)]
        for subject, given in ((f"s{number}", own), (f"s{number}+", more)):
            subjects.append(subject)
            for table, row in given:
                tables.setdefault(table, []).append({"subject_id": subject, **row})
    return subjects, tables
