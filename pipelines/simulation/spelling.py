"""How values are written in deliveries: Arrow string columns built without a Python loop."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.simulation.calendar import NEVER

_FIRST_DAY = int(np.datetime64("1940-01-01").astype(int))
_LAST_DAY = int(np.datetime64("2079-12-31").astype(int))
_PAIRS = pa.array([f"{n:02d}" for n in range(100)])


def words(vocabulary: tuple[str, ...], codes: NDArray[Any]) -> pa.Array:
    """Look words up by code; a negative code is an empty cell."""
    return _vocabulary(vocabulary).take(pa.array(codes, mask=np.asarray(codes) < 0))


@cache
def _vocabulary(vocabulary: tuple[str, ...]) -> pa.Array:
    return pa.array(vocabulary, pa.string())


@cache
def _date_words(style: str) -> pa.Array:
    dates = np.arange(_FIRST_DAY, _LAST_DAY + 1).astype("datetime64[D]").astype(object)
    if style == "zh":
        return pa.array([f"{d.year}年{d.month}月{d.day}日" for d in dates])
    if style == "slash":
        return pa.array([f"{d.year}/{d.month}/{d.day}" for d in dates])
    if style == "plain":
        return pa.array([f"{d:%Y%m%d}" for d in dates])
    return pa.array([f"{d:%Y-%m-%d}" for d in dates])


def dates(days: NDArray[Any], style: str = "iso") -> pa.Array:
    """Spell days as dates: `iso` 2020-01-05, `slash` 2020/1/5, `plain` 20200105, `zh` 2020年1月5日.

    A day that never comes is an empty cell.
    """
    missing = np.asarray(days) >= NEVER
    return _date_words(style).take(pa.array(np.asarray(days) - _FIRST_DAY, mask=missing))


def typed_dates(days: NDArray[Any]) -> pa.Array:
    """Days as Arrow dates (for Parquet); a day that never comes is NULL."""
    missing = np.asarray(days) >= NEVER
    return pa.array(np.where(missing, 0, days).astype(np.int32), mask=missing).cast(pa.date32())


def whole(values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Spell whole numbers."""
    return pa.array(values, mask=missing).cast(pa.string())


def hundredths(values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Spell numbers given in hundredths with two decimals: 1234 is 12.34. Not below zero."""
    high, low = np.divmod(np.asarray(values, dtype=np.int64), 100)
    return joined(whole(high, missing), ".", _PAIRS.take(pa.array(low)))


def yuan(fen: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Spell money given in fen as yuan with two decimals; losses carry a minus sign."""
    fen = np.asarray(fen, dtype=np.int64)
    sign = words(("", "-"), (fen < 0).astype(np.int8))
    return joined(sign, hundredths(np.abs(fen), missing))


def joined(*parts: pa.Array | str) -> pa.Array:
    """Join columns and constants, cell by cell; an empty part makes an empty cell."""
    arrays = [p if isinstance(p, pa.Array | pa.ChunkedArray) else pa.scalar(p) for p in parts]
    return pc.binary_join_element_wise(*arrays, "")


def yes_no(flags: NDArray[np.bool_], spelled: tuple[str, str] = ("否", "是")) -> pa.Array:
    """Spell flags."""
    return words(spelled, flags.astype(np.int8))


def only_where(values: pa.Array, keep: NDArray[np.bool_]) -> pa.Array:
    """Empty the cells where `keep` is false."""
    return pc.if_else(pa.array(keep), values, pa.scalar(None, values.type))
