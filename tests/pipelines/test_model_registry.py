from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from models.risk.estimator import RiskModel, Settings, train
from models.risk.succession import Verdict
from pipelines.model_registry import card_of, champion, register, verdict_of
from pipelines.refusals import RefusalError

SETTINGS = Settings(trees=5, leaves=3, kind="trees")


def rows(firms: int = 120) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    debt = draw.normal(size=firms)
    return pd.DataFrame(
        {
            "subject_id": [f"F{n:03d}" for n in range(firms)],
            "as_of": "2024-06-30",
            "debt": debt,
            "label": (debt + draw.normal(size=firms) > 1).astype(int),
            "group": [f"g{n}" for n in range(firms)],
        }
    )


@pytest.fixture(scope="module")
def model() -> RiskModel:
    return train(rows(), ["debt"], {"debt": 1}, SETTINGS, "dated", {"city": "demo"})


@pytest.fixture(scope="module")
def registered(model: RiskModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("lake")
    register(lake, "demo", model)
    return lake


@pytest.fixture
def lake(registered: Path, tmp_path: Path) -> Path:
    """A lake of its own for each test, moved from where it was made."""
    return Path(shutil.copytree(registered, tmp_path / "moved"))


def versions(lake: Path) -> list[tuple[int, str]]:
    client = mlflow.MlflowClient(f"sqlite:///{lake / 'mlflow' / 'mlflow.db'}")
    return sorted((int(v.version), v.tags["version"]) for v in client.search_model_versions())


def test_an_empty_lake_has_no_champion(tmp_path: Path) -> None:
    assert champion(tmp_path, "demo") is None
    assert not (tmp_path / "mlflow").exists()  # asking makes nothing


def test_another_city_has_none(lake: Path) -> None:
    assert champion(lake, "elsewhere") is None


def test_the_champion_scores_as_the_model_did(lake: Path, model: RiskModel) -> None:
    found = champion(lake, "demo")
    assert found is not None
    assert found.version == model.version
    assert found.margin(rows()).tobytes() == model.margin(rows()).tobytes()
    assert found.threshold == model.threshold


def test_the_same_content_is_registered_once(lake: Path, model: RiskModel) -> None:
    register(lake, "demo", model)
    assert versions(lake) == [(1, model.version)]


def test_a_new_model_becomes_champion_and_the_old_one_may_return(
    lake: Path, model: RiskModel
) -> None:
    other = train(rows(), ["debt"], {"debt": 1}, replace(SETTINGS, seed=2), "dated")
    register(lake, "demo", other)
    assert champion(lake, "demo").version == other.version  # type: ignore[union-attr]
    register(lake, "demo", model)  # trained anew on the old content
    assert champion(lake, "demo").version == model.version  # type: ignore[union-attr]
    assert versions(lake) == [(1, model.version), (2, other.version)]


def test_a_challenger_waits_with_its_reason(lake: Path, model: RiskModel) -> None:
    other = train(rows(), ["debt"], {"debt": 1}, replace(SETTINGS, seed=2), "dated")
    register(lake, "demo", other, Verdict(False, "it is no better", {"difference": -0.1}))
    assert champion(lake, "demo").version == model.version  # type: ignore[union-attr]
    assert verdict_of(lake, "demo", other.version) == (False, "it is no better")
    client = mlflow.MlflowClient(f"sqlite:///{lake / 'mlflow' / 'mlflow.db'}")
    waiting = client.get_model_version_by_alias("risk-demo", "challenger")
    assert json.loads(waiting.tags["compared"]) == {"difference": -0.1}
    # later, and better
    register(lake, "demo", other, Verdict(True, "it is better", {}))
    assert champion(lake, "demo").version == other.version  # type: ignore[union-attr]
    # the champion trained anew on the same content stays where it is
    register(lake, "demo", other, Verdict(False, "it is the champion itself", {}))
    assert champion(lake, "demo").version == other.version  # type: ignore[union-attr]


def test_what_stands_in_the_store(lake: Path, model: RiskModel) -> None:
    client = mlflow.MlflowClient(f"sqlite:///{lake / 'mlflow' / 'mlflow.db'}")
    (known,) = client.search_model_versions()
    run = client.get_run(known.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["trees"] == "5"
    assert run.data.metrics["auc"] == model.card["auc"]
    assert run.data.metrics["positive_rows"] == rows()["label"].sum()
    assert run.data.tags["mode"] == "dated"
    (folder,) = (lake / "mlflow" / "artifacts").glob("*/artifacts/model")
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert card == json.loads(json.dumps(card_of(model)))
    curves = json.loads((folder / "curves.json").read_text(encoding="utf-8"))
    assert curves == model.card["curves"]


def test_mlflow_itself_finds_the_files(registered: Path, model: RiskModel) -> None:
    client = mlflow.MlflowClient(f"sqlite:///{registered / 'mlflow' / 'mlflow.db'}")
    known = client.get_model_version_by_alias("risk-demo", "champion")
    files = {item.path for item in client.list_artifacts(known.run_id, "model")}
    assert files == {"model/risk_model.pickle", "model/card.json", "model/curves.json"}


def test_a_changed_or_missing_file_is_refused_and_training_heals_it(
    lake: Path, model: RiskModel
) -> None:
    (file,) = lake.rglob("risk_model.pickle")
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(RefusalError, match="was changed after training"):
        champion(lake, "demo")
    file.unlink()
    with pytest.raises(RefusalError, match="is missing"):
        champion(lake, "demo")
    register(lake, "demo", model)
    assert champion(lake, "demo").version == model.version  # type: ignore[union-attr]


def test_another_scikit_learn_is_refused(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn.__version__", "99.0")
    with pytest.raises(RefusalError, match=r"and this is 99\.0"):
        champion(lake, "demo")
