"""Nominees: people who front for firms that share nothing, and proxies for one who stands behind.

People and resources that serve more than `hub_cap` firms, and known hubs, link nobody here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graphs.compact import CompactGraph
from graphs.components import connected, distinct_pairs, pairs_of
from graphs.control import Control, control
from graphs.equity_shapes import Listed
from graphs.kinds import (
    BRANCH,
    DIRECTORSHIP,
    FIRM,
    LEGAL_REPRESENTATIVE,
    OWNERSHIP,
    PERSON,
    SHARED_ADDRESS,
    SHARED_PHONE,
)
from graphs.pairs import Numbers, among, distinct, spread, whole_groups
from graphs.shape_settings import ShapeSettings, known_hubs, with_roles

FRONT_SCHEMA = pa.schema(
    [
        ("person_id", pa.string()),
        ("parts", pa.int64()),
        ("firms", pa.int64()),
        ("controlled", pa.int64()),
        ("subject_id", pa.string()),
    ]
)
PROXY_SCHEMA = pa.schema(
    [
        ("person_id", pa.string()),
        ("firms", pa.int64()),
        ("representatives", pa.int64()),
        ("subject_id", pa.string()),
        ("representative_id", pa.string()),
    ]
)


@dataclass(frozen=True)
class Fronts:
    """(person, firm) of people who front; parts and firms are the person's, by row."""

    person: Numbers
    firm: Numbers
    parts: Numbers
    firms: Numbers


def fronts(graph: CompactGraph, settings: ShapeSettings | None = None) -> Fronts:
    """People who stand in front of firms that have nothing to do with one another.

    Such a person is legal representative or holder of firms that fall into at least `front_firms`
    parts when he is left out. Firms are of one part when one holds or is a branch of the other, or
    when they have in common another person (any stake or post but `filing_roles`), a firm that holds them or that
    they hold, an address or a phone; also over further firms of his. Agents join nothing, being
    everybody's. A one-man owner of unrelated shops fits too: that is why `front_persons` says how
    many of the firms the person controls. Firms with more than `hub_cap` people are left out.
    """
    settings = settings or ShapeSettings()
    person, firm = _fronted(graph, settings)
    if not len(person):
        return Fronts(person, firm, person, person)
    fronted = np.zeros(graph.firm_count, bool)
    fronted[firm] = True
    start, token = _tokens(graph, fronted, settings)
    many = np.diff(start)[firm]
    row = np.repeat(np.arange(len(person)), many)
    shared = token[spread(start[firm], many)]
    other = shared != person[row]
    row, shared = row[other], shared[other]
    _, node = np.unique((person[row] << 32) | shared, return_inverse=True)
    nodes = len(person) + (int(node.max()) + 1 if len(node) else 0)
    label = connected(row.astype(np.int32), (len(person) + node).astype(np.int32), nodes, "weak")
    part = distinct((person << 32) | label[: len(person)])
    parts = np.bincount(part >> 32, minlength=graph.node_count)[person]
    firms = np.bincount(person, minlength=graph.node_count)[person]
    kept = parts >= settings.front_firms
    return Fronts(person[kept], firm[kept], parts[kept], firms[kept])


def _fronted(graph: CompactGraph, settings: ShapeSettings) -> tuple[Numbers, Numbers]:
    """(person, firm): holders and legal representatives of `front_firms` firms or more."""
    mask = graph.edges_of(OWNERSHIP) | _speaks(graph)
    mask &= graph.is_kind(graph.src, PERSON) & ~known_hubs(graph, settings)[graph.src]
    key = distinct((graph.src[mask].astype(np.int64) << 32) | graph.dst[mask])
    person, firm = key >> 32, key & 0xFFFFFFFF
    _, where = distinct_pairs(graph, OWNERSHIP, DIRECTORSHIP)
    crowded = np.bincount(where, minlength=graph.node_count) > settings.hub_cap
    person, firm = person[~crowded[firm]], firm[~crowded[firm]]
    enough = np.bincount(person, minlength=graph.node_count) >= settings.front_firms
    return person[enough[person]], firm[enough[person]]


def _speaks(graph: CompactGraph) -> NDArray[np.bool_]:
    """Mask of the edges of legal representatives."""
    return graph.edges_of(DIRECTORSHIP) & with_roles(graph, (LEGAL_REPRESENTATIVE,))


def _tokens(
    graph: CompactGraph, firms: NDArray[np.bool_], settings: ShapeSettings
) -> tuple[Numbers, Numbers]:
    """What each of the firms may have in common with others, in one array with their starts.

    Itself, whoever holds or works for it, what it holds, its branches and parent, its addresses
    and phones; nothing with more than `hub_cap` such links, and no known hub.
    """
    kinds = (OWNERSHIP, DIRECTORSHIP, BRANCH, SHARED_ADDRESS, SHARED_PHONE)
    linking = graph.edges_of(*kinds) & ~with_roles(graph, settings.filing_roles)
    src, dst = pairs_of(graph, linking)
    up, down = graph.is_kind(dst, FIRM), graph.is_kind(src, FIRM)
    links = np.bincount(src[up], minlength=graph.node_count)
    links += np.bincount(dst[down], minlength=graph.node_count)
    common = (links > settings.hub_cap) | known_hubs(graph, settings)
    wanted = np.zeros(graph.node_count, bool)
    wanted[: graph.firm_count] = firms
    up &= wanted[dst] & ~common[src]
    down &= wanted[src] & ~common[dst]
    own = np.flatnonzero(firms)
    firm = np.concatenate([dst[up], src[down], own])
    token = np.concatenate([src[up], dst[down], own])
    order = np.argsort(firm, kind="stable")
    return np.searchsorted(firm[order], np.arange(graph.firm_count + 1)), token[order]


