"""Taking in deliveries, without a night: what stands when several files speak of one record."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from conf.city import load_city
from features.as_of import known_state
from pipelines.intake import Intake
from pipelines.lake import Lake
from pipelines.landing.personal_data import PersonalKey

HEAD = (
    "统一社会信用代码,决定书文号,处罚机关,处罚依据,处罚种类,罚没金额,违法事实代码,"
    "处罚决定日期,公示日期,信用修复日期,操作\n"
)
ARRIVED = "2024-05-12"


def penalty_file(folder: Path, month: str, fine: int) -> None:
    path = folder / ARRIVED / "xyb" / f"penalty_{month}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    row = f"914403001922038216,同一文号,城管局,,罚款,{fine},,2024-03-01,,,\n"
    path.write_text(HEAD + row, encoding="utf-8")


@pytest.mark.parametrize("fines", [(100, 900), (200, 800), (300, 700)])
def test_of_two_files_of_one_day_the_later_month_has_the_last_word(
    spark: object, tmp_path: Path, fines: tuple[int, int]
) -> None:
    """March's file comes late, beside April's: its old fine must not stand, whatever the digests."""
    city = load_city("demo")
    for month, fine in zip(("202403", "202404"), fines, strict=True):
        penalty_file(tmp_path / "deliveries", month, fine)
    lake = Lake(tmp_path / "lake", spark)  # type: ignore[arg-type]
    lake.root.mkdir()
    key = PersonalKey(city.personal_key_bytes())
    Intake(lake, city, tmp_path / "deliveries", key).take_in(city.sources["penalty"])
    known = known_state(lake.read("silver", "penalty"), date.fromisoformat(ARRIVED))
    assert [row.amount_fen for row in known.collect()] == [fines[1] * 100]
