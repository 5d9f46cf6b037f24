"""The words of the investment graph: kinds of node, kinds of edge, and which way an edge points.

The words follow `followthemoney`: in an Ownership the OWNER owns the ASSET, in a Directorship the
DIRECTOR directs the ORGANIZATION. So every edge points from the one who holds, directs or uses
(`src`) to what is held, directed or used (`dst`).
"""

from __future__ import annotations

FIRM, PERSON, ADDRESS, PHONE, AGENT = "firm", "person", "address", "phone", "agent"

# The order is part of the contract: nodes are numbered kind by kind in this order.
NODE_KINDS: tuple[str, ...] = (FIRM, PERSON, ADDRESS, PHONE, AGENT)

OWNERSHIP, DIRECTORSHIP, BRANCH = "ownership", "directorship", "branch"
SHARED_ADDRESS, SHARED_PHONE, SHARED_AGENT = "shared_address", "shared_phone", "shared_agent"

# Strongest evidence of a tie first: where two edges tie, the earlier kind is named.
EDGE_KINDS: tuple[str, ...] = (
    OWNERSHIP,
    BRANCH,
    DIRECTORSHIP,
    SHARED_PHONE,
    SHARED_ADDRESS,
    SHARED_AGENT,
)

LEGAL_REPRESENTATIVE = "法定代表人"

NODE_CODE: dict[str, int] = {kind: code for code, kind in enumerate(NODE_KINDS)}
EDGE_CODE: dict[str, int] = {kind: code for code, kind in enumerate(EDGE_KINDS)}
