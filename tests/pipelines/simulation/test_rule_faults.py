"""Every planted rule fault lies in the delivered files, and its honest look-alikes do too.

The files are read with the tests' own reader; nothing of the rules that should find the faults is
used. A table's state is the last row of each record, as a receiver would take it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from pipelines.simulation import city
from tests.pipelines.simulation.conftest import SINCE, UNTIL
from tests.pipelines.simulation.reading import delivered
from tests.pipelines.simulation.test_faults import valid

CODE = "统一社会信用代码"
RECORD = {
    "registration": (CODE,),
    "tax_registration": ("纳税人识别号",),
    "tax_filing": (CODE, "税种", "所属期起"),
    "tax_receipts": ("行政区划", "行业门类", "税种", "所属期起"),
    "grade": (CODE, "评价体系", "评价年度"),
    "tax_arrears": ("欠税编号",),
    "exit_control": ("控制编号", "控制状态"),
    "points_event": ("扣分编号",),
    "penalty": ("决定书文号",),
    "list_event": ("文书号",),
    "objection": ("异议编号", "处理状态"),
    "repair": ("修复决定编号",),
    "key_person": (CODE, "人员证件号", "职务", "任职日期"),
}
KINDS = {
    "not_registered_with_tax", "no_valid_licence", "details_disagree_name",
    "details_disagree_address", "details_disagree_scope", "receipts_disagree", "points_locked",
    "points_not_locked", "tax_spread", "tax_barred", "exit_release_due", "grade_conflict",
    "repaired_record", "sustained_objection",
}  # fmt: skip

Row = dict[str, object]


@dataclass(frozen=True)
class City:
    """2,000 firms on the disk, what their tables hold in the end, and the truth."""

    tables: dict[str, list[Row]]
    truth: pa.Table
    rings: set[str]

    def planted(self, kind: str) -> list[Row]:
        return [row for row in self.truth.to_pylist() if row["fault"] == kind]

    def subjects(self, kind: str) -> set[str]:
        return {str(row["subject_id"]) for row in self.planted(kind)}

    def of(self, table: str, subject: object) -> list[Row]:
        return [row for row in self.tables[table] if row.get(CODE) == subject]


def final(folder: Path, table: str) -> list[Row]:
    """The last row of each record, in the order of the days; rows with broken codes left out."""
    found: dict[tuple[object, ...], Row] = {}
    for file in sorted(delivered(folder, table), key=lambda f: (f.day, f.path.name)):
        for row in file.rows():
            if CODE not in row or valid(str(row[CODE])):
                found[tuple(row[name] for name in RECORD[table])] = row
    return list(found.values())


@pytest.fixture(scope="module")
def drawn_city(tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = tmp_path_factory.mktemp("rules")
    truth = folder / "truth.parquet"
    city.simulate(2_000, 7, SINCE, UNTIL, "realistic", folder / "deliveries", truth)
    tables = {name: final(folder / "deliveries", name) for name in RECORD}
    rings = set(pa_parquet.read_table(truth)["subject_id"].to_pylist())
    return City(tables, pa_parquet.read_table(folder / "truth_rules.parquet"), rings)


def days(text: object) -> dt.date:
    if isinstance(text, dt.date):
        return text
    return dt.date(*(int(part) for part in re.findall(r"\d+", str(text))))


def plain(text: object) -> str:
    """A text without what only clerks write differently."""
    return re.sub(r"\s", "", str(text)).translate(str.maketrans("（）；", "();"))


def test_the_truth_has_its_columns(drawn_city: City) -> None:
    assert drawn_city.truth.schema == pa.schema([
        ("fault", pa.string()), ("subject_id", pa.string()), ("other_id", pa.string()),
        ("since", pa.date32()), ("detail", pa.string()),
    ])  # fmt: skip
    for name in ("fault", "subject_id", "since", "detail"):
        assert drawn_city.truth[name].null_count == 0


def test_every_kind_is_planted_three_times_in_2000_firms(drawn_city: City) -> None:
    # 0.05 % of 2,000 firms is one, and three is the least
    assert Counter(drawn_city.truth["fault"].to_pylist()) == dict.fromkeys(KINDS, 3)


def test_larger_cities_have_one_of_a_kind_in_2000_firms() -> None:
    from pipelines.simulation.rule_faults import truth_table

    world = city.build(20_000, 7, SINCE, UNTIL, "realistic")
    assert Counter(truth_table(world)["fault"].to_pylist()) == dict.fromkeys(KINDS, 10)


def test_faults_are_planted_among_honest_firms_once_each(drawn_city: City) -> None:
    rows = [r for r in drawn_city.truth.to_pylist() if r["fault"] != "receipts_disagree"]
    subjects = [row["subject_id"] for row in rows]
    assert len(set(subjects)) == len(subjects)
    others = {r["other_id"] for r in rows if r["fault"] == "tax_spread"}
    assert not (set(subjects) | others) & drawn_city.rings
    assert not others & set(subjects)


def test_faults_are_known_well_before_the_end(drawn_city: City) -> None:
    for row in drawn_city.truth.to_pylist():
        assert row["since"] <= UNTIL - dt.timedelta(days=40), row


def test_unregistered_firms_are_unknown_to_the_tax_office(drawn_city: City) -> None:
    taxed = {row[CODE] for name in ("tax_registration", "tax_filing")
             for row in drawn_city.tables[name]}  # fmt: skip
    for subject in drawn_city.subjects("not_registered_with_tax"):
        (row,) = drawn_city.of("registration", subject)
        assert row["登记状态"] == "存续"
        assert days(row["成立日期"]) < UNTIL - dt.timedelta(days=120)
        assert subject not in taxed


def test_only_young_firms_are_unknown_to_the_tax_office_besides(drawn_city: City) -> None:
    taxed = {row[CODE] for name in ("tax_registration", "tax_filing")
             for row in drawn_city.tables[name]}  # fmt: skip
    unknown = {
        row[CODE]: UNTIL - days(row["成立日期"])
        for row in drawn_city.tables["registration"]
        if row["登记状态"] == "存续" and row[CODE] not in taxed
    }
    honest = set(unknown) - drawn_city.subjects("not_registered_with_tax")
    # a firm registers within sixty days, and the last file before the end is of 20 December
    assert all(unknown[code] <= dt.timedelta(days=60 + 11) for code in honest)
    assert sum(unknown[code] > dt.timedelta(days=60) for code in honest) <= 1


def test_unlicensed_firms_file_on_after_their_end(drawn_city: City) -> None:
    for planted in drawn_city.planted("no_valid_licence"):
        subject = planted["subject_id"]
        (row,) = drawn_city.of("registration", subject)
        assert row["登记状态"] == "吊销"
        assert days(row["状态日期"]) == planted["since"]
        (tax,) = drawn_city.of("tax_registration", subject)
        assert tax["纳税人状态"] == "正常"
        ends = [days(r["所属期止"]) for r in drawn_city.of("tax_filing", subject)]
        assert max(ends) > UNTIL - dt.timedelta(days=200)


def test_no_honest_firm_files_after_its_end(drawn_city: City) -> None:
    last: dict[object, dt.date] = {}
    for row in drawn_city.tables["tax_filing"]:
        last[row[CODE]] = max(last.get(row[CODE], dt.date.min), days(row["所属期止"]))
    late = {
        row[CODE]
        for row in drawn_city.tables["registration"]
        if row["登记状态"] in ("注销", "吊销", "迁出")
        and last.get(row[CODE], dt.date.min) > days(row["状态日期"])
    }
    assert late == drawn_city.subjects("no_valid_licence")


def pairs(city_: City) -> list[tuple[Row, Row]]:
    """Registration and tax registration of the firms that both sides know."""
    taxed = {row[CODE]: row for row in city_.tables["tax_registration"]}
    return [(r, taxed[r[CODE]]) for r in city_.tables["registration"] if r[CODE] in taxed]


def test_names_addresses_and_scopes_disagree_where_planted_and_nowhere_else(
    drawn_city: City,
) -> None:
    found: dict[str, set[object]] = defaultdict(set)
    for register, tax in pairs(drawn_city):
        if plain(register["企业名称"]) != plain(tax["税务登记名称"]):
            found["name"].add(register[CODE])
        if tax["税务登记地址编号"] not in (register["住所编号"], register["经营场所编号"]):
            found["address"].add(register[CODE])
        if plain(register["经营范围"]) != plain(tax["税务登记经营范围"]):
            found["scope"].add(register[CODE])
    for item in ("name", "address", "scope"):
        assert found[item] == drawn_city.subjects(f"details_disagree_{item}"), item


def test_clerks_write_the_same_thing_differently(drawn_city: City) -> None:
    differ: Counter[str] = Counter()
    for register, tax in pairs(drawn_city):
        name, told = str(register["企业名称"]), str(tax["税务登记名称"])
        differ["blank in the name"] += "\u3000" in told
        differ["brackets in the name"] += "（" in name and "(" in told
        scope = str(tax["税务登记经营范围"])
        differ["brackets in the scope"] += "（" in str(register["经营范围"]) and "(" in scope
        there = tax["税务登记地址编号"] == register["经营场所编号"] != register["住所编号"]
        differ["place of business"] += there
    # 4 %, 40 % of the 4 % of partnerships, 8 %, and half of the 12 % that work elsewhere
    assert differ["blank in the name"] > 30
    assert differ["brackets in the name"] > 8
    assert differ["brackets in the scope"] > 80
    assert differ["place of business"] > 50


def filed(city_: City) -> dict[tuple[object, ...], int]:
    """The sums of the returns delivered: district, section, tax and first day of the period."""
    cells = {row[CODE]: (row["行政区划"], str(row["行业代码"])[0])
             for row in city_.tables["registration"]}  # fmt: skip
    sums: dict[tuple[object, ...], int] = defaultdict(int)
    for row in city_.tables["tax_filing"]:
        if row[CODE] in cells:
            sums[(*cells[row[CODE]], row["税种"], row["所属期起"])] += int(str(row["实缴税额"]))
    return sums


def test_totals_of_receipts_are_wrong_where_planted_and_nowhere_else(drawn_city: City) -> None:
    sums = filed(drawn_city)
    wrong: dict[str, set[object]] = defaultdict(set)
    for row in drawn_city.tables["tax_receipts"]:
        cell = (row["行政区划"], row["行业门类"], row["税种"], row["所属期起"])
        told, right = int(str(row["入库税额"])), sums[cell]
        if abs(told - right) > 100_000 and abs(told - right) > right // 100:  # 1,000 yuan and 1 %
            wrong[f"{cell[0]}|{cell[1]}"].add(days(row["所属期止"]))
    planted = {
        str(row["subject_id"]): {row["since"]} for row in drawn_city.planted("receipts_disagree")
    }
    assert dict(wrong) == planted


def points_of(city_: City, subject: object) -> list[tuple[dt.date, int]]:
    rows = city_.of("points_event", subject)
    return sorted((days(r["生效日期"]), round(float(str(r["扣分"])) * 10)) for r in rows)


def most_in_three_years(events: list[tuple[dt.date, int]]) -> int:
    """The most tenths of points that fall within three years of each other."""
    three = dt.timedelta(days=3 * 366)
    return max(sum(t for d, t in events if first <= d <= first + three) for first, _ in events)


def test_twelve_points_within_three_years_are_planted_only(drawn_city: City) -> None:
    locked = set()
    totals = {}
    for subject in {row[CODE] for row in drawn_city.tables["points_event"]}:
        events = points_of(drawn_city, subject)
        totals[subject] = sum(tenths for _, tenths in events)
        if most_in_three_years(events) >= 120:
            locked.add(subject)
    assert locked == drawn_city.subjects("points_locked")
    spread = drawn_city.subjects("points_not_locked")
    assert {totals[subject] for subject in spread} == {125}
    assert len(totals) > 50  # and some hundred honest firms have a few points


def grades_of(city_: City, subject: object, scheme: str) -> dict[object, object]:
    rows = city_.of("grade", subject)
    return {r["评价年度"]: r["等级"] for r in rows if r["评价体系"] == scheme}


def test_a_bad_grade_reaches_a_younger_firm_through_its_representative(drawn_city: City) -> None:
    for planted in drawn_city.planted("tax_spread"):
        year = str(planted["detail"])[-4:]
        assert grades_of(drawn_city, planted["other_id"], "纳税信用")[year] == "D"
        (old,) = drawn_city.of("registration", planted["other_id"])
        (young,) = drawn_city.of("registration", planted["subject_id"])
        assert old["法定代表人证件号"] == young["法定代表人证件号"]
        assert days(old["成立日期"]) < dt.date(int(year) + 1, 4, 20) < days(young["成立日期"])
        assert days(young["成立日期"]) == planted["since"]
        posts = drawn_city.of("key_person", planted["subject_id"])
        assert {r["人员证件号"] for r in posts if r["职务"] == "法定代表人"} == {
            old["法定代表人证件号"]
        }


def test_a_barred_firm_has_an_a_two_years_after_its_d(drawn_city: City) -> None:
    for planted in drawn_city.planted("tax_barred"):
        grades = grades_of(drawn_city, planted["subject_id"], "纳税信用")
        first, last = re.findall(r"\d{4}", str(planted["detail"]))
        assert int(last) == int(first) + 2
        assert (grades[first], grades[last]) == ("D", "A")


def test_conflicting_grades_stand_side_by_side(drawn_city: City) -> None:
    for planted in drawn_city.planted("grade_conflict"):
        (year,) = re.findall(r"\d{4}", str(planted["detail"]))
        assert grades_of(drawn_city, planted["subject_id"], "纳税信用")[year] == "A"
        assert grades_of(drawn_city, planted["subject_id"], "安全生产")[year] == "四级"


def test_controls_stand_after_payment_where_planted_and_nowhere_else(drawn_city: City) -> None:
    paid = {r["欠税编号"] for r in drawn_city.tables["tax_arrears"] if r["结清日期"]}
    states: dict[object, set[object]] = defaultdict(set)
    owners = {}
    for row in drawn_city.tables["exit_control"]:
        states[row["欠税编号"]].add(row["控制状态"])
        owners[row["欠税编号"]] = row[CODE]
    due = {owners[n] for n, told in states.items() if n in paid and "撤控" not in told}
    assert due == drawn_city.subjects("exit_release_due")
    assert any("撤控" in told for told in states.values())  # honest ones are lifted
    assert any(n not in paid for n in states)  # or still owe


def test_failing_firms_owe_more_often_but_not_alone(drawn_city: City) -> None:
    rows = drawn_city.tables["tax_arrears"]
    assert 30 < len(rows) < 150
    settled = sum(row["结清日期"] is not None for row in rows)
    assert 0.3 < settled / len(rows) < 0.7


def test_repairs_and_objections_name_records_of_their_firm(drawn_city: City) -> None:
    numbers = {
        "penalty": {r["决定书文号"]: r[CODE] for r in drawn_city.tables["penalty"]},
        "list_event": {r["文书号"]: r[CODE] for r in drawn_city.tables["list_event"]},
    }
    outcomes: dict[object, Counter[object]] = defaultdict(Counter)
    for table, target, record, outcome in (
        ("repair", "修复目录", "修复记录号", "决定"),
        ("objection", "异议目录", "异议记录号", "处理状态"),
    ):
        for row in drawn_city.tables[table]:
            assert numbers[str(row[target])][row[record]] == row[CODE], row
            outcomes[table][row[outcome]] += 1
    assert set(outcomes["repair"]) == {"准予", "不予"}
    assert outcomes["objection"]["受理"] > outcomes["objection"]["成立"] >= 3


def test_planted_decisions_take_a_record_away(drawn_city: City) -> None:
    granted = {r["修复记录号"]: r for r in drawn_city.tables["repair"] if r["决定"] == "准予"}
    for planted in drawn_city.planted("repaired_record"):
        row = granted[planted["other_id"]]
        assert (row[CODE], days(row["决定日期"])) == (planted["subject_id"], planted["since"])
    sustained = {
        r["异议记录号"]: r for r in drawn_city.tables["objection"] if r["处理状态"] == "成立"
    }
    for planted in drawn_city.planted("sustained_objection"):
        row = sustained[planted["other_id"]]
        assert (row[CODE], days(row["状态日期"])) == (planted["subject_id"], planted["since"])


def test_the_bureau_grades_by_all_its_values(drawn_city: City) -> None:
    values: dict[object, Counter[object]] = defaultdict(Counter)
    for row in drawn_city.tables["grade"]:
        values[row["评价体系"]][row["等级"]] += 1
    assert set(values["工商风险度"]) == {"A", "B", "C"}
    assert set(values["工商信用度"]) == {"Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ"}
    assert set(values["国家信用风险分类"]) == {"A", "B", "C", "D"}
    # the worst are few, the best not all
    assert 0.01 < values["工商风险度"]["A"] / values["工商风险度"].total() < 0.2
    assert 0.01 < values["国家信用风险分类"]["D"] / values["国家信用风险分类"].total() < 0.2
    national = [r for r in drawn_city.tables["grade"] if r["评价体系"] == "国家信用风险分类"]
    assert min(days(r["有效期自"]) for r in national) >= dt.date(2022, 1, 1)


def test_persons_under_control_are_representatives_with_made_up_numbers(drawn_city: City) -> None:
    posts = {
        (r[CODE], r["人员证件号"])
        for r in drawn_city.tables["key_person"]
        if r["职务"] == "法定代表人"
    }
    for row in drawn_city.tables["exit_control"]:
        assert str(row["被控制人证件号"])[2:4] == "99"
        assert (row[CODE], row["被控制人证件号"]) in posts
