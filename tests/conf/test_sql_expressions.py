from __future__ import annotations

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from conf.sql import (
    ExpressionError,
    check_expression,
    is_aggregate,
    quote_columns,
    referenced_columns,
    results,
)

COLUMNS = {
    **dict.fromkeys(["id", "标签", "名称", "注册资本（万元）", "year", "a b"], "STRING"),
    "known_at": "DATE",
    "n": "BIGINT",
}

# what is said of a text column that would be converted silently
TEXT = "'id' is text; compare it with a text in quotes, or read it with try_cast(id as ...)"
# how a syntax error begins
SYNTAX = "is no SQL expression: invalid expression / unexpected token near"
ALIKE = "is not among those both engines compute alike"


def _check(text: str, aggregate: bool | None = False) -> None:
    check_expression(text, COLUMNS, expected="one of `columns`", aggregate=aggregate)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("名称", "`名称`"),
        ("注册资本（万元）", "`注册资本（万元）`"),
        ("year", "`year`"),
        ("`a b`", "`a b`"),
        ("concat(名称, '名称', `a b`)", "concat(`名称`, '名称', `a b`)"),
        # the word `id` is quoted where it is a column, not inside of text or of a longer name
        ("case id when 'id' then 名称 else id end",
         "case `id` when 'id' then `名称` else `id` end"),
        ("n  +\n 1", "`n`  +\n 1"),
        ("try_cast(标签 as bigint) > 1 and id is not null",
         "try_cast(`标签` as bigint) > 1 and `id` is not null"),
        ("regexp_extract(id, '^([0-9]+)', 1)", "regexp_extract(`id`, '^([0-9]+)', 1)"),
        ("extract(year from known_at)", "extract(year from `known_at`)"),
        ("date_sub(known_at, 1)", "date_sub(`known_at`, 1)"),
        ("id in ('1', '2') or 标签 like '%x'", "`id` in ('1', '2') or `标签` like '%x'"),
        ("get(split(id, ';'), 0)", "get(split(`id`, ';'), 0)"),
        ("known_at >= date '2020-01-01'", "`known_at` >= date '2020-01-01'"),
        ("cast(id is null as int)", "cast(`id` is null as int)"),
        ("n / nullif(n, 0) + n % 7", "`n` / nullif(`n`, 0) + `n` % 7"),
        ("id || 名称", "`id` || `名称`"),
        ("'insert'", "'insert'"),
    ],
)  # fmt: skip
def test_what_is_lawful_is_spelt_with_every_column_in_backticks(text: str, quoted: str) -> None:
    _check(text)
    assert quote_columns(text) == quoted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("名稱", "unknown column '名稱'; expected one of `columns`; did you mean '名称'?"),
        ("ID", "unknown column 'ID'; expected one of `columns`; did you mean 'id'?"),
        ("upper(zzz)", "unknown column 'zzz'; expected one of `columns`"),
        ("t.id", "'t.id' has a dot; expected one of `columns` (in backticks if its name has one)"),
        ("", "the expression is empty"),
        ("  ", "the expression is empty"),
        ("id =", "is no SQL expression: something is missing near '=' in: id ="),
        ("upper(id", "is no SQL expression: expecting ) near 'id' in: upper(id"),
        ("'abc", "is no SQL expression: it cannot be split into words (an open quote?) in: 'abc"),
        ("id, 名称", f"{SYNTAX} ',' in: id, 名称"),
        ("id 名称", f"{SYNTAX} '名称' in: id 名称"),
        ("id as x", f"{SYNTAX} 'as' in: id as x"),
        ("drop table x",
         f"{SYNTAX} 'drop' in: drop table x"),
        ("id; 名称", "expected one SQL expression without `;`, not: id; 名称"),
        ("(select 1)", "a query is not allowed in an expression: (select 1)"),
        ("id in (select 1)", "a query is not allowed in an expression: id in (select 1)"),
        ("row_number() over (order by id)",
         "a window (`over`) is not allowed in an expression: row_number() over (order by id)"),
        ("id -- x", "a comment is not allowed in an expression: id -- x"),
        ("*", "`*` is not allowed here, name a column: *"),
        ("split(id, ';')[0]",
         "[...] fails where the list is short; write get(list, position from 0): "
         "split(id, ';')[0]"),
        ("uper(id)",
         f"the function 'uper' {ALIKE}; did you mean 'upper'?"),
        ("ln(n)", f"the function 'ln' {ALIKE}"),
        ("current_date", f"the function 'current_date' {ALIKE}"),
        ("now()", f"the function 'now' {ALIKE}"),
        ("rand()", f"the function 'rand' {ALIKE}; did you mean 'rpad'?"),
        ("to_date(id)",
         "to_date(...) fails on a value that does not fit; write try_cast(... as date), or "
         "cast(try_to_timestamp(..., format) as date)"),
        ("int(id)", "int(...) fails on a value that does not fit; write try_cast(... as bigint)"),
        ("cast(id as int)", "cast(...) fails on a value that does not fit; write try_cast(...)"),
        ("id::int", "cast(...) fails on a value that does not fit; write try_cast(...)"),
        ("标签 = 1",
         TEXT.replace("id", "标签")),
        ("case 标签 when 1 then 'x' end",
         TEXT.replace("id", "标签")),
        ("id + 1", TEXT),
        ("year(id)",
         TEXT),
        ("id <= known_at",
         TEXT),
        ("if(id, 1, 0)",
         TEXT),
        ("n / 0", "'0' may be 0 and would stop the batch; divide by nullif(..., 0)"),
        ("n % n", "'n' may be 0 and would stop the batch; divide by nullif(..., 0)"),
        ("pmod(n, n)", "'n' may be 0 and would stop the batch; divide by nullif(..., 0)"),
        ("sum(n)", "an aggregate is not allowed here, only one row's value: sum(n)"),
    ],
)  # fmt: skip
def test_what_is_not_lawful_is_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        _check(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n", "expected an aggregate such as count(*) or sum(column), not: n"),
        ("sum(n) - n", "'n' stands outside of an aggregate in: sum(n) - n"),
        ("sum(max(n))", "an aggregate stands inside another one in: sum(max(n))"),
        ("sum(id)",
         TEXT),
        ("sum(n) / count(n)",
         "'COUNT(n)' may be 0 and would stop the batch; divide by nullif(..., 0)"),
    ],
)  # fmt: skip
def test_an_aggregate_is_asked_for_and_has_every_column_inside(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        _check(text, aggregate=True)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "text",
    [
        "count(*) > 0",
        "count(distinct id) * 10 >= count(*)",
        "sum(n) / nullif(count(n), 0) > 1",
        "avg(cast(id is not null as int)) >= 0.5",
        "sum(n) filter (where n > 1)",
    ],
)
def test_aggregates_over_the_whole_table_are_lawful(text: str) -> None:
    _check(text, aggregate=True)
    assert is_aggregate(text)


