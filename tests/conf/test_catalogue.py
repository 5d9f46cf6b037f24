from __future__ import annotations

from pathlib import Path

import pytest

from conf.errors import ConfError
from conf.source import UNIT_FACTORS
from conf.table import CATALOGUE_FOLDER, SYSTEM_COLUMNS, load_catalogue, load_table

TABLES = {
    "registration": 23, "shareholder": 11, "investment": 7, "key_person": 5, "branch": 5,
    "change_record": 5, "annual_report": 16, "address": 9, "tax_registration": 10,
    "tax_filing": 11, "grade": 7, "penalty": 10, "permit": 7, "list_event": 9, "judgment": 8,
    "enforcement": 7, "complaint": 11, "ad_monitor": 9, "public_info": 9, "case_label": 7,
    "capacity": 3, "tax_arrears": 6, "exit_control": 6, "points_event": 6, "objection": 7,
    "repair": 6, "tax_receipts": 6, "concert_party": 8, "licence_finance": 7, "inspection": 9,
}  # fmt: skip

GRADE = """\
table: grade
name_zh: 等级
name_en: Grades
owner: 税务局
keys: [subject_id, period]
event_date: valid_from
columns:
  subject_id: {type: subject, zh: 主体, en: Subject, use: published, required: true}
  period: {type: text, zh: 期, en: Period, use: published}
  level: {type: category, values: [A, B], zh: 级, en: Level, use: shared}
  fee_fen: {type: money, unit: 分, zh: 费, en: Fee, use: internal}
  share: {type: ratio, unit: 1, zh: 比, en: Share, use: internal}
  by: {type: person, zh: 人, en: By whom, use: never}
  valid_from: {type: date, zh: 自, en: From, use: shared}
expectations:
  - {name: fee_not_negative, check: "fee_fen >= 0", on_breach: quarantine}
  - {name: some_rows, aggregate: "count(*) > 0", on_breach: fail}
"""


def test_the_catalogue_holds_the_tables_with_all_their_columns() -> None:
    catalogue = load_catalogue()
    assert {name: len(table.columns) for name, table in catalogue.items()} == dict(
        sorted(TABLES.items())
    )


def test_every_table_is_about_subjects_but_three() -> None:
    without = [n for n, table in load_catalogue().items() if "subject_id" not in table.columns]
    assert without == ["address", "capacity", "tax_receipts"]


def test_every_table_has_expectations_of_more_than_one_severity() -> None:
    severities = {
        name: {e.on_breach for e in table.expectations} for name, table in load_catalogue().items()
    }
    assert not [name for name, found in severities.items() if len(found) < 2]
    assert set.union(*severities.values()) == {"fail", "warn", "quarantine"}


def test_use_classes_follow_what_a_column_holds() -> None:
    uses = {
        (table.name, column.name): column.use
        for table in load_catalogue().values()
        for column in table.columns.values()
    }
    personal = {
        (table.name, column.name)
        for table in load_catalogue().values()
        for column in table.columns.values()
        if column.type in ("person", "phone")
    }
    assert {place for place, use in uses.items() if use == "never"} == personal
    # firms' names are shown to everybody; what people complain about and who is under case are not
    assert uses["registration", "name"] == uses["penalty", "decision_no"] == "published"
    inside = {
        use
        for (table, _), use in uses.items()
        if table in ("complaint", "case_label", "inspection")
    }
    assert inside == {"internal", "never"}


def test_no_two_columns_of_one_name_differ_in_type() -> None:
    types: dict[str, set[str]] = {}
    for table in load_catalogue().values():
        for column in table.columns.values():
            if column.type != "category":
                types.setdefault(column.name, set()).add(column.type)
    # `kind`, `grade`, ... may be a category here and text there, never a number and a text
    assert not {name for name, kinds in types.items() if len(kinds) > 1}


def test_spark_columns_are_in_order_and_typed() -> None:
    assert load_catalogue()["investment"].spark_columns() == {
        "subject_id": "STRING",
        "investee_id": "STRING",
        "ratio": "DECIMAL(9,6)",
        "amount_fen": "BIGINT",
        "region": "STRING",
        "valid_from": "DATE",
        "valid_to": "DATE",
    }
    assert list(SYSTEM_COLUMNS) == [
        "source", "source_dept", "source_record_id", "event_date", "known_at", "batch_id", "file",
        "line", "op", "record_hash",
    ]  # fmt: skip


def test_a_unit_goes_to_the_stored_one_by_an_exact_factor() -> None:
    assert UNIT_FACTORS["money"] == {
        "分": "1",
        "元": "100",
        "万元": "1000000",
        "亿元": "10000000000",
    }
    assert UNIT_FACTORS["ratio"] == {"1": "1", "%": "0.01"}


def test_a_table_is_read_with_names_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "grade.yaml"
    path.write_text(GRADE, encoding="utf-8")
    table = load_table(path)
    assert table.columns["share"].unit == "1"
    assert table.columns["level"].name == "level"
    assert table.required_columns() == ("subject_id",)
    assert [e.sql for e in table.expectations] == ["`fee_fen` >= 0", "count(*) > 0"]


