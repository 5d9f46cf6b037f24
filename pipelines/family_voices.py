"""Who of a firm's family speaks loudest, for the reasons that speak of families."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.city import City
from models.risk.estimator import RiskModel
from models.risk.family import LARGEST_FAMILY
from models.risk.family_words import Voice, link_words, loudest, voices_words
from pipelines.assembling import Assembled
from pipelines.past_lists import rows_among

NameOf = Callable[[str], str]


def family_voices(
    judged: Assembled,
    city: City,
    model: RiskModel,
    registration: DataFrame,
    rows: Iterable[Mapping[str, Any]],
) -> dict[str, tuple[str, str]]:
    """The end of the family's reason by subject, Chinese and English.

    `rows`: subject_id and group_id of the firms whose reasons speak of their family.
    """
    wanted = {row["subject_id"]: row["group_id"] for row in rows}
    if not wanted:
        return {}
    kin = F.col("group_id").isin(sorted(set(wanted.values())))
    whole = F.col("group_size").between(2, LARGEST_FAMILY)
    of_them = judged.features.where(kin & whole).select("subject_id", "group_id", *model.features)
    members = of_them.toArrow().to_pandas()
    heard = loudest(members.assign(own=model.own_margin(members)), wanted, model.middle)
    named = {one for voices in heard.values() for one in voices}
    edges = _edges_of(judged.edges, named | heard.keys())
    name_of = firm_names(city, registration, named)
    return {
        subject: voices_words(
            [Voice(one, link_words(subject, one, edges)) for one in voices],
            lambda one: name_of(one) or one,
        )
        for subject, voices in heard.items()
    }


def firm_names(city: City, registration: DataFrame, firms: Iterable[str]) -> NameOf:
    """How firms are called; empty where there is no name, or none may leave the lake."""
    if city.catalogue["registration"].columns["name"].use == "never":
        return lambda subject: ""
    called = rows_among(registration, firms).select("subject_id", "name").toArrow().to_pylist()
    names = {row["subject_id"]: row["name"] or "" for row in called}
    return lambda subject: names.get(subject, "")


def _edges_of(edges: pa.Table, firms: Iterable[str]) -> list[dict[str, Any]]:
    touched = pa.array(sorted(firms), pa.string())
    near = pc.or_(
        pc.is_in(edges["src"], value_set=touched), pc.is_in(edges["dst"], value_set=touched)
    )
    wanted = ["src", "src_kind", "dst", "dst_kind", "kind", "role"]
    found: list[dict[str, Any]] = edges.select(wanted).filter(near).to_pylist()
    return found
