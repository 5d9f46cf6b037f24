"""What a reader of the list sees, the same in HTML, Excel and the terminal.

`list_page` turns the gold tables `warnings` and `evidence` into a `ListPage` of plain texts: for
the whole city, or for one district. Only the columns named here ever reach a page, names are
stripped of what could trick a reader (control and direction marks), and what the catalogue classes
`never` is left out. No clock: everything comes from the run.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pyarrow as pa

from features.characteristics import ELEMENTS
from models.risk.choosing import RANDOM
from models.risk.levels import LEVELS
from models.risk.ranking import LIST, UNASSIGNED, UNDER_CASE
from models.risk.warning_list import CLEARED, SEPARATOR_EN, SEPARATOR_ZH
from pipelines.delivering.firms_shown import FirmShown, ReasonShown, RecordShown
from pipelines.delivering.glossary import WITHHELD, industry_words, plain

Rows = pa.Table | Any  # an Arrow table, a pandas frame or a list of mappings
_KEYED_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


@dataclass(frozen=True)
class DistrictCapacity:
    """A row of `ranking.district_capacity`: how many firms a district can inspect this week."""

    district: str
    inspections: int
    basis: str
    subjects: int = 0
    week_start: date | None = None


@dataclass(frozen=True)
class FieldRules:
    """What the catalogue says of fields: which never leave, and how tables are called.

    `hidden`: (table, column) classed `never`. `hidden_ids`: tables whose record ids could repeat
    such a field and stay out. `table_names`: Chinese and English name of each table.
    """

    hidden: frozenset[tuple[str, str]] = frozenset()
    hidden_ids: frozenset[str] = frozenset()
    table_names: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class RunFacts:
    """What every page says of the run that made it.

    `target`: what is predicted, Chinese and English. `level_meanings`: of `ListPolicy.meanings`.
    `district_names`: names of district codes, where the city gives them. `notes`: sentences the
    night adds for the reader (Chinese, English), such as a default capacity.
    """

    run_id: str
    city: str
    city_zh: str
    as_of: date
    model_version: str
    target: tuple[str, str]
    subjects_scored: int
    capacity: tuple[DistrictCapacity, ...]
    level_meanings: Mapping[str, tuple[str, str]]
    previous_as_of: date | None = None
    district_names: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[tuple[str, str], ...] = ()
    fields: FieldRules = FieldRules()


@dataclass(frozen=True)
class ListPage:
    """One page: the city's (`district` None) or a district's."""

    facts: RunFacts
    district: str | None
    listed: tuple[FirmShown, ...]
    under_case: tuple[FirmShown, ...]
    cleared: tuple[FirmShown, ...]
    drawn: tuple[FirmShown, ...] = ()

    @property
    def firms(self) -> tuple[FirmShown, ...]:
        """Every firm of the page."""
        return (*self.listed, *self.drawn, *self.under_case, *self.cleared)

    @property
    def scope_zh(self) -> str:
        """全市, or the district."""
        return "全市" if self.district is None else district_text(self.district, self.facts)

    @property
    def scope_en(self) -> str:
        """Whole city, or the district."""
        if self.district is None:
            return "whole city"
        return f"district {district_text(self.district, self.facts, 'not assigned')}"

    @property
    def title_zh(self) -> str:
        """The page's heading."""
        return f"{self.facts.city_zh}{self.facts.target[0]}风险预警名单"

    @property
    def title_en(self) -> str:
        """The page's heading in English."""
        return f"Early-warning list: {self.facts.target[1]}"

    @property
    def capacity(self) -> tuple[DistrictCapacity, ...]:
        """The capacity of the districts of this page, by district."""
        rows = (c for c in self.facts.capacity if self.district in (None, c.district))
        return tuple(sorted(rows, key=lambda c: c.district))

    @property
    def inspections(self) -> int:
        """How many firms this page's districts can inspect this week."""
        return sum(row.inspections for row in self.capacity)

    def level_counts(self) -> dict[str, int]:
        """Listed firms by level, every level named."""
        counts = Counter(firm.level for firm in self.listed)
        return {level: counts[level] for level in LEVELS}

    def count(self, change: str) -> int:
        """Listed firms with this change."""
        return sum(firm.change == change for firm in self.listed)

    def listed_in(self, district: str) -> int:
        """Firms of a district that are listed or drawn."""
        return sum(firm.district == district for firm in (*self.listed, *self.drawn))

    def note_lines(self) -> tuple[tuple[str, str], ...]:
        """What the reader is told about capacity, and what the night adds."""
        lines = []
        for basis, zh, en in (
            ("default", "未报送本周检查能力，按默认值计", "gave no capacity; the city's default"),
            ("carried", "沿用以前周次的检查能力", "capacity carried over from an earlier week"),
        ):
            names = [
                district_text(c.district, self.facts) for c in self.capacity if c.basis == basis
            ]
            if names:
                lines.append((f"{_some(names, '、')}：{zh}。", f"{_some(names, ', ')}: {en}."))
        return (*lines, *self.facts.notes)


