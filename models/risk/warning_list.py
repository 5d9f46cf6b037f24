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

from models.risk.levels import ListPolicy, level_of
from models.risk.ranking import CASE_COLUMNS, LIST, NOT_LISTED, UNDER_CASE, WATCHED
from models.risk.reasons import Reason, behind, departments, record_of

CLEARED = "cleared"
SECTIONS = (LIST, UNDER_CASE, CLEARED)
#: Between the reasons of one firm in `reasons_zh` and `reasons_en`; no sentence contains them.
SEPARATOR_ZH, SEPARATOR_EN = "；", "; "

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
    ]
)


@dataclass(frozen=True)
class WarningTables:
    """The gold tables of one list: `warnings` (WARNINGS_SCHEMA), `evidence` (EVIDENCE_SCHEMA)."""

    warnings: pa.Table
    evidence: pa.Table


def warning_tables(
    ranked: pa.Table,
    reasons: Mapping[str, Sequence[Reason]],
    previous: pa.Table | None,
    run_id: str,
    as_of: date,
    policy: ListPolicy,
) -> WarningTables:
    """The gold tables `warnings` and `evidence` of one list.

    `ranked`: what `rank_subjects` gives. `reasons`: of every firm in 'list' and 'under_case'.
    `previous`: the `warnings` of the list published before (WARNINGS_SCHEMA), None for the first.

    Ranks run through the city, apart in each section, highest margin first; a cleared firm has
    none and keeps the level it had. `change` of a listed firm: new, up, down, same against its
    rank in the same section before. Reasons are joined with `；` and `; `; the first reason of a
    firm under case is the case itself. Rows stand in the order of the list. Raises ValueError for
    a firm ranked twice, a score that is no number, or a listed firm without an entry in `reasons`.
    """
    rows = ranked.to_pylist()
    _check_ranked(rows, reasons)
    before = [] if previous is None else previous.to_pylist()
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
            warned.append(_warned(row, section, rank, len(members), said, before, policy))
            evidence += _evidence(row["subject_id"], said)
    warned += _cleared(rows, before)
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
        if row["place"] != WATCHED and subject_id not in reasons:
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
        "department_count": len(departments(said)),
        "record_count": len(
            {(record.file, record.line) for reason in said for record in reason.records}
        ),
    }


def _cleared(
    rows: Iterable[Mapping[str, Any]], before: Iterable[Mapping[str, Any]]
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
        why_zh, why_en = _why_cleared(row, old)
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
            }
        )
    return cleared


def _why_cleared(row: Mapping[str, Any] | None, old: Mapping[str, Any]) -> tuple[str, str]:
    if row is None:
        return "本期登记资料中没有该主体", "no longer among the registered subjects"
    if row["case_stage"] is not None:
        return (
            f"已{row['case_stage']}（{row['case_date']}），不再占用检查名额",
            f"under case since {row['case_date']}, takes no place of the list",
        )
    if row["status"] in NOT_LISTED:
        return f"登记状态变为{row['status']}", f"registration status is now {row['status']}"
    then, now = old["probability"], row["probability"]
    moved_zh = f"概率由 {then:.1%} 变为 {now:.1%}"
    moved_en = f"probability went from {then:.1%} to {now:.1%}"
    return (
        f"{moved_zh}，本区现列第 {row['position']} 位，本周检查能力 {row['inspections']} 家",
        f"{moved_en}, now number {row['position']} of its district, which can inspect "
        f"{row['inspections']} this week",
    )


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
        }
        # a reason without a record keeps one row, so that the evidence alone tells all reasons
        rows += [head | vars(record) for record in reason.records] or [head]
    return rows
