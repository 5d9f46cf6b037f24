"""The public reader: a lake as of a date, for notebooks and for the command line.

    with open_lake("demo/lake") as city:
        city.warnings()                      # the newest list
        city.records("penalty", subject)     # what was known of one firm
        city.family_tree(subject)            # who stands behind it

Only published runs are seen. Everything small comes back as Arrow; `table` gives a DataFrame.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import networkx as nx
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.as_of import known_state
from graphs.edges import edges
from models.grading.trace import VERDICT_COLUMNS
from pipelines.assembling import known_lake
from pipelines.engine import open_engine
from pipelines.judging import RECORDS_TABLE, VERDICT_TABLES
from pipelines.lake import Lake
from pipelines.refusals import RefusalError
from pipelines.runs import Run, published, rows_of, run_for


@contextmanager
def open_lake(path: str | Path, engine: str = "sail") -> Iterator[CityLake]:
    """Opens a lake for reading. Raises `LakeError` when there is no published list in it."""
    with open_engine(engine) as running:
        lake = Lake(Path(path), running.spark)
        run_for(lake, None)
        yield CityLake(lake)


class CityLake:
    """One city's lake, read as of a date (default everywhere: the newest published list's)."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    def runs(self) -> list[Run]:
        """The published runs, oldest first."""
        return published(self.lake)

    def run(self, as_of: date | None = None) -> Run:
        """The last run published for the date. Raises `LakeError` when there is none."""
        return run_for(self.lake, as_of)

    def warnings(self, as_of: date | None = None) -> pa.Table:
        """The list: one row a firm, by section and rank (columns of gold `warnings`)."""
        rows = rows_of(self.lake, "warnings", self.run(as_of)).toArrow()
        return rows.sort_by([("section", "descending"), ("rank", "ascending")])

    def evidence(self, subject_id: str | None = None, as_of: date | None = None) -> pa.Table:
        """The records behind the list, or behind one firm, down to file and line."""
        rows = rows_of(self.lake, "evidence", self.run(as_of))
        if subject_id is not None:
            rows = rows.where(F.col("subject_id") == subject_id)
        order = ["subject_id", "reason_no", "file", "line"]
        return rows.toArrow().sort_by([(name, "ascending") for name in order])

    def scores(self, as_of: date | None = None) -> DataFrame:
        """Every firm's probability as of the date."""
        return rows_of(self.lake, "scores", self.run(as_of))

    def features(self, as_of: date | None = None) -> DataFrame:
        """Every firm's features as of the date."""
        return rows_of(self.lake, "subject_features", self.run(as_of))

    def table(self, name: str, as_of: date | None = None) -> DataFrame:
        """A silver table as it was known on the date."""
        return known_state(self.lake.read("silver", name), as_of or self.run().as_of)

    def records(self, name: str, subject_id: str, as_of: date | None = None) -> pa.Table:
        """What one table knew of one firm on the date."""
        rows = self.table(name, as_of).where(F.col("subject_id") == subject_id)
        return rows.toArrow().sort_by([("event_date", "ascending"), ("line", "ascending")])

    def edges(self, as_of: date | None = None) -> pa.Table:
        """The investment graph's edges as of the date."""
        day = as_of or self.run().as_of
        return edges(known_lake(self.lake, day), day).toArrow()

    def family_tree(self, subject_id: str, as_of: date | None = None, **limits: int) -> nx.DiGraph:
        """Who stands behind a firm; see `pipelines.tree_command.family_tree`."""
        from pipelines.tree_command import family_tree

        return family_tree(self, subject_id, as_of, **limits)

    def explain(self, subject_id: str, as_of: date | None = None) -> dict[str, Any]:
        """Why a firm stands where it stands: run, registration, score, warning, reasons, records,
        and what would lower it.

        Raises `RefusalError` when no such subject was known on the date.
        """
        run = self.run(as_of)
        name = subject_id.strip()
        score = rows_of(self.lake, "scores", run).where(F.col("subject_id") == name).toArrow()
        if score.num_rows == 0:
            raise RefusalError(
                f"No subject '{name}' was known as of {run.as_of}. Give the whole id, as "
                "`forewarn show` or `forewarn export scores` print it."
            )
        of_it = F.col("subject_id") == name
        warned = rows_of(self.lake, "warnings", run).where(of_it).toArrow().to_pylist()
        features = rows_of(self.lake, "subject_features", run).where(of_it).toArrow().to_pylist()
        contributions = rows_of(self.lake, "contributions", run).where(of_it).toArrow().to_pylist()
        registered = self.records("registration", name, run.as_of).to_pylist()
        verdicts, behind = self.verdicts(name, run.as_of)
        helps: list[dict[str, Any]] = []
        if self.lake.exists("gold", "counterfactuals"):
            helps = rows_of(self.lake, "counterfactuals", run).where(of_it).toArrow().to_pylist()
        return {
            "run": run,
            "score": score.to_pylist()[0],
            "registration": registered[-1] if registered else {},
            "warning": warned[0] if warned else None,
            "contributions": sorted(contributions, key=lambda row: -abs(row["contribution"])),
            "features": features[0] if features else {},
            "evidence": self.evidence(name, run.as_of).to_pylist(),
            "verdicts": verdicts,
            "verdict_records": behind,
            "counterfactuals": sorted(helps, key=lambda row: row["place"]),
        }

    def verdicts(
        self, subject_id: str, as_of: date | None = None
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """What the rules find of one subject, and the records behind it; empty without rules."""
        run = self.run(as_of)
        if run.rule_pack is None:
            return [], []
        of_it = F.col("subject_id") == subject_id
        common = [name for name, _ in VERDICT_COLUMNS]
        found: list[dict[str, Any]] = []
        behind: list[dict[str, Any]] = []
        for table in VERDICT_TABLES:
            rows = rows_of(self.lake, table, run).where(of_it).select(*common)
            found += rows.toArrow().to_pylist()
            records = rows_of(self.lake, f"{RECORDS_TABLE}_{table}", run).where(of_it)
            order = [(name, "ascending") for name in ("verdict_id", "file", "line")]
            behind += records.toArrow().sort_by(order).to_pylist()
        return found, behind
