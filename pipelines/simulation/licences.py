"""The lists of firms licensed or registered for finance: who may handle other people's money.

Honest firms whose line of business needs a licence mostly hold one; many investment firms do not
and need none for what they really do. Rings nearly never hold one, and some of theirs have ended.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.simulation import spelling, vocabulary
from pipelines.simulation.calendar import NEVER
from pipelines.simulation.oversight import private_funds
from pipelines.simulation.world import Part, Rows, heard

KINDS = (
    "私募基金管理人", "证券", "支付", "保险中介", "小额贷款", "融资担保", "典当", "商业保理", "融资租赁",
    "地方资产管理",
)  # fmt: skip
_PRIVATE_FUNDS = KINDS.index("私募基金管理人")
_PREFIXES = ("P", "Z", "ZF", "BX", "XD", "DB", "DD", "BL", "ZL", "AMC")
_REGULATORS = ("中国证券投资基金业协会", "云江证监局", "中国人民银行云江市分行",
               "国家金融监督管理总局云江监管局", "云江市地方金融监督管理局")  # fmt: skip
_REGULATOR_OF = np.array([0, 1, 2, 3, 4, 4, 4, 4, 4, 4])
_TERM_YEARS = np.array([0, 0, 5, 3, 3, 5, 6, 0, 0, 0])
"""How long a licence runs before it must be renewed; 0 is without term."""

# Share of the honest firms of a line that hold each kind. A fund manager is registered or soon out
# of business; most firms called 投资管理 manage their own money and are on no list.
_SHARES: dict[str, dict[str, float]] = {
    "J6760": {"私募基金管理人": 0.78, "证券": 0.01},
    "J6999": {"私募基金管理人": 0.14, "证券": 0.04, "支付": 0.06, "保险中介": 0.14, "小额贷款": 0.12},
    "L7212": {
        "私募基金管理人": 0.28, "融资担保": 0.06, "典当": 0.05, "商业保理": 0.03, "融资租赁": 0.02,
        "地方资产管理": 0.01,
    },
    "F5129": {"典当": 0.004, "融资租赁": 0.001},
    "L7249": {"商业保理": 0.004},
    "I6450": {"支付": 0.003},
    "G5430": {"商业保理": 0.003, "融资租赁": 0.003},
}  # fmt: skip
_RING_SHARE = 0.15
"""Of the licences that honest firms of its line hold, a ring firm holds so many."""

# A year's chance of losing a licence, and that of one renewal, for honest, failing and ring firms.
_LOST = np.array([0.015, 0.08, 0.25])
_RENEWED = np.array([0.88, 0.60, 0.35])


@dataclass(frozen=True)
class _Licences:
    """The licences of a part, one entry each.

    Attributes:
        who: place of the firm; kind: index into `KINDS`.
        start, end: first and last day; the end may lie after the city's.
        terms: how many terms it runs at most, for kinds that have one.
        ended: index into `STATES`, how it ended; 0 where its term ran out.
    """

    who: NDArray[np.int64]
    kind: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    terms: NDArray[np.int64]
    ended: NDArray[np.int64]


STATES = ("有效", "注销", "撤销")


def licence_finance(part: Part) -> Rows:
    """The lists: a licence when it is given, when it is renewed, and when it is given back or taken.

    A licence that is not renewed stays on the list as it was, with the term that has run out.
    """
    rng = part.random("licence_finance")
    held = _held(part, rng)
    calendar = part.world.calendar
    term = _TERM_YEARS[held.kind] * 365
    first = np.maximum(held.start, calendar.since)
    now = np.minimum((first - held.start) // np.maximum(term, 1) + 1, held.terms)
    pieces = []
    known = heard(rng, held.start, 2, 20.0)
    everyone = np.arange(len(held.who))
    while len(everyone):
        until = np.where(
            term[everyone] > 0, held.start[everyone] + now[everyone] * term[everyone], NEVER
        )
        pieces.append((everyone, known[everyone], until, np.zeros(len(everyone), np.int64)))
        goes_on = (until < held.end[everyone]) & (until <= calendar.until)
        everyone, until = everyone[goes_on], until[goes_on]
        now[everyone] += 1
        known[everyone] = until - rng.integers(5, 60, len(everyone))
    given_up = np.flatnonzero((held.ended > 0) & (held.end <= calendar.until))
    told = heard(rng, held.end[given_up], 3, 20.0)
    pieces.append((given_up, told, held.end[given_up], held.ended[given_up]))
    which, known, until, state = (np.concatenate(p) for p in zip(*pieces, strict=True))
    order = np.lexsort((state, known, which))
    return _rows(part, held, which[order], known[order], until[order], state[order])


def _held(part: Part, rng: np.random.Generator) -> _Licences:
    population, calendar = part.world.population, part.world.calendar
    kind = _kinds(part, rng)
    who = np.flatnonzero(kind >= 0)
    kind = kind[who]
    born, died = part.of(population.born)[who], part.of(population.died)[who].astype(np.int64)
    start = born + 30 + rng.integers(0, 400, len(who))
    manner = np.where(
        part.of(population.ring)[who], 2, np.where(part.of(population.segment)[who] == 1, 1, 0)
    )
    lost = start + 200 + (rng.exponential(365 / _LOST[manner])).astype(np.int64)
    ended = 1 + (rng.random(len(who)) < np.where(manner == 2, 0.5, 0.2))
    terms = rng.geometric(1 - _RENEWED[manner])
    years = _TERM_YEARS[kind]
    runs_out = np.where(years > 0, start + terms * years * 365, NEVER)
    end = np.minimum(np.minimum(lost, runs_out), died)
    ended = np.where(end == runs_out, 0, np.where(end == died, 1, ended))
    # lists do not go back for ever: what had ended before the history is on none
    there = (start < np.minimum(died, calendar.until)) & (end > calendar.history)
    return _Licences(*(a[there] for a in (who, kind, start, end, terms, ended)))


def _kinds(part: Part, rng: np.random.Generator) -> NDArray[np.int64]:
    """The kind of licence each firm holds at some time, -1 without."""
    population = part.world.population
    table = np.zeros((len(vocabulary.INDUSTRIES), len(KINDS)))
    for code, shares in _SHARES.items():
        for name, share in shares.items():
            table[vocabulary.INDUSTRY_OF[code], KINDS.index(name)] = share
    upper = np.cumsum(table, axis=1)[part.of(population.industry)]
    upper *= np.where(part.of(population.ring), _RING_SHARE, 1.0)[:, None]
    drawn = (rng.random(len(upper))[:, None] >= upper).sum(axis=1)
    kind = np.where(drawn < len(KINDS), drawn, -1)
    kind[private_funds(part)] = _PRIVATE_FUNDS  # whose permit says so is on the list too
    return kind


def _rows(
    part: Part,
    held: _Licences,
    which: NDArray[np.int64],
    known: NDArray[np.int64],
    until: NDArray[np.int64],
    state: NDArray[np.int64],
) -> Rows:
    who, kind = held.who[which], held.kind[which]
    return Rows(
        known.astype(np.int32),
        {
            "统一社会信用代码": part.codes.take(pa.array(who)),
            "牌照种类": spelling.words(KINDS, kind),
            "许可证编号": spelling.joined(
                spelling.words(_PREFIXES, kind), spelling.whole(10_000_000 + part.firm[who])
            ),
            "发证机关": spelling.words(_REGULATORS, _REGULATOR_OF[kind]),
            "有效期自": spelling.dates(held.start[which]),
            "有效期至": spelling.dates(until),
            "状态": spelling.words(STATES, state),
            "操作": spelling.words(("",), np.full(len(which), -1)),
        },
    )
