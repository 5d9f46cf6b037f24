"""Judging by rules: every verdict of one pack on what is known as of a day.

The order is that of dependence: grades, points and lists first, then what rests on them (measures,
notices). A `Keep` writes a table down and gives it back, so that nothing is worked out twice.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from conf.rule_pack import RulePack
from features.as_of import latest_by_key
from models.grading.business_matrix import business_cells
from models.grading.carried_grades import carried_grades
from models.grading.dimensions import composite, dimensions
from models.grading.exit_control import exit_controls
from models.grading.frames import holds_on
from models.grading.issued_grades import grade_conflicts, issued_grades, resolved_severity
from models.grading.known import GRADE, state
from models.grading.lists import list_candidates, list_states
from models.grading.measures import measures
from models.grading.notices import notices
from models.grading.points import points_verdicts
from models.grading.tax_comparison import tax_comparison
from models.grading.tax_grades import retained_tax_grades
from models.grading.trace import VERDICT_COLUMNS, Judged

Keep = Callable[[DataFrame, str], DataFrame]
"""Writes a frame down under a table's name and gives it back as it stands there."""

VERDICT_TABLES = ("grades", "points", "list_states", "tax_comparison", "measures", "notices")
"""The tables of verdicts, in the order in which they are made."""
RECORDS_TABLE = "verdict_records"
"""The table of the records behind them all."""

_CARRIED, _RETAINED = "tax_spread", "tax_retention"


READ_OFTEN = (
    "registration",
    "key_person",
    "annual_report",
    "tax_registration",
    "tax_filing",
    "grade",
    "penalty",
    "list_event",
    "judgment",
    "enforcement",
    "complaint",
)
"""Tables that a night reads several times: their known state is worked out once."""


def at_hand(known: Mapping[str, DataFrame], keep: Keep) -> dict[str, DataFrame]:
    """The known states, those that are read often written down."""
    return {name: keep(rows, name) if name in READ_OFTEN else rows for name, rows in known.items()}


@dataclass(frozen=True)
class JudgedDay:
    """The verdict tables of one day by name, each as it was kept."""

    tables: Mapping[str, DataFrame]

    def verdicts(self) -> DataFrame:
        """All verdicts, with the columns that every family has."""
        common = [name for name, _ in VERDICT_COLUMNS]
        return reduce(DataFrame.unionAll, [t.select(*common) for t in self.tables.values()])


def judge(
    known: Mapping[str, DataFrame],
    pack: RulePack,
    as_of: date,
    keep: Keep,
    aside: Keep,
    listed: DataFrame | None = None,
) -> JudgedDay:
    """All verdicts of a pack as of a day, kept table by table, and the records behind them.

    `known`: known states, repaired records left out. `aside` keeps what is not to stay. `listed`:
    subject_id of those on the list of enforcement, who get no notice; None where there is no list.
    """
    records: list[DataFrame] = []
    kept: dict[str, DataFrame] = {}

    def put(table: str, parts: Sequence[Judged]) -> Judged:
        kept[table] = keep(_together([part.verdicts for part in parts]), table)
        behind = reduce(DataFrame.unionAll, [part.records_of(kept[table]) for part in parts])
        records.append(keep(behind, f"{RECORDS_TABLE}_{table}"))
        return Judged(kept[table], records[-1])

    scored = dimensions(known, pack, as_of)
    constrained = [
        Judged(aside(judged.verdicts, f"constrained_{n}"), judged.behind)
        for n, judged in enumerate(
            [retained_tax_grades(known, as_of, pack), carried_grades(known, as_of, pack)]
        )
    ]
    severities = _with_constraints(resolved_severity(known, as_of, pack), constrained, as_of)
    grades = put("grades", [
        issued_grades(known, as_of, pack),
        *constrained,
        grade_conflicts(known, as_of, pack),
        business_cells(known, as_of, pack),
        scored,
        composite(scored, severities, pack, as_of),
    ])  # fmt: skip
    points = put("points", [points_verdicts(known, as_of, pack)])
    lists = put("list_states", [
        list_states(known, as_of, pack),
        list_candidates(known, as_of, pack, points.verdicts, points.records),
        exit_controls(known, as_of, pack),
    ])  # fmt: skip
    put("tax_comparison", [tax_comparison(known, pack, as_of)])
    found = [grades, points, lists]
    standing = standing_grades(grades.verdicts, pack, as_of)
    put("measures", [measures(found, standing, grade_history(known), pack, as_of)])
    nobody = grades.verdicts.where(F.lit(False)).select("subject_id")
    severe = [judged.verdicts for judged in found]
    put("notices", [notices(known, severe, nobody if listed is None else listed, pack, as_of)])
    return JudgedDay(kept)


