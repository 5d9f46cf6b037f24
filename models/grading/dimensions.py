"""三维信用: integrity, compliance and performance as sums a person can redo, and the composite.

A dimension begins with `start` points. Every record that meets an item costs the item's points, at
most `most` for the item, and no dimension falls below 0. The composite is the weighted mean of the
three and of the departments' grade, rounded half up, with whole numbers throughout.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.rule_kinds import Composite, Dimension, Item
from conf.rule_pack import RulePack
from models.grading.frames import (
    Known,
    counted,
    fulfils,
    no_records,
    origin,
    say,
    spread,
    table_or_empty,
    union_all,
    verdicts_of_rules,
)
from models.grading.trace import Judged, records, verdict_id, verdicts

DIMENSION = "dimension"
COMPOSITE = "composite"
COMPOSITE_OWN = ("score", "integrity", "compliance", "performance", "departments")
"""The composite's own columns, INT: the weighted score, and the four it is made of."""

Dimensions = Mapping[str, Dimension]


def dimensions(known: Known, pack: RulePack, as_of: datetime.date) -> Judged:
    """The score of every registered subject in each dimension, and the records that cost points.

    Args:
        known: the tables as known on the day; one that is absent costs nobody anything.
        pack: whose `dimensions` say what costs how much.
        as_of: the day; every verdict holds from it on.

    Returns:
        Verdicts of family 'dimension': rule the dimension, value the score, severity 100 less it.
        One row a subject of `registration` and dimension, also where nothing was deducted. Records:
        those that meet an item, once a dimension; an item that has reached its `most` lists all.
    """
    found = pack.dimensions.dimensions
    subjects = _registered(known)
    counts = _counts(known, subjects, found, as_of)
    rows = spread(counts, [(F.lit(True), _verdict(d, pack)) for d in found.values()])
    rows = rows.withColumn("holds_from", F.lit(as_of))
    return Judged(
        verdicts_of_rules(rows, family=DIMENSION, key=[], pack=pack),
        _records(known, subjects, found, as_of),
    )


def composite(
    dimensions: Judged, resolved: DataFrame, pack: RulePack, as_of: datetime.date
) -> Judged:
    """One grade across departments for every subject that has the three dimensions.

    Args:
        dimensions: the result of `dimensions`.
        resolved: subject_id, severity: the departments' grade as their conflict was resolved. A
            subject without a row has the full 100 there, and the sum says so; of several rows the
            severest counts.
        pack: whose `dimensions.composite` has the weights and classes.
        as_of: the day.

    Returns:
        Verdicts of family and rule 'composite': value the class, severity 100 less the score, then
        `COMPOSITE_OWN`. Records: those behind the three dimensions, each once.
    """
    rule = pack.dimensions.composite
    names = [*pack.dimensions.dimensions, "departments"]
    value = F.col("value").cast("int")
    scores = dimensions.verdicts.groupBy("subject_id").agg(
        *(F.max(F.when(F.col("rule") == n, value)).alias(n) for n in pack.dimensions.dimensions)
    )
    grades = resolved.groupBy("subject_id").agg(F.max("severity").cast("int").alias("resolved_"))
    departments = F.coalesce(F.lit(100) - F.col("resolved_"), F.lit(100)).cast("int")
    weighted: Column = sum((F.col(n) * rule.weights[n] for n in names), F.lit(0))  # type: ignore[index]
    rows = (
        scores.join(grades, "subject_id", "left")
        .withColumn("departments", departments)
        .withColumn("weighted_", weighted.cast("int"))
        .withColumn("score", F.expr("cast((weighted_ + 50) div 100 as int)"))
        .withColumn("value", _class_of(rule))
        .withColumn("severity", F.lit(100) - F.col("score"))
        .withColumn("holds_from", F.lit(as_of))
        .withColumn("sum_zh", _composite_words(pack, chinese=True))
        .withColumn("sum_en", _composite_words(pack, chinese=False))
    )
    found = verdicts(
        rows, family=COMPOSITE, rule=COMPOSITE, key=[], pack=pack, sourced=rule, own=COMPOSITE_OWN
    )
    own_id = verdict_id(COMPOSITE, F.lit(COMPOSITE), [])
    return Judged(found, dimensions.records.withColumn("verdict_id", own_id).distinct())


def _registered(known: Known) -> DataFrame:
    registration = table_or_empty(known, "registration", {"subject_id": "STRING"})
    return registration.select("subject_id").where(F.col("subject_id").isNotNull()).distinct()


def _count_name(dimension: Dimension, item: Item) -> str:
    return f"n_{dimension.name}_{item.name}"


def _items(found: Dimensions) -> dict[str, list[tuple[Dimension, Item]]]:
    """The items of all dimensions by the table they read."""
    by_table: dict[str, list[tuple[Dimension, Item]]] = {}
    for dimension in found.values():
        for item in dimension.items.values():
            by_table.setdefault(item.table, []).append((dimension, item))
    return by_table


def _counts(
    known: Known, subjects: DataFrame, found: Dimensions, as_of: datetime.date
) -> DataFrame:
    """One row a registered subject: of every item how many records meet it (`_count_name`)."""
    rows = subjects
    for table, items in sorted(_items(found).items()):
        conditions = {_count_name(d, i): fulfils(i.where, i.months, as_of) for d, i in items}
        if table in known:
            rows = rows.join(counted(known[table], conditions), "subject_id", "left")
        else:
            rows = rows.withColumns({name: F.lit(0).cast("bigint") for name in conditions})
    names = [_count_name(d, i) for items in _items(found).values() for d, i in items]
    return rows.select("subject_id", *(F.coalesce(n, F.lit(0)).alias(n) for n in names))


