"""`forewarn evaluate`: a published list against the planted truth, as a table for a terminal."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Group, RenderableType
from rich.table import Table

from graphs.declaration import GRAPH_FEATURES
from models.risk.evaluation import Evaluation, Share, evaluate
from pipelines.evaluating_rules import findings_shown, rule_findings
from pipelines.reader import CityLake, open_lake
from pipelines.refusals import RefusalError

_NEEDED = ("subject_id", "started", "first_official", "lookalike")


def evaluate_list(lake: Path, truth: Path, as_of: date | None) -> RenderableType:
    """The list published for `as_of` held against the truth file, and the rules' verdicts too.

    The rules are evaluated when the simulator's `<truth>_rules.parquet` lies beside the truth.

    Raises `RefusalError` when the file is no truth file, or of another city.
    """
    with open_lake(lake) as city:
        parts: list[RenderableType] = [shown(evaluation(city, truth, as_of))]
        run, rules = city.run(as_of), truth.with_name(f"{truth.stem}_rules.parquet")
        if rules.is_file() and run.rule_pack is not None:
            parts.append(findings_shown(rule_findings(city, rules, run.as_of), run.rule_pack))
        return Group(*parts)


def evaluation(city: CityLake, truth: Path, as_of: date | None) -> Evaluation:
    """The figures of a published list against the truth file."""
    if not truth.is_file():
        raise RefusalError(f"There is no truth file {truth}. `forewarn simulate` writes one.")
    planted = pq.read_table(truth).to_pandas()
    if missing := [name for name in _NEEDED if name not in planted.columns]:
        raise RefusalError(f"{truth} is no truth file: it lacks {', '.join(missing)}.")
    run = city.run(as_of)
    names = city.table("registration", run.as_of).select("subject_id", "name").dropDuplicates(
        ["subject_id"]
    )  # fmt: skip
    scores = city.scores(run.as_of).select("subject_id", "margin").join(names, "subject_id", "left")
    listed = city.warnings(run.as_of).to_pandas()
    listed = listed[listed["section"] == "list"].sort_values("rank")
    features = city.features(run.as_of)
    texts = [name for name, kind in features.dtypes if kind == "string" and name != "subject_id"]
    aside = [name for name, feature in GRAPH_FEATURES.items() if not feature.measure]
    features = features.drop("run_id", "as_of", *texts, *aside)
    try:
        return evaluate(
            scores.toPandas(), listed["subject_id"], planted, features.toPandas(), run.as_of
        )
    except ValueError as error:
        raise RefusalError(str(error)) from error


def shown(found: Evaluation) -> Table:
    """The figures as a table of at most 80 columns."""
    table = Table(title=f"The list as of {found.as_of} against the planted truth")
    table.add_column("", style="bold")
    for name in ("this list", "one-word rule", "random draw"):
        table.add_column(name, justify="right")
    table.add_row(
        "precision at capacity",
        _share(found.precision),
        _share(found.rule_precision),
        f"{found.random_precision:.1%}",
    )
    table.add_row(
        "recall of ring firms",
        _share(found.recall),
        _share(found.rule_recall),
        f"{found.random_recall:.1%}",
    )
    table.add_row("honest look-alikes", _share(found.lookalikes), "", "")
    table.add_row("AUC / average precision", f"{found.auc:.3f} / {found.average_precision:.3f}",
                  "", "")  # fmt: skip
    table.caption = (
        f"{found.ring_firms} ring firms run and are not official yet; {found.capacity} places. "
        f"Best single feature: {found.best_feature}, AUC {found.best_feature_auc:.3f}. "
        "Intervals: Wilson, 95 %."
    )
    return table


def _share(share: Share) -> str:
    low, high = share.interval()
    return f"{share.hits}/{share.of} {share.value:.0%} [{low:.0%}, {high:.0%}]"
