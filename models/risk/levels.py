"""How urgent a warning is: the four levels, where they begin, and what they mean.

The lines are a city's own decision (`city.yaml`); the defaults are the project's, not law. A level
takes a probability and a rank: in a week with many high scores red still means "inspect first".
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from models.risk.reasons import Reason, departments

LEVELS = ("red", "orange", "yellow", "blue")
LEVEL_WORDS = {
    "red": ("红色", "red"),
    "orange": ("橙色", "orange"),
    "yellow": ("黄色", "yellow"),
    "blue": ("蓝色", "blue"),
}
"""A level's name in Chinese and in English."""

INSPECTIONS_AN_INSPECTOR = 5
"""How many firms an inspector is thought to visit in a week, where a city does not say how many
inspectors a district has (project default)."""


class Line(NamedTuple):
    """Where a level begins: a probability of at least `probability`, and a rank among the first
    `share` of its section."""

    probability: float
    share: float = 1.0


_RED, _ORANGE, _YELLOW = Line(0.50, 0.10), Line(0.20, 0.30), Line(0.05)


@dataclass(frozen=True)
class ListPolicy:
    """What a city decides about its list. All defaults are the project's own, not law.

    A firm has the highest level whose line it reaches; blue is everything below yellow. Red also
    needs a record of the firm's own and two departments behind its reasons, else it is orange.
    `floor`: below this probability no firm enters the list, even if capacity is left.
    `under_case_limit`: at most so many firms under case a district.

    `hold`: a firm takes the place of one on the list only when its odds are more than `hold` times
    as high (1: no hold). `random_share`: the part of a district's capacity that is drawn by lot.
    `inspectors`: how many inspectors a district has, for the lot that sends them; one number, or one
    for each district and `default`; 0 works it out from the capacity. `inspectors_a_visit`: how many
    go together. `quiet_days`: a firm inspected without a finding is not listed again for so long,
    unless a new fact speaks against it.
    """

    red: Line = _RED
    orange: Line = _ORANGE
    yellow: Line = _YELLOW
    floor: float = 0.0
    case_recent_days: int = 365
    under_case_limit: int = 50
    hold: float = 1.25
    random_share: float = 0.10
    inspectors: int | Mapping[str, int] = 0
    inspectors_a_visit: int = 2
    quiet_days: int = 90

    def __post_init__(self) -> None:
        lines = (self.red, self.orange, self.yellow)
        for name, line in zip(LEVELS, lines, strict=False):
            if not (0 <= line.probability <= 1 and 0 < line.share <= 1):
                raise ValueError(
                    f"level {name}: probability {line.probability} and share {line.share} must lie "
                    "between 0 and 1"
                )
        for (name, worse), (next_name, milder) in (
            (("red", self.red), ("orange", self.orange)),
            (("orange", self.orange), ("yellow", self.yellow)),
        ):
            if worse.probability < milder.probability or worse.share > milder.share:
                raise ValueError(
                    f"level {name} must be harder to reach than {next_name}: "
                    f"{tuple(worse)} against {tuple(milder)}"
                )
        if not 0 <= self.floor <= 1 or self.case_recent_days < 0 or self.under_case_limit < 0:
            raise ValueError(
                "floor must lie between 0 and 1, case_recent_days and under_case_limit at 0 or more"
            )
        if self.hold < 1 or not 0 <= self.random_share <= 0.5 or self.quiet_days < 0:
            raise ValueError(
                f"hold is {self.hold}, random_share {self.random_share}, quiet_days "
                f"{self.quiet_days}; expected at least 1, between 0 and 0.5, and at least 0"
            )
        numbers = self.inspectors.values() if isinstance(self.inspectors, Mapping) else ()
        least = min([*numbers, self.inspectors_a_visit - 1], default=0)
        if least < 0 or (isinstance(self.inspectors, int) and self.inspectors < 0):
            raise ValueError("inspectors must be 0 or more, inspectors_a_visit at least 1")

    def inspectors_of(self, district: str, inspections: int) -> int:
        """How many inspectors the district's lot is drawn among; never fewer than go together."""
        stated = self.inspectors
        if isinstance(stated, Mapping):
            stated = stated.get(district, stated.get("default", 0))
        return max(
            stated or math.ceil(inspections / INSPECTIONS_AN_INSPECTOR), self.inspectors_a_visit
        )

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any]) -> ListPolicy:
        """The policy a city writes under `model: list:` in city.yaml; what it leaves out stays.

        Keys are this class's; a level is `{probability: 0.5, share: 0.1}`, `inspectors` may be
        `{"440303": 6, default: 4}`. Raises ValueError that names an unknown key and the nearest.
        """
        given: dict[str, Any] = {}
        for key, value in settings.items():
            _check_key(key, [field.name for field in fields(cls)], "list")
            given[key] = value
            if key in LEVELS:
                line = value if isinstance(value, Mapping) else {"probability": value}
                for part, number in line.items():
                    _check_key(part, Line._fields, f"list.{key}")
                    _check_number(f"{key}.{part}", number, whole=False)
                given[key] = getattr(cls, key)._replace(**line)
            elif key == "inspectors" and isinstance(value, Mapping):
                for district, number in value.items():
                    _check_number(f"{key}.{district}", number, whole=True)
                given[key] = {str(district): number for district, number in value.items()}
            else:
                _check_number(key, value, whole=key in _WHOLE)
        return cls(**given)

    def meanings(self) -> dict[str, tuple[str, str]]:
        """What each level means, in Chinese and in English, with this policy's own figures."""
        return {
            "red": (
                f"优先现场检查：{_line_zh(self.red)}，且有本企业记录和至少两个部门的依据",
                f"inspect first: {_line_en(self.red)}, with a record of the firm's own and at "
                "least two departments behind it",
            ),
            "orange": (f"本周检查：{_line_zh(self.orange)}", f"this week: {_line_en(self.orange)}"),
            "yellow": (
                f"本周核实情况：{_line_zh(self.yellow)}",
                f"look into it this week: {_line_en(self.yellow)}",
            ),
            "blue": (
                "检查能力有余时关注：概率低于黄色",
                "if capacity is left: below the line of yellow",
            ),
        }


