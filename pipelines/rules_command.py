"""`forewarn rules`: the packs there are, and one day judged by two of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from conf.rule_pack import (
    KINDS,
    ParameterChange,
    RulePack,
    known_packs,
    load_pack,
    parameter_changes,
    sourced,
)
from conf.use_policy import load_use_policy
from models.grading.use_policy import contradictions
from pipelines.assembling import known_lake
from pipelines.delivering.glossary import plain, state_words
from pipelines.delivering.verdict_pages import FAMILIES
from pipelines.judging import at_hand, judge, kept_aside
from pipelines.reader import open_lake

KINDS_OF: Mapping[str, tuple[str, ...]] = {
    "grade": ("grades", "tax_grade"),
    "cell": ("business_matrix", "grades"),
    "list": ("lists", "points"),
    "points": ("points",),
    "dimension": ("dimensions",),
    "composite": ("dimensions", "grades", "tax_grade"),
    "comparison": ("tax_comparison",),
    "measure": tuple(KINDS),
    "notice": ("notices", "lists", "grades"),
}
"""Which files of a pack can change the verdicts of a family."""
SHOWN = 20
_SAID = ("value", "severity", "holds_from", "holds_to")


def packs_shown() -> RenderableType:
    """Every pack: its days, its version, how many of its rules are cited and how many are not."""
    table = Table(title="规则包 Rule packs", title_justify="left")
    for name in ("pack", "名称 name", "days in force", "cited", "project default", "version"):
        table.add_column(name, overflow="fold", no_wrap=name == "pack")
    for name in known_packs():
        pack = load_pack(name)
        of = Counter(r.source for kind in KINDS for _, r in sourced(getattr(pack, kind)))
        days = f"{pack.effective_from}\n{pack.effective_to or '…'}"
        table.add_row(name, f"{pack.zh}\n{pack.en}", days, str(of["cited"]),
                      str(of["project default"]), pack.version)  # fmt: skip
    return table


def policy_contradictions() -> RenderableType:
    """The departments whose answers do not fit one another, in both languages."""
    policy = load_use_policy()
    found = contradictions(policy)
    parts = [Text(policy.title, style="bold")]
    parts += [Text(f"  ✗ {one.zh}\n    {one.en}") for one in found]
    if not found:
        parts.append(Text("  各部门的答复相互一致 (no answer contradicts another)"))
    return Group(*parts)


def packs_compared(
    one: str, two: str, lake: Path, as_of: date | None, subject: str | None
) -> RenderableType:
    """The same day judged by two packs, and what they say differently, with the rule that changed.

    Raises `ConfError` for an unknown pack, `LakeError` for a lake or a date without a list.
    """
    first, second = load_pack(one), load_pack(two)
    with open_lake(lake) as city:
        day = city.run(as_of).as_of
        with kept_aside(city.lake.spark) as aside:
            known = at_hand(known_lake(city.lake, day), aside)
            before = _verdicts(known, first, day, subject)
            after = _verdicts(known, second, day, subject)
    return _shown(first, second, day, differing(before, after))


def _verdicts(known: Mapping[str, Any], pack: RulePack, day: date, subject: str | None) -> pa.Table:
    with kept_aside(next(iter(known.values())).sparkSession) as keep:
        found = judge(known, pack, day, keep, keep).verdicts()
        if subject is not None:
            found = found.where(found.subject_id == subject)
        return found.toArrow()


def differing(
    before: pa.Table, after: pa.Table
) -> list[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """The verdicts (by id) that only one side has, or that say something else; sorted."""
    ones = {row["verdict_id"]: row for row in before.to_pylist()}
    twos = {row["verdict_id"]: row for row in after.to_pylist()}
    pairs = [(ones.get(key), twos.get(key)) for key in ones.keys() | twos.keys()]
    unlike = [p for p in pairs if p[0] is None or p[1] is None
              or any(p[0][n] != p[1][n] for n in _SAID)]  # fmt: skip
    return sorted(unlike, key=lambda p: tuple(
        str((p[0] or p[1] or {})[n]) for n in ("family", "rule", "subject_id", "verdict_id")
    ))  # fmt: skip


def _shown(one: RulePack, two: RulePack, day: date, pairs: list[Any]) -> RenderableType:
    head = Text(f"{one.name} → {two.name}，{day}：{len(pairs)} 条判定不同 verdicts differ\n",
                style="bold")  # fmt: skip
    parts: list[RenderableType] = [head]
    changes = parameter_changes(one, two)
    for family, (zh, en) in FAMILIES.items():
        here = [p for p in pairs if (p[0] or p[1])["family"] == family]
        if not here:
            continue
        parts.append(Text(f"{zh} {en}: {len(here)}", style="bold cyan"))
        told = changes_told([c for c in changes if c.kind in KINDS_OF[family]])
        parts += [Text(f"  因 because {line}", style="yellow") for line in told]
        for before, after in here[:SHOWN]:
            row = before or after
            text = Text(f"  {plain(row['subject_id'])} {plain(row['rule'])}: ")
            text.append(f"{_said(before)} → {_said(after)}")
            if after and after["sum_zh"]:
                text.append(f"\n      {plain(after['sum_zh'])}", style="dim")
            parts.append(text)
        if len(here) > SHOWN:
            parts.append(Text(f"  … {len(here) - SHOWN} more (--subject ID)", style="dim"))
    if not pairs:
        parts.append(Text("两个规则包在这一天的判定完全相同 (the packs agree on every subject)"))
    return Group(*parts)


def changes_told(changes: Sequence[ParameterChange]) -> list[str]:
    """A line a change; a rule that is new or gone as a whole is one line."""
    rules: dict[str, list[ParameterChange]] = {}
    for change in changes:
        rules.setdefault(".".join([change.kind, *change.place.split(".")[:2]]), []).append(change)
    lines = []
    for rule, inside in rules.items():
        if len(inside) > 1 and all(change.before == "—" for change in inside):
            lines.append(f"+ {rule}")
        elif len(inside) > 1 and all(change.after == "—" for change in inside):
            lines.append(f"− {rule}")
        else:
            lines += [f"{c.kind}.{c.place}: {c.before or '—'} → {c.after or '—'}" for c in inside]
    return lines


def _said(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "—"
    days = f"（{row['holds_from'] or '…'} 至 {row['holds_to'] or '…'}）"
    return f"{state_words(row['value'])[0]}{days}"
