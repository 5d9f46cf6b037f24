"""The synthetic city: any number of firms, drawn from a seed, delivered as departments would.

`simulate` is the only entrance. The same arguments give the same bytes; nothing of `features`,
`graphs` or `models` is used here, so the city cannot be made to please them.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.simulation import (
    arrears,
    cases,
    changes,
    draws,
    filings,
    food_points,
    gradings,
    holdings,
    inspections,
    licences,
    offices,
    oversight,
    places,
    population,
    registry,
    remedies,
    rule_faults,
    schemes,
    taxpayers,
    voices,
)
from pipelines.simulation.calendar import Calendar, day
from pipelines.simulation.deliveries import Deliveries
from pipelines.simulation.departments import SOURCES
from pipelines.simulation.parameters import DIFFICULTIES, SIMULATOR_VERSION
from pipelines.simulation.planted import Plan
from pipelines.simulation.receipts import Totals
from pipelines.simulation.truth import write_truth
from pipelines.simulation.world import Part, Rows, World

MARKER = ".simulated.json"
"""Written into DELIVERIES when a city is complete; hidden, because hidden files are no deliveries."""

Progress = Callable[[str, float], None]


@dataclasses.dataclass(frozen=True)
class SimulationReport:
    """What was drawn.

    Attributes:
        version: of the simulator.
        firms: firms in the register.
        rows: rows delivered by source, repeats and faulty ones included.
        files: files written.
        rings, ring_firms, lookalikes: what was planted.
        cased_firms: ring firms that ever get a case.
        wrong_labels: firms whose label is wrong.
        faults: faults made, by kind.
    """

    version: str
    firms: int
    rows: dict[str, int]
    files: int
    rings: int
    ring_firms: int
    lookalikes: int
    cased_firms: int
    wrong_labels: int
    faults: dict[str, int]


def simulate(
    firms: int,
    seed: int,
    since: dt.date,
    until: dt.date,
    difficulty: str,
    out: Path,
    truth: Path,
    progress: Progress | None = None,
) -> SimulationReport:
    """Draw a city and write its deliveries and its truth.

    Args:
        firms: number of firms in the register, at least 1.
        seed: of the city; another seed is another city.
        since: day of the first delivery, which holds the stock.
        until: last day; later than `since`.
        difficulty: `easy`, `realistic` or `hard`.
        out: folder for the deliveries; empty, or written by the same call before (then nothing
            is done again).
        truth: Parquet file for the truth about rings; that about rule faults is written beside it
            (`rules_path`).
        progress: told a step's name and the share done, 0 to 1.

    Returns:
        What was drawn.

    Raises:
        ValueError: an argument makes no sense, or `out` holds something else.
    """
    _check(firms, seed, since, until, difficulty)
    arguments = {
        "version": SIMULATOR_VERSION, "firms": firms, "seed": seed,
        "since": since.isoformat(), "until": until.isoformat(), "difficulty": difficulty,
    }  # fmt: skip
    told = progress or (lambda step, share: None)
    before = _written_before(out, arguments)
    if before is not None and truth.exists() and rule_faults.rules_path(truth).exists():
        return before
    told("drawing the firms", 0.0)
    world = build(firms, seed, since, until, difficulty)
    write_truth(world, truth)
    rule_faults.write_rule_truth(world, truth)
    if before is not None:
        return before
    out.mkdir(parents=True, exist_ok=True)
    _mark(out, {"arguments": arguments})
    writer = Deliveries(out, world)
    _write(world, writer, told)
    report = _report(world, writer)
    _mark(out, {"arguments": arguments, "report": dataclasses.asdict(report)})
    told("done", 1.0)
    return report


def build(firms: int, seed: int, since: dt.date, until: dt.date, difficulty: str) -> World:
    """Draw the city in memory, before any record of it is made."""
    knobs = DIFFICULTIES[difficulty]
    calendar = Calendar(day(since), day(until))
    streams = [
        np.random.Generator(np.random.PCG64(s)) for s in np.random.SeedSequence(seed).spawn(3)
    ]
    people = population.draw(firms, calendar, knobs, streams[0])
    groups = schemes.plant(people, calendar, knobs, streams[1])
    places.settle_districts(people)
    stages = cases.open_cases(people, groups, calendar, knobs, streams[2])
    held, drawn = holdings.of_firms(people), draws.draw(people, calendar, seed)
    return World(seed, calendar, knobs, people, groups, stages, held, drawn)


def tables_of(part: Part) -> list[tuple[str, Callable[[], Rows]]]:
    """The tables of a part, in the order they are written."""
    altered = changes.draw(part)
    plan = rule_faults.plan(part, altered)
    return [
        ("registration", lambda: registry.registration(part, altered)),
        ("change_record", lambda: registry.change_record(part, altered)),
        ("branch", lambda: registry.branch(part)),
        ("shareholder", lambda: holdings.shareholder(part, altered)),
        ("investment", lambda: holdings.investment(part)),
        ("key_person", lambda: holdings.key_person(part, altered)),
        ("address", lambda: offices.address(part, altered)),
        ("annual_report", lambda: filings.annual_report(part)),
        ("tax_registration", lambda: taxpayers.tax_registration(part, altered, plan)),
        ("tax_filing", lambda: _returns(part, plan)),
        ("grade", lambda: gradings.grade(part, plan)),
        ("tax_arrears", lambda: arrears.tax_arrears(part, plan["exit_release_due"])),
        ("exit_control", lambda: arrears.exit_control(part, altered, plan["exit_release_due"])),
        ("points_event", lambda: food_points.points_event(part, plan)),
        ("penalty", lambda: oversight.penalty(part)),
        ("permit", lambda: oversight.permit(part)),
        ("list_event", lambda: oversight.list_event(part)),
        ("objection", lambda: remedies.objection(part, plan)),
        ("repair", lambda: remedies.repair(part, plan)),
        ("judgment", lambda: oversight.judgment(part)),
        ("enforcement", lambda: oversight.enforcement(part)),
        ("complaint", lambda: voices.complaint(part)),
        ("ad_monitor", lambda: voices.ad_monitor(part)),
        ("public_info", lambda: voices.public_info(part)),
        ("case_label", lambda: offices.case_label(part)),
        ("licence_finance", lambda: licences.licence_finance(part)),
        ("inspection", lambda: inspections.inspection(part)),
    ]


def _returns(part: Part, plan: Plan) -> Rows:
    """Tax returns, and behind them those of firms that have left the register."""
    gone = plan["no_valid_licence"]
    added = filings.filed_after_the_end(part, gone.who, gone.since)
    return filings.tax_filing(part).plus(added)


def _write(world: World, writer: Deliveries, told: Progress) -> None:
    parts = world.parts()
    steps = len(parts) * (len(SOURCES) - 2) + 2
    done = 0
    totals = Totals(world)
    for part in parts:
        for name, make in tables_of(part):
            told(name, done / steps)
            rows = make()
            if name == "tax_filing":
                totals.add(part, rows)
            writer.deliver(name, part.number, rows, part.random("deliver_" + name))
            done += 1
    for name, rows in (("capacity", offices.capacity(world)), ("tax_receipts", totals.rows())):
        told(name, done / steps)
        writer.deliver(name, 0, rows, parts[0].random("deliver_" + name))
        done += 1


def _report(world: World, writer: Deliveries) -> SimulationReport:
    people = world.population
    return SimulationReport(
        version=SIMULATOR_VERSION,
        firms=people.firms,
        rows={name: writer.rows[name] for name in SOURCES},
        files=writer.files,
        rings=int(world.groups.ring.sum()),
        ring_firms=int(people.ring.sum()),
        lookalikes=int(((people.group >= 0) & ~people.ring).sum()),
        cased_firms=int((people.case < population.NEVER).sum()),
        wrong_labels=world.stages.wrong,
        faults=dict(sorted(writer.faults.items())),
    )


def _check(firms: int, seed: int, since: dt.date, until: dt.date, difficulty: str) -> None:
    if firms < 1:
        raise ValueError(f"a city has at least one firm; --firms is {firms}")
    if firms > 10_000_000:
        raise ValueError(f"--firms is {firms}; codes are enough for at most 10000000 firms")
    if seed < 0:
        raise ValueError(f"a seed is a whole number from 0 on; --seed is {seed}")
    if since >= until:
        raise ValueError(
            f"the city must begin before it ends; --since is {since}, --until is {until}"
        )
    if since.year < 1990 or until.year > 2060:
        raise ValueError(f"dates lie between 1990 and 2060; got {since} to {until}")
    if difficulty not in DIFFICULTIES:
        raise ValueError(f"--difficulty is one of {', '.join(DIFFICULTIES)}; got {difficulty!r}")


def _written_before(out: Path, arguments: dict[str, object]) -> SimulationReport | None:
    """The report of a finished earlier run with the same arguments; None if nothing is there."""
    if not out.exists():
        return None
    if not out.is_dir():
        raise ValueError(f"{out} is a file; give a folder for the deliveries")
    if not any(out.iterdir()):
        return None
    found = _marked(out / MARKER)
    if found.get("arguments") != arguments:
        raise ValueError(
            f"{out} is not empty and was not written by this simulator with these arguments; "
            "give another folder, or empty it"
        )
    if "report" not in found:
        return None  # broken off: the same arguments write the same files again
    return SimulationReport(**found["report"])


def _marked(marker: Path) -> dict[str, Any]:
    """What the marker says; nothing when there is none or it is no marker of ours."""
    try:
        found = json.loads(marker.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _mark(out: Path, content: dict[str, object]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    (out / MARKER).write_text(text + "\n", "utf-8")
