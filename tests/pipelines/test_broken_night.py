"""One night with a broken delivery of every kind: each is told in words, and the night goes on.

The files lie among the good deliveries of a small city. A broken file is refused; a broken row goes
to the quarantine and the good row beside it is taken in.
"""

from __future__ import annotations

import csv
import gzip
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from tests.pipelines.command import forewarn, night, simulate

DAY, UNTIL = "2024-12-30", "2024-12-31"
CODE = "914403001922038216"
PENALTY = (
    "统一社会信用代码,决定书文号,处罚机关,处罚依据,处罚种类,罚没金额,违法事实代码,处罚决定日期,"
    "公示日期,信用修复日期,操作\n"
)
COMPLAINT = (
    '{"统一社会信用代码":"%s","工单编号":"%s","来源渠道":"12345","诉求类别":"%s","关键词":"%s",'
    '"涉及金额":"100","老年人":"否","受理时间":"2024-12-01","办结时间":null,"事发区划":"330101",'
    '"来电号码":null,"操作":null}\n'
)


@dataclass(frozen=True)
class Broken:
    """A delivery: where it lies, its bytes, and what is said of it.

    `refused`: the whole file is. Otherwise one row is quarantined and `good` rows are taken in.
    """

    kind: str
    file: str
    content: bytes
    words: str
    refused: bool = False
    good: int = 1


def row(number: str, *, code: str = CODE, kind: str = "罚款", amount: str = "5000",
        day: str = "2024-12-01") -> str:  # fmt: skip
    return f"{code},{number},城管局,第一条,{kind},{amount},F1,{day},2024-12-05,,\n"


def with_row(kind: str, line: str, words: str) -> Broken:
    """A penalty file with a good row and a broken one."""
    name = kind.replace(" ", "_")
    text = PENALTY + row(f"好-{name}") + line
    return Broken(kind, f"xyb/penalty_{name}.csv", text.encode(), words)


def refused(kind: str, file: str, content: bytes, words: str) -> Broken:
    return Broken(kind, file, content, words, refused=True)


def workbook(value: object, good_district: str = "330199") -> bytes:
    """A capacity workbook with a good row and one with the value as what can be inspected."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["行政区划", "周起始日", "可检查户次"])
        sheet.write_row(1, 0, [good_district, "2024-12-23", 3])
        sheet.write_row(2, 0, ["330198", "2024-12-23"])
        if str(value).startswith("="):
            sheet.write_formula(2, 2, str(value), value="")
        else:
            sheet.write(2, 2, value)
    return out.getvalue()


def report(name: str) -> bytes:
    """A Parquet file whose column of that name is not the delivery's."""
    out = io.BytesIO()
    pq.write_table(pa.table({name: [CODE], "年度": [2023]}), out)
    return out.getvalue()


TEXT = (PENALTY + "".join(row(f"截断-{n}") for n in range(4000))).encode()
ZIPPED = gzip.compress(TEXT)
COLUMNS = PENALTY.strip().split(",")
SWAPPED = ",".join([COLUMNS[1], COLUMNS[0], *COLUMNS[2:]]) + "\n"

