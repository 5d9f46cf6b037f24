"""`forewarn owners` and the notebook's call: who really stands behind one firm, down to the records.

    with open_lake("demo/lake") as city:
        behind = standing_behind(city, subject)
        behind.paths.to_pandas()    # every way of control, hop by hop, with its records
        behind.owners.to_pandas()   # whose capital it is, through all ways
        behind.shapes.to_pandas()   # the shapes it stands in, and who else does

Control and ownership stand side by side and are never mixed. A person's id is `exported_key`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F

from conf.city import load_city
from features.as_of import latest_by_key
from graphs.compact import compact
from graphs.concert import node_name
from graphs.control_paths import control_paths
from graphs.edges import edges
from graphs.integrated_ownership import ultimate_owners
from graphs.shape_members import SHAPE_MEMBER_SCHEMA
from pipelines.assembling import (
    concert_members,
    controlled_graph,
    known_lake,
    registered_subjects,
)
from pipelines.exported_keys import with_exported_keys, with_exported_persons
from pipelines.group_tables import SHAPE_MEMBERS
from pipelines.reader import CityLake
from pipelines.refusals import RefusalError
from pipelines.runs import Run, rows_of

OWNER_SCHEMA: pa.Schema = pa.schema(
    [("owner_id", pa.string()), ("owner_kind", pa.string()), ("share", pa.float64())]
)


@dataclass(frozen=True)
class StandingBehind:
    """Who controls a firm, who owns it, and the shapes it stands in, as of a published list.

    - paths: `graphs.control_paths.PATH_SCHEMA`, no rows where nobody controls it; threshold: the
      share of the votes that must be exceeded
    - owners: `OWNER_SCHEMA`, the ultimate owners, largest first; unrecorded: the share that no
      recorded way leads up from; too_small: that of owners below a thousandth
    - shapes: `SHAPE_MEMBER_SCHEMA`, every member of each shape that the firm stands in
    - names: of the firms named here, by id
    """

    run: Run
    subject_id: str
    threshold: float
    paths: pa.Table
    owners: pa.Table
    unrecorded: float
    too_small: float
    shapes: pa.Table
    names: Mapping[str, str]


def standing_behind(
    city: CityLake, subject: str, as_of: date | None = None, *, conf: str | None = None
) -> StandingBehind:
    """Who stands behind a firm as of a published list (default: the newest).

    `conf`: the city's name or folder, where it is not the name the lake's runs carry. Raises
    `RefusalError` for a subject that was not known on the date, `LakeError` for a date without a
    list.
    """
    run, name = city.run(as_of), subject.strip()
    known, stated = known_lake(city.lake, run.as_of), load_city(conf or run.city)
    subjects = registered_subjects(known)
    if not pc.index(subjects, name).as_py() >= 0:
        raise RefusalError(
            f"No subject '{name}' was known as of {run.as_of}. Give the whole id, as "
            "`forewarn show` or `forewarn export scores` print it."
        )
    relations = with_exported_keys(edges(known, run.as_of).toArrow())
    concert = concert_members(known, run.as_of)
    if concert is not None:
        concert = with_exported_persons(concert, "holder_id", "holder_kind")
    graph = compact(relations, subjects)
    controlled = controlled_graph(graph, stated, concert)
    owned = ultimate_owners(graph, concert=controlled.concert)
    number = int(graph.numbers([name])[0])
    owners = [
        (*reversed(node_name(graph, controlled.concert, owner)), share)
        for owner, share in zip(*(a.tolist() for a in owned.owners_of(number)), strict=True)
    ]
    paths = control_paths(relations, graph, controlled, name)
    shapes = _shapes(city, run, name)
    table = _owner_table(owners)
    return StandingBehind(
        run=run,
        subject_id=name,
        threshold=float(stated.control_threshold),
        paths=paths,
        owners=table,
        unrecorded=float(owned.unrecorded[number]),
        too_small=float(owned.too_small[number]),
        shapes=shapes,
        names=_names(city, run, name, paths, table, shapes),
    )


def _owner_table(owners: list[tuple[str, str, float]]) -> pa.Table:
    rows = sorted(owners, key=lambda row: (-row[2], row[1], row[0]))
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    arrays = [pa.array(c, f.type) for c, f in zip(columns, OWNER_SCHEMA, strict=True)]
    return pa.table(arrays, OWNER_SCHEMA)


def _shapes(city: CityLake, run: Run, name: str) -> pa.Table:
    """All members of the shapes that the firm stands in; none in a lake of an older program."""
    if not city.lake.exists("gold", SHAPE_MEMBERS):
        return SHAPE_MEMBER_SCHEMA.empty_table()
    rows = rows_of(city.lake, SHAPE_MEMBERS, run)
    of_it = rows.where(F.col("subject_id") == name).select("shape", "shape_id").distinct()
    whole = rows.join(of_it, ["shape", "shape_id"], "left_semi").select(*SHAPE_MEMBER_SCHEMA.names)
    order = [(column, "ascending") for column in ("shape", "shape_id", "place")]
    found = whole.toArrow().cast(SHAPE_MEMBER_SCHEMA).sort_by(order)
    return with_exported_persons(found, "other_id", "other_kind")


def _names(city: CityLake, run: Run, name: str, *tables: pa.Table) -> dict[str, str]:
    """The registered names of all firms that the tables have."""
    ids = {name}
    for table in tables:
        for column in ("controller", "holder", "held", "owner_id", "subject_id", "other_id"):
            if column in table.column_names:
                ids.update(table[column].to_pylist())
    among = F.col("subject_id").isin(sorted(one for one in ids if one is not None))
    rows = latest_by_key(city.table("registration", run.as_of).where(among), ["subject_id"])
    found = rows.select("subject_id", "name").toArrow().to_pylist()
    return {row["subject_id"]: row["name"] for row in found if row["name"] is not None}
