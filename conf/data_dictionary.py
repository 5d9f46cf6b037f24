"""The data dictionary as plain rows, or as Markdown: catalogue, a city's attributes, 特征库."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conf.characteristic import CharacteristicLibrary
from conf.city import City
from conf.errors import ConfError, did_you_mean, listed
from conf.table import CATALOGUE_FOLDER, SYSTEM_COLUMNS, Table

Row = dict[str, str]

#: The use classes in both languages (《目录》: 社会公示、政府部门共享、内部使用).
USES = {
    "published": ("社会公示", "published"),
    "shared": ("政府部门共享", "shared among departments"),
    "internal": ("内部使用", "internal"),
    "never": ("不得输出", "never leaves the lake"),
}
#: What follows from a breach, in both languages.
BREACHES = {
    "fail": ("拒收整批", "the batch is refused"),
    "warn": ("提示", "the run says so"),
    "quarantine": ("隔离该行", "the row goes to quarantine"),
}
_SYSTEM_WORDS = {
    "source": ("来源", "Source file of the city that read the record"),
    "source_dept": ("来源部门", "Department that delivered it"),
    "source_record_id": ("来源记录号", "Id of the record within its source"),
    "event_date": ("事件日期", "When it happened"),
    "known_at": ("知悉日期", "When the city knew it"),
    "batch_id": ("批次号", "Delivery it came with (derived from content)"),
    "file": ("文件", "Delivered file"),
    "line": ("行号", "Line in that file, from 1"),
    "op": ("操作", "insert, correct or withdraw"),
    "record_hash": ("记录散列", "Hash of the record's content"),
}


def table_named(catalogue: Mapping[str, Table], name: str) -> Table:
    """The table of that name.

    Raises:
        ConfError: there is none, with the nearest match.
    """
    if name not in catalogue:
        message = f"there is no table '{name}'; expected one of {listed(catalogue)}"
        raise ConfError(CATALOGUE_FOLDER, None, message + did_you_mean(name, catalogue))
    return catalogue[name]


def table_rows(catalogue: Mapping[str, Table]) -> list[Row]:
    """One row a table: table, zh, en, owner, key, event_date, columns, expectations."""
    return [
        {
            "table": table.name,
            "zh": table.name_zh,
            "en": table.name_en,
            "owner": table.owner,
            "key": ", ".join(table.keys),
            "event_date": table.event_date,
            "columns": str(len(table.columns)),
            "expectations": str(len(table.expectations)),
        }
        for table in catalogue.values()
    ]


def column_rows(table: Table) -> list[Row]:
    """One row a column of a table: column, zh, en, type, unit, values, use, required, key."""
    return [
        {
            **_described(name, column),
            "required": "yes" if column.required else "",
            "key": "yes" if name in table.keys else "",
        }
        for name, column in table.columns.items()
    ]


def system_rows() -> list[Row]:
    """One row a system column, which every table has at its end: column, zh, en, type."""
    return [
        {"column": name, "zh": _SYSTEM_WORDS[name][0], "en": _SYSTEM_WORDS[name][1], "type": kind}
        for name, kind in SYSTEM_COLUMNS.items()
    ]


def expectation_rows(table: Table) -> list[Row]:
    """One row an expectation of a table: expectation, over (row or batch), sql, on_breach."""
    return [
        {
            "expectation": expectation.name,
            "over": "row" if expectation.check is not None else "batch",
            "sql": expectation.check or expectation.aggregate or "",
            "on_breach": expectation.on_breach,
        }
        for expectation in table.expectations
    ]


def attribute_rows(city: City) -> list[Row]:
    """One row an attribute of a city's sources: table, source, column, zh, en, type, ..., use."""
    return [
        {"table": source.table, "source": name, **_described(f"x_{attribute_name}", attribute)}
        for name, source in city.sources.items()
        for attribute_name, attribute in source.attributes.items()
    ]


