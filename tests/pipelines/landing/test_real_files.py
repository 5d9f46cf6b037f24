"""Every line of the real files is read, and read as a row."""

from __future__ import annotations

from pathlib import Path

import pytest
from literal_deliveries import land_found

from conf.source import load_source
from conf.table import load_catalogue

SOURCES = sorted((Path(__file__).parents[3] / "conf/cities/ccf469/sources").glob("*.yaml"))


@pytest.mark.real_data
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_real_file_lands_whole(real_data: Path, path: Path) -> None:
    landed = land_found(real_data / "ccf469", load_source(path, load_catalogue()))

    assert landed.refusal is None
    assert landed.reasons == []
    assert len(landed.good) == landed.delivery.expected_rows > 1000
