"""`forewarn catalogue`: the data dictionary and the features, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table

from conf.city import load_city
from conf.data_dictionary import (
    attribute_rows,
    column_rows,
    expectation_rows,
    table_named,
    table_rows,
)
from conf.table import load_catalogue
from features.library import FEATURES
from graphs.declaration import GRAPH_FEATURES


def dictionary(table: str | None, city: str | None, features: bool) -> RenderableType:
    """The tables, or one table's columns and expectations, or the features; a city's attributes.

    Raises `ConfError` for an unknown table or city, with the nearest match.
    """
    catalogue = load_catalogue()
    if features:
        return _grid("Features", feature_rows())
    parts: list[RenderableType] = []
    if table is None:
        parts.append(_grid("公共信用信息目录 The catalogue", table_rows(catalogue)))
    else:
        found = table_named(catalogue, table)
        parts.append(_grid(f"{found.name} {found.name_zh} {found.name_en}", column_rows(found)))
        parts.append(_grid("Expectations", expectation_rows(found)))
    if city is not None:
        parts.append(_grid(f"Attributes of {city}", attribute_rows(load_city(city))))
    return Group(*parts)


def feature_rows() -> list[dict[str, str]]:
    """Every feature with its names, unit, what stands for nothing, and its definition."""
    own = [
        {
            "feature": column.name,
            "zh": column.zh,
            "unit": column.feature.unit,
            "nothing": "NULL" if column.feature.nothing is None else "0",
            "definition": column.feature.definition.splitlines()[0],
        }
        for column in FEATURES.values()
    ]
    graph = [
        {
            "feature": name,
            "zh": feature.zh,
            "unit": feature.unit,
            "nothing": feature.nothing,
            "definition": feature.definition,
        }
        for name, feature in GRAPH_FEATURES.items()
    ]
    return own + graph


def _grid(title: str, rows: Sequence[Mapping[str, object]]) -> RenderableType:
    grid = Table(title=title, title_justify="left", row_styles=["", "dim"])
    if not rows:
        return f"{title}: none"
    for name in rows[0]:
        grid.add_column(str(name), overflow="fold")
    for row in rows:
        grid.add_row(*(str(value if value is not None else "") for value in row.values()))
    return grid
