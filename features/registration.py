"""Features of the registration itself: name, scope, capital, age, status, kind of firm."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from features.declaration import Theme
from features.rows import FirmRow, Rows, days_between, flag, ratio
from features.vocabulary import (
    BANNED_WORDS,
    CONCEPT_WORDS,
    DISCLAIMERS,
    INVESTMENT_INDUSTRIES,
    INVESTMENT_WORDS,
)

theme = Theme("registration", zh="登记", en="Registration")

ACTIVE = "(status IS NULL OR status = '存续')"
"""A register that gives no status lists the firms that stand in it."""

YOUNG_DAYS = 3 * 365
LARGE_CAPITAL_FEN = 10_000_000 * 100


@theme.of_firm(zh="注册资本", en="Registered capital", unit="fen", nothing=None, direction=0)
def registered_capital(firm: FirmRow) -> Column:
    """Registered capital, in fen; NULL when it is not stated."""
    return firm["reg_cap_fen"]


@theme.of_firm(zh="实缴资本", en="Paid-in capital", unit="fen", nothing=None, direction=-1)
def paid_capital(firm: FirmRow) -> Column:
    """Paid-in capital, in fen; NULL when it is not disclosed."""
    return firm["paid_cap_fen"]


@theme.of_firm(
    zh="未披露实缴资本", en="Paid-in capital not disclosed", unit="flag", nothing=0, direction=1
)
def paid_capital_undisclosed(firm: FirmRow) -> Column:
    """1 when the firm does not say how much of its capital is paid in."""
    return flag(firm["paid_cap_fen"].isNull())


@theme.derived(
    zh="实缴比例", en="Paid-in share of capital", unit="ratio", nothing=None, direction=-1
)
def paid_capital_share(paid_capital: Column, registered_capital: Column) -> Column:
    """Paid-in over registered capital; NULL when either is not stated."""
    return ratio(paid_capital, registered_capital)


@theme.of_firm(zh="成立天数", en="Days since founding", unit="days", nothing=None, direction=-1)
def age_days(firm: FirmRow) -> Column:
    """Days since the firm was established; NULL when the date is not known."""
    return firm.days_since("est_date")


@theme.derived(
    zh="年轻而注册资本高",
    en="Young with a large capital",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def young_with_large_capital(age_days: Column, registered_capital: Column) -> Column:
    """1 when younger than three years with a registered capital of 10 million yuan or more."""
    return flag((age_days < YOUNG_DAYS) & (registered_capital >= LARGE_CAPITAL_FEN))


@theme.of_firm(zh="登记从业人数", en="Registered staff", unit="count", nothing=None, direction=0)
def registered_employees(firm: FirmRow) -> Column:
    """Staff as registered; NULL when not stated."""
    return firm["employees"]


@theme.derived(zh="人均注册资本", en="Capital per employee", unit="fen", nothing=None, direction=1)
def capital_per_employee(registered_capital: Column, registered_employees: Column) -> Column:
    """Registered capital over staff, in fen; NULL without staff."""
    return ratio(registered_capital, registered_employees)


@theme.of_firm(
    zh="名称含禁用金融字样个数",
    en="Banned finance words in the name",
    unit="count",
    nothing=0,
    direction=1,
)
def name_banned_words(firm: FirmRow) -> Column:
    """How many of the words reserved by order 737, article 9, stand in the firm's name."""
    return firm.words("name", BANNED_WORDS)


@theme.of_firm(
    zh="名称含投资字样个数", en="Investment words in the name", unit="count", nothing=0, direction=1
)
def name_investment_words(firm: FirmRow) -> Column:
    """How many words of the money-handling trades stand in the firm's name."""
    return firm.words("name", INVESTMENT_WORDS)


@theme.of_firm(
    zh="名称或经营范围含热点概念个数",
    en="Hot concepts in name or scope",
    unit="count",
    nothing=0,
    direction=1,
)
def concept_words(firm: FirmRow) -> Column:
    """How many fashionable concepts (blockchain, eldercare, rebates, ...) name and scope hold."""
    return firm.words("name", CONCEPT_WORDS) + firm.words("scope_text", CONCEPT_WORDS)


@theme.of_firm(
    zh="经营范围含禁用金融字样个数",
    en="Banned finance words in the scope",
    unit="count",
    nothing=0,
    direction=1,
)
def scope_banned_words(firm: FirmRow) -> Column:
    """How many of the words reserved by order 737, article 9, stand in the business scope."""
    return firm.words("scope_text", BANNED_WORDS)


@theme.of_firm(
    zh="经营范围含投资字样个数",
    en="Investment words in the scope",
    unit="count",
    nothing=0,
    direction=1,
)
def scope_investment_words(firm: FirmRow) -> Column:
    """How many words of the money-handling trades stand in the business scope."""
    return firm.words("scope_text", INVESTMENT_WORDS)


@theme.of_firm(
    zh="经营范围声明不得集资", en="Scope denies fundraising", unit="flag", nothing=0, direction=0
)
def scope_disclaims(firm: FirmRow) -> Column:
    """1 when the scope states that it does not take deposits or raise money in public."""
    return firm.denies("scope_text", DISCLAIMERS)


@theme.of_firm(zh="经营范围项数", en="Items in the scope", unit="count", nothing=None, direction=0)
def scope_items(firm: FirmRow) -> Column:
    """How many items the business scope lists; NULL without a scope."""
    return firm.items("scope_text", ";；、，")


