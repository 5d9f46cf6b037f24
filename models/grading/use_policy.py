"""Whether the departments' answers fit: 'internal only' must be 'not shared' and 'not published'."""

from __future__ import annotations

from dataclasses import dataclass

from conf.use_policy import Answers, UsePolicy


@dataclass(frozen=True)
class Contradiction:
    """A department whose answers contradict one another.

    `internal_only`: whether it is listed as using its information internally only. `follows`:
    whether that follows from its other two answers. `zh`, `en`: the contradiction in words.
    """

    department: str
    internal_only: bool
    follows: bool
    zh: str
    en: str


def contradictions(policy: UsePolicy) -> tuple[Contradiction, ...]:
    """Every department that contradicts itself, in the order of the policy.

    The departments that the policy does not name answer alike, and are told as one ('其他部门').
    """
    answers = dict(policy.departments)
    if policy.departments_in_all > len(policy.departments):
        answers["其他部门"] = policy.others
    return tuple(
        _contradiction(department, given)
        for department, given in answers.items()
        if given.internal_only != _follows(given)
    )


def _follows(given: Answers) -> bool:
    return not given.shared and not given.published


def _contradiction(department: str, given: Answers) -> Contradiction:
    if given.internal_only:
        uses = [("共享", "shares"), ("公示", "publishes")]
        told = [u for u, used in zip(uses, (given.shared, given.published), strict=True) if used]
        zh = f"{department}列为仅内部使用，但又{'并'.join(u[0] for u in told)}"
        en = f"{department} is listed as internal only, yet {' and '.join(u[1] for u in told)}"
    else:
        zh = f"{department}既不共享也不公示，应为仅内部使用，但未列入"
        en = f"{department} neither shares nor publishes: internal only, but is not listed so"
    return Contradiction(department, given.internal_only, _follows(given), zh, en)
