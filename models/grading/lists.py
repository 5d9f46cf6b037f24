"""名录 and 名单: who is on which list on a day, and who might have to be, for a person to check.

States come from decisions only (`list_event`); candidates come from the other data and are never a
decision. Either is a verdict of family `list`.
"""

from __future__ import annotations

import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.rule_kinds import ListRule, Situation
from conf.rule_pack import RulePack
from features.as_of import latest_by_key
from features.repairs import latest_objections
from models.grading.frames import Known, no_records, origin, say, union_all, verdicts_of_rules
from models.grading.known import RECORD, state
from models.grading.list_situations import (
    COMPARED,
    Found,
    escalation,
    figures_disagree,
    no_annual_report,
    points_locked,
    unreachable,
)
from models.grading.list_stays import (
    EXITED,
    LISTED,
    NO_END,
    list_events,
    period_end,
    stays,
)
from models.grading.trace import Judged, records, verdict_id
from models.grading.wording import chosen, joined, with_origin

LIST = "list"
LIST_OWN = {
    "of_list": "string",
    "ended_by": "string",
    "earliest_exit": "date",
    "shown": "boolean",
    "remedy": "string",
    "days_since_paid": "bigint",
}
"""The own columns of every verdict of family `list`, NULL where one has no such thing.

of_list: the list. ended_by: what ended the stay, `exit` (a decision) or `lapse` (its time was up).
earliest_exit: the first day on which a repair may end the stay before its time. shown: whether the
entry is shown to the public. remedy: `under_objection` while an objection against an entry is open;
both stand until it is decided. days_since_paid: of an exit control whose arrears are paid.
"""

CANDIDATE = "candidate"
ESCALATION = "escalation"
CANDIDATE_ROW = (
    "subject_id string, about string, rule string, of_list string, holds_from date, "
    "sum_zh string, sum_en string, standing string, citation string"
)
GONE = ("注销", "迁出")
"""Registered states under which nobody becomes a candidate any more."""

OBJECTION = {
    "subject_id": "string",
    "objection_no": "string",
    "target_table": "string",
    "target_record_id": "string",
    "state": "string",
    "state_date": "date",
}


def list_states(known: Known, as_of: datetime.date, pack: RulePack) -> Judged:
    """The state of every subject on every list of which it has a record.

    Family `list`; rule the list's name; one row a subject and list. Values:

    - `listed`: on the list that day, from `holds_from` to `holds_to` (NULL: until an exit).
    - `exited`: no longer; `holds_from` and `holds_to` are those of the last stay. `holds_to` is
      before `holds_from` when the exit came on the day of entry: it held on no day.
    - `exit_without_entry`: exits are known, and no entry before them.
    - `undated`: records are known, and none with a date.

    `models.grading.list_stays` says how the days are read. Only `listed` has a severity. A list
    without a rule in the pack holds until an exit and has none. The sum replays every event.
    Own columns: `LIST_OWN`. Records: all entries and exits, and the objections that are open.
    """
    events = list_events(known, as_of)
    rules, name = pack.lists.lists, F.col("list_type")
    found = stays(events, as_of, pack).join(
        _open_objections(known, events, as_of), ["subject_id", "list_type"], "left"
    )
    listed = F.col("value") == LISTED
    rows = _with_remedies(found, rules, as_of).select(
        "subject_id",
        name.alias("rule"),
        name.alias("of_list"),
        "value",
        F.when(listed, chosen(name, {n: r.severity for n, r in rules.items()})).alias("severity"),
        F.col("first_day").alias("holds_from"),
        F.col("last_day").alias("holds_to"),
        _ended_by().alias("ended_by"),
        "earliest_exit",
        _shown(rules).alias("shown"),
        F.when(F.col("objections_zh").isNotNull(), F.lit("under_objection")).alias("remedy"),
        F.lit(None).cast("bigint").alias("days_since_paid"),
        F.concat_ws("；", "told_zh", _verdict_words(as_of, "zh"), "objections_zh").alias("sum_zh"),
        F.concat_ws("; ", "told_en", _verdict_words(as_of, "en"), "objections_en").alias("sum_en"),
    )
    rows = with_origin(rows, F.col("rule"), rules, pack)
    made = verdicts_of_rules(rows, family=LIST, key=(), pack=pack, own=tuple(LIST_OWN))
    behind = [records(_keyed(events), "list_event")]
    if "objection" in known:
        behind.append(records(_keyed(_objected(known, events, as_of)), "objection"))
    return Judged(made, union_all(behind))


def _keyed(rows: DataFrame) -> DataFrame:
    return rows.withColumn("verdict_id", verdict_id(LIST, F.col("list_type"), ()))


