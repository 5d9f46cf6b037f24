"""`forewarn tree` and the notebook's calls: one firm's family tree out of a lake.

with open_lake("demo/lake") as city:
    tree = family_tree(city, subject)
    draw(tree, as_of=city.run().as_of)      # a notebook shows the picture
    write_tree(tree, Path("tree.html"), city.run().as_of)
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import networkx as nx
from pyspark.sql import functions as F

from features.as_of import latest_by_key
from graphs import family_tree as trees
from graphs.drawing import Drawing, draw_family_tree
from graphs.edges import edges
from graphs.kinds import FIRM, PERSON
from graphs.tree_words import Language
from models.risk.ranking import LIST, UNDER_CASE, official_cases
from pipelines.assembling import known_lake
from pipelines.delivering.tree_page import tree_page
from pipelines.exported_keys import exported_key, with_exported_keys
from pipelines.reader import CityLake
from pipelines.refusals import RefusalError
from pipelines.runs import rows_of

FORMS = (".svg", ".png", ".html")
MAX_NODES = 2_000
"""More than a person can look at; the walk itself would go on."""


def family_tree(
    city: CityLake,
    subject: str,
    as_of: date | None = None,
    *,
    levels_up: int = 4,
    levels_down: int = 3,
    max_nodes: int = 60,
) -> nx.DiGraph:
    """One firm's tree as of a published list, with names, cases, levels and probabilities.

    As `graphs.family_tree.family_tree` and `marked`; a firm under case is one whose latest
    known stage is official. A person's id is `exported_key`, for a tree is made to be shown.
    Raises `RefusalError` when the subject was not known on the date or the figures are out of
    range, `LakeError` for a date without a list.
    """
    _check_limits(levels_up, levels_down, max_nodes)
    run, name = city.run(as_of), subject.strip()
    of_it = F.col("subject_id") == name
    features = rows_of(city.lake, "subject_features", run).where(of_it)
    found = features.select("controller_id", "controller_kind").toArrow().to_pylist()
    if not found:
        raise RefusalError(
            f"No subject '{name}' was known as of {run.as_of}. Give the whole id, as "
            "`forewarn show` or `forewarn export scores` print it."
        )
    known = known_lake(city.lake, run.as_of)
    cases = []
    if "case_label" in known:
        under_case = official_cases(known["case_label"]).select("subject_id")
        cases = under_case.toArrow().column("subject_id").to_pylist()
    tree = trees.family_tree(
        with_exported_keys(edges(known, run.as_of).toArrow()),
        name,
        cases=cases,
        levels_up=levels_up,
        levels_down=levels_down,
        max_nodes=max_nodes,
    )
    controller = found[0]["controller_id"]
    if found[0]["controller_kind"] == PERSON:
        controller = exported_key(controller)
    firms = sorted(node[1] for node in tree if node[0] == FIRM)
    among = F.col("subject_id").isin(firms)
    registered = known["registration"].where(among)
    warned = rows_of(city.lake, "warnings", run).where(
        among & F.col("section").isin(LIST, UNDER_CASE)
    )
    scores = rows_of(city.lake, "scores", run).where(among)
    return trees.marked(
        tree,
        names=_by_id(latest_by_key(registered, ["subject_id"]), "name"),
        controller=controller,
        warnings=_by_id(warned, "level"),
        probabilities=_by_id(scores, "probability"),
    )


def draw(
    tree: nx.DiGraph, form: str = "svg", *, as_of: date | None = None, language: Language = "zh"
) -> Drawing:
    """The picture of a tree, shown by a notebook as it is. `form` is svg or png."""
    if form not in ("svg", "png"):
        raise RefusalError(f"A notebook draws svg or png, not '{form}'; write_tree makes a page.")
    return draw_family_tree(tree, "png" if form == "png" else "svg", as_of=as_of, language=language)


def write_tree(
    tree: nx.DiGraph, out: Path, as_of: date | None = None, language: Language = "zh"
) -> str:
    """Writes a picture or a page, by the file's ending; gives back what the reader should know.

    Raises `RefusalError` for another ending or a folder that is not there.
    """
    check_out(out)
    if out.suffix == ".html":
        out.write_text(tree_page(tree, as_of, language), encoding="utf-8", newline="\n")
        return ""
    drawing = draw(tree, out.suffix[1:], as_of=as_of, language=language)
    out.write_bytes(drawing.data)
    return drawing.note


def check_out(out: Path) -> None:
    """Refuses a file that cannot be written, before any work is done for it."""
    if out.suffix not in FORMS:
        raise RefusalError(f"--out {out} must end in {', '.join(FORMS)}; that says what is drawn.")
    if not out.parent.is_dir():
        raise RefusalError(f"The folder {out.parent} of --out is not there; make it first.")


def _check_limits(levels_up: int, levels_down: int, max_nodes: int) -> None:
    if min(levels_up, levels_down) < 0 or not 1 <= max_nodes <= MAX_NODES:
        raise RefusalError(
            f"A tree has levels of 0 or more and 1 to {MAX_NODES:,} nodes; got {levels_up} levels "
            f"up, {levels_down} down and {max_nodes:,} nodes."
        )


def _by_id(rows: Any, column: str) -> dict[str, Any]:
    found = rows.select("subject_id", column).toArrow().to_pylist()
    return {row["subject_id"]: row[column] for row in found if row[column] is not None}
