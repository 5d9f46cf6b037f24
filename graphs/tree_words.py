"""What stands in the boxes of a family tree: how wide a text is, how a long name is broken.

Widths are reckoned from the letters, not measured in a font: so a picture is laid out alike on
every machine, with a Chinese font or without.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Literal

import networkx as nx

from graphs.family_tree import WORDS, Node, percent
from graphs.kinds import FIRM, PERSON
from graphs.tree_bundles import BUNDLE

Language = Literal["zh", "en"]

PICTURE_WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "title": "{name} 族谱",
        "day": "时点 {day}",
        "banner": "内部使用，预警不是违法认定",
        "counts": "企业 {firms} 家，自然人 {people} 人",
        "bundle_firm": "另有 {count} 家",
        "bundle_person": "另有 {count} 人",
        "subject": "本企业",
        "case": "涉案",
        "controller": "最终控制人",
        "red": "红色预警",
        "orange": "橙色预警",
        "yellow": "黄色预警",
        "blue": "蓝色预警",
        "firm": "企业",
        "person": "自然人",
        "bundle": "情形相同者合并",
        "ownership": "持股（比例）",
        "post": "仅任职",
        "circle": "循环持股",
        "probability": "风险概率",
        "small": "名称下方：代码、风险概率",
    },
    "en": {
        "title": "Family tree of {name}",
        "day": "as of {day}",
        "banner": "Internal use. A warning is not a finding of wrongdoing.",
        "counts": "{firms} firms, {people} people",
        "bundle_firm": "{count} more firms",
        "bundle_person": "{count} more people",
        "subject": "this firm",
        "case": "case",
        "controller": "ultimate controller",
        "red": "red warning",
        "orange": "orange warning",
        "yellow": "yellow warning",
        "blue": "blue warning",
        "firm": "firm",
        "person": "person",
        "bundle": "alike, put together",
        "ownership": "stake (percent)",
        "post": "post only",
        "circle": "circular holding",
        "probability": "risk probability",
        "small": "below the name: id, risk probability",
    },
}
FIRM_ENDINGS = ("有限", "股份有限", "集团", "合伙企业", "（", "(", "分公司")
SHORT_KEY = 8  # letters of a person's keyed hash that a box shows


def width_of(text: str, size: float) -> float:
    """How wide a text is about to be, in the units of its size; rather too wide than too narrow."""
    wide = sum(1 for letter in text if unicodedata.east_asian_width(letter) in "WFA")
    return size * (wide + 0.6 * (len(text) - wide))


def printable(text: str) -> str:
    """The text without what XML cannot hold and no font can show (control letters, surrogates)."""
    spaced = " ".join(text.split())
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co"))


def shortened(text: str, width: float, size: float) -> str:
    """The text, cut with "…" where it is wider."""
    if width_of(text, size) <= width:
        return text
    while text and width_of(text + "…", size) > width:
        text = text[:-1]
    return text + "…"


def wrapped(text: str, width: float, size: float) -> list[str]:
    """The text in one line, or two where it is wider, the second cut with "…" where need be.

    Two lines are broken at a space or before what kind of firm it is, else near the middle, so
    that no last letter stands alone.
    """
    if width_of(text, size) <= width:
        return [text]
    fits = [at for at in range(1, len(text)) if width_of(text[:at].rstrip(), size) <= width]
    if width_of(text, size) > 2 * width:  # the second line is cut whatever is done
        return [text[: fits[-1]].rstrip(), shortened(text[fits[-1] :].lstrip(), width, size)]
    whole = [at for at in fits if width_of(text[at:].lstrip(), size) <= width] or fits[-1:]
    good = [at for at in whole if text[at] == " " or text[at:].startswith(FIRM_ENDINGS)]
    at = min(good or whole, key=lambda at: (abs(at - len(text) / 2), at))
    return [text[:at].rstrip(), shortened(text[at:].lstrip(), width, size)]


def shown_name(tree: nx.DiGraph, node: Node, language: Language) -> str:
    """A node's name for a reader: a firm's name, a person's shortened key, how many are bundled."""
    seen = tree.nodes[node]
    if seen["kind"] == BUNDLE:
        key = "bundle_person" if seen["of"] == PERSON else "bundle_firm"
        return PICTURE_WORDS[language][key].format(count=len(seen["members"]))
    if seen["kind"] == PERSON and seen["name"] == seen["id"]:
        return WORDS[language]["person"].format(id=printable(seen["id"])[:SHORT_KEY])
    return printable(seen["name"]) or "?"


def chance(probability: float) -> str:
    """A probability with two digits that count, and never as 0 % when it is not 0."""
    if 0 < probability < 0.0001:
        return "<0.01%"
    return percent(round(probability, 3 if probability >= 0.01 else 4))


def small_line(tree: nx.DiGraph, node: Node) -> str:
    """The line below the name: the id where the name is another, and the probability."""
    seen = tree.nodes[node]
    parts = []
    if seen["kind"] == FIRM and seen["name"] != seen["id"]:
        parts.append(printable(seen["id"]))
    if seen["probability"] is not None:
        parts.append(chance(seen["probability"]))
    return "  ".join(parts)


def marks(tree: nx.DiGraph, node: Node) -> list[str]:
    """The marks of a node that are written out: subject, case, controller."""
    seen: Mapping[str, Any] = tree.nodes[node]
    found = ["subject"] if node == tree.graph["subject"] else []
    return found + [mark for mark in ("case", "controller") if seen[mark]]
