"""The words of features: of a city's own set and of the graph, and of those that all cities share."""

from __future__ import annotations

from conf.city import City
from features.library import FEATURES
from graphs.declaration import GRAPH_FEATURES
from models.risk.family import FAMILY, FAMILY_FEATURE
from models.risk.wording import FeatureWords, words_of
from pipelines.assembling import city_feature_set

_DIRECTIONS = {"up": 1, "down": -1, None: 0}


def feature_words(city: City | None) -> dict[str, FeatureWords]:
    """The words of every column that a city's model may read, by its name.

    Without a city (its files are not at hand) those of the whole library: what a city declared
    itself then has none.
    """
    columns = FEATURES if city is None else city_feature_set(city).columns
    words = words_of(columns.values())
    for name, feature in {**GRAPH_FEATURES, FAMILY: FAMILY_FEATURE}.items():
        words[name] = FeatureWords(
            name=name,
            zh=feature.zh,
            en=feature.en,
            unit=feature.unit or "count",
            direction=_DIRECTIONS[feature.direction],
            own=False,
            theme=name,
        )
    return words
