"""The evaluation of a list as one self-contained page: figures, intervals, pictures.

No network, no fonts, no script: the pictures are inline SVG, and the page's own security policy
allows nothing but its style. Everything a department delivered is escaped by the template.
"""

from __future__ import annotations

from markupsafe import Markup

from features.characteristics import ELEMENTS
from models.risk.evaluation import Evaluation, Method
from models.risk.intervals import Estimate, Share
from models.risk.stability import ACT, WATCH
from models.risk.subgroups import UNKNOWN
from pipelines.delivering.evaluation_charts import (
    drift_chart,
    lead_chart,
    precision_chart,
    reliability_chart,
    reordering_chart,
)
from pipelines.delivering.glossary import INDUSTRIES
from pipelines.delivering.page_templates import environment, piece
from pipelines.evaluation_notes import harm_note, harm_words

METHODS_ZH = {
    "this list": "本名单",
    "newly surfaced": "新发现",
    "five indices": "五项指数",
    "one-word rule": "一词规则",
    "random draw": "随机抽取",
}
GROUPS = (
    ("district", "所属区", "district"),
    ("industry", "行业门类", "industry section"),
    ("age", "成立年限（年）", "age, years"),
    ("size", "从业人数", "employees"),
)
BANDS_ZH = {
    "under 1 year": "不满 1 年",
    "1 to 3": "1 至 3 年",
    "3 to 5": "3 至 5 年",
    "5 to 10": "5 至 10 年",
    "10 and more": "10 年及以上",
    "under 10": "不足 10 人",
    "10 to 49": "10 至 49 人",
    "50 to 299": "50 至 299 人",
    "300 and more": "300 人及以上",
    UNKNOWN: "不详",
}
MOST_ROWS = 20
"""Rows of a subgroup table; the rest is said as a number."""


def evaluation_page(found: Evaluation, city: str, model_version: str) -> str:
    """The page. The same figures give the same text, byte for byte."""
    return environment().get_template("evaluation.html.j2").render(
        found=found,
        city=city,
        model_version=model_version,
        style=Markup(piece("evaluation.css")),
        methods=[_method(m) for m in (found.methods[0], found.newly, *found.methods[1:])],
        groups=[_group(found, *group) for group in GROUPS],
        pictures={name: Markup(text) for name, text in _pictures(found).items()},
        methods_list=found.methods[0].precision,
        recall_list=found.methods[0].recall,
        harm=[{"lead": h, "words": harm_words(h), "note": harm_note(h)} for h in found.harm_leads],
        elements=ELEMENTS,
        share=share_text,
        estimate=estimate_text,
        days=days_text,
        watch=WATCH,
        act=ACT,
        moved=0 if found.drift_features is None else int(
            (found.drift_features["index"] >= WATCH).sum()),
    )  # fmt: skip


def _pictures(found: Evaluation) -> dict[str, str]:
    pictures = {"precision": precision_chart(found.methods)}
    if found.lead.firms:
        pictures["lead"] = lead_chart(found.lead)
    if found.reordering is not None:
        pictures["reordering"] = reordering_chart(found.reordering)
    if found.reliability is not None:
        pictures["reliability"] = reliability_chart(found.reliability)
    if found.drift_features is not None and len(found.drift_features):
        pictures["drift"] = drift_chart(found.drift_features)
    return pictures


def _method(method: Method) -> dict[str, str]:
    told = {"name": method.name, "zh": METHODS_ZH.get(method.name, method.name)}
    if method.precision is None or method.recall is None:
        precision = method.expected / max(1, method.places)
        recall = method.expected / max(1, method.to_find)
        return told | {"precision": f"{precision:.2%}", "recall": f"{recall:.2%}"}
    return told | {"precision": share_text(method.precision), "recall": share_text(method.recall)}


def _group(found: Evaluation, name: str, zh: str, en: str) -> dict[str, object]:
    rows = found.subgroups[found.subgroups["by"] == name].to_dict("records")
    for row in rows:
        row["zh"], row["en"] = _called(name, row["value"])
        row["precision"] = share_text(Share(row["hits"], row["listed"])) if row["listed"] else "–"
    return {"zh": zh, "en": en, "rows": rows[:MOST_ROWS], "more": max(0, len(rows) - MOST_ROWS)}


def _called(by: str, value: str) -> tuple[str, str]:
    """A subgroup in Chinese, and in English where that is another word."""
    if by == "industry" and value in INDUSTRIES:
        zh, en = INDUSTRIES[value]
        return f"{zh} {value}", en
    return (BANDS_ZH[value], value) if value in BANDS_ZH else (value, "")


def share_text(share: Share, digits: int = 0) -> str:
    """`3/20 = 15 % [5 %, 36 %]`."""
    low, high = (f"{end:.{digits}%}" for end in share.interval())
    return f"{share.hits}/{share.of} = {share.value:.{digits}%} [{low}, {high}]"


def estimate_text(estimate: Estimate | None, percent: bool = False) -> str:
    """A value with its interval."""
    if estimate is None:
        return "–"
    form = ".2%" if percent else ".2f"
    return f"{estimate.value:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"


def days_text(days: float | None) -> str:
    """Days, or that the curve never falls so far."""
    return "未达到 not reached" if days is None else f"{days:.0f}"
