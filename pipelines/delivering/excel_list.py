"""The list as an Excel workbook: a sheet a section, one of all records, one that explains.

Every text is written as a text: a firm called `=HYPERLINK(...)` is a name and never a formula. The
same page gives the same bytes (the creation date is the as-of date, nothing else is dated).
"""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import Any

import xlsxwriter

from features.characteristics import ELEMENTS
from models.risk.levels import LEVELS
from pipelines.delivering.firms_shown import FirmShown
from pipelines.delivering.glossary import (
    BANNER_EN,
    BANNER_ZH,
    BASES,
    DRAW_RULE,
    DRAWN_MEANING,
    HOW_TO_READ,
    LEVEL_NAMES,
)
from pipelines.delivering.pages import ListPage, district_text

LONGEST_CELL = 32_767  # Excel's own limit for the text of a cell
#: As `models.risk.wording.probability_words` says it; the cell keeps the number, to sort by.
PROBABILITY_FORMAT = '[<0.00005]"<0.01%";[<0.01]0.00%;0.0%'
A3, A4 = 8, 9  # xlsxwriter's numbers of paper sizes
HEADER_ROW = 3  # below title, facts and banner

_COLOURS = {
    "red": ("#FDECEC", "#B3161B"),
    "orange": ("#FFF1E2", "#A84A00"),
    "yellow": ("#FFF8D6", "#7A5D00"),
    "blue": ("#E8F1FB", "#1D5A9E"),
}
_LISTED = (
    ("名次\nNo.", 6),
    ("变化\nChange", 8.5),
    ("等级\nLevel", 9),
    ("企业名称\nFirm", 26),
    ("主体代码\nSubject id", 21),
    ("区\nDistrict", 10),
    ("行业\nIndustry", 13),
    ("概率\nProb.", 8.5),
    ("理由（按要件）\nReasons by element", 64),
    ("部门数\nDepts", 8),
    ("记录数\nRecords", 9),
    ("关联路径\nPath", 30),
    ("可降低风险的改正\nWhat would lower it", 44),
    ("变化原因\nWhy it changed", 26),
    ("检查记录（填写）\nInspector's note", 20),
)
_DRAWN = (
    ("序号\nNo.", 6),
    ("变化\nChange", 8.5),
    ("企业名称\nFirm", 34),
    ("主体代码\nSubject id", 21),
    ("区\nDistrict", 14),
    ("行业\nIndustry", 20),
    ("检查人员\nInspectors", 12),
    ("抽中概率\nChance", 10),
    ("抽签种子\nSeed", 34),
    ("检查记录（填写）\nInspector's note", 24),
)
_CLEARED = (
    ("原名次\nWas no.", 8),
    ("原等级\nWas level", 9),
    ("企业名称\nFirm", 34),
    ("主体代码\nSubject id", 21),
    ("区\nDistrict", 14),
    ("行业\nIndustry", 20),
    ("现概率\nProbability", 10),
    ("移出原因\nWhy", 70),
)
_EVIDENCE = (
    ("类别\nSection", 9),
    ("名次\nNo.", 6),
    ("企业名称\nFirm", 30),
    ("主体代码\nSubject id", 21),
    ("理由\nReason", 7),
    ("要件\nElement", 12),
    ("理由内容\nIn words", 46),
    ("部门\nDepartment", 20),
    ("数据表\nTable", 18),
    ("交付文件与行号\nDelivery file and line", 48),
    ("记录编号\nRecord id", 22),
    ("发生日期\nEvent", 11),
    ("获知日期\nKnown", 11),
)


