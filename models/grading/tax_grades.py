"""The tax authority's grades, year by year, and what a bad one brings about in later years.

No grade is computed: the authority's stand as issued, and the pack's `retention` says where an
earlier year's bad grade stays, or bars a good one. How it reaches other firms is in `carried_grades`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from conf.rule_kinds import Retention
from conf.rule_pack import RulePack
from models.grading.frames import holds_on
from models.grading.known import GRADE, RECORD, last_of, state
from models.grading.trace import Judged, records, verdict_id, verdicts
from models.grading.wording import chosen, day_text

FAMILY = "grade"
RETENTION = "tax_retention"

_YEAR = r"^\s*([0-9]{4})\s*(年度?)?\s*$"


def grades_by_year(known: Mapping[str, DataFrame], as_of: date, pack: RulePack) -> DataFrame:
    """The grade issued to each subject for each year, begun by the day.

    Of several for one year (a correction, a new judgement) the one that began last stands, of those
    the one that came last. A period that is no year, or a grade without `valid_from`, is left out.

    Returns:
        `subject_id, year` (INT), `issued, basis, valid_from, valid_to`, the record's columns.
    """
    grades = state(known, "grade", GRADE)
    year = F.regexp_extract("period", _YEAR, 1)
    of_scheme = F.col("scheme") == pack.tax_grade.scheme
    begun = F.col("valid_from") <= F.lit(as_of)
    told = grades.where(of_scheme & begun & F.col("period").rlike(_YEAR)).select(
        "subject_id",
        year.cast("int").alias("year"),
        F.col("grade").alias("issued"),
        "basis", "valid_from", "valid_to",
        *(name for name, _ in RECORD),
    )  # fmt: skip
    return last_of(told, ("subject_id", "year"), "valid_from")


def standing_tax_grades(known: Mapping[str, DataFrame], as_of: date, pack: RulePack) -> DataFrame:
    """What stands for each subject and year once the pack's retention has spoken.

    A year is there when a grade was issued for it, or when an earlier bad grade reaches it, also
    when it lies ahead of the day. A kept grade never replaces a severer one.

    Returns:
        `subject_id, year` (INT); `issued` (NULL: none); `standing` (NULL: none, and none is kept);
        `severity` of what stands (INT); `kept_from`, the year whose grade stays (NULL unless that
        decides); `barred_by`, the year on whose account the year may not have the barred grade
        (NULL unless it is so); `holds_from`, `holds_to`: the days on which the year's grade is the
        one in force, disjoint within a subject: from when it was issued, else from the year's day
        counted from the bad grade's first, until the grade ends or the next year's begins.
    """
    years = graded_years(grades_by_year(known, as_of, pack), pack)
    return years.select(
        "subject_id", "year", "issued", "standing", "severity", "kept_from", "barred_by",
        "holds_from", "holds_to",
    )  # fmt: skip


def graded_years(issued: DataFrame, pack: RulePack) -> DataFrame:
    """`standing_tax_grades` of `grades_by_year`, with what else the year's own grade says.

    Returns:
        The columns of `standing_tax_grades`, `valid_from`, `valid_to` and the record's columns of
        the year's own grade (NULL where none was issued), and `kept_to`: the last day of that grade
        with its retention (of a grade that is not kept, its own last day).
    """
    rule = pack.tax_grade.retention
    return _dated(_constrained(_reached_years(issued, rule), pack), rule)


def _bad(rule: Retention) -> Column:
    """Whether a grade of `grades_by_year` is one that is kept and bars."""
    bad = F.coalesce(F.col("issued") == rule.grade, F.lit(False))
    if not rule.not_kept_when_basis:
        return bad
    excluded = F.col("basis").isin(*rule.not_kept_when_basis)
    return bad & ~F.coalesce(excluded, F.lit(False))


def _reached_years(issued: DataFrame, rule: Retention) -> DataFrame:
    """One row for each subject and year that has a grade or is reached by an earlier bad one.

    Its own grade's columns (NULL without one), `bad`, and `kept_from`, `barred_by` (the last year
    that does so) with their first days `kept_since`, `barred_since`.
    """
    last = F.when(_bad(rule), rule.keep_years + rule.barred_years - 1).otherwise(0)
    reached = issued.withColumn("bad", _bad(rule)).withColumn(
        "offset", F.explode(F.sequence(F.lit(0), last))
    )
    offset, own = F.col("offset"), F.col("offset") == 0
    keeps, bars = (offset > 0) & (offset < rule.keep_years), (offset > 0)
    bars = bars & (offset >= rule.keep_years)
    # Four digits and a date sort as texts, so that one aggregate finds the year and its first day.
    source = F.concat_ws("|", F.col("year").cast("string"), day_text(F.col("valid_from")))
    of_grade = [name for name in issued.columns if name not in ("subject_id", "year")]
    found = reached.groupBy("subject_id", (F.col("year") + offset).cast("int").alias("year")).agg(
        *(F.max(F.when(own, F.col(name))).alias(name) for name in (*of_grade, "bad")),
        F.max(F.when(keeps, source)).alias("kept"),
        F.max(F.when(bars, source)).alias("barred"),
    )
    year, day = (1, 4), (6, 10)
    return found.select(
        "subject_id", "year", *of_grade,
        F.coalesce("bad", F.lit(False)).alias("bad"),
        F.substring("kept", *year).cast("int").alias("kept_from"),
        F.substring("kept", *day).cast("date").alias("kept_since"),
        F.substring("barred", *year).cast("int").alias("barred_by"),
        F.substring("barred", *day).cast("date").alias("barred_since"),
    )  # fmt: skip


def _constrained(years: DataFrame, pack: RulePack) -> DataFrame:
    """The years with `standing` and `severity`; `kept_from` and `barred_by` only where they bind."""
    rule, scheme = pack.tax_grade.retention, pack.grades.schemes[pack.tax_grade.scheme]
    severities = dict(zip(scheme.values, scheme.severity, strict=True))
    issued = F.col("issued")
    severer = F.coalesce(chosen(issued, severities) > severities[rule.grade], F.lit(False))
    same = F.coalesce(issued == rule.grade, F.lit(False))
    keeps = F.col("kept_from").isNotNull() & ~severer
    bars = F.col("barred_by").isNotNull() & ~keeps
    standing = F.when(keeps, F.lit(rule.grade))
    standing = standing.when(bars & (issued == rule.barred), F.lit(rule.instead)).otherwise(issued)
    decides = {
        "kept_from": F.when(keeps & ~same, F.col("kept_from")),
        "barred_by": F.when(bars, F.col("barred_by")),
        "source_year": F.coalesce("kept_from", "barred_by"),
        "source_since": F.coalesce("kept_since", "barred_since"),
        "standing": standing,
    }
    rest = [name for name in years.columns if name not in decides]
    found = years.select(*rest, *(column.alias(name) for name, column in decides.items()))
    return found.withColumn("severity", chosen(F.col("standing"), severities).cast("int"))


def _dated(years: DataFrame, rule: Retention) -> DataFrame:
    """The years with their days, cut where the next begins, and `kept_to`."""
    after = ((F.col("year") - F.col("source_year")) * 12).cast("int")
    begins = F.coalesce("valid_from", F.add_months("source_since", after))
    own_end = F.date_sub(F.add_months("source_since", after + 12), 1)
    ends = F.when(F.col("valid_from").isNotNull(), F.col("valid_to")).otherwise(own_end)
    of_subject = Window.partitionBy("subject_id")
    next_begins = F.lead("holds_from").over(of_subject.orderBy("holds_from", "year"))
    dated = years.withColumn("holds_from", begins).withColumn("ends", ends)
    dated = dated.withColumn("holds_to", F.least("ends", F.date_sub(next_begins, 1)))
    # A bad grade's later years are all there, one a row.
    last_kept = F.lead("holds_to", rule.keep_years - 1).over(of_subject.orderBy("year"))
    kept_to = F.when(F.col("bad"), last_kept).otherwise(F.col("holds_to"))
    return dated.withColumn("kept_to", kept_to)


def retained_tax_grades(known: Mapping[str, DataFrame], as_of: date, pack: RulePack) -> Judged:
    """Subjects whose tax grade of the day an earlier year's grade decides.

    Family `grade`, rule `tax_retention`, value = the grade that stands, held on the days of
    `standing_tax_grades`. There is none where the issued grade stands as it is, and none for a
    barred year without a grade. Own columns: `year, issued, kept_from, barred_by`. Records: the
    earlier year's grade, and the year's own if there is one.
    """
    rule = pack.tax_grade.retention
    years = standing_tax_grades(known, as_of, pack)
    decided = F.col("kept_from").isNotNull()
    decided = decided | (F.col("barred_by").isNotNull() & (F.col("issued") == rule.barred))
    rows = years.where(holds_on(as_of) & decided).withColumn("value", F.col("standing"))
    rows = rows.withColumn("sum_zh", _sum_zh(rule)).withColumn("sum_en", _sum_en(rule))
    own = ("year", "issued", "kept_from", "barred_by")
    made = verdicts(
        rows, family=FAMILY, rule=RETENTION, key=("year",), pack=pack, sourced=rule, own=own
    )
    of_years = F.array("year", "kept_from", "barred_by")
    behind = rows.select(
        "subject_id",
        verdict_id(FAMILY, F.lit(RETENTION), ("year",)).alias("verdict_id"),
        F.explode(of_years).alias("year"),
    )
    issued = grades_by_year(known, as_of, pack)
    return Judged(made, records(behind.join(issued, ["subject_id", "year"]), "grade"))


def _year_text(year: Column) -> Column:
    return year.cast("string")


def _sum_zh(rule: Retention) -> Column:
    year, kept, barred = F.col("year"), F.col("kept_from"), F.col("barred_by")
    issued = F.concat(_year_text(year), F.lit("年度评为"), F.col("issued"))
    none = F.concat(_year_text(year), F.lit("年度未见评级"))
    keeps = F.concat(
        _year_text(kept), F.lit(f"年度评为{rule.grade}；{rule.grade}级保留{rule.keep_years}年（"),
        _year_text(kept), F.lit("年至"), _year_text(kept + (rule.keep_years - 1)), F.lit("年）；"),
        F.coalesce(issued, none), F.lit(f"，保留为{rule.grade}"),
    )  # fmt: skip
    last = _year_text(barred + (rule.keep_years - 1))
    bars = F.concat(
        _year_text(barred), F.lit(f"年度评为{rule.grade}，保留至"), last,
        F.lit(f"年；其后{rule.barred_years}年不得评为{rule.barred}："), issued,
        F.lit("，距"), _year_text(barred), F.lit("年"), _year_text(year - barred),
        F.lit(f"年，按{rule.instead}计"),
    )  # fmt: skip
    return F.concat(F.when(kept.isNotNull(), keeps).otherwise(bars), _held())


def _held() -> Column:
    """The days, in figures that need no translation."""
    ends = F.coalesce(day_text(F.col("holds_to")), F.lit(""))
    return F.concat(F.lit(" ["), day_text(F.col("holds_from")), F.lit(" — "), ends, F.lit("]"))


def _sum_en(rule: Retention) -> Column:
    year, kept, barred = F.col("year"), F.col("kept_from"), F.col("barred_by")
    issued = F.concat(_year_text(year), F.lit(" graded "), F.col("issued"))
    none = F.concat(_year_text(year), F.lit(" not graded"))
    keeps = F.concat(
        _year_text(kept), F.lit(f" graded {rule.grade}; it stays {rule.keep_years} years ("),
        _year_text(kept), F.lit(" to "), _year_text(kept + (rule.keep_years - 1)), F.lit("); "),
        F.coalesce(issued, none), F.lit(f": {rule.grade} stays"),
    )  # fmt: skip
    last = _year_text(barred + (rule.keep_years - 1))
    bars = F.concat(
        _year_text(barred), F.lit(f" graded {rule.grade}, kept to "), last,
        F.lit(f"; no {rule.barred} for {rule.barred_years} more year(s): "), issued,
        F.lit(", "), _year_text(year - barred), F.lit(" years after "), _year_text(barred),
        F.lit(f": counts as {rule.instead}"),
    )  # fmt: skip
    return F.concat(F.when(kept.isNotNull(), keeps).otherwise(bars), _held())
