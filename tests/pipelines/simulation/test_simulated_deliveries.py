"""What lies in DELIVERIES is what the demo city's source files say they receive."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from conf.city import load_city
from pipelines.landing.deliveries import unclaimed_files
from pipelines.simulation.city import MARKER
from pipelines.simulation.departments import SOURCES
from tests.pipelines.simulation.conftest import SINCE, UNTIL, Drawn
from tests.pipelines.simulation.reading import GB18030_TABLES, delivered, rows_of

CODE = "统一社会信用代码"
YAMLS = Path(__file__).parents[3] / "conf" / "cities" / "demo" / "sources"


@pytest.fixture(scope="module")
def described() -> dict[str, dict[str, Any]]:
    return {path.stem: YAML(typ="safe").load(path) for path in sorted(YAMLS.glob("*.yaml"))}


def test_every_core_table_is_delivered(described: dict[str, Any], drawn: Drawn) -> None:
    assert len(described) == 29
    assert set(described) == set(SOURCES)
    assert {file.table for file in delivered(drawn.deliveries)} == set(described)


def test_every_format_and_both_encodings_appear(drawn: Drawn) -> None:
    endings = Counter(file.ending for file in delivered(drawn.deliveries))
    assert set(endings) == {"csv", "csv.gz", "jsonl", "jsonl.gz", "parquet", "xlsx"}
    assert {n for n, s in SOURCES.items() if s.encoding == "gb18030"} == set(GB18030_TABLES)


def test_senders_and_receivers_agree_on_the_form(described: dict[str, Any]) -> None:
    for name, source in SOURCES.items():
        told = described[name]
        assert told["format"] == source.ending.split(".")[0], name
        assert told.get("encoding", "utf-8") == source.encoding, name
        assert told.get("delimiter", ",") == source.delimiter, name


def test_each_file_is_claimed_by_its_source_alone(described: dict[str, Any], drawn: Drawn) -> None:
    patterns = {}
    for name, told in described.items():
        text = re.escape(told["files"]).replace(re.escape("{date}"), r"\d{4}-\d{2}-\d{2}")
        patterns[name] = re.compile(text.replace(r"\*", "[^/]*"))
    for file in delivered(drawn.deliveries):
        path = file.path.relative_to(drawn.deliveries).as_posix()
        assert [n for n, pattern in patterns.items() if pattern.fullmatch(path)] == [file.table]
    # the simulator's own note is no delivery, so the night has nothing to say of it
    assert (drawn.deliveries / MARKER).is_file()
    assert unclaimed_files(load_city("demo").sources.values(), drawn.deliveries) == []


def test_each_file_has_the_columns_of_its_source(described: dict[str, Any], drawn: Drawn) -> None:
    for file in delivered(drawn.deliveries):
        for row in file.rows()[:3]:
            assert list(row) == described[file.table]["columns"], file.path.name


def test_the_stock_comes_first_and_then_one_file_a_month(drawn: Drawn) -> None:
    days: dict[str, list[str]] = defaultdict(list)
    for file in delivered(drawn.deliveries):
        days[file.table].append(file.day)
    for table, found in days.items():
        assert min(found) == SINCE.isoformat(), table
        assert max(found) <= UNTIL.isoformat(), table
        # a department delivers on its own day of the month; 2022-01-01 is the stock
        of_month = {day[8:] for day in found if day != SINCE.isoformat()}
        assert of_month <= {f"{SOURCES[table].day_of_month:02d}"}, table


def test_nothing_is_delivered_before_it_happened(drawn: Drawn) -> None:
    # the second clock: a department cannot write down today what happens tomorrow
    for table, column in (
        ("complaint", "受理时间"), ("penalty", "处罚决定日期"), ("judgment", "裁判日期"),
        ("ad_monitor", "监测日期"), ("registration", "核准日期"),
        ("inspection", "检查日期"),
    ):  # fmt: skip
        checked = 0
        for file in delivered(drawn.deliveries, table):
            for row in file.rows():
                try:
                    happened = dt.date.fromisoformat(str(row[column]))
                except ValueError:
                    continue  # a misspelt date
                assert happened.isoformat() < file.day, (table, row)
                checked += 1
        assert checked > 100


def test_registration_holds_every_firm_once_in_the_stock(drawn: Drawn) -> None:
    stock = [f for f in delivered(drawn.deliveries, "registration") if f.day == SINCE.isoformat()]
    codes = Counter(row[CODE] for file in stock for row in file.rows())
    # a state a firm, but for the rows that are repeated by fault (0.3 %)
    assert sum(count > 1 for count in codes.values()) <= 0.01 * len(codes)
    assert len(codes) > 2_500  # more than half of the firms are older than the stock


def test_firms_that_changed_their_names_say_so(drawn: Drawn) -> None:
    names: dict[object, list[str]] = defaultdict(list)
    former: dict[object, set[str]] = defaultdict(set)
    for row in rows_of(drawn.deliveries, "registration"):
        if row["企业名称"] not in names[row[CODE]]:
            names[row[CODE]].append(str(row["企业名称"]))
        if row["曾用名"]:
            before = str(row["曾用名"]).split(";")
            assert row["企业名称"] not in before
            former[row[CODE]] |= set(before)
    assert len(former) > 50  # 1.2 % a year of 5,000 firms over five years: some 200
    changed = {code: given for code, given in names.items() if len(given) == 2}
    assert len(changed) > 20
    # a name that was delivered is told as a former one later (rarely two changes lie in a month)
    told = sum(given[0] in former[code] for code, given in changed.items())
    assert told >= 0.9 * len(changed)


def test_no_person_can_be_a_living_one(drawn: Drawn) -> None:
    # area codes 3399.., 3499.. and so on are given to no prefecture; phones 140 to 144 to machines
    for row in rows_of(drawn.deliveries, "key_person"):
        assert str(row["人员证件号"])[2:4] == "99"
    for row in rows_of(drawn.deliveries, "registration"):
        assert re.fullmatch(r"14[0-4]\d{8}", str(row["联系电话"]))
        assert str(row["行政区划"]).startswith("3399")
