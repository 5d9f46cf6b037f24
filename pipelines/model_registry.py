"""Models in MLflow: one SQLite store under the lake, the champion under the alias `champion`.

A model that was not promoted stands under `challenger`, with the reasons.

The model itself is a pickle that `register` wrote: skops has no reader for our own classes. Its
SHA-256 stands in the store and is checked before it is opened, so that a damaged file is told from
a model; who can write to the lake must be trusted. A lake may be moved: files are found from where
it is now.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import pickle
from pathlib import Path
from typing import Any

import sklearn

from models.risk.estimator import RiskModel
from models.risk.succession import Verdict
from pipelines.refusals import RefusalError

ALIAS = "champion"
CHALLENGER = "challenger"
_FILE = "risk_model.pickle"
# what MLflow says of a model that is not registered, and of one without that alias
_NONE_YET = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def _client(lake: Path) -> tuple[Any, Any]:
    """MLflow itself and a client of the lake's store; imported late, it takes seconds."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # a city's machine calls nobody
    os.environ["DO_NOT_TRACK"] = "true"
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    logging.getLogger("alembic").setLevel(logging.ERROR)
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    import mlflow

    for name in ("mlflow.store.db.utils", "alembic.runtime.migration"):
        logging.getLogger(name).setLevel(logging.ERROR)  # it sets its own level when it loads
    folder = (lake / "mlflow").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    store = folder / "mlflow.db"
    if not store.exists():
        _make_store(mlflow, store)
    mlflow.set_tracking_uri(f"sqlite:///{store}")
    return mlflow, mlflow.MlflowClient()


def _make_store(mlflow: Any, store: Path) -> None:
    """An empty store, which appears whole: one that was killed half made cannot be opened again."""
    partial = store.with_suffix(".new")
    partial.unlink(missing_ok=True)
    mlflow.MlflowClient(f"sqlite:///{partial}").search_registered_models()
    mlflow.MlflowClient(f"sqlite:///{partial}").search_experiments()
    os.replace(partial, store)


def _name(city: str) -> str:
    return f"risk-{city}"


def register(lake: Path, city: str, model: RiskModel, verdict: Verdict | None = None) -> None:
    """Logs the model with its settings, figures, curves and card, and gives it its place.

    Without a verdict it becomes the champion, else as the verdict says; the reason is kept with it.
    A model whose version is registered already, its file unharmed, is not registered again.
    """
    mlflow, client = _client(lake)
    name = _name(city)
    for known in client.search_model_versions(f"name = '{name}'"):
        if known.tags.get("version") == model.version and _intact(lake, known):
            _place(client, name, known.version, verdict)
            return
    experiment = mlflow.get_experiment_by_name(name)
    place = (lake / "mlflow" / "artifacts").absolute().as_uri()
    number = experiment.experiment_id if experiment else mlflow.create_experiment(name, place)
    run = client.create_run(number, run_name=model.version, tags={"version": model.version})
    content = pickle.dumps(model)
    _log(client, run.info.run_id, model)
    _write(_file(lake, run.info.run_id), model, content)
    client.set_terminated(run.info.run_id)
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    made = client.create_model_version(
        name,
        f"{run.info.artifact_uri}/model",
        run.info.run_id,
        tags={
            "version": model.version,
            "sha256": hashlib.sha256(content).hexdigest(),
            "scikit_learn": sklearn.__version__,
        },
    )
    _place(client, name, made.version, verdict)


def _place(client: Any, name: str, version: str, verdict: Verdict | None) -> None:
    """The alias of a version, and why it stands there."""
    told = verdict or Verdict(True, "nothing to compare it with", {})
    aliases = client.get_registered_model(name).aliases
    if str(aliases.get(ALIAS)) == str(version):
        return  # the champion, trained anew on the same content
    if told.promoted and str(aliases.get(CHALLENGER)) == str(version):
        client.delete_registered_model_alias(name, CHALLENGER)
    client.set_registered_model_alias(name, ALIAS if told.promoted else CHALLENGER, version)
    tags = {"promoted": told.promoted, "reason": told.reason, "compared": json.dumps(told.figures)}
    for key, value in tags.items():
        client.set_model_version_tag(name, version, key, str(value))


