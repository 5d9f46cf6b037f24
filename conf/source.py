"""A source: what one department delivers and how it becomes rows of a canonical table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from conf.errors import did_you_mean, listed
from conf.sql import ExpressionError, check_expression, quote_columns, referenced_columns, results
from conf.table import (
    SPARK_TYPES,
    ColumnType,
    Expectation,
    Strict,
    Table,
    Text,
    Use,
    check_expectations,
    check_values,
    unit_as_text,
)
from conf.yaml_file import YamlFile, read_yaml

#: Units a delivered number may be in, by catalogue type, each with the factor to the stored unit
#: (money to 分, ratio to 1) as exact decimal text. The first one is the default.
UNIT_FACTORS: dict[str, dict[str, str]] = {
    "money": {"分": "1", "元": "100", "万元": "1000000", "亿元": "10000000000"},
    "ratio": {"1": "1", "%": "0.01"},
}
#: What a record may be: new, a correction of the one before with the same id, or its withdrawal.
OPS = ("insert", "correct", "withdraw")

_PERSONAL_TYPES = {"person": "id_number", "phone": "phone"}
_SUFFIXES = {
    "csv": ("csv", "csv.gz", "txt", "txt.gz"),
    "jsonl": ("jsonl", "jsonl.gz", "json", "json.gz", "ndjson", "ndjson.gz"),
    "parquet": ("parquet",),
    "xlsx": ("xlsx",),
}


class ColumnMapping(Strict):
    """How one column of the table is made: SQL over the raw (text) columns, and its unit."""

    expr: Text
    unit: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        return {"expr": data} if isinstance(data, str) else unit_as_text(data)

    @property
    def sql(self) -> str:
        """The expression with every raw column in backticks; both engines take it."""
        return quote_columns(self.expr)


class Attribute(Strict):
    """A typed extra column `x_<name>` that has no home in the catalogue."""

    type: ColumnType
    expr: Text
    unit: str | None = None
    values: tuple[Text, ...] | None = None
    zh: Text
    en: Text
    use: Use

    @model_validator(mode="before")
    @classmethod
    def _unit_as_text(cls, data: Any) -> Any:
        return unit_as_text(data)

    @model_validator(mode="after")
    def _consistent(self) -> Attribute:
        check_values(self.type, self.values)
        if self.type in _PERSONAL_TYPES and self.use != "never":
            raise ValueError(f"an attribute of type {self.type} must have the use 'never'")
        return self

    @property
    def sql(self) -> str:
        """The expression with every raw column in backticks; both engines take it."""
        return quote_columns(self.expr)

    @property
    def spark_type(self) -> str:
        """The Spark SQL type of the column."""
        return SPARK_TYPES[self.type]


class Volume(Strict):
    """How many rows one file may have; outside of that it is refused, or warned about."""

    min_rows: Annotated[int, Field(ge=0)] = 0
    max_rows: Annotated[int, Field(ge=1)] | None = None
    on_breach: Literal["refuse", "warn"] = "refuse"

    @model_validator(mode="after")
    def _in_order(self) -> Volume:
        if self.max_rows is not None and self.min_rows > self.max_rows:
            raise ValueError(f"min_rows {self.min_rows} is more than max_rows {self.max_rows}")
        return self


class Source(Strict):
    """One department's delivery, as its file in `conf/cities/<city>/sources/` says it.

    Expressions are Spark SQL over `columns` (all text, '' read as NULL); `event_date`, `mapping`
    and `attributes` may also use `known_at` (a date). `sql()` and the `sql` of a mapping give the
    spelling for the engines.
    """

    name: Text = Field(alias="source")
    department: Text
    table: Text
    title: Text
    files: Text
    format: Literal["csv", "jsonl", "parquet", "xlsx"] = "csv"
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    sheet: Text | None = None
    columns: Annotated[tuple[Text, ...], Field(min_length=1)]
    record_id: Text | None = None
    identical_rows: Literal["distinct", "repeated"] = "distinct"
    op: Text = "'insert'"
    event_date: Text | None = None
    known_at: Text | None = None
    personal: dict[str, Literal["id_number", "phone"]] = Field(default_factory=dict)
    mapping: Annotated[dict[str, ColumnMapping], Field(min_length=1)]
    attributes: dict[str, Attribute] = Field(default_factory=dict)
    volume: Volume | None = None
    expectations: tuple[Expectation, ...] = ()
    path: Path = Path()

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, validate_by_name=True)
    GIVEN_BY_LOADER = frozenset({"path"})

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(f"'{name}' is no valid source name; use small letters, digits and _")
        return name

    @property
    def dated_by_path(self) -> bool:
        """Whether the day of arrival stands in the path of the files."""
        return "{date}" in self.files

    def sql(self, expr: str) -> str:
        """An expression of this source with every column in backticks; both engines take it."""
        return quote_columns(expr)

    def event_date_sql(self, table: Table) -> str | None:
        """SQL over the raw columns for the event date; None when the mapped column is to be used.

        A source's own `event_date` comes first; then the table's event column, which the mapping
        makes; a snapshot table's event is the day it was delivered (`known_at`).
        """
        if self.event_date is not None:
            return quote_columns(self.event_date)
        return "`known_at`" if table.event_date == "known_at" else None

    def attribute_columns(self) -> dict[str, str]:
        """The extra columns `x_<name>`, each with its Spark SQL type, in the order written."""
        return {f"x_{name}": attribute.spark_type for name, attribute in self.attributes.items()}


def load_source(path: Path, catalogue: Mapping[str, Table]) -> Source:
    """Read one source file and check it against the catalogue.

    Raises:
        ConfError: with file, line, what was expected and the nearest match.
    """
    file = read_yaml(path)
    _check_mapping_forms(file)
    source = file.build(Source, {"path": path})
    if source.name != path.stem:
        message = f"the source is called '{source.name}' but the file {path.name}; rename one"
        raise file.error(message, "source")
    if source.table not in catalogue:
        message = f"unknown table '{source.table}'; expected one of {listed(catalogue)}"
        raise file.error(message + did_you_mean(source.table, catalogue), "table")
    table = catalogue[source.table]
    _check_files(file, source)
    _check_columns(file, source)
    _check_row_settings(file, source)
    _check_mapping(file, source, table)
    _check_attributes(file, source)
    _check_event_date(file, source, table)
    columns = {**table.spark_columns(), **source.attribute_columns()}
    check_expectations(file, source.expectations, columns, f"table {table.name} or an attribute")
    return source


def _check_mapping_forms(file: YamlFile) -> None:
    mapping = file.data.get("mapping")
    for name, value in mapping.items() if isinstance(mapping, dict) else ():
        if not isinstance(value, str | dict):
            message = f"mapping.{name} must be SQL text or {{expr: ..., unit: ...}}, not '{value}'"
            raise file.error(message + "; put it in quotes", "mapping", name)


def _check_files(file: YamlFile, source: Source) -> None:
    pattern = source.files
    if pattern.count("{date}") > 1 or re.sub(r"\{date\}", "", pattern).count("{"):
        message = f"files '{pattern}': the only placeholder is {{date}}, once"
        raise file.error(message, "files")
    if pattern.startswith("/") or "\\" in pattern or ".." in PurePosixPath(pattern).parts:
        message = f"files '{pattern}' must be relative to the deliveries folder, with / and no .."
        raise file.error(message, "files")
    suffixes = _SUFFIXES[source.format]
    if not pattern.endswith((*(f".{s}" for s in suffixes), "*")):
        message = f"files '{pattern}' does not end like the format {source.format}; expected one "
        raise file.error(message + f"of .{listed(suffixes).replace(', ', ', .')}", "files")
    for key, formats in {
        "encoding": ("csv", "jsonl"),
        "delimiter": ("csv",),
        "sheet": ("xlsx",),
    }.items():
        if key in file.data and source.format not in formats:
            message = f"'{key}' means nothing for the format {source.format}; take it out"
            raise file.error(message, key)


def _check_columns(file: YamlFile, source: Source) -> None:
    seen: dict[str, str] = {}
    for i, column in enumerate(source.columns):
        if column != column.strip() or "`" in column or column == "known_at":
            message = f"'{column}' cannot be the name of a raw column (no backticks, no spaces "
            raise file.error(message + "around it, not known_at)", "columns", i)
        if column.casefold() in seen:
            message = f"the column '{column}' is listed twice"
            if column != seen[column.casefold()]:
                message = f"'{column}' and '{seen[column.casefold()]}' differ in case only"
            raise file.error(message, "columns", i)
        seen[column.casefold()] = column
    for column in source.personal:
        if column not in source.columns:
            message = f"unknown column '{column}' in personal; expected one of `columns`"
            message += did_you_mean(column, source.columns)
            raise file.error(message, "personal", column)


def _check_row_settings(file: YamlFile, source: Source) -> None:
    """The expressions that belong to the row, not to a column of the table."""
    _check_sql(file, source, source.record_id, "record_id", known_at=False)
    _check_sql(file, source, source.known_at, "known_at", known_at=False)
    _check_sql(file, source, source.op, "op", known_at=False)
    if source.record_id is not None and "identical_rows" in file.data:
        message = "'identical_rows' means nothing beside 'record_id'; take one of them out"
        raise file.error(message, "identical_rows")
    _check_results(file, source.op, OPS, "op")


def _check_mapping(file: YamlFile, source: Source, table: Table) -> None:
    for name, mapping in source.mapping.items():
        column = table.columns.get(name)
        if column is None:
            message = f"unknown column '{name}' in mapping; expected a column of table {table.name}"
            raise file.error(message + did_you_mean(name, table.columns), "mapping", name)
        place = ("mapping", name)
        _check_sql(file, source, mapping.expr, *place)
        _check_unit(file, column.type, mapping.unit, *place)
        _check_personal(file, source, column.type, mapping.expr, *place)
        if column.values is not None:
            _check_results(file, mapping.expr, column.values, *place)
    for name in table.required_columns():
        if name not in source.mapping:
            message = f"the column '{name}' of table {table.name} is required; map it"
            raise file.error(message, "mapping")


def _check_attributes(file: YamlFile, source: Source) -> None:
    for name, attribute in source.attributes.items():
        place = ("attributes", name)
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name.startswith("x_"):
            message = f"'{name}' is no valid attribute name; expected small letters, digits and _ "
            raise file.error(message + "(the column becomes x_<name>)", *place)
        if attribute.type == "subject":
            raise file.error(f"the attribute '{name}' cannot be a subject; use text", *place)
        _check_sql(file, source, attribute.expr, *place)
        _check_personal(file, source, attribute.type, attribute.expr, *place)
        if attribute.type not in ("integer", "decimal"):  # there a unit is a label
            _check_unit(file, attribute.type, attribute.unit, *place)
        if attribute.values is not None:
            _check_results(file, attribute.expr, attribute.values, *place)


def _check_event_date(file: YamlFile, source: Source, table: Table) -> None:
    _check_sql(file, source, source.event_date, "event_date")
    mapped = table.event_date in (*source.mapping, "known_at")
    if source.event_date is None and not mapped:
        message = f"nothing says when a record of table {table.name} happened; "
        raise file.error(message + f"map '{table.event_date}' or give 'event_date'", "mapping")


def _check_sql(
    file: YamlFile, source: Source, expr: str | None, *place: str, known_at: bool = True
) -> None:
    if expr is None:
        return
    columns = dict.fromkeys(source.columns, "STRING")
    if known_at:
        columns["known_at"] = "DATE"
    try:
        check_expression(expr, columns, expected="one of `columns`")
    except ExpressionError as error:
        raise file.error(f"{'.'.join(place)}: {error}", *place, "expr") from None


def _check_unit(file: YamlFile, kind: str, unit: str | None, *place: str) -> None:
    allowed = UNIT_FACTORS.get(kind, {})
    if unit is None or unit in allowed:
        return
    name = ".".join(place)
    if not allowed:
        message = f"{name} is of type {kind}, which takes no unit; take 'unit' out"
    else:
        message = f"unknown unit '{unit}' in {name}; expected one of {listed(allowed)}"
        message += did_you_mean(unit, allowed)
    raise file.error(message, *place, "unit")


def _check_personal(file: YamlFile, source: Source, kind: str, expr: str, *place: str) -> None:
    """Personal columns go to person and phone columns only, and those take nothing else."""
    name, needed = ".".join(place), _PERSONAL_TYPES.get(kind)
    for column in sorted(referenced_columns(expr)):
        has = source.personal.get(column)
        if needed is None and has is not None:
            message = f"{name} is of type {kind} but '{column}' is personal ({has}); "
            message += "a personal column may only become a person or phone column"
        elif needed is not None and has != needed:
            message = f"{name} is of type {kind}, so '{column}' must be listed in `personal` "
            message += f"as {needed}"
        else:
            continue
        raise file.error(message, *place, "expr")


def _check_results(file: YamlFile, expr: str, allowed: Iterable[str], *place: str) -> None:
    """Refuse literals that can never be accepted (`case ... then 'corect'`)."""
    choices = tuple(allowed)
    for value in sorted((results(expr) or frozenset()) - set(choices)):
        message = f"{'.'.join(place)} can give '{value}'; expected one of {listed(choices)}"
        raise file.error(message + did_you_mean(value, choices), *place, "expr")
