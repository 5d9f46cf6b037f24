"""The drawn city as the table writers see it: firms in parts, random streams, codes by number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.simulation import identifiers, vocabulary
from pipelines.simulation.calendar import Calendar
from pipelines.simulation.cases import Stages
from pipelines.simulation.draws import Draws
from pipelines.simulation.parameters import CHUNK_FIRMS, Difficulty
from pipelines.simulation.population import TRAIT_BIT, Population
from pipelines.simulation.schemes import Groups

_LEGACY_BEFORE = 16_709  # 2015-10-01, when credit codes replaced registration numbers


@dataclass(frozen=True)
class Rows:
    """Rows of one department's file before they are spread over deliveries.

    Attributes:
        known: day from which the department can deliver each row.
        columns: one Arrow array a column of the file.
        added: rows that stand behind the others in each file and have no faults: what later
            versions of the simulator and planted rule faults add to a table. They are drawn and
            delivered apart, so that the rows before them, and those rows' faults, stay as they were.
    """

    known: NDArray[np.int32]
    columns: dict[str, pa.Array]
    added: Rows | None = None

    def plus(self, *added: Rows) -> Rows:
        """The same rows with more behind them."""
        parts = [*([self.added] if self.added else []), *added]
        return Rows(self.known, self.columns, joined_rows(parts) if parts else None)


def joined_rows(parts: list[Rows]) -> Rows:
    """Put rows of one file together."""
    names = parts[0].columns
    columns = {n: pa.concat_arrays([p.columns[n] for p in parts]) for n in names}
    return Rows(np.concatenate([p.known for p in parts]).astype(np.int32), columns)


@dataclass(frozen=True)
class Holdings:
    """Holdings of firms in firms: holder, firm, percent, first day; ordered by firm."""

    holder: NDArray[np.int64]
    firm: NDArray[np.int64]
    percent: NDArray[np.int64]
    begun: NDArray[np.int32]


@dataclass(frozen=True)
class World:
    """The whole city.

    Attributes:
        seed: of the city.
        calendar: its time.
        difficulty: its knobs.
        population: its firms.
        groups: its rings and look-alike groups.
        stages: its cases.
        holdings: its holdings of firms in firms.
        draws: the firms that its monthly draws send inspectors to.
    """

    seed: int
    calendar: Calendar
    difficulty: Difficulty
    population: Population
    groups: Groups
    stages: Stages
    holdings: Holdings
    draws: Draws

    @cached_property
    def key(self) -> int:
        """What moves every code of this city."""
        return int(np.random.SeedSequence([self.seed, 99]).generate_state(1)[0]) % 10**8

    def codes(self, firm: NDArray[np.int64]) -> pa.Array:
        """Credit codes of firms; numbers above the city's firms are strangers and branches."""
        firm = np.asarray(firm, dtype=np.int64)
        inside = np.minimum(firm, self.population.firms - 1)
        own = firm < self.population.firms
        legacy = own & (self.population.born[inside] < _LEGACY_BEFORE)
        district = vocabulary.DISTRICT_BYTES[self.population.district[inside]]
        return identifiers.credit_codes(firm, district, legacy, self.key)

    def persons(self, person: NDArray[np.int64]) -> pa.Array:
        """Identity numbers of persons; a negative number is an empty cell."""
        numbers = identifiers.person_numbers(np.maximum(person, 0), self.key)
        return _blank(numbers, person < 0)

    def phones(self, person: NDArray[np.int64]) -> pa.Array:
        """Phones of persons; a negative number is an empty cell."""
        return _blank(identifiers.phone_numbers(np.maximum(person, 0), self.key), person < 0)

    def parts(self) -> list[Part]:
        """The firms, cut into parts of `CHUNK_FIRMS`."""
        firms = self.population.firms
        return [
            Part(self, number, low, min(low + CHUNK_FIRMS, firms))
            for number, low in enumerate(range(0, firms, CHUNK_FIRMS))
        ]


