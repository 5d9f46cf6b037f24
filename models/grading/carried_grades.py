"""A bad tax grade that reaches other firms through the people directly responsible.

One step only, and only from a grade as the authority issued it: a carried grade is never a source.
People are told apart by key, never by name, and no key leaves this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from conf.rule_kinds import Spread
from conf.rule_pack import RulePack
from features.as_of import latest_by_key
from models.grading.known import RECORD, state
from models.grading.tax_grades import graded_years, grades_by_year
from models.grading.trace import RECORD_COLUMNS, Judged, verdict_id, verdicts
from models.grading.wording import chosen, day_text, joined

FAMILY = "grade"
SPREAD = "tax_spread"
LEGAL_REPRESENTATIVE = "法定代表人"

KEY_PERSON = {
    "subject_id": "string",
    "person_key": "string",
    "role": "string",
    "valid_from": "date",
    "valid_to": "date",
}
REGISTRATION = {"subject_id": "string", "legal_rep_key": "string", "est_date": "date"}

ROLE_WORDS = {
    "法定代表人": "legal representative",
    "董事": "director",
    "监事": "supervisor",
    "经理": "manager",
    "财务负责人": "chief of finance",
    "联络员": "contact",
}

_SHOWN = tuple(name for name, _ in RECORD_COLUMNS if name not in ("verdict_id", "subject_id"))


def carried_grades(known: Mapping[str, DataFrame], as_of: date, pack: RulePack) -> Judged:
    """Firms that a bad tax grade of another firm reaches on the day.

    Family `grade`, rule `tax_spread`, value = the grade; one verdict for each firm reached, firm
    with the grade, and year of the grade. It begins with the grade or with the person's role in the
    firm reached, whichever is later, and ends with the grade's retention. Own columns:
    `source_subject`, `source_year`, `persons` (how many people carry it). Records: the grade, and
    for each person the role in either firm.

    Who is responsible: a person with one of the pack's `roles` in the firm on the first day of the
    grade. Roles come from key_person (an unknown beginning counts as begun), and from the firm's
    registration for legal representatives that key_person does not tell of; the registration knows
    only the present one, so it names nobody responsible where key_person names another on that day.
    With `only_after` a role of unknown beginning is not reached, unless the firm itself is younger
    than the grade.
    """
    rule = pack.tax_grade.spread
    paths = _paths(known, as_of, pack)
    told = ("subject_id", "source_subject", "source_year", "since", "ends")
    order = tuple(
        F.coalesce(F.col(name).cast("string"), F.lit(""))
        for name in ("role_no", "from_valid_from", "to_role", "to_valid_from")
    )
    rows = paths.groupBy(*told).agg(
        F.min("begins").alias("holds_from"),
        F.count(F.lit(1)).cast("int").alias("persons"),
        joined("paths_zh", _path_zh(), "；", *order),
        joined("paths_en", _path_en(), "; ", *order),
    )
    scheme = pack.grades.schemes[pack.tax_grade.scheme]
    severity = dict(zip(scheme.values, scheme.severity, strict=True))[rule.grade]
    rows = _worded(rows, rule).withColumn("severity", F.lit(severity))
    rows = rows.withColumn("value", F.lit(rule.grade)).withColumn("holds_to", F.col("ends"))
    key = ("source_subject", "source_year")
    own = (*key, "persons")
    made = verdicts(rows, family=FAMILY, rule=SPREAD, key=key, pack=pack, sourced=rule, own=own)
    return Judged(made, _records(paths, key))


def source_grades(known: Mapping[str, DataFrame], as_of: date, pack: RulePack) -> DataFrame:
    """The issued grades that are carried on the day.

    Returns:
        `source_subject, source_year, since` (first day), `ends` (last day of the retention, NULL:
        not known), and the record's columns with `grade_` before them. A grade that is not kept
        ends where its own year does.
    """
    years = graded_years(grades_by_year(known, as_of, pack), pack)
    bad = years.where(F.col("issued") == pack.tax_grade.spread.grade)
    return bad.where(F.col("kept_to").isNull() | (F.col("kept_to") >= F.lit(as_of))).select(
        F.col("subject_id").alias("source_subject"),
        F.col("year").alias("source_year"),
        F.col("valid_from").alias("since"),
        F.col("kept_to").alias("ends"),
        *_renamed(_SHOWN, "grade_", table="grade"),
    )


def _renamed(names: Sequence[str], prefix: str, table: str | None = None) -> list[Column]:
    """The record's columns with a prefix; the table's name where the rows do not have it."""
    return [
        (F.lit(table) if name == "table_name" and table else F.col(name)).alias(prefix + name)
        for name in names
    ]


def _roles(known: Mapping[str, DataFrame]) -> DataFrame:
    """Who holds which role where.

    `subject_id, person_key, role, valid_from, valid_to`, `not_before` (the firm's first day, for
    roles off the register), `table_name` and the record's columns.
    """
    persons = state(known, "key_person", KEY_PERSON).where(F.col("person_key").isNotNull())
    listed = [*KEY_PERSON, *(name for name, _ in RECORD)]
    told = persons.select(
        *listed,
        F.lit(None).cast("date").alias("not_before"),
        F.lit("key_person").alias("table_name"),
    )
    firms = latest_by_key(state(known, "registration", REGISTRATION), ["subject_id"])
    none = F.lit(None).cast("date")
    registered = (
        firms.where(F.col("legal_rep_key").isNotNull())
        .withColumnRenamed("legal_rep_key", "person_key")
        .withColumn("role", F.lit(LEGAL_REPRESENTATIVE))
        .withColumn("valid_from", none)
        .withColumn("valid_to", none)
        .select(
            *listed,
            F.col("est_date").alias("not_before"),
            F.lit("registration").alias("table_name"),
        )
    )
    dated = persons.where(F.col("role") == LEGAL_REPRESENTATIVE).select("subject_id", "person_key")
    untold = registered.join(dated.distinct(), ["subject_id", "person_key"], "left_anti")
    return told.unionByName(untold.select(*told.columns))


def _on(day: Column) -> Column:
    """Whether a role is held on the day; what is not known does not end it."""
    begins, ends = F.coalesce("valid_from", "not_before"), F.col("valid_to")
    return (begins.isNull() | (begins <= day)) & (ends.isNull() | (ends >= day))


def _responsible(roles: DataFrame, sources: DataFrame, rule: Spread) -> DataFrame:
    """The people responsible in each firm with the grade, on its first day."""
    role_no = {role: number for number, role in enumerate(rule.roles)}
    held = roles.where(F.col("role").isin(*rule.roles)).join(
        sources, F.col("subject_id") == F.col("source_subject")
    )
    registered = F.col("table_name") == "registration"
    named = (F.col("role") == LEGAL_REPRESENTATIVE) & ~registered
    of_grade = Window.partitionBy("source_subject", "source_year")
    held = held.where(_on(F.col("since"))).withColumn(
        "named", F.max(F.when(named, 1).otherwise(0)).over(of_grade)
    )
    return held.where(~(registered & (F.col("named") == 1))).select(
        *sources.columns,
        "person_key",
        chosen(F.col("role"), role_no).alias("role_no"),
        *_renamed(("role", "valid_from", *_SHOWN), "from_"),
    )


def _paths(known: Mapping[str, DataFrame], as_of: date, pack: RulePack) -> DataFrame:
    """One row for each grade, person and firm reached: the first role in either firm."""
    rule = pack.tax_grade.spread
    roles = _roles(known)
    responsible = _responsible(roles, source_grades(known, as_of, pack), rule)
    reached = roles.where(F.col("role").isin(*rule.reached_roles) & _on(F.lit(as_of)))
    began = F.coalesce("valid_from", "not_before")
    reached = reached.select(
        "subject_id",
        "person_key",
        began.alias("began"),
        *_renamed(("role", "valid_from", *_SHOWN), "to_"),
    )
    found = responsible.join(reached, "person_key")
    found = found.where(F.col("subject_id") != F.col("source_subject"))
    if rule.only_after:
        found = found.where(F.col("began") >= F.col("since"))
    # Of several roles of one person the first that the pack names, then the oldest, is shown.
    one = Window.partitionBy("subject_id", "source_subject", "source_year", "person_key")
    order = ["role_no", "from_valid_from", "to_valid_from", "to_role"]
    order += [
        f"{side}_{name}" for side in ("from", "to") for name in ("source", "source_record_id")
    ]
    first = F.row_number().over(one.orderBy(*(F.col(name).asc_nulls_first() for name in order)))
    return (
        found.withColumn("path_no", first)
        .where(F.col("path_no") == 1)
        .withColumn("begins", F.greatest("since", "began"))
    )


def _began(side: str, zh: bool) -> Column:
    """When the role of one side began, as far as it is known."""
    told = day_text(F.col(f"{side}_valid_from"))
    registered = F.col(f"{side}_table_name") == "registration"
    by_register, unknown = ("据登记", "起始日不详") if zh else ("by register", "since unknown")
    told = F.concat(F.lit("自" if zh else "since "), told)
    return F.coalesce(told, F.when(registered, by_register).otherwise(unknown))


def _path_zh() -> Column:
    return F.concat(
        F.lit("某自然人（该级生效之日为其"), F.col("from_role"), F.lit("，"), _began("from", True),
        F.lit("） → 本主体（同一人为"), F.col("to_role"), F.lit("，"), _began("to", True), F.lit("）"),
    )  # fmt: skip


def _path_en() -> Column:
    source, target = (
        chosen(F.col(f"{side}_role"), ROLE_WORDS, F.col(f"{side}_role")) for side in ("from", "to")
    )
    return F.concat(
        F.lit("a person (on its first day "), source, F.lit(" there, "), _began("from", False),
        F.lit(") -> this subject (the same person is "), target, F.lit(", "), _began("to", False),
        F.lit(")"),
    )  # fmt: skip


def _worded(rows: DataFrame, rule: Spread) -> DataFrame:
    year = F.col("source_year").cast("string")
    since, ends = day_text(F.col("since")), day_text(F.col("ends"))
    zh = F.concat(
        "source_subject", F.lit(" "), year, F.lit(f"年度评为{rule.grade}（自"), since,
        F.coalesce(F.concat(F.lit("，保留至"), ends), F.lit("起")), F.lit("） → "),
        "paths_zh", F.lit(f"；据此判为{rule.grade}，只传一层"),
    )  # fmt: skip
    en = F.concat(
        "source_subject", F.lit(" "), year, F.lit(f" graded {rule.grade} (from "), since,
        F.coalesce(F.concat(F.lit(", kept to "), ends), F.lit("")), F.lit(") -> "),
        "paths_en", F.lit(f"; so {rule.grade} here, one step only"),
    )  # fmt: skip
    return rows.withColumn("sum_zh", zh).withColumn("sum_en", en)


def _records(paths: DataFrame, key: tuple[str, ...]) -> DataFrame:
    """The grade and both roles of every path, each record once a verdict."""
    named = paths.withColumn("verdict_id", verdict_id(FAMILY, F.lit(SPREAD), key))
    columns = dict(RECORD_COLUMNS)
    sides = ("grade_", "from_", "to_")
    # a row a side, not a query a side: paths are dear to find
    told = named.withColumn("side_", F.explode(F.array(*(F.lit(side) for side in sides))))
    shown = {
        name: F.coalesce(*(F.when(F.col("side_") == s, F.col(s + name)) for s in sides))
        for name in _SHOWN
    }
    return told.select(
        *(shown.get(name, F.col(name)).cast(kind).alias(name) for name, kind in columns.items())
    ).distinct()
