"""A family tree as one self-contained HTML page: pan, zoom, search, and what each line rests on.

No network, no fonts, no libraries: the picture is inline SVG, and the page's own security policy
allows its one script and nothing else, so that even a name that got past the escaping could not
run. Without script the picture still shows.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import date
from typing import Any

import networkx as nx
from markupsafe import Markup

from graphs.drawing import svg
from graphs.family_tree import Node, edge_words
from graphs.kinds import PERSON
from graphs.tree_bundles import BUNDLE, bundled
from graphs.tree_shapes import picture
from graphs.tree_words import PICTURE_WORDS, Language, shown_name
from pipelines.delivering.page_templates import environment, piece

_WORDS = {
    "zh": {
        "find": "查找",
        "hint": "名称、代码，回车下一个",
        "found": "处",
        "people": "显示自然人",
        "nearer": "放大",
        "farther": "缩小",
        "whole": "全图",
        "above": "股东、上级与任职人员",
        "below": "对外投资、分支机构与任职",
    },
    "en": {
        "find": "Find",
        "hint": "name or id, Enter for next",
        "found": "found",
        "people": "people",
        "nearer": "zoom in",
        "farther": "zoom out",
        "whole": "whole picture",
        "above": "Owners and people above",
        "below": "Holdings, branches and posts below",
    },
}


def tree_page(tree: nx.DiGraph, as_of: date | None = None, language: Language = "zh") -> str:
    """The page. The same tree gives the same text, byte for byte."""
    shown = bundled(tree)
    ids = {node: f"n{at}" for at, node in enumerate(sorted(shown))}
    drawn = picture(shown, as_of, language)
    said = {group.of: group.said for group in drawn.groups if group.said}
    words = {**_WORDS[language], "banner": PICTURE_WORDS[language]["banner"]}
    name = shown_name(tree, tree.graph["subject"], language)
    day = f" {as_of.isoformat()}" if as_of else ""
    script = piece("tree.js")
    return environment().get_template("tree.html.j2").render(
        language=language,
        title=PICTURE_WORDS[language]["title"].format(name=name) + day,
        words=words,
        style=Markup(piece("tree.css")),
        picture=Markup(svg(drawn, ids)),
        data=_json({
            "subject": ids[tree.graph["subject"]],
            "words": {key: words[key] for key in ("found", "above", "below")},
            "nodes": {
                ids[node]: _told(tree, shown, node, said[node], language) for node in sorted(shown)
            },
            "edges": [
                {
                    "src": ids[holder],
                    "dst": ids[firm],
                    "said": edge_words(joined, language),
                    "records": joined["records"],
                }
                for holder, firm, joined in sorted(shown.edges(data=True), key=lambda e: e[:2])
            ],
        }),
        script=Markup(script),
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )  # fmt: skip


def _told(
    tree: nx.DiGraph, shown: nx.DiGraph, node: Node, said: str, language: Language
) -> dict[str, Any]:
    """What the page says of one node; a bundle names its members with their ids."""
    seen = shown.nodes[node]
    members = seen["members"] if seen["kind"] == BUNDLE else []
    if seen["kind"] == PERSON and seen["name"] == seen["id"]:
        said += f"\n{seen['id']}"  # the box shows only the beginning of the key
    return {
        "label": shown_name(shown, node, language),
        "said": said,
        "person": PERSON in (seen["kind"], seen.get("of")),
        "members": [_member(tree, member, language) for member in members],
    }


def _member(tree: nx.DiGraph, member: Node, language: Language) -> str:
    name = shown_name(tree, member, language)
    return name if name == member[1] else f"{name} {member[1]}"


def _json(data: Any) -> Markup:
    """JSON inside a script element: no letter in it can end the element or begin a tag."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