def field_rules(catalogue: Mapping[str, Any], sources: Iterable[Any] = ()) -> FieldRules:
    """The `FieldRules` of a loaded catalogue (table name → `conf.table.Table`).

    `sources`: the city's source files; an extra attribute classed `never` there hides the record
    ids of its table. Keyed hashes (person, phone) are blotted out of any record id, so they alone
    do not hide a table's ids.
    """
    hidden = {
        (name, column)
        for name, table in catalogue.items()
        for column, declared in table.columns.items()
        if declared.use == "never"
    }
    hidden_ids = {
        name for name, column in hidden if catalogue[name].columns[column].type not in _HASHED
    }
    for source in sources:
        if any(attribute.use == "never" for attribute in source.attributes.values()):
            hidden_ids.add(source.table)
    names = {name: (table.name_zh, table.name_en) for name, table in catalogue.items()}
    return FieldRules(frozenset(hidden), frozenset(hidden_ids), names)


_HASHED = ("person", "phone")


def list_page(
    facts: RunFacts, warnings: Rows, evidence: Rows, counterfactuals: Rows = ()
) -> ListPage:
    """The page of the whole city.

    `warnings` and `evidence` as `models.risk.warning_list` makes them, `counterfactuals` as
    `models.risk.counterfactuals` does, of one run (see `rows_of`). What an older run did not say
    is left out.
    """
    behind = _reasons_by_subject(rows_of(evidence), facts.fields)
    helps: dict[str, list[tuple[str, str]]] = {}
    for row in sorted(rows_of(counterfactuals), key=lambda row: (row["subject_id"], row["place"])):
        told = (plain(row["sentence_zh"]), plain(row["sentence_en"]))
        helps.setdefault(row["subject_id"], []).append(told)
    sections: dict[str, list[Mapping[str, Any]]] = {
        LIST: [], UNDER_CASE: [], CLEARED: [], RANDOM: [],
    }  # fmt: skip
    for row in rows_of(warnings):
        sections[row["section"]].append(row)
    shown = []
    for rows in sections.values():
        rows.sort(key=lambda row: (row["rank"] or row["previous_rank"] or 0, row["subject_id"]))
        firms = (
            _firm(number, row, facts, behind, helps.get(row["subject_id"], ()))
            for number, row in enumerate(rows, start=1)
        )
        shown.append(tuple(firms))
    return ListPage(facts, None, *shown)


def district_page(page: ListPage, district: str) -> ListPage:
    """Of a city's page what concerns one district, counted anew; `rank` stays the city's."""

    def here(firms: Iterable[FirmShown]) -> tuple[FirmShown, ...]:
        own = (firm for firm in firms if firm.district == district)
        return tuple(replace(firm, number=number) for number, firm in enumerate(own, start=1))

    return ListPage(
        page.facts,
        district,
        here(page.listed),
        here(page.under_case),
        here(page.cleared),
        here(page.drawn),
    )


def districts_of(page: ListPage) -> list[str]:
    """Every district that gets a page: those with a capacity and those with a firm on a page."""
    if ("registration", "district") in page.facts.fields.hidden:
        return []
    named = {firm.district for firm in page.firms} | {row.district for row in page.facts.capacity}
    return sorted(named)


def rows_of(table: Rows) -> list[dict[str, Any]]:
    """The rows of an Arrow table, a pandas frame or a list of mappings, as dictionaries."""
    if isinstance(table, pa.Table):
        return table.to_pylist()
    if hasattr(table, "to_dict"):
        return pa.Table.from_pandas(table, preserve_index=False).to_pylist()
    return [dict(row) for row in table]


def district_text(district: str, facts: RunFacts, nowhere: str = "未分区") -> str:
    """A district as a reader knows it: its name if the city gives one, and its code."""
    if district == UNASSIGNED:
        return nowhere
    name = facts.district_names.get(district)
    return f"{plain(name)} {plain(district)}" if name else plain(district)


