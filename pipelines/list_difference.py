"""What differs between two lists, and because of what: record, time, relation, model, code or others.

Only the firms on either list are looked at. A row that changed has at least one cause; where the
firm's own facts and the program stayed as they were, the others around it moved.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import functions as F

from graphs.declaration import GRAPH_FEATURES
from models.risk.random_draw import week_of
from pipelines.lake import Lake
from pipelines.manifest import differences, manifest_of
from pipelines.past_lists import rows_among
from pipelines.runs import Run, rows_of

SHOWN = ("section", "rank", "level", "probability")
"""The columns of a list's row that are compared."""
MOST = 5
"""Records or features told of one firm; the others are counted."""


@dataclass(frozen=True)
class ChangedRow:
    """A firm whose row differs: what it was, what it is (None: not on the list), and why."""

    subject_id: str
    name: str | None
    then: Mapping[str, Any] | None
    now: Mapping[str, Any] | None
    causes: Sequence[str]


@dataclass(frozen=True)
class ListDifference:
    """Two runs held side by side. `general`: what changed for every firm, in words."""

    one: Run
    two: Run
    general: Sequence[str]
    rows: Sequence[ChangedRow]
    unchanged: int


def list_difference(lake: Lake, one: Run, two: Run, subject: str | None = None) -> ListDifference:
    """Every row that differs between the lists of two published runs, each with its causes."""
    then, now = _rows(lake, one), _rows(lake, two)
    either = sorted(then.keys() | now.keys())
    changed = [s for s in either if _told(then.get(s)) != _told(now.get(s))]
    if subject is not None:
        changed = [s for s in changed if s == subject]
    facts = _changed_features(lake, one, two, changed)
    records = _records_between(lake, one, two, changed)
    general = general_causes(one, two)
    rows = [
        ChangedRow(
            s,
            ((now.get(s) or then.get(s)) or {}).get("name"),
            then.get(s),
            now.get(s),
            causes(then.get(s), now.get(s), records.get(s, ()), facts.get(s, {}), one, two),
        )
        for s in changed
    ]
    return ListDifference(one, two, general, rows, len(either) - len(changed))


def general_causes(one: Run, two: Run) -> list[str]:
    """What is another for every firm: model, rules, code, configuration, environment."""
    told = [
        f"{what}: {before or 'none'} → {after or 'none'}"
        for what, before, after in (
            ("model", one.model_version, two.model_version),
            ("rules", one.rule_pack, two.rule_pack),
            ("code", one.code_version, two.code_version),
            ("configuration", one.conf_digest[:16], two.conf_digest[:16]),
            ("engine", f"{one.engine} {one.engine_version}", f"{two.engine} {two.engine_version}"),
        )
        if before != after
    ]
    first, second = (manifest_of(run).get("environment", {}) for run in (one, two))
    if first and second:
        told += [f"{name}: {first.get(name)} → {second.get(name)}"
                 for name in differences(first, second)]  # fmt: skip
    return told


def causes(
    then: Mapping[str, Any] | None,
    now: Mapping[str, Any] | None,
    records: Sequence[str],
    facts: Mapping[str, tuple[Any, Any]],
    one: Run,
    two: Run,
) -> list[str]:
    """Why one firm's row differs, at least one cause. `facts`: changed features, then and now."""
    told = [f"record {text}" for text in records[:MOST]]
    if len(records) > MOST:
        told.append(f"{len(records) - MOST} more records")
    related = {name: pair for name, pair in facts.items() if name in GRAPH_FEATURES}
    own = {name: pair for name, pair in facts.items() if name not in GRAPH_FEATURES}
    if own and not records:
        why = f"time passed since {one.as_of}" if one.as_of != two.as_of else "its features"
        told.append(f"{why}: {_pairs(own)}")
    if related:
        told.append(f"its relations: {_pairs(related)}")
    told += [f"{what} changed" for what, before, after in (
        ("model", one.model_version, two.model_version),
        ("code", one.code_version, two.code_version),
        ("configuration", one.conf_digest, two.conf_digest),
    ) if before != after]  # fmt: skip
    if any(row is not None and row["section"] == "random" for row in (then, now)):
        weeks = [week_of(run.as_of) for run in (one, two)]
        told.append(f"the lot of the week of {weeks[0]}" + (
            f" and of {weeks[1]}" if weeks[0] != weeks[1] else ""))  # fmt: skip
    return told or ["its own facts did not change: others came, went or moved around it"]


