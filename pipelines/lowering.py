"""What would lower the listed firms' risk: their records corrected, their features made anew, and
the firms scored again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.city import City
from conf.correction import Correction, load_corrections
from features.corrected import corrected_features
from features.declaration import SUBJECT_TABLES
from models.risk.counterfactuals import (
    Scored,
    Standing,
    counterfactuals,
    plans_alone,
    plans_together,
)
from models.risk.estimator import RiskModel
from models.risk.levels import ListPolicy
from models.risk.reasons import Reason
from models.risk.wording import FeatureWords
from pipelines.assembling import Assembled, city_feature_set
from pipelines.judging import Keep
from pipelines.past_lists import rows_among

# SQL's own words are written in capitals
_NAME = re.compile(r"\b[a-z][a-z0-9_]+\b")
_NAMED = 3


@dataclass(frozen=True)
class Lowered:
    """The counterfactuals of the ranked firms, without run and day; and what a person should know:
    whether firms did not come out as published, so that nothing is said of them."""

    counterfactuals: pa.Table
    notes: tuple[str, ...] = ()


def standing_of(
    chosen: Iterable[Mapping[str, Any]],
    said: Mapping[str, Sequence[Reason]],
    features: Iterable[Mapping[str, Any]],
) -> dict[str, Standing]:
    """Where each ranked firm stands; `chosen` and `features` may tell of others too."""
    ranked = sorted(
        (row for row in chosen if row["place"] == "list"),
        key=lambda row: (-row["margin"], row["subject_id"]),
    )
    margins = [row["margin"] for row in ranked]
    values = {row["subject_id"]: row for row in features}
    return {
        row["subject_id"]: Standing(
            subject_id=row["subject_id"],
            probability=row["probability"],
            rank=rank,
            margins=margins,
            next_odds=row["next_odds"],
            reasons=said.get(row["subject_id"], ()),
            values=values[row["subject_id"]],
        )
        for rank, row in enumerate(ranked, start=1)
    }


def lowered(
    judged: Assembled,
    city: City,
    model: RiskModel,
    standing: Mapping[str, Standing],
    words: Mapping[str, FeatureWords],
    policy: ListPolicy,
    aside: Keep,
) -> Lowered:
    """What would lower the risk of the ranked firms.

    A firm whose features and score do not come out again as published, when nothing is put right, is
    told nothing: what cannot be verified is not said. That is an error of the program, so a note
    tells of it; training firms of a static city are the exception, whose published score is that of
    a held-out fold. `aside` keeps the firms' records while this runs.
    """
    corrections = load_corrections()
    scorer = _Scorer(judged, city, model, corrections, standing, aside)
    alone = scorer.scored(plans_alone(scorer.offered()))
    sure = _verified(alone, standing)
    alone = [one for one in alone if one.subject_id in sure]
    together = scorer.scored(plans_together((a for a in alone if a.plan), standing, policy))
    told = counterfactuals([*alone, *together], standing, corrections, words, policy)
    return Lowered(told, unverified_note(standing.keys() - sure - model.held_out.keys(), standing))


def unverified_note(unverified: Collection[str], standing: Collection[str]) -> tuple[str, ...]:
    """One sentence on the firms that did not come out as published; none when all did."""
    if not unverified:
        return ()
    named = sorted(unverified)
    some = ", ".join(named[:_NAMED]) + (", …" if len(named) > _NAMED else "")
    return (
        f"What would lower a risk is not told of {len(named)} of {len(standing)} listed firms "
        f"({some}): worked out again from their own records, with nothing put right, they do not "
        "get the score that was published; report this to the maintainers, the list itself stands.",
    )


def _verified(alone: Iterable[Scored], standing: Mapping[str, Standing]) -> set[str]:
    """The firms that come out as published when nothing is put right, to the last bit."""
    return {
        one.subject_id
        for one in alone
        if not one.plan and one.probability == standing[one.subject_id].probability
    }


class _Scorer:
    """Scores plans; holds the firms' records and published features."""

    def __init__(
        self,
        judged: Assembled,
        city: City,
        model: RiskModel,
        corrections: Sequence[Correction],
        standing: Mapping[str, Standing],
        aside: Keep,
    ) -> None:
        self.judged, self.model, self.corrections = judged, model, corrections
        self.feature_set = city_feature_set(city)
        self.subjects = sorted(standing)
        self.features = aside(rows_among(judged.features, self.subjects), "listed_features")
        # once, and few: each plan would else read the whole city again
        self.records: dict[str, DataFrame] = {
            name: aside(rows_among(judged.known[name], self.subjects), f"listed_{name}")
            for name in SUBJECT_TABLES
            if name in judged.known
        }
        # what the plans read of other firms is kept as published; the name tells that it is there
        self.records |= {n: t for n, t in judged.known.items() if n not in self.records}
        self.published = self.features.toPandas().set_index("subject_id").sort_index()

    def offered(self) -> dict[str, list[str]]:
        """The corrections that each firm's features allow."""
        named = [
            F.coalesce(F.expr(c.needs), F.lit(False)).alias(c.name)
            for c in self.corrections
            if _speaks_of(c, self.features.columns)
        ]
        rows = self.features.select("subject_id", *named).toArrow().to_pylist()
        return {
            row["subject_id"]: [name for name, can in row.items() if can is True] for row in rows
        }

    def scored(self, plans: Sequence[tuple[str, str]]) -> list[Scored]:
        """The plans with what they would do."""
        if not plans:
            return []
        spark = self.features.sparkSession
        wanted = spark.createDataFrame(list(plans), "subject_id string, plan string")
        made = corrected_features(
            self.records,
            self.judged.as_of,
            self.feature_set,
            self.features,
            self.corrections,
            wanted,
        ).toPandas()
        rows = self._completed(made.sort_values(["subject_id", "plan"], ignore_index=True))
        margin = self.model.margin(rows)
        probability = self.model.probability(margin)
        told = [*self.feature_set.names()]
        values = [dict(zip(told, line, strict=True)) for line in rows[told].itertuples(index=False)]
        return [
            Scored(subject, plan, float(p), float(m), value)
            for subject, plan, p, m, value in zip(
                rows["subject_id"], rows["plan"], probability, margin, values, strict=True
            )
        ]

    def _completed(self, made: pd.DataFrame) -> pd.DataFrame:
        """The corrected rows with what no correction touches, such as the graph's measures."""
        others = [n for n in self.model.columns if n not in made.columns]
        kept = self.published.loc[made["subject_id"], others].reset_index(drop=True)
        return pd.concat([made, kept], axis=1)


def _speaks_of(correction: Correction, columns: Sequence[str]) -> bool:
    """Whether this city's features have what the correction puts right and asks for."""
    return {*correction.features, *_NAME.findall(correction.needs)} <= set(columns)
