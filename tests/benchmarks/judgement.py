"""The dated backtest of a synthetic city: what the lists find, against what they should.

    python -m tests.benchmarks.judgement --firms 100000 --seed 7 --years 5 --out FOLDER

Draws a city, takes it in, works out what was known on every month-end, and for the last two years
trains, scores and lists each month as the city would have. Prints one table of targets and figures,
met or missed, and leaves it in FOLDER as `judgement.md` and `judgement.json`. What a broken-off run
left in FOLDER is used again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import Cost, cost, table

LAST = date(2024, 12, 31)
DIFFICULTIES = ("realistic", "easy", "hard")
LIST_YEARS = 2
FRAMES_BEFORE = 1
"""Years of month-ends before the first list: what training can look back on."""
TRAINING_SET = "the night's training set"
TRAINING_SET_DAYS = 24
LARGE = 80_000
"""Firms in the register from which a city counts as one of 100,000 (some begin late)."""
LEAST_OF_CEILING = 10
"""Firms the ceiling must find before a share of it says anything (project default)."""


@dataclass(frozen=True)
class Verdict:
    """One line of the table. `met` is None where there is nothing to hold the figure against."""

    what: str
    target: str
    seen: str
    met: bool | None


def run(firms: int, seed: int, difficulty: str, years: int, folder: Path) -> list[Cost]:
    """Runs every step that has not been run in the folder; the cost of each."""
    first, last = date(LAST.year - years + 1, 1, 1), LAST
    lists = date(last.year - LIST_YEARS + 1, 1, 31)
    frames = date(max(first.year + 1, lists.year - FRAMES_BEFORE) - 1, 12, 31)
    steps: list[tuple[str, str, Sequence[str | Path]]] = [
        ("simulating the city", "pipelines", (
            "simulate", "--firms", str(firms), "--seed", str(seed), "--since", str(first),
            "--until", str(last), "--out", folder / "deliveries",
            "--truth", folder / "truth.parquet", "--difficulty", difficulty)),
        ("landing and conforming", "tests.benchmarks.steps", ("intake", folder, str(last))),
        ("features and graph", "tests.benchmarks.judgement_frames",
         ("features", folder, str(frames), str(last))),
        ("register, cases, capacity", "tests.benchmarks.judgement_frames",
         ("known", folder, str(frames), str(last))),
        *((name, "tests.benchmarks.judgement_steps", (step, folder, str(lists), str(last)))
          for name, step in ((TRAINING_SET, "training_set"), ("training, scoring, counting", "judge"),
                             ("the last list in full", "warnings"), ("a million rows", "score"))),
    ]  # fmt: skip
    asked = {"firms": firms, "seed": seed, "difficulty": difficulty, "years": years}
    done = _done_before(folder, asked)
    for name, module, words in steps:
        if name not in done:
            done[name] = cost(name, module, words, folder / "log.txt")
            told = {"asked": asked, "costs": [asdict(one) for one in done.values()]}
            (folder / "costs.json").write_text(json.dumps(told, indent=1) + "\n")
        print(table([done[name]])[-1], flush=True)
    return [done[name] for name, _, _ in steps]


def _done_before(folder: Path, asked: dict[str, Any]) -> dict[str, Cost]:
    path = folder / "costs.json"
    if not path.exists():
        return {}
    told = json.loads(path.read_text())
    if told["asked"] != asked:
        raise SystemExit(
            f"{folder} holds the backtest of another city ({told['asked']}): give another folder."
        )
    return {one["step"]: Cost(**one) for one in told["costs"]}


def verdicts(counted: dict[str, Any], warned: dict[str, Any], scoring: dict[str, Any],
             made: dict[str, Any], costs: Iterable[Cost]) -> list[Verdict]:  # fmt: skip
    """Each target beside what was seen."""
    seen, best = counted["seen"], counted["ceiling"]
    cpu = {one.step: one for one in costs}
    found = [
        _of_ceiling(counted["share_of_ceiling"], best["found"][0]),
        Verdict("ring firms found before first official", "-", _share(seen["found"]), None),
        Verdict("the same, the ceiling's model", "-", _share(best["found"]), None),
        _lead(seen["lead"]),
        Verdict("honest look-alikes in the lists", "< 10 %", _share(seen["lookalikes"]),
                _below(seen["lookalikes"], 0.10, strict=True)),
        Verdict("firms ever warned in any year", "<= 2 %", f"{seen['most_warned']:.2%}",
                seen["most_warned"] <= 0.02),
        _calibrated("expected over observed, in the lists", counted["calibration"], "list"),
        _calibrated("expected over observed, top 1 %", counted["calibration"], "top"),
    ]  # fmt: skip
    rows, kept = warned["warnings"], warned["with_a_record"]
    widest = counted["contributions"]["widest"]
    training = max(counted["training_seconds"])
    scored = scoring["seconds"] * 1_000_000 / scoring["rows"]
    return [
        *found,
        Verdict("warnings with a record (last list)", "100 %", f"{kept}/{rows}", kept == rows > 0),
        Verdict("contributions sum to the margin", "<= 1e-9",
                f"{widest:.1e} over {counted['contributions']['firms']:,} firms", widest <= 1e-9),
        _training_set(made, cpu[TRAINING_SET].peak_mb, counted["firms"]),
        Verdict("training, CPU", "< 180 s", f"at most {training:.0f} s", training < 180),
        Verdict("scoring 1 M firms, CPU", "< 15 s", f"{scored:.1f} s", scored < 15),
        Verdict("peak memory", "stated",
                f"{max(one.peak_mb for one in cpu.values()) / 1024:.1f} GiB", None),
    ]  # fmt: skip


def _training_set(made: dict[str, Any], peak_mb: float, firms: int) -> Verdict:
    """What the rows cost that the night of the last day trains on, by 24 month-ends."""
    seconds = made["seconds"] * TRAINING_SET_DAYS / max(made["days"], 1)
    # a small city cannot meet what is asked of a large one, but it can miss it
    in_time = False if seconds >= 30 else (True if firms >= LARGE else None)
    told = f"{seconds:.0f} s, {peak_mb / 1024:.1f} GiB ({made['rows']:,} rows of "
    told += f"{made['firms']:,} firms on {made['days']} days)"
    what = f"training set of {TRAINING_SET_DAYS} month-ends, CPU"
    return Verdict(what, "< 30 s at 100 k", told, in_time)


def _of_ceiling(ratio: list[float] | None, found: int) -> Verdict:
    what, target = "share of the full-truth ceiling", ">= 0.80"
    if ratio is None:
        return Verdict(what, target, "the ceiling found nothing", None)
    value, low, high = ratio
    told = f"{value:.2f} [{low:.2f}, {high:.2f}]"
    if found < LEAST_OF_CEILING:
        return Verdict(what, target, f"{told}; the ceiling found {found}: too few to tell", None)
    return Verdict(what, target, told, value >= 0.80)


def _lead(lead: dict[str, Any]) -> Verdict:
    what, target = "median lead before first official", ">= 90 days"
    if not lead["firms"]:
        return Verdict(what, target, "nothing found", False)
    open_ = f"{lead['official']} official, {lead['censored']} censored"
    plain = "" if lead["plain_median"] is None else f"; official alone {lead['plain_median']:.0f}"
    value = "not reached" if lead["median"] is None else f"{lead['median']:.0f}"
    long = lead["at_least"]["90"]
    met = None if long is None else long >= 0.5
    return Verdict(what, target, f"{value} ({open_}{plain})", met)


def _calibrated(what: str, calibration: dict[str, Any] | None, where: str) -> Verdict:
    target = "0.8 to 1.25"
    if calibration is None:
        return Verdict(what, target, "no list day's horizon is over", None)
    expected, observed, value, low, high = calibration[where]
    if value is None:
        return Verdict(what, target, f"{expected:.1f} expected, none came", False)
    told = f"{value:.2f} [{low:.2f}, {high:.2f}] ({expected:.1f} over {observed})"
    return Verdict(what, target, told, 0.8 <= value <= 1.25)


def _below(share: list[float], line: float, strict: bool) -> bool:
    value = share[0] / share[1] if share[1] else 0.0
    return value < line if strict else value <= line


def _share(share: list[float | None]) -> str:
    hits, of, low, high = share
    value = (hits or 0) / of if of else 0.0
    ends = "" if low is None or high is None else f" [{low:.1%}, {high:.1%}]"
    return f"{hits}/{of} = {value:.1%}{ends}"


def shown(lines: Sequence[Verdict]) -> list[str]:
    """The verdicts as a Markdown table; a miss is said as loudly as a hit."""
    marks = {True: "met", False: "MISSED", None: ""}
    return [
        "| what | target | seen | |",
        "| --- | --- | --- | --- |",
        *(f"| {one.what} | {one.target} | {one.seen} | {marks[one.met]} |" for one in lines),
    ]


def main() -> None:
    """Reads the command line, runs, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--firms", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--years", type=int, default=5, help="of the city, at least 4")
    parser.add_argument("--difficulty", choices=DIFFICULTIES, default="realistic")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    if asked.years < LIST_YEARS + FRAMES_BEFORE + 1:
        parser.error(
            f"--years is {asked.years}; the lists take {LIST_YEARS} years, and training looks back "
            f"over {FRAMES_BEFORE} more with a year before it: give at least 4"
        )
    judged(asked.firms, asked.seed, asked.difficulty, asked.years, asked.out)


