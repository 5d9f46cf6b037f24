"""What `conf.sql` lets through is run: every function, and every expectation of the catalogue.

The expected values are those of Apache Spark; with `--engine spark` the same tests run there.
"""

from __future__ import annotations

import itertools

import pytest
import sqlglot
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from sqlglot.tokens import TokenType

from conf.sql import check_expression, quote_columns
from conf.sql_functions import AGGREGATES, FUNCTIONS
from conf.table import SYSTEM_COLUMNS, Table, load_catalogue

COLUMNS = {
    "a": "STRING", "中": "STRING", "d": "STRING", "z": "STRING", "n": "BIGINT", "m": "BIGINT",
    "b": "BOOLEAN", "day": "DATE",
}  # fmt: skip
ROWS = (
    "select * from values "
    "(' Ab ', '中国', '2020-01-05', cast(null as string), 3L, 10L, true, date '2020-01-31'), "
    "('b', '大国', '2021-02-06', cast(null as string), 1L, cast(null as bigint), false, "
    "date '2020-02-29') as t(a, `中`, d, z, n, m, b, day)"
)

# expression → its value for the first of the two rows, as text
OVER_A_ROW = {
    "coalesce(nullif(trim(z), ''), 'x')": "x",
    "greatest(1, 2, 3)": "3",
    "least(3, 2)": "2",
    "if(n > 1, 'y', 'n')": "y",
    "ifnull(z, 'q')": "q",
    "isnotnull(z)": "false",
    "isnull(z)": "true",
    "nvl(z, 'a')": "a",
    "nvl2(z, 'a', 'b')": "b",
    "char_length(中)": "2",
    "length(中)": "2",
    "concat(a, 中)": " Ab 中国",
    "concat_ws('-', a, z, 中)": " Ab -中国",
    "contains(中, '国')": "true",
    "endswith(中, '国')": "true",
    "startswith(中, '国')": "false",
    "instr(中, '国')": "2",
    "locate('国', 中)": "2",
    "position('国' in 中)": "2",
    "lcase(a)": " ab ",
    "lower('ÀB')": "àb",
    "ucase(a)": " AB ",
    "upper(a)": " AB ",
    "left(中, 1)": "中",
    "right(中, 1)": "国",
    "lpad(n, 3, '0')": "003",
    "rpad(中, 4, '0')": "中国00",
    "ltrim(a)": "Ab ",
    "rtrim(a)": " Ab",
    "trim(both 'x' from 'xax')": "a",
    "regexp_extract(d, '([0-9]+)-([0-9]+)', 2)": "01",
    "regexp_like(d, '^2020')": "true",
    "regexp_replace(中, '中', '大')": "大国",
    "rlike(d, '^[0-9]{4}')": "true",
    "repeat(中, 2)": "中国中国",
    "replace(中, '中', '大')": "大国",
    "reverse(中)": "国中",
    "get(split(d, '-'), 1)": "01",
    "get(split(d, '-'), 9)": None,
    "split_part(d, '-', 2)": "01",
    "split_part(d, '-', 9)": "",
    "substr(中, 2)": "国",
    "substring(中, 2, 1)": "国",
    "substring_index(d, '-', -1)": "05",
    "translate(中, '中', '大')": "大国",
    "md5(中)": "c13dceabcb143acd6c9298265d618a9f",
    "sha2('abc', 256)": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "abs(-3)": "3",
    "cast('1.25' as decimal(9,2))": "1.25",
    "cast(b as int)": "1",
    "ceil(1.2)": "2",
    "ceiling(-1.2)": "-1",
    "floor(-1.2)": "-2",
    "-7 div 2": "-3",
    "-7 % 3": "-1",
    "mod(7, 3)": "1",
    "pmod(-7, 3)": "2",
    "round(cast('1.245' as decimal(9,3)), 2)": "1.25",
    "sign(-2)": "-1.0",
    "try_cast('x' as int)": None,
    "try_cast(' 12 ' as int)": "12",
    "try_cast(d as date)": "2020-01-05",
    "try_divide(n, 0)": None,
    "n / nullif(n - 3, 0)": None,
    "add_months(day, 1)": "2020-02-29",
    "date_add(day, 1)": "2020-02-01",
    "date_sub(day, 31)": "2019-12-31",
    "day - interval 3 days": "2020-01-28",
    "date_format(day, 'yyyy/MM/dd')": "2020/01/31",
    "cast(date_trunc('month', day) as date)": "2020-01-01",
    "trunc(day, 'year')": "2020-01-01",
    "datediff(date '2020-03-01', day)": "30",
    "day(day)": "31",
    "dayofmonth(day)": "31",
    "dayofweek(day)": "6",
    "weekday(day)": "4",
    "extract(year from day)": "2020",
    "year(day)": "2020",
    "month(day)": "1",
    "quarter(day)": "1",
    "last_day(date '2020-02-03')": "2020-02-29",
    "months_between(date '2020-03-31', day)": "2.0",
    "cast(try_to_timestamp('2020年1月5日', 'yyyy年M月d日') as date)": "2020-01-05",
    "cast(try_to_timestamp('x', 'yyyy') as date)": None,
    "array_contains(array('a', 'b'), 'b')": "true",
    "size(split(d, '-'))": "3",
    "case 中 when '中国' then 1 else 2 end": "1",
    "中 like '中%' and not b <=> null": "true",
    "n between 1 and 5 or n in (7, 8)": "true",
    "a || 中": " Ab 中国",
}
# expression → its value over both rows, as text
OVER_BOTH = {
    "avg(n)": "2.0",
    "bool_and(b)": "false",
    "bool_or(b)": "true",
    "count(*)": "2",
    "count(z)": "0",
    "count(distinct a)": "2",
    "count_if(n > 1)": "1",
    "max(中)": "大国",
    "min(d)": "2020-01-05",
    "sum(n)": "4",
    "sum(m) filter (where n > 5)": None,
}


