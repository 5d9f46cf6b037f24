from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pyarrow as pa

from graphs.family_tree import family_tree
from pipelines.delivering.tree_page import tree_page

COLUMNS = ("src", "src_kind", "dst", "dst_kind", "kind", "role", "ratio")
NASTY = '</script><script>alert(1)</script>"&\u2028'


def edges(*rows):
    return pa.Table.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in rows])


def held(src, dst, ratio, kind="firm"):
    return (src, kind, dst, "firm", "ownership", "", Decimal(ratio))


FAMILY = edges(
    held("p1", "A", "0.6", "person"),
    *(held("A", f"F{at:02}", "0.5") for at in range(20)),
)


def page(**names):
    return tree_page(family_tree(FAMILY, "A", names=names), date(2024, 6, 30))


def data_of(text):
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.S).group(1))


def test_the_page_asks_nothing_of_any_network():
    text = page()
    assert not re.search(r"https?://|//[a-z]|url\(|@import|<link|<img|<iframe|\ssrc=", text)
    assert "default-src 'none'" in text


def test_its_own_script_is_the_only_one_allowed():
    text = page()
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text


def test_names_end_no_element_and_begin_none():
    text = page(A=NASTY, F01=NASTY)
    tags = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append(tag)

    Tags().feed(text)
    assert tags.count("script") == 2  # the data and the page's own
    assert "alert(1)" in json.dumps(data_of(text))  # and the name is still told


def test_every_node_and_edge_is_in_the_picture_and_in_the_data():
    text = page()
    data = data_of(text)
    assert set(re.findall(r'data-node="(n\d+)"', text)) == set(data["nodes"])
    drawn = set(re.findall(r'data-src="(n\d+)" data-dst="(n\d+)"', text))
    assert drawn == {(edge["src"], edge["dst"]) for edge in data["edges"]}
    # 20 firms alike: five stay, fifteen are one box that names them
    (bundle,) = [node for node in data["nodes"].values() if node["members"]]
    assert bundle["label"] == "另有 15 家"
    assert bundle["members"][0] == "F05"  # F00 to F04 stay: equal stakes, smaller ids
    assert [node["person"] for node in data["nodes"].values()].count(True) == 1


def test_the_same_tree_gives_the_same_page():
    assert page(A="甲公司") == page(A="甲公司")
    assert "甲公司 族谱 2024-06-30" in page(A="甲公司")
