"""What a planted rule fault is, for those that choose the firms and those that write the records."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.simulation import filings
from pipelines.simulation.calendar import date_of
from pipelines.simulation.world import Part

PER_FIRM = 0.0005
"""Faults of a kind for each firm of the city; never fewer than `LEAST`, while firms fit."""
LEAST = 3

KINDS = (
    "not_registered_with_tax",  # registered for long, unknown to the tax office
    "no_valid_licence",  # has left the register, and files on
    "details_disagree_name",  # the tax office has another name,
    "details_disagree_address",  # another address,
    "details_disagree_scope",  # another scope
    "receipts_disagree",  # a total of receipts is not what its firms filed
    "points_locked",  # twelve points within three years
    "points_not_locked",  # twelve points, but in no three years
    "tax_spread",  # its representative is also that of a firm with a D
    "tax_barred",  # a D, and an A for the second year after
    "exit_release_due",  # the arrears are paid, the exit control stands
    "grade_conflict",  # an A of the tax office, the worst grade of work safety
    "repaired_record",  # a penalty that a repair takes away
    "sustained_objection",  # a list entry that an objection takes away
)


@dataclass(frozen=True)
class Planted:
    """The faults of one kind in a part, one entry each.

    Attributes:
        who: place of the firm in the part.
        since: first day of the fault.
        other: place of the other firm, -1 without.
        record: number of the record that leaves, None without.
        detail: in words.
    """

    who: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    since: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    other: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    record: tuple[str | None, ...] = ()
    detail: tuple[str, ...] = ()


Plan = dict[str, Planted]
"""The faults of a part by kind."""


def last_graded_year(part: Part) -> int:
    """The last year whose tax grades, and a second look at them, are delivered well before the end."""
    until = part.world.calendar.until
    year = date_of(until).year - 1
    return year if filings.published(year) <= until - 130 else year - 1
