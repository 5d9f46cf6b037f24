"""What the files of a rule pack must agree on: each check refuses with file, line and reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conf.citation import Instrument
from conf.consequence_kinds import NoticesFile
from conf.errors import did_you_mean, listed
from conf.rule_kinds import (
    DimensionsFile,
    GradeScheme,
    ListsFile,
    MatrixFile,
    PointsFile,
    TaxFile,
)
from conf.sql import ExpressionError, check_expression
from conf.table import SYSTEM_COLUMNS, Table
from conf.yaml_file import YamlFile

Schemes = Mapping[str, GradeScheme]
Catalogue = Mapping[str, Table]


def check_matrix(
    file: YamlFile, matrix: MatrixFile, schemes: Schemes, instruments: Mapping[str, Instrument]
) -> None:
    """Every cell is there once, and severity never falls towards more risk or less credit."""
    _instrument(file, instruments, matrix.basis.instrument, "basis", "instrument")
    risk = _scheme(file, schemes, matrix.risk_scheme, "risk_scheme")
    credit = _scheme(file, schemes, matrix.credit_scheme, "credit_scheme")
    cells: dict[tuple[str, str], int] = {}
    for number, cell in enumerate(matrix.cells):
        _value(file, risk, cell.risk, "cells", number, "risk")
        _value(file, credit, cell.credit, "cells", number, "credit")
        if (cell.risk, cell.credit) in cells:
            message = f"the cell {cell.risk}-{cell.credit} is there twice; keep one"
            raise file.error(message, "cells", number)
        cells[cell.risk, cell.credit] = cell.severity
    missing = [f"{r}-{c}" for r in risk.values for c in credit.values if (r, c) not in cells]
    if missing:
        raise file.error(f"the matrix lacks {listed(missing)}; give every cell", "cells")
    for number, cell in enumerate(matrix.cells):
        for worse in (
            (_worse(risk, cell.risk), cell.credit),
            (cell.risk, _worse(credit, cell.credit)),
        ):
            if None not in worse and cells[worse] < cell.severity:  # type: ignore[index]
                message = f"the cell {cell.risk}-{cell.credit} is severer ({cell.severity}) than "
                message += f"{worse[0]}-{worse[1]} ({cells[worse]}), which is worse"  # type: ignore[index]
                raise file.error(message, "cells", number, "severity")


def check_tax(file: YamlFile, tax: TaxFile, schemes: Schemes, catalogue: Catalogue) -> None:
    """The scheme, its values and the roles are known."""
    scheme = _scheme(file, schemes, tax.scheme, "scheme")
    for key in ("grade", "barred", "instead"):
        _value(file, scheme, getattr(tax.retention, key), "retention", key)
    _value(file, scheme, tax.spread.grade, "spread", "grade")
    severity = dict(zip(scheme.values, scheme.severity, strict=True))
    if severity[tax.retention.instead] <= severity[tax.retention.barred]:
        message = f"'{tax.retention.instead}' is no worse than the barred '{tax.retention.barred}'"
        raise file.error(message, "retention", "instead")
    roles = catalogue["key_person"].columns["role"].values or ()
    for key in ("roles", "reached_roles"):
        for number, role in enumerate(getattr(tax.spread, key)):
            if role not in roles:
                message = f"unknown role '{role}'; expected one of {listed(roles)}"
                raise file.error(message + did_you_mean(role, roles), "spread", key, number)


def check_points(file: YamlFile, points: PointsFile) -> None:
    """No two rules count the same events."""
    seen: dict[str, str] = {}
    for name, rule in points.points.items():
        if rule.domain in seen:
            message = f"'{name}' and '{seen[rule.domain]}' both count the domain '{rule.domain}'"
            raise file.error(message + "; keep one", "points", name, "domain")
        seen[rule.domain] = name


def check_lists(file: YamlFile, lists: ListsFile, catalogue: Catalogue) -> None:
    """Lists are those of the catalogue; escalations and situations lead to one of them."""
    known = catalogue["list_event"].columns["list_type"].values or ()
    for name, rule in lists.lists.items():
        if name not in known:
            message = f"unknown list '{name}'; expected one of {listed(known)}"
            raise file.error(message + did_you_mean(name, known), "lists", name)
        if rule.escalates_to is not None and rule.escalates_to not in lists.lists:
            message = f"'{name}' escalates to '{rule.escalates_to}', which has no rule here"
            raise file.error(message, "lists", name, "escalates_to")
        if rule.escalates_to == name:
            raise file.error(f"'{name}' escalates to itself", "lists", name, "escalates_to")
    for name, situation in lists.situations.items():
        if situation.of_list not in lists.lists:
            message = f"unknown list '{situation.of_list}'; expected one of {listed(lists.lists)}"
            raise file.error(
                message + did_you_mean(situation.of_list, lists.lists),
                "situations", name, "of_list",
            )  # fmt: skip
        dated = situation.due_month is not None and situation.due_day is not None
        if (situation.kind == "no_annual_report") != dated:
            message = "`due_month` and `due_day` go with `kind: no_annual_report`, and only with it"
            raise file.error(message, "situations", name, "kind")
        if (situation.kind == "figures_disagree") != (situation.tolerance_percent is not None):
            message = "`tolerance_percent` goes with `kind: figures_disagree`, and only with it"
            raise file.error(message, "situations", name, "kind")


def check_dimensions(file: YamlFile, found: DimensionsFile, catalogue: Catalogue) -> None:
    """The three axes are there, and every item reads a table and columns that exist."""
    missing = {"integrity", "compliance", "performance"} - set(found.dimensions)
    if missing:
        raise file.error(f"the dimensions lack {listed(sorted(missing))}", "dimensions")
    for name, dimension in found.dimensions.items():
        for item in dimension.items.values():
            place = ("dimensions", name, "items", item.name)
            check_where(file, item.table, item.where, catalogue, *place)
            if item.most < item.points:
                message = f"'{item.name}' costs {item.points} a record but at most {item.most}"
                raise file.error(message, *place, "most")


def check_notices(file: YamlFile, found: NoticesFile, catalogue: Catalogue) -> None:
    """Every notice reads a table and columns that exist."""
    for name, notice in found.notices.items():
        check_where(file, notice.table, notice.where, catalogue, "notices", name)
        dates = [
            c for c, column in catalogue[notice.table].columns.items() if column.type == "date"
        ]
        if notice.ahead is not None and notice.ahead not in dates:
            message = f"'{notice.ahead}' is no date of table {notice.table}; expected one of "
            raise file.error(message + listed(dates), "notices", name, "ahead")


def check_measures(
    file_of: YamlFile, built: Mapping[str, Any], instruments: Mapping[str, Instrument]
) -> None:
    """Every measure follows from something the pack knows, and rests on a known instrument."""
    matrix, schemes = built["business_matrix"], built["grades"].schemes
    risk, credit = schemes[matrix.risk_scheme], schemes[matrix.credit_scheme]
    known: dict[str, dict[str, tuple[str, ...]]] = {
        "grade": {name: scheme.values for name, scheme in schemes.items()},
        "cell": {"": tuple(f"{r}-{c}" for r in risk.values for c in credit.values)},
        "list": dict.fromkeys(built["lists"].lists, ("listed",)),
        "points": dict.fromkeys(built["points"].points, ("locked",)),
        "composite": {"": tuple(c.value for c in built["dimensions"].composite.classes)},
    }
    for name, measure in built["measures"].measures.items():
        place, trigger = ("measures", name), measure.trigger
        _instrument(file_of, instruments, measure.basis.instrument, *place, "basis", "instrument")
        values = known[trigger.kind]
        if (trigger.of or "") not in values:
            message = f"a measure on a {trigger.kind} needs `of:` one of {listed(values)}"
            if "" in values:
                message = f"a measure on a {trigger.kind} has no `of`"
            raise file_of.error(message, *place, "trigger", "of")
        for number, value in enumerate(trigger.values):
            if value not in values[trigger.of or ""]:
                message = (
                    f"unknown value '{value}'; expected one of {listed(values[trigger.of or ''])}"
                )
                raise file_of.error(message, *place, "trigger", "values", number)


def check_where(
    file: YamlFile, table: str, where: str | None, catalogue: Catalogue, *place: str | int
) -> None:
    """Refuses a table or a condition that the catalogue does not have."""
    if table not in catalogue:
        message = f"unknown table '{table}'; expected one of {listed(catalogue)}"
        raise file.error(message + did_you_mean(table, catalogue), *place, "table")
    if "subject_id" not in catalogue[table].columns:
        raise file.error(f"the records of table {table} belong to no subject", *place, "table")
    if where is None:
        return
    columns = {**catalogue[table].spark_columns(), **SYSTEM_COLUMNS}
    try:
        check_expression(where, columns, expected=f"a column of table {table}")
    except ExpressionError as error:
        raise file.error(f"where: {error}", *place, "where") from None


def _scheme(file: YamlFile, schemes: Schemes, name: str, key: str) -> GradeScheme:
    if name not in schemes:
        message = f"unknown scheme '{name}'; expected one of {listed(schemes)}"
        raise file.error(message + did_you_mean(name, schemes), key)
    return schemes[name]


def _instrument(
    file: YamlFile, instruments: Mapping[str, Instrument], name: str, *place: str | int
) -> None:
    if name not in instruments:
        message = f"unknown instrument '{name}'; expected one of {listed(instruments)}"
        raise file.error(message + did_you_mean(name, instruments), *place)


def _value(file: YamlFile, scheme: GradeScheme, value: str, *place: str | int) -> None:
    if value not in scheme.values:
        message = f"'{value}' is no value of the scheme {scheme.name}; expected one of "
        raise file.error(message + listed(scheme.values), *place)


def _worse(scheme: GradeScheme, value: str) -> str | None:
    """The next worse value of a scheme; None from the worst."""
    ordered = scheme.values if scheme.best == "first" else scheme.values[::-1]
    place = ordered.index(value)
    return ordered[place + 1] if place + 1 < len(ordered) else None
