"""Which runs a vacuum must keep, and which run a name means."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from pipelines.list_difference import causes
from pipelines.runs import Run
from pipelines.vacuum import needed_runs


def a_run(run_id: str, as_of: date, quiet: int = 30) -> Run:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    told = json.dumps({"quiet_days": quiet})
    return Run(run_id, "c", as_of, "sail", "1", "code", "conf", "m1", None, None, "[]", "{}",
               "h", "f", at, at, told)  # fmt: skip


DAYS = [date(2024, month, 1) for month in range(1, 8)]
RUNS = [a_run(f"r{day.month}", day) for day in DAYS]


@pytest.mark.parametrize(
    ("since", "needed"),
    [
        (date(2024, 1, 1), {"r1", "r2", "r3", "r4", "r5", "r6", "r7"}),
        # r7 of 1 July: the one before it (r6, 30 days back), and the last by 1 June (r6)
        (date(2024, 7, 1), {"r7", "r6"}),
        # r6 of 1 June: r5 lies 31 days back, outside of 30 days, and is the last before them
        (date(2024, 6, 1), {"r7", "r6", "r5"}),
        (date(2025, 1, 1), set()),
    ],
)
def test_a_list_within_retention_keeps_what_it_was_held_against(
    since: date, needed: set[str]
) -> None:
    assert needed_runs(RUNS, since) == needed


def test_a_longer_rest_keeps_more() -> None:
    runs = [*RUNS[:-1], a_run("r7", DAYS[-1], quiet=100)]
    # 100 days before 1 July is 23 March: r4 to r6 lie within, r3 is the last before
    assert needed_runs(runs, DAYS[-1]) == {"r7", "r6", "r5", "r4", "r3"}


def row(section: str = "list", rank: int = 1) -> dict[str, object]:
    return {"section": section, "rank": rank, "level": "yellow", "probability": 0.5}


def test_causes_of_a_changed_row() -> None:
    one, two = RUNS[0], RUNS[1]
    assert causes(row(), row(rank=2), [], {}, one, one) == [
        "its own facts did not change: others came, went or moved around it"
    ]
    told = causes(row(), row(), ["penalty insert: f line 2"], {"penalty_count": (0, 1)}, one, two)
    assert told == ["record penalty insert: f line 2"]
    told = causes(row(), row(), [], {"age_days": (1, 32)}, one, two)
    assert told == ["time passed since 2024-01-01: age_days 1 → 32"]
    told = causes(row(), row(), [], {"group_size": (2, 3)}, one, two)
    assert told == ["its relations: group_size 2 → 3"]
    drawn = causes(None, row("random"), [], {}, one, two)
    assert drawn == ["the lot of the week of 2024-01-01 and of 2024-01-29"]
    other = a_run("r8", DAYS[1])
    changed = Run(**{**other.__dict__, "model_version": "m2"})
    assert causes(row(), row(), [], {}, one, changed) == ["model changed"]
