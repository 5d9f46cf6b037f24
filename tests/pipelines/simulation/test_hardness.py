"""The city is hard enough to mean something: no one column tells a ring firm from the others."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.metrics import roc_auc_score

from pipelines.simulation import changes, city, registry
from pipelines.simulation.world import World
from tests.pipelines.simulation.conftest import SINCE, UNTIL
from tests.pipelines.simulation.hardness import features, grouped, joint, single_aucs

CEILING = 0.80  # the specification's


def best(firms: int, seed: int) -> tuple[str, float]:
    """The best single feature against the truth, either way round, and its AUC."""
    world = city.build(firms, seed, SINCE, UNTIL, "realistic")
    aucs = single_aucs(features(world), world.population.ring)
    return str(aucs.index[0]), float(aucs.iloc[0])


def test_no_single_feature_tells_the_rings() -> None:
    # the demo's own city; with 60 ring firms an AUC is known to about 0.03, and the simulator's
    # own is 0.77 (see the campaign on 100,000 firms)
    name, auc = best(20_000, 7)
    assert auc < CEILING, name
    # nor is it noise: some single signs are worth something
    assert auc > 0.65


def test_the_one_word_rule_does_badly_but_better_than_chance(large: World) -> None:
    part = large.parts()[0]
    rows = registry.registration(part, changes.draw(part)).columns
    word = pc.match_substring_regex(rows["企业名称"], "投资|理财|资产管理")
    named = set(pa.array(rows["统一社会信用代码"]).filter(word).to_pylist())
    says = np.array([code in named for code in large.codes(part.firm).to_pylist()])
    ring = large.population.ring
    auc = roc_auc_score(ring, says)
    # one firm in thirty has such a name, one ring firm in ten: most rings do not call themselves
    # investors, and most who do are honest
    assert 0.51 < auc < 0.62
    chance, hit = ring.mean(), ring[says].mean()
    assert 1.5 * chance < hit < 10 * chance
    assert hit < 0.03  # thirty-three honest firms for each ring firm it finds


@pytest.mark.campaign
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 23])
def test_no_single_feature_tells_the_rings_of_any_city(seed: int) -> None:
    name, auc = best(20_000, seed)
    assert auc < CEILING, name


@pytest.mark.campaign
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_no_single_feature_tells_the_rings_of_a_large_city(seed: int) -> None:
    # 300 ring firms: an AUC is known to about 0.015, and no feature may be near the ceiling
    name, auc = best(100_000, seed)
    assert auc < 0.79, name


@pytest.mark.campaign
def test_easy_is_easier_than_realistic_and_hard_is_harder() -> None:
    aucs = {}
    for difficulty in ("easy", "realistic", "hard"):
        world = city.build(20_000, 7, SINCE, UNTIL, difficulty)
        ring = world.population.ring
        frame = features(world).drop(columns="own_case")
        scores = joint(frame, ring.astype(int), grouped(world))
        aucs[difficulty] = roc_auc_score(ring, scores)
    assert aucs["easy"] > aucs["realistic"] > aucs["hard"], aucs
    assert aucs["hard"] > 0.6, aucs  # hard, not hopeless
