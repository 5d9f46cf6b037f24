"""Which files are found, what is known about them, and what nobody claims."""

from __future__ import annotations

import gzip
import hashlib
import os
from datetime import date
from pathlib import Path

import pytest
from literal_deliveries import HEADER, deliver, source

from pipelines.landing.deliveries import find_deliveries, unclaimed_files
from pipelines.refusals import RefusalError

TEXT = (HEADER + "1,2,甲\n").encode()


def files(root: Path, pattern: str) -> list[str]:
    return [delivery.file for delivery in find_deliveries(source(files=pattern), root)]


def test_delivery_says_what_it_is(tmp_path: Path) -> None:
    path = deliver(tmp_path, "data.csv.gz", TEXT + b"\n3,4,5")

    (delivery,) = find_deliveries(source(), tmp_path)

    content = TEXT + b"\n3,4,5"
    assert delivery.source == "scjg_demo"
    assert delivery.file == "2024-03-01/data.csv.gz"
    assert delivery.path == str(path)
    assert delivery.known_at == date(2024, 3, 1)
    assert delivery.size == path.stat().st_size
    assert delivery.content_sha256 == hashlib.sha256(content).hexdigest()
    assert (delivery.physical_lines, delivery.header_lines, delivery.expected_rows) == (4, 1, 3)
    named = f"scjg_demo{delivery.content_sha256}".encode()
    assert delivery.batch_id == hashlib.sha256(named).hexdigest()[:16]
    assert delivery.refusal is None


def test_batch_is_its_content_whatever_its_name_or_packing(tmp_path: Path) -> None:
    deliver(tmp_path, "data.csv", TEXT)
    deliver(tmp_path, "data2.csv.gz", TEXT)
    deliver(tmp_path, "data3.csv.gz", gzip.compress(TEXT, 1, mtime=99))

    found = find_deliveries(source(), tmp_path)
    other = find_deliveries(source(source="other"), tmp_path)

    assert len({delivery.batch_id for delivery in found}) == 1
    assert found[0].batch_id != other[0].batch_id  # two departments may send the same bytes


def test_glob(tmp_path: Path) -> None:
    for name in ("a/x1.csv", "a/x2.csv", "a/y.csv", "a/b/x1.csv", "x1.csv"):
        deliver(tmp_path, name, TEXT, day=".")

    assert files(tmp_path, "a/x*.csv") == ["a/x1.csv", "a/x2.csv"]
    assert files(tmp_path, "a/x?.csv") == ["a/x1.csv", "a/x2.csv"]
    assert files(tmp_path, "a/x[!2].csv") == ["a/x1.csv"]
    assert files(tmp_path, "a/[xy]*.csv") == ["a/x1.csv", "a/x2.csv", "a/y.csv"]
    assert files(tmp_path, "**/x1.csv") == ["a/b/x1.csv", "a/x1.csv", "x1.csv"]
    assert files(tmp_path, "*/x1.csv") == ["a/x1.csv"]
    assert files(tmp_path, "a.x1.csv") == []


def test_date_in_a_file_name(tmp_path: Path) -> None:
    deliver(tmp_path, "reg_2024-02-29_full.csv", TEXT, day="x")

    (delivery,) = find_deliveries(source(files="x/reg_{date}*.csv"), tmp_path)

    assert delivery.known_at == date(2024, 2, 29)


def test_pattern_without_date_has_no_arrival(tmp_path: Path) -> None:
    deliver(tmp_path, "data.csv", TEXT)

    (delivery,) = find_deliveries(source(files="*/data.csv"), tmp_path)

    assert (delivery.known_at, delivery.refusal) == (None, None)


@pytest.mark.parametrize("folder", ["latest", "20240301", "2024-02-30", "2024-3-1"])
def test_folder_that_is_no_date_is_refused(tmp_path: Path, folder: str) -> None:
    deliver(tmp_path, "data.csv", TEXT, day=folder)

    (delivery,) = find_deliveries(source(), tmp_path)

    assert delivery.known_at is None
    assert delivery.refusal == (
        f"{folder}/data.csv: '{folder}' in its path is not a date, expected YYYY-MM-DD. Put the "
        "file into the folder of the day it arrived."
    )


