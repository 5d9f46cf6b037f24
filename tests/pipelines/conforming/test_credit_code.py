"""The unified social credit code: real codes hold, and any one character changed is found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from pipelines.conforming.credit_code import ALPHABET, WEIGHTS, problem

REAL = (
    "914403001922038216",  # Huawei
    "9144030071526726XG",  # Tencent
    "91330100799655058B",  # Alibaba (China)
    "91110000802100433B",  # Baidu
)


def problems(spark: SparkSession, codes: list[str]) -> dict[str, str | None]:
    frame = spark.createDataFrame([(code,) for code in codes], "code string")
    rows = frame.select("code", problem("code").alias("problem")).collect()
    return {row["code"]: row["problem"] for row in rows}


def test_real_codes_hold(spark: SparkSession) -> None:
    assert problems(spark, list(REAL)) == dict.fromkeys(REAL)


def test_every_single_changed_character_is_found(spark: SparkSession) -> None:
    changed = [
        code[:place] + letter + code[place + 1 :]
        for code in REAL
        for place in range(18)
        for letter in ALPHABET
        if letter != code[place]
    ]
    found = problems(spark, changed)
    assert [code for code in changed if found[code] is None] == []


def test_what_is_wrong_is_said(spark: SparkSession) -> None:
    found = problems(
        spark,
        [
            "91440300192203821",  # a character short
            "91440300I922038216",  # I is not in the alphabet
            "914403001922038217",  # the last character
        ],
    )
    assert "is not a credit code" in str(found["91440300192203821"])
    assert "is not a credit code" in str(found["91440300I922038216"])
    assert "GB 32100" in str(found["914403001922038217"])


def test_a_wrong_organisation_code_is_found_behind_a_right_last_character(
    spark: SparkSession,
) -> None:
    # the 17th character is changed and the 18th made to fit, so that only GB 11714 can tell
    body = "91440300192203823"
    total = sum(ALPHABET.index(c) * w for c, w in zip(body, WEIGHTS, strict=True))
    code = body + ALPHABET[(31 - total % 31) % 31]
    assert "GB 11714" in str(problems(spark, [code])[code])


def slow_twin(code: str) -> bool:
    """GB 32100 and GB 11714 spelt out in plain Python."""
    if len(code) != 18 or any(c not in ALPHABET for c in code):
        return False
    total = sum(ALPHABET.index(c) * 3**i for i, c in enumerate(code[:17]))
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(letters.index(c) * w for c, w in zip(code[8:16], weights, strict=True)) % 11
    organisation = {10: "X", 11: "0"}.get(rest, str(rest))
    return ALPHABET[(31 - total % 31) % 31] == code[17] and organisation == code[16]


@given(st.lists(st.text(ALPHABET, min_size=18, max_size=18), min_size=200, max_size=200))
def test_random_codes_are_judged_as_by_hand(spark: SparkSession, codes: list[str]) -> None:
    found = problems(spark, codes)
    assert {code: found[code] is None for code in codes} == {c: slow_twin(c) for c in codes}
