"""The catalogue (公共信用信息目录): what each canonical table holds, from `conf/catalogue/`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from conf.errors import ConfError, did_you_mean, listed
from conf.sql import ExpressionError, check_expression, quote_columns
from conf.yaml_file import YamlFile, read_yaml, yaml_files

CATALOGUE_FOLDER = Path(__file__).parent / "catalogue"

ColumnType = Literal[
    "subject", "text", "category", "integer", "money", "ratio", "decimal", "date", "boolean",
    "person", "phone",
]  # fmt: skip
Use = Literal["published", "shared", "internal", "never"]
OnBreach = Literal["fail", "warn", "quarantine"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]

#: Catalogue type → Spark SQL type.
SPARK_TYPES: dict[str, str] = {
    "subject": "STRING",
    "text": "STRING",
    "category": "STRING",
    "integer": "BIGINT",
    "money": "BIGINT",  # fen
    "ratio": "DECIMAL(9,6)",  # 0.51 is 51 %
    "decimal": "DECIMAL(24,6)",
    "date": "DATE",
    "boolean": "BOOLEAN",
    "person": "STRING",  # keyed hash, 32 hex digits
    "phone": "STRING",  # keyed hash, 32 hex digits
}

#: The columns at the end of every silver table, in order, with their Spark SQL types.
SYSTEM_COLUMNS: dict[str, str] = {
    "source": "STRING",
    "source_dept": "STRING",
    "source_record_id": "STRING",
    "event_date": "DATE",
    "known_at": "DATE",
    "batch_id": "STRING",
    "file": "STRING",
    "line": "BIGINT",
    "op": "STRING",
    "record_hash": "STRING",
}

#: The unit a column of this type must be declared in.
_FIXED_UNITS = {"money": "分", "ratio": "1"}


class Strict(BaseModel):
    """A frozen piece of a configuration file: no unknown keys, no silent conversions."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    GIVEN_BY_LOADER: ClassVar[frozenset[str]] = frozenset()


class Column(Strict):
    """One column of a canonical table.

    `unit` is the unit of the stored value (money is always 分, a ratio always 1); `use` says who
    may see it: published 社会公示, shared 政府部门共享, internal 内部使用, never 不得输出.
    """

    name: Name
    type: ColumnType
    unit: str | None = None
    zh: Text
    en: Text
    use: Use
    required: bool = False
    values: tuple[Text, ...] | None = None

    GIVEN_BY_LOADER = frozenset({"name"})

    @property
    def spark_type(self) -> str:
        """The Spark SQL type of the column."""
        return SPARK_TYPES[self.type]

    @model_validator(mode="before")
    @classmethod
    def _unit_as_text(cls, data: Any) -> Any:
        return unit_as_text(data)

    @model_validator(mode="after")
    def _consistent(self) -> Column:
        check_values(self.type, self.values)
        fixed = _FIXED_UNITS.get(self.type)
        if fixed is not None and self.unit != fixed:
            raise ValueError(f"'{self.name}' is {self.type}: its unit must be '{fixed}'")
        if self.type in ("person", "phone") and self.use != "never":
            raise ValueError(f"'{self.name}' is a {self.type} key: its use must be 'never'")
        return self


class Expectation(Strict):
    """A statement about a table: `check` holds for every row, `aggregate` for the whole batch.

    A check that is NULL counts as met (what is not known breaks nothing). On breach the batch is
    refused (fail), the run says so (warn), or the row goes to quarantine (checks only).
    """

    name: Name
    check: Text | None = None
    aggregate: Text | None = None
    on_breach: OnBreach

    @property
    def sql(self) -> str:
        """The check or the aggregate, with every column in backticks."""
        return quote_columns(self.check if self.check is not None else self.aggregate or "")

    @model_validator(mode="after")
    def _one_kind(self) -> Expectation:
        if (self.check is None) == (self.aggregate is None):
            raise ValueError(f"expectation '{self.name}' needs either `check` or `aggregate`")
        if self.aggregate is not None and self.on_breach == "quarantine":
            message = "an aggregate cannot quarantine a row; expected fail or warn"
            raise ValueError(f"expectation '{self.name}': {message}")
        return self


