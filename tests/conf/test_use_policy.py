"""Three uses of credit information: the report contradicts itself, and the checker says where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conf.citation import RULES_FOLDER
from conf.errors import ConfError
from conf.rule_pack import known_packs
from conf.use_policy import Answers, load_use_policy
from models.grading.use_policy import contradictions


def answers(internal_only: bool, shared: bool, published: bool) -> Answers:
    return Answers(internal_only=internal_only, shared=shared, published=published)


def test_the_report_contradicts_itself_over_two_departments():
    policy = load_use_policy()
    assert policy.departments_in_all == 29
    found = contradictions(policy)
    assert [(c.department, c.internal_only, c.follows) for c in found] == [
        ("农业", True, False),  # listed as internal only, yet shares and publishes
        ("水务", False, True),  # neither shares nor publishes, yet is not listed
    ]
    assert found[0].zh == "农业列为仅内部使用，但又共享并公示"
    assert found[0].en == "农业 is listed as internal only, yet shares and publishes"
    assert found[1].zh == "水务既不共享也不公示，应为仅内部使用，但未列入"


@pytest.mark.parametrize(
    ("given", "contradicts"),
    [
        (answers(True, False, False), False),  # internal only, and nothing else
        (answers(False, True, True), False),  # shares and publishes
        (answers(False, True, False), False),  # shares only
        (answers(False, False, True), False),  # publishes only: not internal
        (answers(True, True, False), True),  # internal only, yet shares
        (answers(True, False, True), True),  # internal only, yet publishes
        (answers(True, True, True), True),
        (answers(False, False, False), True),  # used by nobody else, yet not internal only
    ],
)
def test_internal_only_is_neither_shared_nor_published(given, contradicts):
    one = {"departments": {"甲": given}, "departments_in_all": 1}
    assert bool(contradictions(load_use_policy().model_copy(update=one))) is contradicts


def test_a_consistent_policy_gives_nothing():
    policy = load_use_policy()
    mended = {
        **policy.departments,
        "水务": answers(True, False, False),
        "农业": answers(False, True, True),
    }
    assert contradictions(policy.model_copy(update={"departments": mended})) == ()


def test_the_unnamed_departments_answer_as_one():
    policy = load_use_policy().model_copy(update={"others": answers(True, True, True)})
    assert [c.department for c in contradictions(policy)] == ["农业", "水务", "其他部门"]


@pytest.mark.parametrize(
    ("old", "new", "reason", "line"),
    [
        (
            "not_shared: 5",
            "not_shared: 6",
            "counts 6 departments not_shared, the answers here 5",
            8,
        ),
        ("departments_in_all: 29", "departments_in_all: 6", "7 departments, more than the 6", 3),
        ("三大使用", "三大用途", "no passage '三大用途'", 5),
        ("内部使用、政府", "内部使用和政府", "does not stand in '三大使用'", 5),
        ("shared: false, published: true", "shred: false, published: true", "'shared'", 15),
    ],
)
def test_a_policy_copied_wrongly_is_refused(tmp_path: Path, old, new, reason, line):
    folder = Path(shutil.copytree(RULES_FOLDER, tmp_path / "rules"))
    path = folder / "use_policy_2016.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfError) as caught:
        load_use_policy(folder=folder)
    assert reason in caught.value.message
    assert caught.value.line == line


def test_the_policy_is_no_rule_pack():
    assert "use_policy_2016" not in known_packs()
