"""`forewarn evaluate` over two published nights: with a truth, and by what became known later."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import functions as F

from models.risk.evaluation import evaluate
from pipelines.evaluation_frames import _inspections, held, last_list_before
from pipelines.lake import Lake
from pipelines.reader import CityLake
from tests.pipelines.command import forewarn, night, simulate

NIGHTS = ("2023-09-30", "2023-10-31")
LAST = "2024-12-31"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights of a city whose later deliveries are in the lake too."""
    made = tmp_path_factory.mktemp("evaluated")
    simulate(made, 1000, LAST)
    for as_of in NIGHTS:
        night(made / "deliveries", made / "lake", as_of)
    return made


def test_with_a_truth_the_page_and_the_summary_say_so(folder: Path) -> None:
    page = folder / "truth.html"
    told = forewarn("evaluate", "--lake", folder / "lake", "--truth", folder / "truth.parquet",
                    "--out", page)  # fmt: skip
    assert "against the planted truth" in told
    assert "honest look-alikes" in told
    assert "Planted rule faults" in told
    text = page.read_text(encoding="utf-8")
    assert "held against the planted truth" in text
    assert "<script" not in text
    again = folder / "again.html"
    forewarn("evaluate", "--lake", folder / "lake", "--truth", folder / "truth.parquet",
             "--out", again)  # fmt: skip
    assert again.read_bytes() == page.read_bytes()


def test_without_a_truth_later_cases_judge(folder: Path) -> None:
    page = folder / "cases.html"
    told = forewarn("evaluate", "--lake", folder / "lake", "--out", page)
    assert "against cases known by" in told
    assert "precision is a lower bound" in " ".join(told.split())
    assert "honest look-alikes" not in told
    assert "held against the cases that became known later" in page.read_text(encoding="utf-8")


def test_what_is_read_is_of_the_right_time(folder: Path, spark: object) -> None:
    lake = CityLake(Lake(folder / "lake", spark))  # type: ignore[arg-type]
    day, before = date.fromisoformat(NIGHTS[1]), date.fromisoformat(NIGHTS[0])
    frames = held(lake, None, day)
    assert (frames.outcomes.as_of, frames.outcomes.until > date(2024, 11, 30)) == (day, True)
    assert sorted(set(frames.lists["as_of"])) == [before, day]
    cases = lake.table("case_label", frames.outcomes.until).toPandas()
    official = cases[cases["stage"].isin(["立案", "起诉", "判决"])]
    first = official.groupby("subject_id")["stage_date"].min()
    assert frames.outcomes.under_case == set(first[first <= day].index)
    assert frames.outcomes.to_find <= set(first[first > day].index)
    # a record that came in the month between: its firm was told of
    penalty = lake.lake.read("silver", "complaint")
    came = penalty.where((F.col("known_at") > F.lit(before)) & (F.col("known_at") <= F.lit(day)))
    of_them = {row[0] for row in came.select("subject_id").distinct().collect()} - {None}
    assert of_them
    assert of_them <= frames.told
    found = evaluate(frames)
    assert found.steadiness is not None
    assert found.places == len(set(frames.listed["subject_id"]) - frames.outcomes.under_case)


def inspected(
    folder: Path, spark: object, places: list[tuple[object, ...]], *rows: tuple[object, ...]
) -> list[tuple[object, ...]]:
    """What `_inspections` reads of a lake with these places on lists and these inspections."""
    lake = Lake(folder, spark)  # type: ignore[arg-type]
    lake.append(
        lake.spark.createDataFrame(
            places, "run_id string, subject_id string, draw_type string, inclusion_prob double"
        ),
        "gold",
        "warnings",
    )
    columns = (
        "subject_id string, draw_type string, inclusion_prob double, inspected_date date, "
        "result string, list_run_id string, source string, source_record_id string, "
        "known_at date, batch_id string, line bigint, op string"
    )
    made = [
        (*row, "s", f"r{n}", date(2023, 11, 30), "b", n, "insert") for n, row in enumerate(rows)
    ]
    lake.append(lake.spark.createDataFrame(made, columns), "silver", "inspection")
    found = _inspections(lake, date(2023, 10, 31), date(2023, 12, 31))
    assert found is not None
    told = found[["subject_id", "hit", "drawn", "inclusion_probability"]]
    return [(s, h, d, None if p != p else p) for s, h, d, p in told.itertuples(index=False)]


