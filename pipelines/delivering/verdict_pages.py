"""Verdicts for a terminal, in Chinese or English: what is found, by which rule, from which records.

Good at 80 columns. A project default says so wherever it shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from conf.rule_pack import known_packs, load_pack
from pipelines.delivering.glossary import plain, state_words, table_words

Language = Literal["zh", "en"]
Names = Mapping[str, tuple[str, str]]

FAMILIES: Names = {
    "grade": ("等级", "Grades"),
    "cell": ("三类四级", "Risk and credit"),
    "list": ("名录（名单）", "Lists"),
    "points": ("信用扣分", "Points"),
    "dimension": ("三维信用", "Dimensions"),
    "composite": ("综合等级", "Composite grade"),
    "comparison": ("工商税务比对", "Registration beside tax"),
    "measure": ("可采取的措施", "Measures"),
    "notice": ("提示", "Notices"),
}
STANDINGS: Names = {
    "cited": ("有据", "cited"),
    "project default": ("项目默认，非法定", "project default, no law"),
}
RULES: Names = {
    "tax_retention": ("纳税信用D级保留", "Tax grade kept or barred"),
    "tax_spread": ("纳税信用D级连带", "Tax grade carried over"),
    "conflict": ("部门等级不一致", "Departments disagree"),
    "business_matrix": ("三类四级", "Risk by credit"),
    "composite": ("综合等级", "Composite grade"),
    "exit_control": ("阻止出境", "Exit control"),
    "escalation": ("在列过久", "Too long on a list"),
    "not_registered_with_tax": ("有登记无税务", "Registered, unknown to tax"),
    "no_valid_licence": ("有税务无有效执照", "Pays tax without a valid licence"),
    "details_disagree": ("登记事项不一致", "Details disagree"),
    "receipts_disagree": ("入库税额不符", "Receipts do not add up"),
}
"""The rules that every pack has; the others are named by the pack itself."""
RECORDS_SHOWN = 4


def verdicts_shown(
    verdicts: Sequence[Mapping[str, Any]],
    records: Sequence[Mapping[str, Any]],
    language: Language = "zh",
) -> RenderableType:
    """A subject's verdicts by family; nothing when there are none.

    `verdicts`: rows of the gold tables of verdicts; `records`: the records behind them.
    """
    if not verdicts:
        return Text("")
    behind: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        behind.setdefault(record["verdict_id"], []).append(record)
    names = rule_names(verdicts[0]["pack"])
    title = "规则判定" if language == "zh" else "Verdicts of the rules"
    told = f"\n{title} ({verdicts[0]['pack']} {verdicts[0]['pack_version']})"
    parts: list[RenderableType] = [Text(told, style="bold")]
    for family, family_names in FAMILIES.items():
        of_family = [row for row in verdicts if row["family"] == family]
        if of_family:
            parts.append(Text(f"\n{_in(language, family_names)}", style="bold cyan"))
        for row in sorted(of_family, key=lambda r: (r["rule"], r["value"] or "", r["verdict_id"])):
            parts += _verdict(row, behind.get(row["verdict_id"], []), names, language)
    return Group(*parts)


def rule_names(pack: str) -> dict[str, tuple[str, str]]:
    """The names of the rules of a pack in both languages; of one that is gone only the common."""
    names = dict(RULES)
    if pack not in known_packs():
        return names
    found = load_pack(pack)
    for rules in (
        found.grades.schemes,
        found.points.points,
        found.lists.lists,
        found.lists.situations,
        found.dimensions.dimensions,
        found.measures.measures,
        found.notices.notices,
    ):
        names |= {name: (rule.zh, rule.en) for name, rule in rules.items()}  # type: ignore[attr-defined]
    return names


def _verdict(
    row: Mapping[str, Any], records: Sequence[Mapping[str, Any]], names: Names, language: Language
) -> list[RenderableType]:
    rule = _in(language, names.get(row["rule"], (row["rule"], row["rule"])))
    value = _in(language, state_words(row["value"]))
    head = Text(f"{plain(rule)}{'：' if language == 'zh' else ': '}{value}", style="bold")
    head.append(f"  {_days(row, language)}", style="not bold dim")
    text = Text()
    said = row["sum_zh"] if language == "zh" else row["sum_en"]
    if said:
        text.append(f"{plain(said)}\n")
    text.append(
        _in(language, STANDINGS[row["standing"]]), style="green" if row["citation"] else "yellow"
    )
    if row["citation"]:
        text.append(f" {plain(row['citation'])}", style="dim")
    for record in records[:RECORDS_SHOWN]:
        table = _in(language, table_words(record["table_name"]))
        text.append(f"\n· {plain(record['source_dept'])} {table}\n  ", style="dim")
        text.append(plain(f"{record['file']}:{record['line']}"), style="cyan")
    rest = len(records) - RECORDS_SHOWN
    if rest > 0:
        text.append(f"\n· {_in(language, (f'其余 {rest} 条', f'{rest} more'))}", style="dim")
    return [Padding(head, (0, 0, 0, 2)), Padding(text, (0, 0, 0, 4))]


def _days(row: Mapping[str, Any], language: Language) -> str:
    start, end = row["holds_from"], row["holds_to"]
    if start is None and end is None:
        return ""
    zh = f"{start or '…'} 起" + (f"至 {end}" if end else "")
    return _in(language, (zh, f"from {start or '…'}" + (f" to {end}" if end else "")))


def _in(language: Language, names: tuple[str, str]) -> str:
    return names[0] if language == "zh" else names[1]
