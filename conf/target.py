"""What is predicted, as data: `conf/targets/<name>.yaml` over the stages of `case_label`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from conf.errors import ConfError, did_you_mean, listed
from conf.table import Name, Strict, Table, Text, load_catalogue
from conf.yaml_file import YamlFile, read_yaml, yaml_files

TARGETS_FOLDER = Path(__file__).parent / "targets"


class Target(Strict):
    """One thing to be warned of.

    A subject is positive at a date when it reaches one of `positive_stages` within `horizon_days`
    after it, and reviewed without a finding when it has only `negative_stages`. `official_stages`
    count as the first official action. Between what a training row may see and the stage that
    labels it lie `gap_days`.
    """

    name: Name = Field(alias="target")
    name_zh: Text
    name_en: Text
    label_table: Literal["case_label"] = "case_label"
    positive_stages: Annotated[tuple[Text, ...], Field(min_length=1)]
    negative_stages: tuple[Text, ...] = ()
    official_stages: Annotated[tuple[Text, ...], Field(min_length=1)]
    horizon_days: Annotated[int, Field(ge=1, le=3660)]
    gap_days: Annotated[int, Field(ge=0, le=3660)] = 0
    definition: Text
    path: Path = Path()

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, validate_by_name=True)
    GIVEN_BY_LOADER = frozenset({"path"})


def load_target(
    name: str, catalogue: Mapping[str, Table] | None = None, folder: Path | None = None
) -> Target:
    """Read the target called `name`.

    Args:
        name: the target, which is also its file's name.
        catalogue: the tables its stages are checked against; by default those of forewarn.
        folder: where the target files stand; by default those delivered with forewarn.

    Raises:
        ConfError: there is no such target (with the known ones), or its file is wrong.
    """
    where = TARGETS_FOLDER if folder is None else folder
    path = where / f"{name}.yaml"
    known = [other.stem for other in yaml_files(where)]
    if name not in known:
        message = f"there is no target '{name}'; expected one of {listed(known) or 'none'}"
        raise ConfError(where, None, message + did_you_mean(name, known))
    file = read_yaml(path)
    target = file.build(Target, {"path": path})
    if target.name != name:
        message = f"the target is called '{target.name}' but the file {path.name}; rename one"
        raise file.error(message, "target")
    _check_stages(file, target, load_catalogue() if catalogue is None else catalogue)
    return target


def _check_stages(file: YamlFile, target: Target, catalogue: Mapping[str, Table]) -> None:
    stages = catalogue[target.label_table].columns["stage"].values or ()
    for key in ("positive_stages", "negative_stages", "official_stages"):
        for i, stage in enumerate(getattr(target, key)):
            if stage not in stages:
                message = f"unknown stage '{stage}' in {key}; expected one of {listed(stages)}"
                raise file.error(message + did_you_mean(stage, stages), key, i)
            if key == "negative_stages" and stage in target.positive_stages:
                message = f"the stage '{stage}' is both positive and negative; keep one"
                raise file.error(message, key, i)
