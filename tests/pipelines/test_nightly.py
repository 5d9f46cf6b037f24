"""Three nights in a row, and what must hold between them.

One small city is shared by all tests here: its deliveries arrive night by night, with the
simulator's corrections, withdrawals and late files among them.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from pyspark.sql import functions as F

from conf.city import load_city
from conf.correction import load_corrections
from models.risk.counterfactuals import Standing
from models.risk.scoring import judged_by_family
from pipelines.assembling import Assembled, assembled, city_feature_set, known_lake
from pipelines.engine import Engine
from pipelines.judging import at_hand, kept_aside
from pipelines.lake import Lake
from pipelines.list_difference import list_difference
from pipelines.lowering import _Scorer
from pipelines.model_registry import champion
from pipelines.record import record_folder
from pipelines.refusals import RefusalError
from pipelines.replay import PastLake, replay
from pipelines.runs import rows_of, run_for
from pipelines.vacuum import vacuum
from tests.pipelines.command import forewarn, night
from tests.pipelines.three_nights import EXPORTED, NIGHTS, City, city

__all__ = ["city"]  # the fixture is used by its name

# The three nights take 2 minutes by themselves and many times that beside other work.
pytestmark = pytest.mark.timeout(2400)


def test_each_night_says_what_came_and_where_the_list_is(city: City) -> None:
    for told in city.told:
        assert "rows in =" in told
        assert "The list is in" in told


def test_later_nights_leave_the_earlier_lists_as_they_were(city: City) -> None:
    for as_of in NIGHTS:
        for table in EXPORTED:
            then = (city.folder / f"then-{table}-{as_of}.parquet").read_bytes()
            assert city.export(table, as_of, "now").read_bytes() == then, (table, as_of)


def test_features_made_again_from_the_grown_lake_are_the_same(
    city: City, spark: object, engine_name: str
) -> None:
    """Records that arrived later change no earlier feature: corrections and withdrawals too."""
    from conf.city import load_city
    from features.assemble import subject_features

    lake = Lake(city.lake, spark)  # type: ignore[arg-type]
    day = date.fromisoformat(NIGHTS[0])
    later = lake.read("silver", "penalty").where(f"known_at > date'{day}'").count()
    assert later > 0  # else this would prove nothing
    made = subject_features(known_lake(lake, day), day, city_feature_set(load_city("demo")))
    again = made.toArrow().sort_by("subject_id")
    then = pq.read_table(city.folder / f"then-subject_features-{NIGHTS[0]}.parquet")
    then = then.select(again.column_names).sort_by("subject_id")
    assert again.cast(then.schema).equals(then)


def test_who_puts_nothing_right_comes_out_as_published(city: City, spark: object) -> None:
    """What would lower a risk is told only where this holds: of every firm, not of the listed alone."""
    lake, stated, day = Lake(city.lake, spark), load_city("demo"), date.fromisoformat(NIGHTS[-1])
    model, run = champion(lake.root, "demo"), run_for(lake, day)
    published = rows_of(lake, "subject_features", run).drop("run_id", "as_of")
    scores = {row["subject_id"]: row for row in rows_of(lake, "scores", run).collect()}
    standing = {
        subject: Standing(subject, row["probability"], 1, (), None, (), {})
        for subject, row in scores.items()
    }
    with kept_aside(spark) as aside:
        known = at_hand(known_lake(lake, day), aside)
        none = pa.table({})
        judged = Assembled(day, known, none, none, judged_by_family(published, model))
        scorer = _Scorer(judged, stated, model, load_corrections(), standing, aside)
        made = scorer.scored([(subject, "") for subject in sorted(standing)])
    assert len(made) == len(scores) > 300
    assert {one.subject_id: one.margin for one in made} == {
        subject: row["margin"] for subject, row in scores.items()
    }


def test_past_lists_are_replayed_from_the_grown_lake_after_a_vacuum(
    city: City, spark: object, engine_name: str, tmp_path: Path
) -> None:
    shutil.copytree(city.lake, tmp_path / "lake")
    lake = Lake(tmp_path / "lake", spark)  # type: ignore[arg-type]
    assert vacuum(lake, date(2025, 1, 1), hours=0).dropped == []
    for as_of in (NIGHTS[0], NIGHTS[-1]):
        found = replay(lake.root, as_of, Engine(engine_name, "", lake.spark))
        assert found.unlike == {}, found.summary()
        # the list, some twenty tables, and a page and a workbook for the city and each district
        assert found.equal > 30
    # a value that is another is found
    run, last = run_for(lake, date.fromisoformat(NIGHTS[-1])), NIGHTS[-1]
    told = json.loads(run.manifest or "") | {"inputs": json.loads(run.inputs)[:-40]}
    past = PastLake(lake.root, lake.spark, told["inputs"], run, tmp_path / "staging")
    fewer, all_known = (known_lake(one, date.fromisoformat(last)) for one in (past, lake))
    assert sum(t.count() for t in fewer.values()) < sum(t.count() for t in all_known.values())


def test_every_row_that_changed_has_a_cause(city: City, spark: object) -> None:
    lake = Lake(city.lake, spark)  # type: ignore[arg-type]
    one, two = (run_for(lake, date.fromisoformat(day)) for day in NIGHTS[1:])
    found = list_difference(lake, one, two)
    assert found.rows
    assert all(row.causes for row in found.rows)
    assert found.general == []
    assert list_difference(lake, two, two).rows == []
    assert "rows changed" in forewarn("diff", *NIGHTS[1:], "--lake", city.lake)


def test_a_record_keeps_the_rows_that_evidence_points_to(city: City, spark: object) -> None:
    run = run_for(Lake(city.lake, spark), date.fromisoformat(NIGHTS[-1]))  # type: ignore[arg-type]
    kept = {path.stem: path for path in record_folder(city.lake, run).iterdir()}
    lines = {(row["file"], row["line"]) for row in pq.read_table(kept["records"]).to_pylist()}
    told = pq.read_table(kept["evidence"]).to_pylist()
    assert told
    assert {(row["file"], row["line"]) for row in told if row["file"]} <= lines
    assert json.loads(kept["manifest"].read_text(encoding="utf-8")) == json.loads(
        run.manifest or ""
    )


def test_groups_go_on_from_night_to_night(city: City) -> None:
    nights = [
        {row["subject_id"]: row for row in pq.read_table(path).to_pylist()}
        for path in (city.folder / f"then-groups-{as_of}.parquet" for as_of in NIGHTS)
    ]
    for as_of, groups in zip(NIGHTS, nights, strict=True):
        drawn = pq.read_table(city.folder / f"then-subject_features-{as_of}.parquet")
        pairs = {(row["group_id"], groups[row["subject_id"]]["group_id"])
                 for row in drawn.select(["subject_id", "group_id"]).to_pylist()}  # fmt: skip
        # the same groups as those drawn that day, under one id each
        assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
    first, second, last = nights
    stayed = [s for s in last if s in first]
    assert sum(last[s]["group_id"] == first[s]["group_id"] for s in stayed) > 0.9 * len(stayed)
    events = pq.read_table(city.folder / f"then-group_events-{NIGHTS[1]}.parquet").to_pylist()
    assert events
    for event in events:
        if event["event"] in ("grew", "shrank"):
            sizes = [sum(row["group_id"] == event["group_id"] for row in night.values())
                     for night in (first, second)]  # fmt: skip
            assert sizes == [event["size_before"], event["size_after"]]


def test_a_graph_that_does_not_fit_is_refused_before_it_is_loaded(
    city: City, spark: object
) -> None:
    from conf.city import load_city

    lake = Lake(city.lake, spark)  # type: ignore[arg-type]
    small = replace(load_city("demo"), graph_memory_gb=0.001)
    told = r"The graph of [\d,]+ nodes and [\d,]+ edges needs about \d.* graph_memory_gb in .*city.yaml"
    with (
        pytest.raises(RefusalError, match=told),
        assembled(lake, small, date.fromisoformat(NIGHTS[0])),
    ):
        pass


def test_a_city_without_any_relation_has_features_all_the_same(city: City, spark: object) -> None:
    from conf.city import load_city

    lake, day = Lake(city.lake, spark), date.fromisoformat(NIGHTS[0])  # type: ignore[arg-type]
    known = known_lake(lake, day)
    alone = known["registration"]
    for name in ("legal_rep_key", "contact_phone", "agent_id", "domicile_address_id",
                 "operating_address_id"):  # fmt: skip
        alone = alone.withColumn(name, F.lit(None).cast("string"))
    only = {"registration": alone, "case_label": known["case_label"]}
    with assembled(lake, load_city("demo"), day, only) as judged:
        assert judged.edges.num_rows == 0
        sizes = judged.features.select("group_size").distinct().collect()
    assert [row.group_size for row in sizes] == [1]


def test_without_the_filter_on_known_at_features_would_change(
    city: City, spark: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The law above can fail: without the filter it does."""
    from conf.city import load_city
    from features import as_of as clock
    from features.assemble import subject_features

    lake = Lake(city.lake, spark)  # type: ignore[arg-type]
    day, end = date.fromisoformat(NIGHTS[0]), date.fromisoformat(NIGHTS[-1])
    honest = clock.known_state
    monkeypatch.setattr(clock, "known_state", lambda rows, _, *more: honest(rows, end, *more))
    made = subject_features(known_lake(lake, day), day, city_feature_set(load_city("demo")))
    again = made.toArrow().sort_by("subject_id")
    then = pq.read_table(city.folder / f"then-subject_features-{NIGHTS[0]}.parquet")
    then = then.select(again.column_names).sort_by("subject_id")
    assert again.num_rows != then.num_rows or not again.cast(then.schema).equals(then)


