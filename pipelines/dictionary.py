"""`forewarn catalogue`: the data dictionary and the features, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table

from conf.characteristic import load_characteristics
from conf.city import load_city
from conf.data_dictionary import (
    attribute_rows,
    characteristics_markdown,
    column_rows,
    element_words,
    expectation_rows,
    markdown,
    markdown_table,
    table_named,
    table_rows,
)
from conf.table import load_catalogue
from features.characteristics import PERSONAL_COLUMNS, check_graph_columns
from features.library import FEATURES
from graphs.declaration import GRAPH_FEATURES
from models.risk.family import FAMILY, FAMILY_FEATURE

FAMILY_SOURCE = "docs/decisions/0011"


def dictionary(table: str | None, city: str | None, features: bool) -> RenderableType:
    """The tables, or one table's columns and expectations, or the features; a city's attributes.

    Raises `ConfError` for an unknown table or city, with the nearest match.
    """
    catalogue = load_catalogue()
    if features:
        return _grid("特征 Features", [_feature(row) for row in feature_rows()])
    parts: list[RenderableType] = []
    if table is None:
        parts.append(
            _grid("公共信用信息目录 The catalogue", [_table(r) for r in table_rows(catalogue)])
        )
    else:
        found = table_named(catalogue, table)
        title = f"{found.name} {found.name_zh} {found.name_en}"
        parts.append(_grid(title, [_brief(row) for row in column_rows(found)]))
        parts.append(_grid("Expectations", expectation_rows(found)))
    if city is not None:
        own = [{**_brief(row), "table": row["table"]} for row in attribute_rows(load_city(city))]
        parts.append(_grid(f"Attributes of {city}", own))
    return Group(*parts)


def feature_rows() -> list[dict[str, str]]:
    """Every column a model may read: names, unit, what stands for nothing, definition, and what it
    speaks for: the characteristics it measures with their elements, confidence and source.

    The last row is the column that the model makes itself of a firm's family.
    """
    check_graph_columns(GRAPH_FEATURES)
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
        for name, feature in {**GRAPH_FEATURES, FAMILY: FAMILY_FEATURE}.items()
    ]
    rows = [{**row, **_spoken_for(row["feature"])} for row in own + graph]
    # no characteristic has this column: the model makes it, and a decision says why
    return [{**row, "source": FAMILY_SOURCE} if row["feature"] == FAMILY else row for row in rows]


def page() -> str:
    """The whole data dictionary as Markdown: catalogue, characteristics, features."""
    features = [
        "## 特征列 · Feature columns",
        "Written from `features/`, `graphs/declaration.py` and, for what the model makes itself, "
        "`models/risk/family.py`.",
        markdown_table(feature_rows()),
    ]
    parts = [markdown(load_catalogue()), characteristics_markdown(load_characteristics())]
    return "\n".join([*parts, "\n\n".join(features) + "\n"])


def _spoken_for(column: str) -> dict[str, str]:
    library = load_characteristics()
    ones = library.of_column(column)
    elements = [words for one in ones for words in element_words(library, one.name)]
    basis = "needs personal_basis" if column in PERSONAL_COLUMNS else ""
    return {
        "characteristic": ", ".join(f"{one.name} {one.zh}" for one in ones),
        "elements": ", ".join(dict.fromkeys(elements)),
        "confidence": ", ".join(one.confidence for one in ones),
        "source": "; ".join(one.source for one in ones),
        "basis": basis,
    }


def _table(row: Mapping[str, str]) -> dict[str, str]:
    return {
        "table": row["table"],
        "名称 name": f"{row['zh']}\n{row['en']}",
        "归口 owner": row["owner"],
        "key": row["key"].replace(", ", "\n"),
        "event date": row["event_date"],
    }


def _feature(row: Mapping[str, str]) -> dict[str, str]:
    spoken = [
        row["characteristic"],
        row["elements"],
        ": ".join(filter(None, (row["confidence"], row["source"]))),
        row["basis"],
    ]
    return {
        "feature": row["feature"],
        "含义 meaning": f"{row['zh']}\n{row['definition']}",
        "unit, or nothing": f"{row['unit']}\n{row['nothing']}",
        "特征 characteristic, 要件 element, confidence, source": "\n".join(filter(None, spoken)),
    }


def _brief(row: Mapping[str, str]) -> dict[str, str]:
    """A column in as many cells as 80 letters hold."""
    marks = [mark for mark in ("key", "required") if row.get(mark)]
    kind = f"{row['type']} ({row['unit']})" if row["unit"] else row["type"]
    return {
        "column": row["column"],
        "名称 name": f"{row['zh']}\n{row['en']}",
        "type": "\n".join(part for part in (kind, row["values"]) if part),
        "use": row["use"],
        "": "\n".join(marks),
    }


def _grid(title: str, rows: Sequence[Mapping[str, object]]) -> RenderableType:
    if not rows:
        return f"{title}: none"
    grid = Table(title=title, title_justify="left", row_styles=["", "dim"])
    for place, name in enumerate(rows[0]):
        # a name broken in two cannot be searched for or copied
        grid.add_column(str(name), overflow="fold", no_wrap=place == 0)
    for row in rows:
        grid.add_row(*(str(value if value is not None else "") for value in row.values()))
    return grid