_COLUMN_KEYS = "type, unit, zh, en, use, required, values"


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("table: grade", "table: grades",
         "1: the table is called 'grades' but the file grade.yaml; rename one"),
        ("name_zh: 等级\n", "", "1: the key 'name_zh' is missing"),
        ("owner:", "ownner:",
         "4: unknown key 'ownner'; expected one of table, name_zh, name_en, owner, keys, "
         "event_date, columns, expectations; did you mean 'owner'? (more mistakes at line 1)"),
        ("period]", "peroid]",
         "5: unknown key column 'peroid'; expected a column of table grade; "
         "did you mean 'period'?"),
        ("keys: [subject_id, period]", "keys: []",
         "5: 'keys' must be a list with at least one entry, not empty"),
        ("event_date: valid_from", "event_date: valid_form",
         "6: event_date 'valid_form' is no date column of table grade; expected one of valid_from, "
         "known_at; did you mean 'valid_from'?"),
        ("event_date: valid_from", "event_date: period",
         "6: event_date 'period' is no date column of table grade; expected one of valid_from, "
         "known_at"),
        ("type: text", "type: txt",
         "9: unknown value 'txt' for 'type' in columns.period; expected one of subject, text, "
         "category, integer, money, ratio, decimal, date, boolean, person, phone; "
         "did you mean 'text'?"),
        ("{type: text, zh", "{tpye: text, zh",
         f"9: unknown key 'tpye' in columns.period; expected one of {_COLUMN_KEYS}; "
         "did you mean 'type'? (more mistakes at line 9)"),
        ("use: shared}\n  fee", "use: share}\n  fee",
         "10: unknown value 'share' for 'use' in columns.level; expected one of published, shared, "
         "internal, never; did you mean 'shared'?"),
        ("values: [A, B], ", "", "10: `values` goes with the type category, and only with it"),
        ("values: [A, B]", "values: [A, A]", "10: the value 'A' is listed twice"),
        ("values: [A, B]", "values: [1, B]",
         "10: columns.level.values entry 1 must be text (put it in quotes), not '1'"),
        ("unit: 分", "unit: 元", "11: 'fee_fen' is money: its unit must be '分'"),
        ("unit: 1,", "", "12: 'share' is ratio: its unit must be '1'"),
        ("en: By whom, use: never", "en: By whom, use: shared",
         "13: 'by' is a person key: its use must be 'never'"),
        ("  period: {", "  Period: {",
         "9: 'Period' is no valid 'name' in columns.Period; expected the form ^[a-z][a-z0-9_]*$"),
        ("  by: {", "  x_by: {",
         "13: 'x_by' is no valid column name; expected small letters, digits and _, "
         "not starting with x_"),
        ("  by: {", "  batch_id: {",
         "13: the column 'batch_id' is a system column that every table has; rename it"),
        ("  by: {type", "  by: {name: x, type", "13: unknown key 'name' in columns.by"),
        ("fee_fen >= 0", "fee_fn >= 0",
         "16: check of expectation 'fee_not_negative': unknown column 'fee_fn'; expected a "
         "column of table grade; did you mean 'fee_fen'?"),
        ("fee_fen >= 0", "count(*) > 0",
         "16: check of expectation 'fee_not_negative': an aggregate is not allowed here, only one "
         "row's value: count(*) > 0"),
        ("count(*) > 0", "fee_fen > 0",
         "17: aggregate of expectation 'some_rows': expected an aggregate such as count(*) or "
         "sum(column), not: fee_fen > 0"),
        ("on_breach: fail", "on_breach: quarantine",
         "17: expectation 'some_rows': an aggregate cannot quarantine a row; expected fail "
         "or warn"),
        ("on_breach: fail", "on_breach: stop",
         "17: unknown value 'stop' for 'on_breach' in expectations entry 2; expected one of fail, "
         "warn, quarantine"),
        ("check: ", "aggregate: 'count(*) > 0', check: ",
         "16: expectation 'fee_not_negative' needs either `check` or `aggregate`"),
        ("name: some_rows", "name: fee_not_negative",
         "17: the expectation 'fee_not_negative' is there twice; rename one"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_table_is_named_with_its_line(
    tmp_path: Path, was: str, becomes: str, message: str
) -> None:
    assert was in GRADE
    path = tmp_path / "grade.yaml"
    path.write_text(GRADE.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(ConfError) as caught:
        load_table(path)
    assert str(caught.value) == f"{path.as_posix()}:{message}"


def test_an_empty_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfError, match="holds no catalogue files"):
        load_catalogue(tmp_path)


def test_the_files_stand_beside_the_code_where_a_wheel_puts_them() -> None:
    assert sorted(path.stem for path in CATALOGUE_FOLDER.glob("*.yaml")) == sorted(TABLES)
