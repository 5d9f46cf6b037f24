"""Everything the judgement of the model rests on, one after the other, and one table at the end.

    python -m tests.benchmarks.judged_together --firms 100000 --seed 7 --data DIR --out FOLDER

The real firms of ccf469 where DIR has them, then a synthetic city of each difficulty, each in a
folder of its own below FOLDER. What was done before is not done again. The table is left in FOLDER
as `judgement.md`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.judgement import DIFFICULTIES, judged
from tests.benchmarks.measuring import cost

REAL = "real firms"
AIMS = {"auc": ("AUC", 0.991), "average_precision": ("average precision", 0.90),
        "f1": ("class-1 F1", 0.83)}  # fmt: skip
"""The aims at ccf469 (docs/figures.md)."""


def real_firms(data: Path, folder: Path) -> dict[str, float] | None:
    """The figures of the city's own model on ccf469; None, and a word of it, without the data."""
    source, found = data / "ccf469", folder / "ccf469.json"
    if found.exists():
        return dict(json.loads(found.read_text()))
    if not source.is_dir():
        print(f"The comparison on real firms is skipped: there is no {source}.", flush=True)
        return None
    lake, log = folder / "ccf469", folder / "ccf469.log"
    lake.mkdir(parents=True, exist_ok=True)
    night = ("nightly", "--city", "ccf469", "--deliveries", source, "--lake", lake,
             "--as-of", "2020-12-31")  # fmt: skip
    cost("a night of ccf469", "pipelines", night, log)
    module = "tests.benchmarks.real_firms.ccf469"
    cost("comparison on ccf469", module, ("--lake", lake, "--json", found), log)
    return dict(json.loads(found.read_text()))


def side_by_side(
    cities: Mapping[str, Mapping[str, Any]], real: Mapping[str, float] | None
) -> list[str]:
    """Targets and figures as one Markdown table, a column a city, and what was missed where.

    cities: `judgement.json` by difficulty; real: AUC, average precision and F1 on ccf469.
    """
    rows: dict[tuple[str, str], dict[str, str]] = {}
    missed: dict[str, list[str]] = {}

    def tell(what: str, target: str, where: str, seen: str, met: bool | None) -> None:
        mark = {True: " (met)", False: " (MISSED)", None: ""}[met]
        rows.setdefault((what, target), {})[where] = seen + mark
        if met is False:
            missed.setdefault(where, []).append(what)

    for key, (what, aim) in AIMS.items() if real is not None else ():
        tell(f"{what}, ccf469", f">= {aim:.3g}" if aim != 0.9 else ">= 0.90", REAL,
             f"{real[key]:.3f}", real[key] >= aim)  # fmt: skip
    for where, told in cities.items():
        for line in told["verdicts"]:
            tell(line["what"], line["target"], where, line["seen"], line["met"])
        for one in told["counted"]["seen"]["by_scheme"]:
            told_of = f"{one['found']}/{one['could_be_found']}"
            tell(f"found of {one['scheme']}", "-", where, told_of, None)
    places = [*([REAL] if real is not None else []), *cities]
    head = ["what", "target", *places]
    lines = [head, ["---"] * len(head)]
    lines += [[*key, *(seen.get(place, "") for place in places)] for key, seen in rows.items()]
    breaks = [f"{place}: {'; '.join(missed.get(place, ['nowhere']))}." for place in places]
    table = ["|" + "".join(f" {cell} |" if cell else " |" for cell in line) for line in lines]
    return [*table, "", f"Where it breaks: {' '.join(breaks)}"]


def main() -> None:
    """Reads the command line, runs everything, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--firms", type=int, default=100_000, help="of each synthetic city")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--years", type=int, default=5, help="of each city, at least 4")
    parser.add_argument("--data", type=Path, required=True, help="where real firms lie")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    real, cities = real_firms(asked.data, asked.out), {}
    for difficulty in DIFFICULTIES:
        folder = asked.out / difficulty
        judged(asked.firms, asked.seed, difficulty, asked.years, folder)
        cities[difficulty] = json.loads((folder / "judgement.json").read_text())
    text = "\n".join(side_by_side(cities, real))
    (asked.out / "judgement.md").write_text(text + "\n")
    print(f"\n{text}")


if __name__ == "__main__":
    main()