class Table(Strict):
    """One canonical table: its columns in order, its key, its event clock and its expectations.

    `event_date` names the date column that is the event clock, or is `known_at` for a snapshot
    whose rows hold as delivered.
    """

    name: Name = Field(alias="table")
    name_zh: Text
    name_en: Text
    owner: Text
    keys: Annotated[tuple[Name, ...], Field(min_length=1)]
    event_date: Name
    columns: Annotated[dict[str, Column], Field(min_length=1)]
    expectations: tuple[Expectation, ...] = ()
    path: Path = Path()

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, validate_by_name=True)
    GIVEN_BY_LOADER = frozenset({"path"})

    def spark_columns(self) -> dict[str, str]:
        """The table's own columns in order, each with its Spark SQL type (no system columns)."""
        return {name: column.spark_type for name, column in self.columns.items()}

    def required_columns(self) -> tuple[str, ...]:
        """The columns that no row may leave empty."""
        return tuple(name for name, column in self.columns.items() if column.required)


def unit_as_text(data: Any) -> Any:
    """Let `unit: 1` mean the text "1" (YAML reads a number)."""
    if isinstance(data, dict) and data.get("unit") == 1 and not isinstance(data["unit"], bool):
        return {**data, "unit": "1"}
    return data


def check_values(kind: str, values: tuple[str, ...] | None) -> None:
    """Refuse a category without values, values without a category, and values named twice."""
    if (kind == "category") != (values is not None) or values == ():
        raise ValueError("`values` goes with the type category, and only with it")
    doubled = sorted({v for v in values or () if (values or ()).count(v) > 1})
    if doubled:
        raise ValueError(f"the value '{doubled[0]}' is listed twice")


def check_expectations(
    file: YamlFile, expectations: tuple[Expectation, ...], columns: Mapping[str, str], of: str
) -> None:
    """Refuse expectations with the same name or with SQL that does not fit the columns.

    Raises:
        ConfError: with file, line and the nearest match.
    """
    seen: set[str] = set()
    for i, expectation in enumerate(expectations):
        if expectation.name in seen:
            message = f"the expectation '{expectation.name}' is there twice; rename one"
            raise file.error(message, "expectations", i, "name")
        seen.add(expectation.name)
        kind = "check" if expectation.check is not None else "aggregate"
        try:
            check_expression(
                getattr(expectation, kind),
                {**columns, "known_at": "DATE", "event_date": "DATE"},
                expected=f"a column of {of}",
                aggregate=kind == "aggregate",
            )
        except ExpressionError as error:
            message = f"{kind} of expectation '{expectation.name}': {error}"
            raise file.error(message, "expectations", i, kind) from None


def load_table(path: Path) -> Table:
    """Read one catalogue file; its name is the table's.

    Raises:
        ConfError: with file, line, what was expected and the nearest match.
    """
    file = read_yaml(path)
    table = file.build(Table, {"path": path, "columns": file.named("columns")})
    _check_table(file, table)
    return table


def _check_table(file: YamlFile, table: Table) -> None:
    if table.name != file.path.stem:
        message = f"the table is called '{table.name}' but the file {file.path.name}; rename one"
        raise file.error(message, "table")
    for name in table.columns:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name.startswith("x_"):
            message = f"'{name}' is no valid column name; expected small letters, digits and _"
            raise file.error(message + ", not starting with x_", "columns", name)
        if name in SYSTEM_COLUMNS:
            message = f"the column '{name}' is a system column that every table has; rename it"
            raise file.error(message, "columns", name)
    for i, key in enumerate(table.keys):
        if key not in table.columns:
            message = f"unknown key column '{key}'; expected a column of table {table.name}"
            raise file.error(message + did_you_mean(key, table.columns), "keys", i)
    dates = [name for name, column in table.columns.items() if column.type == "date"]
    if table.event_date not in [*dates, "known_at"]:
        message = f"event_date '{table.event_date}' is no date column of table {table.name}; "
        message += f"expected one of {listed([*dates, 'known_at'])}"
        raise file.error(message + did_you_mean(table.event_date, dates), "event_date")
    check_expectations(file, table.expectations, table.spark_columns(), f"table {table.name}")


def load_catalogue(folder: Path | None = None) -> dict[str, Table]:
    """Every table of the catalogue, by name, in alphabetical order.

    Args:
        folder: where the catalogue files stand; by default those delivered with forewarn.

    Raises:
        ConfError: a file is wrong, or there is none.
    """
    where = CATALOGUE_FOLDER if folder is None else folder
    paths = yaml_files(where)
    if not paths:
        raise ConfError(where, None, "holds no catalogue files (*.yaml)")
    return {path.stem: load_table(path) for path in paths}
