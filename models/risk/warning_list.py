"""The ranked list as tables: who is on it, how urgent, why, and what changed since the one before.

`warning_tables` turns the few rows of `ranking.rank_subjects`, with the reasons and the list
published before, into the gold tables `warnings` and `evidence`. Pure and on the driver: the same
rows in any order give the same tables.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from models.risk.change_words import change_words, cleared_words
from models.risk.choosing import RANDOM, WATCHED
from models.risk.levels import ListPolicy, level_of
from models.risk.random_draw import lot_order
from models.risk.ranking import CASE_COLUMNS, LIST, UNDER_CASE
from models.risk.reasons import Reason, backed_elements, behind, departments, record_of
from models.risk.wording import FeatureWords

CLEARED = "cleared"
SECTIONS = (LIST, RANDOM, UNDER_CASE, CLEARED)
#: Between the reasons of one firm in `reasons_zh` and `reasons_en`; no sentence contains them.
SEPARATOR_ZH, SEPARATOR_EN = "；", "; "
DRAWN_ZH = "双随机抽取，与风险高低无关"
DRAWN_EN = "drawn by lot, whatever its risk"

WARNINGS_SCHEMA = pa.schema(
    [
        ("run_id", pa.string()),
        ("as_of", pa.date32()),
        ("rank", pa.int32()),
        ("section", pa.string()),
        ("subject_id", pa.string()),
        ("name", pa.string()),
        ("district", pa.string()),
        ("industry", pa.string()),
        ("probability", pa.float64()),
        ("level", pa.string()),
        ("change", pa.string()),
        ("previous_rank", pa.int32()),
        ("reasons_zh", pa.string()),
        ("reasons_en", pa.string()),
        ("department_count", pa.int32()),
        ("record_count", pa.int32()),
        ("elements", pa.string()),
        ("path_zh", pa.string()),
        ("path_en", pa.string()),
        ("change_cause", pa.string()),
        ("because_of", pa.string()),
        ("change_zh", pa.string()),
        ("change_en", pa.string()),
        ("draw_type", pa.string()),
        ("inclusion_prob", pa.float64()),
        ("draw_seed", pa.string()),
        ("inspector_no", pa.string()),
    ]
)
EVIDENCE_SCHEMA = pa.schema(
    [
        ("run_id", pa.string()),
        ("as_of", pa.date32()),
        ("subject_id", pa.string()),
        ("reason_no", pa.int32()),
        ("feature", pa.string()),
        ("sentence_zh", pa.string()),
        ("sentence_en", pa.string()),
        ("table_name", pa.string()),
        ("source", pa.string()),
        ("source_dept", pa.string()),
        ("source_record_id", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("event_date", pa.date32()),
        ("known_at", pa.date32()),
        ("elements", pa.string()),
    ]
)


@dataclass(frozen=True)
class WarningTables:
    """The gold tables of one list: `warnings` (WARNINGS_SCHEMA), `evidence` (EVIDENCE_SCHEMA)."""

    warnings: pa.Table
    evidence: pa.Table


def warning_tables(
    ranked: pa.Table | Sequence[Mapping[str, Any]],
    reasons: Mapping[str, Sequence[Reason]],
    previous: pa.Table | None,
    run_id: str,
    as_of: date,
    policy: ListPolicy,
    words: Mapping[str, FeatureWords] | None = None,
    paths: Mapping[str, tuple[str, str]] | None = None,
) -> WarningTables:
    """The gold tables `warnings` and `evidence` of one list.

    `ranked`: what `choosing.choose` gives. `reasons`: of every firm in 'list' and 'under_case'.
    `previous`: the `warnings` of the list published before (WARNINGS_SCHEMA), None for the first.
    `words`: of the features, for what changed. `paths`: the way from a known case to a firm, in
    words, of the firms whose reasons speak of one.

    Ranks run through the city, apart in each section, highest margin first; a cleared firm has
    none and keeps the level it had. `change` of a listed firm: new, up, down, same against its
    rank in the same section before. Reasons are joined with `；` and `; `; the first reason of a
    firm under case is the case itself. A firm drawn by lot has no level, no probability and no
    reasons: it was drawn, and nothing speaks against it. Rows stand in the order of the list.
    Raises ValueError for a firm ranked twice, a score that is no number, or a listed firm without
    an entry in `reasons`.
    """
    rows = ranked.to_pylist() if isinstance(ranked, pa.Table) else [dict(row) for row in ranked]
    _check_ranked(rows, reasons)
    before = [] if previous is None else previous.to_pylist()
    words = words or {}
    warned: list[dict[str, Any]] = []
    evidence: list[dict[str, Any]] = []
    for section in (LIST, UNDER_CASE):
        members = sorted(
            (row for row in rows if row["place"] == section),
            key=lambda row: (-row["margin"], row["subject_id"]),
        )
        for rank, row in enumerate(members, start=1):
            said = tuple(reasons[row["subject_id"]])
            if section == UNDER_CASE:
                said = (_case_reason(row), *said)
            made = _warned(row, section, rank, len(members), said, before, policy)
            made["path_zh"], made["path_en"] = (paths or {}).get(row["subject_id"], (None, None))
            made["change_zh"], made["change_en"] = change_words(row, words)
            warned.append(made)
            evidence += _evidence(row["subject_id"], said)
    warned += _drawn(rows, before, words)
    warned += _cleared(rows, before, words, policy)
    stamp = {"run_id": run_id, "as_of": as_of}
    return WarningTables(
        pa.Table.from_pylist([stamp | row for row in warned], WARNINGS_SCHEMA),
        pa.Table.from_pylist([stamp | row for row in evidence], EVIDENCE_SCHEMA),
    )


def list_hash(warnings: pa.Table) -> str:
    """SHA-256 of a list's content, for a replay to compare: every column but `run_id`, in order."""
    digest = hashlib.sha256()
    for row in warnings.select([n for n in WARNINGS_SCHEMA.names if n != "run_id"]).to_pylist():
        line = json.dumps(row, ensure_ascii=False, sort_keys=True, default=str)
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def _check_ranked(rows: Iterable[Mapping[str, Any]], reasons: Mapping[str, Any]) -> None:
    seen = set()
    for row in rows:
        subject_id = row["subject_id"]
        if subject_id in seen:
            raise ValueError(
                f"subject {subject_id} is ranked twice; scores, registration and cases must have "
                "one row a subject"
            )
        seen.add(subject_id)
        for name in ("margin", "probability"):
            if row[name] is None or not math.isfinite(row[name]):
                raise ValueError(
                    f"the {name} of subject {subject_id} is {row[name]}; a finite number is "
                    "expected: score it again before it is ranked"
                )
        if row["place"] in (LIST, UNDER_CASE) and subject_id not in reasons:
            raise ValueError(
                f"subject {subject_id} is to be listed but its reasons were not worked out"
            )


