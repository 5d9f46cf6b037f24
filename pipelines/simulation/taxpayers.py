"""The tax office's register: status, and the name, address and scope that it has of each firm.

It hears of changes from the business register, whose monthly file it has read when its own goes out:
on the days on which it delivers, both tell the same of an honest firm. Its clerks write differently,
though: brackets in half width, blanks, and the place of business for the domicile.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.simulation import filings, naming, places, registry, spelling, vocabulary
from pipelines.simulation.calendar import NEVER
from pipelines.simulation.changes import ITEMS, Changes
from pipelines.simulation.departments import CODE, SOURCES
from pipelines.simulation.places import mixed
from pipelines.simulation.planted import Plan
from pipelines.simulation.world import Part, Rows, joined_rows

_SLOTS = 10_000  # more than there are deliveries
_TOLD = ("name", "address", "scope")


@dataclass(frozen=True)
class _Details:
    """What the tax office knows of the firms' names, addresses and scopes, ordered by firm and day.

    Attributes:
        who: place of the firm; slot: number of the tax delivery from which it stands; counts: how
        often name, address and scope have changed by then (three columns).
    """

    who: NDArray[np.int64]
    slot: NDArray[np.int64]
    counts: NDArray[np.int64]

    def by(self, who: NDArray[np.int64], slot: NDArray[np.int64]) -> NDArray[np.int64]:
        """The counts that stand for firms at deliveries; before the first, those of the first."""
        place = np.searchsorted(self.who * _SLOTS + self.slot, who * _SLOTS + slot, "right") - 1
        return self.counts[np.maximum(place, np.searchsorted(self.who, who))]


def tax_registration(part: Part, altered: Changes, plan: Plan) -> Rows:
    """Tax registrations with what the office knows of each firm.

    Behind the rows of `filings` stand: firms that register only because they would be unknown to
    the office altogether, a row for each change of name, address or scope, and the planted faults.
    """
    base = filings.tax_registration(part)
    days = part.world.calendar.delivery_days(SOURCES["tax_registration"].day_of_month)
    details = _details(part, altered, days)
    who = part.places(base.columns[CODE])
    more = [_told_early(part, base, who, days), _late_registrations(part, plan)]
    whole, rows = np.concatenate([who, *(w for w, _ in more)]), [base, *(r for _, r in more)]
    slot = [np.searchsorted(days, r.known) for r in rows]
    told = [
        _with_details(part, r, w, details.by(w, s))
        for r, w, s in zip(rows, (who, *(w for w, _ in more)), slot, strict=True)
    ]
    every = joined_rows(told)
    place = (whole, np.concatenate(slot))
    added = [*told[1:], _changed(part, every, place, details, days)]
    return told[0].plus(*added, *_planted(part, every, place, plan))


def _details(part: Part, altered: Changes, days: NDArray[np.int32]) -> _Details:
    who, _, known, counts, _ = registry.states(part, altered)
    register = part.world.calendar.delivery_days(SOURCES["registration"].day_of_month)
    number = np.searchsorted(register, known)
    arrives = np.where(
        number < len(register), register[np.minimum(number, len(register) - 1)], NEVER
    )
    items = [ITEMS.index(item) for item in _TOLD]
    return _Details(who, np.searchsorted(days, arrives).astype(np.int64), counts[:, items])


def _told_early(
    part: Part, base: Rows, who: NDArray[np.int64], days: NDArray[np.int32]
) -> tuple[NDArray[np.int64], Rows]:
    """New registrations that the files of `filings` would tell too late.

    A firm has sixty days to register; one that did in time must not seem to have failed to because
    of a clerk's delay, so its row goes out with the first file after the day.
    """
    first = np.zeros(len(who), bool)
    first[: int(filings.tax_registered(part).sum())] = True  # what changes later stands behind
    registered = filings.registered_days(part)[who]
    slot = np.searchsorted(days, base.known)
    comes = np.append(days, part.world.calendar.until + 15)[slot]
    late = comes > part.of(part.world.population.born)[who] + 60
    rows = np.flatnonzero(first & late & (np.searchsorted(days, registered) < slot))
    columns = {name: values.take(pa.array(rows)) for name, values in base.columns.items()}
    return who[rows], Rows(registered[rows].astype(np.int32), columns)


def _late_registrations(part: Part, plan: Plan) -> tuple[NDArray[np.int64], Rows]:
    """Firms that neither the office's register nor its returns would know, but for planted ones."""
    # no return tells of those that never file, are too young to have, or were soon lost
    young = part.of(part.world.population.born) > part.world.calendar.until - 220
    silent = ~filings.files_taxes(part) | young | (filings.lost_days(part) < NEVER)
    unknown = ~filings.tax_registered(part) & silent
    unknown[plan["not_registered_with_tax"].who] = False
    here = np.flatnonzero(unknown)
    firm = part.firm[here]
    registered = (
        part.of(part.world.population.born)[here].astype(np.int64) + 3 + mixed(firm, 81) % 40
    )
    return here, _rows(part, here, registered, registered, (registered + 4).astype(np.int32))


