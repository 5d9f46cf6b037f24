"""Files of a list: names, contents, and a folder that appears whole or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import sample_list

from pipelines.delivering import write_lists as module
from pipelines.delivering.write_lists import file_name, write_lists

DEMO = sample_list.demo_list()
FACTS = sample_list.facts()


def contents(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def test_one_pair_for_the_city_and_one_for_each_district(tmp_path: Path) -> None:
    written = write_lists(tmp_path / "lists" / "run", FACTS, DEMO.warnings, DEMO.evidence)
    assert [f.path.name for f in written] == [
        f"forewarn-2024-12-31-{place}.{ending}"
        for place in ("city", "440303", "440304", "440305", "unassigned")
        for ending in ("html", "xlsx")
    ]
    assert contents(tmp_path / "lists" / "run") == {f.path.name: f.sha256 for f in written}
    assert all(f.size == f.path.stat().st_size for f in written)
    assert [p.name for p in (tmp_path / "lists").iterdir()] == ["run"]  # no leftovers


def test_writing_again_changes_nothing_and_replaces_what_does_not_belong(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    first = write_lists(folder, FACTS, DEMO.warnings, DEMO.evidence)
    (folder / "stray.txt").write_text("x")
    assert write_lists(folder, FACTS, DEMO.warnings, DEMO.evidence) == first
    assert set(contents(folder)) == {f.path.name for f in first}


def test_a_writer_that_dies_leaves_the_old_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    write_lists(folder, FACTS, DEMO.warnings, DEMO.evidence)
    before = contents(folder)

    def dies(_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "excel_list", dies)
    with pytest.raises(KeyboardInterrupt):
        write_lists(folder, sample_list.facts(run_id="other"), DEMO.warnings, DEMO.evidence)
    assert contents(folder) == before
    monkeypatch.undo()
    write_lists(folder, FACTS, DEMO.warnings, DEMO.evidence)
    assert contents(folder) == before
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_one_that_died_between_the_two_moves_is_mended(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_lists(folder, FACTS, DEMO.warnings, DEMO.evidence)
    before = contents(folder)
    folder.rename(tmp_path / ".run.old")  # the old one is moved away, the new one not yet there
    (tmp_path / ".run.new").mkdir()
    write_lists(folder, FACTS, DEMO.warnings, DEMO.evidence)
    assert contents(folder) == before
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("district", ["../../etc", "a/b", "CITY", "", ".", "罗湖区", "x" * 300])
def test_a_districts_code_never_leads_out_of_the_folder(district: str) -> None:
    name = file_name(FACTS, district, "html")
    assert name == Path(name).name
    assert name.startswith("forewarn-2024-12-31-d-")
    assert len(name) < 60
    assert name != file_name(FACTS, None, "html")
