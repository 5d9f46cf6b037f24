"""Personal numbers never leave landing in the clear, whatever is broken around them."""

from __future__ import annotations

import json
import pickle
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from literal_deliveries import COLUMNS, HEADER, KEY, Landed, land

from pipelines.landing.personal_data import PersonalKey, normalised, scrub, scrub_column

ID, PHONE = "11010119900307123X", "13800138000"
REAL_ID = "110101199003074610"  # its check digit is right
HALF_TO_FULL = {ord(c): ord(c) + 0xFEE0 for c in "0123456789X-+"}
PERSONAL = {"证件号": "id_number"}


def wide(text: str) -> str:
    return text.translate(HALF_TO_FULL)


def test_hash_is_hmac_of_kind_and_value() -> None:
    # computed once with openssl: printf 'phone\0013800138000' | openssl dgst -sha256 -hmac ...
    assert PersonalKey(b"0123456789abcdef").hash_value(PHONE, "phone") == (
        "2f2528d7e7bebc568fa29392643040c8"
    )
    assert KEY.hash_value(PHONE, "phone") != KEY.hash_value(PHONE, "id_number")
    assert KEY.hash_value(PHONE, "phone") != PersonalKey(bytes(16)).hash_value(PHONE, "phone")


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        (
            "id_number",
            [ID, ID.lower(), f" {ID}\t", "110101 19900307 123x", wide(ID), "110101-19900307-123X"],
        ),
        (
            "phone",
            [
                PHONE,
                "+86 138-0013-8000",
                "008613800138000",
                "8613800138000",
                "013800138000",
                wide("+86") + wide(PHONE),
                "(138)0013 8000",
            ],
        ),
        ("phone", ["0755-12345678", "075512345678", "+86 075512345678"]),
        ("phone", ["12345678"]),
    ],
)
def test_all_spellings_of_a_value_have_one_hash(kind: str, spellings: list[str]) -> None:
    assert len({KEY.hash_value(spelling, kind) for spelling in spellings}) == 1


def test_placeholders_are_nobody() -> None:
    assert [KEY.hash_value(text, kind) for kind in ("id_number", "phone") for text in "无-/"] == [
        None
    ] * 6


def test_hash_column_keeps_nulls_and_agrees_with_single_values() -> None:
    column = pa.array([ID, None, PHONE, ID, "无"]).slice(1)
    assert KEY.hash_column(column, "id_number").to_pylist() == [
        None,
        KEY.hash_value(PHONE, "id_number"),
        KEY.hash_value(ID, "id_number"),
        None,
    ]
    with pytest.raises(ValueError, match="Unknown kind of personal data 'name'"):
        KEY.hash_column(column, "name")


def test_key_is_long_enough_and_does_not_show() -> None:
    with pytest.raises(ValueError, match="has 5 bytes, expected at least 16"):
        PersonalKey(b"short")
    assert "only tests" not in repr(KEY)
    assert pickle.loads(pickle.dumps(KEY)) == KEY


IN_TEXT = [
    ID,
    ID.lower(),
    wide(ID),
    "110101900307123",
    "110101 19900307 123X",
    "1101 0119 9003 0712 3X",
    "1 1 0 1 0 1 1 9 9 0 0 3 0 7 1 2 3 X",
    f"ID{ID}",
    f"a{ID}b",
    ID[:16],
    ID[:14],
    f"00{ID[:17]}4",
    f"{ID[:17]}4{PHONE}",
    "1101011990-0307-1234",
]
PHONES_IN_TEXT = [
    PHONE,
    wide(PHONE),
    "138-0013-8000",
    "138 0013 8000",
    "+86 13800138000",
    "+86-138-0013-8000",
    "008613800138000",
    "013800138000",
    f"{PHONE}13900139000",
    f"tel:{PHONE}",
    "0755-82345678",
    "(0755)82345678",
    "021 62345678",
]


@pytest.mark.parametrize("number", IN_TEXT)
def test_scrub_finds_id_numbers(number: str) -> None:
    clean = scrub(f"张三,{number},甲", KEY)
    assert "[id:" in clean
    assert not any(
        digits in clean for digits in ("19900307", "900307", "9003 0712", wide("19900307"))
    )
    assert clean.startswith("张三,")
    assert clean.endswith(",甲")


@pytest.mark.parametrize("number", PHONES_IN_TEXT)
def test_scrub_finds_phones(number: str) -> None:
    clean = scrub(f"张三，{number}。", KEY)
    assert "[phone:" in clean
    assert not any(part in clean for part in ("0013", "138", wide("138"), "2345678", "139001"))


