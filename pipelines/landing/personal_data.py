"""Id numbers and phone numbers become keyed hashes here, before anything is written.

A declared column is hashed whole (`PersonalKey.hash_column`). Text that nobody declared (a line
that does not parse, a free-text value, an error's message) is searched for such numbers
(`scrub`, `scrub_column`), and where it is unclear whether a number is personal it is hashed.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

KINDS = ("id_number", "phone")
_TAGS = {"id_number": "id", "phone": "phone"}
_MIN_KEY_BYTES = 16

# full-width forms stand one for one beside the half-width ones, so places in a text stay the same
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
# what people write between the digits of one number; joiners are invisible
_BETWEEN = " \u00a0\u200b-\u200d\ufeff\\-\u2010-\u2015\u2212"
_DIGIT = re.compile("[0-9]")
_DROPPED = re.compile(rf"[\s{_BETWEEN}]+")

_BIRTH = r"(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
# a credit code such as 914403001922038216 has no date at its 7th place, so it is no id number
_ID_18 = rf"[1-9]\d{{5}}{_BIRTH}\d{{3}}[\dX]"
_ID_15 = r"[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}"
_MOBILE = r"(?:(?:00)?86|0)?1[3-9]\d{9}"
_LANDLINE = r"0(?:10|2\d|[3-9]\d\d)[)\- ]{0,2}[2-8]\d{6,7}"

_WHOLE_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("id_number", re.compile(rf"(?<!\d){_ID_18}(?!\d)", re.IGNORECASE)),
    # an id number cut short, or stuck to other digits
    ("id_number", re.compile(rf"(?<!\d)[1-9]\d{{5}}{_BIRTH}\d{{0,3}}(?!\d)")),
    ("id_number", re.compile(rf"(?<!\d)(?=\d{{19}})(?=\d*{_ID_18})\d+X?", re.IGNORECASE)),
    ("id_number", re.compile(rf"(?<!\d){_ID_15}(?!\d)")),
    ("phone", re.compile(rf"(?<!\d){_MOBILE}(?:1[3-9]\d{{9}})*(?!\d)")),
    ("phone", re.compile(rf"(?<!\d){_LANDLINE}(?!\d)")),
)
_SPACED_RUN = re.compile(
    rf"\d(?:[{_BETWEEN}]{{0,2}}\d){{10,}}(?:[{_BETWEEN}]{{0,2}}X)?", re.IGNORECASE
)
_GROUP = re.compile(rf"\d+(?:[{_BETWEEN}]{{0,2}}X)?", re.IGNORECASE)
_SPACED_KINDS = (("id_number", re.compile(_ID_18, re.IGNORECASE)), ("phone", re.compile(_MOBILE)))
_MOST_GROUPS = 18  # the digits of an id number, one by one

_FIVE_DIGITS = re.compile(r"(?:\d\D*){5}", re.ASCII)
_DATED = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}(?:[ T][\d:.]*)?")
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
# in RE2, values worth a closer look: of ASCII alone, and prose
_SUSPECT_PLAIN = f"(?i){_ID_18}"
_SUSPECT_PROSE = "([0-9０-９][^0-9０-９]{0,2}){11}"
_SHORTEST_SUSPECT = 11
_CHECK_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def normalised(value: str, kind: str) -> str:
    """The one spelling of a personal value that is hashed; '' when it has no digit at all.

    Full-width forms become half-width, spaces and dashes go, `x` becomes `X`. Of a phone number
    only the digits stay, without China's prefix (+86, 0086) or a trunk 0 before a mobile number.
    """
    text = value if value.isascii() else value.translate(_HALF_WIDTH)
    if value.isascii() and value.isalnum():  # by far the most: nothing to take out
        if kind == "id_number":
            return value.upper() if _DIGIT.search(value) else ""
        if len(value) == 11 and value.isdigit():
            return value
    if kind == "phone":
        digits = "".join(re.findall(r"[0-9]+", text))
        if text.lstrip().startswith("+86") or digits.startswith("0086"):
            return digits.removeprefix("00").removeprefix("86")
        return digits[-11:] if re.fullmatch(r"(?:86|0)1[3-9]\d{9}", digits) else digits
    text = _DROPPED.sub("", text).upper()
    return text if _DIGIT.search(text) else ""


@dataclass(frozen=True)
class PersonalKey:
    """The city's secret for hashing personal data: HMAC-SHA256, cut to 32 hex digits.

    The same value of the same kind has the same hash in every delivery of a city; without the key
    nobody can try values out. Raises `ValueError` for a key of fewer than 16 bytes.
    """

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) < _MIN_KEY_BYTES:
            raise ValueError(
                f"The key for personal data has {len(self.key)} bytes, expected at least "
                f"{_MIN_KEY_BYTES}. Make one, for instance with `openssl rand -hex 32`."
            )

    def hash_value(self, value: str, kind: str) -> str | None:
        """The hash of one value; None for a placeholder without any digit (无, 不详, -)."""
        text = normalised(value, kind)
        if not text:
            return None
        return hmac.digest(self.key, f"{kind}\0{text}".encode(), "sha256").hex()[:32]

    def hash_column(self, values: pa.Array, kind: str) -> pa.StringArray:
        """The hashes of a text column; NULL stays NULL, each distinct value is hashed once.

        Raises `ValueError` for a kind that is not in `KINDS`.
        """
        if kind not in KINDS:
            raise ValueError(f"Unknown kind of personal data '{kind}'. Expected one of: {KINDS}.")
        coded = values.dictionary_encode()
        hashes = [self.hash_value(value, kind) for value in coded.dictionary.to_pylist()]
        return pa.array(hashes, pa.string()).take(coded.indices)

    def scrub(self, text: str) -> str:
        """`text` with each id or phone number in it as `[id:<hash>]` or `[phone:<hash>]`."""
        return scrub(text, self)


def token(value: str, kind: str, key: PersonalKey | None) -> str:
    """What stands in a text in place of a personal value; without a key it carries no hash."""
    digest = key.hash_value(value, kind) if key else None
    return f"[{_TAGS[kind]}:{digest}]" if digest else f"[{_TAGS[kind]}]"


def scrub(text: str, key: PersonalKey | None) -> str:
    """Free text without id numbers (18 or 15 digits) and phone numbers, half or full width.

    Numbers may be cut short, stuck together or broken up by spaces and dashes. A number that only
    might be personal is taken out too; a unified social credit code stays.
    """
    half = text if text.isascii() else text.translate(_HALF_WIDTH)
    found: list[tuple[int, int, str]] = []

    def mark(match: re.Match[str], kind: str) -> str:
        found.append((*match.span(), kind))
        return "#" * len(match.group())

    for kind, pattern in _WHOLE_PATTERNS:
        half = pattern.sub(partial(mark, kind=kind), half)
    found += _spaced_numbers(half)
    return _replaced(text, found, key)


def _spaced_numbers(half: str) -> Iterator[tuple[int, int, str]]:
    """Numbers whose digits stand in groups, such as 138-0013-8000 or 1101 0119 9003 0712 34."""
    for run in _SPACED_RUN.finditer(half):
        groups = list(_GROUP.finditer(half, *run.span()))
        taken = [False] * len(groups)
        # id numbers first: part of one may look like a phone number
        for kind, pattern in _SPACED_KINDS:
            for first in range(len(groups)):
                last = None if taken[first] else _last_group(groups, taken, first, pattern)
                if last is not None:
                    taken[first : last + 1] = [True] * (last + 1 - first)
                    yield groups[first].start(), groups[last].end(), kind


def _last_group(
    groups: list[re.Match[str]], taken: list[bool], first: int, pattern: re.Pattern[str]
) -> int | None:
    """The last group of a number that begins with the group `first`; None when none does."""
    digits = ""
    for place in range(first, min(len(groups), first + _MOST_GROUPS)):
        digits += _DROPPED.sub("", groups[place].group())
        if taken[place] or len(digits) > _MOST_GROUPS:
            return None
        if pattern.fullmatch(digits):
            return place
    return None


def _replaced(text: str, found: list[tuple[int, int, str]], key: PersonalKey | None) -> str:
    if not found:
        return text
    pieces, place = [], 0
    for start, end, kind in sorted(found):
        pieces += [text[place:start], token(text[start:end], kind, key)]
        place = end
    return "".join([*pieces, text[place:]])


def scrub_bytes(data: bytes) -> bytes:
    """Bytes whose encoding is not what it should be, with full-width digits made plain.

    Full-width digits of GB18030 and UTF-8 would come through as escapes that can be read back;
    as plain digits they are found by `scrub`.
    """
    for digit in range(10):
        for encoding in ("utf-8", "gb18030"):
            data = data.replace(chr(0xFF10 + digit).encode(encoding), b"%d" % digit)
    return data


def hide_places(
    tokens: list[str], width: int, personal: dict[int, str], key: PersonalKey | None
) -> list[str]:
    """A row of the wrong length, without what may be a personal value.

    `personal` maps places in a row of `width` fields to kinds. With fields too few or too many a
    value may stand at its own place or shifted by as many. A token there is hashed when it holds
    at least five digits and is neither a written date nor a credit code.
    """
    shift = len(tokens) - width
    shown = list(tokens)
    for place, kind in personal.items():
        low, high = sorted((place, place + shift))
        for i in range(max(low, 0), min(high, len(tokens) - 1) + 1):
            if _may_be_personal(tokens[i]):
                shown[i] = token(tokens[i], kind, key)
    return shown


def _may_be_personal(text: str) -> bool:
    half = text.translate(_HALF_WIDTH).strip()
    if not _FIVE_DIGITS.search(half) or _DATED.fullmatch(half):
        return False
    return not (_CREDIT_CODE.fullmatch(half) and not re.fullmatch(_ID_18, half))


def scrub_column(
    values: pa.StringArray, key: PersonalKey | None, skipped: np.ndarray | None = None
) -> pa.StringArray:
    """Values of columns that nobody called personal, without the personal numbers among them.

    In prose (a value with anything beyond ASCII) whatever `scrub` finds is replaced. A value of
    digits and letters alone may well be an amount or a licence, so there only an id number whose
    check digit is right goes. `skipped` marks values that are hashed whole anyway.
    """
    looked_at = value_lengths(values) >= _SHORTEST_SUSPECT
    long = np.flatnonzero(looked_at if skipped is None else looked_at & ~skipped)
    if not len(long):
        return values
    places = long[_suspects(values.take(pa.array(long)))]
    changed: dict[int, str] = {}
    for place in places.tolist():
        value = values[place].as_py()
        clean = _scrub_plain(value, key) if value.isascii() else scrub(value, key)
        if clean != value:
            changed[place] = clean
    if not changed:
        return values
    mask = np.zeros(len(values), bool)
    mask[list(changed)] = True
    return pc.replace_with_mask(values, pa.array(mask), pa.array(changed.values(), pa.string()))


def _suspects(values: pa.StringArray) -> np.ndarray:
    """Places of the values that may hold a personal number."""
    plain = pc.string_is_ascii(values).to_numpy(zero_copy_only=False)
    found = []
    for mask, pattern in ((plain, _SUSPECT_PLAIN), (~plain, _SUSPECT_PROSE)):
        places = np.flatnonzero(mask)
        hits = pc.match_substring_regex(values.take(pa.array(places)), pattern)
        found.append(places[hits.to_numpy(zero_copy_only=False)])
    return np.sort(np.concatenate(found))


def value_lengths(values: pa.StringArray) -> np.ndarray:
    """The length of each text in bytes of UTF-8; a NULL has 0."""
    if not len(values):
        return np.zeros(0, np.int32)
    offsets = np.frombuffer(values.buffers()[1], np.int32)
    return np.diff(offsets[values.offset : values.offset + len(values) + 1])


def _scrub_plain(value: str, key: PersonalKey | None) -> str:
    """A value of ASCII alone: only id numbers with a right check digit are certain enough."""

    def replaced(match: re.Match[str]) -> str:
        number = match.group()
        weighed = sum(w * int(d) for w, d in zip(_CHECK_WEIGHTS, number[:17], strict=True))
        right = "10X98765432"[weighed % 11] == number[17].upper()
        return token(number, "id_number", key) if right else number

    pattern: Callable[..., str] = _WHOLE_PATTERNS[0][1].sub
    return pattern(replaced, value)


def hide_keys(text: str, personal: dict[str, str], key: PersonalKey | None) -> str:
    """Broken JSON without the values that stand behind a personal column's name."""
    for column, kind in personal.items():
        pattern = rf'("{re.escape(column)}"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^,}}\]]+)'
        text = re.sub(pattern, lambda m, kind=kind: m[1] + token(m[2], kind, key), text)  # type: ignore[misc]
    return text
