from __future__ import annotations

from pathlib import Path

import pytest
from literal_city import PENALTY, REGISTRATION
from test_catalogue import GRADE

from conf.city import City
from conf.data_dictionary import (
    BREACHES,
    USES,
    attribute_rows,
    column_rows,
    expectation_rows,
    markdown,
    source_rows,
    system_rows,
    table_named,
    table_rows,
)
from conf.errors import ConfError
from conf.source import load_source
from conf.table import SYSTEM_COLUMNS, Table, load_catalogue, load_table
from models.risk.family import FAMILY
from pipelines.dictionary import feature_rows, page
from pipelines.feature_words import feature_words


@pytest.fixture
def grade(tmp_path: Path) -> Table:
    path = tmp_path / "grade.yaml"
    path.write_text(GRADE, encoding="utf-8")
    return load_table(path)


def test_a_table_is_one_row_and_each_column_one(grade: Table) -> None:
    assert table_rows({"grade": grade}) == [
        {"table": "grade", "zh": "等级", "en": "Grades", "owner": "税务局",
         "key": "subject_id, period", "event_date": "valid_from", "columns": "7",
         "expectations": "2"},
    ]  # fmt: skip
    rows = column_rows(grade)
    assert [row["column"] for row in rows] == list(grade.columns)
    assert rows[0] == {
        "column": "subject_id", "zh": "主体", "en": "Subject", "type": "subject", "unit": "",
        "values": "", "use": "published", "required": "yes", "key": "yes",
    }  # fmt: skip
    assert (rows[2]["values"], rows[3]["unit"], rows[3]["key"]) == ("A, B", "分", "")


def test_expectations_say_what_they_are_about(grade: Table) -> None:
    assert expectation_rows(grade) == [
        {"expectation": "fee_not_negative", "over": "row", "sql": "fee_fen >= 0",
         "on_breach": "quarantine"},
        {"expectation": "some_rows", "over": "batch", "sql": "count(*) > 0", "on_breach": "fail"},
    ]  # fmt: skip


def test_a_citys_sources_and_attributes_are_rows(tmp_path: Path) -> None:
    catalogue = load_catalogue()
    sources = {}
    for name, text in {"penalty": PENALTY, "registration": REGISTRATION}.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        sources[name] = load_source(tmp_path / f"{name}.yaml", catalogue)
    city = City.__new__(City)
    object.__setattr__(city, "sources", sources)
    assert [row["source"] for row in source_rows(city)] == ["penalty", "registration"]
    assert attribute_rows(city) == [
        {"table": "registration", "source": "registration", "column": "x_brand_num",
         "zh": "商标数", "en": "Trademarks", "type": "integer", "unit": "", "values": "",
         "use": "internal"},
    ]  # fmt: skip


def test_every_word_of_the_schema_has_its_explanation() -> None:
    assert [row["column"] for row in system_rows()] == list(SYSTEM_COLUMNS)
    columns = [c for table in load_catalogue().values() for c in table.columns.values()]
    assert {column.use for column in columns} == set(USES)
    expectations = [e for table in load_catalogue().values() for e in table.expectations]
    assert {e.on_breach for e in expectations} == set(BREACHES)


def test_an_unknown_table_is_answered_with_the_nearest(grade: Table) -> None:
    assert table_named({"grade": grade}, "grade") is grade
    with pytest.raises(ConfError) as caught:
        table_named({"grade": grade}, "grades")
    assert str(caught.value) == (
        "conf/catalogue: there is no table 'grades'; expected one of grade; did you mean 'grade'?"
    )


def test_the_page_holds_every_column_and_is_always_the_same() -> None:
    catalogue = load_catalogue()
    page = markdown(catalogue)
    assert page == markdown(load_catalogue())
    for table in catalogue.values():
        section = page.split(f"## {table.name_zh} · `{table.name}`\n")[1].split("\n## ")[0]
        listed = [line.split(" | ")[0] for line in section.splitlines()]
        assert all(f"| {name}" in listed for name in table.columns)
    # a bar inside of a cell would end the cell
    cells = {line.replace("\\|", "").count("|") for line in page.splitlines() if line[:1] == "|"}
    assert cells == {4, 5, 9, 10}  # tables of 3, 4, 8 and 9 columns


def test_the_page_in_the_docs_is_made_from_what_is_declared() -> None:
    written = Path(__file__).parents[2] / "docs" / "data_dictionary.md"
    assert written.read_text(encoding="utf-8") == page(), "run `make dictionary`"


def test_the_column_that_the_model_makes_itself_is_explained() -> None:
    (row,) = [row for row in feature_rows() if row["feature"] == FAMILY]
    assert row["zh"] == feature_words(None)[FAMILY].zh  # as reasons say it
    assert (row["unit"], row["nothing"]) == ("points", "0")
    assert "(n - 1) / (n + 1)" in row["definition"]
    # of no statutory element, and why it is there is written down
    assert (row["elements"], row["characteristic"], row["confidence"]) == ("", "", "")
    assert list(Path(__file__).parents[2].glob(f"{row['source']}-*.md"))
