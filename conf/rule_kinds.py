"""The kinds of rule a pack may hold, each with its parameters. One file of a pack is one kind.

Months are calendar months: three years from 2016-02-29 end on 2019-02-28. Points, scores and
severities are whole numbers, so that a person can redo every sum.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from conf.citation import Basis, Sourced
from conf.table import Name, Strict, Text

Months = Annotated[int, Field(ge=1, le=1200)]
Count = Annotated[int, Field(ge=1)]
Severity = Annotated[int, Field(ge=0, le=100)]
Percent = Annotated[int, Field(ge=0, le=100)]


class GradeScheme(Sourced):
    """A department's grading scheme and the crosswalk of its values to severity.

    `best` says which end of `values` is good; `severity` (0 nothing to object to, 100 the worst)
    goes with `values`, one each, and must grow away from the best.
    """

    name: Text
    zh: Text
    en: Text
    department: Text
    best: Literal["first", "last"]
    values: Annotated[tuple[Text, ...], Field(min_length=2)]
    severity: tuple[Severity, ...]

    GIVEN_BY_LOADER = frozenset({"name"})

    @model_validator(mode="after")
    def _polarity(self) -> GradeScheme:
        if len(set(self.values)) != len(self.values):
            raise ValueError(f"the scheme '{self.name}' names a value twice")
        if len(self.severity) != len(self.values):
            raise ValueError(
                f"the scheme '{self.name}' has {len(self.values)} values and {len(self.severity)} "
                "severities; give one each"
            )
        outward = self.severity if self.best == "first" else self.severity[::-1]
        if any(a >= b for a, b in pairwise(outward)):
            raise ValueError(
                f"the polarity of '{self.name}' contradicts itself: with the best value "
                f"{self.best}, severity must grow strictly away from it, not {self.severity}"
            )
        return self


class Conflict(Sourced):
    """When departments are said to disagree about a subject, and what is then taken.

    `least_gap`: severities this far apart are a conflict. `policy`: `most_severe` takes the worst
    grade in force, `latest` the one that began last (the more severe of two of one day).
    """

    least_gap: Severity
    policy: Literal["most_severe", "latest"]


class GradesFile(Strict):
    """`grades.yaml`: the schemes, and what is done when they disagree."""

    schemes: Annotated[dict[str, GradeScheme], Field(min_length=1)]
    conflict: Conflict


class MatrixCell(Sourced):
    """One cell of business risk by business credit: how the firm is watched, and how severely."""

    risk: Text
    credit: Text
    measure_zh: Text
    measure_en: Text
    severity: Severity


class MatrixFile(Strict):
    """`business_matrix.yaml`: three classes by four grades."""

    risk_scheme: Text
    credit_scheme: Text
    department: Text
    basis: Basis
    cells: tuple[MatrixCell, ...]


class Retention(Sourced):
    """A bad grade of a year stays for `keep_years` (that year included).

    In the `barred_years` that follow, the grade `barred` is not given: it becomes `instead`. A
    grade whose basis is one of `not_kept_when_basis` is neither kept nor bars.
    """

    grade: Text
    keep_years: Count
    barred: Text
    barred_years: Annotated[int, Field(ge=0)]
    instead: Text
    not_kept_when_basis: tuple[Text, ...] = ()


class Spread(Sourced):
    """How a bad grade travels through the people directly responsible.

    `roles` make a person responsible in the firm with the grade, `reached_roles` let the grade
    reach another firm of that person. `from` is the grade as issued to the firm: a grade that was
    itself carried over is no source, or the rule would feed on itself. With `only_after` it reaches
    only firms in which the person took the role on or after the day of the grade.
    """

    grade: Text
    roles: Annotated[tuple[Text, ...], Field(min_length=1)]
    reached_roles: Annotated[tuple[Text, ...], Field(min_length=1)]
    source_grade: Literal["issued", "carried"] = "issued"
    depth: Count = 1
    only_after: bool

    @model_validator(mode="after")
    def _feeds_on_nothing(self) -> Spread:
        if self.source_grade == "carried":
            raise ValueError(
                "a carried grade as the source of another makes the rule feed on itself; write "
                "`source_grade: issued`"
            )
        if self.depth > 1:
            raise ValueError(
                "`depth` above 1 carries a carried grade on; the instrument speaks of the directly "
                "responsible person only: write `depth: 1`"
            )
        return self


class TaxFile(Strict):
    """`tax_grade.yaml`: what follows from the tax authority's grades."""

    scheme: Text
    retention: Retention
    spread: Spread


class PointsRule(Sourced):
    """Points against a subject: `threshold` in a cycle locks it.

    `rolling`: an event counts from its day to the same calendar day `cycle_months` later, that day
    included. `fixed`: cycles of that length follow one another from `anchor` (first of a month).
    The lock begins on the day the threshold is reached and lasts to the same calendar day
    `lock_months` later, that day included; it does not cancel the points.
    """

    name: Name
    zh: Text
    en: Text
    domain: Text
    cycle_months: Months
    cycle: Literal["rolling", "fixed"]
    anchor: date | None = None
    threshold: Count
    lock_months: Months

    GIVEN_BY_LOADER = frozenset({"name"})

    @model_validator(mode="after")
    def _anchored(self) -> PointsRule:
        if (self.cycle == "fixed") != (self.anchor is not None):
            raise ValueError("`anchor` goes with `cycle: fixed`, and only with it")
        if self.anchor is not None and self.anchor.day != 1:
            raise ValueError("`anchor` must be the first of a month")
        return self


