"""Holders who act in concert, and families: several holders that count as one.

Only what the data say: a table names the holder and its group. Nothing is ever inferred from a
name, an address or a shared post.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from graphs.compact import CompactGraph
from graphs.kinds import FIRM, NODE_KINDS, PERSON

CONCERT_GROUP = "concert_group"
CONCERT_COLUMNS = ("holder_id", "holder_kind", "group_id")


@dataclass(frozen=True)
class ConcertGroups:
    """Concert groups over one graph. Group g has the node number `graph.node_count + g`.

    ids: group ids, ascending. member, group: the members that the graph has, by group, then
    number. declared[group]: how many members the data name, those the graph lacks included.
    account[node]: whose holdings the node's are: its group's number, or its own.
    """

    ids: pa.StringArray
    member: NDArray[np.int32]
    group: NDArray[np.int32]
    declared: NDArray[np.int64]
    account: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ids)

    def members(self, group: int) -> NDArray[np.int32]:
        """Node numbers of the members of the group at this position of `ids`, ascending."""
        return self.member[self.group == group]


def concert_groups(graph: CompactGraph, table: pa.Table) -> ConcertGroups:
    """Reads who counts together from `table`: columns holder_id, holder_kind, group_id.

    holder_kind is firm or person. A row given twice counts once. A holder that the graph does not
    have holds nothing, but still is a member.

    Raises ValueError for a missing column, a NULL, another kind of holder, or a holder in two
    groups: its stakes would count twice.
    """
    _check(table)
    distinct = table.select(CONCERT_COLUMNS).group_by(list(CONCERT_COLUMNS)).aggregate([])
    distinct = distinct.sort_by([(name, "ascending") for name in reversed(CONCERT_COLUMNS)])
    _check_one_group_each(distinct)
    groups = distinct["group_id"].cast(pa.string()).combine_chunks()
    ids = pc.unique(groups)
    group = pc.index_in(groups, value_set=ids).to_numpy().astype(np.int32)
    holders = distinct["holder_id"].cast(pa.string()).combine_chunks()
    is_person = pc.equal(distinct["holder_kind"], PERSON).to_numpy()
    number = np.where(is_person, graph.numbers(holders, PERSON), graph.numbers(holders, FIRM))
    here = number >= 0
    order = np.lexsort((number[here], group[here]))
    member, of = number[here][order].astype(np.int32), group[here][order]
    account = np.arange(graph.node_count + len(ids), dtype=np.int32)
    account[member] = of + graph.node_count
    declared = np.bincount(group, minlength=len(ids)).astype(np.int64)
    return ConcertGroups(ids, member, of, declared, account)


def joined_groups(table: pa.Table) -> pa.Table:
    """The table with groups that share a holder made one, under the smallest of their ids.

    Two agreements with one member bind him twice; a stake counts once, so they count as one.
    """
    if not table.num_rows:
        return table
    group_ids = pc.unique(table["group_id"]).sort()
    holders = pc.binary_join_element_wise(table["holder_kind"], table["holder_id"], "\x1f")
    names = pc.unique(holders)
    group = pc.index_in(table["group_id"], value_set=group_ids).to_numpy()
    holder = pc.index_in(holders, value_set=names).to_numpy() + len(group_ids)
    size = len(group_ids) + len(names)
    ties = sparse.csr_matrix((np.ones(len(group), np.int8), (group, holder)), shape=(size, size))
    _, label = csgraph.connected_components(ties, directed=False)
    # ids are sorted, so the first group of a component has its smallest
    _, first = np.unique(label[: len(group_ids)], return_index=True)
    named = group_ids.take(pa.array(first[np.searchsorted(np.unique(label), label[group])]))
    at = table.schema.get_field_index("group_id")
    return table.set_column(at, "group_id", named)


def node_name(graph: CompactGraph, concert: ConcertGroups | None, node: int) -> tuple[str, str]:
    """(kind, id) of a node number, a concert group's included."""
    if node < graph.node_count or concert is None:
        return graph.kind_of(node), graph.id_of(node)
    return CONCERT_GROUP, str(concert.ids[node - graph.node_count].as_py())


def _check(table: pa.Table) -> None:
    missing = [name for name in CONCERT_COLUMNS if name not in table.column_names]
    if missing:
        raise ValueError(
            f"The table of concert groups lacks {', '.join(missing)}; expected "
            f"{', '.join(CONCERT_COLUMNS)}, got {', '.join(table.column_names)}."
        )
    for name in CONCERT_COLUMNS:
        if table[name].null_count:
            raise ValueError(
                f"The table of concert groups has {table[name].null_count:,} rows without {name}; "
                "expected none. Leave out what has no key: a name alone joins nobody."
            )
    kinds = set(pc.unique(table["holder_kind"]).to_pylist())
    if not kinds <= {FIRM, PERSON}:
        wrong = ", ".join(sorted(kinds - {FIRM, PERSON}))
        raise ValueError(
            f"The table of concert groups has holders of kind {wrong}; expected {FIRM} or {PERSON} "
            f"(of {', '.join(NODE_KINDS)} only these hold shares)."
        )


def _check_one_group_each(distinct: pa.Table) -> None:
    counted = distinct.group_by(["holder_id", "holder_kind"]).aggregate([("group_id", "count")])
    twice = counted.filter(pc.greater(counted["group_id_count"], 1)).sort_by("holder_id")
    if twice.num_rows:
        names = ", ".join(twice["holder_id"].slice(0, 3).to_pylist())
        raise ValueError(
            f"{twice.num_rows:,} holders stand in two concert groups ({names}); expected one each, "
            "for a stake counts once. Join the groups or end the older membership."
        )
