"""The way from a known case to a firm: every hop is told, no person is."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from graphs.kinds import EDGE_KINDS, NODE_KINDS
from models.risk.path_words import EDGE_WORDS, NODE_WORDS, path_words


def way(*steps: tuple[str, str]) -> str:
    """A path of (id, kind) and (edge, direction) by turns."""
    return json.dumps([
        {"edge": a, "direction": b} if at % 2 else {"node": a, "kind": b}
        for at, (a, b) in enumerate(steps)
    ])  # fmt: skip


def named(subject: str) -> str:
    return f"企业{subject}"


def test_arrows_point_from_who_holds_to_what_is_held() -> None:
    path = way(
        ("A", "firm"), ("ownership", "up"), ("p1", "person"), ("directorship", "down"),
        ("B", "firm"), ("shared_phone", "down"), ("t1", "phone"), ("shared_phone", "up"),
        ("C", "firm"),
    )  # fmt: skip
    assert path_words(path, named) == (
        "涉案企业 企业A ←持股— 某自然人 —任职→ 企业B —同一电话— 某电话 —同一电话— 本企业",
        "the firm under case 企业A ←holds— a person —directs→ 企业B —same phone— a phone "
        "—same phone— this firm",
    )


def test_no_way_has_no_words() -> None:
    assert path_words(None, named) is None
    assert path_words("", named) is None


def test_every_kind_of_the_graph_has_words() -> None:
    assert set(EDGE_WORDS) == set(EDGE_KINDS)
    assert {*NODE_WORDS, "firm"} == set(NODE_KINDS)


@given(st.lists(st.sampled_from([*NODE_KINDS, "unheard of"]), min_size=1, max_size=4))
def test_nobody_but_firms_is_ever_named(kinds: list[str]) -> None:
    steps: list[tuple[str, str]] = [("CASE", "firm")]
    for number, kind in enumerate(kinds):
        steps += [("ownership", "up"), (f"secret{number}", kind)]
    path = path_words(way(*steps, ("branch", "down"), ("ME", "firm")), named)
    assert path is not None
    for text in path:
        shown = {f"secret{n}" for n, kind in enumerate(kinds) if f"secret{n}" in text}
        assert shown == {f"secret{n}" for n, kind in enumerate(kinds) if kind == "firm"}
        assert "；" not in text
