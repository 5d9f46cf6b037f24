"""SMEsD: does the graph help to tell which firms went bankrupt?

    python -m tests.benchmarks.real_graphs.smesd --data FOLDER [--test]

Prints the AUC without the graph and with it: cross-validated in the train split, and of train on
valid. Everything (features, estimator, its settings) is chosen by these. `--test` opens the test
split: it fits on train and valid and prints the test AUC.

A firm that stands in two splits is left out of the fitting when the other split is judged.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from tests.benchmarks.real_graphs.boosting import (
    Probabilities,
    bagged,
    cross_validated,
    gain_interval,
)
from tests.benchmarks.real_graphs.smesd_graph import OF_CASES, graph_facts
from tests.benchmarks.real_graphs.smesd_tables import (
    CATEGORIES,
    Smesd,
    common_groups,
    firm_facts,
    read,
)

SETTINGS = {
    "max_iter": 300,
    "learning_rate": 0.04,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 20,
    "l2_regularization": 1.0,
    "max_features": 0.3,
}
SPLITS = ("train", "valid", "test")
WITHOUT, WITH, CASES = "without the graph", "with the graph", "with it and known cases"


@dataclass(frozen=True)
class Split:
    """One split's firms in one order: their facts by feature set, and their labels."""

    facts: dict[str, pd.DataFrame]
    labels: NDArray[np.float64]

    @property
    def companies(self) -> pd.Index:
        """The firms, in the order of the rows."""
        return self.facts[WITHOUT].index


def splits(tables: Smesd, wanted: tuple[str, ...]) -> dict[str, Split]:
    """The facts of the wanted splits.

    Known cases are the bankrupt of earlier splits. The train split has none before it: there they
    are its own bankrupt firms, each left out of its own row.
    """
    codes = {kind: common_groups(tables.of("train"), kind) for kind in CATEGORIES}
    found = {}
    for place, name in enumerate(wanted):
        city = tables.of(name)
        earlier = tables.companies.split.isin(wanted[:place] or ("train",))
        cases = tables.companies[earlier & (tables.companies.label == 1)].company.unique()
        alone = firm_facts(city, codes).sort_index()
        graph = graph_facts(city, sorted(cases.tolist()))
        facts = {
            WITHOUT: alone,
            WITH: alone.join(graph.drop(columns=list(OF_CASES))),
            CASES: alone.join(graph),
        }
        labels = city.companies.set_index("company").label.reindex(alone.index)
        found[name] = Split(facts, labels.to_numpy(float))
    return found


def judged(fit: list[Split], asked: Split, name: str) -> Probabilities:
    """The probabilities of a split's firms, from the others without the firms it shares."""
    new = [~split.companies.isin(asked.companies) for split in fit]
    facts = pd.concat([split.facts[name][keep] for split, keep in zip(fit, new, strict=True)])
    labels = np.concatenate([split.labels[keep] for split, keep in zip(fit, new, strict=True)])
    return bagged(
        facts,
        labels.astype(np.int64),
        asked.facts[name],
        settings=SETTINGS,
        categories=CATEGORIES,
    )


def report(fit: list[Split], asked: Split, what: str, sets: tuple[str, ...]) -> None:
    """Prints the AUC on a split, also without its repeated firms, and what the graph adds."""
    earlier = np.concatenate([split.companies for split in fit])
    new = ~asked.companies.isin(earlier)
    labels = asked.labels.astype(np.int64)
    found = {name: judged(fit, asked, name) for name in sets}
    for name, told in found.items():
        every, fresh = roc_auc_score(labels, told), roc_auc_score(labels[new], told[new])
        print(f"{what:<20} {name:<24} AUC {every:.4f}, new firms only {fresh:.4f}", flush=True)
    low, high = gain_interval(labels, found[WITHOUT], found[WITH])
    print(
        f"{what:<20} the graph adds {low:+.4f} to {high:+.4f} (95 %, bootstrap), "
        f"{len(labels)} firms of which {new.sum()} new, {labels.sum()} bankrupt"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds smesd/")
    parser.add_argument("--test", action="store_true", help="open the test split")
    words = parser.parse_args()
    folder = words.data / "smesd"
    if not folder.is_dir():
        parser.error(f"There is no {folder}; put the SMEsD files there or name their folder.")
    tables = read(folder, test_labels=words.test)
    if words.test:
        told = splits(tables, SPLITS)
        report([told["train"], told["valid"]], told["test"], "train+valid to test", (WITHOUT, WITH))
        return
    told = splits(tables, SPLITS[:2])
    train = told["train"]
    for name, facts in train.facts.items():
        found = cross_validated(
            facts, train.labels.astype(np.int64), settings=SETTINGS, categories=CATEGORIES
        )
        print(
            f"{'inside train, 5 parts':<20} {name:<24} AUC {np.mean(found):.4f} "
            f"({facts.shape[1]} features)",
            flush=True,
        )
    report([train], told["valid"], "train to valid", (WITHOUT, WITH, CASES))


if __name__ == "__main__":
    main()
