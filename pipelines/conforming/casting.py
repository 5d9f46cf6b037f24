"""Text as departments write it, turned into the catalogue's types.

Every cast is a pair of expressions: the value, and the sentence that says why there is none.
A value that is missing is NULL without a problem; whether it may be missing is the contract's
question. Only forms are accepted that both engines read alike (see `pipelines.engine`).
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from conf.table import SPARK_TYPES

# 10^n fen to the unit: how often a figure in that unit is multiplied to give fen
FEN_PER_UNIT = {"分": 1, "元": 100, "万元": 1_000_000, "亿元": 10_000_000_000}

# full-width letters, digits and brackets, as half the forms in use still write them
_WIDE = "".join(chr(code) for code in [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B),
                                       *range(0xFF41, 0xFF5B)]) + "（）　"  # fmt: skip
_NARROW = "".join(chr(ord(letter) - 0xFEE0) for letter in _WIDE[:-3]) + "() "

_TRUE = ("是", "y", "yes", "true", "t", "1", "1.0", "有")
_FALSE = ("否", "n", "no", "false", "f", "0", "0.0", "无")

_DATE = r"^([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?([ T].*)?$"
_COMPACT_DATE = r"^([0-9]{4})([0-9]{2})([0-9]{2})$"


@dataclass(frozen=True)
class Cast:
    """A typed value and, where there is none although text came, the reason in words."""

    value: Column
    problem: Column


def normalised(text: Column) -> Column:
    """Text with half-width letters, digits and brackets, without blanks around; '' is NULL."""
    narrow = F.trim(F.translate(text.cast("string"), _WIDE, _NARROW))
    return F.when(narrow != "", narrow)


def cast(column: str, kind: str, unit: str | None = None, values: tuple[str, ...] = ()) -> Cast:
    """The cast of the text column `column` to the catalogue type `kind`.

    `unit` is that of the source (money: 分, 元, 万元, 亿元; ratio: 1 or %); `values` are those a
    category may take. The column must have been `normalised`.
    """
    text = F.col(f"`{column}`")
    if kind in ("text", "subject"):
        return Cast(text, F.lit(None).cast("string"))
    value, expected = _VALUES[kind](text, unit, values)
    value = value.cast(SPARK_TYPES[kind])
    shown = F.substring(text, 1, 60)
    # what a person is known by is not repeated, hashed or not
    told = F.lit("") if kind in ("person", "phone") else F.concat(F.lit(" '"), shown, F.lit("'"))
    return Cast(
        value,
        F.when(
            text.isNotNull() & value.isNull(),
            F.concat(F.lit("value"), told, F.lit(f" is not {expected}")),
        ),
    )


def _number(text: Column, digits: int) -> Column:
    plain = F.regexp_replace(text, ",", "")
    fits = plain.rlike(rf"^[+-]?[0-9]{{1,{digits}}}(\.[0-9]*)?$")
    # 12 digits after the point: more would not fit the decimal and be rounded unlike by engines
    short = F.regexp_extract(plain, r"^([+-]?[0-9]+(?:\.[0-9]{0,12})?)", 1)
    return F.when(fits, short).cast("decimal(38,12)")


def _integer(text: Column, unit: str | None, values: tuple[str, ...]) -> tuple[Column, str]:
    plain = F.regexp_replace(text, ",", "")
    whole = F.regexp_extract(plain, r"^([+-]?[0-9]{1,18})(\.0*)?$", 1)
    return F.when(whole != "", whole).cast("bigint"), "a whole number"


def _decimal(text: Column, unit: str | None, values: tuple[str, ...]) -> tuple[Column, str]:
    return F.round(_number(text, 18), 6), "a plain decimal number of at most 18 digits"


def _ratio(text: Column, unit: str | None, values: tuple[str, ...]) -> tuple[Column, str]:
    bare = F.regexp_replace(text, "%$", "")
    shift = "0.01" if unit == "%" else "1"
    percent = F.when(text.endswith("%"), F.lit("0.01")).otherwise(F.lit(shift))
    share = _number(bare, 3) * percent.cast("decimal(3,2)")
    return F.round(share.cast("decimal(38,12)"), 6), "a share (0.51 or 51%)"


def _money(text: Column, unit: str | None, values: tuple[str, ...]) -> tuple[Column, str]:
    fen = FEN_PER_UNIT[unit or "分"]
    digits = 18 - (len(str(fen)) - 1)  # more would overflow 64 bits, silently on one engine
    amount = _number(text, digits).cast("decimal(27,9)") * F.lit(fen).cast("decimal(11,0)")
    return (
        F.round(amount, 0).cast("decimal(20,0)"),
        f"an amount in {unit or '分'} of at most {digits} digits",
    )


def _date(text: Column, unit: str | None, values: tuple[str, ...]) -> tuple[Column, str]:
    def iso(form: str) -> Column:
        year, month, day = (F.regexp_extract(text, form, group) for group in (1, 2, 3))
        return F.concat_ws("-", year, F.lpad(month, 2, "0"), F.lpad(day, 2, "0"))

    written = F.when(text.rlike(_DATE), iso(_DATE)).when(
        text.rlike(_COMPACT_DATE), iso(_COMPACT_DATE)
    )
    return written.try_cast("date"), "a date such as 2020-01-31"


def _boolean(text: Column, unit: str | None, values: tuple[str, ...]) -> tuple[Column, str]:
    lower = F.lower(text)
    value = F.when(lower.isin(*_TRUE), F.lit(True)).when(lower.isin(*_FALSE), F.lit(False))
    return value, "yes or no (是/否, Y/N, 1/0)"


def _category(text: Column, unit: str | None, values: tuple[str, ...]) -> tuple[Column, str]:
    return F.when(text.isin(*values), text), f"one of {', '.join(values)}"


def _keyed_hash(text: Column, unit: str | None, values: tuple[str, ...]) -> tuple[Column, str]:
    return F.when(text.rlike("^[0-9a-f]{32}$"), text), "a keyed hash made while landing"


_VALUES = {
    "integer": _integer,
    "decimal": _decimal,
    "ratio": _ratio,
    "money": _money,
    "date": _date,
    "boolean": _boolean,
    "category": _category,
    "person": _keyed_hash,
    "phone": _keyed_hash,
}
