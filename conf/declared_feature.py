"""Features a city declares itself, in `conf/cities/<city>/features.yaml`, without any code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from conf.errors import did_you_mean, listed
from conf.sql import ExpressionError, check_expression, is_aggregate, quote_columns
from conf.table import Name, Strict, Table, Text
from conf.yaml_file import YamlFile, read_yaml

#: Columns of every table that a declared feature may use beside the table's own: the two clocks,
#: and the day the features are made for.
CLOCKS = ("event_date", "known_at", "as_of")


class DeclaredFeature(Strict):
    """One column of the feature table, declared by a city.

    `expr` is either an aggregate over the subject's known records (`count(*)`, `sum(x_area)`) or,
    without an aggregate function, the value of its latest known record. It may use the table's
    columns, the attributes `x_...` of the city's sources, `event_date`, `known_at` and `as_of`.
    `where` keeps records; `window_days` keeps those of the last days up to as-of. `nothing` says
    what stands there for a subject without a record: "null" or 0.
    """

    name: Name
    table: Text
    expr: Text
    kind: Literal["number", "category"]
    nothing: Literal["null", 0] = "null"
    zh: Text
    en: Text
    unit: str | None = None
    definition: Text
    where: Text | None = None
    window_days: Annotated[int, Field(ge=1, le=36600)] | None = None

    @field_validator("nothing", mode="before")
    @classmethod
    def _null_as_text(cls, value: Any) -> Any:
        return "null" if value is None else value

    @field_validator("unit", mode="before")
    @classmethod
    def _unit_as_text(cls, value: Any) -> Any:
        return "1" if value == 1 and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _category_has_no_zero(self) -> DeclaredFeature:
        if self.kind == "category" and self.nothing == 0:
            raise ValueError(f"'{self.name}' is a category: its `nothing` must be null, not 0")
        return self

    @property
    def aggregate(self) -> bool:
        """Whether `expr` aggregates the subject's records (else it reads the latest one)."""
        return is_aggregate(self.expr)

    @property
    def sql(self) -> str:
        """`expr` with every column in backticks; both engines take it."""
        return quote_columns(self.expr)

    @property
    def where_sql(self) -> str | None:
        """`where` with every column in backticks, or None."""
        return None if self.where is None else quote_columns(self.where)


class _FeaturesFile(Strict):
    features: Annotated[tuple[DeclaredFeature, ...], Field(min_length=1)]


def load_declared_features(
    path: Path, catalogue: Mapping[str, Table], attributes: Mapping[str, Mapping[str, str]]
) -> tuple[DeclaredFeature, ...]:
    """Read a city's features.

    Args:
        path: the file `features.yaml`: `features:` with a list of entries.
        catalogue: the canonical tables.
        attributes: the extra columns `x_...` of each table in this city, with Spark SQL types.

    Raises:
        ConfError: with file, line, what was expected and the nearest match.
    """
    file = read_yaml(path)
    features = file.build(_FeaturesFile).features
    names: set[str] = set()
    for i, feature in enumerate(features):
        if feature.name in names:
            message = f"the feature '{feature.name}' is declared twice; rename one"
            raise file.error(message, "features", i, "name")
        names.add(feature.name)
        _check_feature(file, i, feature, catalogue, attributes)
    return features


def _check_feature(
    file: YamlFile,
    i: int,
    feature: DeclaredFeature,
    catalogue: Mapping[str, Table],
    attributes: Mapping[str, Mapping[str, str]],
) -> None:
    tables = [name for name, table in catalogue.items() if "subject_id" in table.columns]
    if feature.table not in tables:
        message = f"unknown table '{feature.table}' of feature '{feature.name}'; "
        message += f"expected one of {listed(tables)}{did_you_mean(feature.table, tables)}"
        raise file.error(message, "features", i, "table")
    columns = catalogue[feature.table].spark_columns()
    columns |= {**attributes.get(feature.table, {}), **dict.fromkeys(CLOCKS, "DATE")}
    expected = f"a column of table {feature.table} or an attribute of this city's sources"
    for key, text in (("expr", feature.expr), ("where", feature.where)):
        if text is None:
            continue
        try:
            check_expression(
                text,
                columns,
                expected=expected,
                aggregate=None if key == "expr" else False,
                may_divide_by_zero=True,  # features turn that into NULL themselves
            )
        except ExpressionError as error:
            message = f"{key} of feature '{feature.name}': {error}"
            raise file.error(message, "features", i, key) from None
