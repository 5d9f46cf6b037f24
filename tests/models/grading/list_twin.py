"""The life of a list in plain Python: one subject, one list, its days read in order, day sets kept.

A slow and obvious twin of `models.grading.list_stays`: months are added with `calendar`.
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Sequence
from dataclasses import dataclass

FOREVER = datetime.date(9999, 12, 31)
ONE = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Event:
    """An entry or an exit; `day` None when it is not dated, `until` None without a date of its own."""

    direction: str
    day: datetime.date | None
    until: datetime.date | None = None


@dataclass(frozen=True)
class Stay:
    value: str
    first: datetime.date | None
    last: datetime.date | None
    exit_day: datetime.date | None


def months_later(day: datetime.date, months: int) -> datetime.date:
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return day.replace(
        year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1])
    )


def life(events: Sequence[Event], as_of: datetime.date, lock_months: int | None) -> Stay | None:
    """The stay of the day, or the last; None when nothing is known of the list."""
    seen = [e for e in events if e.day is None or e.day <= as_of]
    if not seen:
        return None
    dated = [e for e in seen if e.day is not None]
    if not dated:
        return Stay("undated", None, None, None)
    stays: list[list[datetime.date]] = []  # first and last day of each, the running one last
    left: datetime.date | None = None
    for day in sorted({e.day for e in dated}):
        entries = [e for e in dated if e.day == day and e.direction == "in"]
        leaves = any(e.day == day and e.direction == "out" for e in dated)
        running = bool(stays) and stays[-1][1] >= day
        if leaves and running:
            stays[-1][1] = day - ONE
            left = day
        if entries:
            ends = []
            for e in entries:
                by_rule = FOREVER if lock_months is None else months_later(day, lock_months)
                ends.append(e.until or by_rule)
            if running and not leaves:
                stays[-1][1] = max(stays[-1][1], *ends)
            else:
                stays.append([day, max(ends)])
                left = None
                if leaves and not running:  # the exit can only mean this entry
                    stays[-1][1] = day - ONE
                    left = day
    if not stays:
        return Stay("exit_without_entry", None, None, None)
    first, last = stays[-1]
    end = None if last == FOREVER else last
    return Stay("listed" if last >= as_of else "exited", first, end, left)