def _verdict(dimension: Dimension, pack: RulePack) -> dict[str, Column]:
    """The columns of the dimension's verdict, over the counts of its items."""
    items = dimension.items.values()
    cost = sum((_cost(dimension, item) for item in items), F.lit(0).cast("bigint"))
    score = F.greatest(F.lit(dimension.start) - cost, F.lit(0)).cast("int")
    return {
        "rule": F.lit(dimension.name),
        "value": score.cast("string"),
        "severity": F.lit(100) - score,
        "sum_zh": _words(dimension, cost, chinese=True),
        "sum_en": _words(dimension, cost, chinese=False),
        **origin(dimension, pack),
    }


def _cost(dimension: Dimension, item: Item) -> Column:
    return F.least(F.col(_count_name(dimension, item)) * item.points, F.lit(item.most))


def _words(dimension: Dimension, cost: Column, *, chinese: bool) -> Column:
    """`100 − 8×2（其他行政处罚2条） = 84`: a term for each item that costs something."""
    terms = [_term(dimension, item, chinese=chinese) for item in dimension.items.values()]
    nothing = F.when(cost == 0, F.lit("0"))
    left = F.concat_ws(" − ", F.lit(str(dimension.start)), *terms, nothing)
    floor = "，不低于0，记0" if chinese else ", not below 0: 0"
    below = say("−", cost - dimension.start, floor)
    result = F.when(cost > dimension.start, below).otherwise(say(F.lit(dimension.start) - cost))
    return F.concat(left, F.lit(" = "), result)


def _term(dimension: Dimension, item: Item, *, chinese: bool) -> Column:
    """What one item costs and why; NULL when it costs nothing."""
    count = F.col(_count_name(dimension, item))
    full = count * item.points
    sum_ = say(item.points, "×", count)
    if chinese:
        named = say("（", item.zh, count, "条")
        plain = F.concat(sum_, named, F.lit("）"))
        capped = F.concat(
            F.lit(str(item.most)), named, say("，", sum_, "=", full, f"，以{item.most}为限）")
        )
    else:
        plural = F.when(count == 1, F.lit("record")).otherwise(F.lit("records"))
        named = say(" (", item.en, ": ", count, " ", plural)
        plain = F.concat(sum_, named, F.lit(")"))
        capped = F.concat(
            F.lit(str(item.most)), named, say(", ", sum_, " = ", full, f", at most {item.most})")
        )
    return F.when(count == 0, F.lit(None).cast("string")).otherwise(
        F.when(full > item.most, capped).otherwise(plain)
    )


def _records(
    known: Known, subjects: DataFrame, found: Dimensions, as_of: datetime.date
) -> DataFrame:
    """The records that cost a registered subject points, once for each dimension they count in."""
    frames = []
    for table, items in sorted(_items(found).items()):
        if table not in known:
            continue
        costs: dict[str, Column] = {}
        for dimension, item in items:
            met = fulfils(item.where, item.months, as_of)
            costs[dimension.name] = costs[dimension.name] | met if dimension.name in costs else met
        rules = F.array(*(F.when(met, F.lit(name)) for name, met in costs.items()))
        rows = (
            known[table]
            .withColumn("rule", F.explode(rules))
            .where(F.col("rule").isNotNull())
            .join(subjects, "subject_id", "left_semi")
            .withColumn("verdict_id", verdict_id(DIMENSION, F.col("rule"), []))
        )
        frames.append(records(rows, table))
    return union_all(frames) if frames else no_records(subjects)


def _class_of(rule: Composite) -> Column:
    """The best class whose `at_least` the score reaches; the last class has 0."""
    return F.coalesce(*(F.when(F.col("score") >= c.at_least, F.lit(c.value)) for c in rule.classes))


def _composite_words(pack: RulePack, *, chinese: bool) -> Column:
    """`诚信度100×25% + … = 93.20，四舍五入93；93≥90，优`."""
    rule = pack.dimensions.composite
    titles = {n: d.zh if chinese else f"{d.en} " for n, d in pack.dimensions.dimensions.items()}
    titles["departments"] = "部门评级" if chinese else "Departments "
    terms = [say(t, F.col(n), f"×{rule.weights[n]}%") for n, t in titles.items()]  # type: ignore[index]
    no_grade = F.lit("（无部门评级）" if chinese else " (no department grade)")
    no_grade = F.when(F.col("resolved_").isNull(), no_grade).otherwise(F.lit(""))
    cents = F.lpad((F.col("weighted_") % 100).cast("string"), 2, "0")
    reached = (F.when(F.col("score") >= c.at_least, F.lit(c.at_least)) for c in rule.classes)
    score, bound = F.col("score"), F.coalesce(*reached)
    rounded = "，四舍五入" if chinese else ", rounded half up "
    so, then = ("；", "，") if chinese else ("; ", ": ")
    return F.concat(
        F.concat_ws(" + ", *terms),
        no_grade,
        say(" = ", F.expr("weighted_ div 100"), ".", cents, rounded, score),
        say(so, score, "≥", bound, then, F.col("value")),
    )
