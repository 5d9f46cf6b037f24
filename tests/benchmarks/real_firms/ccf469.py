"""The city's own model beside LightGBM with default settings, on the same features and folds.

`forewarn nightly --city ccf469` first; then
`python -m tests.benchmarks.real_firms.ccf469 --lake LAKE`.
Folds keep firms with identical registration on one side. No feature is made from the id.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from deltalake import DeltaTable
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.metrics import average_precision_score, roc_auc_score
from threadpoolctl import threadpool_limits

from conf.city import load_city
from models.risk.comparing import compared
from models.risk.curves import best_f1
from models.risk.designs import FOLDS, design_of, fold_of_rows, held_out, typed
from models.risk.labels import static_labels
from models.risk.training_set import group_of, labelled_rows
from pipelines.assembling import model_features
from pipelines.training import directions, settings_of

CITY = "ccf469"


def rows_of(lake: Path) -> pd.DataFrame:
    """The labelled firms with features, label and group, as the city's model trains on them."""
    city = load_city(CITY)
    features = DeltaTable(str(lake / "gold" / "subject_features")).to_pandas()
    newest = features[features["run_id"] == features["run_id"].iloc[-1]]
    cases = DeltaTable(str(lake / "silver" / "case_label")).to_pandas()
    rows = labelled_rows(
        newest.sort_values("subject_id", ignore_index=True), static_labels(cases, city.target), 0, True
    )  # fmt: skip
    return rows.assign(group=group_of(rows, settings_of(city).alike))


def margins(rows: pd.DataFrame, seed: int) -> dict[str, tuple[NDArray[np.float64], float]]:
    """Held-out margins and CPU seconds of each model, on the folds of one seed."""
    city = load_city(CITY)
    label = rows["label"].to_numpy(dtype=int)
    fold = fold_of_rows(label, rows["group"], FOLDS, seed)
    settings = settings_of(city)
    design = design_of(settings.kind, "plain", rows, model_features(city), directions(city), settings)  # fmt: skip
    table = typed(rows, design.features, design.categories)
    text = {name: table[name].astype("category") for name in design.categories}
    with threadpool_limits(1):
        start = time.process_time()
        own = held_out(table, label, rows["group"], fold, design).margin
        middle = time.process_time()
        rival = np.zeros(len(rows))
        for number in range(FOLDS):
            seen, aside = fold != number, fold == number
            fitted = LGBMClassifier(n_jobs=1, verbose=-1).fit(
                table.assign(**text)[seen], label[seen]
            )
            rival[aside] = fitted.predict(table.assign(**text)[aside], raw_score=True)
        end = time.process_time()
    return {f"forewarn ({design.kind})": (own, middle - start),
            "LightGBM, defaults": (rival, end - middle)}  # fmt: skip


def main() -> None:
    """Prints AUC, average precision and class-1 F1 of both, for each seed of the folds."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--lake", type=Path, required=True)
    asked.add_argument("--seeds", type=int, nargs="*", default=None)
    asked.add_argument("--json", type=Path, help="where the figures of the first seed go")
    given = asked.parse_args()
    rows = rows_of(given.lake)
    label = rows["label"].to_numpy(dtype=int)
    group = pd.factorize(rows["group"])[0].astype(np.int64)
    table = Table(
        title=f"{CITY}: {len(rows):,} firms, {label.sum()} positive, grouped {FOLDS}-fold"
    )
    for name in ("folds' seed", "model", "AUC", "average precision", "F1", "CPU s"):
        table.add_column(name, justify="left" if name == "model" else "right")
    told_first: dict[str, float] = {}
    for seed in given.seeds or [settings_of(load_city(CITY)).seed]:
        found = margins(rows, seed)
        for name, (margin, cpu) in found.items():
            seen = {"auc": float(roc_auc_score(label, margin)),
                    "average_precision": float(average_precision_score(label, margin)),
                    "f1": float(best_f1(label, margin)[1])}  # fmt: skip
            told_first = told_first or seen
            table.add_row(
                str(seed), name, f"{seen['auc']:.4f}", f"{seen['average_precision']:.4f}",
                f"{seen['f1']:.3f}", f"{cpu:.0f}",
            )  # fmt: skip
        own, rival = (margin for margin, _ in found.values())
        told = compared(own, rival, label, group, np.ones(len(label)), seed)
        table.add_row("", f"difference in average precision {told.difference:+.4f} "
                      f"[{told.low:+.4f}, {told.high:+.4f}] (90 %)", "", "", "", "")  # fmt: skip
    Console(width=110).print(table)
    if given.json is not None:
        given.json.write_text(json.dumps(told_first) + "\n")


if __name__ == "__main__":
    main()
