"""The kill campaign: nights that are killed, started again, and held against undisturbed ones.

    python -m tests.campaigns.kill --firms 2000 --random 100 --commits --out FOLDER

Two nights follow each other; each is killed at random moments and, with `--commits`, just before and
just after every commit. Every kill begins from a copy of the same lake. What was done is kept in
FOLDER, so that a campaign that was broken off goes on.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.lake_content import lake_content, unlike

NIGHTS = ("2024-11-30", "2024-12-31")
SINCE = "2023-01-01"


@dataclass(frozen=True)
class Kill:
    """One kill: of which night (0, 1), how (`random`, `before`, `after`), and where."""

    night: int
    how: str
    at: float

    @property
    def name(self) -> str:
        return f"night {self.night + 1} {self.how} {self.at:g}"


class Campaign:
    """A city, its undisturbed nights, and the kills done so far."""

    def __init__(self, folder: Path, firms: int, engine: str) -> None:
        self.folder, self.firms, self.engine = folder, firms, engine
        self.results = folder / f"results-{engine}.jsonl"
        self.seconds, self.commits, self.content = [0.0, 0.0], [0, 0], [{}, {}]

    def prepare(self) -> None:
        """Draws the city and runs both nights undisturbed; what each begins from is kept."""
        if not (self.folder / "deliveries").exists():
            self._forewarn("simulate", "--firms", str(self.firms), "--seed", "5", "--since", SINCE,
                           "--until", NIGHTS[-1], "--out", str(self.folder / "deliveries"),
                           "--truth", str(self.folder / "truth.parquet"))  # fmt: skip
        lake = self.folder / "undisturbed"
        shutil.rmtree(lake, ignore_errors=True)
        lake.mkdir()
        for night in range(len(NIGHTS)):
            shutil.rmtree(self._base(night), ignore_errors=True)
            shutil.copytree(lake, self._base(night))
            began = time.monotonic()
            done = self._run(lake, night, "none")
            self.seconds[night] = time.monotonic() - began
            self.commits[night] = int(done.stdout.rsplit("commits ", 1)[1])
            self.content[night] = lake_content(lake)

    def kills(self, randoms: int, commits: bool, seed: int) -> Iterator[Kill]:
        """Every kill of the campaign, the random moments drawn by the seed."""
        drawn = random.Random(seed)
        for number in range(randoms):
            night = number % len(NIGHTS)
            yield Kill(night, "random", round(drawn.uniform(0.5, self.seconds[night]), 2))
        if commits:
            for night, count in enumerate(self.commits):
                for number in range(1, count + 1):
                    yield Kill(night, "before", number)
                    yield Kill(night, "after", number)

    def do(self, kill: Kill) -> dict[str, object]:
        """Kills a night, starts it again, and says what differs from the undisturbed one."""
        lake = self.folder / "killed"
        shutil.rmtree(lake, ignore_errors=True)
        shutil.copytree(self._base(kill.night), lake)
        died = self._killed(lake, kill)
        again = self._run(lake, kill.night, "none", check=False)
        differs = ["the second start failed: " + again.stderr[-300:]] if again.returncode else (
            unlike(self.content[kill.night], lake_content(lake)))  # fmt: skip
        return {"kill": kill.name, "died": died, "differs": differs}

    def _killed(self, lake: Path, kill: Kill) -> bool:
        if kill.how != "random":
            done = self._run(lake, kill.night, str(int(kill.at)), kill.how, check=False)
            return done.returncode == -9
        started = subprocess.Popen(self._words(lake, kill.night, "none", "after"),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        try:
            started.wait(kill.at)
        except subprocess.TimeoutExpired:
            started.kill()
        return started.wait() == -9

    def _base(self, night: int) -> Path:
        return self.folder / f"before-{night}"

    def _words(self, lake: Path, night: int, number: str, when: str) -> list[str]:
        return [sys.executable, "-m", "tests.campaigns.killed_night", when, number, "--city", "demo",
                "--deliveries", str(self._arrived(night)), "--lake", str(lake),
                "--as-of", NIGHTS[night], "--engine", self.engine]  # fmt: skip

    def _arrived(self, night: int) -> Path:
        """The deliveries there are by a night: a folder of links to days."""
        arrived = self.folder / f"arrived-{night}"
        if not arrived.exists():
            for day in sorted((self.folder / "deliveries").iterdir()):
                if day.is_dir() and day.name <= NIGHTS[night]:
                    shutil.copytree(day, arrived / day.name)
        return arrived

    def _run(
        self, lake: Path, night: int, number: str, when: str = "after", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        words = self._words(lake, night, number, when)
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise SystemExit(f"An undisturbed night failed:\n{done.stderr[-2000:]}")
        return done

    def _forewarn(self, *words: str) -> None:
        subprocess.run([sys.executable, "-m", "pipelines", *words], check=True, capture_output=True)


def campaign(
    folder: Path, firms: int, engine: str, randoms: int, commits: bool, seed: int
) -> list[dict[str, object]]:
    """Runs what of a campaign has not been run in the folder; one result a kill."""
    folder.mkdir(parents=True, exist_ok=True)
    running = Campaign(folder, firms, engine)
    running.prepare()
    done = []
    if running.results.exists():
        done = [json.loads(line) for line in running.results.read_text().splitlines()]
    known = {one["kill"] for one in done}
    for kill in running.kills(randoms, commits, seed):
        if kill.name in known:
            continue
        result = running.do(kill)
        done.append(result)
        with running.results.open("a") as file:
            file.write(json.dumps(result) + "\n")
        print(
            f"{kill.name}: {'the same' if not result['differs'] else result['differs']}", flush=True
        )
    return done


def table(results: list[dict[str, object]], engine: str, firms: int) -> list[str]:
    """The campaign as a Markdown table."""
    lines = [f"| {engine}, {firms:,} firms | kills | died by it | restarts that end the same |",
             "| --- | ---: | ---: | ---: |"]  # fmt: skip
    for night in (1, 2):
        for how, words in (("random", "at a random moment"), ("before", "just before a commit"),
                           ("after", "just after a commit")):  # fmt: skip
            of = [one for one in results if str(one["kill"]).startswith(f"night {night} {how}")]
            if of:
                died = sum(bool(one["died"]) for one in of)
                same = sum(not one["differs"] for one in of)
                lines.append(f"| night {night}, {words} | {len(of)} | {died} | {same} |")
    return lines


def main() -> None:
    """Reads the command line, runs, and writes the table beside the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--firms", type=int, default=2000)
    parser.add_argument("--engine", choices=("sail", "spark"), default="sail")
    parser.add_argument("--random", type=int, default=100)
    parser.add_argument("--commits", action="store_true", help="also around every commit")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    results = campaign(
        asked.out, asked.firms, asked.engine, asked.random, asked.commits, asked.seed
    )
    text = "\n".join(table(results, asked.engine, asked.firms)) + "\n"
    (asked.out / f"kill-{asked.engine}.md").write_text(text)
    print("\n" + text)
    raise SystemExit(any(one["differs"] for one in results))


if __name__ == "__main__":
    main()