def _functions(texts: list[str]) -> set[str]:
    tokens = [sqlglot.tokenize(text, read="spark") for text in texts]
    return {
        token.text.lower()
        for row in tokens
        for token, after in itertools.pairwise(row)
        if after.token_type == TokenType.L_PAREN
    }


def test_every_function_that_is_let_through_is_tried_here() -> None:
    assert _functions([*OVER_A_ROW, *OVER_BOTH]) >= FUNCTIONS
    assert _functions(list(OVER_BOTH)) >= AGGREGATES


def test_a_function_over_a_row_gives_the_same_on_every_engine(spark: SparkSession) -> None:
    for text in OVER_A_ROW:
        check_expression(text, COLUMNS, expected="")
    frame = spark.sql(ROWS)
    row = frame.where("n = 3").select(
        *[F.expr(f"cast({quote_columns(text)} as string)") for text in OVER_A_ROW]
    )
    assert dict(zip(OVER_A_ROW, row.collect()[0], strict=True)) == OVER_A_ROW


def test_an_aggregate_gives_the_same_on_every_engine(spark: SparkSession) -> None:
    for text in OVER_BOTH:
        check_expression(text, COLUMNS, expected="", aggregate=True)
    found = spark.sql(ROWS).agg(*[F.expr(quote_columns(text)).cast("string") for text in OVER_BOTH])
    assert dict(zip(OVER_BOTH, found.collect()[0], strict=True)) == OVER_BOTH


@pytest.mark.parametrize("table", load_catalogue().values(), ids=lambda table: table.name)
def test_the_expectations_of_a_table_run_and_an_empty_row_breaks_none(
    spark: SparkSession, table: Table
) -> None:
    frame = spark.range(1).select(
        *[F.lit(None).cast(kind).alias(name)
          for name, kind in {**table.spark_columns(), **SYSTEM_COLUMNS}.items()]
    )  # fmt: skip
    checks = [e for e in table.expectations if e.check is not None]
    row = frame.select(*[F.expr(e.sql).alias(e.name) for e in checks]).collect()[0]
    # what is not known breaks nothing; `holder_is_known` is about knowing
    assert {name for name, held in row.asDict().items() if held is False} <= {"holder_is_known"}
    whole = [e for e in table.expectations if e.aggregate is not None]
    if whole:
        found = frame.where("1 = 0").agg(*[F.expr(e.sql).alias(e.name) for e in whole])
        # nor does an empty delivery (its volume is another matter)
        assert False not in found.collect()[0]
