"""The list and one firm's explanation in a terminal, for `forewarn show` and `forewarn explain`.

Good at 80 columns. Everything a firm or a department wrote is printed as plain text, never as
markup or as a control sequence.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from models.risk.contributions import BASE
from models.risk.path_words import EDGE_WORDS, NODE_WORDS
from models.risk.wording import FeatureWords, as_number, in_words, probability_words
from pipelines.delivering.firms_shown import FirmShown, ReasonShown
from pipelines.delivering.glossary import (
    BANNER_EN,
    BANNER_ZH,
    DRAWN_MEANING,
    LEVEL_NAMES,
    WITHHELD,
    plain,
)
from pipelines.delivering.pages import (
    ListPage,
    Rows,
    RunFacts,
    district_page,
    districts_of,
    list_page,
)
from pipelines.delivering.verdict_pages import Language, verdicts_shown
from pipelines.refusals import RefusalError

STYLES = {"red": "bold red", "orange": "dark_orange", "yellow": "yellow", "blue": "blue"}
RECORDS_SHOWN = 6
WEIGHTS_SHOWN = 12


def warning_table(
    run: Any,
    warnings: Rows,
    top: int = 20,
    district: str | None = None,
    facts: RunFacts | None = None,
) -> RenderableType:
    """The first `top` firms of a list, and the firms that left it.

    `run`: the published run (`pipelines.runs.Run`); `warnings`: its gold table; `district`: only
    this district's firms. `facts`: what the city's pages say, where the caller has it.
    """
    page = list_page(facts or facts_of(run), warnings, [])
    if district is not None:
        known = districts_of(page)
        if district not in known:
            raise RefusalError(
                f"No firm of district '{district}' is on this list. Districts on it: "
                f"{', '.join(known) or 'none'}."
            )
        page = district_page(page, district)
    parts: list[RenderableType] = [_heading(page)]
    if page.listed:
        parts.append(_firms(page.listed[:top], page))
    else:
        parts.append(Text("没有企业列入本期名单 (no firm is listed)\n", style="italic"))
    rest = len(page.listed) - top
    if rest > 0:
        parts.append(Text(f"其余 {rest} 家未显示 ({rest} more: --top)", style="dim"))
    if page.drawn:
        parts += [Text("\n双随机抽查 Drawn by lot", style="bold"), _lot(page.drawn[:top])]
        parts.append(Text(f"{_tight(DRAWN_MEANING[0])}\n{DRAWN_MEANING[1]}", style="dim"))
    if page.cleared:
        parts += [Text("\n已移出 Cleared", style="bold"), _gone(page.cleared[:top])]
    parts += [Text(f"\n{_tight(zh)}\n{en}", style="dim") for zh, en in page.note_lines()]
    return Group(*parts)


def explanation(
    run: Any,
    score: Mapping[str, Any],
    registration: Mapping[str, Any],
    warning: Mapping[str, Any] | None,
    contributions: Sequence[Mapping[str, Any]],
    features: Mapping[str, Any],
    evidence: Rows,
    verdicts: Sequence[Mapping[str, Any]] = (),
    verdict_records: Sequence[Mapping[str, Any]] = (),
    language: Language = "zh",
    facts: RunFacts | None = None,
    words: Mapping[str, FeatureWords] | None = None,
    counterfactuals: Rows = (),
) -> RenderableType:
    """Why one firm stands where it stands: its score, its reasons, and where each was read.

    `score`, `registration`, `warning`, `features`: its rows (`warning` None when it is not on the
    list, `registration` empty when it is not registered); `contributions` and `evidence`: the rows
    of the gold tables; `verdicts` and `verdict_records` what the rules find, told in `language`.
    `words`: the display names of the features, where the caller has them. `counterfactuals`: what
    would lower it, rows of the gold table.
    """
    rows = [warning] if warning else []
    page = list_page(facts or facts_of(run), rows, evidence, counterfactuals)
    firm = next(iter(page.firms), None)
    parts: list[RenderableType] = [_who(page, firm, score, registration)]
    if firm is None:
        said = "不在本期名单上：名次在本区检查能力之外，或不在可列入范围 (not on this list)"
        parts.append(Text(said, style="italic"))
    if firm in (*page.listed, *page.under_case):
        parts += _by_element(firm)
    elif firm:
        parts += [_reason(reason) for reason in firm.reasons]
    path = _path(features.get("exposure_path"))
    if path:
        parts += [Text("\n关联路径 Path to a known case", style="bold"), *path]
    if firm and firm.lowered_by:
        parts.append(Text("\n可降低风险的改正 What would lower it", style="bold"))
        parts += [_told(zh, en) for zh, en in firm.lowered_by]
    if firm and firm.why[0]:
        parts += [Text("\n变化原因 Why it changed", style="bold"), _told(*firm.why)]
    if contributions:
        parts.append(Text("\n对分数的影响 What moved the score", style="bold"))
        parts.append(_weights(contributions, words or {}))
    parts.append(verdicts_shown(verdicts, verdict_records, language))
    parts.append(Text(f"\n{BANNER_ZH}\n{BANNER_EN}", style="bold red"))
    return Group(*parts)


def facts_of(run: Any) -> RunFacts:
    """What a published run says of itself; a city's names and capacity are not in it."""
    return RunFacts(
        run_id=run.run_id,
        city=run.city,
        city_zh=run.city,
        as_of=run.as_of,
        model_version=run.model_version,
        target=("", "firms"),
        subjects_scored=json.loads(run.counts).get("subjects", 0),
        capacity=(),
        level_meanings={},
    )


