"""Which firms of a family speak loudest of a firm, and what ties them to it, in words.

Firms are named, people, addresses, phones and agents never: the list must not say whose they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from graphs.kinds import (
    BRANCH,
    FIRM,
    LEGAL_REPRESENTATIVE,
    OWNERSHIP,
    PERSON,
    SHARED_ADDRESS,
    SHARED_AGENT,
    SHARED_PHONE,
)
from models.risk.family import GRAIN, grains
from models.risk.wording import one_line

NAMED = 3
"""Firms named at most (project default): a reason is read on a phone too."""

Words = tuple[str, str]
Edge = Mapping[str, Any]

_FAR: Words = ("经多个环节相连", "linked through several others")
_DIRECT: Mapping[tuple[str, bool], Words] = {
    # (kind, whether the edge leads from the named firm to this one)
    (OWNERSHIP, True): ("持有本企业", "holds this firm"),
    (OWNERSHIP, False): ("由本企业持有", "held by this firm"),
    (BRANCH, True): ("本企业为其分支机构", "this firm is its branch"),
    (BRANCH, False): ("本企业的分支机构", "branch of this firm"),
}
_RESOURCES: Mapping[str, Words] = {
    SHARED_PHONE: ("同一电话", "same phone"),
    SHARED_ADDRESS: ("同一住所", "same address"),
    SHARED_AGENT: ("同一代办机构", "same agent"),
}


@dataclass(frozen=True)
class Voice:
    """One of the family's other firms, that shows more signs than the middle."""

    subject_id: str
    link: Words


def loudest(
    members: pd.DataFrame, subjects: Iterable[str], middle: float
) -> dict[str, tuple[str, ...]]:
    """The other firms of each subject's family with the highest own margins above `middle`.

    `members`: subject_id, group_id and `own` (the margin by the firm's own features), the subjects
    among them. At most `NAMED`, loudest first, equal ones by subject id.
    """
    rows = members.assign(own=grains(members["own"].to_numpy(dtype=float)))
    rows = rows.sort_values(["own", "subject_id"], ascending=[False, True], kind="stable")
    group = dict(zip(rows["subject_id"], rows["group_id"], strict=True))
    above: dict[str, list[str]] = defaultdict(list)
    for subject, of in rows.loc[
        rows["own"] > middle * GRAIN, ["subject_id", "group_id"]
    ].to_numpy():
        above[of].append(subject)
    return {
        one: tuple([kin for kin in above[group[one]] if kin != one][:NAMED])
        for one in sorted(subjects)
        if one in group
    }


def link_words(subject: str, kin: str, edges: Iterable[Edge]) -> Words:
    """What ties `kin` to `subject` most closely: an edge between them, or something in common.

    `edges`: src, src_kind, dst, dst_kind, kind, role; those of the two firms are enough.
    """
    of_two = [e for e in edges if {e["src"], e["dst"]} & {subject, kin}]
    for (kind, upward), words in _DIRECT.items():
        way = (kin, subject) if upward else (subject, kin)
        if any((e["src"], e["dst"]) == way and e["kind"] == kind for e in of_two):
            return words
    mine, theirs = _neighbours(subject, of_two), _neighbours(kin, of_two)
    common = [(mine[node], theirs[node]) for node in mine.keys() & theirs.keys()]
    people = [(a, b) for a, b in common if _other_kind(a[0], subject) == PERSON]
    if people:
        return _of_person(people)
    firms = [(a, b) for a, b in common if _other_kind(a[0], subject) == FIRM]
    if any(_held(a, subject) and _held(b, kin) for a, b in firms):
        return ("同一企业股东", "held by the same firm")
    if firms:
        return ("经另一家企业相连", "linked through another firm")
    kinds = {edge["kind"] for a, _ in common for edge in a}
    return next((words for kind, words in _RESOURCES.items() if kind in kinds), _FAR)


def voices_words(voices: Sequence[Voice], name_of: Callable[[str], str]) -> Words:
    """The end of a family's reason: who speaks loudest; empty for nobody.

    >>> voices_words([Voice("B", ("同一住所", "same address"))], lambda subject: "乙公司")
    ('，主要来自乙公司（B，同一住所）', ', mostly 乙公司 (B, same address)')
    """
    if not voices:
        return "", ""
    zh, en = [], []
    for voice in voices:
        name = one_line(name_of(voice.subject_id))
        called = [voice.subject_id] if name and name != voice.subject_id else []
        shown = name or voice.subject_id
        zh.append(f"{shown}（{'，'.join([*called, voice.link[0]])}）")
        en.append(f"{shown} ({', '.join([*called, voice.link[1]])})")
    return f"，主要来自{'、'.join(zh)}", f", mostly {', '.join(en)}"


def _neighbours(firm: str, edges: Iterable[Edge]) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        if firm in (edge["src"], edge["dst"]):
            found[edge["dst"] if edge["src"] == firm else edge["src"]].append(edge)
    return found


def _other_kind(edge: Edge, firm: str) -> str:
    return str(edge["dst_kind"] if edge["src"] == firm else edge["src_kind"])


def _held(edges: Iterable[Edge], firm: str) -> bool:
    return any(e["kind"] == OWNERSHIP and e["dst"] == firm for e in edges)


def _of_person(people: Iterable[tuple[list[Edge], list[Edge]]]) -> Words:
    people = list(people)
    if any(_represents(a) and _represents(b) for a, b in people):
        return ("同一法定代表人", "same legal representative")
    if any(_holds(a) and _holds(b) for a, b in people):
        return ("同一自然人持股", "held by the same person")
    return ("有共同的自然人", "a person in common")


def _represents(edges: Iterable[Edge]) -> bool:
    return any(e["role"] == LEGAL_REPRESENTATIVE for e in edges)


def _holds(edges: Iterable[Edge]) -> bool:
    return any(e["kind"] == OWNERSHIP for e in edges)