def _check_number(key: str, value: object, whole: bool) -> None:
    is_number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not is_number or value != value:  # NaN differs from itself
        kind = "whole number" if whole else "number"
        raise ValueError(f"list.{key} is {value!r}; a {kind} is expected")


def _check_key(key: str, known: Sequence[str], where: str) -> None:
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        hint = f" (did you mean '{near[0]}'?)" if near else ""
        raise ValueError(f"{where}: unknown key '{key}'{hint}; expected one of {', '.join(known)}")


_WHOLE = (
    "case_recent_days",
    "under_case_limit",
    "inspectors",
    "inspectors_a_visit",
    "quiet_days",
)


def level_of(
    probability: float, rank: int, size: int, reasons: Sequence[Reason], policy: ListPolicy
) -> str:
    """The level of the firm at `rank` of `size`: one of LEVELS.

    Red needs, beside its line, a record of the firm's own and two departments behind reasons that
    rest on a fact: never on exposure or on missing data alone.
    """
    level = "blue"
    for name, line in zip(LEVELS, (policy.red, policy.orange, policy.yellow), strict=False):
        # rounded first, so that 0.1 of 30 is 3 and not 4
        reach = math.ceil(round(line.share * size, 9))
        if probability >= line.probability and rank <= reach:
            level = name
            break
    if level == "red":
        facts = [reason for reason in reasons if reason.is_fact]
        if not any(reason.own for reason in facts) or len(departments(facts)) < 2:
            return "orange"
    return level


def _line_zh(line: Line) -> str:
    rank = "" if line.share == 1 else f"且名次在前 {line.share:.0%}"
    return f"概率不低于 {line.probability:.0%}{rank}"


def _line_en(line: Line) -> str:
    rank = "" if line.share == 1 else f" and among the first {line.share:.0%}"
    return f"a probability of at least {line.probability:.0%}{rank}"