def front_persons(
    graph: CompactGraph, settings: ShapeSettings | None = None, controlled: Control | None = None
) -> Listed:
    """The people who front and their firms, `FRONT_SCHEMA`, most parts first, then by id.

    `controlled` of the firms have the person as their ultimate controller: with 0 he holds nothing
    that decides, with all of them he may be no more than an owner of unrelated firms.
    """
    settings = settings or ShapeSettings()
    found = fronts(graph, settings)
    controller = (controlled or control(graph)).controller
    own = np.bincount(
        found.person[controller[found.firm] == found.person], minlength=graph.node_count
    )
    order = np.lexsort((found.firm, found.person, -found.parts))
    whole = order[: whole_groups(found.person[order], settings.listed)]
    person, firm = found.person[whole], found.firm[whole]
    table = pa.table(
        [
            graph.ids.take(pa.array(person)),
            pa.array(found.parts[whole]),
            pa.array(found.firms[whole]),
            pa.array(own[person]),
            graph.ids.take(pa.array(firm)),
        ],
        FRONT_SCHEMA,
    )
    return Listed(table, len(np.unique(found.firm)) - len(np.unique(firm)))


@dataclass(frozen=True)
class Proxies:
    """(person behind, firm, representative); firms and representatives are the person's, by row."""

    person: Numbers
    firm: Numbers
    representative: Numbers
    firms: Numbers
    representatives: Numbers


def proxies(
    graph: CompactGraph, settings: ShapeSettings | None = None, controlled: Control | None = None
) -> Proxies:
    """Firms that a representative without a stake speaks for, while one person stands behind many.

    A firm has a proxy when none of its legal representatives holds a stake in it, of any size, or
    is its ultimate controller. A person stands behind it when he is its ultimate controller or has
    one of the `watching_roles` in it, and does not speak for it himself. Told are people who stand
    so behind at least `proxy_firms` firms with two or more representatives between them; nobody
    with posts or stakes in more than `hub_cap` firms, and no known hub.
    """
    settings = settings or ShapeSettings()
    controller = (controlled or control(graph)).controller
    speaks = _speaks(graph)
    rep, spoken = graph.src[speaks].astype(np.int64), graph.dst[speaks].astype(np.int64)
    owner, held = (a.astype(np.int64) for a in distinct_pairs(graph, OWNERSHIP))
    owns = among((rep << 32) | spoken, (owner << 32) | held) | (controller[spoken] == rep)
    proxied = np.zeros(graph.node_count, bool)
    proxied[spoken] = True
    proxied[spoken[owns]] = False

    person, firm = _behind(graph, controller, settings)
    kept = proxied[firm] & ~among((person << 32) | firm, np.sort((rep << 32) | spoken))
    person, firm = person[kept], firm[kept]
    order = np.lexsort((rep, spoken))
    rep, start = rep[order], np.searchsorted(spoken[order], np.arange(graph.firm_count + 1))
    many = np.diff(start)[firm]
    firms = np.bincount(person, minlength=graph.node_count)
    by_rep = rep[spread(start[firm], many)]
    person, firm = np.repeat(person, many), np.repeat(firm, many)
    who = distinct((person << 32) | by_rep) >> 32
    representatives = np.bincount(who, minlength=graph.node_count)
    told = (firms[person] >= settings.proxy_firms) & (representatives[person] >= 2)
    person, firm, by_rep = person[told], firm[told], by_rep[told]
    return Proxies(person, firm, by_rep, firms[person], representatives[person])


def _behind(
    graph: CompactGraph, controller: NDArray[np.int32], settings: ShapeSettings
) -> tuple[Numbers, Numbers]:
    """(person, firm): ultimate controllers, and those who watch from a post; sorted."""
    firms = np.arange(graph.firm_count, dtype=np.int64)
    above: NDArray[np.int32] = controller[: graph.firm_count]
    by_person = (above >= 0) & graph.is_kind(above, PERSON)
    watch = graph.edges_of(DIRECTORSHIP) & with_roles(graph, settings.watching_roles)
    watch &= graph.is_kind(graph.src, PERSON)
    key = distinct(
        np.concatenate(
            [
                (above[by_person].astype(np.int64) << 32) | firms[by_person],
                (graph.src[watch].astype(np.int64) << 32) | graph.dst[watch],
            ]
        )
    )
    person, firm = key >> 32, key & 0xFFFFFFFF
    who, _ = distinct_pairs(graph, OWNERSHIP, DIRECTORSHIP)
    hub = np.bincount(who, minlength=graph.node_count) > settings.hub_cap
    hub |= known_hubs(graph, settings)
    return person[~hub[person]], firm[~hub[person]]


def proxy_representatives(
    graph: CompactGraph, settings: ShapeSettings | None = None, controlled: Control | None = None
) -> Listed:
    """The people behind proxies, `PROXY_SCHEMA`: a row a firm and representative.

    Most firms first, then by id; at most `listed` rows, people whole.
    """
    settings = settings or ShapeSettings()
    found = proxies(graph, settings, controlled)
    order = np.lexsort((found.representative, found.firm, found.person, -found.firms))
    whole = order[: whole_groups(found.person[order], settings.listed)]
    table = pa.table(
        [
            graph.ids.take(pa.array(found.person[whole])),
            pa.array(found.firms[whole]),
            pa.array(found.representatives[whole]),
            graph.ids.take(pa.array(found.firm[whole])),
            graph.ids.take(pa.array(found.representative[whole])),
        ],
        PROXY_SCHEMA,
    )
    return Listed(table, len(np.unique(found.firm)) - len(np.unique(found.firm[whole])))