def test_the_same_night_again_changes_nothing(city: City) -> None:
    before = {p: p.stat().st_mtime_ns for p in (city.lake / "gold").rglob("*.parquet")}
    told = night(city.deliveries, city.lake, NIGHTS[-1])
    assert "nothing changed" in told
    after = {p: p.stat().st_mtime_ns for p in (city.lake / "gold").rglob("*.parquet")}
    assert after == before


def test_rows_in_are_accounted_for(city: City) -> None:
    ledger = DeltaTable(str(city.lake / "bronze" / "batches")).to_pyarrow_table().to_pylist()
    landed = [batch for batch in ledger if batch["status"] == "landed"]
    assert landed
    for batch in landed:
        told = batch["accepted"] + batch["quarantined"] + batch["repeated"]
        assert batch["rows_in"] == told, batch["file"]
    quarantine = DeltaTable(str(city.lake / "bronze" / "quarantine")).to_pyarrow_table()
    assert quarantine.num_rows == sum(batch["quarantined"] for batch in landed)
    assert all(quarantine.column("reasons").to_pylist())


def test_no_plain_id_number_or_phone_is_anywhere_in_the_lake(city: City) -> None:
    personal = re.compile(
        rb"(?<![0-9A-Za-z])[1-9]\d{5}(19|20)\d{2}[01]\d[0-3]\d\d{3}[\dXx](?![0-9A-Za-z])"
    )
    for layer in ("bronze", "silver", "gold"):
        for log in (city.lake / layer).glob("*/_delta_log"):
            rows = DeltaTable(str(log.parent)).to_pyarrow_table()
            text = json.dumps(rows.to_pylist(), default=str, ensure_ascii=False).encode()
            assert personal.search(text) is None, log.parent.name


