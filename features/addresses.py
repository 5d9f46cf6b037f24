"""Features of the address a firm is registered at, and of who else is registered there."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from features.chinese_text import claims
from features.declaration import Theme
from features.registration import ACTIVE
from features.rows import FirmRow, Rows, flag, ratio
from features.vocabulary import BANNED_WORDS, INVESTMENT_WORDS

theme = Theme("addresses", zh="住所", en="Address")

DOMICILE = ("domicile_address_id",)


@theme.of_sharers(
    by=DOMICILE,
    where=ACTIVE,
    zh="同一住所企业数",
    en="Firms at the same address",
    unit="count",
    nothing=None,
    direction=1,
)
def firms_at_address(firms: Rows) -> Column:
    """Active firms registered at the same address, itself included; NULL without an address."""
    return firms.count()


@theme.of_sharers(
    by=DOMICILE,
    where="est_date > date_add({as_of}, -365) AND est_date <= {as_of}",
    zh="同一住所一年内新设企业数",
    en="New firms at the same address",
    unit="count",
    nothing=None,
    direction=1,
)
def new_firms_at_address(firms: Rows) -> Column:
    """Firms founded within a year that are registered at the same address."""
    return firms.count()


@theme.of_sharers(
    by=DOMICILE,
    where=f"{ACTIVE} AND ({claims('name', BANNED_WORDS + INVESTMENT_WORDS)})",
    zh="同一住所投资类名称企业数",
    en="Firms with investment names at the same address",
    unit="count",
    nothing=None,
    direction=1,
)
def investment_firms_at_address(firms: Rows) -> Column:
    """Active firms at the same address whose names speak of money-handling trades."""
    return firms.count()


@theme.of_sharers(
    by=DOMICILE,
    where="status IN ('吊销', '注销')",
    zh="同一住所吊销注销企业数",
    en="Dissolved firms at the same address",
    unit="count",
    nothing=None,
    direction=1,
)
def dissolved_firms_at_address(firms: Rows) -> Column:
    """Revoked or cancelled firms that were registered at the same address."""
    return firms.count()


@theme.of_sharers(
    by=("domicile_address_id", "est_date"),
    zh="同一住所同日成立企业数",
    en="Firms founded at the same address on one day",
    unit="count",
    nothing=None,
    direction=1,
)
def firms_at_address_same_day(firms: Rows) -> Column:
    """Firms founded on the same day at the same address, itself included."""
    return firms.count()


@theme.of_firm(
    table="address",
    zh="楼宇等级",
    en="Grade of the building",
    unit="text",
    nothing=None,
    direction=0,
    type="STRING",
)
def building_grade(address: FirmRow) -> Column:
    """The grade of the building, A the most lavish; NULL when not known."""
    return address["building_grade"]


@theme.of_firm(
    table="address",
    zh="共享办公或托管集群",
    en="Shared office or managed cluster",
    unit="flag",
    nothing=0,
    direction=0,
)
def shared_premises(address: FirmRow) -> Column:
    """1 when the address is a shared office or a managed cluster, where many firms are usual."""
    return flag(F.coalesce(address["shared_office"], F.lit(False)) | address["managed_cluster"])


@theme.of_firm(
    table="address",
    zh="住所可容纳企业数",
    en="Firms the address can hold",
    unit="count",
    nothing=None,
    direction=0,
)
def address_capacity(address: FirmRow) -> Column:
    """How many firms the address is thought to hold; NULL when not known."""
    return address["capacity_estimate"]


@theme.derived(
    zh="住所拥挤度",
    en="Firms over the address's capacity",
    unit="ratio",
    nothing=None,
    direction=1,
)
def address_crowding(firms_at_address: Column, address_capacity: Column) -> Column:
    """Active firms at the address over what it can hold; NULL when that is not known."""
    return ratio(firms_at_address, address_capacity)


@theme.derived(
    zh="非集群住所企业数",
    en="Firms at an ordinary address",
    unit="count",
    nothing=None,
    direction=1,
    type="BIGINT",
)
def firms_at_ordinary_address(
    firms_at_address: Column, shared_premises: Column, cluster_registered: Column
) -> Column:
    """Active firms at the address where many are not usual; NULL at shared or cluster addresses."""
    return F.when((shared_premises == 0) & (cluster_registered == 0), firms_at_address)