def _warned(
    row: Mapping[str, Any],
    section: str,
    rank: int,
    size: int,
    said: Sequence[Reason],
    before: Sequence[Mapping[str, Any]],
    policy: ListPolicy,
) -> dict[str, Any]:
    past = {
        old["section"]: old["rank"]
        for old in before
        if old["subject_id"] == row["subject_id"] and old["section"] != CLEARED
    }
    change = "new"
    if section in past:
        earlier = past[section]
        change = "same" if earlier == rank else ("up" if rank < earlier else "down")
    return {
        "rank": rank,
        "section": section,
        **{name: row[name] for name in ("subject_id", "name", "district", "industry")},
        "probability": row["probability"],
        "level": level_of(row["probability"], rank, size, said, policy),
        "change": change,
        # one that moves from the list to the cases shows the rank at which it was found
        "previous_rank": past.get(section, past.get(LIST)),
        "reasons_zh": SEPARATOR_ZH.join(reason.sentence_zh for reason in said),
        "reasons_en": SEPARATOR_EN.join(reason.sentence_en for reason in said),
        # whoever only attests that nothing is known does not stand behind the firm's reasons
        "department_count": len(departments(reason for reason in said if reason.is_fact)),
        "record_count": len(
            {(record.file, record.line) for reason in said for record in reason.records}
        ),
        "elements": ",".join(backed_elements(said)),
        **_how_it_came(row),
    }


