"""Each kind of fault occurs, and is what it claims to be."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict

import numpy as np
import pytest

from pipelines.simulation import city, faults
from tests.pipelines.simulation.conftest import SINCE, UNTIL, Drawn
from tests.pipelines.simulation.reading import (
    GB18030_TABLES,
    Delivered,
    delivered,
    rows_of,
)

CODE, OP = "统一社会信用代码", "操作"
KINDS = {
    "repeated_rows", "broken_codes", "bad_dates", "unmatched_subjects", "corrections",
    "withdrawals", "ragged_lines", "foreign_bytes", "late_files", "repeated_files",
}  # fmt: skip
RECORD = {
    "registration": (CODE,),
    "list_event": ("文书号",),
    "penalty": ("决定书文号",),
    "judgment": ("案号",),
    "enforcement": ("执行案号",),
    "complaint": ("工单编号",),
    "ad_monitor": ("监测编号",),
    "case_label": ("案件编号", CODE, "阶段"),
    "inspection": ("检查编号",),
}
"""Tables with corrections, and what tells their records apart."""


def valid(code: str) -> bool:
    """Whether a code keeps the check character of GB 32100-2015, digit by digit."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    if len(code) != 18 or any(letter not in alphabet for letter in code):
        return False
    total, weight = 0, 1
    for letter in code[:17]:
        total += alphabet.index(letter) * weight
        weight = weight * 3 % 31
    return alphabet[(31 - total % 31) % 31] == code[17]


def test_the_check_of_this_test_knows_a_real_code() -> None:
    # a worked example of the standard's method: the code of a well-known public company
    assert valid("91350100M000100Y43")
    assert not valid("91350100M000100Y44")
    assert not valid("91350100M000100Y4")
    assert not valid("9135O100M000100Y43")


def test_every_kind_occurs_in_a_city_of_5000(drawn: Drawn) -> None:
    # the promise of the rates: "high enough that every kind occurs in a city of 5,000 firms"
    assert set(drawn.report.faults) == KINDS
    assert min(drawn.report.faults.values()) > 0


def test_faults_stay_rare(drawn: Drawn) -> None:
    rows = sum(drawn.report.rows.values())
    of_rows = KINDS - {"late_files", "repeated_files"}
    # the sum of the rates of rows is 1.4 %, and not every table has every kind
    assert sum(drawn.report.faults[kind] for kind in of_rows) / rows < 0.014


def test_codes_are_valid_but_for_the_broken_ones(drawn: Drawn) -> None:
    codes = Counter(
        str(row[CODE])
        for file in delivered(drawn.deliveries)
        if file.table != "capacity" and file.table != "address" and not file.resent
        for row in file.rows()
        if row.get(CODE)
    )
    broken = [code for code in codes if not valid(code)]
    total = sum(codes[code] for code in broken)
    # as many as were made, but for those repeated, cut off with their line, or due after the end
    assert total == pytest.approx(drawn.report.faults["broken_codes"], rel=0.1)
    assert len(codes) > 5_000
    assert {len(code) for code in broken} == {17, 18}  # a digit lost, or one mistyped


def test_a_mistyped_code_is_never_valid() -> None:
    world = city.build(2_000, 5, SINCE, UNTIL, "realistic")
    rng = np.random.default_rng(0)
    for code in world.codes(np.arange(2_000)).to_pylist():
        assert valid(code)
        for _ in range(10):
            assert not valid(faults._mistyped(code, rng)), code


def test_a_broken_code_is_delivered_again_in_order(drawn: Drawn) -> None:
    rows = rows_of(drawn.deliveries, "tax_registration")
    broken = [row for row in rows if not valid(str(row[CODE]))]
    good = {row["纳税人识别号"] for row in rows if valid(str(row[CODE]))}
    assert broken
    assert {row["纳税人识别号"] for row in broken} <= good


def test_a_repeated_row_is_the_same_to_the_last_cell(drawn: Drawn) -> None:
    repeated = 0
    for file in delivered(drawn.deliveries):
        lines = Counter(tuple(row.items()) for row in file.rows())
        repeated += 0 if file.resent else sum(count - 1 for count in lines.values())
    # the city makes no two equal rows by itself
    assert repeated == pytest.approx(drawn.report.faults["repeated_rows"], rel=0.05)


def test_misspelt_dates_are_no_dates(drawn: Drawn) -> None:
    found = 0
    for file in delivered(drawn.deliveries, "registration"):
        for row in file.rows():
            try:
                dt.date.fromisoformat(str(row["成立日期"]))
            except ValueError:
                found += 1
    # one in a thousand of some 10,000 rows
    assert 1 <= found <= 30


def test_strangers_have_valid_codes_that_the_register_does_not_know(drawn: Drawn) -> None:
    registered = {row[CODE] for row in rows_of(drawn.deliveries, "registration")}
    strange = [row for row in rows_of(drawn.deliveries, "penalty") if
               str(row["决定书文号"]).endswith("-外")]  # fmt: skip
    strange += [row for row in rows_of(drawn.deliveries, "complaint") if
                str(row["工单编号"]).endswith("-外")]  # fmt: skip
    assert strange
    for row in strange:
        assert row[CODE] not in registered
    assert sum(valid(str(row[CODE])) for row in strange) >= 0.9 * len(strange)


