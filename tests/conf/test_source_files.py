from __future__ import annotations

from pathlib import Path

import pytest
from literal_city import PENALTY, REGISTRATION

from conf.errors import ConfError, listed
from conf.source import Source, load_source
from conf.table import Table, load_catalogue

LISTED = """\
source: listed
department: 市场监督管理局
table: list_event
title: 经营异常名录
files: "{date}/scjg/listed*.jsonl.gz"
format: jsonl
columns: [id, 类型, 方向, 日期, 手机]
known_at: 日期
event_date: known_at
personal: {手机: phone}
mapping:
  subject_id: id
  list_type: "case 类型 when '1' then '经营异常' else '其他' end"
  direction: 方向
  listed_date: 日期
attributes:
  phone: {type: phone, expr: 手机, zh: 手机, en: Phone, use: never}
  rate: {type: ratio, expr: 类型, unit: "%", zh: 比, en: Rate, use: internal}
  size: {type: integer, expr: 类型, unit: 平方米, zh: 面积, en: Area, use: internal}
"""


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Table]:
    return load_catalogue()


def _load(folder: Path, name: str, text: str, catalogue: dict[str, Table]) -> Source:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return load_source(path, catalogue)


def test_a_source_is_read(tmp_path: Path, catalogue: dict[str, Table]) -> None:
    source = _load(tmp_path, "registration", REGISTRATION, catalogue)
    assert source.mapping["reg_cap_fen"].sql == "`注册资本（万元）`"
    assert source.mapping["reg_cap_fen"].unit == "万元"
    assert source.mapping["name"].expr == "名称"
    assert source.sql(source.op) == (
        "case `操作` when '更正' then 'correct' when '撤销' then 'withdraw' else 'insert' end"
    )
    assert source.attribute_columns() == {"x_brand_num": "BIGINT"}
    assert source.personal == {"证件号": "id_number", "电话": "phone"}
    assert source.dated_by_path
    # a snapshot's event is the day it was delivered
    assert source.event_date_sql(catalogue["registration"]) == "`known_at`"


def test_what_a_source_does_not_say_has_a_default(
    tmp_path: Path, catalogue: dict[str, Table]
) -> None:
    source = _load(tmp_path, "penalty", PENALTY, catalogue)
    assert (source.format, source.delimiter, source.op) == ("csv", ",", "'insert'")
    assert (source.record_id, source.identical_rows, source.volume) == (None, "distinct", None)
    # the event is the mapped column's date
    assert source.event_date_sql(catalogue["penalty"]) is None


def test_units_attributes_and_clocks_of_a_source(
    tmp_path: Path, catalogue: dict[str, Table]
) -> None:
    source = _load(tmp_path, "listed", LISTED, catalogue)
    assert source.attribute_columns() == {
        "x_phone": "STRING",
        "x_rate": "DECIMAL(9,6)",
        "x_size": "BIGINT",
    }
    assert source.event_date_sql(catalogue["list_event"]) == "`known_at`"


