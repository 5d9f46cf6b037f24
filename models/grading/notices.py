"""对轻微违法或有失信倾向的企业，及时发出预警信息: the gentle list, beside the list of enforcement.

A notice is a word of advice to the firm and never the ground of an inspection. Whoever has a severe
verdict, stands on the list of enforcement or is under case gets none: that is no light case.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.consequence_kinds import Notice
from conf.rule_pack import RulePack
from models.grading.frames import (
    Known,
    counted,
    fulfils,
    holds_on,
    no_records,
    origin,
    say,
    spread,
    union_all,
    verdicts_of_rules,
)
from models.grading.trace import Judged, records, verdict_id, verdicts
from models.risk.ranking import official_cases

NOTICE = "notice"
NOTICE_OWN = ("advice_zh", "advice_en", "recipient")
"""The own columns: the advice, and to whom it goes."""


def notices(
    known: Known,
    judged: Sequence[DataFrame],
    listed: DataFrame,
    pack: RulePack,
    as_of: datetime.date,
) -> Judged:
    """The notices of a day: one row a subject and notice whose records are at least so many.

    Args:
        known: the tables as known on the day; one that is absent gives no notice.
        judged: verdicts of any families (subject_id, severity, holds_from, holds_to).
        listed: subject_id of those on the list of enforcement.
        pack: whose `notices` say what earns one.
        as_of: the day.

    Returns:
        Verdicts of family 'notice': rule the notice's name, value how many records, no severity,
        held from the day on; then `NOTICE_OWN`. Records: those counted. Nobody who has a verdict
        severer than `most_severe` on the day, is `listed`, or is under case (立案 or later).
    """
    excluded = _excluded(known, judged, listed, pack.notices.most_severe, as_of)
    by_table = _by_table(pack.notices.notices.values())
    told = {
        table: _told(known[table], found, excluded, pack, as_of)
        for table, found in by_table.items()
        if table in known
    }
    if not told:
        return _nothing(listed, pack)
    rows = union_all(told.values())

    def behind(kept: DataFrame) -> DataFrame:
        return union_all(
            _records(table, known[table], kept, by_table[table], as_of) for table in told
        )

    return Judged(verdicts_of_rules(rows, family=NOTICE, key=[], pack=pack, own=NOTICE_OWN), behind)


def _by_table(found: Iterable[Notice]) -> dict[str, list[Notice]]:
    by_table: dict[str, list[Notice]] = {}
    for notice in found:
        by_table.setdefault(notice.table, []).append(notice)
    return dict(sorted(by_table.items()))


def _excluded(
    known: Known,
    judged: Sequence[DataFrame],
    listed: DataFrame,
    most_severe: int,
    as_of: datetime.date,
) -> DataFrame:
    """subject_id of those whose case is no light one."""
    severe = (F.col("severity") > most_severe) & holds_on(as_of)
    frames = [listed, *(found.where(severe) for found in judged)]
    if "case_label" in known:
        frames.append(official_cases(known["case_label"]))
    return union_all(frame.select("subject_id") for frame in frames).distinct()


def _counts(notice: Notice, as_of: datetime.date) -> Column:
    """Whether a record counts for the notice: it looks back, or ahead at a date to come."""
    met = fulfils(notice.where, notice.months, as_of)
    if notice.ahead is None or notice.ahead_days is None:
        return met
    last = as_of + datetime.timedelta(days=notice.ahead_days)
    coming = F.col(notice.ahead).between(F.lit(as_of), F.lit(last))
    return met & F.coalesce(coming, F.lit(False))


def _told(
    table: DataFrame,
    found: Sequence[Notice],
    excluded: DataFrame,
    pack: RulePack,
    as_of: datetime.date,
) -> DataFrame:
    """The notices of one table, from one pass over it."""
    counts = counted(table, {notice.name: _counts(notice, as_of) for notice in found})
    counts = counts.join(excluded, "subject_id", "left_anti")
    cases = [(F.col(n.name) >= n.least, _notice(n, pack, as_of)) for n in found]
    return spread(counts, cases).withColumn("holds_from", F.lit(as_of))


def _notice(notice: Notice, pack: RulePack, as_of: datetime.date) -> dict[str, Column]:
    """The columns of the notice's verdict, over how many records count."""
    count = F.col(notice.name)
    sum_zh, sum_en = _words(notice, count, as_of)
    return {
        "rule": F.lit(notice.name),
        "value": count.cast("string"),
        "sum_zh": sum_zh,
        "sum_en": sum_en,
        "advice_zh": F.lit(notice.advice_zh),
        "advice_en": F.lit(notice.advice_en),
        "recipient": F.lit(notice.recipient),
        **origin(notice, pack),
    }


def _words(notice: Notice, count: Column, as_of: datetime.date) -> tuple[Column, Column]:
    """`多次逾期申报：2023-07-01至2024-06-30共3条（2条起提醒）`."""
    first: Column | datetime.date = as_of
    last: Column | datetime.date = as_of
    if notice.months is not None:
        first = F.date_add(F.add_months(F.lit(as_of), -notice.months), 1)
    if notice.ahead_days is not None:
        last = as_of + datetime.timedelta(days=notice.ahead_days)
    zh = say(notice.zh, "：", first, "至", last, "共", count, f"条（{notice.least}条起提醒）")
    en = say(notice.en, ": ", count, " from ", first, " to ", last, f" (told from {notice.least})")
    return zh, en


def _records(
    name: str, table: DataFrame, told: DataFrame, found: Sequence[Notice], as_of: datetime.date
) -> DataFrame:
    """The records of one table that its notices count."""
    rules = F.array(*(F.when(_counts(n, as_of), F.lit(n.name)) for n in found))
    rows = (
        table.withColumn("rule", F.explode(rules))
        .where(F.col("rule").isNotNull())
        .join(told.select("subject_id", "rule"), ["subject_id", "rule"], "left_semi")
        .withColumn("verdict_id", verdict_id(NOTICE, F.col("rule"), []))
    )
    return records(rows, name)


def _nothing(beside: DataFrame, pack: RulePack) -> Judged:
    """No notice, with all columns."""
    schema = "subject_id string, value string, sum_zh string, sum_en string, "
    schema += ", ".join(f"{name} string" for name in NOTICE_OWN)
    empty = beside.sparkSession.createDataFrame([], schema)
    found = verdicts(
        empty, family=NOTICE, rule=NOTICE, key=[], pack=pack,
        sourced=next(iter(pack.notices.notices.values())), own=NOTICE_OWN,
    )  # fmt: skip
    return Judged(found, no_records(beside))
