"""Who speaks loudest in a family, and what ties them: by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from models.risk.family_words import Voice, link_words, loudest, voices_words

MEMBERS = pd.DataFrame(
    [
        ("A", "G1", 9.0),  # loudest of all, but it is asked about itself
        ("B", "G1", 2.0),
        ("C", "G1", 5.0),
        ("D", "G1", 2.0),  # as loud as B
        ("E", "G1", 1.5),  # the fifth: four others are heard before it
        ("F", "G1", 0.5),  # below the middle: does not speak up
        ("X", "G2", 8.0),  # another family
        ("Y", "G2", 0.1),
    ],
    columns=["subject_id", "group_id", "own"],
)


def test_at_most_three_of_the_own_family_loudest_first() -> None:
    found = loudest(MEMBERS, ["A", "F", "X", "Y"], middle=1.0)
    assert found == {
        "A": ("C", "B", "D"),  # equal ones by subject id
        "F": ("A", "C", "B"),
        "X": (),  # Y is quiet
        "Y": ("X",),
    }
    assert loudest(MEMBERS[::-1], ["Y", "X", "F", "A"], middle=1.0) == found


def edge(src: str, dst: str, kind: str, role: str | None = None) -> dict[str, object]:
    """An edge; small letters are people, @ is an address, # a phone, capitals are firms."""
    kinds = {"@": "address", "#": "phone"}
    named = [kinds.get(n[0], "person" if n.islower() else "firm") for n in (src, dst)]
    return {"src": src, "src_kind": named[0], "dst": dst, "dst_kind": named[1], "kind": kind,
            "role": role}  # fmt: skip


@pytest.mark.parametrize(
    ("edges", "zh"),
    [
        ([edge("B", "A", "ownership")], "持有本企业"),
        ([edge("A", "B", "ownership")], "由本企业持有"),
        ([edge("A", "B", "branch")], "本企业的分支机构"),
        # one person answers for both; their common phone is the weaker tie
        ([edge("p", "A", "directorship", "法定代表人"),
          edge("p", "B", "directorship", "法定代表人"),
          edge("A", "#1", "shared_phone"), edge("B", "#1", "shared_phone")], "同一法定代表人"),
        ([edge("p", "A", "ownership"), edge("p", "B", "ownership")], "同一自然人持股"),
        # a holder here, an officer there
        ([edge("p", "A", "ownership"), edge("p", "B", "directorship", "监事")], "有共同的自然人"),
        ([edge("H", "A", "ownership"), edge("H", "B", "ownership")], "同一企业股东"),
        # B holds H, and H holds this firm
        ([edge("B", "H", "ownership"), edge("H", "A", "ownership")], "经另一家企业相连"),
        ([edge("A", "@1", "shared_address"), edge("B", "@1", "shared_address")], "同一住所"),
        # two people in two firms: no way of one step
        ([edge("p", "A", "ownership"), edge("q", "B", "ownership")], "经多个环节相连"),
        ([], "经多个环节相连"),
    ],
)  # fmt: skip
def test_the_closest_tie_is_said(edges: list[dict[str, object]], zh: str) -> None:
    assert link_words("A", "B", edges)[0] == zh
    assert link_words("A", "B", edges[::-1])[0] == zh


def test_firms_are_named_and_no_separator_comes_out_of_a_name() -> None:
    names = {"B": "乙；公司", "C": ""}
    voices = [
        Voice("B", ("同一住所", "same address")),
        Voice("C", ("持有本企业", "holds this firm")),
    ]
    zh, en = voices_words(voices, names.__getitem__)
    assert zh == "，主要来自乙，公司（B，同一住所）、C（持有本企业）"
    assert en == ", mostly 乙，公司 (B, same address), C (holds this firm)"
    assert voices_words([], names.__getitem__) == ("", "")
