"""Why a firm came on the list, stayed or left it, in words: Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.risk.facts import Change
from models.risk.levels import ListPolicy
from models.risk.ranking import NOT_LISTED
from models.risk.wording import FeatureWords, as_number, in_words, one_line, probability_words

CHANGES_NAMED = 3

_CAME = {
    "first_list": ("首期名单", "the first list"),
    "model": ("模型更换后重新排序", "ranked anew by another model"),
    "new_firm": ("上期名单时尚未登记在册", "not registered when the list before was made"),
    "case_over": ("办案程序已结束", "its case is over"),
    "rest_over": ("检查后的观察期已满", "its rest after an inspection is over"),
    "drawn": ("本周抽签抽中", "drawn by this week's lot"),
    "draw_over": ("上周抽签已过，按风险列入", "last week's lot is over, it is listed by its rank"),
    "under_case": ("已进入办案程序", "now under case"),
    "moved": ("所属区变更", "now of another district"),
    "place_freed": ("{by} 移出后空出名额", "takes the place that {by} left"),
    "lot": ("抽签占用的名额减少", "the lot has fewer of its district's places"),
    "capacity": ("本区可列入名额增加", "its district can list more firms"),
    "calendar": (
        "双方均无新情况，随时间推移超过 {by}",
        "nothing new of either: time alone carried it past {by}",
    ),
}
_LEFT = {
    "model": ("模型更换后重新排序", "ranked anew by another model"),
    "moved": ("所属区变更", "now of another district"),
    "floor": ("概率低于列入下限", "its probability fell below the floor of the list"),
    "displaced": ("有新情况的 {by} 排到其前", "{by}, of which something is new, has passed it"),
    "lot": ("抽签占用的名额增加", "the lot has more of its district's places"),
    "capacity": ("本区可列入名额减少", "its district can list fewer firms"),
    "calendar": (
        "双方均无新情况，随时间推移被 {by} 超过",
        "nothing new of either: time alone carried {by} past it",
    ),
}


def change_words(
    row: Mapping[str, Any], words: Mapping[str, FeatureWords], left: bool = False
) -> tuple[str, str]:
    """Why a row of `list_places.choose` came (or `left`); two empty texts where nothing changed.

    `words`: of the features, for those that changed.
    """
    cause = row.get("cause")
    if cause is None:
        return "", ""
    if cause == "own_fact":
        zh, en = changed_words(row["changed"], words, -1 if left else 1)
        return f"本企业有新情况：{zh}", f"something new of its own: {en}"
    zh, en = (_LEFT if left else _CAME)[cause]
    by = row.get("because_of") or ""
    return zh.format(by=by), en.format(by=by)


def changed_words(
    changed: Sequence[Change], words: Mapping[str, FeatureWords], leaning: int
) -> tuple[str, str]:
    """The changes that matter most, at most three: those that lean as the list moved come first."""
    told = sorted(
        (c for c in changed if c.feature in words),
        # what it did itself before what happened around it
        key=lambda c: (
            not words[c.feature].own,
            -_leans(c, words[c.feature]) * leaning,
            c.feature,
        ),
    )
    if not told:
        return "关联关系变化", "its relations changed"
    parts_zh, parts_en = [], []
    for change in told[:CHANGES_NAMED]:
        word = words[change.feature]
        (was_zh, was_en), (is_zh, is_en) = (
            in_words(v, word.unit) for v in (change.before, change.now)
        )
        parts_zh.append(f"{one_line(word.zh)} {was_zh}→{is_zh}")
        parts_en.append(f"{one_line(word.en)} {was_en} → {is_en}")
    more = len(changed) - len(parts_zh)
    more_zh, more_en = (f"等 {len(changed)} 项", f", {more} more") if more > 0 else ("", "")
    return "，".join(parts_zh) + more_zh, ", ".join(parts_en) + more_en


def cleared_words(
    row: Mapping[str, Any] | None,
    old: Mapping[str, Any],
    words: Mapping[str, FeatureWords],
    policy: ListPolicy,
) -> tuple[str, str]:
    """Why a firm of the list before stands under cleared. `row` None: it is not scored any more."""
    if row is None:
        return "本期登记资料中没有该主体", "no longer among the registered subjects"
    if row["case_stage"] is not None:
        return (
            f"已{row['case_stage']}（{row['case_date']}），不再占用检查名额",
            f"under case since {row['case_date']}, takes no place of the list",
        )
    if row["status"] in NOT_LISTED:
        return f"登记状态变为{row['status']}", f"registration status is now {row['status']}"
    if row.get("cause") == "inspected":
        day, days = row["inspected_date"], policy.quiet_days
        return (
            f"{day} 检查未发现问题，{days} 天内无新情况不再列入",
            f"inspected on {day} without a finding: not listed for {days} days unless something "
            "is new",
        )
    then, now = probability_words(old["probability"]), probability_words(row["probability"])
    moved_zh = f"概率由 {then} 变为 {now}"
    moved_en = f"probability went from {then} to {now}"
    why_zh, why_en = change_words(row, words, left=True)
    before_zh, before_en = (f"{why_zh}，", f"{why_en}, ") if why_zh else ("", "")
    return (
        f"{before_zh}{moved_zh}，本区现列第 {row['position']} 位，"
        f"本周检查能力 {row['inspections']} 家",
        f"{before_en}{moved_en}, now number {row['position']} of its district, which can inspect "
        f"{row['inspections']} this week",
    )


def _leans(change: Change, word: FeatureWords) -> float:
    """+1 when the change makes the firm riskier by the feature's own direction, -1 when safer."""
    was, now = as_number(change.before), as_number(change.now)
    if was is None or now is None or was == now:
        return 0.0
    return float(word.direction * (1 if now > was else -1))