def _blank(values: pa.Array, empty: NDArray[np.bool_]) -> pa.Array:
    if not empty.any():
        return values
    return pc.if_else(pa.array(empty), pa.scalar(None, values.type), values)


@dataclass(frozen=True)
class Part:
    """A run of firms that is drawn and written at once.

    Attributes:
        world: the city; number: which part; low, high: its firms.
    """

    world: World
    number: int
    low: int
    high: int

    @cached_property
    def firm(self) -> NDArray[np.int64]:
        """Numbers of the firms."""
        return np.arange(self.low, self.high, dtype=np.int64)

    @cached_property
    def codes(self) -> pa.Array:
        """Their credit codes."""
        return self.world.codes(self.firm)

    def places(self, codes: pa.Array) -> NDArray[np.int64]:
        """Place in the part of each of its firms, named by credit code."""
        found = pc.index_in(codes, value_set=self.codes)
        places: NDArray[np.int64] = found.to_numpy(zero_copy_only=False).astype(np.int64)
        return places

    def of(self, values: NDArray[Any]) -> NDArray[Any]:
        """The part's piece of an array over the population."""
        return values[self.low : self.high]

    def shows(self, trait: str) -> NDArray[np.bool_]:
        """Which of its firms have a trait."""
        return (self.of(self.world.population.traits) & TRAIT_BIT[trait]) != 0

    def random(self, stream: str) -> np.random.Generator:
        """The random stream of one table for this part: tables do not disturb each other."""
        name = int.from_bytes(stream.encode()[:8].ljust(8, b"_"), "big")
        length = len(stream)
        return np.random.Generator(
            np.random.PCG64(np.random.SeedSequence([self.world.seed, name, length, self.number]))
        )

    @cached_property
    def opening(self) -> NDArray[np.int32]:
        """First day on which things happen to each firm: its birth, or the start of the history."""
        born = self.of(self.world.population.born)
        return np.maximum(born, self.world.calendar.history).astype(np.int32)

    @cached_property
    def closing(self) -> NDArray[np.int32]:
        """Last day on which things happen to each firm."""
        died = self.of(self.world.population.died)
        return np.minimum(died, self.world.calendar.until).astype(np.int32)

    @cached_property
    def active_from(self) -> NDArray[np.int32]:
        """First day on which its traits show, inside its life."""
        return np.maximum(self.of(self.world.population.onset), self.opening).astype(np.int32)

    @cached_property
    def active_to(self) -> NDArray[np.int32]:
        """Last day on which its traits show, inside its life."""
        return np.minimum(self.of(self.world.population.offset), self.closing).astype(np.int32)


def arrivals(
    rng: np.random.Generator,
    rate: NDArray[Any] | float,
    start: NDArray[Any],
    end: NDArray[Any],
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Draw events of each firm: Poisson with `rate` a year, spread evenly from `start` to `end`.

    Returns:
        Place of the firm in its part, and day, one entry an event, ordered by firm.
    """
    span = np.maximum(np.asarray(end, dtype=np.float64) - start, 0.0)
    count = rng.poisson(np.asarray(rate) * span / 365.25)
    who = np.repeat(np.arange(len(span)), count)
    when = np.asarray(start)[who] + np.floor(rng.random(len(who)) * span[who])
    return who, when.astype(np.int32)


def heard(
    rng: np.random.Generator, happened: NDArray[Any], least: int, mean: float
) -> NDArray[np.int32]:
    """Day on which a department has written an event down: at least `least` days later."""
    delay = least + rng.exponential(mean, len(happened))
    return (happened + delay).astype(np.int32)


def kept(rows: Rows, calendar: Calendar) -> Rows:
    """Leave out what no department can deliver before the end."""
    added = kept(rows.added, calendar) if rows.added else None
    inside = rows.known <= calendar.until
    if inside.all():
        return Rows(rows.known, rows.columns, added)
    keep = pa.array(inside)
    return Rows(rows.known[inside], {k: v.filter(keep) for k, v in rows.columns.items()}, added)
