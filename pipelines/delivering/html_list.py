"""The list as one self-contained HTML page that opens from a mail.

No network, no fonts, no images: style and script stand in the page, and its own security policy
forbids everything else, so that even a name that got past the escaping could not run. Without
script the page still reads: the script only sorts, filters, prints and switches the language.
"""

from __future__ import annotations

import base64
import hashlib

from markupsafe import Markup

from pipelines.delivering.glossary import (
    BANNER_EN,
    BANNER_ZH,
    BASES,
    DRAW_RULE,
    DRAWN_MEANING,
    HOW_TO_READ,
    LEVEL_NAMES,
)
from pipelines.delivering.page_templates import environment, piece
from pipelines.delivering.pages import ListPage, district_text

RECORDS_A_REASON = 8
RECORDS_A_PAGE = 8_000
"""Beyond this a page gets too heavy for a mail, and each reason shows fewer of its records."""

_COLUMNS = (
    ("rank", "名次", "No."),
    ("change", "变化", "Change"),
    ("level", "等级", "Level"),
    ("name", "企业", "Firm"),
    ("district", "区", "District"),
    ("industry", "行业", "Industry"),
    ("probability", "概率", "Probability"),
    ("reasons", "理由与依据", "Reasons and records"),
)
_CLEARED_COLUMNS = tuple(
    ("reasons", "移出原因", "Why it was cleared") if key == "reasons" else (key, zh, en)
    for key, zh, en in _COLUMNS
    if key != "change"
)
_DRAWN_COLUMNS = (
    ("rank", "序号", "No."),
    ("change", "变化", "Change"),
    ("name", "企业", "Firm"),
    ("district", "区", "District"),
    ("industry", "行业", "Industry"),
    ("inspectors", "检查人员", "Inspectors"),
    ("inclusion", "抽中概率", "Chance"),
    ("seed", "抽签种子", "Seed"),
)


def html_list(page: ListPage) -> str:
    """The page as HTML. The same page gives the same text, byte for byte."""
    script = piece("list.js")
    return (
        environment()
        .get_template("list.html.j2")
        .render(
            page=page,
            facts=page.facts,
            banner=(BANNER_ZH, BANNER_EN),
            levels=LEVEL_NAMES,
            bases=BASES,
            how_to_read=HOW_TO_READ,
            drawn_meaning=(DRAWN_MEANING, DRAW_RULE),
            columns={"listed": _COLUMNS, "cleared": _CLEARED_COLUMNS, "drawn": _DRAWN_COLUMNS},
            shown=records_shown(page),
            district_text=lambda district: district_text(district, page.facts),
            style=Markup(piece("list.css")),
            script=Markup(script),
            script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def records_shown(page: ListPage) -> int:
    """How many records of a reason the page shows: 8, fewer on a page of very many."""
    reasons = [
        len(reason.records) for firm in (*page.listed, *page.under_case) for reason in firm.reasons
    ]
    for shown in range(RECORDS_A_REASON, 1, -1):
        if sum(min(count, shown) for count in reasons) <= RECORDS_A_PAGE:
            return shown
    return 1
