"""Rooms, buildings and addresses.

Rooms are numbered: below `firms` the room that a firm would have of its own; then the shared rooms
(incubators, managed clusters, hot desks); then four rooms a firm for its moves.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.simulation import spelling, vocabulary
from pipelines.simulation.identifiers import permuted, texts
from pipelines.simulation.population import Population, room_count

GRADES = ("A", "B", "C", "D")
_GRADE_SHARES = np.array([0.12, 0.42, 0.80, 1.0])
_FLOORS = tuple(str(n) for n in range(1, 41))


def mixed(numbers: NDArray[np.int64], salt: int) -> NDArray[np.int64]:
    """Scatter numbers over 0 .. 2**31-1, the same way each time (splitmix64)."""
    state = (numbers + salt * 7919 + 1).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((state ^ (state >> np.uint64(31))) >> np.uint64(33)).astype(np.int64)


def moved_room(firms: int, firm: NDArray[np.int64], move: NDArray[np.int64]) -> NDArray[np.int64]:
    """Room a firm goes to at its n-th move, counted from 1."""
    return firms + room_count(firms) + firm * 4 + (move - 1) % 4


def room_district(population: Population, room: NDArray[np.int64]) -> NDArray[np.int8]:
    """District of a room."""
    firms, shared = population.firms, room_count(population.firms)
    cumulative = np.cumsum([share for _, _, share in vocabulary.DISTRICTS])
    drawn = np.searchsorted(cumulative, mixed(room, 11) / 2**31).clip(0, 15)
    owner = np.where(room < firms, room, np.maximum(room - firms - shared, 0) // 4)
    own = (room < firms) | (room >= firms + shared)
    return np.where(own, population.home[owner], drawn).astype(np.int8)


def settle_districts(population: Population) -> None:
    """Register every firm in the district where its room lies."""
    population.district[:] = room_district(population, population.room)


def address_ids(room: NDArray[np.int64], key: int) -> pa.Array:
    """Ids of addresses as the address office gives them: DZ and ten digits."""
    code = np.empty((len(room), 12), dtype=np.uint8)
    code[:, 0:2] = np.frombuffer(b"DZ", dtype=np.uint8)
    powers = 10 ** np.arange(9, -1, -1, dtype=np.int64)
    code[:, 2:] = permuted(room, 10**10 - 33, key)[:, None] // powers % 10 + ord("0")
    return texts(code)


def describe(population: Population, room: NDArray[np.int64], key: int) -> dict[str, pa.Array]:
    """Columns of the address office's file for some rooms."""
    firms = population.firms
    district = room_district(population, room)
    is_shared = (room >= firms) & (room < firms + room_count(firms))
    owner = np.where(room < firms, room, 0)
    showy = population.shows("showy_office")[owner] & (room < firms)
    per_district = max(8, firms // 200)
    quantile = mixed(room, 12) / 2**31 * np.where(showy, _GRADE_SHARES[0], 1.0)
    within = (quantile * per_district).astype(np.int64)
    building = district.astype(np.int64) * per_district + within
    grade = np.searchsorted(_GRADE_SHARES, within / per_district, side="right").clip(0, 3)
    floor = 1 + mixed(room, 13) % np.array([32, 20, 8, 5])[grade]
    capacity = np.where(is_shared, 60 + mixed(room, 14) % 400, 3 + mixed(room, 14) % 40)
    kind = mixed(room, 15) % 100
    std = spelling.joined(
        f"{vocabulary.CITY}市",
        spelling.words(vocabulary.DISTRICT_NAMES, district),
        spelling.words(vocabulary.STREETS, mixed(building, 16) % len(vocabulary.STREETS)),
        spelling.whole(1 + mixed(building, 17) % 399),
        "号",
        spelling.words(vocabulary.BRAND_CHARACTERS, mixed(building, 18) % 100),
        spelling.words(vocabulary.BRAND_CHARACTERS, mixed(building, 19) % 100),
        spelling.words(vocabulary.BUILDINGS, mixed(building, 20) % len(vocabulary.BUILDINGS)),
        spelling.words(_FLOORS, floor - 1),
        "层",
        spelling.whole(floor * 100 + 1 + mixed(room, 21) % 40),
        "室",
    )
    return {
        "地址编号": address_ids(room, key),
        "标准地址": std,
        "楼宇编号": spelling.joined("LY", spelling.whole(100_000 + building)),
        "楼层": pa.array(floor),
        "楼宇等级": spelling.words(GRADES, grade),
        "可容纳户数": pa.array(capacity),
        "共享办公": pa.array(is_shared & (kind < 60)),
        "集群注册地": pa.array(is_shared & (kind >= 60) & (kind < 90)),
        "行政区划": spelling.words(vocabulary.DISTRICT_CODES, district),
    }


def cluster_registered(population: Population, room: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a room is a managed cluster's."""
    firms = population.firms
    kind = mixed(room, 15) % 100
    shared = (room >= firms) & (room < firms + room_count(firms))
    return shared & (kind >= 60) & (kind < 90)
