"""The departments' grades in force, their severity, and where departments disagree.

Grades are taken in as they were issued; only the crosswalk to severity is the pack's. A scheme that
the pack does not know, and a value outside its scheme, stay as they are and have no severity.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from conf.rule_kinds import Conflict
from conf.rule_pack import RulePack
from models.grading.frames import verdicts_of_rules
from models.grading.known import GRADE, RECORD, last_of, state
from models.grading.trace import Judged, records, verdict_id, verdicts
from models.grading.wording import chosen, day_text, joined, with_origin

FAMILY = "grade"
CONFLICT = "conflict"

POLICY_WORDS = {
    "most_severe": ("取最重者", "the most severe counts"),
    "latest": ("取最后生效者", "the one that began last counts"),
}


def grades_in_force(known: Mapping[str, DataFrame], as_of: date, pack: RulePack) -> DataFrame:
    """The grade of each subject and scheme in force on the day.

    Of several in force the one with the latest `valid_from` stands, of those the one that came
    last. A grade without `valid_from` is not placed in time and does not stand.

    Returns:
        `subject_id, scheme, period, grade, basis, valid_from, valid_to`, the record's columns
        (`models.grading.known.RECORD`) and `severity` (INT; NULL where the pack has none).
    """
    grades = state(known, "grade", GRADE)
    ends = F.col("valid_to")
    held = grades.where(
        (F.col("valid_from") <= F.lit(as_of)) & (ends.isNull() | (ends >= F.lit(as_of)))
    )
    return last_of(held, ("subject_id", "scheme"), "valid_from").withColumn(
        "severity", severity_of(pack, F.col("scheme"), F.col("grade"))
    )


def severity_of(pack: RulePack, scheme: Column, grade: Column) -> Column:
    """The pack's severity of a scheme's value; NULL outside of what it knows."""
    none = F.lit(None).cast("int")
    of_scheme = {
        name: chosen(grade, dict(zip(known.values, known.severity, strict=True)), none)
        for name, known in pack.grades.schemes.items()
    }
    return chosen(scheme, of_scheme, none).cast("int")


def issued_grades(known: Mapping[str, DataFrame], as_of: date, pack: RulePack) -> Judged:
    """A verdict for each grade in force.

    Family `grade`, rule = the scheme, value = the grade, held from and to as issued. Own columns:
    `period`, `basis`. One record each.
    """
    rows = _worded(grades_in_force(known, as_of, pack), pack)
    rows = rows.withColumn("value", F.col("grade"))
    rows = rows.withColumn("holds_from", F.col("valid_from"))
    rows = rows.withColumn("holds_to", F.col("valid_to"))
    rows = rows.withColumn("rule", F.col("scheme"))
    rows = with_origin(rows, F.col("scheme"), pack.grades.schemes, pack)
    made = verdicts_of_rules(rows, family=FAMILY, key=(), pack=pack, own=("period", "basis"))
    behind = rows.withColumn("verdict_id", verdict_id(FAMILY, F.col("scheme"), ()))
    return Judged(made, records(behind, "grade"))


def _worded(in_force: DataFrame, pack: RulePack) -> DataFrame:
    """The grades with `sum_zh` and `sum_en`."""
    return in_force.withColumn("sum_zh", _sum_zh(pack)).withColumn("sum_en", _sum_en(pack))


def _sum_zh(pack: RulePack) -> Column:
    schemes, scheme, grade = pack.grades.schemes, F.col("scheme"), F.col("grade")
    outside = {
        name: F.concat(
            F.lit("；“"),
            grade,
            F.lit(f"”不在本规则所知的等级（{'、'.join(s.values)}）之内，不折算"),
        )
        for name, s in schemes.items()
    }
    unknown = F.lit("；本规则未收录该评价体系，不折算")
    return F.concat(
        chosen(scheme, {n: s.zh for n, s in schemes.items()}, scheme),
        _after("（评价期", F.col("period"), "）"),
        F.lit("："),
        _department(pack),
        F.lit("评为"),
        grade,
        F.lit("，自"),
        day_text(F.col("valid_from")),
        F.coalesce(F.concat(F.lit("至"), day_text(F.col("valid_to"))), F.lit("起，未定止日")),
        F.coalesce(
            _after("；折算严重度", F.col("severity").cast("string"), "（0最好，100最重）", None),
            chosen(scheme, outside, unknown),
        ),
    )


def _sum_en(pack: RulePack) -> Column:
    schemes, scheme, grade = pack.grades.schemes, F.col("scheme"), F.col("grade")
    outside = {
        name: F.concat(
            F.lit("; '"), grade, F.lit(f"' is none of the known {', '.join(s.values)}: no severity")
        )
        for name, s in schemes.items()
    }
    unknown = F.lit("; the rules do not know this scheme: no severity")
    return F.concat(
        chosen(scheme, {n: s.en for n, s in schemes.items()}, scheme),
        _after(" (period ", F.col("period"), ")"),
        F.lit(": graded "),
        grade,
        F.lit(" by "),
        _department(pack),
        F.lit(", from "),
        day_text(F.col("valid_from")),
        F.coalesce(F.concat(F.lit(" to "), day_text(F.col("valid_to"))), F.lit(", no end set")),
        F.coalesce(
            _after("; severity ", F.col("severity").cast("string"), " (0 best, 100 worst)", None),
            chosen(scheme, outside, unknown),
        ),
    )


def _after(before: str, text: Column, behind: str, nothing: str | None = "") -> Column:
    """The text between the two; `nothing` where there is none."""
    return F.coalesce(F.concat(F.lit(before), text, F.lit(behind)), F.lit(nothing).cast("string"))


def _department(pack: RulePack) -> Column:
    """Who graded: as the pack says, else as the record says."""
    told = F.coalesce(F.col("source_dept"), F.lit("?"))
    return chosen(F.col("scheme"), {n: s.department for n, s in pack.grades.schemes.items()}, told)


def resolved_severity(known: Mapping[str, DataFrame], as_of: date, pack: RulePack) -> DataFrame:
    """One severity a subject across its schemes, by the pack's conflict policy.

    Only grades that have a severity take part; a subject without any has no row.

    Returns:
        `subject_id, severity` (INT), `scheme, grade` (those it is taken from), `valid_from`,
        `policy`, `schemes` (how many took part), `sum_zh, sum_en`.
    """
    return _resolved(_ranked(grades_in_force(known, as_of, pack), pack.grades.conflict), pack)


def _ranked(in_force: DataFrame, rule: Conflict) -> DataFrame:
    """Grades with a severity, each with its place (1 first) by policy and from either end."""
    severity, began, scheme = F.col("severity"), F.col("valid_from"), F.col("scheme")
    own = Window.partitionBy("subject_id")
    orders = {
        "most_severe": [severity.desc(), began.desc(), scheme.asc()],
        "latest": [began.desc(), severity.desc(), scheme.asc()],
    }
    graded = in_force.where(severity.isNotNull())
    return (
        graded.withColumn("taken_", F.row_number().over(own.orderBy(*orders[rule.policy])))
        .withColumn("worst_", F.row_number().over(own.orderBy(*orders["most_severe"])))
        .withColumn(
            "best_", F.row_number().over(own.orderBy(severity.asc(), began.desc(), scheme.asc()))
        )
    )


def _resolved(ranked: DataFrame, pack: RulePack) -> DataFrame:
    """A row a subject: the grade taken, the two ends, and the sum of all."""
    rule = pack.grades.conflict
    zh, en = POLICY_WORDS[rule.policy]
    taken, worst, best = F.col("taken_") == 1, F.col("worst_") == 1, F.col("best_") == 1
    names = {n: s.zh for n, s in pack.grades.schemes.items()}
    names_en = {n: s.en for n, s in pack.grades.schemes.items()}
    named = F.concat(chosen(F.col("scheme"), names), F.col("grade"))
    named_en = F.concat(chosen(F.col("scheme"), names_en), F.lit(" "), F.col("grade"))
    said = F.concat(F.lit("（"), _department(pack), F.lit("，自"), day_text(F.col("valid_from")))
    said = F.concat(named, said, F.lit("，严重度"), F.col("severity").cast("string"), F.lit("）"))
    said_en = F.concat(named_en, F.lit(" (from "), day_text(F.col("valid_from")))
    said_en = F.concat(said_en, F.lit(", severity "), F.col("severity").cast("string"), F.lit(")"))
    found = ranked.groupBy("subject_id").agg(
        F.max(F.when(taken, F.col("severity"))).cast("int").alias("severity"),
        *(F.max(F.when(taken, F.col(n))).alias(n) for n in ("scheme", "grade", "valid_from")),
        F.count(F.lit(1)).cast("int").alias("schemes"),
        F.max("severity").alias("most_"),
        F.min("severity").alias("least_"),
        F.max(F.when(worst | best, F.col("valid_from"))).alias("holds_from"),
        F.min(F.when(worst | best, F.col("valid_to"))).alias("holds_to"),
        joined("all_zh", said, "、", F.col("worst_")),
        joined("all_en", said_en, ", ", F.col("worst_")),
        F.max(F.when(taken, named)).alias("named_zh"),
        F.max(F.when(taken, named_en)).alias("named_en"),
    )
    end = F.concat(F.lit(f"；按“{zh}”（{rule.policy}）："), F.col("named_zh"), F.lit("，严重度"))
    end_en = F.concat(F.lit(f"; by policy {rule.policy} ({en}): "), F.col("named_en"))
    severity = F.col("severity").cast("string")
    return (
        found.withColumn("policy", F.lit(rule.policy))
        .withColumn("sum_zh", F.concat(F.col("all_zh"), end, severity))
        .withColumn("sum_en", F.concat(F.col("all_en"), end_en, F.lit(", severity "), severity))
    )


def _one_a_department(in_force: DataFrame, pack: RulePack) -> DataFrame:
    """The most severe grade in force of each subject and department."""
    order = [F.col("severity").desc_nulls_last(), F.col("valid_from").desc(), F.col("scheme")]
    by = Window.partitionBy("subject_id", "department_").orderBy(*order)
    named = in_force.withColumn("department_", _department(pack))
    first = named.withColumn("place_", F.row_number().over(by)).where(F.col("place_") == 1)
    return first.drop("department_", "place_")


def grade_conflicts(known: Mapping[str, DataFrame], as_of: date, pack: RulePack) -> Judged:
    """Subjects whose departments disagree: two severities at least `least_gap` apart.

    Each department speaks by its most severe grade: two schemes of one department, such as risk and
    credit, measure two things and do not contradict each other.

    Family `grade`, rule `conflict`, value = the grade that the policy takes (with its scheme's
    name), severity = its severity. Both ends stand: held while both of them are. Own columns:
    `resolved_scheme`, `resolved_grade`, `policy`. Records: every grade that took part.
    """
    rule = pack.grades.conflict
    ranked = _ranked(_one_a_department(grades_in_force(known, as_of, pack), pack), rule)
    rows = _resolved(ranked, pack)
    gap = F.col("most_") - F.col("least_")
    rows = rows.where((F.col("schemes") >= 2) & (gap >= rule.least_gap))
    sums = F.concat(F.col("most_").cast("string"), F.lit("−"), F.col("least_").cast("string"))
    sums = F.concat(sums, F.lit("="), gap.cast("string"), F.lit(f"≥{rule.least_gap}"))
    zh, en = F.lit("；最重与最轻相差"), F.lit("; the ends differ by ")
    rest_zh = F.expr("substr(sum_zh, length(all_zh) + 1)")
    rest_en = F.expr("substr(sum_en, length(all_en) + 1)")
    rows = rows.select(
        "subject_id", "severity", "policy", "holds_from", "holds_to",
        F.col("named_zh").alias("value"),
        F.col("scheme").alias("resolved_scheme"),
        F.col("grade").alias("resolved_grade"),
        F.concat("all_zh", zh, sums, F.lit("，各自仍然有效"), rest_zh).alias("sum_zh"),
        F.concat("all_en", en, sums, F.lit(", each stands"), rest_en).alias("sum_en"),
    )  # fmt: skip
    made = verdicts(
        rows,
        family=FAMILY,
        rule=CONFLICT,
        key=(),
        pack=pack,
        sourced=rule,
        own=("resolved_scheme", "resolved_grade", "policy"),
    )
    graded = ranked.select("subject_id", *(name for name, _ in RECORD))

    def behind(kept: DataFrame) -> DataFrame:
        conflicts = kept.where((F.col("family") == FAMILY) & (F.col("rule") == CONFLICT))
        told = conflicts.select("verdict_id", "subject_id").join(graded, "subject_id")
        return records(told, "grade")

    return Judged(made, behind)
