"""The sweep over many days on odd literal tables, against its slow twin: each day by itself."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from literal_tables import DAY, day, firms, records

from conf.city import load_city
from features.as_of import known_tables
from features.assemble import subject_features
from features.declaration import Theme
from features.library import NOTES
from features.repairs import without_repaired
from features.rows import DAY_COLUMN
from features.sweep import features_of_days
from pipelines.assembling import city_feature_set

DAYS = (day(0), day(40), day(400), day(800))  # on the last nobody was registered yet

PENALTIES = [
    {"subject_id": "A", "decided_date": day(30), "amount_fen": 100},
    # decided long ago, and known on the last day only
    {"subject_id": "A", "decided_date": day(380), "known_at": day(0), "amount_fen": 7},
    # known before it happened
    {"subject_id": "A", "decided_date": day(-5), "known_at": day(50), "amount_fen": 9},
    # one record told twice on one day: the later line stands
    {"subject_id": "A", "source_record_id": "twice", "decided_date": day(60), "amount_fen": 1},
    {"subject_id": "A", "source_record_id": "twice", "decided_date": day(60), "amount_fen": 2},
    # withdrawn after forty days
    {"subject_id": "A", "source_record_id": "gone", "decided_date": day(90), "known_at": day(80)},
    {"subject_id": "A", "source_record_id": "gone", "decided_date": day(90), "known_at": day(35),
     "op": "withdraw"},
    # corrected: it was another firm's all along
    {"subject_id": "A", "source_record_id": "moved", "decided_date": day(90), "known_at": day(80)},
    {"subject_id": "B", "source_record_id": "moved", "decided_date": day(90), "known_at": day(20),
     "op": "correct"},
    # the same id from another source is another record
    {"subject_id": "A", "source_record_id": "twice", "source": "other", "decided_date": day(61)},
    # taken back by a repair that stands below
    {"subject_id": "A", "source_record_id": "repaired", "decided_date": day(100)},
    {"subject_id": None, "decided_date": day(50)},  # nobody's
    {"subject_id": "A", "decided_date": None, "known_at": day(50)},  # of an unknown day
    {"subject_id": "not registered", "decided_date": day(50)},
]  # fmt: skip
HOLDERS = [
    {"subject_id": "A", "holder_key": "p", "holder_type": "person"},
    {"subject_id": "B", "holder_key": "p", "holder_type": "person", "known_at": day(20)},
    {"subject_id": "C", "holder_key": "p", "holder_type": "person", "valid_to": day(100)},
    {"subject_id": "A", "holder_key": None, "holder_type": "person"},
]
POSTS = [
    {"subject_id": "A", "person_key": "p", "role": "监事", "valid_from": day(300)},
    {"subject_id": "A", "person_key": "p", "role": "监事", "valid_from": day(300)},  # twice
    {"subject_id": "A", "person_key": "p", "role": "董事", "valid_from": day(30)},
    {"subject_id": "C", "person_key": "p", "role": "监事", "valid_from": day(300),
     "valid_to": day(20)},
    {"subject_id": "C", "person_key": None, "role": "监事", "valid_from": day(300)},
]  # fmt: skip


@pytest.fixture
def tables(spark):
    shared = {"contact_phone": "1", "domicile_address_id": "x", "est_date": day(600)}
    known = {"known_at": day(500), **shared}
    registered = [
        {"subject_id": "A", "name": "甲投资公司", **known},
        # the same firm by another record id, and renamed since
        {"subject_id": "A", "source_record_id": "again", "name": "甲粮油店", **known,
         "known_at": day(30)},
        {"subject_id": "B", "name": "乙", **known},
        {"subject_id": "C", "name": "丙", "status": "吊销", **known, "known_at": day(300)},
        {"subject_id": "D"} | dict.fromkeys(("known_at", "event_date"), day(30)),  # and no record
    ]  # fmt: skip
    repairs = [
        {"subject_id": "A", "repair_no": "1", "target_table": "penalty", "outcome": "准予",
         "target_record_id": "repaired", "decided_date": day(41), "known_at": day(40)},
    ]  # fmt: skip
    return {
        "registration": records(spark, "registration", registered),
        "address": records(spark, "address", [{"address_id": "x", "building_grade": "A"}]),
        "penalty": records(spark, "penalty", PENALTIES),
        "shareholder": records(spark, "shareholder", HOLDERS),
        "key_person": records(spark, "key_person", POSTS),
        "repair": records(spark, "repair", repairs),
        "complaint": records(spark, "complaint", []),  # there, and empty
        "grade": records(spark, "grade", []),
    }


def swept(spark, folder: Path, tables, columns, wanted=None):
    def keep(rows, name):
        rows.write.parquet(str(folder / name))
        return spark.read.schema(rows.schema).parquet(str(folder / name))

    asked = None
    if wanted is not None:
        asked = spark.createDataFrame(wanted, "as_of DATE, subject_id STRING")
    return features_of_days(tables, DAYS, columns, keep, asked).toArrow()


def assert_as_day_by_day(found, tables, columns, wanted=None) -> None:
    for as_of in DAYS:
        state = without_repaired(known_tables(tables, as_of), as_of)
        twin = subject_features(state, as_of, columns).toArrow().sort_by("subject_id")
        if wanted is not None:
            own = [firm for at, firm in wanted if at == as_of]
            twin = twin.filter(pc.is_in(twin["subject_id"], pa.array(own, pa.string())))
        mine = found.filter(pc.equal(found[DAY_COLUMN], as_of)).drop_columns([DAY_COLUMN])
        mine = mine.sort_by("subject_id")
        assert mine.num_rows == twin.num_rows, as_of
        assert mine.schema.types == twin.schema.types
        for name in twin.column_names:  # to the last bit
            assert mine[name].to_pylist() == twin[name].to_pylist(), (as_of, name)


WANTED = [(at, firm) for at in DAYS[:3] for firm in ("A", "D")] + [(DAY, "nobody")]


ALL_OR_CHOSEN = [
    pytest.param(None, id="all firms", marks=pytest.mark.embedded),
    pytest.param(WANTED, id="chosen firms"),
]


@pytest.mark.parametrize("wanted", ALL_OR_CHOSEN)
def test_odd_records_count_as_they_do_day_by_day(spark, tmp_path, tables, wanted):
    columns = city_feature_set(load_city("demo"))
    found = swept(spark, tmp_path, tables, columns, wanted)
    assert_as_day_by_day(found, tables, columns, wanted)
    known = {DAYS[0]: {"A", "B", "C", "D"}, DAYS[1]: {"A", "B", "C"}, DAYS[2]: {"A", "B"}}
    for as_of in DAYS:
        there = found.filter(pc.equal(found[DAY_COLUMN], as_of))["subject_id"].to_pylist()
        asked = {"A", "B", "C", "D"} if wanted is None else {"A", "D"}
        assert set(there) == known.get(as_of, set()) & asked


@pytest.mark.embedded
def test_nobody_is_asked_for(spark, tmp_path, tables):
    columns = city_feature_set(load_city("demo"))
    assert swept(spark, tmp_path, tables, columns, []).num_rows == 0


@pytest.mark.embedded
@pytest.mark.parametrize("wanted", ALL_OR_CHOSEN)
def test_a_place_among_other_firms_records(spark, tmp_path, tables, monkeypatch, wanted):
    """No theme counts so today, but one may: whether the firm is the holder's newest."""
    theme = Theme("holders", "", "")
    theme.note_rank("of_holder", table="shareholder", by=("holder_key",), newest="valid_to")

    @theme.of_records(table="shareholder", where="of_holder = 1", zh="", en="", unit="count",
                      nothing=0, direction=0)  # fmt: skip
    def newest_of_holder(rows):
        """Holdings that are their holder's newest."""
        return rows.count()

    class OneColumn:
        def with_inputs(self):
            return {column.name: column for column in newest_of_holder.columns()}

        def names(self):
            return ["newest_of_holder"]

    monkeypatch.setattr("features.assemble.NOTES", (*NOTES, *theme.notes))
    found = swept(spark, tmp_path, tables, OneColumn(), wanted)
    assert_as_day_by_day(found, tables, OneColumn(), wanted)
    # asked about alone, A is still no holder's newest: others' records count too
    assert set(found["newest_of_holder"].to_pylist()) == ({0, 1} if wanted is None else {0})


@pytest.mark.embedded
def test_a_city_with_a_register_alone(spark, tmp_path):
    tables = {"registration": firms(spark, "A", "B", known_at=day(500))}
    columns = city_feature_set(load_city("demo"))
    found = swept(spark, tmp_path, tables, columns, [(DAY, "A"), (DAY, "B")])
    assert_as_day_by_day(found, tables, columns, [(DAY, "A"), (DAY, "B")])
