"""The replay campaign: many nights, each list worked out again on both engines, then after a vacuum.

    python -m tests.campaigns.replaying --firms 300 --nights 20 --out FOLDER

Nights follow each other week by week as deliveries arrive, the two engines in turn. Every one is then
replayed from the grown lake; small files are joined and replaced ones removed; and it is replayed again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

LAST = date(2024, 12, 31)
SINCE = "2023-07-01"


def run(*words: str | Path) -> tuple[int, str]:
    """A command in a process of its own: its exit code and what it said."""
    command = [sys.executable, "-m", "pipelines", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def make(folder: Path, firms: int, days: list[date], engines: list[str]) -> None:
    """The city, its nights in turn on the engines, skipped where they are done."""
    if not (folder / "deliveries").exists():
        run("simulate", "--firms", str(firms), "--seed", "5", "--since", SINCE, "--until", str(LAST),
            "--out", folder / "deliveries", "--truth", folder / "truth.parquet")  # fmt: skip
    for number, day in enumerate(days):
        if (folder / f"night-{day}").exists():
            continue
        for came in sorted((folder / "deliveries").iterdir()):
            there = folder / "arrived" / came.name
            if came.is_dir() and came.name <= str(day) and not there.exists():
                shutil.copytree(came, there)
        engine = engines[number % len(engines)]
        code, told = run("nightly", "--city", "demo", "--deliveries", folder / "arrived", "--lake",
                         folder / "lake", "--as-of", str(day), "--engine", engine)  # fmt: skip
        if code:
            raise SystemExit(f"The night of {day} failed on {engine}:\n{told[-1500:]}")
        (folder / f"night-{day}").write_text(engine)
        print(f"night {day} on {engine}", flush=True)


def replays(folder: Path, days: list[date], engines: list[str], when: str) -> list[dict[str, str]]:
    """Every list replayed on every engine: what was said, one row each."""
    kept = folder / f"replays-{when}.json"
    done = json.loads(kept.read_text()) if kept.exists() else []
    known = {(one["day"], one["engine"]) for one in done}
    for engine in engines:
        for day in days:
            if (str(day), engine) in known:
                continue
            code, told = run("replay", str(day), "--lake", folder / "lake", "--engine", engine)
            said = [line for line in told.splitlines() if line.startswith("Run ")]
            one = {
                "day": str(day),
                "engine": engine,
                "code": str(code),
                "said": (said or [told[-300:]])[0],
            }
            done.append(one)
            kept.write_text(json.dumps(done, indent=1))
            print(f"{when} {day} on {engine}: {one['said']}", flush=True)
    return done


def main() -> None:
    """Reads the command line, runs, writes the table; ends with 1 when a list was another."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--firms", type=int, default=300)
    parser.add_argument("--nights", type=int, default=20)
    parser.add_argument("--engines", nargs="+", default=["sail", "spark"])
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    days = [LAST - timedelta(weeks=n) for n in range(asked.nights)][::-1]
    make(asked.out, asked.firms, days, asked.engines)
    before = replays(asked.out, days, asked.engines, "grown lake")
    code, told = run("vacuum", "--lake", asked.out / "lake", "--as-of", str(LAST), "--hours", "0")
    print(told.strip(), flush=True)
    after = replays(asked.out, days, asked.engines, "after vacuum")
    lines = ["| replayed | on | nights | equal |", "| --- | --- | ---: | ---: |"]
    for when, done in (("from the grown lake", before), ("after joining files and vacuum", after)):
        for engine in asked.engines:
            of = [one for one in done if one["engine"] == engine]
            lines.append(
                f"| {when} | {engine} | {len(of)} | {sum(one['code'] == '0' for one in of)} |"
            )
    text = "\n".join(lines) + "\n"
    (asked.out / "replay.md").write_text(text)
    print("\n" + text)
    raise SystemExit(code or any(one["code"] != "0" for one in before + after))


if __name__ == "__main__":
    main()
