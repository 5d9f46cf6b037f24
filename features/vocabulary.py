"""The words that features look for, in one place.

Sources: the banned words are those of article 9 of the Regulation on Preventing and Handling
Illegal Fundraising (State Council order 737, in force since 2021-05-01); the others are project
defaults, gathered from supervisors' public notices on investment companies, lures and hot concepts.
"""

from __future__ import annotations

from collections.abc import Iterable

BANNED_WORDS = ("金融", "交易所", "交易中心", "理财", "财富管理", "股权众筹")
"""Words a firm's name and scope may not hold without approval."""

INVESTMENT_WORDS = (
    "投资",
    "资产管理",
    "资本",
    "基金",
    "财富",
    "担保",
    "典当",
    "融资",
    "借贷",
    "小额贷款",
)
"""Words of firms that handle other people's money, as a licence or a registration would show."""

CONCEPT_WORDS = (
    "区块链",
    "元宇宙",
    "虚拟货币",
    "数字资产",
    "养老",
    "康养",
    "影视",
    "返利",
    "消费返",
    "艺术品",
    "股权",
    "原始股",
)
"""Concepts that lures are dressed in."""

DISCLAIMERS = ("不得从事", "不得以公开方式募集", "未经金融", "不得吸收公众存款")
"""Phrases by which a scope denies fundraising; they hold banned words and mean the opposite."""

REDEMPTION_TOPICS = ("兑付", "失联", "跑路", "提现", "逾期", "无法退", "退款难", "集资", "理财")
"""What people complain of when money does not come back."""

LENDING_CAUSES = ("民间借贷", "委托理财", "借款合同", "非法吸收", "集资", "理财", "证券", "期货")
"""Causes of action in which a fundraiser is sued."""

UNREACHABLE_REASONS = ("无法联系", "无法取得联系", "住所", "经营场所", "失联", "地址")
"""Reasons for the abnormal list that say a firm is not where it is registered."""

SALES_JOBS = ("销售", "理财", "业务员", "客户经理", "顾问", "推广", "电话", "营销", "讲师")
"""Posts that sell to the public."""

FINANCE_PERMITS = ("金融", "证券", "期货", "基金", "保险", "银行", "小额贷款", "融资担保", "典当")
"""Departments and kinds of licences to handle other people's money."""

INVESTMENT_INDUSTRIES = ("J", "L721", "L7212", "L7219")
"""Beginnings of GB/T 4754 codes: finance; the management of organisations and investments."""


def pattern(words: Iterable[str]) -> str:
    """A regular expression for any of the words, alike on both engines."""
    return "|".join(words)


def speaks_of(column: str, words: Iterable[str]) -> str:
    """SQL that holds where a text names any of the words."""
    return f"{column} RLIKE '{pattern(words)}'"
