"""Two makings of one feature table, compared value by value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

KEY = "subject_id"


@dataclass(frozen=True)
class Difference:
    """A column in which two tables differ: in how many rows, and how in the first few."""

    column: str
    rows: int
    examples: tuple[tuple[str, object, object], ...]

    def __str__(self) -> str:
        told = "; ".join(f"{subject}: {one!r} and {two!r}" for subject, one, two in self.examples)
        return f"{self.column} differs in {self.rows} rows ({told})"


def differences(
    one: pl.DataFrame, two: pl.DataFrame, columns: Sequence[str], examples: int = 3
) -> list[Difference]:
    """Columns in which two tables differ.

    NULL equals NULL alone, and a double equals no other double, however near.

    Args:
        one, two: tables with `subject_id`, one row a firm, in any order.
        columns: the columns to compare; each must be in both.
        examples: how many firms to show for a column.

    Raises:
        ValueError: the tables are not of the same firms, or a column's types differ.
    """
    if one.height != two.height or one[KEY].n_unique() != one.height:
        raise ValueError(f"{one.height} and {two.height} rows of {one[KEY].n_unique()} firms")
    types = {c: (one.schema[c], two.schema[c]) for c in columns if one.schema[c] != two.schema[c]}
    if types:
        raise ValueError(f"columns of different types: {types}")
    both = one.select(KEY, *columns).join(two.select(KEY, *columns), on=KEY, validate="1:1")
    if both.height != one.height:
        raise ValueError(f"{one.height - both.height} firms stand in one of the tables only")
    found = []
    for column in columns:
        unlike = both.filter(pl.col(column).ne_missing(pl.col(f"{column}_right")))
        if unlike.height:
            shown = unlike.sort(KEY).select(KEY, column, f"{column}_right").head(examples)
            found.append(Difference(column, unlike.height, tuple(shown.iter_rows())))
    return found