def test_links_hidden_and_unfinished_files_do_not_count(tmp_path: Path) -> None:
    real = deliver(tmp_path, "data.csv", TEXT)
    for name in (".data.csv", "data.csv.part", "data.csv.tmp", "~$data.csv", ".git/data.csv"):
        deliver(tmp_path, name, TEXT)
    (tmp_path / "2024-03-02").symlink_to(real.parent)
    (real.parent / "data_link.csv").symlink_to(real)
    (real.parent / "data_folder.csv").mkdir()
    os.mkfifo(real.parent / "data_pipe.csv")  # would wait for ever when read

    assert files(tmp_path, "{date}/data*") == ["2024-03-01/data.csv"]
    assert unclaimed_files([source()], tmp_path) == []


def test_unclaimed_files(tmp_path: Path) -> None:
    deliver(tmp_path, "data.csv", TEXT)
    deliver(tmp_path, "other/thing.docx", b"?")
    deliver(tmp_path, "data.csv", TEXT, day="latest")  # claimed, though it will be refused

    assert unclaimed_files([source()], tmp_path) == ["2024-03-01/other/thing.docx"]
    assert len(unclaimed_files([], tmp_path)) == 3


def test_folder_that_cannot_be_opened_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(tmp_path, "data.csv", TEXT)
    deliver(tmp_path, "closed/data.csv", TEXT)
    scandir = os.scandir

    def closed(path: Path) -> object:  # the tests may run as root, whom nothing stops
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("pipelines.landing.deliveries.os.scandir", closed)
    assert files(tmp_path, "{date}/data.csv") == ["2024-03-01/data.csv"]
    assert unclaimed_files([source()], tmp_path) == ["2024-03-01/closed/"]


def test_file_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(tmp_path, "data.csv", TEXT)
    deliver(tmp_path, "data_closed.csv", TEXT)
    opened = Path.open

    def closed(path: Path, *args: str) -> object:
        if path.name == "data_closed.csv":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args)

    monkeypatch.setattr(Path, "open", closed)
    good, refused = find_deliveries(source(), tmp_path)

    assert good.refusal is None
    assert refused.refusal == (
        "2024-03-01/data_closed.csv: the file cannot be read (Permission denied). Check its "
        "permissions."
    )


def test_file_that_is_still_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = deliver(tmp_path, "data.csv", TEXT)

    def grows(*args: object) -> object:
        with path.open("ab") as stream:
            stream.write(b"3,4,5\n")
        return examine(*args)  # type: ignore[arg-type]

    from pipelines.landing.content import examine

    monkeypatch.setattr("pipelines.landing.deliveries.examine", grows)
    (delivery,) = find_deliveries(source(), tmp_path)

    assert "the file is still being written" in (delivery.refusal or "")


def test_refused_file_keeps_its_id_until_it_changes(tmp_path: Path) -> None:
    deliver(tmp_path, "data.csv.gz", gzip.compress(TEXT)[:-4])
    one, two = (find_deliveries(source(), tmp_path)[0] for _ in range(2))
    assert one == two
    deliver(tmp_path, "data.csv.gz", gzip.compress(TEXT)[:-5])
    assert find_deliveries(source(), tmp_path)[0].batch_id != one.batch_id


def test_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "2024-03-01"
    folder.mkdir()
    with open(os.fsencode(folder) + b"/data\xb2\xe2.csv", "wb") as stream:
        stream.write(TEXT)

    (delivery,) = find_deliveries(source(), tmp_path)

    assert delivery.refusal == (
        "2024-03-01/data\\udcb2\\udce2.csv: the file's name is not UTF-8. Rename it."
    )


def test_root_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match=r"is no folder\. Give the folder that holds"):
        find_deliveries(source(), tmp_path / "nowhere")