def test_inspections_after_the_list_are_read_where_the_table_is(
    tmp_path: Path, spark: object
) -> None:
    """Only afterwards, only with a result that finds or clears."""
    found = inspected(
        tmp_path / "inspected", spark, [],
        ("A", "random", 0.5, date(2023, 11, 5), "移送线索", None),
        # a fault, but no confirmation
        ("B", "targeted", None, date(2023, 11, 6), "责令整改", None),
        # nobody was met
        ("C", "random", 0.5, date(2023, 11, 7), "无法联系", None),
        # on the list's own day
        ("D", "random", 0.5, date(2023, 10, 31), "未发现问题", None),
        # no result yet
        ("E", "random", 0.5, date(2023, 11, 8), None, None),
    )  # fmt: skip
    assert found == [("A", True, True, 0.5), ("B", False, False, None)]
    none = Lake(tmp_path / "none", spark)  # type: ignore[arg-type]
    assert _inspections(none, date(2023, 10, 31), date(2023, 12, 31)) is None


def test_only_a_lot_weighs_and_the_list_says_with_what_chance(
    tmp_path: Path, spark: object
) -> None:
    places = [
        ("run-1", "A", "ranked", 1.0),
        ("run-1", "B", "random", 0.01),
        ("run-1", "C", "random", 0.01),
        ("run-1", "D", "ranked", 0.84),
        ("run-1", "E", "ranked", 1.0),
        ("run-0", "F", "random", 0.02),
        ("run-1", "G", None, None),
    ]
    day = date(2023, 11, 6)
    found = inspected(
        tmp_path, spark, places,
        # the list ranked it, whatever the file says of how it was chosen
        ("A", "targeted", None, day, "移送线索", "run-1"),
        # drawn by the list's lot: the list's chance, though the file has left it out
        ("B", "random", None, day, "未发现问题", "run-1"),
        # drawn by the list, but the campaign took it along: no draw
        ("C", "campaign", None, day, "移送线索", "run-1"),
        # the last place of the ranking, which a larger lot would have had
        ("D", "random", 0.5, day, "未发现问题", "run-1"),
        # a campaign at a ranked firm weighs nothing either
        ("E", "campaign", None, day, "移送线索", "run-1"),
        # on another list's lot, but no list sent it: the city's own draw
        ("F", "random", 0.25, day, "未发现问题", None),
        # a firm under case, and one of which no list knows: the file's own word
        ("G", "targeted", None, day, "移送线索", "run-1"),
        ("H", "random", 0.25, day, "移送线索", "run-9"),
        # a draw without its chance cannot be weighed
        ("I", "random", None, day, "移送线索", None),
    )  # fmt: skip
    assert found == [
        ("A", True, False, 1.0),
        ("B", False, True, 0.01),
        ("C", True, False, None),
        ("D", False, False, 0.84),
        ("E", True, False, None),
        ("F", False, True, 0.25),
        ("G", True, False, None),
        ("H", True, True, 0.25),
        ("I", True, False, None),
    ]


def test_ranked_firms_alone_stand_for_nobody(tmp_path: Path, spark: object) -> None:
    """Without a result of the list's lot its ranked firms would pull the share of all firms up."""
    day = date(2023, 11, 6)
    found = inspected(
        tmp_path, spark, [("run-1", "A", "ranked", 1.0), ("run-1", "B", "random", 0.01)],
        ("A", "targeted", None, day, "移送线索", "run-1"),
        ("B", "random", 0.01, day, "无法联系", "run-1"),
        ("C", "random", 0.25, day, "未发现问题", None),
    )  # fmt: skip
    assert found == [("A", True, False, None), ("C", False, True, 0.25)]


def test_records_are_counted_since_the_list_that_one_is_held_against() -> None:
    one, two = date(2023, 9, 30), date(2023, 10, 28)
    # a night of 14 October listed nobody, so it has no row: changes are counted from September
    lists = pd.DataFrame({"as_of": [one, one, two], "subject_id": ["A", "B", "A"]})
    assert last_list_before(lists, two) == one
    assert last_list_before(lists, one) is None


def test_what_cannot_be_done_is_refused_in_one_sentence(folder: Path) -> None:
    lake, truth = folder / "lake", folder / "truth.parquet"
    told = forewarn("evaluate", "--lake", lake, "--truth", folder / "no.parquet", code=1)
    assert "There is no truth file" in told
    rules = folder / "truth_rules.parquet"
    told = forewarn("evaluate", "--lake", lake, "--truth", rules, code=1)
    assert "is no truth file: it lacks" in told
    told = forewarn("evaluate", "--lake", lake, "--truth", truth, "--out", "x.pdf", code=1)
    assert "must end in .html" in told
    told = forewarn("evaluate", "--lake", lake, "--truth", truth, "--out",
                    folder / "none" / "x.html", code=1)  # fmt: skip
    assert "make it first" in told
