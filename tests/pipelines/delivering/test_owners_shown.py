"""Who stands behind a firm, in a terminal of 80 columns."""

from __future__ import annotations

import io
from datetime import date
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from rich.cells import cell_len
from rich.console import Console

from graphs.control_paths import PATH_SCHEMA
from graphs.shape_members import SHAPE_MEMBER_SCHEMA
from pipelines.delivering.owners_shown import owners_shown
from pipelines.standing_behind import OWNER_SCHEMA, StandingBehind

FIRM_ID, HOLDING_ID = "91339902MA83XTT40F", "91339904MAJ22T652C"
NAMES = {FIRM_ID: "江南盈浩舒投资咨询有限公司", HOLDING_ID: "鲲鲲信息科技有限公司"}
OWNER = "2edafe5d0123456789abcdef"
PHONE = "35651b660123456789abcdef"
HOP = {
    "controller": OWNER, "controller_kind": "person", "hop": 1, "holder": HOLDING_ID,
    "holder_kind": "firm", "held": FIRM_ID, "share": 0.5400001, "kind": "ownership",
    "ratio": 0.54, "valid_from": date(2022, 7, 18), "is_counted": True,
    "table_name": "shareholder", "file": "2022-08-05/scjg/shareholder_202208_000.csv.gz", "line": 7,
}  # fmt: skip
MEMBER = {"shape_id": "Cfdfb831a9fe4211e", "subject_id": HOLDING_ID, "place": 0}


def told(
    paths: list[dict[str, Any]] | None = None,
    owners: list[dict[str, Any]] | None = None,
    shapes: list[dict[str, Any]] | None = None,
    too_small: float = 0.0,
) -> list[str]:
    def table(rows: list[dict[str, Any]] | None, schema: pa.Schema) -> pa.Table:
        whole = [{name: row.get(name) for name in schema.names} for row in rows or []]
        return pa.Table.from_pylist(whole, schema)

    behind = StandingBehind(
        run=SimpleNamespace(as_of=date(2024, 12, 31)),  # type: ignore[arg-type]
        subject_id=FIRM_ID,
        threshold=0.5,
        paths=table(paths, PATH_SCHEMA),
        owners=table(owners, OWNER_SCHEMA),
        unrecorded=0.0,
        too_small=too_small,
        shapes=table(shapes, SHAPE_MEMBER_SCHEMA),
        names=NAMES,
    )
    out = io.StringIO()
    Console(file=out, width=80, highlight=False, markup=False).print(owners_shown(behind))
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert max(map(cell_len, lines)) <= 80
    return lines


def test_a_long_hop_goes_on_below_its_own_beginning() -> None:
    lines = told(paths=[HOP])
    at = next(i for i, line in enumerate(lines) if line.startswith("   1. "))
    assert lines[at] == f"   1. 鲲鲲信息科技有限公司 {HOLDING_ID} ─54%→ 江南盈浩舒投资咨询有限公司"
    assert lines[at + 1] == f"      {FIRM_ID}"  # behind the number, not at the margin
    # a record by the name that the catalogue gives its table, and where it was read
    assert lines[at + 2] == "      · 股东及出资信息 54% 2022-07-18"
    assert lines[at + 3] == "        2022-08-05/scjg/shareholder_202208_000.csv.gz:7"


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.460021, "46.00%"),  # two digits, not the four that are known
        (0.015235, "1.52%"),
        (0.00003, "<0.01%"),  # less than two digits show is not nothing
    ],
)
def test_a_share_has_two_digits(share: float, said: str) -> None:
    owner = {"owner_id": OWNER, "owner_kind": "person", "share": share}
    assert f"{said:>9}  自然人 2edafe5d" in told(owners=[owner])
    assert f"{said:>9}  小股东合计 (owners below 0.1%)" in told(too_small=share)


def test_the_size_of_a_shape_stays_with_its_name() -> None:
    proxy = {"shape": "proxy", "size": 3, "tie": "run_by", "other_id": OWNER}
    lines = told(shapes=[MEMBER | proxy | {"other_kind": "person"}])
    at = next(i for i, line in enumerate(lines) if "（3家）" in line)
    assert lines[at].startswith("  代表人未持股、同一人在后（3家）one person behind")
    assert lines[at + 1] == "  stake Cfdfb831a9fe4211e"  # a label that is too long keeps its indent
    assert lines[at + 2] == f"    · 鲲鲲信息科技有限公司 {HOLDING_ID} 在后者 自然人 2edafe5d"


def test_a_phone_that_ties_by_the_phone_is_said_once() -> None:
    crowd = {"shape": "crowd", "size": 12, "tie": "shared_phone", "other_id": PHONE}
    lines = told(shapes=[MEMBER | crowd | {"other_kind": "phone"}])
    assert f"    · 鲲鲲信息科技有限公司 {HOLDING_ID} 电话 35651b66" in lines


def test_the_size_of_a_change_counts_changes() -> None:
    changed = {"shape": "rewiring", "size": 2, "tie": "directorship", "other_id": OWNER}
    changed |= {"other_kind": "person", "change": "began", "day": date(2024, 8, 30)}
    lines = told(shapes=[MEMBER | changed])
    assert any("近一年股权、任职变动（2项）" in line for line in lines)  # not two firms
    assert any(line.endswith("2024-08-30新增") for line in lines)  # a day and its change, unparted