def _objected(known: Known, events: DataFrame, as_of: datetime.date) -> DataFrame:
    """The open objections against entries, each with the list of the entry."""
    latest = latest_objections(state(known, "objection", OBJECTION), as_of)
    still = latest.where((F.col("state") == "受理") & (F.col("target_table") == "list_event"))
    entries = events.where(F.col("direction") == "in").select(
        F.col("subject_id").alias("entered"),
        "list_type",
        F.col("source_record_id").alias("entry_id"),
    )
    # Two sources may share a record id: the objection is one all the same.
    own = (F.col("subject_id") == F.col("entered")) & (
        F.col("target_record_id") == F.col("entry_id")
    )
    columns = ("subject_id", "objection_no", "state_date", *(n for n, _ in RECORD))
    return still.join(entries.distinct(), own).select("list_type", *columns)


def _open_objections(known: Known, events: DataFrame, as_of: datetime.date) -> DataFrame:
    """subject_id, list_type, and the open objections in words."""
    number, since = F.col("objection_no"), F.col("state_date")
    zh = say("异议", number, "自", since, "受理，尚未办结，列入照计")
    en = say("objection ", number, " open since ", since, ", the entry stands meanwhile")
    order = (since, number)
    return (
        _objected(known, events, as_of)
        .groupBy("subject_id", "list_type")
        .agg(
            joined("objections_zh", zh, "；", *order),
            joined("objections_en", en, "; ", *order),
        )
    )


def _with_remedies(found: DataFrame, rules: dict[str, ListRule], as_of: datetime.date) -> DataFrame:
    """Adds `earliest_exit`: the day after the months that a repair must wait for."""
    waits = {n: r.early_exit_months for n, r in rules.items() if r.early_exit_months is not None}
    earliest = chosen(
        F.col("list_type"),
        {n: F.date_add(period_end(F.col("first_day"), m), 1) for n, m in waits.items()},
    ).cast("date")
    # A stay that is over before has no early exit any more.
    in_time = earliest <= F.coalesce(F.col("last_day"), F.lit(NO_END))
    early = F.coalesce(F.col("exit_day") < earliest, F.lit(False))
    return found.withColumn(
        "earliest_exit", F.when(early | ((F.col("value") == LISTED) & in_time), earliest)
    )


def _ended_by() -> Column:
    by_exit = F.when(F.col("exit_day").isNotNull(), F.lit("exit")).otherwise(F.lit("lapse"))
    return F.when(F.col("value") == EXITED, by_exit)


def _shown(rules: dict[str, ListRule]) -> Column:
    hides = chosen(F.col("list_type"), {n: r.hides_after_exit for n, r in rules.items()}, False)
    return F.when(F.col("value") == LISTED, F.lit(True)).when(F.col("value") == EXITED, ~hides)


def _verdict_words(as_of: datetime.date, language: str) -> Column:
    """How the day stands to the stay, and from when a repair may end it."""
    zh = language == "zh"
    first, last, earliest = F.col("first_day"), F.col("last_day"), F.col("earliest_exit")
    until = F.when(last.isNotNull(), say("至" if zh else " to ", last)).otherwise(
        F.lit("，至移出为止" if zh else " until an exit")
    )
    on = say(f"{as_of}在列：自" if zh else f"listed on {as_of}: from ", first, until)
    off = say(
        f"{as_of}已不在列：最后一日" if zh else f"no longer listed on {as_of}: last day ", last
    )
    may = say("；可提前移出之日" if zh else "; may leave early from ", earliest)
    before = say(
        "，移出早于" if zh else ", left before ",
        earliest,
        "，以决定为准" if zh else ", by decision",
    )
    nothing = F.lit("")
    return (
        F.when(
            F.col("value") == LISTED,
            F.concat(on, F.when(earliest.isNotNull(), may).otherwise(nothing)),
        )
        .when(
            F.col("value") == EXITED,
            F.concat(off, F.when(earliest.isNotNull(), before).otherwise(nothing)),
        )
        .otherwise(F.lit("无从确定是否在列" if zh else "whether it is listed cannot be told"))
    )


