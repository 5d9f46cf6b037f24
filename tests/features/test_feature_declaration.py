"""A feature that is declared wrongly is refused when it is declared, with what to write."""

from __future__ import annotations

import inspect

import pytest

from conf.table import load_catalogue
from features.declaration import EVER, FEATURE_TABLES, FeatureError, Theme
from features.feature_sets import CORE, SETS, FeatureSet, feature_set
from features.library import FEATURES, NOTES, THEMES, columns_of, definitions

ALIKE = {"zh": "甲", "en": "A", "unit": "count", "nothing": 0, "direction": 1}


def theme() -> Theme:
    return Theme("trial", zh="试", en="Trial")


def test_a_feature_has_a_column_for_each_window():
    @theme().of_records(table="complaint", windows=(EVER, 30), **ALIKE)
    def noise(rows):
        """Complaints."""
        return rows.count()

    ever, month = noise.columns()
    assert (ever.name, month.name) == ("noise", "noise_30d")
    assert (ever.zh, month.zh) == ("甲", "近30天甲")
    assert month.en == "A, last 30 days"


def test_a_feature_without_a_docstring_is_refused():
    with pytest.raises(FeatureError, match=r"feature silent \(trial\): no docstring"):

        @theme().of_records(table="complaint", **ALIKE)
        def silent(rows):
            return rows.count()


def test_a_feature_declared_twice_is_refused():
    twice = theme()

    def noise(rows):
        """Complaints."""
        return rows.count()

    twice.of_records(table="complaint", **ALIKE)(noise)
    with pytest.raises(FeatureError, match="noise is declared twice in trial"):
        twice.of_records(table="complaint", **ALIKE)(noise)


def test_an_unknown_table_is_refused_with_the_nearest():
    with pytest.raises(FeatureError, match=r"no table 'complaints'.*did you mean 'complaint'"):

        @theme().of_records(table="complaints", **ALIKE)
        def noise(rows):
            """Complaints."""
            return rows.count()


def test_what_is_predicted_is_no_table_for_features():
    with pytest.raises(FeatureError, match="no table 'case_label'"):

        @theme().of_records(table="case_label", **ALIKE)
        def leak(rows):
            """The answer itself."""
            return rows.count()


def test_two_themes_may_not_make_one_column():
    first, second = theme(), theme()

    def noise(rows):
        """Complaints."""
        return rows.count()

    first.of_records(table="complaint", **ALIKE)(noise)
    second.of_records(table="complaint", **ALIKE)(noise)
    with pytest.raises(FeatureError, match="column noise is made in trial and again"):
        columns_of([first, second])


def test_a_derived_feature_of_nothing_known_is_refused_with_the_nearest():
    lonely = theme()

    @lonely.of_records(table="complaint", windows=(30,), **ALIKE)
    def noise(rows):
        """Complaints."""
        return rows.count()

    @lonely.derived(**ALIKE)
    def share(noise_3d):
        """A share."""
        return noise_3d

    with pytest.raises(FeatureError, match=r"share .* made of noise_3d.*did you mean 'noise_30d'"):
        columns_of([lonely])


def test_the_library_is_as_large_and_as_wide_as_promised():
    windowed = [c for c in FEATURES.values() if c.window != EVER]
    tables = {c.feature.table for c in FEATURES.values() if c.feature.table}
    assert len(FEATURES) >= 60
    assert len(windowed) * 2 <= len(FEATURES)
    assert len(tables) >= 8
    assert {30, 90, 365} <= {c.window for c in windowed}


# what is predicted, what inspectors can do, and what must not be held against a firm
NO_FEATURES = {
    "case_label", "capacity", "concert_party", "exit_control", "objection", "repair",
    "tax_receipts",
}  # fmt: skip


def test_feature_tables_are_those_of_the_catalogue_but_a_few():
    catalogue = load_catalogue()
    assert set(FEATURE_TABLES) == set(catalogue) - NO_FEATURES
    subjects = set(FEATURE_TABLES) - {"address"}
    assert all("subject_id" in catalogue[table].columns for table in subjects)


def test_every_definition_says_what_it_must():
    for d in definitions():
        assert d.definition, d.column
        assert d.definition.endswith("."), d.column
        assert d.zh, d.column
        assert d.en, d.column
        assert d.unit, d.column
        assert d.nothing in ("0", "NULL"), d.column
        assert d.direction in (-1, 0, 1), d.column
    names = [d.zh for d in definitions()]
    assert len(set(names)) == len(names)  # a reason's words must say which feature it is
    english = [d.en for d in definitions()]
    assert len(set(english)) == len(english)


def test_the_sets_are_pinned_and_made_of_the_library():
    assert set(SETS) == {"core", "characteristics"}
    assert SETS["characteristics"][: len(CORE)] == CORE  # a model of core reads the same columns
    for names in SETS.values():
        assert set(names) <= set(FEATURES)
        assert len(set(names)) == len(names)
    assert feature_set("core", personal=True).names() == CORE
    off = {"elderly_ads_365d", "elderly_complaints_365d"}  # a person's age; no basis was stated
    assert feature_set("core").names() == tuple(n for n in CORE if n not in off)


def test_an_unknown_set_is_refused_with_the_nearest():
    with pytest.raises(FeatureError, match=r"no feature set 'cor' \(did you mean 'core'\?\)"):
        feature_set("cor")


def test_a_set_brings_the_inputs_of_what_is_derived():
    needed = FeatureSet("one", ("change_rate",)).with_inputs()
    assert set(needed) == {"change_rate", "changes", "age_days"}


def test_notes_do_not_hide_columns():
    catalogue = load_catalogue()
    for note in NOTES:
        assert note.name not in catalogue[note.table].columns
    assert len({n.name for n in NOTES}) == len(NOTES)
    assert len({t.name for t in THEMES}) == len(THEMES)


def test_a_feature_that_reads_other_firms_records_says_so() -> None:
    over_firms = {note.name for note in NOTES if "subject_id" not in note.by}
    assert over_firms  # else this says nothing
    found = {
        c.feature.name
        for c in FEATURES.values()
        if c.feature.kind == "records"
        and any(
            name in inspect.getsource(c.feature.function) + c.feature.where for name in over_firms
        )
    }
    assert found == {c.feature.name for c in FEATURES.values() if c.feature.other_firms}
