"""Models in MLflow: one SQLite store under the lake, the champion under the alias `champion`."""

from __future__ import annotations

import json
import logging
import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

from models.risk.estimator import RiskModel

ALIAS = "champion"
_FILE = "risk_model.pickle"


def _client(lake: Path) -> tuple[Any, Any]:
    """MLflow itself and a client of the lake's store; imported late, it takes seconds."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    logging.getLogger("alembic").setLevel(logging.ERROR)
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    import mlflow

    for name in ("mlflow.store.db.utils", "alembic.runtime.migration"):
        logging.getLogger(name).setLevel(logging.ERROR)  # it sets its own level when it loads
    folder = (lake / "mlflow").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    return mlflow, mlflow.MlflowClient()


def register(lake: Path, city: str, model: RiskModel) -> None:
    """Logs the model with its card and makes it the city's champion.

    A model whose version is registered already is not registered again.
    """
    mlflow, client = _client(lake)
    name = f"risk-{city}"
    for known in client.search_model_versions(f"name = '{name}'"):
        if known.tags.get("version") == model.version:
            client.set_registered_model_alias(name, ALIAS, known.version)
            return
    experiment = mlflow.get_experiment_by_name(name)
    place = (lake / "mlflow" / "artifacts").absolute().as_uri()
    number = experiment.experiment_id if experiment else mlflow.create_experiment(name, place)
    run = client.create_run(number, run_name=model.version)
    card = dict(model.card)
    for key, value in card.pop("settings").items():
        client.log_param(run.info.run_id, key, value)
    for key, value in card.items():
        if isinstance(value, float):
            client.log_metric(run.info.run_id, key, value)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / _FILE).write_bytes(pickle.dumps(model))
        (Path(folder) / "card.json").write_text(
            json.dumps(model.card, ensure_ascii=False, indent=2, default=str), encoding="utf-8"
        )
        client.log_artifacts(run.info.run_id, folder, "model")
    client.set_terminated(run.info.run_id)
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    made = client.create_model_version(
        name, f"{run.info.artifact_uri}/model", run.info.run_id, tags={"version": model.version}
    )
    client.set_registered_model_alias(name, ALIAS, made.version)


def champion(lake: Path, city: str) -> RiskModel | None:
    """The city's champion, or None when no model was trained yet."""
    if not (lake / "mlflow" / "mlflow.db").exists():
        return None
    _, client = _client(lake)
    name = f"risk-{city}"
    if not client.search_registered_models(f"name = '{name}'"):
        return None
    known = client.get_model_version_by_alias(name, ALIAS)
    with tempfile.TemporaryDirectory() as folder:
        path = client.download_artifacts(known.run_id, f"model/{_FILE}", folder)
        # our own file from our own lake, written by `register`
        model: RiskModel = pickle.loads(Path(path).read_bytes())
    return model


def card_of(model: RiskModel) -> dict[str, Any]:
    """The model's card: how it was trained, on what, and how it did on held-out folds."""
    return {"version": model.version, "features": len(model.features), **model.card}
