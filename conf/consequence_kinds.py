"""What follows from verdicts: the lawful measures, and the notices of the gentle list."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from conf.citation import Basis, Sourced
from conf.rule_kinds import Count, Months, Severity
from conf.table import Name, Strict, Text


class Trigger(Strict):
    """What a measure follows from: verdicts of a kind with one of these values.

    `kind`: grade (scheme and values), cell (values such as A-Ⅰ), list (list and state), points (the
    rule's name), composite (class), years (a grade held for so many years on end).
    """

    kind: Literal["grade", "cell", "list", "points", "composite"]
    of: Text | None = None
    values: Annotated[tuple[Text, ...], Field(min_length=1)]
    years_on_end: Count = 1


class Measure(Sourced):
    """Who may do what to whom, on which basis. Without a basis in force it is never printed."""

    name: Name
    zh: Text
    en: Text
    department: Text
    effect: Literal["incentive", "supervision", "restriction"]
    trigger: Trigger
    basis: Basis | None = None
    quota_a_year: Count | None = None
    """Inspections that it asks for a year, where it does."""

    GIVEN_BY_LOADER = frozenset({"name"})

    @model_validator(mode="after")
    def _founded(self) -> Measure:
        if self.basis is None:
            raise ValueError(
                f"the measure '{self.name}' has no basis; 法无规定不可为: name the instrument and "
                "its article, or take the measure out"
            )
        return self


class MeasuresFile(Strict):
    """`measures.yaml`."""

    measures: Annotated[dict[str, Measure], Field(min_length=1)]


class Notice(Sourced):
    """A light offence or a drift that earns the firm a word of advice, not an inspection.

    At least `least` records of `table` that fulfil `where` in the last `months`; or, with `ahead`,
    whose date of that name lies at most `ahead_days` ahead of the day.
    """

    name: Name
    zh: Text
    en: Text
    advice_zh: Text
    advice_en: Text
    recipient: Text
    table: Name
    where: Text | None = None
    months: Months | None = None
    ahead: Name | None = None
    ahead_days: Count | None = None
    least: Count = 1

    GIVEN_BY_LOADER = frozenset({"name"})

    @model_validator(mode="after")
    def _one_window(self) -> Notice:
        if (self.ahead is None) != (self.ahead_days is None) or (
            (self.ahead is None) == (self.months is None)
        ):
            raise ValueError("a notice looks back (`months`) or ahead (`ahead` and `ahead_days`)")
        return self


class NoticesFile(Strict):
    """`notices.yaml`: the gentle list. `most_severe`: who has a severer verdict gets none."""

    most_severe: Severity
    notices: Annotated[dict[str, Notice], Field(min_length=1)]
