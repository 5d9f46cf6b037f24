from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from graphs.family_tree import family_tree
from pipelines.refusals import RefusalError
from pipelines.tree_command import MAX_NODES, _check_limits, check_out, draw, write_tree

ROW = {
    "src": "p1", "src_kind": "person", "dst": "A", "dst_kind": "firm",
    "kind": "ownership", "role": "", "ratio": Decimal("0.6"),
}  # fmt: skip
TREE = family_tree(pa.Table.from_pylist([ROW]), "A")


@pytest.mark.parametrize(
    ("ending", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("html", b"<!DOCTYPE html>")]
)
def test_the_ending_says_what_is_written(tmp_path, ending, begins):
    out = tmp_path / f"tree.{ending}"
    write_tree(TREE, out, date(2024, 6, 30))
    assert out.read_bytes().startswith(begins)


def test_another_ending_and_a_missing_folder_are_refused_with_what_to_do(tmp_path):
    with pytest.raises(RefusalError, match=r"must end in \.svg, \.png, \.html"):
        check_out(Path("tree.pdf"))
    with pytest.raises(RefusalError, match="is not there; make it first"):
        check_out(tmp_path / "none" / "tree.svg")


def test_a_notebook_shows_the_picture_as_it_is():
    assert draw(TREE)._repr_svg_().startswith("<?xml")
    assert draw(TREE)._repr_png_() is None
    assert draw(TREE, "png")._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(RefusalError, match="svg or png, not 'html'"):
        draw(TREE, "html")


def test_limits_that_make_no_tree_are_refused():
    with pytest.raises(RefusalError, match="-1 levels up"):
        _check_limits(-1, 3, 60)
    with pytest.raises(RefusalError, match="2,001 nodes"):
        _check_limits(4, 3, MAX_NODES + 1)