def _with_constraints(resolved: DataFrame, constrained: Sequence[Judged], as_of: date) -> DataFrame:
    """subject_id, severity: a grade that is kept or carried over weighs where it is severer."""
    more = [judged.verdicts.where(holds_on(as_of)) for judged in constrained]
    every = reduce(
        DataFrame.unionAll,
        [frame.select("subject_id", "severity") for frame in (resolved, *more)],
    )
    return every.groupBy("subject_id").agg(F.max("severity").cast("int").alias("severity"))


def standing_grades(grades: DataFrame, pack: RulePack, as_of: date) -> DataFrame:
    """The grade of each subject and scheme that measures follow from.

    The issued one, but of the tax scheme what retention makes of it and what was carried over:
    subject_id, scheme, value, verdict_id, holds_from, holds_to.
    """
    tax = pack.tax_grade.scheme
    in_force = grades.where((F.col("family") == "grade") & holds_on(as_of))
    decided = in_force.where(F.col("rule").isin(_RETAINED, _CARRIED))
    overruled = decided.where(F.col("rule") == _RETAINED).select(
        "subject_id", F.lit(tax).alias("rule")
    )
    issued = in_force.where(F.col("rule").isin(*pack.grades.schemes)).join(
        overruled.distinct(), ["subject_id", "rule"], "left_anti"
    )
    own = ("value", "verdict_id", "holds_from", "holds_to")
    return issued.select("subject_id", F.col("rule").alias("scheme"), *own).unionAll(
        decided.select("subject_id", F.lit(tax).alias("scheme"), *own)
    )


def grade_history(known: Mapping[str, DataFrame]) -> DataFrame:
    """The yearly grades as issued: subject_id, scheme, period (INT), value."""
    told = state(known, "grade", GRADE).where(F.col("period").rlike("^[0-9]{4}$"))
    return latest_by_key(told, ["subject_id", "scheme", "period"]).select(
        "subject_id", "scheme", F.col("period").cast("int").alias("period"),
        F.col("grade").alias("value"),
    )  # fmt: skip


def _together(frames: Sequence[DataFrame]) -> DataFrame:
    """Frames of one table: what one of them lacks is NULL there."""
    kinds = {name: kind for frame in frames for name, kind in frame.dtypes}
    return reduce(DataFrame.unionAll, [
        frame.select(*(
            F.col(name) if name in frame.columns else F.lit(None).cast(kind).alias(name)
            for name, kind in kinds.items()
        ))
        for frame in frames
    ])  # fmt: skip


@contextmanager
def kept_aside(spark: SparkSession, within: Path | None = None) -> Iterator[Keep]:
    """A `Keep` for what is not to stay: Parquet in a folder of its own, gone at the end.

    `within`: where that folder is made; it must be seen by every worker. None: this machine's own.
    """
    if within is not None:
        within.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rules-", dir=within) as folder:

        def keep(rows: DataFrame, table: str) -> DataFrame:
            path = str(Path(folder) / table)
            rows.write.mode("overwrite").parquet(path)
            return spark.read.schema(rows.schema).parquet(path)

        yield keep