def excel_list(page: ListPage) -> bytes:
    """The workbook of one page."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(buffer, options)
    facts = page.facts
    book.set_properties(
        {
            "title": f"{page.title_zh} {page.scope_zh} {facts.as_of}",
            "subject": BANNER_ZH,
            "author": "forewarn",
            "comments": f"run {facts.run_id}",
            "created": datetime.combine(facts.as_of, time()),
        }
    )
    writer = _Writer(book, page)
    writer.firms("预警名单", page.listed, "按风险由高到低，列满本周检查能力（除双随机名额）为止")
    writer.drawn("双随机抽查", page.drawn)
    writer.firms("已立案", page.under_case, "已进入办案程序，不占检查能力")
    writer.cleared("已移出", page.cleared)
    writer.evidence("依据", (("预警", page.listed), ("已立案", page.under_case)))
    writer.guide("说明")
    book.close()
    return buffer.getvalue()


class _Writer:
    """Writes the sheets of one workbook; holds its formats."""

    def __init__(self, book: Any, page: ListPage) -> None:
        self.book = book
        self.page = page
        font = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "top"}

        def style(**more: Any) -> Any:
            return book.add_format({**font, **more})

        line = {"bottom": 1, "bottom_color": "#D9DEE5"}
        self.title = style(bold=True, font_size=16, font_color="#17365D", valign="vcenter")
        self.facts = style(font_color="#5A6675", valign="vcenter")
        self.banner = style(bold=True, font_color="#FFFFFF", bg_color="#8A1C1C", valign="vcenter")
        self.header = style(
            bold=True, bg_color="#E6EBF2", bottom=2, bottom_color="#8796A8", text_wrap=True,
            valign="vcenter",
        )  # fmt: skip
        self.text = style(text_wrap=True, **line)
        self.bold = style(text_wrap=True, bold=True, **line)
        self.code = style(text_wrap=True, font_name="Consolas", num_format="@", **line)
        self.line = style(**line)
        self.line_code = style(font_name="Consolas", num_format="@", **line)
        self.number = style(num_format="0", align="center", **line)
        self.percent = style(num_format=PROBABILITY_FORMAT, align="center", **line)
        self.chance = style(num_format="0.00%", align="center", **line)
        self.plain = style(text_wrap=True)
        self.centred = style(bold=True, bg_color="#E6EBF2", align="center", **line)
        self.heading = style(bold=True, font_size=12, font_color="#17365D")
        self.levels = {
            level: style(bold=True, align="center", bg_color=ground, font_color=ink, **line)
            for level, (ground, ink) in _COLOURS.items()
        }

    def firms(self, name: str, firms: Sequence[FirmShown], subtitle: str) -> None:
        """A sheet with the firms of one section, one row a firm."""
        sheet = self._sheet(name, subtitle, _LISTED, len(firms))
        for row, firm in enumerate(firms, start=HEADER_ROW + 1):
            sheet.write_number(row, 0, firm.number, self.number)
            self._level(sheet, row, 2, firm)
            texts = {
                1: (firm.change_zh, self.text),
                3: (firm.name, self.bold),
                4: (firm.subject_id, self.code),
                5: (firm.district_text, self.text),
                6: (firm.industry_zh, self.text),
                8: (_reasons(firm), self.text),
                11: (firm.path[0], self.text),
                12: (_lowered(firm), self.text),
                13: (firm.why[0], self.text),
                14: ("", self.text),
            }
            for column, (text, style) in texts.items():
                _text(sheet, row, column, text, style)
            cells = ((firm.name, 26), (firm.industry_zh, 13), (_reasons(firm), 64),
                     (firm.path[0], 30), (_lowered(firm), 44), (firm.why[0], 26))  # fmt: skip
            sheet.set_row(row, _height(cells))
            self._probability(sheet, row, 7, firm)
            sheet.write_number(row, 9, firm.department_count, self.number)
            sheet.write_number(row, 10, firm.record_count, self.number)

    def drawn(self, name: str, firms: Sequence[FirmShown]) -> None:
        """The sheet of the firms drawn by lot: nothing is said of them but that they were drawn."""
        sheet = self._sheet(name, DRAWN_MEANING[0], _DRAWN, len(firms))
        for row, firm in enumerate(firms, start=HEADER_ROW + 1):
            sheet.write_number(row, 0, firm.number, self.number)
            texts = (firm.change_zh, firm.name, firm.subject_id, firm.district_text,
                     firm.industry_zh, firm.inspectors)  # fmt: skip
            for column, text in enumerate(texts, start=1):
                style = {2: self.bold, 3: self.code}.get(column, self.text)
                _text(sheet, row, column, text, style)
            if firm.inclusion_prob is not None:
                sheet.write_number(row, 7, firm.inclusion_prob, self.chance)
            _text(sheet, row, 8, firm.draw_seed, self.code)
            _text(sheet, row, 9, "", self.text)
            cells = ((firm.name, 34), (firm.industry_zh, 20), (firm.draw_seed, 34))
            sheet.set_row(row, _height(cells))

    def cleared(self, name: str, firms: Sequence[FirmShown]) -> None:
        """The sheet of the firms that left the list."""
        sheet = self._sheet(name, "上期在列、本期不再列入", _CLEARED, len(firms))
        for row, firm in enumerate(firms, start=HEADER_ROW + 1):
            sheet.write_number(row, 0, firm.previous_rank or 0, self.number)
            self._level(sheet, row, 1, firm)
            _text(sheet, row, 2, firm.name, self.bold)
            _text(sheet, row, 3, firm.subject_id, self.code)
            _text(sheet, row, 4, firm.district_text, self.text)
            _text(sheet, row, 5, firm.industry_zh, self.text)
            self._probability(sheet, row, 6, firm)
            why = "\n".join(reason.zh for reason in firm.reasons)
            _text(sheet, row, 7, why, self.text)
            sheet.set_row(row, _height(((firm.name, 34), (firm.industry_zh, 20), (why, 70))))

    def evidence(self, name: str, sections: Sequence[tuple[str, Sequence[FirmShown]]]) -> None:
        """The sheet of every record behind every reason, one row a record."""
        rows = [
            (section, firm, reason, record)
            for section, firms in sections
            for firm in firms
            for reason in firm.reasons
            for record in (reason.records or (None,))
        ]
        sheet = self._sheet(name, "每条理由对应的交付文件与行号", _EVIDENCE, len(rows))
        for row, (section, firm, reason, record) in enumerate(rows, start=HEADER_ROW + 1):
            sheet.write_number(row, 1, firm.number, self.number)
            sheet.write_number(row, 4, reason.number, self.number)
            texts = [(0, section), (2, firm.name), (3, firm.subject_id), (6, reason.zh)]
            texts.append((5, "、".join(ELEMENTS[name].zh for name in reason.elements)))
            if record is None:
                texts.append((9, "没有单条记录"))
            else:
                texts += [(7, record.department), (8, record.table_zh), (9, record.place)]
                texts += [(10, record.record_id), (11, record.event_date), (12, record.known_at)]
            filled = dict(texts)
            for column in range(len(_EVIDENCE)):
                if column not in (1, 4):
                    style = self.line_code if column in (3, 9, 10) else self.line
                    _text(sheet, row, column, filled.get(column, ""), style)

    def guide(self, name: str) -> None:
        """The sheet that explains: run, levels, capacity, how to read."""
        page, facts = self.page, self.page.facts
        sheet = self.book.add_worksheet(name)
        self._print_setup(sheet, 0)
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 1, 16)
        sheet.set_column(2, 4, 30)
        sheet.merge_range(0, 0, 0, 4, "", self.banner)
        _text(sheet, 0, 0, f"{BANNER_ZH}　{BANNER_EN}", self.banner)
        row = 2
        levels = {
            level: " ".join((shape, zh, en)) for level, (zh, en, shape) in LEVEL_NAMES.items()
        }
        pairs = [
            ("名单 List", f"{page.title_zh}　{page.scope_zh}"),
            ("截至日期 As of", facts.as_of.isoformat()),
            ("上期名单 List before", str(facts.previous_as_of or "无（首期）")),
            ("评分企业 Firms scored", f"{facts.subjects_scored:,}"),
            ("模型版本 Model", facts.model_version),
            ("运行编号 Run", facts.run_id),
            *((levels[level], meaning[0]) for level, meaning in facts.level_meanings.items()),
            *(("提示 Note", zh) for zh, _ in page.note_lines()),
            *(("说明 Guide", zh) for zh, _ in HOW_TO_READ),
            ("双随机 Lot", DRAWN_MEANING[0]),
            ("双随机 Lot", DRAW_RULE[0]),
        ]
        for label, text in pairs:
            _text(sheet, row, 0, label, self.heading)
            sheet.merge_range(row, 1, row, 4, "", self.plain)
            _text(sheet, row, 1, text, self.plain)
            sheet.set_row(row, 32 if len(text) > 45 else 18)
            row += 1
        row += 1
        for column, text in enumerate(
            ("区 District", "登记企业", "检查能力", "列入与抽查", "来源")
        ):
            _text(sheet, row, column, text, self.centred if 0 < column < 4 else self.header)
        for capacity in page.capacity:
            row += 1
            _text(sheet, row, 0, district_text(capacity.district, facts), self.text)
            sheet.write_number(row, 1, capacity.subjects, self.number)
            sheet.write_number(row, 2, capacity.inspections, self.number)
            sheet.write_number(row, 3, page.listed_in(capacity.district), self.number)
            _text(sheet, row, 4, BASES[capacity.basis][0], self.text)

    def _sheet(
        self, name: str, subtitle: str, columns: Sequence[tuple[str, int]], size: int
    ) -> Any:
        page, facts = self.page, self.page.facts
        sheet = self.book.add_worksheet(name)
        last = len(columns) - 1
        for column, (_, width) in enumerate(columns):
            sheet.set_column(column, column, width)
        counts = page.level_counts()
        told = "　".join(f"{LEVEL_NAMES[k][2]} {LEVEL_NAMES[k][0]} {counts[k]}" for k in LEVELS)
        lines = (
            (f"{page.title_zh}　{name}（{size}）", self.title, 30),
            (f"{page.scope_zh}　截至 {facts.as_of}　检查能力 {page.inspections}　{told}　"
             f"{subtitle}　运行 {facts.run_id}", self.facts, 18),
            (f"{BANNER_ZH}　{BANNER_EN}", self.banner, 20),
        )  # fmt: skip
        for row, (text, style, height) in enumerate(lines):
            sheet.merge_range(row, 0, row, last, "", style)
            _text(sheet, row, 0, text, style)
            sheet.set_row(row, height)
        sheet.set_row(HEADER_ROW, 32)
        for column, (text, _) in enumerate(columns):
            _text(sheet, HEADER_ROW, column, text, self.header)
        sheet.freeze_panes(HEADER_ROW + 1, 0)
        sheet.autofilter(HEADER_ROW, 0, HEADER_ROW + size, last)
        if size == 0:
            _text(sheet, HEADER_ROW + 1, 0, "无", self.facts)
        # fifteen columns on A4 come out too small to read
        self._print_setup(sheet, HEADER_ROW, A3 if columns is _LISTED else A4)
        return sheet

    def _print_setup(self, sheet: Any, repeated: int, paper: int = A4) -> None:
        sheet.set_landscape()
        sheet.set_paper(paper)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.repeat_rows(max(repeated - 1, 0), repeated)  # the banner and the header
        sheet.hide_gridlines(2)
        facts = self.page.facts
        right = f"{facts.as_of}  &P / &N"
        sheet.set_footer(f"&L{BANNER_ZH}&R{right}")

    def _level(self, sheet: Any, row: int, column: int, firm: FirmShown) -> None:
        zh, _, shape = LEVEL_NAMES[firm.level]
        _text(sheet, row, column, f"{shape} {zh}", self.levels[firm.level])

    def _probability(self, sheet: Any, row: int, column: int, firm: FirmShown) -> None:
        if firm.probability is None:
            _text(sheet, row, column, "—", self.text)
        else:
            sheet.write_number(row, column, firm.probability, self.percent)


def _height(cells: Iterable[tuple[str, int]]) -> float:
    """The height of a row in points, from its wrapped texts and the widths of their columns.

    Excel would fit it by itself on opening, LibreOffice and viewers of mail would not.
    """
    lines = max(
        sum(max(1, math.ceil(_width(part) / (width - 2))) for part in text.split("\n"))
        for text, width in cells
    )
    return min(14.0 * lines + 5, 409)  # 409 is Excel's own limit


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def _reasons(firm: FirmShown) -> str:
    if not firm.reasons:
        return ""
    lines = []
    for element in firm.spoken_for:
        said = f" {element.said[0]}" if element.said[0] else ""
        lines.append(f"【{element.zh}】{said}")
        lines += [f"{reason.number}. {reason.zh}" for reason in element.reasons]
    return "\n".join([*lines, *(firm.without_evidence or ())[:1]])


def _lowered(firm: FirmShown) -> str:
    return "\n".join(f"· {zh}" for zh, _ in firm.lowered_by)


def _text(sheet: Any, row: int, column: int, text: str, style: Any) -> None:
    # never `write`, which would guess a type from the text
    if text:
        sheet.write_string(row, column, text[:LONGEST_CELL], style)
    else:
        sheet.write_blank(row, column, None, style)