class PointsFile(Strict):
    """`points.yaml`."""

    points: Annotated[dict[str, PointsRule], Field(min_length=1)]


class ListRule(Sourced):
    """The life of one list: entry, exit, lock and what comes after.

    `lock_months`: how long an entry without a date of its own holds; None: until an exit.
    `early_exit_months`: from when on a repair may end it before. `hides_after_exit`: whether the
    entry is no longer shown once the subject has left. `escalates_to` after `escalates_after_months`
    on the list makes a candidate for that list; a candidate is no decision.
    """

    name: Text
    zh: Text
    en: Text
    lock_months: Months | None = None
    early_exit_months: Annotated[int, Field(ge=0)] | None = None
    hides_after_exit: bool = False
    escalates_to: Text | None = None
    escalates_after_months: Months | None = None
    severity: Severity

    GIVEN_BY_LOADER = frozenset({"name"})

    @model_validator(mode="after")
    def _escalation(self) -> ListRule:
        if (self.escalates_to is None) != (self.escalates_after_months is None):
            raise ValueError("`escalates_to` and `escalates_after_months` go together")
        return self


class Situation(Sourced):
    """A situation in which the data make a subject a candidate for a list.

    `kind`: `no_annual_report` (none filed for the year by `due_month`/`due_day` of the next),
    `unreachable` (the tax office lost it, or mail came back), `figures_disagree` (the annual report
    tells other figures than the tax office), `points_locked`.
    """

    name: Name
    zh: Text
    en: Text
    of_list: Text
    kind: Literal["no_annual_report", "unreachable", "figures_disagree", "points_locked"]
    due_month: Annotated[int, Field(ge=1, le=12)] | None = None
    due_day: Annotated[int, Field(ge=1, le=31)] | None = None
    tolerance_percent: Percent | None = None
    grace_days: Annotated[int, Field(ge=0)] = 0

    GIVEN_BY_LOADER = frozenset({"name"})


class ListsFile(Strict):
    """`lists.yaml`."""

    lists: Annotated[dict[str, ListRule], Field(min_length=1)]
    situations: dict[str, Situation] = Field(default_factory=dict)


class Item(Sourced):
    """One line of a dimension: every record that fulfils `where` costs `points`, at most `most`.

    `table` and `where` (SQL over the table's columns, with `event_date`) choose the records; with
    `months` only those whose event lies within that many months up to the day.
    """

    name: Name
    zh: Text
    en: Text
    table: Name
    where: Text | None = None
    months: Months | None = None
    points: Count
    most: Count

    GIVEN_BY_LOADER = frozenset({"name"})


class Dimension(Sourced):
    """One of the three axes: `start` minus what its items cost, never below 0."""

    name: Literal["integrity", "compliance", "performance"]
    zh: Text
    en: Text
    start: Annotated[int, Field(ge=1, le=100)] = 100
    items: Annotated[dict[str, Item], Field(min_length=1)]

    GIVEN_BY_LOADER = frozenset({"name"})


class CompositeClass(Strict):
    """A class of the composite: from this many points on."""

    value: Text
    at_least: Annotated[int, Field(ge=0, le=100)]


class Composite(Sourced):
    """One grade across departments: shares (percent, 100 in all) of four scores from 0 to 100.

    The departments' score is 100 minus the severity of the grade that the conflict policy takes; a
    subject without any grade has 100 there, and the sum says so.
    """

    weights: dict[Literal["integrity", "compliance", "performance", "departments"], Percent]
    classes: Annotated[tuple[CompositeClass, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _adds_up(self) -> Composite:
        if set(self.weights) != {"integrity", "compliance", "performance", "departments"}:
            raise ValueError("the weights name integrity, compliance, performance, departments")
        if sum(self.weights.values()) != 100:
            raise ValueError(f"the weights must be 100 in all, not {sum(self.weights.values())}")
        bounds = [c.at_least for c in self.classes]
        if bounds != sorted(set(bounds), reverse=True) or bounds[-1] != 0:
            raise ValueError("`classes` stand best first, each with a lower `at_least`, the last 0")
        return self


class DimensionsFile(Strict):
    """`dimensions.yaml`: the three axes and the composite grade."""

    dimensions: dict[str, Dimension]
    composite: Composite


class ComparisonFile(Sourced):
    """`tax_comparison.yaml`: registration beside tax.

    `grace_days`: a new firm has so long to register with the tax office. `receipts_percent` and
    `receipts_fen`: totals that differ by more than both are reported.
    """

    grace_days: Annotated[int, Field(ge=0)]
    receipts_percent: Percent
    receipts_fen: Annotated[int, Field(ge=0)]