def test_a_division_by_zero_is_left_to_those_who_say_they_handle_it() -> None:
    check_expression("n / n", COLUMNS, expected="", may_divide_by_zero=True)


def test_the_texts_an_expression_can_give_are_told_where_they_can_be() -> None:
    assert results("'insert'") == {"insert"}
    assert results("case a when '更正' then 'correct' when '撤' then 'withdraw' end") == {
        "correct",
        "withdraw",
    }
    assert results("case when a is null then null else 'x' end") == {"x"}
    # the branch `else a` can give anything
    assert results("case a when '1' then 'x' else a end") is None
    assert results("concat('a', b)") is None


_names = st.text(
    st.characters(codec="utf-8", categories=["Lo", "Ll", "Lu"]), min_size=1, max_size=6
).filter(lambda name: name.isidentifier())


@st.composite
def _expressions(draw: st.DrawFn) -> tuple[str, set[str]]:
    """A lawful expression and the columns in it, some written with backticks, some without."""
    names = draw(st.lists(_names, min_size=1, max_size=4))
    odd = draw(st.lists(st.text(st.sampled_from("年 度.-(1）"), min_size=1), max_size=2))
    cells = [f"`{name}`" for name in odd] + [f"`{n}`" if draw(st.booleans()) else n for n in names]
    # words of SQL stay words of SQL
    cells = [cell if _is_column(cell) else f"`{cell}`" for cell in cells]
    text = draw(st.sampled_from(["concat_ws('，', {})", "coalesce({}, '`x`')", "concat({}, 'é ')"]))
    return text.format(", ".join(cells)), {*names, *odd}


def _is_column(cell: str) -> bool:
    try:
        return isinstance(sqlglot.parse_one(cell, read="spark"), exp.Column)
    except sqlglot.errors.SqlglotError:
        return False


@given(_expressions())
def test_quoting_keeps_the_columns_and_the_meaning(case: tuple[str, set[str]]) -> None:
    text, names = case
    check_expression(text, dict.fromkeys(names, "STRING"), expected="")
    quoted = quote_columns(text)
    assert referenced_columns(text) == names == referenced_columns(quoted)
    assert all(column.this.quoted for column in _columns(quoted))
    # quoting again changes nothing, and without the backticks it is the same text
    assert quote_columns(quoted) == quoted
    assert quoted.replace("`", "") == text.replace("`", "")


def _columns(text: str) -> list[exp.Column]:
    return list(sqlglot.parse_one(text, read="spark").find_all(exp.Column))
