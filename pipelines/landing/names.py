"""Whether the column names of a file are those its source expects."""

from __future__ import annotations

import re
from collections.abc import Sequence

from conf.errors import did_you_mean, listed
from pipelines.landing.shape import Shape

_LONGEST_NAME = 40
# a name with so many digits is data, perhaps an id number
_MOST_DIGITS = 5


def names_problem(names: Sequence[str], shape: Shape) -> str | None:
    """What is wrong with a file's column names, as a clause; None when they fit in any order.

    An empty name after a trailing delimiter counts for nothing. What looks like data (a file
    without its header) is not repeated in the clause: it may be personal.
    """
    given = list(names[:-1]) if len(names) > 1 and not names[-1] else list(names)
    expected = list(shape.columns)
    known = [name for name in given if name in expected]
    if not known:
        hint = f" (it has {len(given)} field{'s' if len(given) != 1 else ''})"
        return (
            f"its first line has none of the {len(expected)} columns{hint}, expected "
            f"{listed(expected)}. Is the header line missing?"
        )
    twice = sorted({name for name in known if known.count(name) > 1}, key=expected.index)
    missing = [name for name in expected if name not in given]
    unknown = [name for name in given if name not in expected]
    clauses = [f"the column '{name}' is there twice" for name in twice]
    clauses += [f"the column '{name}' is missing" for name in missing]
    clauses += [
        f"the column {said(name)} is unknown{did_you_mean(name, missing)}" for name in unknown
    ]
    return "; ".join(clauses) or None


def said(name: str) -> str:
    """A name from a file as it may be repeated in a message: no number, and not too long."""
    if len(re.findall(r"\d", name)) >= _MOST_DIGITS:
        return "(a value with digits)"
    return f"'{name[:_LONGEST_NAME]}…'" if len(name) > _LONGEST_NAME else f"'{name}'"