def versions(drawn: Drawn, table: str) -> dict[tuple[object, ...], list[tuple[str, dict]]]:
    """Rows of each record with the day they came, in the order of the days."""
    found: dict[tuple[object, ...], list[tuple[str, dict]]] = defaultdict(list)
    for file in sorted(delivered(drawn.deliveries, table), key=lambda f: f.day):
        for row in file.rows():
            found[tuple(row[name] for name in RECORD[table])].append((file.day, row))
    return found


def test_corrections_correct_an_earlier_row_of_the_same_record(drawn: Drawn) -> None:
    corrections = orphans = 0
    for table in RECORD:
        for rows in versions(drawn, table).values():
            for day, row in rows:
                if row[OP] != "更正":
                    continue
                corrections += 1
                # the same day when the first file was late
                earlier = [r for came, r in rows if came <= day and r[OP] is None]
                orphans += not earlier
                for before in earlier:
                    # the mark, and the value it corrects
                    assert {k for k in row if before[k] != row[k]} >= {OP}, (table, row)
                    assert before != row | {OP: None} or len(earlier) > 1, (table, row)
    assert corrections > 20
    # the row that is corrected may itself have suffered: a broken code, a line cut off (0.3 %)
    assert orphans <= 2


def test_withdrawals_take_back_a_row_delivered_before(drawn: Drawn) -> None:
    withdrawals = 0
    for table in set(RECORD) - {"registration", "enforcement", "case_label"}:
        for number, rows in versions(drawn, table).items():
            for day, row in rows:
                if row[OP] == "撤销":
                    withdrawals += 1
                    assert str(number[0]).endswith("-误")
                    # entered under the wrong firm at first, then taken back under the same number
                    assert [r for came, r in rows if came < day and r[OP] is None], (table, row)
    assert withdrawals > 3


def test_late_files_come_after_the_month_they_are_for(drawn: Drawn) -> None:
    files = [f for f in delivered(drawn.deliveries) if not f.resent]
    late = [f for f in files if f.day[:7].replace("-", "") > f.month]
    assert len(late) == drawn.report.faults["late_files"]
    for file in files:
        # never early, and never more than one delivery late
        months = (int(file.day[:4]) - int(file.month[:4])) * 12 + (
            int(file.day[5:7]) - int(file.month[4:])
        )
        assert 0 <= months <= 1


def test_a_file_sent_twice_is_the_same_file_a_delivery_later(drawn: Drawn) -> None:
    files = delivered(drawn.deliveries)
    first = {(f.table, f.month): f for f in files if not f.resent}
    again = [f for f in files if f.resent]
    assert len(again) == drawn.report.faults["repeated_files"]
    for file in again:
        assert file.day > first[file.table, file.month].day
        assert file.path.read_bytes() == first[file.table, file.month].path.read_bytes()


def separated(drawn: Drawn) -> list[Delivered]:
    return [f for f in delivered(drawn.deliveries) if f.ending in ("csv", "csv.gz")]


def test_gb18030_files_are_not_utf8(drawn: Drawn) -> None:
    tables = set()
    for file in separated(drawn):
        header, *lines = file.data().split(b"\n")
        gb = file.table in GB18030_TABLES
        own, other = ("gb18030", "utf-8") if gb else ("utf-8", "gb18030")
        assert re.match(r"[一-龥]+[,|]", header.decode(own))
        if gb:
            tables.add(file.table)
            with pytest.raises(UnicodeDecodeError):
                file.data().decode(other)
        # one line at most carries alien bytes
        assert sum(not decodes(line, own) for line in lines) <= 1
    assert tables == set(GB18030_TABLES)


def decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def test_alien_bytes_are_no_text_in_their_file(drawn: Drawn) -> None:
    alien = sum(
        not decodes(line, "gb18030" if file.table in GB18030_TABLES else "utf-8")
        for file in separated(drawn)
        if not file.resent
        for line in file.data().split(b"\n")
    )
    assert alien == drawn.report.faults["foreign_bytes"]


def test_ragged_lines_have_lost_or_gained_fields(drawn: Drawn) -> None:
    ragged = Counter[int]()
    for file in separated(drawn):
        mark = b"|" if file.table == "investment" else b","
        header, *lines = file.data().rstrip(b"\n").split(b"\n")
        width = header.count(mark)
        if not file.resent:
            ragged += Counter(line.count(mark) - width for line in lines if line)
    del ragged[0]
    assert set(ragged) == {-2, 2}  # two lost at the end of the line, or two added
    assert sum(ragged.values()) == drawn.report.faults["ragged_lines"]


def test_rings_and_honest_firms_suffer_alike(drawn: Drawn) -> None:
    # a fault is no hint: no rate looks at the truth, and the module knows no scheme
    names = vars(faults)
    assert not {"schemes", "population", "Population", "World"} & set(names)
