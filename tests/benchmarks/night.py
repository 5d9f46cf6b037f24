"""What a night costs, step by step, beside the same features made by hand in polars.

    python -m tests.benchmarks.night --firms 100000 --seed 7 --out FOLDER

Draws a city, runs each step in a process of its own, compares both makings of the features value
by value, prints one table and leaves it in FOLDER as `figures.md` and `figures.json`.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.measuring import Cost, cost, table

SINCE, UNTIL = "2022-01-01", "2024-12-31"
STEPS = "tests.benchmarks.steps"
SIMULATING = "simulating the city"
FEATURES = "known states, features"
RIVAL = "the same by hand in polars"
NIGHT, INTAKE = "a night that finds nothing new", "landing and conforming everything"
RULES = "of it: the rules"
RIVAL_AIM = 3.0
SIMULATION_AIM = 120.0


def run(firms: int, seed: int, folder: Path) -> list[Cost]:
    """The cost of every step over a new city of that many firms in `folder`."""
    log, lake, deliveries = folder / "log.txt", folder / "lake", folder / "deliveries"
    drawn = (
        "simulate", "--firms", str(firms), "--seed", str(seed), "--since", SINCE,
        "--until", UNTIL, "--out", deliveries, "--truth", folder / "truth.parquet",
    )  # fmt: skip
    nightly = (
        "nightly", "--city", "demo", "--deliveries", deliveries, "--lake", lake,
        "--as-of", UNTIL, "--engine", "sail",
    )  # fmt: skip
    steps = [
        (SIMULATING, "pipelines", drawn),
        ("starting an engine, in each below", STEPS, ("engine", folder, UNTIL)),
        (INTAKE, STEPS, ("intake", folder, UNTIL)),
        (FEATURES, STEPS, ("features", folder, UNTIL)),
        (RIVAL, "tests.benchmarks.polars_rival", (lake, UNTIL, folder / "rival.parquet")),
        ("known states, edges, graph", STEPS, ("graph", folder, UNTIL)),
        ("training", STEPS, ("training", folder, UNTIL)),
        (NIGHT, "pipelines", nightly),
        ("of it: scores", STEPS, ("scores", folder, UNTIL)),
        ("of it: the list and its reasons", STEPS, ("list", folder, UNTIL)),
        (RULES, STEPS, ("rules", folder, UNTIL)),
    ]
    costs = []
    for name, module, words in steps:
        costs.append(cost(name, module, words, log))
        print(table(costs)[-1], flush=True)
    cost("comparing", STEPS, ("compare", folder, UNTIL), log)
    return costs


def verdicts(costs: Sequence[Cost], differing: Sequence[str]) -> list[str]:
    """What the figures say of the aims, and whether both makings are the same."""
    cpu = {c.step: c.cpu_seconds for c in costs}
    times = cpu[FEATURES] / cpu[RIVAL]
    same = ["The features and the rival's are the same in every column of every firm."]
    unlike = [f"{told.split(' (')[0]}; see differences.txt" for told in differing]
    return [
        f"Features: {times:.1f} times the rival's CPU (aim: under {RIVAL_AIM:.0f}).",
        f"Simulation: {cpu[SIMULATING]:.0f} CPU s (aim: under {SIMULATION_AIM:.0f} for 100,000 firms).",
        f"Rules: {cpu[RULES] / cpu[NIGHT]:.0%} of the CPU of a night that finds nothing new, "
        f"{cpu[RULES] / (cpu[NIGHT] + cpu[INTAKE]):.0%} of one that takes in everything.",
        *(unlike or same),
    ]


def main() -> None:
    """Reads the command line, runs, prints and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--firms", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True, help="made anew each time")
    asked = parser.parse_args()
    shutil.rmtree(asked.out, ignore_errors=True)
    asked.out.mkdir(parents=True)
    costs = run(asked.firms, asked.seed, asked.out)
    differing = (asked.out / "differences.txt").read_text().splitlines()
    engines = {name: version(name) for name in ("pysail", "polars")}
    head = f"{asked.firms:,} firms, seed {asked.seed}, as of {UNTIL}; " + ", ".join(
        f"{name} {number}" for name, number in engines.items()
    )
    lines = [head, "", *table(costs), "", *verdicts(costs, differing)]
    (asked.out / "figures.md").write_text("\n".join(lines) + "\n")
    told = {
        "firms": asked.firms, "seed": asked.seed, "as_of": UNTIL, "versions": engines,
        "steps": [asdict(c) for c in costs], "differing": differing,
    }  # fmt: skip
    (asked.out / "figures.json").write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    print("\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
