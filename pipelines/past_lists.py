"""The lists published before: what a new list is held against.

Gold keeps every run's features and scores, so that what changed since a list is looked up and
never remembered apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame

from models.risk.choosing import Before
from models.risk.facts import changed_facts
from pipelines.lake import Lake
from pipelines.runs import Run, rows_of


@dataclass(frozen=True)
class PastLists:
    """The runs published for days before tonight's, oldest first, and the model of tonight."""

    lake: Lake
    runs: Sequence[Run]
    model_version: str

    @property
    def newest(self) -> Run | None:
        """The run whose list tonight's is held against."""
        return self.runs[-1] if self.runs else None

    def warnings(self) -> pa.Table | None:
        """The `warnings` of the newest; None before the first list."""
        return (
            None if self.newest is None else rows_of(self.lake, "warnings", self.newest).toArrow()
        )

    def before(
        self, listed: pa.Table | None, now: Iterable[Mapping[str, Any]], columns: Sequence[str]
    ) -> Before | None:
        """The list before as `choosing.choose` wants it.

        `listed`: of `warnings`; `now`: tonight's features of all firms that may be chosen;
        `columns`: those that tell of facts.
        """
        if self.newest is None or listed is None:
            return None
        now = list(now)
        then = self._of(self.newest, "subject_features", [row["subject_id"] for row in now])
        return Before(
            rows=listed.to_pylist(),
            as_of=self.newest.as_of,
            same_model=self.newest.model_version == self.model_version,
            changed=changed_facts(then, now, columns),
        )

    def standing_at(self, days: Mapping[str, date]) -> list[dict[str, Any]]:
        """Features and probability of firms as of the last list on or before a day of each one's.

        A firm that no list of that time scored has no row.
        """
        by_run: dict[str, list[str]] = defaultdict(list)
        runs = {run.run_id: run for run in self.runs}
        for subject, day in days.items():
            earlier = [run for run in self.runs if run.as_of <= day]
            if earlier:
                by_run[earlier[-1].run_id].append(subject)
        found = []
        for name, subjects in sorted(by_run.items()):
            scores = {
                row["subject_id"]: row["probability"]
                for row in self._of(runs[name], "scores", subjects)
            }
            found += [
                row | {"probability": scores[row["subject_id"]]}
                for row in self._of(runs[name], "subject_features", subjects)
                if row["subject_id"] in scores
            ]
        return found

    def _of(self, run: Run, table: str, subjects: Iterable[str]) -> list[dict[str, Any]]:
        return rows_among(rows_of(self.lake, table, run), subjects).toArrow().to_pylist()


def rows_among(rows: DataFrame, subjects: Iterable[str]) -> DataFrame:
    """The rows of these subjects."""
    wanted = [(subject,) for subject in sorted(set(subjects))]
    few = rows.sparkSession.createDataFrame(wanted, "subject_id string")
    return rows.join(few, "subject_id", "left_semi")
