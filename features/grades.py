"""Features of the credit grades that departments give."""

from __future__ import annotations

from pyspark.sql import Column

from features.declaration import Theme
from features.rows import Rows, flag

theme = Theme("grades", zh="信用等级", en="Credit grades")

theme.note_rank("grade_no", table="grade", by=("subject_id", "scheme"), newest="valid_from")

VALID = "(valid_to IS NULL OR valid_to >= {as_of})"
TURNED = "scheme = '工商风险度'"
"""The scheme whose A is the highest risk; of all other letter schemes A is best."""
WORST = (
    f"(({TURNED} AND grade LIKE 'A%') OR (NOT {TURNED} AND "
    "(grade LIKE 'D%' OR grade LIKE 'E%' OR grade RLIKE '失信|严重|黑')))"
)
"""The worst grade of the letter schemes, or one that says so in words."""


@theme.of_records(
    table="grade",
    where=f"{VALID} AND {WORST}",
    zh="当前最低等级个数",
    en="Worst grades in force",
    unit="count",
    nothing=0,
    direction=1,
)
def worst_grades(rows: Rows) -> Column:
    """Grades in force on the day that are the worst of their scheme."""
    return rows.count()


@theme.of_records(
    table="grade",
    where=WORST,
    zh="历史最低等级次数",
    en="Worst grades ever",
    unit="count",
    nothing=0,
    direction=1,
)
def worst_grades_ever(rows: Rows) -> Column:
    """How often any scheme gave the firm its worst grade."""
    return rows.count()


@theme.of_records(
    table="grade",
    where=f"{VALID} AND grade LIKE 'A%' AND NOT {TURNED}",
    zh="当前最高等级个数",
    en="Best grades in force",
    unit="count",
    nothing=0,
    direction=-1,
)
def best_grades(rows: Rows) -> Column:
    """Grades in force on the day that are the best letter of their scheme."""
    return rows.count()


@theme.of_records(
    table="grade",
    where="scheme RLIKE '税' AND grade_no = 1",
    type="STRING",
    zh="最近纳税信用等级",
    en="Latest tax grade",
    unit="text",
    nothing=None,
    direction=0,
)
def tax_grade(rows: Rows) -> Column:
    """The latest tax credit grade; NULL when none was given."""
    return rows.largest("grade")


@theme.of_records(
    table="grade",
    where="scheme RLIKE '税' AND grade_no = 2",
    type="STRING",
    zh="上一次纳税信用等级",
    en="Tax grade before",
    unit="text",
    nothing=None,
    direction=0,
)
def previous_tax_grade(rows: Rows) -> Column:
    """The tax credit grade before the latest; NULL when there is none."""
    return rows.largest("grade")


@theme.derived(
    zh="纳税信用等级下降",
    en="Tax grade fell",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def tax_grade_fell(tax_grade: Column, previous_tax_grade: Column) -> Column:
    """1 when the latest tax grade (A to D) is below the one before; M, for new firms, is none."""
    letters = ["A", "B", "C", "D"]
    both = tax_grade.isin(letters) & previous_tax_grade.isin(letters)
    return flag(both & (tax_grade > previous_tax_grade))
