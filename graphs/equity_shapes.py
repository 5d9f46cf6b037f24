"""Shapes of capital alone: circles of holdings, cross holdings, chains of shells.

What a firm carries is exact and costs no more than the edges do; what is listed as evidence is
bounded in rows and work, and says how much it left out.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graphs.compact import WHOLE, CompactGraph
from graphs.components import connected, distinct_pairs
from graphs.kinds import DIRECTORSHIP, FIRM, OWNERSHIP, PERSON
from graphs.shape_settings import ShapeSettings

CIRCLE_SCHEMA = pa.schema(
    [
        ("circle_id", pa.string()),
        ("firms", pa.int64()),
        ("place", pa.int64()),
        ("subject_id", pa.string()),
        ("holds_id", pa.string()),
        ("ratio", pa.float64()),
    ]
)
CROSS_SCHEMA = pa.schema(
    [
        ("subject_id", pa.string()),
        ("other_id", pa.string()),
        ("ratio", pa.float64()),
        ("other_ratio", pa.float64()),
    ]
)
CHAIN_SCHEMA = pa.schema(
    [
        ("chain_id", pa.string()),
        ("shells", pa.int64()),
        ("place", pa.int64()),
        ("subject_id", pa.string()),
        ("holder_id", pa.string()),
    ]
)


@dataclass(frozen=True)
class Listed:
    """An evidence table, and how many firms that carry the shape stand in no row of it."""

    table: pa.Table
    unlisted: int


def shape_id(letter: str, members: Iterable[str]) -> str:
    """An id from content: the letter and 16 hex digits of the SHA-256 of the members in order."""
    return letter + hashlib.sha256("\n".join(members).encode()).hexdigest()[:16]


def firm_holdings(
    graph: CompactGraph,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Holdings of firms in other firms, sorted by (holder, held): holder, held, stake."""
    mask = graph.edges_of(OWNERSHIP)
    mask &= graph.is_kind(graph.src, FIRM) & graph.is_kind(graph.dst, FIRM)
    return graph.src[mask], graph.dst[mask], graph.stake[mask]


def circle_firms(graph: CompactGraph) -> NDArray[np.int64]:
    """Firms that stand in circles of ownership with each firm, itself counted; 0 where none.

    Two firms stand together when each holds, over any number of firms, a stake of any size in the
    other. Above `circular_holdings` it says how large the whole is.
    """
    return _component_size(graph)[1]


def _component_size(graph: CompactGraph) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    holder, held, _ = firm_holdings(graph)
    label = connected(holder, held, graph.firm_count, "strong")
    size = np.bincount(label, minlength=1)[label]
    return label, np.where(size >= 2, size, 0).astype(np.int64)


def circles(graph: CompactGraph, settings: ShapeSettings | None = None) -> Listed:
    """The circles of ownership themselves, `CIRCLE_SCHEMA`: one row a member, holder before held.

    For every firm in a circle its shortest one (of several the one with the smaller ids along the
    way), each circle once, beginning with its smallest member. `ratio` is the stake of `subject_id`
    in `holds_id`, a share of 1, NULL where unknown. Holding oneself is no circle.

    Circles longer than `circle_length` are not listed. Firms are taken up from the smallest
    component to the largest until `circle_steps` holdings were looked at or `listed` rows written;
    the firms of no listed circle are counted in `unlisted`.
    """
    settings = settings or ShapeSettings()
    label, size = _component_size(graph)
    holder, held, stake = firm_holdings(graph)
    inside = (label[holder] == label[held]) & (size[holder] > 0)
    holder, held, stake = holder[inside], held[inside], stake[inside]
    holds: dict[int, list[int]] = defaultdict(list)
    for src, dst in zip(holder.tolist(), held.tolist(), strict=True):
        holds[src].append(dst)
    firms = np.flatnonzero(size)
    smallest = np.full(int(label.max(initial=0)) + 1, graph.firm_count, np.int64)
    np.minimum.at(smallest, label[firms], firms)
    order = np.lexsort((firms, smallest[label[firms]], size[firms]))
    found: dict[tuple[int, ...], None] = {}
    steps, rows = settings.circle_steps, settings.listed
    for start in firms[order].tolist():
        if steps <= 0 or rows <= 0:
            break
        circle, used = _shortest_circle(start, holds, settings.circle_length, steps)
        steps -= used
        if circle and circle not in found:
            found[circle] = None
            rows -= len(circle)
    stakes = dict(
        zip(zip(holder.tolist(), held.tolist(), strict=True), stake.tolist(), strict=True)
    )
    standing = {firm for circle in found for firm in circle}
    return Listed(_circle_table(graph, sorted(found), stakes), len(firms) - len(standing))