@theme.of_firm(zh="曾用名个数", en="Former names", unit="count", nothing=0, direction=1)
def former_names(firm: FirmRow) -> Column:
    """How many former names the register keeps for the firm."""
    return firm.items("former_names", ";；")


@theme.of_firm(
    zh="行业门类", en="Industry section", unit="text", nothing=None, direction=0, type="STRING"
)
def industry_section(firm: FirmRow) -> Column:
    """The GB/T 4754 section letter; NULL when not coded."""
    return F.substring(firm["industry"], 1, 1)


@theme.of_firm(
    zh="行业大类", en="Industry division", unit="text", nothing=None, direction=0, type="STRING"
)
def industry_division(firm: FirmRow) -> Column:
    """The GB/T 4754 section letter and division (three characters); NULL when not coded so far."""
    return F.when(F.length(firm["industry"]) >= 3, F.substring(firm["industry"], 1, 3))


@theme.of_firm(zh="投资类行业", en="Investment industry", unit="flag", nothing=0, direction=1)
def investment_industry(firm: FirmRow) -> Column:
    """1 when the industry is finance (J) or the management of investments (L721)."""
    belongs = F.lit(False)
    for beginning in INVESTMENT_INDUSTRIES:
        belongs = belongs | firm["industry"].startswith(beginning)
    return flag(belongs)


@theme.of_firm(
    zh="企业类型", en="Kind of firm", unit="text", nothing=None, direction=0, type="STRING"
)
def firm_type(firm: FirmRow) -> Column:
    """The kind of firm as registered; NULL when not stated."""
    return firm["ent_type"]


@theme.of_firm(zh="登记状态非存续", en="No longer active", unit="flag", nothing=0, direction=1)
def not_active(firm: FirmRow) -> Column:
    """1 when the firm is revoked, cancelled or moved away."""
    return flag(firm["status"] != "存续")


@theme.of_firm(
    zh="经营期限天数", en="Length of the licence", unit="days", nothing=None, direction=0
)
def licence_days(firm: FirmRow) -> Column:
    """Days from the first to the last day of the term of operation; NULL when it has no end."""
    return days_between(firm["op_from"], firm["op_to"])


@theme.of_firm(
    zh="住所与经营场所不一致",
    en="Operates elsewhere than registered",
    unit="flag",
    nothing=0,
    direction=1,
)
def operates_elsewhere(firm: FirmRow) -> Column:
    """1 when the operating address is known and is not the registered one."""
    return flag(firm["operating_address_id"] != firm["domicile_address_id"])


@theme.of_firm(zh="集群注册", en="Registered in a cluster", unit="flag", nothing=0, direction=0)
def cluster_registered(firm: FirmRow) -> Column:
    """1 when the firm is registered at an agent's cluster address."""
    return flag(firm["cluster_registered"])


@theme.of_sharers(
    by=("contact_phone",),
    where=ACTIVE,
    zh="同一联系电话企业数",
    en="Firms with the same phone",
    unit="count",
    nothing=None,
    direction=1,
)
def firms_with_phone(firms: Rows) -> Column:
    """Active firms with the same contact phone, itself included; NULL without a phone."""
    return firms.count()


@theme.of_sharers(
    by=("agent_id",),
    where=ACTIVE,
    zh="同一代办机构企业数",
    en="Firms of the same agent",
    unit="count",
    nothing=None,
    direction=1,
)
def firms_of_agent(firms: Rows) -> Column:
    """Active firms registered by the same agent, itself included; NULL without an agent."""
    return firms.count()


@theme.of_sharers(
    by=("agent_id", "est_date"),
    zh="同一代办机构同日成立企业数",
    en="Firms of the same agent founded on one day",
    unit="count",
    nothing=None,
    direction=1,
)
def firms_of_agent_same_day(firms: Rows) -> Column:
    """Firms the same agent founded on the same day, itself included; NULL without an agent."""
    return firms.count()


@theme.of_sharers(
    by=("legal_rep_key",),
    where=ACTIVE,
    zh="同一法定代表人企业数",
    en="Firms of the same legal representative",
    unit="count",
    nothing=None,
    direction=1,
)
def firms_of_legal_rep(firms: Rows) -> Column:
    """Active firms with the same legal representative, itself included; NULL when unknown."""
    return firms.count()


@theme.of_sharers(
    by=("legal_rep_key",),
    where="status IN ('吊销', '注销')",
    zh="同一法定代表人吊销注销企业数",
    en="Dissolved firms of the same legal representative",
    unit="count",
    nothing=None,
    direction=1,
)
def dissolved_firms_of_legal_rep(firms: Rows) -> Column:
    """Revoked or cancelled firms with the same legal representative; NULL when unknown."""
    return firms.count()


@theme.derived(
    zh="未实缴资本",
    en="Capital not paid in",
    unit="fen",
    nothing=None,
    direction=1,
    type="BIGINT",
)
def unpaid_capital(registered_capital: Column, paid_capital: Column) -> Column:
    """Registered less paid-in capital, in fen; NULL when either is not stated."""
    return registered_capital - paid_capital


@theme.of_firm(
    zh="距注销吊销迁出天数",
    en="Days since the firm ended",
    unit="days",
    nothing=None,
    direction=0,
)
def days_since_end(firm: FirmRow) -> Column:
    """Days since the firm was revoked, cancelled or moved away; NULL while it is active."""
    return F.when(firm["status"] != "存续", firm.days_since("status_date"))
