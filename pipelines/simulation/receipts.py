"""What the treasury took in, in total: by district, line of business, period and tax.

The tax office adds up the returns that it has, on the day on which it delivers them. A total comes
again whenever later returns have changed it, so that returns and totals of one day agree, but for
the rows that get lost on the way and the totals that are planted wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.simulation import spelling, vocabulary
from pipelines.simulation.calendar import NEVER
from pipelines.simulation.departments import SOURCES
from pipelines.simulation.filings import TAXES
from pipelines.simulation.places import mixed
from pipelines.simulation.planted import LEAST, PER_FIRM
from pipelines.simulation.world import Part, Rows, World, kept

_SECTIONS = tuple(sorted({industry.code[0] for industry in vocabulary.INDUSTRIES}))
_SECTION = np.array([_SECTIONS.index(industry.code[0]) for industry in vocabulary.INDUSTRIES])
_DAYS, _SLOTS = 100_000, 10_000  # more than there are days, and deliveries
_WRONG_PERCENT = 88  # what a wrong total tells of the right one


@dataclass(frozen=True)
class WrongTotal:
    """A planted total: cell (district and section), first day of the quarter, and the truth on it."""

    cell: int
    start: int
    since: int
    subject_id: str
    detail: str


def _quarters(day: int) -> tuple[int, int]:
    """First day of the quarter a day lies in, and of the next one."""
    month = np.datetime64(day, "D").astype("datetime64[M]").astype(int)
    first = np.array([month - month % 3, month - month % 3 + 3]).astype("datetime64[M]")
    start, after = first.astype("datetime64[D]").astype(int)
    return int(start), int(after)


def planted(world: World) -> list[WrongTotal]:
    """The totals that are told wrong: value-added tax of a quarter, in cells of several firms."""
    population, until = world.population, world.calendar.until
    rng = np.random.default_rng([world.seed, 6_271])
    firm = np.arange(population.firms, dtype=np.int64)
    pays = (population.died >= NEVER) & (population.born < until - 900)
    pays &= (mixed(firm, 66) % 1000 >= 70) & (mixed(firm, 63) % 100 >= 14)
    cells = population.district.astype(np.int64) * len(_SECTIONS) + _SECTION[population.industry]
    count = np.bincount(cells[pays], minlength=16 * len(_SECTIONS))
    wanted = max(LEAST, round(population.firms * PER_FIRM))
    fit = np.flatnonzero(count >= 8)
    if len(fit) < wanted:
        fit = np.flatnonzero(count >= 4)
    chosen = np.sort(rng.choice(fit, min(wanted, len(fit) // 3), replace=False))
    found = []
    for cell in chosen.tolist():
        start, after = _quarters(until - int(rng.integers(200, 450)))
        district, section = divmod(cell, len(_SECTIONS))
        subject = f"{vocabulary.DISTRICT_CODES[district]}|{_SECTIONS[section]}"
        period = spelling.dates(np.array([start])).to_pylist()[0]
        detail = f"{TAXES[0]} of the quarter from {period}: {_WRONG_PERCENT} % of what was filed"
        found.append(WrongTotal(cell, start, after - 1, subject, detail))
    return found


class Totals:
    """Adds up the returns of part after part; its size does not grow with the firms."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._days = world.calendar.delivery_days(SOURCES["tax_filing"].day_of_month)
        self._keys = np.empty(0, np.int64)
        self._sums = np.empty(0, np.int64)

    def add(self, part: Part, returns: Rows) -> None:
        """Add the returns of a part, before any fault."""
        for rows in (returns, returns.added):
            if rows is None or not len(rows.known):
                continue
            rows = kept(Rows(rows.known, rows.columns), self._world.calendar)
            keys = self._keys_of(part, rows)
            fen = rows.columns["实缴税额"].to_numpy(zero_copy_only=False)
            every = np.concatenate([self._keys, keys])
            self._keys, place = np.unique(every, return_inverse=True)
            sums = np.zeros(len(self._keys), np.int64)
            np.add.at(sums, place, np.concatenate([self._sums, fen]))
            self._sums = sums

    def _keys_of(self, part: Part, rows: Rows) -> NDArray[np.int64]:
        """Cell, tax, first day of the period and delivery in one number."""
        population, columns = self._world.population, rows.columns
        firm = part.firm[part.places(columns["统一社会信用代码"])]
        cell = population.district[firm].astype(np.int64) * len(_SECTIONS)
        cell += _SECTION[population.industry[firm]]
        tax = pc.index_in(columns["税种"], value_set=pa.array(TAXES))
        start = columns["所属期起"].cast(pa.int32()).to_numpy(zero_copy_only=False)
        slot = np.searchsorted(self._days, rows.known)
        key = (cell * len(TAXES) + tax.to_numpy(zero_copy_only=False)) * _DAYS + start
        whole: NDArray[np.int64] = key * _SLOTS + slot
        return whole

    def rows(self) -> Rows:
        """Each total when it is first delivered, and again when it has changed."""
        key, slot = np.divmod(self._keys, _SLOTS)
        told = np.cumsum(self._sums)
        before = told - self._sums
        first = np.searchsorted(key, key)
        total = told - before[first] if len(key) else told
        news = ((self._sums != 0) | (first == np.arange(len(key)))) & (slot < len(self._days))
        key, slot, total = key[news], slot[news], total[news]
        group, start = np.divmod(key, _DAYS)
        cell, tax = np.divmod(group, len(TAXES))
        for wrong in planted(self._world):
            here = (cell == wrong.cell) & (start == wrong.start) & (tax == 0)
            total[here] = total[here] * _WRONG_PERCENT // 100
        district, section = np.divmod(cell, len(_SECTIONS))
        order = np.lexsort((key, slot))
        columns = {
            "行政区划": spelling.words(vocabulary.DISTRICT_CODES, district),
            "行业门类": spelling.words(_SECTIONS, section),
            "税种": spelling.words(TAXES, tax),
            "所属期起": spelling.typed_dates(start),
            "所属期止": spelling.typed_dates(_ends(start, tax)),
            "入库税额": pa.array(total),
        }
        columns = {name: values.take(pa.array(order)) for name, values in columns.items()}
        return Rows(self._days[slot[order]].astype(np.int32), columns)


def _ends(start: NDArray[np.int64], tax: NDArray[np.int64]) -> NDArray[np.int64]:
    """Last day of the periods: quarters of the value-added tax, years of the other."""
    months = start.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    after = (months + np.where(tax == 0, 3, 12)).astype("datetime64[M]")
    return after.astype("datetime64[D]").astype(np.int64) - 1
