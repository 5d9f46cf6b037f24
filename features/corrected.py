"""What a firm's features would be, had it put right what it can put right.

A correction is made in copies of the firm's records, and the features are worked out from them by
the very functions that made the published ones. So everything that rests on a corrected record
changes with it. What other firms decide (who shares a phone, an address, an agent) is kept as
published: no correction touches a key that is shared.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from conf.correction import Correction, Edit
from features.as_of import ARRIVAL_ORDER, RECORD_COLUMNS, RECORD_KEY
from features.assemble import subject_features, with_derived
from features.declaration import SUBJECT_TABLES, FeatureError, dated
from features.feature_sets import FeatureSet
from features.library import FEATURES
from features.vocabulary import BANNED_WORDS, INVESTMENT_WORDS

PLUS = "+"
"""Between the names of corrections that are made together."""

# the longest first: nothing of a word may be left over
_WORDS = "|".join(sorted(BANNED_WORDS + INVESTMENT_WORDS, key=lambda word: (-len(word), word)))
_BETWEEN = ";；、，,。（）()"
SCOPE_ITEM = f"[^{_BETWEEN}]*({_WORDS})[^{_BETWEEN}]*[;；、，,。]?"
"""An item of a business scope that holds a word which needs a licence, with what ends it."""


def corrected_features(
    tables: Mapping[str, DataFrame],
    as_of: datetime.date,
    feature_set: FeatureSet,
    features: DataFrame,
    corrections: Sequence[Correction],
    plans: DataFrame,
) -> DataFrame:
    """The features of firms after corrections.

    Args:
        tables: known states by table name, of these firms at least.
        as_of: the day they belong to.
        feature_set: which columns.
        features: the published ones: `subject_id` and the set's columns.
        corrections: what can be put right.
        plans: `subject_id`, `plan`: names of corrections joined with `+`, in any order; an empty
            plan puts nothing right and gives the published features again.

    Returns:
        `subject_id`, `plan` and the set's columns, one row a plan of a registered firm.

    Raises:
        FeatureError: a feature that other firms decide is not among the published ones.
    """
    needed = feature_set.with_inputs()
    kept = [
        name
        for name, c in needed.items()
        if c.feature.kind == "sharers" or c.feature.other_firms or c.feature.table == "address"
    ]
    if missing := [name for name in kept if name not in features.columns]:
        raise FeatureError(
            f"the published features lack {', '.join(missing)}, which other firms decide; put "
            f"them into the feature set {feature_set.name}"
        )
    own = tuple(
        name
        for name, c in needed.items()
        if name in FEATURES and name not in kept and c.feature.kind != "derived"
    )
    wanted = _variants(plans, corrections)
    put_right = _put_right(tables, as_of, wanted, corrections)
    made = subject_features(put_right, as_of, FeatureSet("corrected", own, feature_set.declared))
    variants = wanted.select("variant_", "subject_id", "plan")
    firms = (
        made.withColumnRenamed("subject_id", "variant_")
        .join(variants, "variant_")
        .join(features.select("subject_id", *kept), "subject_id")
    )
    firms = with_derived(firms, needed, tables)
    return firms.select("subject_id", "plan", *feature_set.names())


def _variants(plans: DataFrame, corrections: Sequence[Correction]) -> DataFrame:
    """One row a plan, with an id of its own and a flag for each correction."""
    padded = F.concat(F.lit(PLUS), "plan", F.lit(PLUS))
    return plans.select(
        "subject_id",
        "plan",
        F.concat("subject_id", F.lit("#"), "plan").alias("variant_"),
        *[padded.contains(f"{PLUS}{c.name}{PLUS}").alias(_does(c)) for c in corrections],
    )


def _does(correction: Correction) -> str:
    return f"does_{correction.name}_"


def _put_right(
    tables: Mapping[str, DataFrame],
    as_of: datetime.date,
    wanted: DataFrame,
    corrections: Sequence[Correction],
) -> dict[str, DataFrame]:
    """The tables with a copy of a firm's records for each of its plans, put right by it."""
    before = {
        name: tables[name]
        .join(wanted.drop("plan"), "subject_id")
        .withColumn("subject_id", F.col("variant_"))
        for name in SUBJECT_TABLES
        if name in tables
    }
    after = dict(before)
    for correction in corrections:
        for edit in correction.edits:
            source = edit.source or edit.table
            if edit.table not in after or source not in before:
                continue
            if edit.change is not None:
                after[edit.table] = _changed(after[edit.table], edit, _does(correction), as_of)
            else:
                rows = before[source] if edit.source else after[source]
                added = _copies(rows, after[edit.table], edit, _does(correction), as_of)
                after[edit.table] = after[edit.table].unionByName(added)
    return {name: rows.select(*tables[name].columns) for name, rows in after.items()}


def _changed(rows: DataFrame, edit: Edit, does: str, as_of: datetime.date) -> DataFrame:
    marked, chosen = _chosen(rows, edit, does, as_of)
    kinds = dict(rows.dtypes)
    return marked.select(
        *[
            F.when(chosen, _sql(edit.set[c], as_of).cast(kinds[c])).otherwise(F.col(c)).alias(c)
            if c in edit.set
            else F.col(c)
            for c in rows.columns
        ]
    )


def _copies(
    rows: DataFrame, target: DataFrame, edit: Edit, does: str, as_of: datetime.date
) -> DataFrame:
    marked, chosen = _chosen(rows, edit, does, as_of)
    same = edit.source is None or edit.source == edit.table

    def value(column: str, kind: str) -> Column:
        if column in edit.set:
            return _sql(edit.set[column], as_of).cast(kind)
        copied = same or column in RECORD_COLUMNS or column.endswith("_") or column == "subject_id"
        return F.col(column) if copied else F.lit(None).cast(kind)

    return marked.where(chosen).select(*[value(c, k).alias(c) for c, k in target.dtypes])


def _chosen(
    rows: DataFrame, edit: Edit, does: str, as_of: datetime.date
) -> tuple[DataFrame, Column]:
    """The rows, and the condition that picks those the edit is about."""
    fits = F.col(does) & F.coalesce(_sql(edit.where, as_of), F.lit(False))
    if not edit.newest:
        return rows, fits
    last = [F.col(c).desc_nulls_last() for c in ("event_date", *ARRIVAL_ORDER, *RECORD_KEY)]
    order = Window.partitionBy("subject_id").orderBy(F.when(fits, 0).otherwise(1), *last)
    return rows.withColumn("newest_", F.row_number().over(order)), fits & (F.col("newest_") == 1)


def _sql(text: str, as_of: datetime.date) -> Column:
    filled = text.replace("{finance_words}", _WORDS).replace("{scope_item}", SCOPE_ITEM)
    return F.expr(dated(filled, as_of))