_REGISTRATION_MISTAKES = [
    ("source: registration", "source: registrations",
     "1: the source is called 'registrations' but the file registration.yaml; rename one"),
    ("source: registration", "source: 登记",
     "1: '登记' is no valid source name; use small letters, digits and _"),
    ("table: registration", "table: regstration",
     f"3: unknown table 'regstration'; expected one of {listed(load_catalogue())}; did you mean "
     "'registration'?"),
    ("files: \"{date}", "files: \"{day}",
     "5: files '{day}/scjg/registration*.csv.gz': the only placeholder is {date}, once"),
    ("files: \"{date}", "files: \"/{date}",
     "5: files '/{date}/scjg/registration*.csv.gz' must be relative to the deliveries folder, "
     "with / and no .."),
    ("scjg/reg", "../reg",
     "5: files '{date}/../registration*.csv.gz' must be relative to the deliveries folder, "
     "with / and no .."),
    ("format: csv", "format: parquet",
     "5: files '{date}/scjg/registration*.csv.gz' does not end like the format parquet; expected "
     "one of .parquet"),
    ("format: csv", "format: CSV",
     "6: unknown value 'CSV' for 'format'; expected one of csv, jsonl, parquet, xlsx; "
     "did you mean 'csv'?"),
    ("format: csv", "format: csv\nsheet: 一月",
     "7: 'sheet' means nothing for the format csv; take it out"),
    ("format: csv", "encoding: utf8",
     "6: unknown value 'utf8' for 'encoding'; expected one of utf-8, gb18030; "
     "did you mean 'utf-8'?"),
    ("format: csv", "delimiter: '||'",
     "6: 'delimiter' must be a text of at most 1 character(s), not '||'"),
    ("商标数, 操作", "商标数, 名称", "7: the column '名称' is listed twice"),
    ("[统一", "[known_at, 统一",
     "7: 'known_at' cannot be the name of a raw column (no backticks, no spaces around it, not "
     "known_at)"),
    ("[统一", "[ID, id, 统一", "7: 'id' and 'ID' differ in case only"),
    ("record_id: 统一社会信用代码", "record_id: 统一社会信用代号",
     "8: record_id: unknown column '统一社会信用代号'; expected one of `columns`; "
     "did you mean '统一社会信用代码'?"),
    ("record_id: 统一社会信用代码", "record_id: 名称\nidentical_rows: repeated",
     "9: 'identical_rows' means nothing beside 'record_id'; take one of them out"),
    ("then 'correct'", "then 'corect'",
     "9: op can give 'corect'; expected one of insert, correct, withdraw; did you mean 'correct'?"),
    ("{证件号: id", "{身份证号: id",
     "10: unknown column '身份证号' in personal; expected one of `columns`; "
     "did you mean '证件号'?"),
    ("证件号: id_number", "证件号: id_card",
     "10: unknown value 'id_card' for '证件号' in personal; expected one of id_number, phone; "
     "did you mean 'id_number'?"),
    ("  subject_id: 统一社会信用代码\n", "",
     "11: the column 'subject_id' of table registration is required; map it"),
    ("  name: 名称", "  nam: 名称",
     "13: unknown column 'nam' in mapping; expected a column of table registration; "
     "did you mean 'name'?"),
    ("  name: 名称", "  name: 名稱",
     "13: mapping.name: unknown column '名稱'; expected one of `columns`; did you mean '名称'?"),
    ("  name: 名称", "  name: 7",
     "13: mapping.name must be SQL text or {expr: ..., unit: ...}, not '7'; put it in quotes"),
    ("  name: 名称", "  name: {sql: 名称}",
     "13: unknown key 'sql' in mapping.name; expected one of expr, unit (more mistakes "
     "at line 13)"),
    ("  name: 名称", "  name: 名称 as n",
     "13: mapping.name: is no SQL expression: invalid expression / unexpected token near 'as' in: "
     "名称 as n"),
    ("  name: 名称", "  name: 证件号",
     "13: mapping.name is of type text but '证件号' is personal (id_number); a personal column may "
     "only become a person or phone column"),
    ("  name: 名称", "  name: {expr: 名称, unit: 元}",
     "13: mapping.name is of type text, which takes no unit; take 'unit' out"),
    ("unit: 万元", "unit: 万",
     "14: unknown unit '万' in mapping.reg_cap_fen; expected one of 分, 元, 万元, 亿元; "
     "did you mean '万元'?"),
    ("  legal_rep_key: 证件号", "  legal_rep_key: 名称",
     "15: mapping.legal_rep_key is of type person, so '名称' must be listed in `personal` as "
     "id_number"),
    ("  legal_rep_key: 证件号", "  legal_rep_key: 电话",
     "15: mapping.legal_rep_key is of type person, so '电话' must be listed in `personal` as "
     "id_number"),
    ("then '存续'", "then '续存'",
     "17: mapping.status can give '续存'; expected one of 存续, 吊销, 注销, 迁出; "
     "did you mean '存续'?"),
    ("  brand_num: {", "  x_brand_num: {",
     "19: 'x_brand_num' is no valid attribute name; expected small letters, digits and _ (the "
     "column becomes x_<name>)"),
    ("type: integer, expr", "type: int, expr",
     "19: unknown value 'int' for 'type' in attributes.brand_num; expected one of subject, text, "
     "category, integer, money, ratio, decimal, date, boolean, person, phone; "
     "did you mean 'integer'?"),
    ("type: integer, expr", "type: subject, expr",
     "19: the attribute 'brand_num' cannot be a subject; use text"),
    ("type: integer, expr", "type: category, expr",
     "19: `values` goes with the type category, and only with it"),
    ("expr: 商标数", "expr: 商标树",
     "19: attributes.brand_num: unknown column '商标树'; expected one of `columns`; "
     "did you mean '商标数'?"),
    ("expr: 商标数", "expr: 电话",
     "19: attributes.brand_num is of type integer but '电话' is personal (phone); a personal "
     "column may only become a person or phone column"),
    ("type: integer, expr: 商标数", "type: phone, expr: 电话",
     "19: an attribute of type phone must have the use 'never'"),
    ("min_rows: 1,", "min_rows: 200000,", "20: min_rows 200000 is more than max_rows 100000"),
    ("on_breach: refuse", "on_breach: fail",
     "20: unknown value 'fail' for 'on_breach' in volume; expected one of refuse, warn"),
    ("x_brand_num >= 0", "x_brandnum >= 0",
     "22: check of expectation 'brands_not_negative': unknown column 'x_brandnum'; expected a "
     "column of table registration or an attribute; did you mean 'x_brand_num'?"),
]  # fmt: skip
_LISTED_MISTAKES = [
    ("format: jsonl", "format: jsonl\ndelimiter: ';'",
     "7: 'delimiter' means nothing for the format jsonl; take it out"),
    ("known_at: 日期", "known_at: known_at",
     "8: known_at: unknown column 'known_at'; expected one of `columns`"),
    ("event_date: known_at", "event_date: date_add(日期, 1)",
     "9: event_date: '日期' is text; compare it with a text in quotes, or read it with "
     "try_cast(日期 as ...)"),
    ("  direction: 方向\n", "",
     "11: the column 'direction' of table list_event is required; map it"),
    ("unit: \"%\"", "unit: 元", "18: unknown unit '元' in attributes.rate; expected one of 1, %"),
]  # fmt: skip
_PENALTY_MISTAKES = [
    ("  decided_date: day\n", "",
     "8: nothing says when a record of table penalty happened; map 'decided_date' or give "
     "'event_date'"),
    ("  amount_fen:", "  ammount_fen:",
     "11: unknown column 'ammount_fen' in mapping; expected a column of table penalty; "
     "did you mean 'amount_fen'?"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "was", "becomes", "message"),
    [
        *(("registration", REGISTRATION, *mistake) for mistake in _REGISTRATION_MISTAKES),
        *(("listed", LISTED, *mistake) for mistake in _LISTED_MISTAKES),
        *(("penalty", PENALTY, *mistake) for mistake in _PENALTY_MISTAKES),
    ],
)
def test_a_mistake_in_a_source_is_named_with_its_line(
    tmp_path: Path,
    catalogue: dict[str, Table],
    name: str,
    text: str,
    was: str,
    becomes: str,
    message: str,
) -> None:
    assert was in text
    with pytest.raises(ConfError) as caught:
        _load(tmp_path, name, text.replace(was, becomes, 1), catalogue)
    assert str(caught.value) == f"{(tmp_path / name).as_posix()}.yaml:{message}"


def test_case_label_stages_may_come_from_a_literal_and_known_at(
    tmp_path: Path, catalogue: dict[str, Table]
) -> None:
    text = PENALTY.replace("source: penalty", "source: labels").replace(
        "table: penalty", "table: case_label"
    )
    mapping = "mapping:\n  subject_id: id\n  case_id: no\n  stage: \"'立案'\"\n"
    mapping += "  stage_date: known_at\n"
    source = _load(tmp_path, "labels", text[: text.index("mapping:")] + mapping, catalogue)
    assert source.mapping["stage_date"].sql == "`known_at`"
