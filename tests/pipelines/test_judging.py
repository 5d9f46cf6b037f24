"""The rules in the flow: planted faults found, every verdict traced, two packs held side by side."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from conf.rule_pack import load_pack
from models.grading.trace import VERDICT_COLUMNS
from pipelines.evaluating_rules import rule_findings
from pipelines.judging import VERDICT_TABLES
from pipelines.lake import Lake
from pipelines.reader import CityLake
from pipelines.rules_command import changes_told, differing
from tests.pipelines.command import forewarn, night, simulate

UNTIL = "2024-12-31"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night of a small city, published."""
    folder = tmp_path_factory.mktemp("rules")
    simulate(folder, 800, UNTIL)
    night(folder / "deliveries", folder / "lake", UNTIL)
    return folder


def exported(city: Path, table: str) -> list[dict[str, object]]:
    out = city / f"{table}.parquet"
    forewarn("export", table, "--lake", city / "lake", "--out", out)
    return pq.read_table(out).to_pylist()


def test_every_planted_fault_is_found_and_no_look_alike(city: Path, spark: object) -> None:
    found = rule_findings(
        CityLake(Lake(city / "lake", spark)),  # type: ignore[arg-type]
        city / "truth_rules.parquet",
    )
    assert {one.fault: one.found for one in found} == {one.fault: one.wanted for one in found}
    # none of these is vacuous
    assert all(one.planted >= 1 for one in found)


def test_every_table_is_exported_and_every_verdict_is_traced(city: Path) -> None:
    common = [name for name, _ in VERDICT_COLUMNS]
    for table in VERDICT_TABLES:
        rows = exported(city, table)
        assert rows, table
        assert set(common) <= set(rows[0])
        behind = {row["verdict_id"] for row in exported(city, f"verdict_records_{table}")}
        for row in rows:
            assert row["sum_zh"], row
            assert row["sum_en"], row
            assert row["standing"] in ("cited", "project default")
            assert (row["citation"] is not None) == (row["standing"] == "cited")
            assert row["pack"] == "regime_2022"
            # what says that all is well, or that nothing was sent, rests on no record
            clean = row["family"] in ("dimension", "composite") or row["rule"] in (
                "not_registered_with_tax", "no_annual_report", "receipts_disagree"
            )  # fmt: skip
            assert clean or row["verdict_id"] in behind, row
        assert len({row["verdict_id"] for row in rows}) == len(rows), table


def test_no_measure_without_a_basis_in_force(city: Path) -> None:
    pack = load_pack("regime_2022")
    in_force = {f.title for f in pack.instruments.values() if f.in_force(date.fromisoformat(UNTIL))}
    for row in exported(city, "measures"):
        assert any(title in str(row["basis"]) for title in in_force), row


def test_nobody_listed_gets_a_notice(city: Path) -> None:
    listed = {row["subject_id"] for row in exported(city, "warnings") if row["section"] == "list"}
    advised = {row["subject_id"] for row in exported(city, "notices")}
    assert listed
    assert advised
    assert not listed & advised


def test_explain_tells_the_verdicts_in_both_languages(city: Path) -> None:
    subject = str(exported(city, "measures")[0]["subject_id"])
    lake = city / "lake"
    assert "规则判定" in forewarn("explain", subject, "--lake", lake)
    told = forewarn("explain", subject, "--lake", lake, "--language", "en")
    assert "Verdicts of the rules" in told
    assert "project default, no law" in told


def test_two_packs_on_the_same_day_differ_and_say_why(city: Path) -> None:
    told = forewarn("rules", "diff", "report_2016", "regime_2022", "--lake", city / "lake")
    assert "lists.lists.严重违法.lock_months: 60 → 36" in told
    forewarn("rules", "diff", "report_2016", "regime_2202", "--lake", city / "lake", code=1)


def test_differing_and_told_changes() -> None:
    import pyarrow as pa

    from conf.rule_pack import ParameterChange

    def frame(*rows: tuple[str, str]) -> pa.Table:
        return pa.Table.from_pylist([
            {"verdict_id": i, "value": v, "severity": 1, "holds_from": None, "holds_to": None,
             "family": "grade", "rule": "r", "subject_id": i} for i, v in rows
        ])  # fmt: skip

    pairs = differing(frame(("a", "1"), ("b", "1")), frame(("a", "2"), ("b", "1"), ("c", "1")))
    assert differing(frame(("a", "1")), frame(("a", "1"))) == []
    # a says something else, b the same, c is new
    assert [(x and x["value"], y and y["value"]) for x, y in pairs] == [("1", "2"), (None, "1")]
    changes = [
        ParameterChange("measures", "measures.new.zh", "—", "x"),
        ParameterChange("measures", "measures.new.en", "—", "y"),
        ParameterChange("lists", "lists.l.lock_months", "60", "36"),
    ]
    assert changes_told(changes) == [
        "+ measures.measures.new",
        "lists.lists.l.lock_months: 60 → 36",
    ]


def test_the_report_contradicts_itself_over_water_and_farming() -> None:
    told = forewarn("rules", "policy")
    assert "水务" in told
    assert "农业" in told
    assert "公安" not in told  # not shared, but published: no contradiction


def test_the_packs_are_shown() -> None:
    told = forewarn("rules", "list")
    assert "report_2016" in told
    assert "regime_2022" in told
