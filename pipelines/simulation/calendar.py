"""Days of the synthetic city: whole numbers since 1970-01-01, and the calendar of deliveries."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int32]

NEVER = np.int32(2_000_000)
"""A day that does not come: later than any date of the city."""

_EPOCH = dt.date(1970, 1, 1)


def day(date: dt.date) -> int:
    """Number of a date."""
    return (date - _EPOCH).days


def date_of(number: int) -> dt.date:
    """Date of a day's number."""
    return _EPOCH + dt.timedelta(days=int(number))


@dataclass(frozen=True)
class Calendar:
    """The time the city is drawn for.

    Attributes:
        since: day of the first delivery, which holds the stock.
        until: last day; nothing is delivered after it.
        history: first day whose events are in the stock (two years before `since`, so that
            windows of a year are filled from the first night on).
    """

    since: int
    until: int

    @property
    def history(self) -> int:
        """First day whose events are drawn."""
        return self.since - 730

    def delivery_days(self, day_of_month: int) -> Days:
        """Days on which a department delivers: the stock at `since`, then once a month."""
        first = date_of(self.since)
        days = [self.since]
        year, month = first.year, first.month
        while True:
            candidate = day(dt.date(year, month, day_of_month))
            if candidate > self.until:
                break
            if candidate > self.since:
                days.append(candidate)
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        return np.array(days, dtype=np.int32)

    def mondays(self, ahead: int) -> Days:
        """Mondays from the week of `since` to `ahead` days after `until`."""
        first = self.since - (self.since + 3) % 7  # 1970-01-01 was a Thursday
        return np.arange(first, self.until + ahead + 1, 7, dtype=np.int32)