def test_no_key_of_a_person_leaves_by_an_export(city: City) -> None:
    """Record ids are made of keys where a department has none of its own."""
    rows = DeltaTable(str(city.lake / "silver" / "key_person")).to_pyarrow_table()
    keys = set(rows.column("person_key").to_pylist())
    assert any(
        str(key) in told
        for key in keys
        for told in rows.column("source_record_id").to_pylist()[:20]
    )
    for table in (
        "key_person",
        "shareholder",
        "evidence",
        "verdict_records_grades",
        "shape_members",
    ):
        told = pq.read_table(city.export(table, NIGHTS[-1], f"keys-{table}"))
        text = json.dumps(told.to_pylist(), default=str, ensure_ascii=False)
        assert told.num_rows > 0
        assert not keys & set(re.findall(r"[0-9a-f]{32}", text)), table


def test_a_reason_is_followed_to_its_line(city: City) -> None:
    evidence = pq.read_table(city.folder / f"then-evidence-{NIGHTS[-1]}.parquet").to_pylist()
    found = [row for row in evidence if row["file"] and row["file"].endswith(".csv")]
    assert found
    row = found[0]
    lines = (city.deliveries / row["file"]).read_bytes().splitlines()
    text = lines[row["line"] - 1]
    for encoding in ("utf-8", "gb18030"):
        try:
            text_read = text.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    assert row["subject_id"] in text_read or row["source_record_id"] in text_read


