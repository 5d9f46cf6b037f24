"""Pairs of node numbers in arrays: joining, looking up, spreading out. What the shapes count with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Pairs (left, right) of node numbers, each once, sorted; `count` belongs to each pair."""

    left: Numbers
    right: Numbers
    count: Numbers


def joint_pairs(hub: Numbers, firm: Numbers, hub_cap: int) -> Pairs:
    """Pairs of firms that have hubs in common, the smaller number first, and how many.

    (hub, firm) are distinct and sorted. A hub with more than `hub_cap` firms joins none, so there
    are at most hub_cap / 2 pairs for each (hub, firm).
    """
    start = np.flatnonzero(np.append(True, hub[1:] != hub[:-1])) if len(hub) else hub
    many = np.diff(np.append(start, len(hub)))
    small = np.repeat(many <= hub_cap, many)
    hub, firm = hub[small], firm[small]
    keys: list[Numbers] = []
    at = np.arange(len(hub))
    for step in range(1, hub_cap):
        at = at[at + step < len(hub)]
        at = at[hub[at] == hub[at + step]]
        if not len(at):
            break
        keys.append((firm[at] << 32) | firm[at + step])
    key, count = np.unique(
        np.concatenate(keys) if keys else np.empty(0, np.int64), return_counts=True
    )
    return Pairs(key >> 32, key & 0xFFFFFFFF, count.astype(np.int64))


def distinct(keys: Numbers) -> Numbers:
    """The keys, each once, ascending: by sorting, which takes a third of what hashing does here."""
    ordered = np.sort(keys)
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def among(key: Numbers, ordered: Numbers) -> NDArray[np.bool_]:
    """Which keys are among the ordered ones."""
    if not len(ordered):
        return np.zeros(len(key), bool)
    place = np.minimum(np.searchsorted(ordered, key), len(ordered) - 1)
    found: NDArray[np.bool_] = ordered[place] == key
    return found


def spread(start: Numbers, length: Numbers) -> Numbers:
    """The numbers start..start+length-1 of each entry, one after the other."""
    ends = np.cumsum(length)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(start - (ends - length), length) + np.arange(total)


def whole_groups(group: Numbers, rows: int) -> int:
    """How many leading rows there are, at most `rows`, that cut no group (equal, adjacent)."""
    if len(group) <= rows:
        return len(group)
    return int(np.argmax(group == group[rows]))
