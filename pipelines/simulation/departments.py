"""The departments of the synthetic city: what each delivers, on which day, in which format.

One `Source` for each of the 29 tables; the source files in `conf/cities/demo/sources` describe the
same files from the receiving side (a test compares the two).
"""

from __future__ import annotations

from dataclasses import dataclass

CODE = "统一社会信用代码"


@dataclass(frozen=True)
class Source:
    """One department's file.

    Attributes:
        folder: the department's folder in a delivery.
        day_of_month: when it delivers.
        ending: `csv`, `csv.gz`, `jsonl`, `jsonl.gz`, `parquet` or `xlsx`.
        encoding: of text files.
        delimiter: of csv files.
        misdated: column in which a date is sometimes misspelt.
        amended: column that corrections correct (the file then has a column 操作).
        numbered: column with the record's number; only such files have withdrawals.
    """

    folder: str
    day_of_month: int
    ending: str
    encoding: str = "utf-8"
    delimiter: str = ","
    misdated: str | None = None
    amended: str | None = None
    numbered: str | None = None


SOURCES: dict[str, Source] = {
    "registration": Source("scjg", 5, "csv.gz", misdated="成立日期", amended="从业人数"),
    "shareholder": Source("scjg", 5, "csv.gz", misdated="认缴期限"),
    "investment": Source("scjg", 5, "csv", delimiter="|"),
    "key_person": Source("scjg", 5, "csv.gz"),
    "branch": Source("scjg", 5, "csv", encoding="gb18030"),
    "change_record": Source("scjg", 5, "csv.gz", encoding="gb18030", misdated="变更日期"),
    "annual_report": Source("scjg", 5, "parquet"),
    "list_event": Source("scjg", 5, "csv", encoding="gb18030", misdated="日期", numbered="文书号"),
    "permit": Source("spj", 8, "xlsx", misdated="有效期自"),
    "address": Source("dzk", 3, "parquet"),
    "tax_registration": Source("swj", 20, "csv", encoding="gb18030", misdated="登记日期"),
    "tax_filing": Source("swj", 20, "parquet"),
    "grade": Source("swj", 20, "csv.gz", encoding="gb18030"),
    "tax_arrears": Source("swj", 20, "csv", encoding="gb18030", misdated="欠税起始日"),
    "exit_control": Source("swj", 20, "csv", misdated="状态日期"),
    "tax_receipts": Source("swj", 20, "parquet"),
    "points_event": Source("scjg", 5, "jsonl", misdated="生效日期"),
    "penalty": Source(
        "xyb", 12, "csv", misdated="处罚决定日期", amended="罚没金额", numbered="决定书文号"
    ),
    "objection": Source("xyb", 12, "csv", misdated="状态日期"),
    "repair": Source("xyb", 12, "xlsx", misdated="决定日期"),
    "judgment": Source(
        "fy", 10, "jsonl.gz", misdated="裁判日期", amended="标的金额", numbered="案号"
    ),
    "enforcement": Source("fy", 10, "jsonl", misdated="立案日期", amended="执行标的"),
    "complaint": Source(
        "rx12345", 2, "jsonl.gz", misdated="受理时间", amended="涉及金额", numbered="工单编号"
    ),
    "ad_monitor": Source(
        "ggjc", 15, "jsonl.gz", misdated="监测日期", amended="期限月", numbered="监测编号"
    ),
    "public_info": Source("wxb", 15, "csv.gz", misdated="发布日期"),
    "case_label": Source("jrj", 25, "csv", encoding="gb18030", amended="涉及金额"),
    "capacity": Source("jrj", 25, "xlsx"),
    "licence_finance": Source("jrj", 25, "xlsx", misdated="有效期自", numbered="许可证编号"),
    "inspection": Source(
        "scjg", 5, "csv", misdated="检查日期", amended="随机种子", numbered="检查编号"
    ),
}
"""Every source, by the name of its table."""