def _rows(
    part: Part,
    who: NDArray[np.int64],
    registered: NDArray[np.int64],
    since: NDArray[np.int64],
    known: NDArray[np.int32],
) -> Rows:
    """Registrations in order (正常), as `filings` writes them."""
    population = part.world.population
    codes = part.codes.take(pa.array(who))
    return Rows(
        known,
        {
            "统一社会信用代码": codes,
            "纳税人识别号": codes,
            "纳税人状态": spelling.words(("正常",), np.zeros(len(who), np.int8)),
            "纳税人类型": spelling.words(("小规模",), np.zeros(len(who), np.int8)),
            "主管税务机关": spelling.words(filings.OFFICES, part.of(population.district)[who]),
            "登记日期": spelling.dates(registered, "zh"),
            "状态日期": spelling.dates(since, "zh"),
        },
    )


def _with_details(
    part: Part, rows: Rows, who: NDArray[np.int64], counts: NDArray[np.int64]
) -> Rows:
    """The rows with the three details, written as a clerk of the tax office would."""
    population, firm = part.world.population, part.firm[who]
    name = naming.names(population, firm, counts[:, 0])
    name = pc.if_else(pa.array(mixed(firm, 82) % 100 < 40), _half_width(name), name)
    spaced = pc.replace_substring_regex(
        name, r"(有限公司|股份|中心|工作室)", "\u3000\\1", max_replacements=1
    )
    name = pc.if_else(pa.array(mixed(firm, 83) % 100 < 4), spaced, name)
    room = registry.room_after(part, who, counts[:, 1])
    apart = registry.operating_room(part, firm)
    works_there = (apart >= 0) & (mixed(firm, 84) % 100 < 50)
    scope = naming.scopes(population, firm, counts[:, 2])
    scope = pc.if_else(pa.array(mixed(firm, 85) % 100 < 8), _half_width(scope), scope)
    details = {
        "税务登记名称": name,
        "税务登记地址编号": places.address_ids(np.where(works_there, apart, room), part.world.key),
        "税务登记经营范围": scope,
    }
    return Rows(rows.known, {**rows.columns, **details})


def _half_width(texts: pa.Array) -> pa.Array:
    """Brackets and semicolons in half width; a comma would end the cell."""
    for full, half in (("（", "("), ("）", ")"), ("；", ";")):
        texts = pc.replace_substring(texts, full, half)
    return texts


def _last_rows(
    who: NDArray[np.int64], slot: NDArray[np.int64], asked: NDArray[np.int64], by: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Number of the last row of each asked firm delivered before a slot; -1 without one."""
    key = who * _SLOTS + slot
    order = np.argsort(key, kind="stable")
    place = np.searchsorted(key[order], asked * _SLOTS + by, "left") - 1
    row = order[np.maximum(place, 0)] if len(order) else np.zeros(len(asked), np.int64)
    found = (place >= 0) & (who[row] == asked) if len(order) else np.zeros(len(asked), bool)
    return np.where(found, row, -1)


def _changed(
    part: Part,
    rows: Rows,
    told: tuple[NDArray[np.int64], NDArray[np.int64]],
    details: _Details,
    days: NDArray[np.int32],
) -> Rows:
    """The row of a firm once more when a detail has changed since its last one."""
    fresh = np.zeros(len(details.who), bool)
    fresh[1:] = (np.diff(details.who) == 0) & (np.diff(details.counts, axis=0) != 0).any(axis=1)
    fresh &= details.slot < len(days)
    asked, by = details.who[fresh], details.slot[fresh]
    row = _last_rows(*told, asked, by)
    # a row of the same delivery tells the details anyhow
    newest = _last_rows(*told, asked, by + 1)
    again = (row >= 0) & (newest == row)
    kept = {n: v.take(pa.array(row[again])) for n, v in rows.columns.items()}
    again_rows = Rows(days[by[again]], kept)
    return _with_details(part, again_rows, asked[again], details.counts[fresh][again])


def _planted(
    part: Part, base: Rows, told: tuple[NDArray[np.int64], NDArray[np.int64]], plan: Plan
) -> list[Rows]:
    """The last row of a firm once more, with a detail of which the business register knows nothing."""
    population = part.world.population
    pieces = []
    for item in _TOLD:
        planted = plan[f"details_disagree_{item}"]
        row = _last_rows(*told, planted.who, np.full(len(planted.who), _SLOTS - 1))
        columns = {n: v.take(pa.array(row)) for n, v in base.columns.items()}
        firm = part.firm[planted.who]
        if item == "name":
            columns["税务登记名称"] = naming.names(population, firm, np.full(len(firm), 9))
        elif item == "address":
            elsewhere = places.moved_room(population.firms, firm, np.full(len(firm), 2))
            columns["税务登记地址编号"] = places.address_ids(elsewhere, part.world.key)
        else:
            other = (part.of(population.industry)[planted.who] + 7) % len(vocabulary.INDUSTRIES)
            columns["税务登记经营范围"] = spelling.words(naming.SCOPES, other)
        pieces.append(Rows(planted.since.astype(np.int32), columns))
    return pieces
