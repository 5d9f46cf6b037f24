"""The words of the list: banner, levels, industries, and how a text is made fit to be shown."""

from __future__ import annotations

import unicodedata
from functools import cache

from conf.table import load_catalogue

BANNER_ZH = "内部使用，预警不是违法认定"
BANNER_EN = "Internal use. A warning is not a finding of wrongdoing."
WITHHELD = "（不予输出）"

LEVEL_NAMES = {
    "red": ("红色", "Red", "●"),
    "orange": ("橙色", "Orange", "▲"),
    "yellow": ("黄色", "Yellow", "◆"),
    "blue": ("蓝色", "Blue", "■"),
}
"""Chinese and English name of a level, and a shape, so that colour is never the only sign."""

NO_EVIDENCE = ("本期没有依据", "no evidence this time")
OTHER_CIRCUMSTANCES = ("其他情况（不直接对应法定要件）", "Other circumstances (of no element)")
DRAWN_MEANING = (
    "由随机抽签产生，与风险高低无关，不说明企业有任何问题；用于无偏地估计检查命中率。",
    "Drawn by lot, whatever the risk: nothing speaks against these firms. They tell without bias how "
    "often an inspection finds something.",
)
DRAW_RULE = (
    "抽签次序为“种子|主体代码”的 SHA-256 值，任何人可以复算；检查人员编号由各区与本区人员名册对应。",
    "The order of the lot is the SHA-256 of “seed|subject id”, so anyone can work it out again; a "
    "district puts its own inspectors against the numbers.",
)

INDUSTRIES = {
    "A": ("农、林、牧、渔业", "Agriculture"),
    "B": ("采矿业", "Mining"),
    "C": ("制造业", "Manufacturing"),
    "D": ("电力、热力、燃气及水", "Utilities"),
    "E": ("建筑业", "Construction"),
    "F": ("批发和零售业", "Trade"),
    "G": ("交通运输、仓储和邮政业", "Transport"),
    "H": ("住宿和餐饮业", "Hospitality"),
    "I": ("信息技术服务业", "Information"),
    "J": ("金融业", "Finance"),
    "K": ("房地产业", "Real estate"),
    "L": ("租赁和商务服务业", "Business services"),
    "M": ("科学研究和技术服务业", "Research"),
    "N": ("水利、环境和公共设施", "Environment"),
    "O": ("居民服务、修理和其他", "Personal services"),
    "P": ("教育", "Education"),
    "Q": ("卫生和社会工作", "Health"),
    "R": ("文化、体育和娱乐业", "Culture"),
    "S": ("公共管理和社会组织", "Public bodies"),
    "T": ("国际组织", "International"),
}
"""Sections of GB/T 4754-2017."""

HOW_TO_READ = (
    (
        "概率是模型估计该企业将被立案的可能性，用于安排检查先后，不能作为处罚或公示的依据。",
        "The probability is the model's estimate that the firm will come under case. It orders "
        "inspections; it is no ground for a penalty or for publication.",
    ),
    (
        "每条理由给出企业自己的数字；“依据”写明部门、交付文件与行号，可逐条核对。",
        "Each reason gives the firm's own number; its records name department, delivery file and "
        "line, so that every one can be checked.",
    ),
    (
        "理由按非法性、利诱性、社会性、公开性四要件归类；某要件“本期没有依据”只说明现有记录未见。",
        "Reasons stand under the four statutory elements; “no evidence this time” says only that the "
        "records at hand show none.",
    ),
    (
        "“可降低风险”由模型重新评分核实，只涉及企业自己能改正的事项，不是免责承诺。",
        "“What would lower it” was verified by scoring again, and speaks only of what a firm can put "
        "right; it promises nothing.",
    ),
    (
        "注明“推算”或“资料缺失”的理由没有单条记录，仅凭此类理由不会列为红色。",
        "A reason marked as computed or as missing data has no single record; on such reasons "
        "alone no firm is red.",
    ),
    (
        "注销、迁出企业不列入；吊销企业只占用余下名额；分数相同的按主体代码排序。",
        "Deregistered and moved-away firms are not listed; revoked ones take only what is left; "
        "equal scores are ordered by subject id.",
    ),
    (
        "没有新情况的企业不会一夜之间进出名单：新进者须明显高于在列者，每次变化都注明原因。",
        "Nobody comes or goes overnight without a new fact: a newcomer must be clearly ahead, and "
        "every change says why.",
    ),
    (
        "是否采取措施由检查人员依法决定；企业有权要求说明并提出异议。",
        "What is done is decided by an inspector under the law; a firm may ask for an explanation "
        "and object.",
    ),
)

BASES = {
    "week": ("本周检查计划", "this week's plan"),
    "carried": ("沿用前周计划", "an earlier week's plan"),
    "default": ("未报送，按默认值", "none given, city default"),
}

STATES = {
    "listed": ("在列", "listed"),
    "exited": ("已移出", "off the list"),
    "exit_without_entry": ("有移出而无列入，无从确定", "an exit without an entry, not known"),
    "undated": ("没有日期，无从确定", "undated, not known"),
    "candidate": ("候选，待人工核实", "candidate, to be checked by a person"),
    "locked": ("已锁入", "locked"),
    "unlocked": ("已解锁", "unlocked"),
    "release_due": ("应核对是否解除", "release to be checked"),
    "布控": ("布控", "controlled"),
    "续控": ("续控", "control extended"),
    "阻止": ("已阻止出境", "stopped at the border"),
    "撤控": ("已撤控", "control lifted"),
    "unregistered": ("未办税务登记", "unknown to the tax office"),
    "no registration": ("无登记记录", "no registration"),
    "name": ("名称", "name"),
    "address": ("地址", "address"),
    "scope": ("经营范围", "scope"),
    "status": ("状态", "status"),
}
"""The states that verdicts give, in words. What is not here is a grade, a number or a department's
own word, and stays as it is."""


def state_words(value: str | None) -> tuple[str, str]:
    """A verdict's value in Chinese and English.

    >>> state_words("locked"), state_words("A-Ⅰ"), state_words(None)
    (('已锁入', 'locked'), ('A-Ⅰ', 'A-Ⅰ'), ('—', '—'))
    """
    shown = plain(value or "—")
    return STATES.get(shown, (shown, shown))


def plain(text: object) -> str:
    """A text fit to be shown: one line, without control or direction marks.

    A name is whatever somebody registered; a mark that turns the reading direction would let one
    firm look like another.

    >>> plain("甲\\u202e公司\\n有限")
    '甲公司 有限'
    """
    spaced = " ".join(str(text).split())
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))


def industry_words(code: str | None) -> tuple[str, str]:
    """The words for an industry code of GB/T 4754: its section, and the code.

    >>> industry_words("J6760")
    ('金融业 J6760', 'Finance J6760')
    """
    code = plain(code or "")
    if not code:
        return "—", "—"
    zh, en = INDUSTRIES.get(code[0].upper(), ("", ""))
    return f"{zh} {code}".strip(), f"{en} {code}".strip()


def table_words(name: str) -> tuple[str, str]:
    """What a table of the catalogue is called, Chinese and English; another's name as it is.

    >>> table_words("shareholder")[1]
    'Shareholders and contributions'
    """
    return _catalogue_names().get(name, (plain(name), plain(name)))


@cache
def _catalogue_names() -> dict[str, tuple[str, str]]:
    return {name: (table.name_zh, table.name_en) for name, table in load_catalogue().items()}
