"""The SQL functions that expressions in configuration files may use.

Each of them gives the same value on the embedded engine and on Apache Spark, and none of them stops
a whole delivery over one bad value. What reads a clock, draws at random, opens a table, or differs
in its bits between the engines (`ln`, `exp`, `pow`, `hash`) is not among them.
"""

from __future__ import annotations

AGGREGATES = frozenset({"avg", "bool_and", "bool_or", "count", "count_if", "max", "min", "sum"})

#: Functions of text, total over any text (with literal positions and patterns).
TEXT = frozenset(
    {
        "char_length", "concat", "concat_ws", "contains", "endswith", "instr", "lcase", "left",
        "length", "locate", "lower", "lpad", "ltrim", "md5", "position", "regexp_extract",
        "regexp_like", "regexp_replace", "repeat", "replace", "reverse", "right", "rlike", "rpad",
        "rtrim", "sha2", "split", "split_part", "startswith", "substr", "substring",
        "substring_index", "translate", "trim", "try_to_timestamp", "ucase", "upper",
    }
)  # fmt: skip

#: Functions of numbers and dates; handed a text, they stop the whole batch over one bad value.
NUMBERS_AND_DATES = frozenset(
    {
        "abs", "add_months", "ceil", "ceiling", "date_add", "date_format", "date_sub",
        "date_trunc", "datediff", "day", "dayofmonth", "dayofweek", "extract", "floor", "last_day",
        "mod", "month", "months_between", "pmod", "quarter", "round", "sign", "trunc",
        "try_divide", "weekday", "year",
    }
)  # fmt: skip

_OTHER = frozenset(
    {
        "array", "array_contains", "cast", "coalesce", "get", "greatest", "if", "ifnull",
        "isnotnull", "isnull", "least", "nullif", "nvl", "nvl2", "size", "try_cast",
    }
)  # fmt: skip

FUNCTIONS = AGGREGATES | TEXT | NUMBERS_AND_DATES | _OTHER

#: Functions that stop the whole batch over one bad value, and what to write instead.
INSTEAD = {
    "bigint": "try_cast(... as bigint)",
    "date": "try_cast(... as date)",
    "decimal": "try_cast(... as decimal(24,6))",
    "double": "try_cast(... as decimal(24,6))",
    "element_at": "get(list, position from 0)",
    "float": "try_cast(... as decimal(24,6))",
    "int": "try_cast(... as bigint)",
    "make_date": "try_cast(concat_ws('-', year, month, day) as date)",
    "string": "cast(... as string)",
    "timestamp": "try_to_timestamp(...)",
    "to_date": "try_cast(... as date), or cast(try_to_timestamp(..., format) as date)",
    "to_timestamp": "try_to_timestamp(...)",
}

#: Words that may stand before a bracket without being functions.
NOT_FUNCTIONS = frozenset(
    {
        "and", "as", "between", "by", "case", "char", "decimal", "distinct", "else", "end",
        "filter", "from", "ilike", "in", "is", "like", "not", "numeric", "on", "or", "then",
        "varchar", "when", "where",
    }
)  # fmt: skip