def _heading(page: ListPage) -> Panel:
    facts = page.facts
    text = Text()
    text.append(f"{page.title_zh}\n", style="bold")
    text.append(f"{page.scope_zh} · 截至 {facts.as_of} · 列入 {len(page.listed)} 家")
    text.append(f" / 检查能力 {page.inspections} 家\n" if page.capacity else "\n")
    for level, count in page.level_counts().items():
        zh, _, shape = LEVEL_NAMES[level]
        text.append(f"{shape} {zh} {count}  ", style=STYLES[level])
    text.append(
        f"· 双随机 {len(page.drawn)} · 已立案 {len(page.under_case)} · 已移出 {len(page.cleared)}\n"
    )
    text.append(f"模型 {facts.model_version} · 运行 {facts.run_id}", style="dim")
    return Panel(text, subtitle=Text(BANNER_ZH, style="bold red"), box=box.ROUNDED)


def _firms(firms: Sequence[FirmShown], page: ListPage) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("变化", no_wrap=True)
    table.add_column("等级", no_wrap=True)
    table.add_column("企业 · 代码 · 区", ratio=5, overflow="fold")
    table.add_column("概率", justify="right", no_wrap=True)
    table.add_column("主要理由", ratio=5, overflow="fold")
    for firm in firms:
        who = Text(firm.name, style="bold")
        who.append(f"\n{firm.subject_id}", style="dim")
        if page.district is None:
            who.append(f" {firm.district_text.split()[0]}", style="dim")
        table.add_row(
            str(firm.number),
            Text(firm.change_zh.replace(" ", "").replace("升", "").replace("降", "")),
            _level(firm.level),
            who,
            firm.probability_text,
            _in_short(firm),
        )
        table.add_section()
    return table


def _in_short(firm: FirmShown) -> Text:
    # what stands behind a reason is told by `explain`; here only the reason itself fits
    said = [_tight(_without_its_end(reason.zh)) for reason in firm.reasons[:3]]
    text = Text("\n".join(said))
    elements = "、".join(one.zh for one in firm.elements if one.name in firm.backed)
    text.append(f"\n{elements}：有依据" if elements else "", style="dim")
    text.append(f"\n{firm.department_count}个部门{firm.record_count}条记录", style="dim")
    if firm.why[0] and firm.change == "new":
        text.append(f"\n{_tight(firm.why[0])}", style="dim italic")
    return text


def _without_its_end(sentence: str) -> str:
    """A sentence without its last bracket, which may hold others: departments' names have some."""
    if not sentence.endswith("）"):
        return sentence
    depth = 0
    for at in range(len(sentence) - 1, -1, -1):
        depth += {"）": 1, "（": -1}.get(sentence[at], 0)
        if depth == 0:
            return sentence[:at]
    return sentence


def _tight(chinese: str) -> str:
    # a terminal breaks lines at blanks, and a Chinese line may break anywhere
    return chinese.replace(" ", "")


