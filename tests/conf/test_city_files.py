from __future__ import annotations

import dataclasses
import datetime
import shutil
from pathlib import Path

import pytest
from literal_city import CITY, FEATURES, PENALTY, REGISTRATION, TARGET, write_city

import conf.city
import conf.target
from conf.citation import load_instruments
from conf.city import City, known_cities, load_city
from conf.errors import ConfError, listed
from conf.table import SYSTEM_COLUMNS, load_catalogue
from conf.target import load_target

OF_SUBJECTS = [n for n, table in load_catalogue().items() if "subject_id" in table.columns]


@pytest.fixture(autouse=True)
def targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one target of our own, so that these tests do not hang on the real one."""
    folder = tmp_path / "targets"
    folder.mkdir()
    (folder / "fundraising.yaml").write_text(TARGET, encoding="utf-8")
    monkeypatch.setattr(conf.target, "TARGETS_FOLDER", folder)
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "littleton"


def _refusal(place: Path | str) -> str:
    with pytest.raises(ConfError) as caught:
        load_city(place)
    return str(caught.value)


def test_a_city_is_loaded_from_its_folder(place: Path) -> None:
    city = load_city(write_city(place))
    assert (city.name, city.name_zh, city.name_en) == ("littleton", "小城", "littleton")
    assert (city.engine, city.feature_set, city.demo) == ("sail", "core", True)
    assert city.target.positive_stages == ("立案", "起诉", "判决")
    assert city.capacity_default.inspections == 20
    assert list(city.sources) == ["penalty", "registration"]
    assert [feature.name for feature in city.features] == ["brands", "fines_over_a_million"]
    assert len(city.digest) == 64


def test_a_city_with_dates_a_pattern_and_model_settings(place: Path) -> None:
    text = CITY.replace("{kind: uscc}", "{kind: pattern, pattern: '^E[0-9a-f]{20}$'}")
    text += "known_at: 2020-12-31\nmodel: {folds: 5, seed: 7}\nname_en: Littleton\n"
    city = load_city(write_city(place, city=text, features=None))
    assert city.known_at == datetime.date(2020, 12, 31)
    assert city.subject_id.pattern == "^E[0-9a-f]{20}$"
    assert (city.model, city.name_en, city.features) == ({"folds": 5, "seed": 7}, "Littleton", ())


def test_silver_columns_are_the_tables_then_the_attributes_then_the_systems(place: Path) -> None:
    # a second department delivers to the same table, with an attribute that sorts first
    second = REGISTRATION.replace("source: registration", "source: second").replace(
        "  brand_num: {", "  area: {"
    )
    second = second.replace("x_brand_num", "x_area")
    city = load_city(write_city(place, second=second))
    columns = city.silver_columns("registration")
    assert list(columns)[:2] == ["subject_id", "name"]
    assert list(columns)[-12:] == ["x_area", "x_brand_num", *SYSTEM_COLUMNS]
    assert columns["x_area"] == "BIGINT"
    assert city.silver_columns("grade") == {
        **city.catalogue["grade"].spark_columns(),
        **SYSTEM_COLUMNS,
    }


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("city: littleton", "city: Little Town",
         "1: 'Little Town' is no valid 'city'; expected the form ^[a-z][a-z0-9_]*$"),
        ("kind: uscc", "kind: usc",
         "4: unknown value 'usc' for 'kind' in subject_id; expected one of uscc, pattern; "
         "did you mean 'uscc'?"),
        ("kind: uscc", "kind: pattern",
         "4: subject_id: `pattern` goes with `kind: pattern`, and only with it"),
        ("kind: uscc", "kind: pattern, pattern: '^E['",
         "4: subject_id.pattern is no regular expression: unterminated character set at "
         "position 2"),
        ("kind: uscc", "kind: pattern, pattern: 'E[0-9]'",
         "4: subject_id.pattern must cover the whole id: start with ^, end with $"),
        ("kind: uscc", "kind: pattern, pattern: '^(?=E).*$'",
         "4: subject_id.pattern must do without (?...), which an engine lacks"),
        ("engine: sail", "engine: Spark",
         "5: unknown value 'Spark' for 'engine'; expected one of sail, spark; "
         "did you mean 'spark'?"),
        ("engine: sail", "engine: sail\nmaster: local[2]",
         "6: `master` goes with `engine: spark`; take it out or change the engine"),
        ("engine: sail", "engnie: sail",
         "5: unknown key 'engnie'; expected one of city, name_zh, name_en, demo, subject_id, "
         "engine, master, known_at, timezone, target, feature_set, rules, personal_key, "
         "personal_basis, capacity_default, control_threshold, graph_memory_gb, known_hubs, model; "
         "did you mean 'engine'?"),
        ("engine: sail", "known_at: 31.12.2020",
         "5: 'known_at' must be a date such as 2020-12-31, not '31.12.2020'"),
        ("engine: sail", "timezone: Asia/Shanghi",
         "5: unknown timezone 'Asia/Shanghi'; expected e.g. Asia/Shanghai"),
        ("target: fundraising", "target: fundrasing",
         "6: there is no target 'fundrasing'; expected one of fundraising; "
         "did you mean 'fundraising'?"),
        ("demo: true\n", "",
         "7: the built-in personal key is only for a city with `demo: true`; name a key file: "
         "personal_key: {file: <path>}"),
        ("{builtin: true}", "{builtin: true, file: key}",
         "8: personal_key needs either `file: <path>` or `builtin: true`"),
        ("personal_key: {builtin: true}\n", "",
         "1: the source 'registration' has personal columns; add personal_key: "
         "{file: <path of a key file>}"),
        ("{inspections: 20}", "{inspections: -1}",
         "9: 'inspections' in capacity_default must be at least 0, not '-1'"),
        ("engine: sail", "personal_basis: {text: the city's own rule}",
         "5: the key 'instrument' is missing in personal_basis"),
        ("engine: sail", "personal_basis: {text: a rule, instrument: disclosure_ordre_654}",
         "5: unknown instrument 'disclosure_ordre_654' of personal_basis; expected one of "
         f"{listed(load_instruments())}; did you mean 'disclosure_order_654'?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_city_is_named_with_its_line(
    place: Path, was: str, becomes: str, message: str
) -> None:
    assert was in CITY
    write_city(place, city=CITY.replace(was, becomes, 1))
    assert _refusal(place) == f"{place.as_posix()}/city.yaml:{message}"


def test_an_unknown_city_is_answered_with_the_known_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conf.city, "CITIES_FOLDER", tmp_path / "cities")
    write_city(tmp_path / "cities" / "littleton")
    write_city(tmp_path / "cities" / "bigtown", city=CITY.replace("littleton", "bigtown"))
    assert known_cities() == ["bigtown", "littleton"]
    assert load_city("littleton").name == "littleton"
    assert _refusal("litleton") == (
        f"{tmp_path.as_posix()}/cities: there is no city 'litleton'; expected one of bigtown, "
        "littleton, or the path of a folder with a city.yaml; did you mean 'littleton'?"
    )
    assert _refusal(tmp_path / "nowhere") == (
        f"{tmp_path.as_posix()}/nowhere: is no folder with a city.yaml"
    )
    # a city of forewarn's own is called like its folder
    shutil.copytree(tmp_path / "cities" / "littleton", tmp_path / "cities" / "third")
    assert _refusal("third").endswith(
        "third/city.yaml:1: the city is called 'littleton' but its folder 'third'; rename one"
    )


def test_a_city_without_sources_is_refused(place: Path) -> None:
    write_city(place, registration=None, penalty=None)
    assert _refusal(place) == (
        f"{place.as_posix()}/city.yaml:1: the city has no sources; add a file to "
        f"{place.as_posix()}/sources"
    )


def test_files_without_a_day_of_arrival_need_one_from_somewhere(place: Path) -> None:
    undated = PENALTY.replace("{date}/", "")
    write_city(place, penalty=undated)
    assert _refusal(place) == (
        f"{place.as_posix()}/sources/penalty.yaml:5: nothing says when the city knew these files; "
        "put {date} in `files`, give `known_at` here or `known_at` in city.yaml"
    )
    assert load_city(write_city(place, penalty=undated + "known_at: day\n")).sources
    assert load_city(write_city(place, penalty=undated, city=CITY + "known_at: 2020-12-31\n"))


def test_an_attribute_means_the_same_in_every_source_of_a_table(place: Path) -> None:
    second = REGISTRATION.replace("source: registration", "source: second")
    assert load_city(write_city(place, second=second)).attributes("registration")
    write_city(place, second=second.replace("type: integer", "type: text").replace(
        'check: "x_brand_num >= 0"', 'check: "x_brand_num is not null"'))  # fmt: skip
    assert _refusal(place) == (
        f"{place.as_posix()}/sources/second.yaml:19: the attribute 'brand_num' of table "
        f"registration differs in type from the one in {place.as_posix()}/sources/registration.yaml"
        "; rename one"
    )


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("table: penalty", "table: penalties",
         "11: unknown table 'penalties' of feature 'fines_over_a_million'; expected one of "
         f"{listed(OF_SUBJECTS)}; did you mean 'penalty'?"),
        ("table: penalty", "table: capacity",
         "11: unknown table 'capacity' of feature 'fines_over_a_million'; expected one of "
         f"{listed(OF_SUBJECTS)}; did you mean 'complaint'?"),
        ("expr: x_brand_num", "expr: x_brandnum",
         "4: expr of feature 'brands': unknown column 'x_brandnum'; expected a column of table "
         "registration or an attribute of this city's sources; did you mean 'x_brand_num'?"),
        ("where: amount_fen", "where: amount",
         "13: where of feature 'fines_over_a_million': unknown column 'amount'; expected a column "
         "of table penalty or an attribute of this city's sources; did you mean 'amount_fen'?"),
        ("where: amount_fen > 1", "where: count(*) > 1",
         "13: where of feature 'fines_over_a_million': an aggregate is not allowed here, only "
         "one row's value: count(*) > 100000000"),
        ("expr: count(*)", "expr: sum(decision_no)",
         "12: expr of feature 'fines_over_a_million': 'decision_no' is text; compare it with a "
         "text in quotes, or read it with try_cast(decision_no as ...)"),
        ("kind: number", "kind: category\n    unit: 1",
         None),
        ("nothing: 0", "nothing: 1",
         "16: unknown value '1' for 'nothing' in features entry 2; expected one of null, 0"),
        ("window_days: 365", "window_days: 0",
         "14: 'window_days' in features entry 2 must be at least 1, not '0'"),
        ("name: fines_over_a_million", "name: brands",
         "10: the feature 'brands' is declared twice; rename one"),
        ("window_days: 365\n    kind: number", "window_days: 365\n    kind: category",
         "10: 'fines_over_a_million' is a category: its `nothing` must be null, not 0"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_declared_feature_is_named_with_its_line(
    place: Path, was: str, becomes: str, message: str | None
) -> None:
    assert was in FEATURES
    write_city(place, features=FEATURES.replace(was, becomes, 1))
    if message is None:
        assert load_city(place).features[0].unit == "1"
    else:
        assert _refusal(place) == f"{place.as_posix()}/features.yaml:{message}"


def test_a_declared_feature_aggregates_or_reads_the_latest_record(place: Path) -> None:
    brands, fines = load_city(write_city(place)).features
    assert (brands.aggregate, brands.sql, brands.where_sql) == (False, "`x_brand_num`", None)
    assert (fines.aggregate, fines.sql, fines.nothing) == (True, "count(*)", 0)
    assert fines.where_sql == "`amount_fen` > 100000000"
    assert (brands.nothing, brands.unit) == ("null", None)


def test_the_digest_hangs_on_every_file_and_not_on_the_place(
    tmp_path: Path, place: Path, targets: Path
) -> None:
    first = load_city(write_city(place)).digest
    assert load_city(write_city(tmp_path / "elsewhere")).digest == first
    changes: list[dict[str, str | None]] = [
        {"city": CITY + "# a word\n"},
        {"penalty": PENALTY + "\n"},
        {"registration": REGISTRATION.replace("max_rows: 100000", "max_rows: 100001")},
        {"features": FEATURES.replace("365", "366")},
        {"another": PENALTY.replace("source: penalty", "source: another")},
    ]
    digests = [first]
    for n, change in enumerate(changes):
        digests.append(load_city(write_city(tmp_path / f"changed{n}", **change)).digest)
    (place / "features.yaml").unlink()
    digests.append(load_city(place).digest)
    (targets / "fundraising.yaml").write_text(TARGET + "# a word\n", encoding="utf-8")
    digests.append(load_city(write_city(place)).digest)
    assert len(set(digests)) == len(digests)


def test_no_two_files_can_swap_bytes_without_the_digest_seeing_it(
    tmp_path: Path, place: Path
) -> None:
    # the same bytes in all, cut elsewhere between two files
    one = load_city(write_city(place, penalty="# a\n" + PENALTY, registration=REGISTRATION))
    other = load_city(
        write_city(tmp_path / "other", penalty=PENALTY, registration="# a\n" + REGISTRATION)
    )
    assert one.digest != other.digest


def _with_key(place: Path, name: str) -> City:
    text = CITY.replace("demo: true\n", "").replace("{builtin: true}", f"{{file: {name}}}")
    return load_city(write_city(place, city=text))


def test_the_key_of_the_demo_city_is_built_in(place: Path) -> None:
    assert len(load_city(write_city(place)).personal_key_bytes()) >= 16


def test_a_key_is_read_from_its_file_when_it_is_asked_for(tmp_path: Path, place: Path) -> None:
    city = _with_key(place, "keys/personal.key")  # loaded before the file is there
    (place / "keys").mkdir()
    (place / "keys" / "personal.key").write_bytes(b"0123456789abcdef\n")
    assert city.personal_key_bytes() == b"0123456789abcdef"
    # an absolute path is taken as it is
    (tmp_path / "k").write_bytes(b"fedcba9876543210")
    assert _with_key(place, str(tmp_path / "k")).personal_key_bytes() == b"fedcba9876543210"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "the personal key file {key} cannot be read (no such file or directory); "),
        (b"", "the personal key in {key} has 0 bytes; expected at least 16; "),
        (b"short\n\n          ", "the personal key in {key} has 5 bytes; expected at least 16; "),
    ],
)
def test_a_missing_or_short_key_is_refused_with_the_fix(
    tmp_path: Path, place: Path, content: bytes | None, message: str
) -> None:
    key = tmp_path / "k"
    if content is not None:
        key.write_bytes(content)
    city = _with_key(place, str(key))
    with pytest.raises(ConfError) as caught:
        city.personal_key_bytes()
    assert str(caught.value) == (
        f"{place.as_posix()}/city.yaml: {message.format(key=key)}"
        f"make one: head -c 32 /dev/urandom | base64 > {key}"
    )


def test_a_city_without_personal_columns_needs_no_key(place: Path) -> None:
    text = CITY.replace("personal_key: {builtin: true}\n", "")
    city = load_city(write_city(place, city=text, registration=None, features=None))
    with pytest.raises(ConfError, match="no personal_key; add personal_key"):
        city.personal_key_bytes()


def test_a_city_cannot_be_changed(place: Path) -> None:
    city = load_city(write_city(place))
    with pytest.raises(dataclasses.FrozenInstanceError):
        city.name = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        city.sources["penalty"].title = "other"


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("target: fundraising", "target: other",
         "1: the target is called 'other' but the file fundraising.yaml; rename one"),
        ("[立案, 起诉", "[立安, 起诉",
         "4: unknown stage '立安' in positive_stages; expected one of 线索, 约谈, 立案, 起诉, "
         "判决, 排除; did you mean '立案'?"),
        ("[排除]", "[排除, 判决]", "5: the stage '判决' is both positive and negative; keep one"),
        ("[约谈, 立案]", "[]",
         "6: 'official_stages' must be a list with at least one entry, not empty"),
        ("horizon_days: 365", "horizon_days: a year",
         "7: 'horizon_days' must be a whole number, not 'a year'"),
        ("gap_days: 90", "gap_dasy: 90",
         "8: unknown key 'gap_dasy'; expected one of target, name_zh, name_en, label_table, "
         "positive_stages, negative_stages, official_stages, horizon_days, gap_days, definition; "
         "did you mean 'gap_days'?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_target_is_named_with_its_line(
    targets: Path, was: str, becomes: str, message: str
) -> None:
    assert was in TARGET
    path = targets / "fundraising.yaml"
    path.write_text(TARGET.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(ConfError) as caught:
        load_target("fundraising")
    assert str(caught.value) == f"{path.as_posix()}:{message}"


def test_a_mistake_in_the_target_shows_through_the_city(place: Path, targets: Path) -> None:
    path = targets / "fundraising.yaml"
    path.write_text(TARGET.replace("365", "0"), encoding="utf-8")
    assert _refusal(write_city(place)) == (
        f"{path.as_posix()}:7: 'horizon_days' must be at least 1, not '0'"
    )
