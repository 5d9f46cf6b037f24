"""Identifiers of the synthetic city, each a pure function of an index.

Firms, persons, phones and rooms are numbered; their codes are computed from the number, so that
no table of codes is ever held and three million firms fit in memory. Every mapping is a
permutation: two numbers never share a code.

Sources: GB 32100-2015 (unified social credit code), GB 11714-1997 (organisation code),
GB 11643-1999 (citizen identity number). Area codes begin with pairs of digits that no Chinese
prefecture uses, so no code can be a living person's or a real firm's.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of a credit code (GB 32100-2015, table 1): no I, O, S, V, Z."""

_LETTERS = np.frombuffer(CODE_ALPHABET.encode(), dtype=np.uint8)
_CODE_WEIGHTS = np.array([pow(3, i, 31) for i in range(17)], dtype=np.int64)
_ORG_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_ORG_CHECKS = np.frombuffer(b"0123456789X0", dtype=np.uint8)
_PERSON_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_PERSON_CHECKS = np.frombuffer(b"10X98765432", dtype=np.uint8)

_VALUE_31 = np.zeros(128, dtype=np.int64)  # value of a character in GB 32100
_VALUE_31[_LETTERS] = np.arange(31)
_VALUE_36 = np.zeros(128, dtype=np.int64)  # value of a character in GB 11714
_VALUE_36[np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", dtype=np.uint8)] = np.arange(36)

_HOME_AREAS = [f"3399{n:02d}" for n in range(2, 18)]
_OTHER_AREAS = [
    f"{province}99{n:02d}" for province in (34, 36, 41, 42, 43, 51) for n in range(21, 25)
]
_AREAS = _HOME_AREAS * 2 + _OTHER_AREAS  # a little over half of the persons are from here
_AREA_BYTES = np.frombuffer("".join(dict.fromkeys(_AREAS)).encode(), dtype=np.uint8).reshape(-1, 6)
_BIRTHS = np.arange(np.datetime64("1945-01-01"), np.datetime64("2003-01-01"))
_BIRTH_BYTES = np.frombuffer(
    "".join(str(d).replace("-", "") for d in _BIRTHS).encode(), dtype=np.uint8
).reshape(-1, 8)


def permuted(index: Ints, size: int, key: int) -> Ints:
    """Send each index below `size` to another one, without collisions (affine permutation)."""
    step = 618_033_989 % size
    while np.gcd(step, size) != 1:
        step += 1
    return (index * step + key) % size


def texts(matrix: Bytes) -> pa.Array:
    """Read each row of a byte matrix as one ASCII string."""
    count, width = matrix.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    data = np.ascontiguousarray(matrix)
    return pa.Array.from_buffers(
        pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )


def _digits(values: Ints, width: int) -> Bytes:
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (values[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def organisation_codes(index: Ints, legacy: NDArray[np.bool_], key: int) -> Bytes:
    """Nine-character organisation codes (GB 11714), eight of body and one check.

    Firms older than October 2015 carry eight digits; later ones the series MA, as in life.
    """
    body = np.empty((len(index), 9), dtype=np.uint8)
    body[:, 0:2] = np.frombuffer(b"MA", dtype=np.uint8)
    powers = 31 ** np.arange(5, -1, -1, dtype=np.int64)
    body[:, 2:8] = _LETTERS[permuted(index, 31**6, key)[:, None] // powers % 31]
    body[legacy, 0:8] = _digits(permuted(index[legacy], 10**8 - 11, key), 8)
    total = (_VALUE_36[body[:, :8]] * _ORG_WEIGHTS).sum(axis=1)
    body[:, 8] = _ORG_CHECKS[11 - total % 11]
    return body


def credit_codes(index: Ints, districts: Bytes, legacy: NDArray[np.bool_], key: int) -> pa.Array:
    """Unified social credit codes of firms.

    Args:
        index: the firms' numbers, below 31**6.
        districts: their six-digit registration districts as a byte matrix (n, 6).
        legacy: whether the organisation code is of the all-digit kind.
        key: the city's key, which moves every code.

    Returns:
        18-character strings, both check characters valid.
    """
    code = np.empty((len(index), 18), dtype=np.uint8)
    code[:, 0:2] = np.frombuffer(b"91", dtype=np.uint8)
    code[:, 2:8] = districts
    code[:, 8:17] = organisation_codes(index, legacy, key)
    total = (_VALUE_31[code[:, :17]] * _CODE_WEIGHTS).sum(axis=1)
    code[:, 17] = _LETTERS[(31 - total % 31) % 31]
    return texts(code)


def person_numbers(index: Ints, key: int) -> pa.Array:
    """18-digit citizen identity numbers with a valid check digit, for made-up persons."""
    areas, births = len(_AREA_BYTES), len(_BIRTH_BYTES)
    mixed = permuted(index, areas * births * 999, key)
    area, rest = np.divmod(mixed, births * 999)
    birth, serial = np.divmod(rest, 999)
    number = np.empty((len(index), 18), dtype=np.uint8)
    number[:, 0:6] = _AREA_BYTES[area]
    number[:, 6:14] = _BIRTH_BYTES[birth]
    number[:, 14:17] = _digits(serial + 1, 3)
    total = ((number[:, :17] - ord("0")).astype(np.int64) * _PERSON_WEIGHTS).sum(axis=1)
    number[:, 17] = _PERSON_CHECKS[total % 11]
    return texts(number)


def phone_numbers(index: Ints, key: int) -> pa.Array:
    """Eleven-digit phone numbers in 140-144, a range given to machines and not to persons."""
    number = np.empty((len(index), 11), dtype=np.uint8)
    number[:, 0:2] = np.frombuffer(b"14", dtype=np.uint8)
    number[:, 2:11] = _digits(permuted(index, 5 * 10**8, key), 9)
    return texts(number)