def test_scrub_gives_the_hash_of_the_column() -> None:
    assert scrub(ID, KEY) == f"[id:{KEY.hash_value(ID, 'id_number')}]"
    assert scrub(wide("138-0013-8000"), KEY) == f"[phone:{KEY.hash_value(PHONE, 'phone')}]"
    assert scrub(ID, None) == "[id]"


@pytest.mark.parametrize(
    "text",
    [
        "914403001922038216",
        "9144030071526726XG",
        "91330100799655058B",
        "91110000802100433B",
        "914403001922038216,某某公司,2020-01-05,20200105123000",
        "注册资本1000000.00万元",
        "J6760 2024-03-01 12:30:00",
        "粤B2-20200101",
        "（2019）粤0305民初1381号",
        "6222021234567890123",
    ],
)
def test_scrub_leaves_the_rest(text: str) -> None:
    assert scrub(text, KEY) == text


def test_scrub_column_only_touches_what_is_certain() -> None:
    values = pa.array(
        [
            REAL_ID,  # an id number in a column nobody called personal
            "110101199003074611",  # its check digit is wrong: some other number
            "13800138000",  # may be an amount in fen
            "投诉人电话138-0013-8000",  # prose
            "914403001922038216",
            None,
            "甲",
        ]
    )
    assert scrub_column(values, KEY).to_pylist() == [
        f"[id:{KEY.hash_value(REAL_ID, 'id_number')}]",
        "110101199003074611",
        "13800138000",
        f"投诉人电话[phone:{KEY.hash_value('13800138000', 'phone')}]",
        "914403001922038216",
        None,
        "甲",
    ]
    assert scrub_column(values.slice(3, 2), KEY).to_pylist()[1] == "914403001922038216"


def personal_texts() -> st.SearchStrategy[str]:
    """Id numbers and mobile numbers in the spellings that departments use."""
    day = st.dates(date(1930, 1, 1), date(2030, 1, 1)).map(lambda d: f"{d:%Y%m%d}")
    area = st.sampled_from(["110101", "440305", "340200", "810000"])
    last = st.sampled_from(["1234", "001X", "999x"])
    number = st.builds(lambda a, d, n: a + d + n, area, day, last)
    old = st.builds(lambda a, d: a + d[2:] + "123", area, day)
    mobile = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
    prefixed = mobile.map(lambda m: f"+86{m}")
    plain = st.one_of(number, old, mobile, prefixed)
    return st.one_of(plain, plain.map(wide))


def digits_of(text: str) -> str:
    narrow = text.translate({v: k for k, v in HALF_TO_FULL.items()})
    return normalised(narrow, "id_number").removeprefix("+86")


def assert_hidden(landed: Landed, secret: str) -> None:
    shown = landed.everything()
    narrow = shown.translate({v: k for k, v in HALF_TO_FULL.items()})
    assert digits_of(secret).upper() not in narrow.upper()
    # nor as bytes that can be read back
    for encoding in ("utf-8", "gb18030"):
        escaped = "".join(
            f"\\\\x{byte:02x}" for byte in wide(digits_of(secret)[:6]).encode(encoding)
        )
        assert escaped not in shown


BROKEN_ROWS = [
    "1,{},甲",
    "1,{}",
    "{}",
    "1,{},甲,x",
    "x,1,{},甲",
    '1,"{},甲',
    '1,"{}"x,甲',
    "1,{},=x",
    "1,{},\0",
    "1,{}\xff,甲",
    "1,2,电话{}转3",
    "1;{};甲",
    "1,{},甲\r乙,{}",
]


@settings(max_examples=150)
@given(
    row=st.sampled_from(BROKEN_ROWS),
    secret=personal_texts(),
    encoding=st.sampled_from(["utf-8", "gb18030"]),
)
def test_nothing_personal_leaves_csv(row: str, secret: str, encoding: str) -> None:
    text = row.format(secret, secret)
    content = (HEADER + "0,1,甲\n").encode(encoding)
    content += b"".join(b"\xff" if c == "\xff" else c.encode(encoding) for c in text) + b"\n"
    with tempfile.TemporaryDirectory() as folder:
        assert_hidden(land(Path(folder), content, encoding=encoding, **personal_settings()), secret)


def personal_settings(**more: Any) -> dict[str, Any]:
    return {"personal": PERSONAL, "mapping": {"name": "名称"}, **more}


