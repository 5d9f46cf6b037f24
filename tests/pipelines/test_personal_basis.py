"""What rests on a person's age or kin is off, and on where a city states its basis."""

from __future__ import annotations

import dataclasses

from conf.city import PersonalBasis, load_city
from features.characteristics import PERSONAL_COLUMNS
from features.library import FEATURES
from graphs.declaration import GRAPH_FEATURES
from pipelines.assembling import city_feature_set, model_features
from pipelines.training import directions


def test_no_city_delivered_with_forewarn_has_a_basis():
    for name in ("demo", "ccf469"):
        city = load_city(name)
        assert city.personal_basis is None
        assert not PERSONAL_COLUMNS & set(model_features(city))
        assert not PERSONAL_COLUMNS & set(city_feature_set(city).names())


def test_with_a_basis_they_are_learnt_from():
    basis = PersonalBasis(text="本市规定", instrument="credit_report_2016")
    city = dataclasses.replace(load_city("demo"), personal_basis=basis)
    features = {c for c in PERSONAL_COLUMNS if c in FEATURES}
    graph = {c for c in PERSONAL_COLUMNS if c in GRAPH_FEATURES}
    assert features | graph == PERSONAL_COLUMNS  # each is made somewhere
    assert features
    assert graph
    assert features <= set(city_feature_set(city).names())
    assert set(model_features(city)) >= PERSONAL_COLUMNS
    # what is learnt from needs its direction, and what is off may keep its own
    assert {n: d for n, d in directions(city).items() if n in PERSONAL_COLUMNS} == dict.fromkeys(
        PERSONAL_COLUMNS, 1
    )