def _how_it_came(row: Mapping[str, Any]) -> dict[str, Any]:
    named = ("because_of", "draw_type", "inclusion_prob", "draw_seed", "inspector_no")
    return {"change_cause": row.get("cause")} | {name: row.get(name) for name in named}


def _drawn(
    rows: Iterable[Mapping[str, Any]],
    before: Iterable[Mapping[str, Any]],
    words: Mapping[str, FeatureWords],
) -> list[dict[str, Any]]:
    """The firms drawn by lot, district by district in the order of the lot."""
    past = {old["subject_id"]: old["rank"] for old in before if old["section"] == RANDOM}
    members = sorted(
        (row for row in rows if row["place"] == RANDOM),
        key=lambda row: (row["district"], lot_order(row["draw_seed"], row["subject_id"])),
    )
    drawn = []
    for rank, row in enumerate(members, start=1):
        change_zh, change_en = change_words(
            row, words, left=row.get("cause") not in (None, "drawn")
        )
        drawn.append(
            {
                "rank": rank,
                "section": RANDOM,
                **{name: row[name] for name in ("subject_id", "name", "district", "industry")},
                "change": "same" if row["subject_id"] in past else "new",
                "previous_rank": past.get(row["subject_id"]),
                "reasons_zh": DRAWN_ZH,
                "reasons_en": DRAWN_EN,
                "department_count": 0,
                "record_count": 0,
                "change_zh": change_zh,
                "change_en": change_en,
                **_how_it_came(row),
            }
        )
    return drawn


def _cleared(
    rows: Iterable[Mapping[str, Any]],
    before: Iterable[Mapping[str, Any]],
    words: Mapping[str, FeatureWords],
    policy: ListPolicy,
) -> list[dict[str, Any]]:
    now = {row["subject_id"]: row for row in rows}
    cleared = []
    for old in sorted(
        (old for old in before if old["section"] == LIST),
        key=lambda old: (old["rank"], old["subject_id"]),
    ):
        row = now.get(old["subject_id"])
        if row is not None and row["place"] != WATCHED:
            continue
        why_zh, why_en = cleared_words(row, old, words, policy)
        cleared.append(
            {
                "rank": None,
                "section": CLEARED,
                **{name: (row or old)[name] for name in ("name", "district", "industry")},
                "subject_id": old["subject_id"],
                "probability": None if row is None else row["probability"],
                "level": old["level"],
                "change": "cleared",
                "previous_rank": old["rank"],
                "reasons_zh": why_zh,
                "reasons_en": why_en,
                "department_count": 0,
                "record_count": 0,
                "change_cause": "not_registered" if row is None else row.get("cause"),
                "because_of": None if row is None else row.get("because_of"),
                "change_zh": why_zh,
                "change_en": why_en,
            }
        )
    return cleared


def _case_reason(row: Mapping[str, Any]) -> Reason:
    named = {name: row[to] for name, to in CASE_COLUMNS.items()}
    records = (record_of({**named, "table_name": "case_label"}),)
    end_zh, end_en = behind(records, own=True, missing=False)
    return Reason(
        subject_id=row["subject_id"],
        theme="case",
        feature="case_label",
        value=row["case_stage"],
        contribution=0.0,
        sentence_zh=f"已进入办案程序：{row['case_stage']}，{row['case_date']}{end_zh}",
        sentence_en=f"already under case since {row['case_date']}{end_en}",
        own=True,
        records=records,
    )


def _evidence(subject_id: str, said: Sequence[Reason]) -> list[dict[str, Any]]:
    rows = []
    for number, reason in enumerate(said, start=1):
        head = {
            "subject_id": subject_id,
            "reason_no": number,
            "feature": reason.feature,
            "sentence_zh": reason.sentence_zh,
            "sentence_en": reason.sentence_en,
            "elements": ",".join(reason.elements),
        }
        # a reason without a record keeps one row, so that the evidence alone tells all reasons
        rows += [head | vars(record) for record in reason.records] or [head]
    return rows
