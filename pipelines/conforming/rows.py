"""Bronze rows of one source, made into rows of its silver table or given reasons why not.

Pure functions on DataFrames. A row ends in one of three outcomes, and in one only:

- `accepted`: it joins the silver table;
- `quarantined`: with its text and every reason found;
- `repeated`: the same as the version of its record just before it, so it says nothing new.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from conf.city import SubjectId
from conf.source import Source
from conf.table import SYSTEM_COLUMNS, Table
from conf.table import Column as TableColumn
from pipelines.conforming import credit_code
from pipelines.conforming.casting import cast, normalised

ACCEPTED, QUARANTINED, REPEATED = "accepted", "quarantined", "repeated"
OPERATIONS = ("insert", "correct", "withdraw")
_SEPARATOR = "；"


def subject_problem(subject_id: SubjectId, column: str) -> Column:
    """What is wrong with the subject's id in `column`, in words; NULL when nothing is."""
    if subject_id.kind == "uscc":
        return credit_code.problem(column)
    told = f"does not match this city's subject ids ({subject_id.pattern})"
    return F.when(~F.col(column).rlike(subject_id.pattern or ""), F.lit(told))


def silver_columns(source: Source, table: Table) -> dict[str, str]:
    """Name and Spark type of every column a row of this source has in silver, in order."""
    return {**table.spark_columns(), **source.attribute_columns(), **SYSTEM_COLUMNS}


def typed(bronze: DataFrame, source: Source, table: Table, subject_id: SubjectId) -> DataFrame:
    """Parsed bronze rows (columns of `BRONZE_SCHEMA` and `known_at` DATE) with typed values.

    Returns the silver columns, `_reasons` STRING ('' when the row keeps its contract), `_raw`
    STRING, and one boolean `_breach_<name>` for each row expectation that warns or fails.
    """
    raw = bronze.select(
        "batch_id",
        "file",
        "line",
        F.col("known_at").alias("known_at"),
        F.array_join("fields", source.delimiter or ",", "").alias("_raw"),
        *(F.col("fields")[place].alias(name) for place, name in enumerate(source.columns)),
    )
    texts = raw.select(
        "batch_id",
        "file",
        "line",
        "known_at",
        "_raw",
        *_mapped_texts(source, table, subject_id),
        normalised(F.expr(source.sql(source.op))).alias("_op"),
        _record_id(source).alias("source_record_id"),
        (normalised(F.expr(source.sql(source.event_date))) if source.event_date else _null()).alias(
            "_event_date"
        ),
        (normalised(F.expr(source.sql(source.known_at))) if source.known_at else _null()).alias(
            "_known_at"
        ),
    )
    return _judged(_cast_all(texts, source, table), source, table, subject_id)


def _null() -> Column:
    return F.lit(None).cast("string")


def _mapped_texts(source: Source, table: Table, subject_id: SubjectId) -> list[Column]:
    mapped = {name: mapping.expr for name, mapping in source.mapping.items()}
    mapped |= {f"x_{name}": attribute.expr for name, attribute in source.attributes.items()}
    texts = []
    for name in [*table.columns, *(f"x_{name}" for name in source.attributes)]:
        text = normalised(F.expr(source.sql(mapped[name]))) if name in mapped else _null()
        if name in table.columns and table.columns[name].type == "subject":
            # a credit code has no small letters; a city's own ids are kept as they are spelt
            text = F.upper(text) if subject_id.kind == "uscc" else text
        texts.append(text.alias(f"_t_{name}"))
    return texts


def _record_id(source: Source) -> Column:
    if source.record_id:
        return normalised(F.expr(source.sql(source.record_id)))
    if source.identical_rows == "repeated":
        return F.substring(F.sha2(F.col("_raw"), 256), 1, 32)
    return F.concat_ws(":", "file", F.col("line").cast("string"))


def _cast_all(texts: DataFrame, source: Source, table: Table) -> DataFrame:
    """Texts to values, each with its problem beside it in `_p_<name>`."""
    columns: list[Column] = []
    kinds: dict[str, TableColumn] = dict(table.columns)
    for name, column in kinds.items():
        unit = source.mapping[name].unit if name in source.mapping else None
        made = cast(f"_t_{name}", column.type, unit, tuple(column.values or ()))
        columns += [made.value.alias(name), made.problem.alias(f"_p_{name}")]
    for name, attribute in source.attributes.items():
        made = cast(f"_t_x_{name}", attribute.type, attribute.unit, tuple(attribute.values or ()))
        columns += [made.value.alias(f"x_{name}"), made.problem.alias(f"_p_x_{name}")]
    event, known = cast("_event_date", "date"), cast("_known_at", "date")
    rows = texts.select(
        "batch_id",
        "file",
        "line",
        "_raw",
        "source_record_id",
        F.coalesce("_op", F.lit("insert")).alias("op"),
        *columns,
        event.value.alias("_given_event_date"),
        event.problem.alias("_p_event_date"),
        F.coalesce(known.value, "known_at").alias("known_at"),
        known.problem.alias("_p_known_at"),
    )
    declared = F.col(table.event_date) if table.event_date else F.lit(None).cast("date")
    given = F.col("_given_event_date") if source.event_date else declared
    return rows.withColumn(
        # a withdrawal may come with nothing but its record's id: it happened when it was told
        "event_date",
        F.when(F.col("op") == "withdraw", F.coalesce(given, "known_at")).otherwise(given),
    )