CASES = [
    refused("an empty file", "xyb/penalty_empty.csv", b"", "empty"),
    refused("only a header of blanks", "xyb/penalty_blank.csv", b"\n \n", "blank lines"),
    refused("truncated gzip", "scjg/registration_cut.csv.gz", ZIPPED[:-200], "truncated"),
    refused("damaged gzip", "scjg/registration_bad.csv.gz",
            ZIPPED[:300] + b"\0" * 60 + ZIPPED[360:], "damaged"),
    refused("text called gzip", "scjg/registration_plain.csv.gz", TEXT, "gzip"),
    refused("header missing", "xyb/penalty_headless.csv", row("无头").encode(), "header"),
    refused("a column missing", "xyb/penalty_short.csv",
            PENALTY.replace(",罚没金额", "").encode(), "'罚没金额' is missing"),
    refused("a column renamed", "xyb/penalty_renamed.csv",
            PENALTY.replace("罚没金额", "罚没额").encode(), "did you mean '罚没金额'"),
    refused("wrong encoding", "xyb/penalty_gb.csv", (PENALTY + row("国标")).encode("gb18030"),
            "GB18030"),
    refused("UTF-8 for GB18030", "jrj/case_label_utf8.csv",
            "统一社会信用代码,案件编号,阶段,阶段日期,涉及金额,涉及人数,线索来源,操作\n".encode(),
            "UTF-8"),
    refused("UTF-16", "xyb/penalty_utf16.csv", PENALTY.encode("utf-16"), "UTF-16"),
    refused("an Excel file called csv", "xyb/penalty_book.csv", workbook(1), "xlsx"),
    refused("a web page", "xyb/penalty_page.csv", b"<html><body>404</body></html>", "web page"),
    refused("csv called xlsx", "jrj/capacity_text.xlsx", "行政区划\n".encode(), "xlsx"),
    refused("csv called Parquet", "scjg/annual_report_text.parquet", TEXT, "Parquet"),
    refused("Parquet of other columns", "scjg/annual_report_other.parquet", report("代码"),
            "统一社会信用代码"),
    refused("csv called JSON lines", "rx12345/complaint_csv.jsonl.gz", ZIPPED, "JSON"),
    refused("semicolons", "xyb/penalty_semicolon.csv", PENALTY.replace(",", ";").encode(),
            "separated by ';'"),
    # the columns are found by their names, so only their contents can be in each other's place
    Broken("columns swapped", "xyb/penalty_swapped.csv",
           (SWAPPED + row("换-1").replace(f"{CODE},换-1", f"换-1,{CODE}") + row("换-2")).encode(),
           "subject_id"),
    with_row("a wrong check character", row("校验", code="914403001922038217"), "subject_id"),
    with_row("a code of 17", row("十七", code=CODE[:17]), "subject_id"),
    with_row("a field missing", f"{CODE},缺\n", "2 fields instead of 11"),
    with_row("a field too many", row("多").strip() + ",x\n", "12 fields instead of 11"),
    with_row("an unclosed quote", row("引号", kind='"罚款'), "quote"),
    with_row("a NUL byte", row("空\0字节"), "NUL"),
    with_row("a row of 10 MB", row("长" * (10 << 20)), "bytes, at most"),
    with_row("1e308", row("巨数", amount="1e308"), "amount_fen"),
    with_row("not a number", row("非数", amount="五千"), "amount_fen"),
    with_row("a negative fine", row("负数", amount="-1"), "amount_not_negative"),
    with_row("2099", row("未来", day="2099-01-01"), "decided_date"),
    with_row("the 30th of February", row("二月", day="2024-02-30"), "decided_date"),
    with_row("an unknown kind", row("种类", kind="批评"), "kind"),
    with_row("no record id", row(""), "decision_no"),
    with_row("no date", row("无日期", day=""), "date"),
    with_row("an unknown operation", row("操作").strip() + "删除\n", "op"),
    with_row("a formula", row("=cmd|' /C calc'!A0"), "formula"),
    Broken("a formula in Excel", "jrj/capacity_formula.xlsx", workbook("=1+1"), "formula"),
    Broken("a word for a number in Excel", "jrj/capacity_word.xlsx", workbook("三", "330197"),
           "inspections"),
    Broken("half a JSON line", "rx12345/complaint_half.jsonl.gz",
           gzip.compress(((COMPLAINT % (CODE, "半-1", "金融", "理财")) + '{"工单编号": "半').encode()),
           "JSON"),
    Broken("bytes of no character", "xyb/penalty_bytes.csv",
           (PENALTY + row("字节好")).encode() + b"\xff\xfe,x\n", "not UTF-8"),
]  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What the night said, the ledger and the quarantine, by file."""

    night: str
    batches: dict[str, dict[str, str]]
    quarantine: dict[str, list[dict[str, str]]]


def read(lake: Path, table: str, out: Path) -> Iterator[dict[str, str]]:
    forewarn("export", table, "--lake", lake, "--out", out)
    csv.field_size_limit(1 << 30)
    with out.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("broken")
    simulate(folder, 150, UNTIL)
    deliveries = folder / "deliveries"
    shutil.rmtree(deliveries / DAY, ignore_errors=True)
    for case in CASES:
        path = deliveries / DAY / case.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(case.content)
    said = night(deliveries, folder / "lake", UNTIL)
    batches = {row["file"]: row for row in read(folder / "lake", "batches", folder / "b.csv")}
    quarantine: dict[str, list[dict[str, str]]] = {}
    for found in read(folder / "lake", "quarantine", folder / "q.csv"):
        quarantine.setdefault(found["file"], []).append(found)
    return Told(said, batches, quarantine)


def test_the_night_went_on_and_published_its_list(told: Told) -> None:
    assert "The list is in" in told.night
    assert "subjects scored" in told.night


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_each_is_told_in_words(told: Told, case: Broken) -> None:
    file = f"{DAY}/{case.file}"
    batch = told.batches[file]
    if case.refused:
        assert batch["status"] == "refused"
        assert case.words in batch["reason"]
        assert file in batch["reason"]  # a person is told where to look
        return
    assert batch["status"] == "landed", batch["reason"]
    (broken,) = told.quarantine[file]
    assert case.words in broken["reasons"]
    assert int(broken["line"]) >= 2
    assert broken["raw"]  # nothing is lost
    # nothing is lost and nothing is counted twice
    assert (int(batch["rows_in"]), int(batch["accepted"])) == (case.good + 1, case.good)
