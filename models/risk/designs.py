"""What a model may be: its settings, the pipelines that can be built, and their held-out margins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass as checked_dataclass
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import TargetEncoder

from models.risk.directional import LeaningLogistic, SignedRanks, Surprise
from models.risk.score_card import CharacteristicLogistic, votes
from models.risk.unlabelled import Bagged, Weighted

FOLDS = 5
DIRECTIONAL = ("characteristics", "directional", "surprise")
"""Kinds that know declared directions only and need no cases to begin with."""

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Count = Annotated[int, Field(ge=1)]
Kind = Literal["characteristics", "directional", "surprise", "monotone", "trees"]
Way = Literal["plain", "weighted", "bagging"]


@checked_dataclass(frozen=True, config={"extra": "forbid"})
class Settings:
    """Settings of the estimator (`model:` in city.yaml). Defaults suit few positives.

    Raises pydantic's ValidationError, a ValueError, when a value is out of bounds.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 20240101
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.05
    trees: Count = 150
    leaves: Annotated[int, Field(ge=2)] = 8
    least_rows_a_leaf: Count = 20
    l2: Annotated[float, Field(ge=0)] = 5.0
    features_a_split: Annotated[float, Field(gt=0, le=1)] = 0.3
    most_dates: Count = 24
    months_apart: Count = 1
    most_unlabelled: Count = 4_000
    kind: Literal["auto"] | Kind = "auto"
    """`auto`: by evidence, see `models.risk.model_choice`."""
    unlabelled: Literal["auto"] | Way = "auto"
    """How unlabelled rows are treated, see `models.risk.unlabelled`; `auto`: by evidence."""
    lean: Annotated[float, Field(gt=0)] = 30.0
    """How strongly a directional model's weights are held at their prior, in firms: a firm that
    trains on many days is one witness."""
    list_share: Annotated[float, Field(gt=0, le=1)] = 0.001
    """The list's share of all firms: where calibration is measured."""
    presence_limit: Annotated[float, Field(gt=0, le=1)] = 0.75
    """Share of the model's AUC above a half that mere presence of records may explain."""
    leak_auc: Annotated[float, Field(gt=0.5, le=1)] = 0.995
    """A column that orders the labels this well by itself is taken for a leak."""
    alike: tuple[str, ...] = ()
    """Columns whose equal values make firms one group (bulk registrations)."""


@dataclass(frozen=True)
class Design:
    """Which pipeline is built, over which columns."""

    kind: str
    way: str
    features: tuple[str, ...]
    categories: tuple[str, ...]
    directions: Mapping[str, int]
    settings: Settings
    days: int = 1

    def fit(self, table: pd.DataFrame, label: Labels, group: pd.Series) -> Pipeline:
        """A fitted pipeline; rows of one group stay together wherever it splits its rows."""
        pipeline = self._unfitted()
        if self.way == "plain" and self.kind not in DIRECTIONAL:
            return pipeline.fit(table, label)
        return pipeline.fit(table, label, model__groups=group.to_numpy())

    def _unfitted(self) -> Pipeline:
        settings = self.settings
        if self.kind in DIRECTIONAL:
            kind = SignedRanks if self.kind == "directional" else Surprise
            prepare: Any = kind(dict(self.directions))
            lean = settings.lean * self.days
            base: Any = (
                CharacteristicLogistic(lean, votes(self.features))
                if self.kind == "characteristics"
                else LeaningLogistic(lean)
            )
        else:
            prepare = _encoded(self.categories, self._numbers(), settings.seed)
            base = _trees(settings, self._constraints() if self.kind == "monotone" else None)
        if self.way == "weighted":
            base = Weighted(base, settings.seed)
        elif self.way == "bagging":
            base = Bagged(base, settings.seed)
        return Pipeline([("prepare", prepare), ("model", base)])

    def _numbers(self) -> list[str]:
        return [name for name in self.features if name not in self.categories]

    def _constraints(self) -> list[int]:
        free = [0] * len(self.categories)
        return [*free, *(self.directions.get(name, 0) for name in self._numbers())]


def design_of(
    kind: str,
    way: str,
    rows: pd.DataFrame,
    features: Sequence[str],
    directions: Mapping[str, int],
    settings: Settings,
) -> Design:
    """The design over the columns that have a value in `rows`; text is a category."""
    used = [name for name in features if rows[name].notna().any()]
    categories = [name for name in used if isinstance(rows[name].dropna().iloc[0], str)]
    turned = {n: directions[n] for n in used if directions.get(n) and n not in categories}
    if kind in DIRECTIONAL:
        used, categories = list(turned), []
    days = rows["as_of"].nunique() if "as_of" in rows else 1
    return Design(kind, way, tuple(used), tuple(categories), turned, settings, int(days))


def typed(rows: pd.DataFrame, features: Sequence[str], categories: Sequence[str]) -> pd.DataFrame:
    """Feature columns in the given order: numbers as doubles, categories as text."""
    columns = {
        name: rows[name].astype(object).where(rows[name].notna(), "~").astype(str)
        if name in categories
        else pd.to_numeric(rows[name]).astype("float64")
        for name in features
    }
    return pd.DataFrame(columns, index=rows.index)


@dataclass(frozen=True)
class HeldOut:
    """Each row's margin from the fold that had not seen its group, the folds, and whose is whose.

    `fold`: by row, which of `pipelines` had not seen it.
    """

    margin: Floats
    fold: NDArray[np.int64]
    pipelines: tuple[Pipeline, ...]


def fold_of_rows(label: Labels, group: pd.Series, folds: int, seed: int) -> NDArray[np.int64]:
    """Which fold holds each row out: groups whole, positives spread evenly."""
    place = np.zeros(len(label), dtype=np.int64)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for number, (_, held_out) in enumerate(splitter.split(np.zeros(len(label)), label, group)):
        place[held_out] = number
    return place


def held_out(
    table: pd.DataFrame,
    label: Labels,
    group: pd.Series,
    fold: NDArray[np.int64],
    design: Design,
    used: NDArray[np.bool_] | None = None,
) -> HeldOut:
    """Margins of rows from models that had not seen their group. `used`: who trains (all)."""
    margin, pipelines = np.zeros(len(table)), []
    trains = np.ones(len(table), bool) if used is None else used
    for number in range(int(fold.max()) + 1):
        seen, aside = np.flatnonzero((fold != number) & trains), np.flatnonzero(fold == number)
        pipelines.append(design.fit(table.iloc[seen], label[seen], group.iloc[seen]))
        margin[aside] = pipelines[-1].decision_function(table.iloc[aside])
    return HeldOut(margin, fold, tuple(pipelines))


def _encoded(categories: Sequence[str], numbers: Sequence[str], seed: int) -> ColumnTransformer:
    steps: list[tuple[str, Any, list[str]]] = []
    if categories:
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        encoder = TargetEncoder(target_type="binary", cv=folds)
        steps.append(("categories", encoder, list(categories)))
    steps.append(("numbers", "passthrough", list(numbers)))
    return ColumnTransformer(steps)


def _trees(settings: Settings, constraints: Sequence[int] | None) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        learning_rate=settings.learning_rate,
        max_iter=settings.trees,
        max_leaf_nodes=settings.leaves,
        min_samples_leaf=settings.least_rows_a_leaf,
        l2_regularization=settings.l2,
        max_features=settings.features_a_split,
        early_stopping=False,
        monotonic_cst=constraints,
        random_state=settings.seed,
    )
