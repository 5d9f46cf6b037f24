"""What pages say of a run that is looked at again."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from conf.city import load_city
from conf.errors import ConfError
from pipelines.delivering.run_facts import facts_and_words
from pipelines.feature_words import feature_words


def run(city: str) -> Any:
    return SimpleNamespace(
        run_id="r", city=city, as_of=date(2024, 12, 31), model_version="m",
        counts='{"subjects": 2000}',
    )  # fmt: skip


def test_a_city_gives_its_name_its_target_and_its_tables() -> None:
    facts, words = facts_and_words(run("demo"))
    assert facts.city_zh == "云江市（合成数据）"
    assert facts.target[0] == "涉嫌非法集资"
    assert facts.fields.table_names["judgment"][0] != "judgment"
    assert facts.subjects_scored == 2000  # of the run, not of the files
    assert words == feature_words(load_city("demo"))


def test_a_city_that_is_gone_still_hides_what_never_leaves() -> None:
    gone = run("no such city")
    facts, words = facts_and_words(gone)
    assert facts.city_zh == "no such city"
    assert facts.fields.hidden == facts_and_words(run("demo"))[0].fields.hidden
    assert words["complaints_365d"].zh == "近365天投诉件数"  # what every city has keeps its words
    with pytest.raises(ConfError):
        facts_and_words(gone, "no such city")  # asked for by name it is refused


def test_features_have_words_with_a_city_and_without() -> None:
    own = feature_words(load_city("demo"))
    assert own["complaints_365d"].zh == "近365天投诉件数"
    assert own["phone_firms"].zh == "同电话企业数"  # the graph's beside the feature table's
    assert not own["phone_firms"].own
    assert own.items() <= feature_words(None).items()