def _judged(rows: DataFrame, source: Source, table: Table, subject_id: SubjectId) -> DataFrame:
    names = [*table.columns, *(f"x_{name}" for name in source.attributes)]
    here = F.col("op") != "withdraw"

    def told(name: str, problem: Column) -> Column:
        return F.concat(F.lit(f"{name}: "), problem)

    problems = [told(n, F.col(f"_p_{n}")) for n in [*names, "event_date", "known_at"]]
    for name, column in table.columns.items():
        if column.required:
            missing = here & F.col(name).isNull() & F.col(f"_p_{name}").isNull()
            problems.append(F.when(missing, F.lit(f"{name}: missing")))
        if column.type == "subject":
            problems.append(
                told(name, F.when(F.col(name).isNotNull(), subject_problem(subject_id, name)))
            )
    problems += [
        F.when(~F.col("op").isin(*OPERATIONS), told("op", F.concat_ws("", F.lit("'"), "op", F.lit(
            "' is not insert, correct or withdraw")))),
        F.when(F.col("source_record_id").isNull(), F.lit("record id: missing")),
        F.when(F.col("known_at").isNull(), F.lit("known_at: the delivery has no date of arrival")),
        F.when(here & F.col("event_date").isNull() & _unexplained(source, table),
               F.lit("event_date: missing")),
        F.when(here & (F.col("event_date") > F.col("known_at")), F.concat(
            F.lit("event_date: "), F.col("event_date").cast("string"),
            F.lit(" lies after the delivery arrived ("), F.col("known_at").cast("string"),
            F.lit(")"))),
    ]  # fmt: skip
    expectations = [e for e in (*table.expectations, *source.expectations) if e.check]
    problems += [
        F.when(here & ~F.expr(f"({e.check})"), F.lit(f"{e.name}: expected {e.check}"))
        for e in expectations
        if e.on_breach == "quarantine"
    ]
    breaches = [
        F.coalesce(here & ~F.expr(f"({e.check})"), F.lit(False)).alias(f"_breach_{e.name}")
        for e in expectations
        if e.on_breach != "quarantine"
    ]
    contents = [*names, "event_date"]
    final = {
        "source": F.lit(source.name),
        "source_dept": F.lit(source.department),
        "record_hash": _content_hash(contents),
    }
    wanted = silver_columns(source, table)
    return rows.select(
        *((final[name] if name in final else F.col(name)).cast(kind).alias(name)
          for name, kind in wanted.items()),
        F.concat_ws(_SEPARATOR, *problems).alias("_reasons"),
        "_raw",
        *breaches,
    )  # fmt: skip


def _unexplained(source: Source, table: Table) -> Column:
    """Whether nothing has been said yet about a missing event date."""
    derived = source.event_date is None and table.event_date in table.columns
    return F.col(f"_p_{table.event_date}" if derived else "_p_event_date").isNull()


def _content_hash(columns: list[str]) -> Column:
    """Half of a SHA-256 over the values as text, with NULL told from ''."""
    parts = [F.coalesce(F.col(name).cast("string"), F.lit("\x00")) for name in columns]
    return F.substring(F.sha2(F.concat_ws("\x1f", *parts), 256), 1, 32)


def with_outcome(rows: DataFrame, existing: DataFrame | None) -> DataFrame:
    """Adds `_outcome`, given the silver rows that are there already (None: none yet).

    A row repeats when its content and operation equal those of the version just before it, in
    the order (known_at, batch_id, line) among the new rows, else the latest one in silver.
    """
    order = ("known_at", "batch_id", "line")
    valid = F.col("_reasons") == ""
    # an insertion and a correction with the same content say the same
    mark = F.when(F.col("op") == "withdraw", "withdraw").otherwise(F.col("record_hash"))
    versions = Window.partitionBy("source_record_id", valid).orderBy(*order)
    rows = rows.withColumn("_before", F.lag(mark).over(versions))
    if existing is not None:
        newest = Window.partitionBy("source_record_id").orderBy(
            *(F.col(name).desc() for name in order)
        )
        latest = (
            existing.select("source_record_id", mark.alias("_latest"), *order)
            .withColumn("_place", F.row_number().over(newest))
            .where("_place = 1")
            .select("source_record_id", "_latest")
        )
        rows = rows.join(latest, "source_record_id", "left").withColumn(
            "_before", F.coalesce("_before", "_latest")
        )
    repeats = F.coalesce(F.col("_before") == mark, F.lit(False))
    outcome = (
        F.when(~valid, F.lit(QUARANTINED)).when(repeats, F.lit(REPEATED)).otherwise(F.lit(ACCEPTED))
    )
    return rows.withColumn("_outcome", outcome).drop("_before", "_latest")


def breach_counts(source: Source, table: Table) -> list[Column]:
    """Aggregates that count each warning or failing row expectation's breaches."""
    named = [e.name for e in (*table.expectations, *source.expectations)
             if e.check and e.on_breach != "quarantine"]  # fmt: skip
    return [F.sum(F.col(f"_breach_{n}").cast("bigint")).alias(f"_breach_{n}") for n in named]
