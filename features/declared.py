"""Features that a city declares in its own files, turned into features like any other.

A city may hold columns that the catalogue does not know (`x_...`). It says what it wants of them in
SQL; this module rewrites that into one conditional aggregate, so that it joins the one pass over
its table and gives the same bits on both engines:

- the row condition and the window stand in a `FILTER` of every aggregate;
- a value without an aggregate is that of the latest record, by event date, then arrival;
- sums add decimals with six places, averages divide such a sum by its count, and every division is
  one of doubles, NULL when the divisor is 0.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from pyspark.sql import Column
from pyspark.sql import functions as F
from sqlglot import exp

from conf.declared_feature import DeclaredFeature
from features.declaration import SUBJECT_TABLES, Feature, FeatureError, Note, nearest
from features.rows import Rows, day_sql

SNAPSHOT = "registration"
"""The one table of a row a subject, in which the latest record is the only one."""


def declared_feature(declared: DeclaredFeature) -> Feature:
    """A city's declared feature as a `Feature` of kind `records`.

    Args:
        declared: name, table, expression, condition, window and names, as the city wrote them.

    Raises:
        FeatureError: features are not made of that table (`case_label` is what is predicted).
    """
    if declared.table not in SUBJECT_TABLES:
        raise FeatureError(
            f"declared feature {declared.name}: no features are made of table {declared.table!r}"
            f"{nearest(declared.table, SUBJECT_TABLES)}; there are {', '.join(SUBJECT_TABLES)}"
        )
    where = _condition(declared)
    notes: tuple[Note, ...] = ()
    if not declared.aggregate and declared.table != SNAPSHOT:
        number = f"{declared.name}__number"
        notes = (Note(number, declared.table, ("subject_id",), where, newest=("event_date",)),)
        where = f"({where}) AND {number} = 1" if where else f"{number} = 1"
    return Feature(
        name=declared.name,
        theme="declared",
        kind="records",
        table=declared.table,
        definition=declared.definition,
        function=_aggregate(declared),
        nothing=0 if declared.nothing == 0 else None,
        unit=declared.unit or ("text" if declared.kind == "category" else "1"),
        zh=declared.zh,
        en=declared.en,
        direction=0,
        type="STRING" if declared.kind == "category" else "DOUBLE",
        where=where,
        notes=notes,
    )


def _condition(declared: DeclaredFeature) -> str:
    parts = [f"({_exact(declared.where_sql, '{as_of}')})"] if declared.where_sql else []
    if declared.window_days is not None:
        start = f"date_add({{as_of}}, -{declared.window_days})"
        parts.append(f"event_date > {start} AND event_date <= {{as_of}}")
    return " AND ".join(parts)


def _aggregate(declared: DeclaredFeature) -> Callable[[Rows], Column]:
    text = declared.sql if declared.aggregate else f"max({declared.sql})"

    def function(rows: Rows) -> Column:
        value = F.expr(_exact(text, day_sql(rows.as_of), rows.condition))
        if declared.kind == "category":
            return value
        # A yes-or-no value counts as 1 or 0; what it is shows only when it is computed.
        spelt = value.cast("string")
        return F.when(spelt == "true", "1").when(spelt == "false", "0").otherwise(spelt)

    return function


def _exact(sql: str, as_of: str, condition: str = "") -> str:
    """The same expression in exact steps, its aggregates over the rows that fulfil a condition.

    The column `as_of`, which no table has, gives way to the SQL of the day.
    """
    chosen = sqlglot.parse_one(condition, read="spark") if condition else None

    def filtered(aggregate: exp.Expression) -> exp.Expression:
        if chosen is None:
            return aggregate
        return exp.Filter(this=aggregate, expression=exp.Where(this=chosen.copy()))

    def rewritten(node: exp.Expression) -> exp.Expression:
        for name, child in list(node.args.items()):
            if isinstance(child, exp.Expression):
                node.set(name, rewritten(child))
            elif isinstance(child, list):
                node.set(
                    name, [rewritten(c) if isinstance(c, exp.Expression) else c for c in child]
                )
        if isinstance(node, exp.Column) and node.name == "as_of":
            return exp.Var(this=as_of)
        if isinstance(node, exp.Div | exp.SafeDivide):
            return _quotient(_double(node.this), _double(node.expression))
        if isinstance(node, exp.IntDiv):
            quotient = _quotient(_double(node.this), _double(node.expression))
            return exp.cast(quotient, "bigint", dialect="spark")
        if isinstance(node, exp.Sum):
            return _double(filtered(exp.Sum(this=_summand(node.this))))
        if isinstance(node, exp.Avg):
            total = _double(filtered(exp.Sum(this=_summand(node.this))))
            count = _double(filtered(exp.Count(this=node.this.copy())))
            return _quotient(total, count)
        return filtered(node) if isinstance(node, exp.AggFunc) else node

    return rewritten(sqlglot.parse_one(sql, read="spark")).sql(dialect="spark")


def _quotient(dividend: exp.Expression, divisor: exp.Expression) -> exp.Expression:
    zero = exp.Literal.number(0)
    return exp.Paren(
        this=exp.Div(this=dividend, expression=exp.Nullif(this=divisor, expression=zero))
    )


def _summand(value: exp.Expression) -> exp.Expression:
    # `sum(distinct x)` keeps its distinct around the cast value.
    if isinstance(value, exp.Distinct):
        return exp.Distinct(expressions=[_summand(e) for e in value.expressions])
    return exp.cast(value.copy(), "decimal(28, 6)", dialect="spark")


def _double(value: exp.Expression) -> exp.Expression:
    # By way of the digits: the nearest double on both engines, whatever the decimal's scale.
    return exp.cast(exp.cast(value.copy(), "string", dialect="spark"), "double", dialect="spark")
