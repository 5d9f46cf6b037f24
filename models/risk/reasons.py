"""Why a firm stands on the list: contributions of the model turned into sentences with records.

A *reason* is one theme of the model's judgement on one firm: the window variants of a feature
(30, 90, 365 days) are one reason, spoken by the variant that weighs most. A sentence is the
feature's own name, the firm's own number and what stands behind it; Chinese first, English second.
Only what raises the firm's score becomes a reason. A reason without a record of its own (an
exposure computed from the graph, a missing value) says so in words.

Everything here is pure and ordered: the same rows in any order give the same reasons.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from models.risk.wording import FeatureWords, as_number, is_missing, one_line, said

REASONS_A_FIRM = 5
CANDIDATES_A_FIRM = 10
DEPARTMENTS_NAMED = 3

Elements = Callable[[str], Sequence[str]]
"""The statutory elements that a feature speaks for, by its name; often none."""


def no_elements(feature: str) -> tuple[str, ...]:
    """Elements for whom they are not told: none."""
    return ()


@dataclass(frozen=True)
class Record:
    """One line of one delivery: where a fact was read."""

    file: str
    line: int
    table_name: str
    source: str
    source_dept: str
    source_record_id: str | None
    event_date: date | None
    known_at: date | None


@dataclass(frozen=True)
class Reason:
    """One reason of one firm.

    `value` is the value of `feature`; `contribution` the theme's sum on the model's margin;
    `own` whether its records tell of something the firm did or is: False for what is computed from
    its relations, for missing data, and where nothing happened (what is attached then is at most
    its registration). `records` newest first. `elements`: the statutory elements it speaks for.
    """

    subject_id: str
    theme: str
    feature: str
    value: float | str | None
    contribution: float
    sentence_zh: str
    sentence_en: str
    own: bool
    records: tuple[Record, ...]
    elements: tuple[str, ...] = ()
    hollow: bool = False

    @property
    def is_fact(self) -> bool:
        """Whether a record tells of something that is so: neither missing data nor nothing at all."""
        return bool(self.records) and self.value is not None and not self.hollow


def leading_features(
    contributions: Iterable[Mapping[str, Any]],
    texts: Mapping[str, FeatureWords],
    limit: int = CANDIDATES_A_FIRM,
    elements: Elements = no_elements,
) -> dict[str, tuple[str, ...]]:
    """Of each firm the features whose records are worth looking up, heaviest theme first.

    More than a firm is shown, so that a reason with a record can step in for one without; and of
    every statutory element its heaviest, so that "no evidence" is said of none that has some.
    `contributions` as in `reasons`.
    """
    return {
        subject_id: tuple(leader.feature for leader in _candidates(themes, limit, elements))
        for subject_id, themes in _themes(contributions, texts).items()
    }


def reasons(
    contributions: Iterable[Mapping[str, Any]],
    texts: Mapping[str, FeatureWords],
    records: Iterable[Mapping[str, Any]],
    limit: int = REASONS_A_FIRM,
    elements: Elements = no_elements,
    ends: Mapping[tuple[str, str], tuple[str, str]] | None = None,
) -> dict[str, tuple[Reason, ...]]:
    """The reasons of each firm, heaviest first, at most `limit` and one more an element.

    `contributions`: rows of subject_id, feature, value (number, text or None), contribution (on
    the model's margin). `texts`: the words of every feature that contributes. `records`: rows of
    subject_id, feature, table_name, source, source_dept, source_record_id, file, line, event_date,
    known_at, as `features.evidence` finds them. `ends`: what more is said of a firm's feature, by
    subject_id and feature, in Chinese and in English; it comes before the records.

    A theme whose contributions sum to nothing or less is no reason; one that says that nothing
    happened (0 where more is riskier) stands behind all others. When none of the first `limit`
    themes has a record and a later one has, that one takes the last place: an inspector needs
    something to open. An element none of them has evidence for gets its heaviest reason that has,
    behind them. Raises ValueError for a feature nobody described and for a contribution
    that is no number.
    """
    found: dict[tuple[str, str], set[Record]] = defaultdict(set)
    for row in records:
        found[row["subject_id"], row["feature"]].add(record_of(row))
    result = {}
    for subject_id, themes in _themes(contributions, texts).items():
        spoken = [
            _spoken(
                leader,
                texts[leader.feature],
                found[subject_id, leader.feature],
                subject_id,
                elements,
                (ends or {}).get((subject_id, leader.feature), ("", "")),
            )
            for leader in _candidates(themes, CANDIDATES_A_FIRM, elements)
        ]
        result[subject_id] = _shown(spoken, limit)
    return result


def record_of(row: Mapping[str, Any]) -> Record:
    """A `Record` from a row that carries the system columns of a silver table."""
    return Record(
        file=row["file"],
        line=int(row["line"]),
        table_name=row["table_name"],
        source=row["source"],
        source_dept=row["source_dept"],
        source_record_id=row.get("source_record_id"),
        event_date=row.get("event_date"),
        known_at=row.get("known_at"),
    )


def departments(said: Iterable[Reason]) -> set[str]:
    """The departments whose records stand behind these reasons."""
    return {record.source_dept for reason in said for record in reason.records}


def backed_elements(said: Iterable[Reason]) -> list[str]:
    """The elements that these reasons have evidence for: a record that tells of a fact. Sorted."""
    return sorted({name for reason in said if reason.is_fact for name in reason.elements})


def newest_first(records: Iterable[Record]) -> tuple[Record, ...]:
    """Records by event date, newest first (undated last), then by file and line."""
    by_place = sorted(records, key=lambda record: (record.file, record.line, record.table_name))
    return tuple(
        sorted(by_place, key=lambda record: record.event_date or date.min, reverse=True),
    )


def behind(records: Sequence[Record], own: bool, missing: bool) -> tuple[str, str]:
    """The words for what stands behind a reason: departments and records, or that there are none.

    Two sentences' ends, Chinese and English, in brackets. The records are those kept as evidence,
    which may be fewer than were counted.
    """
    if not records:
        if missing:
            return "（资料缺失，没有对应记录）", " (data missing, no record behind it)"
        if not own:
            return (
                "（由关联关系推算，没有单条记录）",
                " (computed from relations, no single record behind it)",
            )
        return "（未找到对应的单条记录）", " (no single record found behind it)"
    named = sorted({one_line(record.source_dept) for record in records})
    named_zh = "、".join(named[:DEPARTMENTS_NAMED])
    named_en = ", ".join(named[:DEPARTMENTS_NAMED])
    if len(named) > DEPARTMENTS_NAMED:
        named_zh += "等"
        named_en += " and others"
    if len(named) > 1:
        named_zh += f" {len(named)} 个部门"
        named_en += f", {len(named)} departments"
    lines = len(records)
    source_zh, source_en = "", ""
    if missing:
        source_zh, source_en = "资料缺失，仅附：", "data missing, only: "
    elif not own:
        source_zh, source_en = "关联关系，", "by relation, "
    plural = "record" if lines == 1 else "records"
    return (
        f"（{source_zh}{named_zh}，依据 {lines} 条）",
        f" ({source_en}{named_en}, {lines} {plural} attached)",
    )


@dataclass(frozen=True)
class _Leader:
    """A theme of one firm, spoken for by its heaviest variant."""

    theme: str
    feature: str
    value: float | str | None
    contribution: float
    hollow: bool  # nothing happened where happening is the risk: true, but hardly a reason


def _themes(
    contributions: Iterable[Mapping[str, Any]], texts: Mapping[str, FeatureWords]
) -> dict[str, list[_Leader]]:
    variants: dict[str, dict[str, list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in contributions:
        text = texts.get(row["feature"])
        if text is None:
            raise ValueError(
                f"feature '{row['feature']}' contributes to {row['subject_id']} but has no words: "
                "give it zh, en and unit where it is declared"
            )
        if not math.isfinite(row["contribution"]):
            raise ValueError(
                f"the contribution of '{row['feature']}' to {row['subject_id']} is "
                f"{row['contribution']}; a finite number is expected"
            )
        variants[row["subject_id"]][text.theme].append(row)
    result = {}
    for subject_id in sorted(variants):
        leaders = [_leader(theme, rows, texts) for theme, rows in variants[subject_id].items()]
        raising = [leader for leader in leaders if leader.contribution > 0]
        result[subject_id] = sorted(
            raising, key=lambda one: (one.hollow, -one.contribution, one.theme)
        )
    return result


def _leader(
    theme: str, rows: Sequence[Mapping[str, Any]], texts: Mapping[str, FeatureWords]
) -> _Leader:
    heaviest = min(rows, key=lambda row: (-row["contribution"], row["feature"]))
    # fsum is exact, so the sum does not depend on the order of the rows
    total = math.fsum(row["contribution"] for row in rows)
    value = None if is_missing(heaviest["value"]) else heaviest["value"]
    hollow = texts[heaviest["feature"]].direction > 0 and as_number(value) == 0
    return _Leader(theme, heaviest["feature"], value, total, hollow)


def _candidates(themes: Sequence[_Leader], limit: int, elements: Elements) -> list[_Leader]:
    """The heaviest themes, and of every element the two heaviest that tell of a fact."""
    chosen = list(themes[:limit])
    spoken_for: Counter[str] = Counter()
    for leader in themes:
        names = () if leader.hollow or leader.value is None else elements(leader.feature)
        if any(spoken_for[name] < 2 for name in names) and leader not in chosen:
            chosen.append(leader)
        spoken_for.update(names)
    return chosen


def _spoken(
    leader: _Leader,
    text: FeatureWords,
    records: Iterable[Record],
    subject_id: str,
    elements: Elements,
    more: tuple[str, str],
) -> Reason:
    ordered = newest_first(records)
    end_zh, end_en = behind(ordered, text.own, missing=leader.value is None)
    said_zh, said_en = said(text, leader.value)
    hollow = leader.hollow or _counts_nothing(leader, text, ordered)
    return Reason(
        subject_id=subject_id,
        theme=leader.theme,
        feature=leader.feature,
        value=leader.value,
        contribution=leader.contribution,
        sentence_zh=said_zh + more[0] + end_zh,
        sentence_en=said_en + more[1] + end_en,
        own=text.own and leader.value is not None and not hollow,
        records=ordered,
        elements=tuple(elements(leader.feature)),
        hollow=hollow,
    )


def _counts_nothing(leader: _Leader, text: FeatureWords, records: Sequence[Record]) -> bool:
    """Whether nothing was counted, such as no permit: the registration beside it tells of nothing."""
    counted = text.unit == "count" and as_number(leader.value) == 0
    return counted and all(record.table_name == "registration" for record in records)


def _shown(spoken: Sequence[Reason], limit: int) -> tuple[Reason, ...]:
    shown = list(spoken[:limit])
    if shown and not any(reason.records for reason in shown):
        backed = next((reason for reason in spoken[limit:] if reason.records), None)
        if backed is not None:
            shown[-1] = backed
    for reason in spoken[limit:]:
        if reason.is_fact and not set(reason.elements) <= set(backed_elements(shown)):
            shown.append(reason)
    return tuple(shown)