def test_a_department_nobody_knew_is_one_more_file(city: City, tmp_path: Path) -> None:
    from conf.city import CITIES_FOLDER

    mine = tmp_path / "city"
    shutil.copytree(CITIES_FOLDER / "demo", mine)
    (mine / "sources" / "fire_penalty.yaml").write_text(
        """
source: fire_penalty
department: 消防救援支队
table: penalty
title: 消防行政处罚
files: "{date}/fire/*.csv"
columns: [代码, 文号, 金额, 日期]
record_id: 文号
mapping:
  subject_id: 代码
  decision_no: 文号
  department: "'消防救援支队'"
  kind: "'罚款'"
  amount_fen: {expr: 金额, unit: 元}
  decided_date: 日期
""",
        encoding="utf-8",
    )
    scores = pq.read_table(city.folder / f"then-scores-{NIGHTS[-1]}.parquet")
    subject = scores.column("subject_id").to_pylist()[0]
    deliveries = tmp_path / "deliveries"
    (deliveries / "2025-01-02" / "fire").mkdir(parents=True)
    (deliveries / "2025-01-02" / "fire" / "a.csv").write_text(
        f"代码,文号,金额,日期\n{subject},消防1号,2000,2025-01-01\n", encoding="utf-8"
    )
    lake = tmp_path / "lake"
    shutil.copytree(city.lake, lake)
    night(deliveries, lake, "2025-01-05", str(mine))
    out = tmp_path / "penalty.csv"
    forewarn("export", "penalty", "--lake", lake, "--as-of", "2025-01-05", "--out", out)
    with out.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == "fire_penalty"]
    assert [(row["subject_id"], row["amount_fen"]) for row in rows] == [(subject, "200000")]


def test_the_other_commands_answer(city: City) -> None:
    top = forewarn("show", "--lake", city.lake, "--top", "3")
    assert "预警不是违法认定" in top
    subject = pq.read_table(city.folder / f"then-scores-{NIGHTS[-1]}.parquet")
    name = subject.column("subject_id").to_pylist()[0]
    assert name in forewarn("explain", name, "--lake", city.lake)
    forewarn("explain", "nobody", "--lake", city.lake, code=1)
    text = forewarn("tree", name, "--lake", city.lake)
    assert name in text
    text = forewarn("owners", name, "--lake", city.lake)
    assert "控制 Control" in text
    assert "穿透所有权" in text
    assert "No subject 'nobody'" in forewarn("owners", "nobody", "--lake", city.lake, code=1)
    page = city.folder / "tree.html"
    assert "drawn as of" in forewarn("tree", name, "--lake", city.lake, "--out", page)
    drawn = page.read_text(encoding="utf-8")
    assert "预警不是违法认定" in drawn
    rows = DeltaTable(str(city.lake / "silver" / "key_person")).to_pyarrow_table()
    told = set(re.findall(r"[0-9a-f]{32}", text + drawn))
    assert told  # people are drawn, each by a hash of the key
    assert not told & set(rows.column("person_key").to_pylist())
    assert "No subject 'nobody'" in forewarn("tree", "nobody", "--lake", city.lake, code=1)
    forewarn("show", "--lake", city.lake, "--as-of", "2001-01-01", code=1)
    forewarn("export", "nothing", "--lake", city.lake, "--out", city.folder / "x.csv", code=1)
    forewarn("show", "--lake", city.lake, "--top", "none", code=2)


def test_ownership_is_exported_and_read_back(city: City, tmp_path: Path) -> None:
    out = tmp_path / "ownership.json"
    words = ("export", "beneficial_ownership", "--lake", city.lake, "--as-of")
    assert "read back the same" in forewarn(*words, NIGHTS[-1], "--out", out)
    made = json.loads(out.read_text(encoding="utf-8"))
    assert {one["recordType"] for one in made} == {"entity", "person", "relationship"}
    assert {one["statementDate"] for one in made} == {NIGHTS[-1]}
    again = tmp_path / "again.json"
    forewarn(*words, NIGHTS[-1], "--out", again)
    assert again.read_bytes() == out.read_bytes()
    assert "must end in .json" in forewarn(*words, NIGHTS[-1], "--out", tmp_path / "a.csv", code=1)
    forewarn(*words, "2001-01-01", "--out", tmp_path / "b.json", code=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.json", "ownership.json"]


def test_the_first_notebook_runs(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    root = Path(__file__).parents[2]
    monkeypatch.setenv("FOREWARN_LAKE", str(city.lake))
    book = nbformat.read(root / "notebooks" / "start_here.ipynb", as_version=4)
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(root)}}).execute()
    assert any("firms scored" in str(cell.get("outputs")) for cell in book.cells)
