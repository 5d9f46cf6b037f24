"""SQL expressions that stand in configuration files: checked when loaded, spelt for both engines.

An expression is one Spark SQL expression over named columns, with the functions of
`conf.sql_functions`. It must not stop a delivery over one bad value, so text is read with
`try_cast`, never by silent conversion, and a divisor cannot be 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from conf.errors import did_you_mean
from conf.sql_functions import FUNCTIONS, INSTEAD, NOT_FUNCTIONS, NUMBERS_AND_DATES

_REFUSED: tuple[tuple[type[exp.Expression], str], ...] = (
    (exp.Query, "a query"),
    (exp.Window, "a window (`over`)"),
    (exp.Alias, "an alias (`as`)"),
    (exp.Placeholder, "a placeholder"),
    (exp.Parameter, "a parameter"),
    (exp.Lambda, "a lambda (`->`)"),
    (exp.JSONExtract, "a path into a text (`->`, `:`)"),
    (exp.Collate, "a collation"),
)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg)
_COMPARISON = (
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.Between, exp.In, exp.Is,
)  # fmt: skip
# what wants a truth value; a text there is converted silently
_TRUTH = (exp.Connector, exp.Not, exp.If, exp.CountIf, exp.LogicalAnd, exp.LogicalOr)
# what a plain cast may stand around, since no value of it can fail
_CASTABLE = (
    exp.Predicate, exp.Connector, exp.Not, exp.Boolean, exp.Literal, exp.TryCast, exp.AggFunc,
    exp.TimestampTrunc, exp.DateTrunc,
)  # fmt: skip


class ExpressionError(ValueError):
    """An expression that is not accepted; the message says why, without the place."""


def check_expression(
    text: str,
    columns: Mapping[str, str],
    *,
    expected: str,
    aggregate: bool | None = False,
    may_divide_by_zero: bool = False,
) -> None:
    """Refuse what is not one safe Spark SQL expression over the given columns.

    Args:
        text: the expression as written in the file; Chinese column names need no backticks.
        columns: the names it may refer to (spelt exactly so), each with its Spark SQL type.
        expected: what those names are, for the message, such as "a column of table penalty".
        aggregate: False: no aggregate function; True: every column stands inside one; None: either.
        may_divide_by_zero: whether who computes it makes a division by 0 NULL.

    Raises:
        ExpressionError: with what is wrong, what was expected and the nearest match.
    """
    tree = _tree(text)
    _check_shape(tree, text)
    _check_functions(tree, text)
    for column in tree.find_all(exp.Column, bfs=False):
        if column.args.get("table") is not None:
            message = f"'{column.sql(dialect='spark')}' has a dot; expected {expected}"
            raise ExpressionError(message + " (in backticks if its name has one)")
        if column.name not in columns:
            message = f"unknown column '{column.name}'; expected {expected}"
            raise ExpressionError(message + did_you_mean(column.name, columns))
    _check_aggregation(tree, text, aggregate)
    texts = frozenset(name for name, kind in columns.items() if kind == "STRING")
    for node in tree.walk():
        if not may_divide_by_zero:
            _check_divisor(node)
        _check_text(node, texts)


def referenced_columns(text: str) -> frozenset[str]:
    """The names of the columns an expression refers to."""
    return frozenset(column.name for column in _tree(text).find_all(exp.Column))


def is_aggregate(text: str) -> bool:
    """Whether the expression has an aggregate function (else it is over one row)."""
    return _tree(text).find(exp.AggFunc) is not None


def results(text: str) -> frozenset[str] | None:
    """The texts that a literal or a `case` of literals can give; None when they cannot be told."""
    tree = _tree(text).unnest()
    branches = [tree]
    if isinstance(tree, exp.Case):
        branches = [branch.args["true"] for branch in tree.args["ifs"]]
        branches += [tree.args["default"]] if tree.args.get("default") is not None else []
    given = [branch for branch in branches if not isinstance(branch, exp.Null)]
    if all(isinstance(branch, exp.Literal) and branch.is_string for branch in given):
        return frozenset(branch.name for branch in given)
    return None


@lru_cache(maxsize=8192)
def quote_columns(text: str) -> str:
    """The same expression with every column in backticks, so that both engines take any name.

    Only the columns' spelling changes: the rest of the text stays as it was written.
    """
    places: dict[int, tuple[int, str]] = {}
    for column in _tree(text).find_all(exp.Column):
        at = column.this.meta
        if "start" not in at:
            raise ExpressionError(f"cannot tell where '{column.name}' stands; put it in backticks")
        places[at["start"]] = (at["end"] + 1, column.name)
    for start in sorted(places, reverse=True):
        end, name = places[start]
        text = f"{text[:start]}`{name}`{text[end:]}"
    return text


@lru_cache(maxsize=8192)
def _tree(text: str) -> exp.Expression:
    if not text.strip():
        raise ExpressionError("the expression is empty")
    try:
        trees = Dialect.get_or_raise("spark").parse_into(exp.Condition, text)
    except SqlglotError as error:
        raise ExpressionError(f"is no SQL expression: {_syntax(error)} in: {text}") from None
    except RecursionError:
        raise ExpressionError("the expression is nested too deep") from None
    if len(trees) != 1 or trees[0] is None:
        raise ExpressionError(f"expected one SQL expression without `;`, not: {text}")
    tree: exp.Expression = trees[0]
    return tree


def _syntax(error: SqlglotError) -> str:
    details = getattr(error, "errors", None) or [{}]
    found, near = details[0].get("description"), details[0].get("highlight")
    if not found:
        return "it cannot be split into words (an open quote?)"
    if "missing for" in found:
        found = "something is missing"
    return str(found).rstrip(".").lower() + (f" near '{near.strip()}'" if near else "")


def _check_shape(tree: exp.Expression, text: str) -> None:
    for node in tree.walk():
        for kind, what in _REFUSED:
            if isinstance(node, kind):
                raise ExpressionError(f"{what} is not allowed in an expression: {text}")
        if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
            raise ExpressionError(f"`*` is not allowed here, name a column: {text}")
        if isinstance(node, exp.Bracket):
            instead = "get(list, position from 0)"
            raise ExpressionError(f"[...] fails where the list is short; write {instead}: {text}")
    if any(token.comments for token in _tokens(text)):
        raise ExpressionError(f"a comment is not allowed in an expression: {text}")


def _tokens(text: str) -> list[Token]:
    return list(sqlglot.tokenize(text, read="spark"))


def _check_functions(tree: exp.Expression, text: str) -> None:
    tokens = _tokens(text)
    used = [
        token.text.lower()
        for token, after in itertools.pairwise(tokens)
        if after.token_type == TokenType.L_PAREN
        and token.token_type != TokenType.STRING
        and token.text.isidentifier()
        and token.text.lower() not in NOT_FUNCTIONS
    ]
    used += [str(node.this).lower() for node in tree.find_all(exp.Anonymous)]
    # the functions that take no brackets: current_date and its like
    used += [node.sql_name().lower() for node in tree.find_all(exp.Func) if not node.args]
    choices = sorted(FUNCTIONS)
    for name in used:
        if name in INSTEAD:
            message = f"{name}(...) fails on a value that does not fit; write {INSTEAD[name]}"
            raise ExpressionError(message)
        if name not in FUNCTIONS:
            message = f"the function '{name}' is not among those both engines compute alike"
            raise ExpressionError(message + did_you_mean(name, choices, cutoff=0.65))


def _check_aggregation(tree: exp.Expression, text: str, aggregate: bool | None) -> None:
    has = tree.find(exp.AggFunc) is not None
    if aggregate is False and has:
        raise ExpressionError(f"an aggregate is not allowed here, only one row's value: {text}")
    if aggregate is True and not has:
        raise ExpressionError(f"expected an aggregate such as count(*) or sum(column), not: {text}")
    if not has:
        return
    for column in tree.find_all(exp.Column):
        if column.find_ancestor(exp.AggFunc, exp.Filter) is None:
            raise ExpressionError(f"'{column.name}' stands outside of an aggregate in: {text}")
    for inner in tree.find_all(exp.AggFunc):
        if inner.find_ancestor(exp.AggFunc) is not None:
            raise ExpressionError(f"an aggregate stands inside another one in: {text}")


def _check_divisor(node: exp.Expression) -> None:
    """A divisor must not be able to be 0: both engines stop the batch there."""
    if isinstance(node, exp.Div | exp.IntDiv | exp.Mod):
        divisor = node.expression.unnest()
    elif isinstance(node, exp.Anonymous) and str(node.this).lower() == "pmod":
        divisor = node.expressions[-1].unnest()
    else:
        return
    if isinstance(divisor, exp.Literal) and divisor.name.strip("0.") and not divisor.is_string:
        return
    if not isinstance(divisor, exp.Nullif):
        message = f"'{divisor.sql(dialect='spark')}' may be 0 and would stop the batch; divide by "
        raise ExpressionError(message + "nullif(..., 0)")


def _check_text(node: exp.Expression, texts: frozenset[str]) -> None:
    """Text must be read by try_cast: a silent conversion stops the batch over one bad value."""
    parts = [part.unnest() for part in node.iter_expressions()]
    columns = [p.name for p in parts if isinstance(p, exp.Column) and p.name in texts]
    if isinstance(node, exp.TryCast) and not node.args.get("safe"):
        plain = isinstance(parts[0], exp.Column) and not columns
        timestamp = isinstance(parts[0], exp.Anonymous)
        if not (plain or timestamp or isinstance(parts[0], _CASTABLE) or node.is_type("text")):
            message = "cast(...) fails on a value that does not fit; write try_cast(...)"
            raise ExpressionError(message)
        return
    if isinstance(node, exp.Case) and node.this is not None:  # case a when 1 ...
        parts = [node.this.unnest(), *(branch.this.unnest() for branch in node.args["ifs"])]
        columns = [p.name for p in parts if isinstance(p, exp.Column) and p.name in texts]
    elif isinstance(node, exp.If):  # `if(a, ...)` and `case when a ...`; not its results
        compares = isinstance(node.parent, exp.Case) and node.parent.this is not None
        columns = [c for c in columns if not compares and node.this.unnest().name == c]
    if not columns:
        return
    compared = isinstance(node, (*_COMPARISON, exp.Case))
    if (
        isinstance(node, (*_ARITHMETIC, *_TRUTH))
        or _function_name(node) in _NUMERIC_NAMES
        or (compared and any(_is_no_text(part, texts) for part in parts))
    ):
        message = f"'{columns[0]}' is text; compare it with a text in quotes, or read it with "
        raise ExpressionError(message + f"try_cast({columns[0]} as ...)")


# the parser's own names of some functions, beside those people write
_NUMERIC_NAMES = NUMBERS_AND_DATES | {
    "avg", "date_diff", "day_of_month", "day_of_week", "safe_divide", "sum", "time_to_str",
    "time_str_to_time", "timestamp_trunc", "ts_or_ds_add", "ts_or_ds_to_date",
}  # fmt: skip


def _function_name(node: exp.Expression) -> str:
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else ""


def _is_no_text(part: exp.Expression, texts: frozenset[str]) -> bool:
    """Whether an operand is surely no text: a number, a truth value, a date, another column."""
    if isinstance(part, exp.Column):
        return part.name not in texts
    if isinstance(part, exp.Literal):
        return not part.is_string
    if isinstance(part, exp.Cast):
        return not part.is_type("text")
    return isinstance(part, exp.Neg | exp.Boolean)
