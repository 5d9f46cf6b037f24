"""Grades of the market supervision bureau beside those of `filings`, and the planted grades.

- 工商风险度, yearly: A (highest risk), B, C.
- 工商信用度, yearly: Ⅰ, Ⅱ, Ⅲ, Ⅳ (best).
- 国家信用风险分类, yearly here (monthly in life), from 2022 on: A (best), B, C, D.

They look at the same firm as the tax office does, so they mostly agree with its grade of the year;
a firm without one is ordinary. Nothing is known of rings that its grade does not tell.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.simulation import filings, spelling
from pipelines.simulation.calendar import date_of, day
from pipelines.simulation.places import mixed
from pipelines.simulation.planted import Plan, last_graded_year
from pipelines.simulation.world import Part, Rows, heard, joined_rows

_SCHEMES = ("工商风险度", "工商信用度", "国家信用风险分类")
_SINCE = (0, 0, 2022)
_VALUES = (("C", "B", "A"), ("Ⅳ", "Ⅲ", "Ⅱ", "Ⅰ"), ("A", "B", "C", "D"))
# from which badness on (0 good, 100 bad) the second and later values are given
_BOUNDS = (np.array([32.0, 70.0]), np.array([14.0, 46.0, 78.0]), np.array([16.0, 52.0, 84.0]))
_TAX_MARKS = ("A", "B", "M", "C", "D")
_BADNESS = np.array([8.0, 20.0, 30.0, 60.0, 92.0])
_COLUMNS = ("统一社会信用代码", "评价体系", "评价年度", "等级", "评价依据", "有效期自", "有效期至")


def grade(part: Part, plan: Plan) -> Rows:
    """All grades: those of `filings`, behind them the bureau's and the planted ones."""
    base = filings.grade(part)
    return base.plus(_of_the_bureau(part, base), _planted(part, plan))


def _of_the_bureau(part: Part, base: Rows) -> Rows:
    rng = part.random("bureau_grades")
    calendar, population = part.world.calendar, part.world.population
    marks = _tax_marks(part, base)
    pieces = []
    for year in range(date_of(calendar.since).year - 2, date_of(calendar.until).year):
        start = day(dt.date(year + 1, 5, 20))
        alive = (part.of(population.born) < start - 150) & (part.of(population.died) > start)
        here = np.flatnonzero(alive)
        badness = marks.get(year, np.full(part.high - part.low, 20.0))[here]
        badness = badness + rng.normal(0, 7, len(here))
        for scheme in range(len(_SCHEMES)):
            # the bureau's own two schemes grade every second firm, the national one all
            graded = (
                np.ones(len(here), bool) if scheme == 2 else mixed(part.firm[here], 69) % 2 == 0
            )
            if year + 1 < _SINCE[scheme]:
                continue
            value = np.searchsorted(_BOUNDS[scheme], badness[graded])
            known = heard(rng, np.full(int(graded.sum()), start), 1, 6.0)
            words = spelling.words(_VALUES[scheme], value)
            pieces.append(
                _rows(part, here[graded], _SCHEMES[scheme], year, words, "年度评价", start, known)
            )
    return joined_rows(pieces)


def _tax_marks(part: Part, base: Rows) -> dict[int, NDArray[np.float64]]:
    """How bad each firm's tax grade of each year is; of a firm without one 20."""
    columns = base.columns
    tax = pc.equal(columns["评价体系"], "纳税信用")
    codes, words, years = (columns[n].filter(tax) for n in ("统一社会信用代码", "等级", "评价年度"))
    who = part.places(codes)
    mark = pc.index_in(words, value_set=pa.array(_TAX_MARKS)).to_numpy(zero_copy_only=False)
    of_year = years.cast(pa.int64()).to_numpy(zero_copy_only=False)
    found = {}
    for year in np.unique(of_year).tolist():
        badness = np.full(part.high - part.low, 20.0)
        rows = of_year == year
        badness[who[rows]] = _BADNESS[mark[rows]]
        found[year] = badness
    return found


def _rows(
    part: Part,
    who: NDArray[np.int64],
    scheme: str,
    year: int,
    words: pa.Array,
    basis: str,
    start: int,
    known: NDArray[np.int32],
) -> Rows:
    """Grades of one scheme and year, valid for a year."""
    nought = np.zeros(len(who), np.int8)
    cells = (
        part.codes.take(pa.array(who)),
        spelling.words((scheme,), nought),
        spelling.words((str(year),), nought),
        words,
        spelling.words((basis,), nought),
        spelling.dates(np.full(len(who), start)),
        spelling.dates(np.full(len(who), start + 365)),
    )
    return Rows(known, dict(zip(_COLUMNS, cells, strict=True)))


def _planted(part: Part, plan: Plan) -> Rows:
    """The grades of planted faults: a second look at the year, two months after the first."""
    last = last_graded_year(part)
    spread, barred = plan["tax_spread"], plan["tax_barred"].who
    conflict = plan["grade_conflict"].who
    early = np.array([told == f"D for {last - 1}" for told in spread.detail], bool)
    given = (
        (spread.other[~early], "纳税信用", last, "D", "直接判级"),
        (spread.other[early], "纳税信用", last - 1, "D", "直接判级"),
        (barred, "纳税信用", last - 2, "D", "直接判级"),
        (barred, "纳税信用", last, "A", "年度评价"),
        (conflict, "纳税信用", last, "A", "年度评价"),
        (conflict, "安全生产", last, "四级", "标准化评审"),
    )
    pieces = []
    for who, scheme, year, word, basis in given:
        start = filings.published(year)
        words = spelling.words((word,), np.zeros(len(who), np.int8))
        known = np.full(len(who), start + 75, np.int32)
        pieces.append(_rows(part, who, scheme, year, words, basis, start, known))
    return joined_rows(pieces)
