"""What would lower a firm's risk: the smallest corrections that bring it below its level.

A plan is one to three corrections (`conf/corrections.yaml`) made together. What it would do was
found by scoring the firm again with the corrected features (`features.corrected`), never by a guess
from the contributions. First every correction is tried alone. Where none is enough, the four that
do most are tried in twos and threes. Of the plans that are enough the smallest are told, at most
three; where none is, the one that does most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pyarrow as pa

from conf.correction import Correction
from models.risk.inspections import odds
from models.risk.levels import LEVEL_WORDS, LEVELS, ListPolicy, level_of
from models.risk.reasons import Reason
from models.risk.wording import FeatureWords, in_words, one_line, probability_words

PLANS_A_FIRM = 3
TOGETHER = 3
TRIED_TOGETHER = 4
LEAST_EFFECT = 0.99
"""A plan after which the odds are more than this part of what they were does nothing."""
PLUS = "+"

COUNTERFACTUALS_SCHEMA = pa.schema(
    [
        ("run_id", pa.string()),
        ("as_of", pa.date32()),
        ("subject_id", pa.string()),
        ("place", pa.int32()),
        ("corrections", pa.string()),
        ("features", pa.string()),
        ("value_before", pa.string()),
        ("value_after", pa.string()),
        ("probability_before", pa.float64()),
        ("probability_after", pa.float64()),
        ("level_before", pa.string()),
        ("level_after", pa.string()),
        ("leaves_list", pa.bool_()),
        ("enough", pa.bool_()),
        ("sentence_zh", pa.string()),
        ("sentence_en", pa.string()),
    ]
)


@dataclass(frozen=True)
class Standing:
    """Where a listed firm stands, as far as a lower score would move it.

    `rank` of `size` in the city; `margins` of all listed firms; `next_odds` of the firm that waits
    for a place in its district (None: nobody waits).
    """

    subject_id: str
    probability: float
    rank: int
    margins: Sequence[float]
    next_odds: float | None
    reasons: Sequence[Reason]
    values: Mapping[str, Any]

    def level(self, probability: float, margin: float | None, policy: ListPolicy) -> str:
        """The level at another score; every other firm stays where it is. None: as it is."""
        rank, size = self.rank, len(self.margins)
        if margin is not None:
            rank = max(rank, sum(other > margin for other in self.margins))
        return level_of(probability, rank, size, self.reasons, policy)


@dataclass(frozen=True)
class Scored:
    """What a plan would do to a firm: its score and its features afterwards."""

    subject_id: str
    plan: str
    probability: float
    margin: float
    values: Mapping[str, Any]

    @property
    def corrections(self) -> tuple[str, ...]:
        """The names of the corrections."""
        return tuple(self.plan.split(PLUS))


def plans_alone(offered: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """subject_id, plan: nothing put right, and each correction that can be offered, alone."""
    return [(s, plan) for s, names in sorted(offered.items()) for plan in ("", *sorted(names))]


def plans_together(
    alone: Iterable[Scored], standing: Mapping[str, Standing], policy: ListPolicy
) -> list[tuple[str, str]]:
    """subject_id, plan: twos and threes for the firms whom no correction alone brings far enough."""
    by_firm: dict[str, list[Scored]] = defaultdict(list)
    for one in alone:
        if _helps(one, standing[one.subject_id]):
            by_firm[one.subject_id].append(one)
    wanted = []
    for subject in sorted(by_firm):
        best = sorted(by_firm[subject], key=_most)[:TRIED_TOGETHER]
        if any(_is_enough(one, standing[subject], policy) for one in best):
            continue
        names = sorted(one.plan for one in best)
        wanted += [
            (subject, PLUS.join(together))
            for size in range(2, TOGETHER + 1)
            for together in combinations(names, size)
        ]
    return wanted


def counterfactuals(
    scored: Iterable[Scored],
    standing: Mapping[str, Standing],
    corrections: Sequence[Correction],
    words: Mapping[str, FeatureWords],
    policy: ListPolicy,
) -> pa.Table:
    """What each firm is told: COUNTERFACTUALS_SCHEMA without `run_id` and `as_of`.

    `scored`: all plans that were tried, in any order. `place` 1 is the smallest plan, of equal size
    the one that does more. `enough`: it brings the firm below its level, or off the list.
    """
    known = {correction.name: correction for correction in corrections}
    by_firm: dict[str, list[Scored]] = defaultdict(list)
    for one in scored:
        if one.plan and _helps(one, standing[one.subject_id]):
            by_firm[one.subject_id].append(one)
    rows = []
    for subject in sorted(by_firm):
        firm = standing[subject]
        for place, one in enumerate(_told(by_firm[subject], firm, policy), start=1):
            made = [known[name] for name in one.corrections]
            rows.append({"place": place, **_row(one, firm, made, words, policy)})
    fields = [f for f in COUNTERFACTUALS_SCHEMA if f.name not in ("run_id", "as_of")]
    return pa.Table.from_pylist(rows, pa.schema(fields))


def _told(plans: Sequence[Scored], firm: Standing, policy: ListPolicy) -> list[Scored]:
    enough = [one for one in plans if _is_enough(one, firm, policy)]
    if not enough:
        return sorted(plans, key=_most)[:1]
    least = min(len(one.corrections) for one in enough)
    return sorted((p for p in enough if len(p.corrections) == least), key=_most)[:PLANS_A_FIRM]


def _helps(one: Scored, firm: Standing) -> bool:
    return odds(one.probability) < LEAST_EFFECT * odds(firm.probability)


def _most(one: Scored) -> tuple[float, int, str]:
    return (one.margin, len(one.corrections), one.plan)


def _leaves(one: Scored, firm: Standing, policy: ListPolicy) -> bool:
    # what it put right is a new fact that speaks for it: it is held no longer
    passed = firm.next_odds is not None and odds(one.probability) < firm.next_odds
    return passed or one.probability < policy.floor


def _is_enough(one: Scored, firm: Standing, policy: ListPolicy) -> bool:
    now = LEVELS.index(firm.level(firm.probability, None, policy))
    then = LEVELS.index(firm.level(one.probability, one.margin, policy))
    return then > now or _leaves(one, firm, policy)


def _row(
    one: Scored,
    firm: Standing,
    made: Sequence[Correction],
    words: Mapping[str, FeatureWords],
    policy: ListPolicy,
) -> dict[str, Any]:
    names = [name for correction in made for name in correction.features]
    shown = [
        name
        for name in dict.fromkeys(names)
        if name in words and firm.values.get(name) != one.values.get(name)
    ]
    before = firm.level(firm.probability, None, policy)
    after = firm.level(one.probability, one.margin, policy)
    enough = _is_enough(one, firm, policy)
    values = [
        [in_words(values.get(name), words[name].unit) for name in shown]
        for values in (firm.values, one.values)
    ]
    sentence_zh, sentence_en = _sentences(one, firm, made, _moves(shown, values, words))
    end_zh, end_en = _end(before, after, _leaves(one, firm, policy), enough)
    return {
        "subject_id": one.subject_id,
        "corrections": ",".join(one.corrections),
        "features": ",".join(shown),
        "value_before": ",".join(zh.replace(",", "") for zh, _ in values[0]),
        "value_after": ",".join(zh.replace(",", "") for zh, _ in values[1]),
        "probability_before": firm.probability,
        "probability_after": one.probability,
        "level_before": before,
        "level_after": after,
        "leaves_list": _leaves(one, firm, policy),
        "enough": enough,
        "sentence_zh": sentence_zh + end_zh,
        "sentence_en": sentence_en + end_en,
    }


def _moves(
    shown: Sequence[str],
    values: Sequence[Sequence[tuple[str, str]]],
    words: Mapping[str, FeatureWords],
) -> tuple[str, str]:
    moves = [
        (f"{one_line(words[n].zh)} {a[0]}→{b[0]}", f"{one_line(words[n].en)} {a[1]} → {b[1]}")
        for n, a, b in zip(shown, *values, strict=True)
    ]
    if not moves:
        return "", ""
    return f"（{'，'.join(zh for zh, _ in moves)}）", f" ({', '.join(en for _, en in moves)})"


def _sentences(
    one: Scored, firm: Standing, made: Sequence[Correction], moves: tuple[str, str]
) -> tuple[str, str]:
    zh = "并".join(correction.zh for correction in made)
    en = " and ".join(correction.en for correction in made)
    now, then = probability_words(firm.probability), probability_words(one.probability)
    return (
        f"若{zh}{moves[0]}，概率由 {now} 降至 {then}",
        f"were it to {en}{moves[1]}, the probability would go from {now} to {then}",
    )


def _end(before: str, after: str, leaves: bool, enough: bool) -> tuple[str, str]:
    (was_zh, was_en), (is_zh, is_en) = LEVEL_WORDS[before], LEVEL_WORDS[after]
    if leaves:
        return "，不再列入名单", ", and it would leave the list"
    if enough:
        return f"，等级由{was_zh}降为{is_zh}", f", and the level from {was_en} to {is_en}"
    return (
        f"，仍为{was_zh}（所试可改正事项中降幅最大）",
        f", still {was_en} (the most of what was tried)",
    )
