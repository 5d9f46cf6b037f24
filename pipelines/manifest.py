"""A run's manifest: all that decided a night's list, and digests of all that it made.

Two digests that are equal mean the same rows, on whichever engine. It stands in the run's row of
`runs` and, with the records behind the list, in the run's record.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.metadata import distributions
from typing import Any

from conf.city import City
from conf.rule_pack import RulePack
from models.risk.estimator import RiskModel
from models.risk.levels import ListPolicy
from models.risk.random_draw import lot_of
from pipelines.lake import Lake
from pipelines.runs import Run, code_version
from pipelines.table_hash import run_hash

FORM = 1
"""The form of a manifest; a later one says how it differs."""


def run_manifest(
    lake: Lake,
    city: City,
    as_of: date,
    run_id: str,
    *,
    pack: RulePack | None,
    model: RiskModel,
    past: Sequence[Run],
    inputs: Sequence[str],
    files: Mapping[str, str],
) -> dict[str, Any]:
    """The manifest of a run whose gold tables stand in the lake.

    `inputs`: ids of the batches known; `past`: the published runs that the list was held against;
    `files`: the SHA-256 of each file of the list by name.
    """
    tables = made_tables(lake, run_id)
    policy = ListPolicy.of_settings(city.model.get("list", {}))
    return {
        "form": FORM,
        "city": city.name,
        "as_of": as_of.isoformat(),
        "code": code_version(),
        "environment": environment(),
        "conf": city.digest,
        "rule_pack": None if pack is None else {"name": pack.name, "version": pack.version},
        "model": model.version,
        "seeds": {"model": model.card["settings"].get("seed"), "lot": lot_of(city.name, as_of, policy)},
        "quiet_days": policy.quiet_days,
        "past_runs": [run.run_id for run in past],
        "inputs": sorted(inputs),
        "input_tables": {name: lake.version("silver", name) for name in lake.tables("silver")},
        "rows": {name: rows for name, (_, rows) in tables.items()},
        "tables": {name: told for name, (told, _) in tables.items()},
        "files": dict(sorted(files.items())),
    }  # fmt: skip


def made_tables(lake: Lake, run_id: str) -> dict[str, tuple[str, int]]:
    """Each gold table of a run, its digest and its rows; a table the run did not touch is absent."""
    found = {name: run_hash(lake, name, run_id) for name in lake.tables("gold")
             if name not in NOT_MADE}  # fmt: skip
    return {name: made for name, made in found.items() if made[1]}


NOT_MADE = ("runs",)
"""Gold tables that tell of runs and are not what a run found."""


@cache
def environment() -> dict[str, str]:
    """What the program runs in: Python, the machine's kind, and a digest of every package."""
    told = {f"{d.metadata['Name']}=={d.version}".lower() for d in distributions()}
    packages = sorted(told - {None})
    return {
        "python": platform.python_version(),
        "machine": f"{sys.platform} {platform.machine()}",
        "packages": hashlib.sha256("\n".join(packages).encode()).hexdigest()[:16],
    }


def manifest_of(run: Run) -> dict[str, Any]:
    """The manifest in a run's row; empty where an older program left none."""
    told: dict[str, Any] = json.loads(run.manifest) if run.manifest else {}
    return told


def differences(one: Mapping[str, Any], two: Mapping[str, Any]) -> list[str]:
    """The names under which two manifests or environments differ, in order."""
    return sorted(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))
