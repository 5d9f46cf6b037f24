"""What each graph feature means, in both languages: the contract of `graphs.subject_graph`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class GraphFeature:
    """One column of the graph features.

    type: string, integer or double. nothing: what the column holds where there is nothing to
    count, 0 or NULL. direction: "up" when more means riskier, "down" when less does, None when it
    says nothing by itself. measure: True for what a model may learn from; ids and evidence are
    False.
    """

    zh: str
    en: str
    definition: str
    type: Literal["string", "integer", "double"]
    nothing: Literal["0", "NULL", "never"]
    direction: Literal["up", "down"] | None = None
    unit: str = ""
    measure: bool = True


GRAPH_FEATURES: Mapping[str, GraphFeature] = {
    "group_id": GraphFeature(
        "族群编号",
        "Group",
        "Firms joined by close links: stakes of at least 20 %, branches and legal representatives, "
        "over people and firms with at most 50 of them; the id comes from the smallest subject id "
        "of the group.",
        "string",
        "never",
        measure=False,
    ),
    "group_size": GraphFeature(
        "族群企业数",
        "Firms in the group",
        "Firms of the group, the firm itself and those outside the city included; 1 when alone.",
        "integer",
        "never",
        unit="firms",
    ),
    "group_case_count": GraphFeature(
        "族群内涉案企业数",
        "Cases in the group",
        "Other firms of the group with a known case.",
        "integer",
        "0",
        "up",
        "firms",
    ),
    "controller_id": GraphFeature(
        "最终控制人",
        "Ultimate controller",
        "Who, with all it controls, holds more than half and is itself controlled by nobody; for "
        "firms that control each other the smallest id of those that control the whole circle.",
        "string",
        "NULL",
        measure=False,
    ),
    "controller_kind": GraphFeature(
        "最终控制人类型",
        "Kind of controller",
        "person, firm, concert_group (holders recorded to count as one), or circle (firms that "
        "control each other with nobody outside).",
        "string",
        "NULL",
        measure=False,
    ),
    "controller_firm_count": GraphFeature(
        "同一控制下企业数",
        "Firms under the same control",
        "Firms under the same ultimate controller, the firm itself and a controlling firm "
        "included; without a controller the firm and all it controls.",
        "integer",
        "never",
        unit="firms",
    ),
    "control_depth": GraphFeature(
        "控制链层数",
        "Depth of control",
        "Fewest holdings from the ultimate controller down to the firm.",
        "integer",
        "0",
        "up",
        "holdings",
    ),
    "control_case_count": GraphFeature(
        "同一控制下涉案企业数",
        "Cases under the same control",
        "Other firms under the same ultimate controller with a known case.",
        "integer",
        "0",
        "up",
        "firms",
    ),
    "owner_count": GraphFeature(
        "股东数",
        "Owners",
        "Distinct people and firms that hold the firm.",
        "integer",
        "0",
        unit="owners",
    ),
    "max_owner_ratio": GraphFeature(
        "最大持股比例",
        "Largest stake",
        "Largest known stake of one owner as recorded, a share of 1; may exceed 1 where the record "
        "does.",
        "double",
        "NULL",
        unit="ratio",
    ),
    "holding_count": GraphFeature(
        "对外投资企业数",
        "Firms held",
        "Distinct firms in which the firm holds a stake.",
        "integer",
        "0",
        unit="firms",
    ),
    "circular_holding": GraphFeature(
        "循环持股",
        "Circular holding",
        "1 when the firm stands in a circle of ownership of two firms or more, else 0.",
        "integer",
        "0",
        "up",
        unit="flag",
    ),
    "person_count": GraphFeature(
        "关联自然人数",
        "People",
        "Distinct people who hold the firm or have a post in it.",
        "integer",
        "0",
        unit="people",
    ),
    "busiest_person_firms": GraphFeature(
        "关联自然人最多关联企业数",
        "Busiest person's other firms",
        "Most other firms that any one of the firm's people holds or has a post in.",
        "integer",
        "0",
        "up",
        "firms",
    ),
    "person_link_count": GraphFeature(
        "经自然人关联次数",
        "Links through people",
        "Sum over the firm's people of the other firms each holds or has a post in.",
        "integer",
        "0",
        "up",
        "links",
    ),
    "address_firms": GraphFeature(
        "同址企业数",
        "Firms at the same address",
        "Most other firms at one of the firm's addresses; shared offices and managed clusters are "
        "left out.",
        "integer",
        "0",
        "up",
        "firms",
    ),
    "phone_firms": GraphFeature(
        "同电话企业数",
        "Firms with the same phone",
        "Other firms with the same contact phone.",
        "integer",
        "0",
        "up",
        "firms",
    ),
    "agent_firms": GraphFeature(
        "同代理企业数",
        "Firms with the same agent",
        "Other firms registered by the same agent.",
        "integer",
        "0",
        unit="firms",
    ),
    "circle_firms": GraphFeature(
        "循环持股企业数",
        "Firms in the circles",
        "Firms that stand in circles of ownership with the firm, itself included: each holds a "
        "stake in every other over any number of firms.",
        "integer",
        "0",
        "up",
        "firms",
    ),
    "cross_holding_count": GraphFeature(
        "交叉持股企业数",
        "Cross holdings",
        "Firms in which the firm holds a stake and which hold one in it, of any size.",
        "integer",
        "0",
        "up",
        "firms",
    ),
    "shell_chain_length": GraphFeature(
        "空壳链层数",
        "Length of the chain of shells",
        "Firms of the longest chain through the firm in which each is the only holder of the next "
        "and has no people but such as hold or have a post in another firm too; 0 when the firm is "
        "not such a shell.",
        "integer",
        "0",
        "up",
        "firms",
    ),
    "people_ring_firms": GraphFeature(
        "人员交叉企业数",
        "Firms in the ring of people",
        "Firms of the ring the firm belongs to, three at least: pairs have two people or more in "
        "common and share no equity, neither holding the other and nobody holding both. People of "
        "more than 50 firms, bookkeepers and contacts join nothing.",
        "integer",
        "0",
        "up",
        "firms",
    ),
    "front_parts": GraphFeature(
        "同一人名下互不相干的企业组数",
        "Unrelated parts that one person fronts",
        "Most parts, three at least, into which the firms fall that one of the firm's holders or "
        "its legal representative holds or represents, when he is left out: parts share no other "
        "person, capital, address or phone.",
        "integer",
        "0",
        "up",
        "parts",
    ),
    "proxy_firms": GraphFeature(
        "代表人未持股、同一人在后的企业数",
        "Firms run through proxies",
        "Most firms behind which one person stands who stands behind this one, as ultimate "
        "controller, director, supervisor or manager, while legal representatives without a stake "
        "speak for them, two of them at least; 0 when the firm's own holds a stake.",
        "integer",
        "0",
        "up",
        "firms",
    ),
    "resource_crowd": GraphFeature(
        "共用资源拥挤度",
        "Crowding of address, phone and agent",
        "Other firms at the firm's addresses, phones and agents, weighed 0.3, 0.6 and 0.1; past 50 "
        "firms a resource counts for less and less. Shared offices, managed clusters and known "
        "incubators count nothing.",
        "double",
        "0",
        "up",
        "firms",
    ),
    "resource_twins": GraphFeature(
        "住所、电话、代办机构两项相同企业数",
        "Firms that share two resources",
        "Most other firms with the same two of the firm's address, phone and agent, 50 at most.",
        "integer",
        "0",
        "up",
        "firms",
    ),
    "branch_burst_size": GraphFeature(
        "分支机构集中设立数",
        "Burst of branches",
        "Most branches opened within 90 days, in the last 730 days; closed ones count.",
        "integer",
        "0",
        "up",
        "branches",
    ),
    "rewired_count": GraphFeature(
        "近一年变动关系数",
        "Changed relations",
        "Holders, holdings, posts and branches that began or ended in the last 365 days, those of "
        "the founding left out.",
        "integer",
        "0",
        "up",
        "relations",
    ),
    "rewired_share": GraphFeature(
        "近一年变动关系占比",
        "Share of relations that changed",
        "Changed relations as a share of all that stand or ended in the last 365 days.",
        "double",
        "NULL",
        "up",
        unit="ratio",
    ),
    "exposure": GraphFeature(
        "关联风险",
        "Exposure to known cases",
        "Risk that travels to the firm from other firms with a known case, at most 4 ties far "
        "along capital, posts, branches, addresses, phones and agents; divided by degrees, halved "
        "every 730 days after the case. The firm's own case adds nothing.",
        "double",
        "0",
        "up",
    ),
    "exposure_hops": GraphFeature(
        "关联风险距离",
        "Distance to the case",
        "Ties on the way that carries most of the largest part of the exposure.",
        "integer",
        "NULL",
        "down",
        "ties",
    ),
    "exposure_case_count": GraphFeature(
        "关联涉案企业数",
        "Cases that reach the firm",
        "Other firms with a known case that add to the exposure.",
        "integer",
        "0",
        "up",
        "firms",
    ),
    "exposure_path": GraphFeature(
        "关联风险路径",
        "Path of the exposure",
        "JSON list of nodes and ties by turns, from the case to the firm: the way that carries "
        "most of the largest part.",
        "string",
        "NULL",
        measure=False,
    ),
}