def list_candidates(
    known: Known,
    as_of: datetime.date,
    pack: RulePack,
    points_locks: DataFrame | None,
    points_records: DataFrame | None = None,
) -> Judged:
    """Who might have to be on a list, as the data have it: to be checked by a person.

    Family `list`, value `candidate`, no severity; rule the situation's name (`escalation` for one
    who stayed too long on another list). `models.grading.list_situations` says what each finds.
    Whoever is on that list already, or is deregistered or moved away, is no candidate for it.

    Args:
        known: known states.
        as_of: the day they belong to.
        pack: whose `lists` say which situations lead where.
        points_locks: verdicts of family `points`, for `points_locked`; None without any.
        points_records: the records behind those, to stand behind the candidates too.

    Returns:
        Own columns: `LIST_OWN`. Records: those that the finding rests on.
    """
    events = list_events(known, as_of)
    found = stays(events, as_of, pack)

    def parts_over(compared: Known) -> list[Found]:
        parts = _situations(known, compared, as_of, pack, points_locks, points_records)
        for rule in pack.lists.lists.values():
            if rule.escalates_to is not None:
                longer = escalation(found, events, rule, as_of)
                parts.append(_named(longer, rule, ESCALATION, rule.escalates_to, pack))
        return parts

    parts = parts_over(known)
    if not parts:
        return _nothing(events, pack)
    on_it = found.where(F.col("value") == LISTED).select(
        "subject_id", F.col("list_type").alias("of_list")
    )
    rows = union_all(part.rows for part in parts)
    rows = rows.join(on_it, ["subject_id", "of_list"], "left_anti")
    if "registration" in known:
        firms = latest_by_key(known["registration"], ["subject_id"])
        gone = firms.where(F.col("status").isin(*GONE)).select("subject_id")
        rows = rows.join(gone, "subject_id", "left_anti")

    def behind(kept: DataFrame) -> DataFrame:
        candidates = kept.where(F.col("value") == CANDIDATE).select("verdict_id", "subject_id")
        # who is compared with himself alone needs only his own figures
        narrowed = {t: _of_subjects(known[t], candidates) for t in COMPARED if t in known}
        told = [
            records(frame, table)
            for part in parts_over(narrowed)
            for table, frame in part.behind.items()
        ]
        if not told:
            return no_records(kept)
        return union_all(told).join(candidates.select("verdict_id"), "verdict_id", "left_semi")

    return Judged(_candidates(rows, pack), behind)


def _of_subjects(rows: DataFrame, subjects: DataFrame) -> DataFrame:
    return rows.join(subjects.select("subject_id").distinct(), "subject_id", "left_semi")


def _situations(
    known: Known,
    compared: Known,
    as_of: datetime.date,
    pack: RulePack,
    points_locks: DataFrame | None,
    points_records: DataFrame | None,
) -> list[Found]:
    """What every situation of the pack finds, named and worded; `compared` has `COMPARED`."""
    parts = []
    for name, situation in pack.lists.situations.items():
        found = {
            "no_annual_report": lambda s: no_annual_report(known, as_of, s),
            "unreachable": lambda s: unreachable(known, as_of),
            "figures_disagree": lambda s: figures_disagree(compared, s),
            "points_locked": lambda s: points_locked(points_locks, points_records, as_of),
        }[situation.kind](situation)
        if found is not None:
            parts.append(_named(found, situation, name, situation.of_list, pack))
    return parts


def _named(
    found: Found, sourced: ListRule | Situation, rule: str, of_list: str, pack: RulePack
) -> Found:
    """What was found as `CANDIDATE_ROW`, its records with the verdict's id."""
    known_list = pack.lists.lists[of_list]
    start_zh, start_en = "", ""
    if isinstance(sourced, Situation):
        start_zh, start_en = f"{sourced.zh}：", f"{sourced.en}: "
    rows = found.rows.select(
        "subject_id",
        "about",
        F.lit(rule).alias("rule"),
        F.lit(of_list).alias("of_list"),
        "holds_from",
        say(start_zh, F.col("told_zh"), f"；{known_list.zh}候选，需人工核实").alias("sum_zh"),
        say(
            start_en, F.col("told_en"), f"; {known_list.en}: candidate, to be checked by a person"
        ).alias("sum_en"),
        *(column.alias(name) for name, column in origin(sourced, pack).items()),
    )
    key = verdict_id(LIST, F.lit(rule), (F.lit(of_list), "about"))
    return Found(
        rows, {t: frame.withColumn("verdict_id", key) for t, frame in found.behind.items()}
    )


def _candidates(rows: DataFrame, pack: RulePack) -> DataFrame:
    rows = rows.withColumn("value", F.lit(CANDIDATE))
    for name, kind in LIST_OWN.items():
        if name not in rows.columns:
            rows = rows.withColumn(name, F.lit(None).cast(kind))
    key = ("of_list", "about")
    return verdicts_of_rules(rows, family=LIST, key=key, pack=pack, own=tuple(LIST_OWN))


def _nothing(beside: DataFrame, pack: RulePack) -> Judged:
    """No candidate, with the columns of candidates."""
    rows = beside.sparkSession.createDataFrame([], CANDIDATE_ROW)
    return Judged(_candidates(rows, pack), no_records(beside))
