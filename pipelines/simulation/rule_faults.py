"""Planted faults that rules should find: which firms, since when, and the truth about them.

Chosen part by part among honest firms outside of rings and of their look-alikes, no firm twice. The
modules of the tables write the records of a fault; nothing here knows how a rule finds it. The truth
is a file of its own, one row a fault:

- `fault` STRING: the kind, one of `KINDS`; `points_not_locked` is a look-alike, not to be found.
- `subject_id` STRING: credit code; of `receipts_disagree` 'district|section'.
- `other_id` STRING: the other firm (`tax_spread`: the one with the D) or the number of the record
  that has to leave (`repaired_record`, `sustained_objection`); NULL otherwise.
- `since` DATE: first day of the fault.
- `detail` STRING: what was planted, in plain words.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pa_parquet
from numpy.typing import NDArray

from pipelines.simulation import changes, filings, food_points, receipts, remedies, spelling
from pipelines.simulation.calendar import NEVER, date_of
from pipelines.simulation.changes import ITEMS, Changes
from pipelines.simulation.planted import KINDS, LEAST, PER_FIRM, Plan, Planted, last_graded_year
from pipelines.simulation.world import Part, World

SCHEMA = pa.schema(
    [
        ("fault", pa.string()),
        ("subject_id", pa.string()),
        ("other_id", pa.string()),
        ("since", pa.date32()),
        ("detail", pa.string()),
    ]
)


def plan(part: Part, altered: Changes) -> Plan:
    """Choose the faulty firms of a part (all kinds but `receipts_disagree`, see `receipts`)."""
    draft = _Draft(part, altered)
    # the kinds with few candidates choose first
    draft.unregistered()
    draft.unlicensed()
    draft.spread()
    draft.records("repaired_record", remedies.penalties(part))
    draft.records("sustained_objection", remedies.abnormal_entries(part))
    draft.points()
    draft.conflict()
    draft.details()
    draft.others()
    return draft.found


class _Draft:
    """The choosing: keeps which firms are still free."""

    def __init__(self, part: Part, altered: Changes) -> None:
        world, population = part.world, part.world.population
        self.part, self.altered = part, altered
        self.until = world.calendar.until
        self.rng = part.random("rule_faults")
        whole = max(LEAST, round(population.firms * PER_FIRM))
        self.quota = part.high * whole // population.firms - part.low * whole // population.firms
        self.born = part.of(population.born).astype(np.int64)
        self.died = part.of(population.died).astype(np.int64)
        self.free = part.of(population.group) < 0
        self.alive = self.died >= NEVER
        self.taxed = filings.tax_registered(part) & filings.files_taxes(part)
        self.found: Plan = {kind: Planted() for kind in KINDS}

    def put(
        self, kind: str, mask: NDArray[np.bool_], since: NDArray[np.int64], detail: str
    ) -> None:
        """Plant a kind in firms of the mask; `since` has one day for each firm of the part."""
        chosen = np.flatnonzero(mask & self.free)
        count = min(self.quota, len(chosen))
        who = np.sort(self.rng.choice(chosen, count, replace=False)) if count else chosen[:0]
        self.free[who] = False
        self.found[kind] = Planted(
            who, since[who], np.full(count, -1), (None,) * count, (detail,) * count
        )

    def days_ago(self, least: int, most: int) -> NDArray[np.int64]:
        """A day for each firm, so many days before the end."""
        return self.until - self.rng.integers(least, most, len(self.born))

    def unchanged(self, *items: str) -> NDArray[np.bool_]:
        """Firms of which none of these items ever changes."""
        steady = np.ones(len(self.born), bool)
        for item in items:
            steady[self.altered.who[self.altered.item == ITEMS.index(item)]] = False
        return steady

    def unregistered(self) -> None:
        unknown = ~filings.tax_registered(self.part) & ~filings.files_taxes(self.part)
        mask = unknown & self.alive & (self.born < self.until - 160)
        self.put("not_registered_with_tax", mask, self.born + 61, "no tax registration, no filing")

    def unlicensed(self) -> None:
        ending = self.part.of(self.part.world.population.ending)
        gone = (ending == 2) & (self.died < self.until - 240) & (self.died > self.until - 1000)
        kept = self.taxed & (filings.lost_days(self.part) >= NEVER)
        self.put("no_valid_licence", gone & kept, self.died, "revoked; 正常 at tax, files on")

    def spread(self) -> None:
        """The other firm is the elder one; the reached one came after its D, by the same person."""
        last = last_graded_year(self.part)
        person = self.part.of(self.part.world.population.representative)
        fit = self.free & self.alive & self.unchanged("legal_rep")
        order = np.lexsort((self.born, person))
        old, young = order[:-1], order[1:]
        late, early = filings.published(last), filings.published(last - 1)
        since = np.where(self.born[young] >= late + 10, late, early)
        same = (person[old] == person[young]) & fit[old] & fit[young] & self.taxed[old]
        fits = (self.born[young] >= since + 10) & (self.born[young] <= self.until - 75)
        pairs = np.flatnonzero(same & fits & (self.born[old] < since - 100))
        taken: list[int] = []
        for place in self.rng.permutation(pairs):
            both = np.array([old[place], young[place]])
            if len(taken) < self.quota and self.free[both].all():
                self.free[both] = False
                taken.append(int(place))
        chosen = np.array(sorted(taken), np.int64)
        years = [last if when == late else last - 1 for when in since[chosen]]
        self.found["tax_spread"] = Planted(
            young[chosen], self.born[young[chosen]], old[chosen], (None,) * len(chosen),
            tuple(f"D for {year}" for year in years),
        )  # fmt: skip

    def records(self, kind: str, targets: remedies.Targets) -> None:
        """A record of an honest firm, told long before the end, that a decision takes away."""
        fit = (targets.known <= self.until - 200) & self.alive[targets.who] & ~targets.settled
        taken: list[int] = []
        for place in self.rng.permutation(np.flatnonzero(fit)):
            if len(taken) < self.quota and self.free[targets.who[place]]:
                self.free[targets.who[place]] = False
                taken.append(int(place))
        chosen = np.array(sorted(taken), np.int64)
        since = self.until - self.rng.integers(60, 120, len(chosen))
        numbers = tuple(targets.number.take(pa.array(chosen)).to_pylist())
        self.found[kind] = Planted(
            targets.who[chosen], since, np.full(len(chosen), -1), numbers,
            (f"{targets.table} record leaves",) * len(chosen),
        )  # fmt: skip

    def points(self) -> None:
        food = food_points.food_firms(self.part) & self.alive
        food[food_points.usual(self.part)[0]] = False
        old = self.born < self.until - 1350
        reach = self.days_ago(60, 500)
        self.put("points_locked", food & old, reach, "12.5 points within 600 days")
        reach = self.days_ago(60, 90)
        self.put("points_not_locked", food & old, reach, "look-alike: 12.5 points over 1180 days")

    def conflict(self) -> None:
        year = last_graded_year(self.part)
        trade = self.part.of(self.part.world.population.industry) <= 5
        mask = trade & self.alive & self.taxed & (self.born < filings.published(year) - 400)
        since = np.full(len(self.born), filings.published(year))
        self.put("grade_conflict", mask, since, f"纳税信用 A and 安全生产 四级 for {year}")

    def details(self) -> None:
        steady = self.unchanged("name", "address", "scope") & self.alive & self.taxed
        mask = steady & (filings.lost_days(self.part) >= NEVER) & (self.born < self.until - 450)
        for item in ("name", "address", "scope"):
            told = f"the tax office has another {item}"
            self.put(f"details_disagree_{item}", mask, self.days_ago(80, 300), told)

    def others(self) -> None:
        year = last_graded_year(self.part) - 2
        mask = self.alive & self.taxed & (self.born < filings.published(year) - 200)
        since = np.full(len(self.born), filings.published(year + 2))
        self.put("tax_barred", mask, since, f"D for {year}, A for {year + 2}")
        mask = self.alive & self.taxed & (self.born < self.until - 750)
        told = "arrears paid, control not lifted"
        self.put("exit_release_due", mask, self.days_ago(90, 200), told)


def truth_table(world: World) -> pa.Table:
    """The truth about the planted faults, ordered by kind and subject (columns: see the module)."""
    tables = [SCHEMA.empty_table()]
    for part in world.parts():
        for kind, planted in plan(part, changes.draw(part)).items():
            other = part.codes.take(pa.array(planted.other, mask=planted.other < 0))
            record = pa.array(planted.record, pa.string())
            tables.append(
                pa.table(
                    [
                        pa.array([kind] * len(planted.who), pa.string()),
                        part.codes.take(pa.array(planted.who)),
                        pc.coalesce(other, record),
                        spelling.typed_dates(planted.since),
                        pa.array(planted.detail, pa.string()),
                    ],
                    schema=SCHEMA,
                )
            )
    for cell in receipts.planted(world):
        since = pa.array([date_of(cell.since)], pa.date32())
        row = [["receipts_disagree"], [cell.subject_id], pa.array([None], pa.string()), since]
        tables.append(pa.table([*row, [cell.detail]], schema=SCHEMA))
    whole = pa.concat_tables(tables)
    return whole.sort_by([("fault", "ascending"), ("subject_id", "ascending")])


def rules_path(truth: Path) -> Path:
    """Where the truth about the rule faults lies, beside the truth about the rings."""
    return truth.with_name(f"{truth.stem}_rules.parquet")


def write_rule_truth(world: World, truth: Path) -> None:
    """Write the truth about the rule faults beside `truth`."""
    truth.parent.mkdir(parents=True, exist_ok=True)
    pa_parquet.write_table(truth_table(world), rules_path(truth), compression="zstd")
