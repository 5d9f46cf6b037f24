"""Features of the lists of firms licensed or registered for finance.

What matters is less whether a firm holds a licence than whether it holds the one that its name or
scope speaks of: a pawnshop's licence covers no fund. A trade of `TRADES` stands in a number as the
power of two of its place, so that named and licensed trades can be set against each other.

The words are project defaults, gathered from the names and scopes that supervisors' notices on
unlicensed finance give; the kinds are those of the catalogue's table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column

from features.declaration import Theme
from features.rows import FirmRow, Rows, flag

theme = Theme("licences", zh="金融牌照", en="Licences for finance")


@dataclass(frozen=True)
class Trade:
    """A trade that takes a licence or a registration.

    Attributes:
        name: in words.
        named: words in a firm's name that claim it.
        scope: words in a scope that claim it. Narrower: to invest one's own money, or to advise,
            takes no licence.
        kinds: kinds of licence, any of which covers it.
        denied: words that hold a word of `scope` and mean that the trade is not meant.
    """

    name: str
    named: tuple[str, ...]
    scope: tuple[str, ...]
    kinds: tuple[str, ...]
    denied: tuple[str, ...] = ()


TRADES: tuple[Trade, ...] = (
    Trade(
        "资产管理与基金",
        named=("投资", "资产管理", "基金", "财富", "资本", "理财", "股权"),
        scope=("资产管理", "基金", "理财", "证券投资"),
        kinds=("私募基金管理人", "公募基金管理人", "证券", "期货", "信托", "银行", "保险", "地方资产管理"),
        denied=("基金销售支付", "慈善基金"),
    ),
    Trade(
        "融资担保",
        named=("担保",),
        scope=("融资担保", "融资性担保"),
        kinds=("融资担保",),
        denied=("非融资担保", "非融资性担保"),
    ),
    Trade("典当", named=("典当",), scope=("典当",), kinds=("典当",)),
    Trade(
        "贷款",
        named=("小额贷款", "小贷", "借贷", "消费金融"),
        scope=("小额贷款", "发放贷款", "网络借贷"),
        kinds=("小额贷款", "消费金融", "银行", "信托"),
    ),
    Trade("支付", named=("支付",), scope=("支付业务", "支付服务"), kinds=("支付", "银行")),
    Trade(
        "保险",
        named=("保险",),
        scope=("保险代理", "保险经纪", "保险公估", "人身保险", "财产保险"),
        kinds=("保险", "保险中介"),
    ),
    Trade("融资租赁", named=("融资租赁",), scope=("融资租赁",), kinds=("融资租赁",)),
    Trade("商业保理", named=("保理",), scope=("商业保理",), kinds=("商业保理",)),
)  # fmt: skip

_STATE = "coalesce(status, '有效')"
IN_FORCE = f"({_STATE} = '有效' AND (valid_to IS NULL OR valid_to >= {{as_of}}))"
"""A licence counts on its last day, and when the list does not say in what state it is."""
ENDED = f"({_STATE} IN ('注销', '撤销') OR valid_to < {{as_of}})"


@theme.of_records(
    table="licence_finance",
    where=IN_FORCE,
    zh="有效金融牌照（登记）数",
    en="Finance licences in force",
    unit="count",
    nothing=0,
    direction=-1,
)
def finance_licences(rows: Rows) -> Column:
    """Licences and registrations for finance in force on the day."""
    return rows.count()


@theme.of_records(
    table="licence_finance",
    where=ENDED,
    zh="已失效金融牌照（登记）数",
    en="Finance licences that have ended",
    unit="count",
    nothing=0,
    direction=1,
)
def ended_finance_licences(rows: Rows) -> Column:
    """Licences and registrations whose term has run out, or that were given back or withdrawn."""
    return rows.count()


@theme.of_records(
    table="licence_finance",
    where="status IN ('暂停', '撤销')",
    zh="被暂停或撤销金融牌照（登记）数",
    en="Finance licences suspended or withdrawn",
    unit="count",
    nothing=0,
    direction=1,
)
def finance_licences_taken(rows: Rows) -> Column:
    """Licences and registrations that the authority suspended or withdrew."""
    return rows.count()


@theme.of_records(
    table="licence_finance",
    where=ENDED,
    clock="valid_to",
    zh="距金融牌照失效天数",
    en="Days since a finance licence ended",
    unit="days",
    nothing=None,
    direction=0,
)
def days_since_licence_ended(rows: Rows) -> Column:
    """Days since the last day of the licence that ended last; NULL when none has ended."""
    return rows.days_since_latest()


@theme.derived(
    zh="曾持金融牌照而现无",
    en="Licensed for finance once, no longer",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def finance_licence_lapsed(finance_licences: Column, ended_finance_licences: Column) -> Column:
    """1 when a licence for finance has ended and none is in force."""
    return flag((ended_finance_licences > 0) & (finance_licences == 0))


@theme.of_firm(
    zh="名称所称金融业务（编码）", en="Trades its name claims, coded", unit="code", nothing=0, direction=0
)  # fmt: skip
def trades_named(firm: FirmRow) -> Column:
    """Trades that the name claims, as a sum of powers of two: `features.licences.TRADES`."""
    return _coded([firm.words("name", trade.named) > 0 for trade in TRADES])


@theme.of_firm(
    zh="经营范围所称金融业务（编码）", en="Trades its scope claims, coded", unit="code", nothing=0,
    direction=0,
)  # fmt: skip
def trades_in_scope(firm: FirmRow) -> Column:
    """Trades that the scope claims, as a sum of powers of two: `features.licences.TRADES`."""
    return _coded(
        [
            firm.words("scope_text", trade.scope) > firm.words("scope_text", trade.denied)
            for trade in TRADES
        ]
    )


@theme.of_records(
    table="licence_finance",
    where=IN_FORCE,
    zh="有效牌照对应业务（编码）",
    en="Trades it is licensed for, coded",
    unit="code",
    nothing=0,
    direction=0,
)
def trades_licensed(rows: Rows) -> Column:
    """Trades that a licence in force covers, as a sum of powers of two: `features.licences.TRADES`."""
    return _coded([rows.largest(_covers(trade)) == 1 for trade in TRADES])


@theme.derived(
    zh="名称所称金融业务无对应牌照",
    en="Name claims a trade it is not licensed for",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def name_without_licence(trades_named: Column, trades_licensed: Column) -> Column:
    """1 when the name claims a trade that takes a licence and no licence of that trade is in force."""
    return _beyond(trades_named, trades_licensed)


@theme.derived(
    zh="经营范围所称金融业务无对应牌照",
    en="Scope claims a trade it is not licensed for",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def scope_without_licence(trades_in_scope: Column, trades_licensed: Column) -> Column:
    """1 when the scope claims a trade that takes a licence and no licence of that trade is in force."""
    return _beyond(trades_in_scope, trades_licensed)


def _coded(holds: list[Column]) -> Column:
    """The places at which something holds, as a sum of powers of two."""
    return reduce(Column.__add__, [flag(place) * 2**n for n, place in enumerate(holds)])


def _covers(trade: Trade) -> str:
    kinds = ", ".join(f"'{kind}'" for kind in trade.kinds)
    return f"CASE WHEN kind IN ({kinds}) THEN 1 ELSE 0 END"


def _beyond(claimed: Column, covered: Column) -> Column:
    """1 when a coded set has something that the other lacks."""
    return flag(claimed.bitwiseAND(covered) < claimed)
