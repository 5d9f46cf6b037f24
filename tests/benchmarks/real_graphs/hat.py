"""HAT: what the graph adds, and a probability for each firm of the withheld test split.

    python -m tests.benchmarks.real_graphs.hat --data FOLDER [--out FILE.csv]

Prints AUCs without the graph and with it: cross-validated inside train; of train on valid; and on
valid in parts, each judged by train and the other parts, as the test split is judged by train and
valid. With `--out` it only writes `company,probability`, fitted on train and valid.

A firm's known neighbours are those of the firms fitted on, never the judged ones.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from tests.benchmarks.real_graphs.boosting import Probabilities, bagged
from tests.benchmarks.real_graphs.hat_graph import HatGraph, case_facts, hat_graph
from tests.benchmarks.real_graphs.hat_tables import Hat, read

SETTINGS = {
    "max_iter": 250,
    "learning_rate": 0.04,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 20,
    "l2_regularization": 1.0,
    "max_features": 0.3,
}
# The withheld firms are of valid's time, later than train's: valid counts four times. Chosen on
# valid in parts, where it gave 0.01 to 0.02 both without the graph and with it.
VALID_WEIGHT = 4.0
WITHOUT, WITH = "without the graph", "with the graph"


def judged(
    hat: Hat,
    graph: HatGraph | None,
    fit: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    seeds: int,
) -> Probabilities:
    """The probabilities of the asked firms from the labels of `fit` alone; no graph: without it."""
    labels = np.where(fit, hat.labels, np.nan)
    facts = hat.firm_facts
    if graph is not None:
        facts = pd.concat([facts, graph.facts, case_facts(graph, labels)], axis=1)
    return bagged(
        facts[fit],
        labels[fit].astype(np.int64),
        facts[asked],
        settings=SETTINGS,
        weights=np.where(hat.in_split("valid"), VALID_WEIGHT, 1.0)[fit],
        seeds=seeds,
    )


def in_parts(
    hat: Hat,
    graph: HatGraph | None,
    always: NDArray[np.bool_],
    parted: NDArray[np.bool_],
    repeats: int,
) -> list[float]:
    """The AUC over `parted`, each part judged by the other parts and `always`; one each repeat."""
    rows = np.flatnonzero(parted)
    found = []
    for repeat in range(repeats):
        told = np.zeros(len(hat.companies))
        for fit, out in StratifiedKFold(4, shuffle=True, random_state=repeat).split(
            rows, hat.labels[rows]
        ):
            known, asked = always.copy(), np.zeros_like(always)
            known[rows[fit]], asked[rows[out]] = True, True
            told[asked] = judged(hat, graph, known, asked, seeds=1)
        found.append(float(roc_auc_score(hat.labels[rows], told[rows])))
    return found


def report(hat: Hat) -> None:
    """Prints the AUCs."""
    train, valid = hat.in_split("train"), hat.in_split("valid")
    nobody = np.zeros_like(train)
    for name, graph in ((WITHOUT, None), (WITH, hat_graph(hat))):
        inside = in_parts(hat, graph, nobody, train, repeats=1)
        later = roc_auc_score(hat.labels[valid], judged(hat, graph, train, valid, seeds=3))
        parts = in_parts(hat, graph, train, valid, repeats=2)
        print(
            f"{name:<18} inside train {np.mean(inside):.4f}, train to valid {later:.4f}, "
            f"valid in parts {' '.join(f'{auc:.4f}' for auc in parts)}",
            flush=True,
        )


def predictions(hat: Hat) -> pd.DataFrame:
    """`company`, `probability` of each firm of the test split, by company."""
    fit, asked = hat.in_split("train") | hat.in_split("valid"), hat.in_split("test")
    told = judged(hat, hat_graph(hat), fit, asked, seeds=5)
    return pd.DataFrame({"company": hat.companies.company[asked], "probability": told})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds hat/")
    parser.add_argument("--out", type=Path, help="write the test split's probabilities here")
    words = parser.parse_args()
    folder = words.data / "hat"
    if not folder.is_dir():
        parser.error(f"There is no {folder}; put the HAT files there or name their folder.")
    if words.out and not words.out.absolute().parent.is_dir():
        parser.error(f"There is no folder {words.out.absolute().parent}; make it first.")
    hat = read(folder)
    if not words.out:
        report(hat)
        return
    rows = predictions(hat)
    rows.to_csv(words.out, index=False, float_format="%.6f", lineterminator="\n")
    print(f"{len(rows):,} probabilities in {words.out}")


if __name__ == "__main__":
    main()