def _lot(firms: Sequence[FirmShown]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("企业 · 代码 · 区", ratio=5, overflow="fold")
    table.add_column("检查人员", no_wrap=True)
    table.add_column("抽中概率", justify="right", no_wrap=True)
    for firm in firms:
        who = Text(firm.name, style="bold").append(f"\n{firm.subject_id}", style="dim")
        who.append(f" {firm.district_text.split()[0]}", style="dim")
        table.add_row(str(firm.number), who, firm.inspectors or "—", firm.inclusion_text)
    return table


def _gone(firms: Sequence[FirmShown]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    table.add_column("原名次", justify="right", no_wrap=True)
    table.add_column("企业 · 代码", ratio=5, overflow="fold")
    table.add_column("移出原因", ratio=6, overflow="fold")
    for firm in firms:
        who = Text(firm.name, style="bold").append(f"\n{firm.subject_id}", style="dim")
        why = Text("\n".join(_tight(reason.zh) for reason in firm.reasons))
        table.add_row(str(firm.previous_rank), who, why)
    return table


def _who(
    page: ListPage,
    firm: FirmShown | None,
    score: Mapping[str, Any],
    registration: Mapping[str, Any],
) -> Panel:
    facts = page.facts
    hidden = ("registration", "name") in facts.fields.hidden
    name = WITHHELD if hidden else plain(registration.get("name") or "（无名称）")
    text = Text(f"{firm.name if firm else name}\n", style="bold")
    text.append(plain(score["subject_id"]), style="not bold dim")
    if firm:
        text.append(f"  {firm.district_text}  {firm.industry_zh}", style="not bold")
    text.append("\n")
    if firm and firm in page.drawn:
        said = f"双随机抽查第 {firm.number} 位 · 抽中概率 {firm.inclusion_text}"
        text.append(f"{said} · 检查人员 {firm.inspectors}\n", style="not bold")
    elif firm and firm.rank is not None:
        text.append_text(_level(firm.level))
        section = "已立案" if firm in page.under_case else "名单"
        said = f"  {section}第 {firm.rank} 位 · {firm.change_zh}"
        said += f" · {firm.department_count} 个部门 {firm.record_count} 条记录\n"
        text.append(said, style="not bold")
    told = [f"概率 {probability_words(score['probability'])}", f"分值 {score['margin']:.4f}"]
    if score.get("rank_city") is not None:
        told.append(f"全市 {facts.subjects_scored:,} 家中列第 {score['rank_city']:,}")
    told.append("模型标记" if score.get("flagged") else "模型未标记")
    text.append(" · ".join(told) + "\n", style="not bold")
    text.append(f"截至 {facts.as_of} · 模型 {facts.model_version} · ", style="not bold dim")
    text.append(f"运行 {facts.run_id}", style="not bold dim")
    return Panel(text, box=box.ROUNDED)


def _by_element(firm: FirmShown) -> list[RenderableType]:
    """The reasons under their elements; an element without evidence says so."""
    parts: list[RenderableType] = []
    for element in firm.elements:
        heading = Text(f"\n【{element.zh} {element.en}】", style="bold magenta")
        said = _tight(element.said[0])
        parts.append(heading.append(f" {said}" if said else "", style="not bold dim"))
        parts += [_reason(reason) for reason in element.reasons]
    return parts


def _told(zh: str, en: str) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("·", Text(_tight(zh)).append(f"\n{en}", style="dim"))
    return grid


def _reason(reason: ReasonShown) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True, justify="right")
    grid.add_column(overflow="fold")
    grid.add_row(f"{reason.number}.", Text(_tight(reason.zh), style="bold"))
    grid.add_row("", Text(reason.en, style="dim"))
    for record in reason.records[:RECORDS_SHOWN]:
        line = Text(f"{record.department} {record.table_zh} ")
        line.append(record.record_id, style="dim")
        line.append(f"\n{record.place}", style="cyan")
        # a date and its word have no blank between them, where a line would break
        dates = f" 发生{record.event_date}" if record.event_date else ""
        dates += f" 获知{record.known_at}" if record.known_at else ""
        line.append(dates, style="dim")
        grid.add_row("·", line)
    rest = len(reason.records) - RECORDS_SHOWN
    if rest > 0:
        grid.add_row("·", Text(f"其余 {rest} 条 ({rest} more)", style="dim"))
    return grid


def _path(steps: str | None) -> list[Text]:
    """The way from a known case to the firm, a hop a line; people are never named."""
    if not steps:
        return []
    lines, arrow = [], ""
    for step in json.loads(steps):
        if "edge" in step:
            zh = EDGE_WORDS.get(step["edge"], (step["edge"],))[0]
            arrow = f"{'↓' if step.get('direction') == 'down' else '↑'} {zh} "
            continue
        kind = step.get("kind", "")
        other = f"（{NODE_WORDS[kind][0]}）" if kind in NODE_WORDS else WITHHELD
        lines.append(Text(f"  {arrow}{plain(step['node']) if kind == 'firm' else other}"))
    return lines


def _weights(
    contributions: Sequence[Mapping[str, Any]], words: Mapping[str, FeatureWords]
) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("特征", overflow="fold")
    table.add_column("数值", justify="right")
    table.add_column("影响", justify="right")
    table.add_column("", no_wrap=True)
    for row in contributions:
        # every firm begins there: it says nothing of this one, and would dwarf what does
        if row["feature"] == BASE:
            table.add_row("起点（与企业无关） base", "", f"{row['contribution']:+.3f}", "")
    own = [row for row in contributions if row["feature"] != BASE]
    ordered = sorted(own, key=lambda row: (-abs(row["contribution"]), row["feature"]))
    shown = [row for row in ordered if row["contribution"] != 0][:WEIGHTS_SHOWN]
    heaviest = abs(shown[0]["contribution"]) if shown else 1.0
    for row in shown:
        weight, word = row["contribution"], words.get(row["feature"])
        table.add_row(
            Text(plain(word.zh if word else row["feature"])),
            Text(plain(in_words(row["value"], word.unit)[0] if word else _short(row["value"]))),
            f"{weight:+.3f}",
            Text(
                "█" * max(1, round(12 * abs(weight) / heaviest)),
                style="red" if weight > 0 else "green",
            ),
        )
    rest = len(own) - len(shown)
    if rest <= 0:
        return table
    others = math.fsum(row["contribution"] for row in own)
    others -= math.fsum(row["contribution"] for row in shown)
    return Group(table, Text(f"其余 {rest} 项合计 {others:+.3f} ({rest} more)", style="dim"))


def _short(value: object) -> str:
    if value is None:
        return "—"
    number = as_number(value)
    return str(value) if number is None else f"{number:,.4g}"


def _level(level: str) -> Text:
    zh, _, shape = LEVEL_NAMES[level]
    return Text(f"{shape} {zh}", style=STYLES[level])
