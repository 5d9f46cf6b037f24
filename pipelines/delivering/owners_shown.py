"""Who stands behind a firm, in a terminal, for `forewarn owners`. Good at 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from graphs.concert import CONCERT_GROUP
from graphs.family_tree import percent
from graphs.kinds import FIRM, PERSON
from pipelines.delivering.glossary import BANNER_EN, BANNER_ZH, plain, table_words
from pipelines.standing_behind import StandingBehind

OWNERS_SHOWN = 12
RECORDS_SHOWN = 3
HOPS_SHOWN = 20
MEMBERS_SHOWN = 12
SHORT_KEY = 8
_TINY = "<0.01%"

KIND_WORDS = {
    PERSON: ("自然人", "person"),
    CONCERT_GROUP: ("一致行动人", "acting in concert"),
    "address": ("住所", "address"),
    "phone": ("电话", "phone"),
    "agent": ("代办机构", "agent"),
}
SHAPE_WORDS = {
    "circle": ("循环持股", "circle of holdings"),
    "cross_holding": ("交叉持股", "cross holding"),
    "shell_chain": ("空壳链", "chain of shells"),
    "people_ring": ("同一批人、互无股权的企业", "shared people, no shared equity"),
    "front": ("同一代表人、互不相干的企业", "one representative of unrelated firms"),
    "proxy": ("代表人未持股、同一人在后", "one person behind representatives without a stake"),
    "crowd": ("同一住所、电话或代办机构", "one address, phone or agent"),
    "branch_burst": ("短期内集中设立分支机构", "burst of branches"),
    "rewiring": ("近一年股权、任职变动", "holdings and posts changed in a year"),
}
#: What the size of a shape counts, where it is not firms.
COUNTED = {"branch_burst": "个", "rewiring": "项"}
TIE_WORDS = {
    "holds": "持有",
    "held_by": "上级",
    "shares_person": "共同人员",
    "represented_by": "代表人",
    "run_by": "在后者",
    "shared_address": "住所",
    "shared_phone": "电话",
    "shared_agent": "代办机构",
    "ownership": "股权",
    "directorship": "任职",
    "branch": "分支机构",
}
CHANGE_WORDS = {"began": "新增", "ended": "终止"}


def owners_shown(behind: StandingBehind) -> RenderableType:
    """Control with every hop and record, ownership in shares, and the shapes of the firm."""
    name = behind.names.get(behind.subject_id, "（无名称）")
    head = Text(f"{plain(name)}\n", style="bold")
    head.append(f"{plain(behind.subject_id)} · 截至 {behind.run.as_of}", style="not bold dim")
    parts: list[RenderableType] = [Panel(head)]
    parts += _control(behind)
    parts += _ownership(behind)
    parts += _shapes(behind)
    parts.append(Text(f"\n{BANNER_ZH}\n{BANNER_EN}", style="bold red"))
    return Group(*parts)


def _control(behind: StandingBehind) -> list[RenderableType]:
    title = f"\n控制 Control（表决权超过 {percent(behind.threshold)}）"
    parts: list[RenderableType] = [Text(title, style="bold cyan")]
    rows = behind.paths.to_pylist()
    if not rows:
        return [*parts, Text("  无人控制 (nobody controls it)")]
    for top, of_top in _grouped(rows, "controller_kind", "controller"):
        parts.append(Text(f"  最终控制人 {_called(behind, *top)}", style="bold"))
        hops = _grouped(of_top, "hop", "holder_kind", "holder", "held", "share", "concert_group")
        for hop, records in hops[:HOPS_SHOWN]:
            parts += _hop(behind, hop, records)
        parts += _more(len(hops) - HOPS_SHOWN, 3)
    return parts


def _hop(
    behind: StandingBehind, hop: tuple[Any, ...], records: list[Mapping[str, Any]]
) -> list[RenderableType]:
    number, kind, holder, held, share, group = hop
    line = Text(_called(behind, kind, holder))
    if group is not None:
        line.append(f"（{plain(group)}）", style="dim")
    line.append(f" ─{_percent(share)}→ ", style="bold")
    line.append(_called(behind, FIRM, held))
    lines: list[RenderableType] = [_hanging(3, f"{number}.", line)]
    counted = sorted(records, key=lambda row: not row["is_counted"])
    for row in counted[:RECORDS_SHOWN]:
        stated = "分支机构" if row["ratio"] is None else _percent(row["ratio"])
        text = Text(f"{table_words(row['table_name'] or '')[0]} {stated}", style="dim")
        text.append(f" {row['valid_from'] or ''}", style="dim")
        text.append("" if row["is_counted"] else " 未计入", style="yellow")
        if row["file"]:
            text.append(f"\n{plain(row['file'])}:{row['line']}", style="cyan")
        lines.append(_hanging(6, "·", text))
    return lines + _more(len(counted) - RECORDS_SHOWN, 6)


def _ownership(behind: StandingBehind) -> list[RenderableType]:
    title = "\n穿透所有权 Integrated ownership（循环已解）"
    parts: list[RenderableType] = [Text(title, style="bold cyan")]
    rows = behind.owners.to_pylist()
    for row in rows[:OWNERS_SHOWN]:
        called = Text(_called(behind, row["owner_kind"], row["owner_id"]))
        parts.append(_hanging(2, _in_column(row["share"]), called))
    parts += _more(len(rows) - OWNERS_SHOWN, 2)
    for share, words in (
        (behind.unrecorded, "无记录可循 (no recorded way)"),
        (behind.too_small, "小股东合计 (owners below 0.1%)"),
    ):
        if round(share, 6) > 0:
            parts.append(_hanging(2, _in_column(share), Text(words, style="dim")))
    return parts


def _shapes(behind: StandingBehind) -> list[RenderableType]:
    parts: list[RenderableType] = [Text("\n关系形态 Shapes", style="bold cyan")]
    found = _grouped(behind.shapes.to_pylist(), "shape", "shape_id", "size")
    if not found:
        return [*parts, Text("  无 (none)")]
    for (shape, shape_id, size), rows in found:
        zh, en = SHAPE_WORDS[shape]
        title = Text(f"{zh}（{size}{COUNTED.get(shape, '家')}）{en}", style="bold")
        title.append(f" {shape_id}", style="not bold dim")
        parts.append(_hanging(2, "", title))
        own_first = sorted(rows, key=lambda row: row["subject_id"] != behind.subject_id)
        parts += [_hanging(4, "·", _member(behind, row)) for row in own_first[:MEMBERS_SHOWN]]
        parts += _more(len(rows) - MEMBERS_SHOWN, 4)
    parts.append(Text("  有这些形态的多为正常企业 (most firms with them are honest)", style="dim"))
    return parts


def _member(behind: StandingBehind, row: Mapping[str, Any]) -> Text:
    line = Text(_called(behind, FIRM, row["subject_id"]))
    if row["other_id"] is not None:
        tie = TIE_WORDS[row["tie"]]
        # a phone that ties by the phone is said once
        repeated = row["other_kind"] in KIND_WORDS and KIND_WORDS[row["other_kind"]][0] == tie
        line.append(" " if repeated else f" {tie} ", style="dim")
        line.append(_called(behind, row["other_kind"], row["other_id"]))
    if row["share"] is not None:
        line.append(f" {_percent(row['share'])}", style="bold")
    if row["change"] is not None:
        line.append(f" {row['day']}{CHANGE_WORDS[row['change']]}", style="dim")
    return line


def _percent(share: float) -> str:
    """A share of 1 as per cent with two digits at most; what is less than they show says so."""
    return _TINY if 0 < share < 0.0001 else percent(round(share, 4))


def _in_column(share: float) -> str:
    """The same for a column of shares: the points stand below each other."""
    return f"{_TINY if 0 < share < 0.0001 else f'{share:.2%}':>7} "


def _hanging(indent: int, mark: str, text: Text) -> RenderableType:
    """A text behind its mark, `indent` cells from the left on every line that it takes."""
    line = Table.grid(padding=(0, 1, 0, 0) if mark else 0)
    if mark:
        line.add_column(no_wrap=True)
    line.add_column(overflow="fold")
    line.add_row(mark, text) if mark else line.add_row(text)
    return Padding(line, (0, 0, 0, indent))


def _called(behind: StandingBehind, kind: str, name: str) -> str:
    """A firm by its name and id, a person by the start of a hash; nobody by an address or phone."""
    if kind == FIRM:
        registered = behind.names.get(name)
        return f"{plain(registered)} {plain(name)}" if registered else plain(name)
    zh = KIND_WORDS[kind][0]
    return f"{zh} {plain(name)}" if kind == CONCERT_GROUP else f"{zh} {plain(name)[:SHORT_KEY]}"


def _more(rest: int, indent: int) -> list[RenderableType]:
    told = Text(f"其余 {rest} 条 ({rest} more)", style="dim")
    return [Padding(told, (0, 0, 0, indent))] if rest > 0 else []


def _grouped(
    rows: Iterable[Mapping[str, Any]], *columns: str
) -> list[tuple[tuple[Any, ...], list[Mapping[str, Any]]]]:
    """The rows by the values of the columns, in the order in which they first come."""
    found: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in columns), []).append(row)
    return list(found.items())