def verdict_of(lake: Path, city: str, version: str) -> tuple[bool, str] | None:
    """Whether the model of that version was promoted and why; None when it is not registered."""
    _, client = _client(lake)
    for known in client.search_model_versions(f"name = '{_name(city)}'"):
        if known.tags.get("version") == version and "reason" in known.tags:
            return known.tags["promoted"] == "True", known.tags["reason"]
    return None


def champion_or_none(lake: Path, city: str) -> RiskModel | None:
    """The champion to compare a new model with; None also when its file cannot be used any more."""
    try:
        return champion(lake, city)
    except RefusalError:
        return None


def _log(client: Any, run: str, model: RiskModel) -> None:
    for key, value in model.card["settings"].items():
        client.log_param(run, key, value)
    for key, value in model.card.items():
        if isinstance(value, bool | str):
            client.set_tag(run, key, str(value))
        elif isinstance(value, int | float):
            client.log_metric(run, key, value)


def _write(path: Path, model: RiskModel, content: bytes) -> None:
    """The model, its card and its curves, into the run's folder.

    Not through MLflow, which would write to where the lake stood when the store was made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    for name, told in (("card.json", card_of(model)), ("curves.json", model.card["curves"])):
        text = json.dumps(told, ensure_ascii=False, indent=2, default=str)
        (path.parent / name).write_text(text + "\n", encoding="utf-8")


def champion(lake: Path, city: str) -> RiskModel | None:
    """The city's champion, or None when no model was trained yet.

    Raises `RefusalError` when the model's file is gone, was changed, or is of another scikit-learn.
    """
    if not (lake / "mlflow" / "mlflow.db").exists():
        return None
    mlflow, client = _client(lake)
    try:
        known = client.get_model_version_by_alias(_name(city), ALIAS)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code in _NONE_YET:
            return None
        raise
    train = f"train it anew: forewarn train --city {city} --lake {lake} --as-of DATE"
    return _read(lake, known, train)


def model_of_version(lake: Path, city: str, version: str) -> RiskModel:
    """The registered model of that version, champion or not, whatever became of it since.

    Raises `RefusalError` when there is none, or its file is gone, changed, or of another
    scikit-learn.
    """
    if (lake / "mlflow" / "mlflow.db").exists():
        _, client = _client(lake)
        for known in client.search_model_versions(f"name = '{_name(city)}'"):
            if known.tags.get("version") == version:
                return _read(lake, known, "restore the file from a backup of the lake")
    raise RefusalError(
        f"There is no model {version} of {city} in {lake / 'mlflow'}. Restore that folder from a "
        "backup of the lake: what the model said cannot be worked out without it."
    )


def _read(lake: Path, known: Any, remedy: str) -> RiskModel:
    path = _file(lake, known.run_id)
    if not path.is_file():
        raise RefusalError(f"The model's file {path} is missing; restore it, or {remedy}")
    if not _intact(lake, known):
        raise RefusalError(f"The model's file {path} was changed after training; {remedy}")
    if known.tags.get("scikit_learn") != sklearn.__version__:
        raise RefusalError(
            f"The model was trained with scikit-learn {known.tags.get('scikit_learn')}, and this "
            f"is {sklearn.__version__}, which may give other scores; {remedy}"
        )
    model: RiskModel = pickle.loads(path.read_bytes())
    return model


def _file(lake: Path, run: str) -> Path:
    """Where MLflow keeps the files of a run of an experiment with its artifacts in the lake."""
    return lake / "mlflow" / "artifacts" / run / "artifacts" / "model" / _FILE


def _intact(lake: Path, known: Any) -> bool:
    path = _file(lake, known.run_id)
    if not path.is_file():
        return False
    return hashlib.sha256(path.read_bytes()).hexdigest() == known.tags.get("sha256")


def card_of(model: RiskModel) -> dict[str, Any]:
    """The model's card: how it was trained, on what, and how it did on held-out folds."""
    card = {key: value for key, value in model.card.items() if key != "curves"}
    return {"version": model.version, "features": list(model.features), **card}