def judged(firms: int, seed: int, difficulty: str, years: int, folder: Path) -> None:
    """Runs what has not been run in the folder, prints and writes the table."""
    folder.mkdir(parents=True, exist_ok=True)
    costs = run(firms, seed, difficulty, years, folder)
    report(folder, costs, f"{firms:,} firms, seed {seed}, {difficulty}")


def report(folder: Path, costs: list[Cost], head: str) -> None:
    """Prints and writes the table of what the steps left in the folder."""
    counted, warned, scoring, made = (
        json.loads((folder / f"{name}.json").read_text())
        for name in ("counted", "warnings", "scoring", "training_set")
    )
    lines = verdicts(counted, warned, scoring, made, costs)
    schemes = [f"{one['scheme']} {one['found']}/{one['could_be_found']}"
               for one in counted["seen"]["by_scheme"]]  # fmt: skip
    text = [
        f"{head}: {len(counted['days'])} lists from {counted['days'][0]} to {counted['days'][-1]}, "
        f"{counted['places'] / len(counted['days']):.0f} places each (a week's capacity).",
        "", *shown(lines), "",
        f"Found by scheme: {', '.join(schemes)}.",
        f"Models: {', '.join(sorted(set(counted['kinds'])))}; positive training rows "
        f"{counted['positives']} known, {counted['ceiling_positives']} in the truth.",
        "", *table(costs),
    ]  # fmt: skip
    (folder / "judgement.md").write_text("\n".join(text) + "\n")
    told = {"verdicts": [asdict(one) for one in lines], "counted": counted, "warnings": warned,
            "scoring": scoring, "training_set": made, "costs": [asdict(one) for one in costs]}  # fmt: skip
    content = json.dumps(told, indent=1, ensure_ascii=False)
    (folder / "judgement.json").write_text(content + "\n")
    print("\n" + "\n".join(text))


if __name__ == "__main__":
    main()
