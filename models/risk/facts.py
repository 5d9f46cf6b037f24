"""What is a new fact of a firm: which of its features changed, but not by the calendar alone.

A firm grows a day older every night, and the days since its last complaint grow with it. Such
features, and what is derived from them, move without anything having happened. All others change
only when a record came, was corrected, was withdrawn, or left its window.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

#: Beginnings of the names of features that the calendar moves.
CLOCKS = ("age_days", "days_since_", "years_since_")
#: Of the graph: an old case passes less on every day, and what a family says moves with every member.
GRAPH_CLOCKS = ("exposure", "family_evidence")
#: Ids of groups come from their smallest member and say nothing of the firm itself.
NO_FACTS = ("group_id", "subject_id", "run_id", "as_of")


class Change(NamedTuple):
    """One feature of a firm, before and now."""

    feature: str
    before: Any
    now: Any


def fact_columns(columns: Iterable[str], inputs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The features whose change is a fact, in the order given.

    `inputs`: what each derived feature is made of (names of features). A derived feature is left
    out when the calendar moves any of its inputs: the inputs that are facts speak for themselves.
    """

    def moves(column: str, above: tuple[str, ...] = ()) -> bool:
        if column in GRAPH_CLOCKS or column.startswith(CLOCKS):
            return True
        made_of = [name for name in inputs.get(column, ()) if name not in above]
        return any(moves(name, (*above, column)) for name in made_of)

    return tuple(c for c in columns if c not in NO_FACTS and not moves(c))


def changed_facts(
    before: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]], columns: Sequence[str]
) -> dict[str, tuple[Change, ...] | None]:
    """What changed of each firm of `now`: rows of subject_id and features, one row a firm.

    Empty when nothing did, None for a firm that was not there before. A column that one side does
    not have, because the model's features were extended, is no fact of any firm.
    """
    known = {row["subject_id"]: row for row in before}
    result: dict[str, tuple[Change, ...] | None] = {}
    for row in now:
        old = known.get(row["subject_id"])
        result[row["subject_id"]] = None
        if old is not None:
            shared = [c for c in columns if c in old and c in row]
            result[row["subject_id"]] = tuple(
                Change(c, old[c], row[c]) for c in shared if not _same(old[c], row[c])
            )
    return result


def _same(one: Any, other: Any) -> bool:
    return one == other or (_missing(one) and _missing(other))


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