def _told(row: Mapping[str, Any] | None) -> tuple[Any, ...] | None:
    return None if row is None else tuple(row[name] for name in SHOWN)


def _rows(lake: Lake, run: Run) -> dict[str, dict[str, Any]]:
    found = rows_of(lake, "warnings", run).toArrow().to_pylist()
    return {row["subject_id"]: row for row in found}


def _changed_features(
    lake: Lake, one: Run, two: Run, subjects: Sequence[str]
) -> dict[str, dict[str, tuple[Any, Any]]]:
    """The features of each firm that differ, with both values; those of one run alone are None."""
    if not subjects:
        return {}
    before, after = (
        {row["subject_id"]: row for row in
         rows_among(rows_of(lake, "subject_features", run), subjects).toArrow().to_pylist()}
        for run in (one, two)
    )  # fmt: skip
    found = {}
    for subject in subjects:
        first, second = before.get(subject, {}), after.get(subject, {})
        names = (first.keys() | second.keys()) - {"run_id", "as_of", "subject_id"}
        found[subject] = {
            name: (first.get(name), second.get(name))
            for name in sorted(names) if first.get(name) != second.get(name)
        }  # fmt: skip
    return found


def _records_between(
    lake: Lake, one: Run, two: Run, subjects: Sequence[str]
) -> dict[str, list[str]]:
    """The firms' own records that one of two runs knew and the other did not, down to the line."""
    first, second = (set(json.loads(run.inputs)) for run in (one, two))
    apart = sorted(first ^ second)
    if not apart or not subjects:
        return {}
    batches = lake.spark.createDataFrame([(name,) for name in apart], "batch_id string")
    found: dict[str, list[str]] = {}
    for table in lake.tables("silver"):
        rows = lake.read("silver", table)
        if "subject_id" not in rows.columns:
            continue
        fresh = rows_among(rows.join(F.broadcast(batches), "batch_id", "left_semi"), subjects)
        told = fresh.select("subject_id", "op", "file", "line", "batch_id", "known_at").toArrow()
        for row in sorted(told.to_pylist(), key=lambda r: (r["known_at"], r["file"], r["line"])):
            gone = "" if row["batch_id"] in second else ", no longer known"
            text = f"{table} {row['op']}: {row['file']} line {row['line']}{gone}"
            found.setdefault(row["subject_id"], []).append(text)
    return found


def _pairs(facts: Mapping[str, tuple[Any, Any]]) -> str:
    told = [f"{name} {_value(a)} → {_value(b)}" for name, (a, b) in facts.items()
            if not (_long(a) or _long(b))]  # fmt: skip
    more = len(facts) - len(told[:MOST])
    return ", ".join([*told[:MOST], *([f"{more} more"] if more else [])])


def _long(value: Any) -> bool:
    return isinstance(value, str) and len(value) > 40


def _value(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def shown(found: ListDifference) -> Iterable[str]:
    """The difference as lines for a person."""
    one, two = found.one, found.two
    yield f"{one.as_of} ({one.run_id}) → {two.as_of} ({two.run_id})"
    yield (f"{len(found.rows)} rows changed, {found.unchanged} did not. "
           + ("For every firm: " + "; ".join(found.general) if found.general
              else "Model, rules, code and configuration are the same."))  # fmt: skip
    for row in found.rows:
        yield f"{row.name or ''} {row.subject_id}: {_place(row.then)} → {_place(row.now)}"
        yield from (f"    {cause}" for cause in row.causes)


def _place(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "not on the list"
    told = [str(row["section"])]
    told += [f"rank {row['rank']}"] if row["rank"] is not None else []
    told += [str(row["level"])] if row["level"] else []
    told += [f"{row['probability']:.4f}"] if row["probability"] is not None else []
    return " ".join(told)