def _shortest_circle(
    start: int, holds: Mapping[int, Sequence[int]], longest: int, steps: int
) -> tuple[tuple[int, ...], int]:
    """The shortest circle through a firm from its smallest member on, () for none; steps used."""
    before = {start: start}
    front, used = [start], 0
    for _ in range(longest):
        after: list[int] = []
        for node in front:
            for other in holds[node]:
                used += 1
                if other == start:
                    way = [node]
                    while way[-1] != start:
                        way.append(before[way[-1]])
                    way.reverse()
                    first = way.index(min(way))
                    return (*way[first:], *way[:first]), used
                if other not in before:
                    before[other] = node
                    after.append(other)
            if used > steps:
                return (), used
        front = after
    return (), used


def _circle_table(
    graph: CompactGraph,
    found: Sequence[tuple[int, ...]],
    stakes: Mapping[tuple[int, int], int],
) -> pa.Table:
    rows = []
    for circle in found:
        names = [graph.id_of(firm) for firm in circle]
        name = shape_id("C", names)
        for place, firm in enumerate(circle):
            following = (place + 1) % len(circle)
            stake = stakes[firm, circle[following]]
            rows.append(
                (name, len(circle), place, names[place], names[following],
                 stake / WHOLE if stake >= 0 else None)
            )  # fmt: skip
    return table_of(rows, CIRCLE_SCHEMA)


