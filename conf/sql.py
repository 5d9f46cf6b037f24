"""SQL expressions that stand in configuration files: checked when loaded, spelt for both engines.

An expression may use columns, literals, operators and the functions of `FUNCTIONS`, which the
embedded engine and Apache Spark compute alike. What reads a clock, draws at random, opens a table
or differs in its bits between the engines is not among them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from conf.errors import did_you_mean, listed

AGGREGATES = frozenset(
    {"avg", "bool_and", "bool_or", "count", "count_if", "every", "max", "min", "some", "sum"}
)
FUNCTIONS = AGGREGATES | frozenset(
    {
        # choice and emptiness
        "coalesce", "greatest", "if", "ifnull", "isnotnull", "isnull", "least", "nullif", "nvl",
        "nvl2",
        # text
        "char_length", "concat", "concat_ws", "contains", "endswith", "instr", "lcase", "left",
        "length", "locate", "lower", "lpad", "ltrim", "position", "regexp_extract", "regexp_like",
        "regexp_replace", "repeat", "replace", "reverse", "right", "rlike", "rpad", "rtrim",
        "split", "split_part", "startswith", "substr", "substring", "substring_index",
        "translate", "trim", "ucase", "upper",
        # numbers
        "abs", "cast", "ceil", "ceiling", "div", "floor", "mod", "pmod", "round", "sign",
        "try_cast",
        # dates
        "add_months", "date", "date_add", "date_format", "date_sub", "date_trunc", "datediff",
        "day", "dayofmonth", "dayofweek", "extract", "last_day", "make_date", "month",
        "months_between", "quarter", "to_date", "trunc", "try_to_timestamp", "weekday", "year",
        # lists, and checksums of text
        "array", "array_contains", "element_at", "md5", "sha2", "size",
    }
)  # fmt: skip

# words that stand before a bracket without being functions
_NOT_FUNCTIONS = frozenset(
    {
        "all", "and", "any", "as", "between", "bigint", "by", "case", "char", "decimal",
        "distinct", "double", "else", "end", "filter", "float", "from", "ilike", "in", "int",
        "integer", "is", "like", "not", "numeric", "on", "or", "string", "then", "varchar",
        "when", "where", "within",
    }
)  # fmt: skip
_REFUSED: tuple[tuple[type[exp.Expression], str], ...] = (
    (exp.Subquery, "a subquery"),
    (exp.Query, "a query"),
    (exp.DDL, "a statement"),
    (exp.DML, "a statement"),
    (exp.Command, "a statement"),
    (exp.Window, "a window (`over`)"),
    (exp.Alias, "an alias (`as`)"),
    (exp.Placeholder, "a placeholder"),
    (exp.Parameter, "a parameter"),
    (exp.Lambda, "a lambda (`->`)"),
)


class ExpressionError(ValueError):
    """An expression that is not accepted; the message says why, without the place."""


def check_expression(
    text: str, columns: Iterable[str], *, expected: str, aggregate: bool | None = False
) -> None:
    """Refuse an expression that is not one plain Spark SQL expression over the given columns.

    Args:
        text: the expression as written in the file; Chinese column names need no backticks.
        columns: the names it may refer to (the spelling must be exact).
        expected: what those names are, for the message, such as "a column of table penalty".
        aggregate: False: no aggregate function; True: every column stands inside one; None: either.

    Raises:
        ExpressionError: with what is wrong, what was expected and the nearest match.
    """
    tree = _tree(text)
    _check_shape(tree, text)
    _check_functions(text)
    names = list(columns)
    known = set(names)
    for column in tree.find_all(exp.Column, bfs=False):
        if column.args.get("table") is not None:
            message = f"'{column.sql(dialect='spark')}' has a dot; expected {expected}"
            raise ExpressionError(message + ", in backticks if its name has one")
        if column.name not in known:
            message = f"unknown column '{column.name}'; expected {expected}"
            raise ExpressionError(message + did_you_mean(column.name, names))
    _check_aggregation(tree, text, aggregate)


def referenced_columns(text: str) -> frozenset[str]:
    """The names of the columns an expression refers to."""
    return frozenset(column.name for column in _tree(text).find_all(exp.Column))


def is_aggregate(text: str) -> bool:
    """Whether the expression has an aggregate function (else it is over one row)."""
    return _tree(text).find(exp.AggFunc) is not None


def results(text: str) -> frozenset[str] | None:
    """The texts that a literal or a `case` of literals can give; None when they cannot be told."""
    tree = _tree(text).unnest()
    if isinstance(tree, exp.Case):
        branches = [branch.args["true"] for branch in tree.args["ifs"]]
        branches += [tree.args["default"]] if tree.args.get("default") is not None else []
    else:
        branches = [tree]
    if all(isinstance(b, exp.Literal) and b.is_string for b in branches):
        return frozenset(b.name for b in branches)
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
        trees = sqlglot.parse(text, read="spark")
    except SqlglotError as error:
        raise ExpressionError(f"is no SQL expression: {_syntax(error)} in: {text}") from None
    except RecursionError:
        raise ExpressionError("the expression is nested too deep") from None
    if len(trees) != 1 or trees[0] is None:
        raise ExpressionError(f"expected one SQL expression without `;` in: {text}")
    return trees[0]


def _syntax(error: SqlglotError) -> str:
    details = getattr(error, "errors", None) or [{}]
    found, near = details[0].get("description"), details[0].get("highlight")
    if not found:
        return "it cannot be split into words (an open quote?)"
    return f"{str(found).rstrip('.').lower()} near '{near}'" if near else str(found).lower()


def _check_shape(tree: exp.Expression, text: str) -> None:
    for node in tree.walk():
        for kind, what in _REFUSED:
            if isinstance(node, kind):
                raise ExpressionError(
                    f"{what} is not allowed here; expected one expression: {text}"
                )
        if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
            raise ExpressionError(f"`*` is not allowed here; name a column: {text}")
    if any(token.comments for token in _tokens(text)):
        raise ExpressionError(f"a comment is not allowed inside an expression: {text}")


def _tokens(text: str) -> list[Token]:
    return list(sqlglot.tokenize(text, read="spark"))


def _check_functions(text: str) -> None:
    tokens = _tokens(text)
    for token, after in itertools.pairwise(tokens):
        word = token.text.lower()
        if after.token_type != TokenType.L_PAREN or not word.isidentifier():
            continue
        if token.token_type == TokenType.STRING or word in _NOT_FUNCTIONS | FUNCTIONS:
            continue
        message = f"the function '{token.text}' is not among those both engines compute alike"
        near = did_you_mean(word, sorted(FUNCTIONS))
        raise ExpressionError(
            message + (near or f"; expected one of {listed(sorted(FUNCTIONS), 99)}")
        )


def _check_aggregation(tree: exp.Expression, text: str, aggregate: bool | None) -> None:
    has = tree.find(exp.AggFunc) is not None
    if aggregate is False and has:
        raise ExpressionError(f"an aggregate is not allowed here; expected one row's value: {text}")
    if aggregate is True and not has:
        raise ExpressionError(f"expected an aggregate such as count(*) or sum(column): {text}")
    if not has:
        return
    for column in tree.find_all(exp.Column):
        if column.find_ancestor(exp.AggFunc) is None:
            raise ExpressionError(f"'{column.name}' stands outside of an aggregate in: {text}")
    for inner in tree.find_all(exp.AggFunc):
        if inner.find_ancestor(exp.AggFunc) is not None:
            raise ExpressionError(f"an aggregate stands inside another one in: {text}")