def _firm(
    number: int,
    row: Mapping[str, Any],
    facts: RunFacts,
    behind: Mapping[str, Sequence[ReasonShown]],
    lowered_by: Sequence[tuple[str, str]],
) -> FirmShown:
    def shown(column: str) -> str:
        if ("registration", column) in facts.fields.hidden:
            return WITHHELD
        return plain(row[column] or "")

    code = shown("industry")
    industry = (WITHHELD, WITHHELD) if code == WITHHELD else industry_words(code)
    place = shown("district")
    subject_id = plain(row["subject_id"])
    told = tuple(behind.get(row["subject_id"], ()))
    return FirmShown(
        number=number,
        rank=_whole(row["rank"]),
        previous_rank=_whole(row["previous_rank"]),
        change=row["change"],
        level=row["level"] or "",
        subject_id=subject_id,
        name=shown("name") or "（无名称）",
        district=place,
        district_text=place if place == WITHHELD else district_text(place, facts),
        industry_zh=industry[0],
        industry_en=industry[1],
        probability=row["probability"],
        # a cleared firm has no evidence of its own: its one sentence says why it went
        reasons=told if told and row["section"] != CLEARED else _sentences(row),
        department_count=row["department_count"],
        record_count=row["record_count"],
        backed=tuple(part for part in (row.get("elements") or "").split(",") if part),
        path=_both(row, "path"),
        why=_both(row, "change"),
        lowered_by=tuple(lowered_by),
        inclusion_prob=row.get("inclusion_prob"),
        draw_seed=plain(row.get("draw_seed") or ""),
        inspectors=(row.get("inspector_no") or "").replace(";", "、"),
    )


def _both(row: Mapping[str, Any], name: str) -> tuple[str, str]:
    return plain(row.get(f"{name}_zh") or ""), plain(row.get(f"{name}_en") or "")


def _sentences(row: Mapping[str, Any]) -> tuple[ReasonShown, ...]:
    zh = [part for part in (row["reasons_zh"] or "").split(SEPARATOR_ZH) if part]
    en = [part for part in (row["reasons_en"] or "").split(SEPARATOR_EN) if part]
    return tuple(
        ReasonShown(number, "", plain(one), plain(other), ())
        for number, (one, other) in enumerate(zip(zh, en, strict=False), start=1)
    )


def _reasons_by_subject(
    evidence: Iterable[dict[str, Any]], rules: FieldRules
) -> dict[str, tuple[ReasonShown, ...]]:
    grouped: dict[str, dict[int, list[dict[str, Any]]]] = {}
    for row in evidence:
        grouped.setdefault(row["subject_id"], {}).setdefault(row["reason_no"], []).append(row)
    return {
        subject_id: tuple(
            ReasonShown(
                number=number,
                feature=plain(rows[0]["feature"]),
                zh=plain(rows[0]["sentence_zh"]),
                en=plain(rows[0]["sentence_en"]),
                records=tuple(_record(row, rules) for row in _newest_first(rows)),
                elements=tuple(
                    e for e in (rows[0].get("elements") or "").split(",") if e in ELEMENTS
                ),
            )
            for number, rows in sorted(reasons.items())
        )
        for subject_id, reasons in grouped.items()
    }


def _newest_first(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    recorded = [row for row in rows if row["file"] is not None]
    by_place = sorted(recorded, key=lambda row: (row["file"], row["line"]))
    return sorted(by_place, key=lambda row: row["event_date"] or date.min, reverse=True)


def _record(row: Mapping[str, Any], rules: FieldRules) -> RecordShown:
    table = row["table_name"]
    zh, en = rules.table_names.get(table, (table, table))
    hidden = table in rules.hidden_ids
    record_id = "" if hidden or row["source_record_id"] is None else plain(row["source_record_id"])
    return RecordShown(
        department=plain(row["source_dept"]),
        table_zh=zh,
        table_en=en,
        place=f"{plain(row['file'])}:{_whole(row['line'])}",
        record_id=_KEYED_HASH.sub("…", record_id),
        event_date="" if row["event_date"] is None else row["event_date"].isoformat(),
        known_at="" if row["known_at"] is None else row["known_at"].isoformat(),
    )


def _some(names: Sequence[str], between: str) -> str:
    if len(names) <= 4:
        return between.join(names)
    return between.join(names[:3]) + f" … ({len(names)})"


def _whole(number: float | None) -> int | None:
    # a pandas frame with gaps carries ranks and lines as 3.0
    return None if number is None else int(number)
