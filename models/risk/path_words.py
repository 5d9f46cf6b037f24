"""The way along which a known case's risk reaches a firm, hop by hop in one line of words.

Firms are named, people, addresses, phones and agents never: the list must not say whose they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from models.risk.wording import one_line

NODE_WORDS = {
    "person": ("某自然人", "a person"),
    "address": ("某住所", "an address"),
    "phone": ("某电话", "a phone"),
    "agent": ("某代办机构", "an agent"),
}
"""What stands for a node that is no firm."""

EDGE_WORDS = {
    "ownership": ("持股", "holds"),
    "directorship": ("任职", "directs"),
    "branch": ("分支机构", "branch"),
    "shared_address": ("同一住所", "same address"),
    "shared_phone": ("同一电话", "same phone"),
    "shared_agent": ("同一代办机构", "same agent"),
}
_SHARED = ("shared_address", "shared_phone", "shared_agent")
_WITHHELD = ("（不予输出）", "(withheld)")


def path_words(path: str | None, name_of: Callable[[str], str]) -> tuple[str, str] | None:
    """A path as `graphs.exposure.path_words` writes it, in Chinese and in English; None for none.

    It begins at the known case and ends at the firm itself (本企业). An arrow points from who holds
    or directs to what is held or directed. `name_of`: how a firm is called, by its id.

    >>> way = ('[{"node":"A","kind":"firm"},{"edge":"ownership","direction":"up"},'
    ...        '{"node":"p1","kind":"person"},{"edge":"directorship","direction":"down"},'
    ...        '{"node":"B","kind":"firm"}]')
    >>> path_words(way, lambda subject: f"企业{subject}")[0]
    '涉案企业 企业A ←持股— 某自然人 —任职→ 本企业'
    """
    if not path:
        return None
    steps = json.loads(path)
    zh, en = ["涉案企业"], ["the firm under case"]
    last = len(steps) - 1
    for at, step in enumerate(steps):
        if "edge" in step:
            words = EDGE_WORDS.get(step["edge"], (step["edge"], step["edge"]))
            here, there = ("—", "—") if step["edge"] in _SHARED else ("—", "→")
            if step["edge"] not in _SHARED and step.get("direction") != "down":
                here, there = "←", "—"
            zh.append(f"{here}{words[0]}{there}")
            en.append(f"{here}{words[1]}{there}")
        elif step["kind"] == "firm":
            named = one_line(name_of(step["node"]))
            zh.append("本企业" if at == last else named)
            en.append("this firm" if at == last else named)
        else:
            words = NODE_WORDS.get(step["kind"], _WITHHELD)
            zh.append(words[0])
            en.append(words[1])
    return " ".join(zh), " ".join(en)
