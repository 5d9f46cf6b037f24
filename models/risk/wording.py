"""Features in words: what a number of a feature means, in Chinese and in English.

A sentence is made from the feature's own display names and unit, never written by hand for one
feature, so that a feature a city adds speaks at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

#: Units whose value is an amount of money in fen, a share between 0 and 1, yes or no.
MONEY_UNITS = frozenset({"fen", "分"})
SHARE_UNITS = frozenset({"ratio", "share", "1"})
FLAG_UNITS = frozenset({"flag", "boolean", "是否"})
#: Units whose value is a code or a word and no number, whatever it looks like.
CODE_UNITS = frozenset({"text", "category"})
#: Features that say one thing in several grains, or counted in two ways: one reason, not three.
SAME_THEME = {
    "industry_section": "industry",
    "industry_division": "industry",
    "investment_industry": "industry",
    # counted from the register here and along the graph's edges there
    "firms_with_phone": "phone_firms",
    "firms_of_agent": "agent_firms",
}
#: How other units are written after the number: Chinese, English. What is not here stays as it is.
UNIT_WORDS = {
    "count": ("", ""),
    "days": ("天", "days"),
    "months": ("个月", "months"),
    "years": ("年", "years"),
    "times": ("倍", "times"),
    "people": ("人", ""),
    "firms": ("家", ""),
    "owners": ("个", ""),
    "holdings": ("层", ""),
    "links": ("次", ""),
    "ties": ("步", ""),
    "per year": ("", "a year"),
    "level": ("级", ""),
    "points": ("点", "points"),
    "records": ("条", "records"),
    "天": ("天", "days"),
    "人": ("人", "people"),
    "家": ("家", "firms"),
    "户": ("户", "firms"),
    "件": ("件", ""),
    "次": ("次", ""),
    "个": ("个", ""),
}

# 行政处罚次数 with 3 is said 行政处罚 3 次: ending, what of it stays, classifier
_ENDINGS = (
    ("案件数", "案件", "件"),
    ("企业数", "企业", "家"),
    ("人员数", "人员", "名"),
    ("天数", "", "天"),
    ("层数", "", "层"),
    ("次数", "", "次"),
    ("人次", "", "人次"),
    ("件数", "", "件"),
    ("户数", "", "户"),
    ("家数", "", "家"),
    ("人数", "", "人"),
    ("条数", "", "条"),
    ("份数", "", "份"),
    ("项数", "", "项"),
    ("个数", "", "个"),
    ("数", "", "个"),
)
# units whose number is a count of what the feature's own name says
_COUNTED = frozenset({"count", "days", "firms", "owners", "holdings", "links", "people", "ties"})
_WINDOW = re.compile(r"_\d+d(?=_|$)")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class FeatureWords:
    """What a reason says of a feature, of the feature table and of the graph alike.

    `zh`, `en` what it measures, in words, with its window. `unit` of the value: count, days, fen,
    ratio (a share between 0 and 1), flag, ...; text or empty for a category. `direction` +1 when
    more is riskier, -1 when less is, 0 when neither is claimed. `own` is False for what is computed
    from a firm's relations: records behind it tell of the relation, not of the firm's own conduct.
    `theme` joins the variants of one measure into one reason; by default the name without its
    window.
    """

    name: str
    zh: str
    en: str
    unit: str = ""
    direction: int = 0
    own: bool = True
    theme: str = ""

    def __post_init__(self) -> None:
        if not self.theme:
            object.__setattr__(self, "theme", _WINDOW.sub("", self.name))


def words_of(columns: Iterable[Any], own: bool = True) -> dict[str, FeatureWords]:
    """The words of described feature columns, by column name.

    `columns`: the columns of a feature set (`features.declaration.FeatureColumn`) or anything else
    with `name`, `zh`, `en`, `unit` and, if it has them, `direction` and `theme`. Features over the
    firms that share an address or a phone are never the firm's own, whatever `own` says.
    """
    words = {}
    for column in columns:
        feature = getattr(column, "feature", column)
        words[column.name] = FeatureWords(
            name=column.name,
            zh=column.zh,
            en=column.en,
            unit=feature.unit or "",
            direction=getattr(feature, "direction", 0),
            own=own and getattr(feature, "kind", "") != "sharers",
            theme=SAME_THEME.get(feature.name, "" if column is feature else feature.name),
        )
    return words


def in_words(value: float | str | None, unit: str | None) -> tuple[str, str]:
    """A value with its unit, in Chinese and in English.

    Money is given in fen and written in 元, 万元 or 亿元; a share as per cent.

    >>> in_words(1_250_000_00, "分")
    ('125 万元', 'CNY 1,250,000')
    >>> in_words(0.375, "1")
    ('37.5%', '37.5%')
    >>> in_words(12.0, "件")
    ('12 件', '12')
    """
    if is_missing(value):
        return "无资料", "no data"
    unit = unit or ""
    coded = unit in CODE_UNITS or (not unit and isinstance(value, str))
    number = None if coded else as_number(value)
    if number is None:
        # a code that went through a column of numbers: 4500.0 is the code 4500
        text = one_line(str(value).removesuffix(".0") if coded else str(value))
        return text, text
    if unit in MONEY_UNITS:
        return _money_zh(number), f"CNY {round(number / 100):,}"
    if unit in SHARE_UNITS:
        return f"{_number(number * 100)}%", f"{_number(number * 100)}%"
    if unit in FLAG_UNITS:
        return ("是", "yes") if number else ("否", "no")
    chinese, english = UNIT_WORDS.get(unit, (unit, unit))
    said = _number(number)
    return f"{said} {chinese}".rstrip(), f"{said} {english}".rstrip()


def said(text: FeatureWords, value: float | str | None) -> tuple[str, str]:
    """A feature with a firm's own value as one phrase, in Chinese and in English.

    >>> said(FeatureWords("a_365d", "近365天行政处罚次数", "Penalties, last 365 days", "count"), 3)
    ('近365天行政处罚 3 次', 'Penalties, last 365 days: 3')
    """
    zh, en = one_line(text.zh), one_line(text.en)
    value_zh, value_en = in_words(value, text.unit)
    if text.unit in FLAG_UNITS and value_zh == "是":
        return zh, en
    if text.unit in _COUNTED and not is_missing(value):
        number = value_zh.split(" ")[0]
        for ending, kept, classifier in _ENDINGS:
            if zh.endswith(ending) and len(zh) > len(ending):
                return f"{zh.removesuffix(ending)}{kept} {number} {classifier}", f"{en}: {value_en}"
    return f"{zh}：{value_zh}", f"{en}: {value_en}"


def probability_words(probability: float) -> str:
    """A probability as per cent, with two digits where one would say that it is nothing.

    >>> [probability_words(p) for p in (0.3125, 0.0042, 0.00002)]
    ['31.2%', '0.42%', '<0.01%']
    """
    if probability < 0.00005:
        return "<0.01%"
    return f"{probability:.1%}" if probability >= 0.01 else f"{probability:.2%}"


def is_missing(value: object) -> bool:
    """Whether there is no value: None or NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def as_number(value: object) -> float | None:
    """The value as a finite number, None if it is none."""
    # the contributions table may carry values as text: '12.0' of a counted feature is 12
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def one_line(text: str) -> str:
    """A text on one line, without the separators of the list's columns."""
    # a separator of the list's columns must not come out of a name or a category
    return _SPACE.sub(" ", text).strip().replace("；", "，").replace(";", ",")


def _number(number: float) -> str:
    if number == round(number):
        return f"{round(number):,}"
    digits = 1 if abs(number) >= 10 else 2
    return f"{number:,.{digits}f}".rstrip("0").rstrip(".")


def _money_zh(fen: float) -> str:
    yuan = fen / 100
    for size, word in ((1e8, "亿元"), (1e4, "万元")):
        if abs(yuan) >= size:
            return f"{_number(yuan / size)} {word}"
    return f"{_number(yuan)} 元"
