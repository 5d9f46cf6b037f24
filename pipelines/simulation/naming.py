"""Names and scopes of firms."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.simulation import spelling, vocabulary
from pipelines.simulation.identifiers import permuted
from pipelines.simulation.places import mixed
from pipelines.simulation.population import Population

_TRADES = tuple(t for industry in vocabulary.INDUSTRIES for t in industry.trades)
_FIRST_TRADE = np.cumsum([0, *[len(i.trades) for i in vocabulary.INDUSTRIES]])[:-1]
_TRADE_COUNT = np.array([len(i.trades) for i in vocabulary.INDUSTRIES])
SCOPES = tuple(i.scope for i in vocabulary.INDUSTRIES)
_PLACES = ("云江", "云江市", "", "临江", "云江高新", "江南")
_ADDED_SCOPES = (
    "", "；企业管理咨询", "；会议及展览服务", "；健康咨询服务", "；信息咨询服务", "；投资咨询",
    "；养老服务", "；区块链技术服务", "；技术推广服务",
)  # fmt: skip


def names(
    population: Population, firm: NDArray[np.int64], generation: NDArray[np.int64]
) -> pa.Array:
    """Name of a firm in its n-th generation (0 = the first name).

    The brand is a permutation of the firm's number, so that names rarely collide; a new name
    keeps the line of business.
    """
    letters = vocabulary.BRAND_CHARACTERS
    size = len(letters)
    brand = permuted(firm + generation * 7_368_787, size**3, 40_503)
    first, second, third = brand // size**2, brand // size % size, brand % size
    short = mixed(firm + generation, 31) % 100 < 55
    industry = population.industry[firm].astype(np.int64)
    trade = _FIRST_TRADE[industry] + mixed(firm, 32) % _TRADE_COUNT[industry]
    return spelling.joined(
        spelling.words(_PLACES, mixed(firm, 33) % len(_PLACES)),
        spelling.words(letters, first),
        spelling.words(letters, second),
        spelling.words((*letters, ""), np.where(short, size, third)),
        spelling.words(_TRADES, trade),
        spelling.words(vocabulary.FORM_ENDINGS, population.form[firm]),
    )


def scopes(
    population: Population, firm: NDArray[np.int64], generation: NDArray[np.int64]
) -> pa.Array:
    """Scope of business: its line's words, and one addition after a change."""
    added = 1 + mixed(firm + generation * 31, 34) % (len(_ADDED_SCOPES) - 1)
    return spelling.joined(
        spelling.words(SCOPES, population.industry[firm]),
        spelling.words(_ADDED_SCOPES, np.where(generation > 0, added, 0)),
        "（依法须经批准的项目，经相关部门批准后方可开展经营活动）",
    )


def former_names(
    population: Population, firm: NDArray[np.int64], generation: NDArray[np.int64]
) -> pa.Array:
    """Earlier names joined with semicolons; empty while the first name stands."""
    before = names(population, firm, np.maximum(generation - 1, 0))
    earliest = names(population, firm, np.zeros_like(firm))
    both = spelling.joined(earliest, ";", before)
    chosen = pc.if_else(pa.array(generation > 1), both, before)
    return spelling.only_where(chosen, generation > 0)
