from __future__ import annotations

import pickle
from pathlib import Path

import conf.errors
from conf.errors import ConfError, did_you_mean, listed, nearest


def test_the_message_names_file_line_and_mistake() -> None:
    error = ConfError("conf/cities/demo/sources/penalty.yaml", 12, "unknown column 'ammount'")
    assert str(error) == "conf/cities/demo/sources/penalty.yaml:12: unknown column 'ammount'"
    assert (error.line, error.message) == (12, "unknown column 'ammount'")


def test_a_file_without_a_line_has_no_line_in_the_message() -> None:
    assert str(ConfError("a.yaml", None, "there is no such file")) == (
        "a.yaml: there is no such file"
    )


def test_a_file_of_forewarn_is_named_from_conf_on() -> None:
    path = Path(conf.errors.__file__).parent / "catalogue" / "penalty.yaml"
    assert ConfError(path, 3, "x").file == "conf/catalogue/penalty.yaml"


def test_the_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(ConfError("a.yaml", 7, "is wrong")))
    assert (str(error), error.line) == ("a.yaml:7: is wrong", 7)


def test_the_nearest_match_disregards_case_and_needs_some_likeness() -> None:
    assert nearest("AMOUNT_FN", ["amount_fen", "kind"]) == "amount_fen"
    assert nearest("注册资金", ["注册资本", "名称"]) == "注册资本"
    assert nearest("zzz", ["amount_fen", "kind"]) is None
    assert did_you_mean("kin", ["amount_fen", "kind"]) == "; did you mean 'kind'?"
    assert did_you_mean("zzz", ["kind"]) == ""


def test_a_long_list_of_choices_is_cut_with_a_count() -> None:
    assert listed(["a", "b", "c"]) == "a, b, c"
    assert listed(["a", "b", "c"], most=2) == "a, b and 1 more"