@pytest.mark.parametrize(("promised", "sent"), [("utf-8", "gb18030"), ("gb18030", "utf-8")])
@pytest.mark.parametrize("secret", [wide(ID), wide(PHONE), ID])
@pytest.mark.parametrize("row", ["电话{},甲丙", "1,2,电话{}甲"])
def test_nothing_personal_leaves_a_line_in_the_wrong_encoding(
    tmp_path: Path, promised: str, sent: str, secret: str, row: str
) -> None:
    """Full-width digits could be read back from escaped bytes or from garbled characters."""
    good = (HEADER + "1,,甲\n" * 6).encode(promised)
    landed = land(tmp_path, good + row.format(secret).encode(sent), encoding=promised)

    assert_hidden(landed, secret)
    garbled = wide(secret[:6]).encode(sent).decode(promised, "replace")
    assert garbled not in landed.everything()


def test_wrong_byte_that_swallows_a_digit_hides_the_number_all_the_same(tmp_path: Path) -> None:
    """In GB18030, 81 31 81 31 is one character: the 1 that an id number begins with is in it."""
    line = b"\x81\x31\x81" + ID.encode() + b"\xff,x\n"
    landed = land(tmp_path, HEADER.encode("gb18030") + line, encoding="gb18030")

    assert landed.reasons
    assert ID[1:] not in landed.everything()


@pytest.mark.parametrize(
    "secret", ["E12345678", "0755-1234567", "87654321", "４４０３０５１９９００１０１"]
)
@pytest.mark.parametrize("row", ["1,{}", "{},甲", "1,{},甲,乙", "0,1,{},甲", '1,{},"甲'])
def test_personal_column_is_hidden_in_a_ragged_row_whatever_it_holds(
    row: str, secret: str, tmp_path: Path
) -> None:
    """A passport or a local phone number has no form of its own, but a place."""
    landed = land(tmp_path, (HEADER + row.format(secret) + "\n").encode(), **personal_settings())

    assert len(landed.reasons) == 1
    assert secret not in landed.everything()


def test_credit_code_and_date_stay_readable_beside_a_personal_column(tmp_path: Path) -> None:
    landed = land(
        tmp_path, (HEADER + "914403001922038216,2020-01-05\n").encode(), **personal_settings()
    )

    assert [row["raw"] for row in landed.rows or []] == ["914403001922038216,2020-01-05"]


@given(
    secret=personal_texts(),
    line=st.sampled_from(
        [
            '{{"编号":"1","证件号":"{}"}}',
            '{{"编号":"1","证件号":"{}"',
            '{{"编号":"1","名称":"电话{}"}}',
            '{{"证件号":"{}","证件号":"{}"}}',
            '{{"{}":"1"}}',
            '{{"编号":NaN,"证件号" : "{}"}}',
            "{}",
            '{{"名称":["{}"],"x":1}}',
        ]
    ),
)
def test_nothing_personal_leaves_json_lines(line: str, secret: str) -> None:
    content = json.dumps({"编号": "1"}) + "\n" + line.format(secret, secret) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        assert_hidden(
            land(Path(folder), content.encode(), **personal_settings(format="jsonl")), secret
        )


@pytest.mark.parametrize("value", ["E12345678", 87654321])
def test_personal_key_is_hidden_in_broken_json_whatever_it_holds(
    value: object, tmp_path: Path
) -> None:
    content = '{"编号":"1"}\n' + json.dumps({"证件号": value, "x": 1}, ensure_ascii=False) + "\n"
    landed = land(tmp_path, content.encode(), **personal_settings(format="jsonl"))

    assert str(value) not in landed.everything()
    assert landed.reasons == ["the key 'x' is unknown"]


@given(secret=personal_texts())
def test_nothing_personal_stands_in_a_refusal(secret: str) -> None:
    """A file without its header: its first row is data."""
    for content in (f"1,{secret},甲\n", f"编号,{secret},名称\n", f"编号|{secret}|名称\n"):
        with tempfile.TemporaryDirectory() as folder:
            landed = land(Path(folder), content.encode(), **personal_settings())
            assert landed.refusal
            assert_hidden(landed, secret)


def test_declared_column_is_the_hash_alone(tmp_path: Path) -> None:
    landed = land(
        tmp_path, (HEADER + f"1,{ID},甲\n2,,乙\n3,无,丙\n").encode(), **personal_settings()
    )

    assert COLUMNS[1] == "证件号"
    assert [fields[1] for fields in landed.good] == [KEY.hash_value(ID, "id_number"), None, None]
