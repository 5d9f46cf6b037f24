"""Unpaid taxes, and what keeps the representatives of those who owe in the country."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.simulation import registry, spelling
from pipelines.simulation.calendar import NEVER
from pipelines.simulation.changes import Changes
from pipelines.simulation.filings import TAXES
from pipelines.simulation.places import mixed
from pipelines.simulation.planted import Planted
from pipelines.simulation.world import Part, Rows, arrivals, heard

_STATES = ("布控", "续控", "阻止", "撤控")
_PLANTED_PLACE = 900  # planted arrears are numbered apart from the others of the firm


class Arrears:
    """The arrears of a part's firms, ordered by firm and day.

    A failing firm falls into arrears once in eight years, any other about once in 150. Three in
    five pay, after half a year or so.

    Attributes:
        who: place of the firm; place: which of its arrears; since: first day; cleared: day of the
        payment or `NEVER`; cleared_known: day from which the payment is told; fen: amount owed;
        exempt: whether planted.
    """

    def __init__(self, part: Part, planted: Planted) -> None:
        rng = part.random("tax_arrears")
        population = part.world.population
        rate = np.where(part.of(population.segment) == 1, 0.12, 0.006 * part.of(population.frailty))
        self.who, when = arrivals(rng, rate, part.opening + 120, part.closing)
        self.since = when.astype(np.int64)
        order = np.lexsort((self.since, self.who))
        self.who, self.since = self.who[order], self.since[order]
        count = len(self.who)
        self.place = np.arange(count) - np.searchsorted(self.who, self.who) + 1
        self.fen = (np.exp(rng.normal(11.0, 1.4, count)) * 100).astype(np.int64)
        pays = rng.random(count) < 0.6
        cleared = self.since + rng.integers(30, 420, count)
        self.cleared = np.where(pays & (cleared <= part.closing[self.who]), cleared, NEVER)
        self.known = heard(rng, self.since, 3, 10.0)
        # a payment is told a week later at the earliest: by then its control is lifted as well
        told = np.maximum(self.known + 1, self.cleared + 8 + rng.integers(0, 12, count))
        self.cleared_known = np.where(self.cleared < NEVER, told, NEVER)
        self.exempt = np.zeros(count, bool)
        self._plant(planted)

    def _plant(self, planted: Planted) -> None:
        count = len(planted.who)
        since = planted.since - 400
        pieces = {
            "who": planted.who, "place": np.full(count, _PLANTED_PLACE), "since": since,
            "cleared": planted.since, "cleared_known": planted.since + 10, "known": since + 10,
            "fen": np.full(count, 36_000_000), "exempt": np.ones(count, bool),
        }  # fmt: skip
        for name, values in pieces.items():
            setattr(self, name, np.concatenate([getattr(self, name), values]))

    def numbers(self, part: Part, prefix: str) -> pa.Array:
        """A number for each of the arrears."""
        firm = spelling.whole(part.firm[self.who])
        return spelling.joined(prefix, firm, "-", spelling.whole(self.place))


def _two_kinds(rows: Rows, exempt: NDArray[np.bool_]) -> Rows:
    """Planted rows stand behind the others, where no fault meets them."""
    usual, apart = pa.array(~exempt), pa.array(exempt)
    added = Rows(rows.known[exempt], {n: v.filter(apart) for n, v in rows.columns.items()})
    return Rows(rows.known[~exempt], {n: v.filter(usual) for n, v in rows.columns.items()}).plus(
        added
    )


def tax_arrears(part: Part, planted: Planted) -> Rows:
    """Arrears; a record comes again when it is paid."""
    owed = Arrears(part, planted)
    paid = np.flatnonzero(owed.cleared < NEVER)
    both = np.concatenate([np.arange(len(owed.who)), paid])
    rows = pa.array(both)
    cleared = np.concatenate([np.full(len(owed.who), int(NEVER)), owed.cleared[paid]])
    known = np.concatenate([owed.known, owed.cleared_known[paid]]).astype(np.int32)
    columns = {
        "统一社会信用代码": part.codes.take(pa.array(owed.who)),
        "欠税编号": owed.numbers(part, "QS"),
        "税种": spelling.words(TAXES, mixed(part.firm[owed.who] + owed.place, 86) % 2),
        "欠税金额": spelling.yuan(owed.fen),
        "欠税起始日": spelling.dates(owed.since),
    }
    columns = {name: values.take(rows) for name, values in columns.items()}
    columns["结清日期"] = spelling.dates(cleared)
    return _two_kinds(Rows(known, columns), owed.exempt[both])


def exit_control(part: Part, altered: Changes, planted: Planted) -> Rows:
    """Exit controls over large arrears: set, prolonged or put to use, and lifted when they pay."""
    owed = Arrears(part, planted)
    rng = part.random("exit_control")
    count = len(owed.who)
    large = (owed.fen >= 10_000_000) & (rng.random(count) < 0.5) | owed.exempt  # 100,000 yuan
    start = owed.since + 60 + rng.integers(0, 120, count)
    start[owed.exempt] = owed.since[owed.exempt] + 120
    held = large & (start + 30 < np.minimum(owed.cleared, part.world.calendar.until))
    prolonged = start + 90 + rng.integers(0, 30, count)
    used = held & ~owed.exempt & (rng.random(count) < 0.25)
    lifted = owed.cleared + 1 + rng.integers(0, 5, count)
    steps = [
        (held, 0, start, start + 5),
        (held & ~used & (prolonged < owed.cleared), 1, prolonged, prolonged + 5),
        (used & (prolonged < owed.cleared), 2, prolonged, prolonged + 5),
        (held & ~owed.exempt & (owed.cleared < NEVER), 3, lifted, owed.cleared_known),
    ]
    row = np.concatenate([np.flatnonzero(keep) for keep, _, _, _ in steps])
    state = np.concatenate([np.full(int(keep.sum()), s) for keep, s, _, _ in steps])
    when = np.concatenate([days[keep] for keep, _, days, _ in steps])
    known = np.concatenate([told[keep] for keep, _, _, told in steps]).astype(np.int32)
    who = owed.who[row]
    rows = pa.array(row)
    return _two_kinds(
        Rows(
            known,
            {
                "统一社会信用代码": part.codes.take(pa.array(who)),
                "控制编号": owed.numbers(part, "CJ").take(rows),
                "被控制人证件号": _representatives(part, altered, who, start[row]),
                "欠税编号": owed.numbers(part, "QS").take(rows),
                "控制状态": spelling.words(_STATES, state),
                "状态日期": spelling.dates(when),
            },
        ),
        owed.exempt[row],
    )


def _representatives(
    part: Part, altered: Changes, who: NDArray[np.int64], when: NDArray[np.int64]
) -> pa.Array:
    """Identity number of each firm's legal representative on a day."""
    turns = altered.of_item("legal_rep")
    lift = np.int64(10_000_000)
    by = np.searchsorted(turns.who * lift + turns.day, who * lift + when, "right")
    turned = by - np.searchsorted(turns.who, who)
    return part.world.persons(registry.representative(part, who, turned))
