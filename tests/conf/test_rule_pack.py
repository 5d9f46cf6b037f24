"""Rule packs: what is delivered holds together, and what contradicts itself is refused at its line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from conf.citation import RULES_FOLDER
from conf.errors import ConfError
from conf.rule_pack import (
    KINDS,
    known_packs,
    load_pack,
    load_packs,
    pack_in_force,
    sourced,
)

REPORT, LATER = "report_2016", "regime_2022"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The delivered rules, to be spoilt."""
    return Path(shutil.copytree(RULES_FOLDER, tmp_path / "rules"))


def change(path: Path, old: str, new: str) -> int:
    """Replace a text that stands once in a file; the line on which it began."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def refused(load: Callable[[], object]) -> ConfError:
    with pytest.raises(ConfError) as caught:
        load()
    return caught.value


def test_the_delivered_packs_follow_one_another():
    assert known_packs() == [LATER, REPORT]
    packs = load_packs((LATER, REPORT))
    assert [pack.name for pack in packs] == [REPORT, LATER]
    days = {
        date(2015, 12, 31): None,  # before the first begins
        date(2016, 1, 1): REPORT,
        date(2021, 12, 31): REPORT,  # the last day counts
        date(2022, 1, 1): LATER,
        date(2050, 1, 1): LATER,  # no end is known
    }
    for day, expected in days.items():
        found = pack_in_force(packs, day)
        assert (found.name if found else None) == expected


def test_every_rule_says_where_it_comes_from_and_only_what_was_read_is_cited():
    for pack in load_packs((LATER, REPORT)):
        for kind in KINDS:
            for place, rule in sourced(getattr(pack, kind)):
                assert (rule.source == "cited") == (rule.citation is not None), (kind, place)
                if rule.citation is not None:
                    passages = pack.instruments[rule.citation.instrument].passages
                    assert rule.citation.quotation in passages[rule.citation.article]


def test_only_the_four_cells_that_the_report_gives_are_cited():
    cells = load_pack(REPORT).business_matrix.cells
    cited = {(cell.risk, cell.credit) for cell in cells if cell.source == "cited"}
    assert cited == {("A", "Ⅰ"), ("A", "Ⅳ"), ("B", "Ⅲ"), ("C", "Ⅳ")}


def test_a_later_pack_takes_over_what_it_does_not_change():
    report, later = load_packs((LATER, REPORT))
    assert later.dimensions == report.dimensions
    assert later.lists.lists["严重违法"].lock_months == 36  # changed
    assert later.lists.lists["严重违法"].zh == report.lists.lists["严重违法"].zh  # kept
    assert (report.tax_grade.spread.only_after, later.tax_grade.spread.only_after) == (False, True)
    assert later.tax_grade.retention.citation is None  # taken back with its source
    assert set(report.measures.measures) < set(later.measures.measures)


def test_the_version_is_of_all_that_the_pack_says(folder):
    before = {name: load_pack(name, folder).version for name in (REPORT, LATER)}
    assert before == {name: load_pack(name).version for name in (REPORT, LATER)}
    change(folder / REPORT / "tax_comparison.yaml", "grace_days: 60", "grace_days: 61")
    after = {name: load_pack(name, folder).version for name in (REPORT, LATER)}
    assert before[REPORT] != after[REPORT]
    assert before[LATER] != after[LATER]  # it takes that file over


def test_packs_that_overlap_are_refused(folder):
    line = change(
        folder / REPORT / "pack.yaml", "effective_to: 2021-12-31", "effective_to: 2022-01-01"
    )
    error = refused(lambda: load_packs((REPORT, LATER), folder))
    assert error.line == line
    assert error.file.endswith("report_2016/pack.yaml")
    assert "overlap" in error.message
    assert "2022-01-01" in error.message


def test_a_pack_without_an_end_overlaps_all_that_follow(folder):
    change(folder / REPORT / "pack.yaml", "effective_to: 2021-12-31\n", "")
    error = refused(lambda: load_packs((REPORT, LATER), folder))
    assert "has no end" in error.message


def test_no_such_pack_names_the_nearest(folder):
    error = refused(lambda: load_pack("report_2061", folder))
    assert "did you mean 'report_2016'" in error.message


CASES = [
    # pack and file, what is replaced by what, words of the reason; the mistake stands on that line
    pytest.param(
        "report_2016/pack.yaml", "effective_to: 2021-12-31", "effective_to: 2015-12-31",
        "ends (2015-12-31) before it begins", id="ends before it begins",
    ),
    pytest.param(
        "report_2016/business_matrix.yaml",
        "  - {risk: A, credit: Ⅱ, measure_zh: 重点二级监控对象，增加巡查，年检时重点审查,"
        " measure_en: \"Second watch; more patrols, close review\", severity: 80,"
        " source: project default}\n", "",
        "the matrix lacks A-Ⅱ", id="a cell missing",
    ),
    pytest.param(
        "report_2016/business_matrix.yaml", "risk: B, credit: Ⅱ", "risk: B, credit: Ⅰ",
        "the cell B-Ⅰ is there twice", id="a cell twice",
    ),
    pytest.param(
        "report_2016/business_matrix.yaml",
        "{risk: B, credit: Ⅱ, measure_zh: 重点三级监控对象，定期巡查，年检时审查,"
        " measure_en: \"Third watch; regular patrols, review\", severity: 60",
        "{risk: B, credit: Ⅱ, measure_zh: 重点三级监控对象，定期巡查，年检时审查,"
        " measure_en: \"Third watch; regular patrols, review\", severity: 85",
        "the cell B-Ⅱ is severer (85) than A-Ⅱ (80), which is worse", id="severity not monotone",
    ),
    pytest.param(
        "report_2016/business_matrix.yaml", "risk: C, credit: Ⅱ", "risk: D, credit: Ⅱ",
        "'D' is no value of the scheme 工商风险度", id="a value the scheme has not",
    ),
    pytest.param(
        "report_2016/business_matrix.yaml", "instrument: random_inspection_2015, article: 分类监管",
        "instrument: random_inspection_2016, article: 分类监管",
        "did you mean 'random_inspection_2015'", id="the matrix's basis unknown",
    ),
    pytest.param(
        "report_2016/measures.yaml",
        "    basis: {instrument: disclosure_order_654, article: 经营异常名录}\n", "",
        "'abnormal_list_shown' has no basis; 法无规定不可为", id="a measure without a basis",
    ),
    pytest.param(
        "report_2016/measures.yaml", "instrument: disclosure_order_654",
        "instrument: disclosure_order_645", "did you mean 'disclosure_order_654'",
        id="a basis unknown",
    ),
    pytest.param(
        "report_2016/measures.yaml", "of: 安全生产, values: [四级]", "of: 安全生产, values: [五级]",
        "unknown value '五级'", id="a trigger's value unknown",
    ),
    pytest.param(
        "report_2016/measures.yaml", "kind: points, of: food_drug", "kind: points, of: food",
        "needs `of:` one of food_drug", id="a trigger's rule unknown",
    ),
    pytest.param(
        "report_2016/grades.yaml", "severity: [90, 60, 30, 0]", "severity: [0, 30, 60, 90]",
        "the polarity of '工商信用度' contradicts itself: with the best value last",
        id="polarity contradicts, best last",
    ),
    pytest.param(
        "report_2016/grades.yaml", "severity: [0, 20, 30, 60, 100]",
        "severity: [100, 60, 30, 20, 0]", "the polarity of '纳税信用' contradicts itself",
        id="polarity contradicts severity",
    ),
    pytest.param(
        "report_2016/grades.yaml", "severity: [0, 30, 60, 100]", "severity: [0, 30, 60]",
        "has 4 values and 3 severities", id="a severity missing",
    ),
    pytest.param(
        "report_2016/tax_grade.yaml", "source_grade: issued", "source_grade: carried",
        "makes the rule feed on itself", id="D of carried D",
    ),
    pytest.param(
        "report_2016/tax_grade.yaml", "depth: 1", "depth: 2",
        "carries a carried grade on", id="D at depth 2",
    ),
    pytest.param(
        "report_2016/tax_grade.yaml", "reached_roles: [法定代表人]", "reached_roles: [法定代表]",
        "did you mean '法定代表人'", id="a role unknown",
    ),
    pytest.param(
        "report_2016/tax_grade.yaml", "quotation: D级评价保留2年，第三年纳税信用不得评价为A级",
        "quotation: D级评价保留两年，第三年纳税信用不得评价为A级",
        "the quotation does not stand in 'D级保留'", id="not word for word",
    ),
    pytest.param(
        "report_2016/tax_grade.yaml", "article: D级保留", "article: D级保存",
        "no passage 'D级保存'", id="a passage not read",
    ),
    pytest.param(
        "report_2016/tax_comparison.yaml", "source: project default", "source: cited",
        "`source: cited` needs `citation:", id="cited without a citation",
    ),
    pytest.param(
        "report_2016/tax_comparison.yaml", "receipts_percent: 1", "receipts_percent: 101",
        "must be at most 100", id="a percentage beyond 100",
    ),
    pytest.param(
        "report_2016/dimensions.yaml", "table: complaint,", "table: complaints,",
        "did you mean 'complaint'", id="a table unknown",
    ),
    pytest.param(
        "report_2016/dimensions.yaml", "late_days > 0", "late_day > 0",
        "unknown column 'late_day'", id="a column unknown",
    ),
    pytest.param(
        "report_2016/dimensions.yaml", "table: complaint,", "table: capacity,",
        "belong to no subject", id="a table of no subject",
    ),
    pytest.param(
        "report_2016/dimensions.yaml", "months: 12, points: 2, most: 20",
        "months: 12, points: 2, most: 1", "costs 2 a record but at most 1", id="most below points",
    ),
    pytest.param(
        "report_2016/dimensions.yaml", "integrity: 25, compliance: 30",
        "integrity: 25, compliance: 31", "must be 100 in all, not 101", id="weights beyond 100",
    ),
    pytest.param(
        "report_2016/notices.yaml", "ahead: valid_to", "ahead: valid_until",
        "'valid_until' is no date of table permit", id="a date unknown",
    ),
    pytest.param(
        "report_2016/lists.yaml", "escalates_to: 严重违法", "escalates_to: 经营异常",
        "escalates to itself", id="a list of itself",
    ),
    pytest.param(
        "report_2016/points.yaml", "cycle: rolling", "cycle: fixed",
        "`anchor` goes with `cycle: fixed`", id="a fixed cycle without its anchor",
    ),
    pytest.param(
        "report_2016/points.yaml", "threshold: 12", "treshold: 12",
        "did you mean 'threshold'", id="a key misspelt",
    ),
    pytest.param(
        "regime_2022/pack.yaml", "extends: report_2016", "extends: regime_2022",
        "'regime_2022' extends itself", id="extends itself",
    ),
    pytest.param(
        "regime_2022/pack.yaml", "extends: report_2016", "extends: report_2061",
        "did you mean 'report_2016'", id="extends what is not there",
    ),
    # mistakes of an overlay: they stand in its own file, not in the one it changes
    pytest.param(
        "regime_2022/lists.yaml", "early_exit_months: 12", "early_exit_month: 12",
        "did you mean 'early_exit_months'", id="overlay: a key misspelt",
    ),
    pytest.param(
        "regime_2022/measures.yaml", "instrument: serious_list_order_44",
        "instrument: serious_list_order_45", "did you mean 'serious_list_order_44'",
        id="overlay: a basis unknown",
    ),
    pytest.param(
        "regime_2022/tax_grade.yaml", "only_after: true", "depth: 3",
        "`depth` above 1", id="overlay: D at depth 3",
    ),
    pytest.param(
        "regime_2022/grades.yaml", "severity: [0, 30, 65, 100]", "severity: [0, 65, 30, 100]",
        "polarity of '国家信用风险分类'", id="overlay: polarity contradicts",
    ),
]  # fmt: skip


# what a rule says as a whole is told at the rule's own line, not at the key that was changed
OF_THE_RULE = {
    "a cell missing": "cells:",
    "a cell twice": "risk: B, credit: Ⅰ",
    "severity not monotone": "severity: 85",
    "a measure without a basis": "abnormal_list_shown:",
    "polarity contradicts severity": "纳税信用:",
    "polarity contradicts, best last": "工商信用度:",
    "a severity missing": "安全生产:",
    "D of carried D": "spread:",
    "D at depth 2": "spread:",
    "cited without a citation": "grace_days",
    "weights beyond 100": "composite:",
    "a fixed cycle without its anchor": "food_drug:",
    "ends before it begins": "pack: report_2016",
    "overlay: D at depth 3": "spread:",
    "overlay: polarity contradicts": "国家信用风险分类:",
}


@pytest.mark.parametrize(("file", "old", "new", "reason"), CASES)
def test_a_contradiction_is_refused_where_it_stands(request, folder, file, old, new, reason):
    change(folder / file, old, new)
    error = refused(lambda: load_pack(file.partition("/")[0], folder))
    assert reason in error.message
    assert error.file.endswith(file)
    assert error.line is not None
    told = (folder / file).read_text(encoding="utf-8").splitlines()[error.line - 1]
    assert OF_THE_RULE.get(request.node.callspec.id, new) in told


def test_a_mistake_of_the_extended_pack_is_told_of_its_file(folder):
    line = change(folder / REPORT / "dimensions.yaml", "late_days > 0", "late_day > 0")
    error = refused(lambda: load_pack(LATER, folder))
    assert error.file.endswith("report_2016/dimensions.yaml")
    assert error.line == line


def test_an_overlay_that_spoils_what_it_takes_over_is_told_of_the_overlay(folder):
    # B of the tax scheme is barred and A comes instead: no worse than what is barred
    path = folder / LATER / "tax_grade.yaml"
    line = change(path, "  not_kept_when_basis: [年度评价]", "  instead: A")
    error = refused(lambda: load_pack(LATER, folder))
    assert error.file.endswith("regime_2022/tax_grade.yaml")
    assert error.line == line
    assert "no worse than the barred 'A'" in error.message


def test_packs_that_extend_each_other_are_refused(folder):
    path = folder / REPORT / "pack.yaml"
    change(path, "effective_to: 2021-12-31", "effective_to: 2021-12-31\nextends: regime_2022")
    error = refused(lambda: load_pack(REPORT, folder))
    assert "extends itself" in error.message
    assert error.line is not None


def test_the_polarity_of_a_scheme_must_be_defined(folder):
    path = folder / REPORT / "grades.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("    best: first\n", "", 1), encoding="utf-8")
    error = refused(lambda: load_pack(REPORT, folder))
    assert "'best' is missing in schemes.纳税信用" in error.message


def test_a_file_that_no_pack_has_is_refused(folder):
    (folder / REPORT / "grade.yaml").write_text("schemes: {}\n", encoding="utf-8")
    error = refused(lambda: load_pack(REPORT, folder))
    assert "did you mean 'grades'" in error.message


def test_a_pack_lacks_no_file(folder):
    (folder / REPORT / "notices.yaml").unlink()
    error = refused(lambda: load_pack(REPORT, folder))
    assert "has no notices.yaml" in error.message


def test_the_folder_and_the_pack_have_one_name(folder):
    line = change(folder / LATER / "pack.yaml", "pack: regime_2022", "pack: regime_2023")
    error = refused(lambda: load_pack(LATER, folder))
    assert error.line == line
    assert "rename one" in error.message