def source_rows(city: City) -> list[Row]:
    """One row a source of a city: source, department, title, table, files, format."""
    return [
        {
            "source": name,
            "department": source.department,
            "title": source.title,
            "table": source.table,
            "files": source.files,
            "format": source.format,
        }
        for name, source in city.sources.items()
    ]


def markdown(catalogue: Mapping[str, Table]) -> str:
    """The whole catalogue as one Markdown page, the same text for the same catalogue."""
    parts = [
        "# 数据字典 · Data dictionary",
        "Written from `conf/catalogue/` by `conf.data_dictionary.markdown`; change it there.",
        "## 使用范围 · Use classes",
        markdown_table([{"use": use, "zh": zh, "en": en} for use, (zh, en) in USES.items()]),
        "## 期望未满足时 · On breach of an expectation",
        markdown_table(
            [{"on_breach": name, "zh": zh, "en": en} for name, (zh, en) in BREACHES.items()]
        ),
        "## 表 · Tables",
        markdown_table(table_rows(catalogue)),
        "## 系统列 · System columns",
        "Every table has these at its end, after the attributes `x_...` of a city's sources.",
        markdown_table(system_rows()),
    ]
    for table in catalogue.values():
        parts += [
            f"## {table.name_zh} · `{table.name}`",
            f"{table.name_en}. Owner: {table.owner}. Key: {', '.join(table.keys)}. "
            f"Event clock: {table.event_date}.",
            markdown_table(column_rows(table)),
        ]
        if table.expectations:
            parts.append(markdown_table(expectation_rows(table)))
    return "\n\n".join(parts) + "\n"


def characteristic_rows(library: CharacteristicLibrary) -> list[Row]:
    """One row a characteristic: characteristic, zh, en, elements, confidence, source, columns.

    `columns` names what measures it, those that need a stated basis in brackets, and its gap.
    """
    return [
        {
            "characteristic": name,
            "zh": one.zh,
            "en": f"{one.en}. {one.definition}",
            "elements": ", ".join(element_words(library, name)),
            "confidence": one.confidence,
            "source": one.source,
            "columns": " ".join(f"({c})" if c in library.personal else c for c in one.measures),
            "gap": one.gap or "",
        }
        for name, one in library.characteristics.items()
    ]


def element_words(library: CharacteristicLibrary, name: str) -> list[str]:
    """The elements of a characteristic in words: which, if by proxy only, and since when."""
    one = library.characteristics[name]
    proxy = " (proxy)" if one.proxy else ""
    since = f" since {one.effective_from}" if one.effective_from else ""
    return [f"{library.elements[e].zh} {e}{proxy}{since}" for e in one.elements]


def characteristics_markdown(library: CharacteristicLibrary) -> str:
    """The characteristic library as sections of a Markdown page."""
    elements = [
        {"element": e.name, "zh": e.zh, "en": f"{e.en}. {e.definition}"}
        for e in library.elements.values()
    ]
    parts = [
        "## 要件 · Statutory elements",
        markdown_table(elements),
        "## 特征库 · Characteristics of suspected illegal fundraising",
        "Written from `conf/characteristics/`. Confidence: H statute or measured, M a practice "
        "document, L plausible only. Columns in brackets rest on a person's age or kin, or take "
        "him for a front: they are off until `city.yaml` states its `personal_basis`.",
        markdown_table(characteristic_rows(library)),
    ]
    return "\n\n".join(parts) + "\n"


def _described(name: str, column: Any) -> Row:
    """What a column and an attribute have in common."""
    return {
        "column": name,
        "zh": column.zh,
        "en": column.en,
        "type": column.type,
        "unit": column.unit or "",
        "values": ", ".join(column.values or ()),
        "use": column.use,
    }


def markdown_table(rows: list[Row]) -> str:
    """Rows of the same columns as a Markdown table."""
    heads = list(rows[0])
    lines = [_line(heads), _line("---" for _ in heads)]
    return "\n".join([*lines, *(_line(row.values()) for row in rows)])


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