def table_of(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    """Rows as a table of the schema, in their order."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema)


def _cross_pairs(
    graph: CompactGraph,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Firms that hold each other: low, high, low's stake in high, high's in low."""
    holder, held, stake = firm_holdings(graph)
    key = (np.minimum(holder, held).astype(np.int64) << 32) | np.maximum(holder, held)
    order = np.lexsort((holder, key))
    both = np.flatnonzero(key[order][1:] == key[order][:-1])
    first, second = order[both], order[both + 1]
    return holder[first], held[first], stake[first], stake[second]


def cross_holding_count(graph: CompactGraph) -> NDArray[np.int64]:
    """How many firms each firm holds that hold it too, stakes of any size."""
    low, high, _, _ = _cross_pairs(graph)
    count = np.bincount(low, minlength=graph.firm_count)
    count += np.bincount(high, minlength=graph.firm_count)
    return count.astype(np.int64)


def cross_holdings(graph: CompactGraph) -> pa.Table:
    """Pairs of firms that hold each other, `CROSS_SCHEMA`, each once, the smaller id first.

    `ratio` is the stake of `subject_id` in `other_id`, `other_ratio` that of `other_id` in
    `subject_id`; shares of 1, NULL where unknown. Every pair is listed.
    """
    low, high, stake, other = _cross_pairs(graph)
    columns = [graph.ids.take(pa.array(low)), graph.ids.take(pa.array(high))]
    columns += [pa.array(s / WHOLE, pa.float64(), mask=s < 0) for s in (stake, other)]
    return pa.table(columns, CROSS_SCHEMA)


def shell_holders(graph: CompactGraph) -> NDArray[np.int32]:
    """The one holder of each firm that is a shell, -1 for the others.

    A shell has exactly one holder, which is a firm, and no people of its own: somebody is recorded
    in it, and everybody who has a post in it holds or has a post in another firm too. A firm of
    which no people are recorded is none: that may be a gap of the registers.
    """
    firms = graph.firm_count
    owner, held = distinct_pairs(graph, OWNERSHIP)
    sole = np.bincount(held, minlength=firms)[:firms] == 1
    holder = np.full(firms, -1, np.int32)
    holder[held] = owner
    who, where = distinct_pairs(graph, OWNERSHIP, DIRECTORSHIP)
    person = graph.is_kind(who, PERSON)
    who, where = who[person], where[person]
    busy = np.bincount(who, minlength=graph.node_count)[who] > 1
    people = np.bincount(where, minlength=firms)[:firms]
    own = np.bincount(where[~busy], minlength=firms)[:firms]
    shell = sole & (holder >= 0) & graph.is_kind(holder, FIRM) & (people > 0) & (own == 0)
    return np.where(shell, holder, -1).astype(np.int32)


def shell_chain_length(graph: CompactGraph) -> NDArray[np.int64]:
    """Shells of the longest chain of shells that runs through each firm; 0 for what is no shell.

    In a chain each shell is the one holder of the next. Shells that hold each other in a circle are
    counted once.
    """
    length = np.zeros(graph.firm_count, np.int64)
    holder = shell_holders(graph)
    shells = np.flatnonzero(holder >= 0)
    if not len(shells):
        return length
    above = _shells_above(holder, shells)
    _, length[shells], _ = _depths(above)
    return length


def _shells_above(holder: NDArray[np.int32], shells: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place among `shells` of the shell that holds each of them, len(shells) for none."""
    place = np.searchsorted(shells, holder[shells])
    place = np.minimum(place, len(shells) - 1)
    return np.where(shells[place] == holder[shells], place, len(shells))


def _depths(
    above: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Of each shell: shells from the top down to it, down to the lowest below it, and whether it
    stands in a circle of shells.

    By doubling: after step n every shell knows its next 2^n holders, so a chain of a million
    takes twenty steps.
    """
    count = len(above)
    held = np.flatnonzero(above < count)
    label = connected(above[held].astype(np.int32), held.astype(np.int32), count, "strong")
    circle_size = np.bincount(label)[label]
    circular = circle_size > 1
    # the last place stands for "nobody above"; a circle counts as one node of its size
    depth = np.append(np.where(circular, circle_size, 1), 0).astype(np.int64)
    jump = np.append(np.where(circular, count, above), count)
    jumps = []
    while (jump < count).any():
        jumps.append(jump)
        depth = depth + depth[jump]
        jump = jump[jump]
    deepest = depth.copy()
    for jump in jumps:
        before = deepest.copy()
        np.maximum.at(deepest, jump[:-1], before[:-1])
    of_circle = np.zeros(int(label.max()) + 1, np.int64)
    np.maximum.at(of_circle, label[circular], deepest[:-1][circular])
    lowest = np.where(circular, of_circle[label], deepest[:-1])
    return depth[:-1], lowest, circular


def shell_chains(graph: CompactGraph, settings: ShapeSettings | None = None) -> Listed:
    """Chains of at least `shells` shells, `CHAIN_SCHEMA`: one row a shell, from the top down.

    A chain ends with a shell that holds no further one; chains that part further down are told each
    in full. Shells that hold each other in a circle are among the `circles`; a chain that hangs
    below one begins with the shell it hangs from, and `shells` counts the whole circle. No more
    than `listed` rows; shells of long enough chains that stand in none are counted in `unlisted`.
    """
    settings = settings or ShapeSettings()
    holder = shell_holders(graph)
    shells = np.flatnonzero(holder >= 0)
    if not len(shells):
        return Listed(CHAIN_SCHEMA.empty_table(), 0)
    above = _shells_above(holder, shells)
    depth, lowest, circular = _depths(above)
    holds = np.zeros(len(shells) + 1, bool)
    holds[above] = True
    rows: list[tuple[object, ...]] = []
    standing = circular.copy()
    for last in np.flatnonzero(~holds[:-1] & (depth >= settings.shells)).tolist():
        if len(rows) + int(depth[last]) > settings.listed:
            continue
        chain = [last]
        while not circular[chain[-1]] and above[chain[-1]] < len(shells):
            chain.append(int(above[chain[-1]]))
        chain.reverse()
        standing[chain] = True
        names = [graph.id_of(int(shells[s])) for s in chain]
        name = shape_id("S", names)
        rows += [
            (name, int(depth[last]), place, names[place], graph.id_of(int(holder[shells[s]])))
            for place, s in enumerate(chain)
        ]
    unlisted = int(((lowest >= settings.shells) & ~standing).sum())
    return Listed(table_of(rows, CHAIN_SCHEMA), unlisted)
