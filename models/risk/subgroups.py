"""The list by district, industry, age and size: where it finds, and whom it burdens."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

AGES = ((1, "under 1 year"), (3, "1 to 3"), (5, "3 to 5"), (10, "5 to 10"), (np.inf, "10 and more"))
SIZES = ((10, "under 10"), (50, "10 to 49"), (300, "50 to 299"), (np.inf, "300 and more"))
UNKNOWN = "unknown"
_SECTION = r"^([A-T])\d+$"  # GB/T 4754: the letter is the section; classes are too many to read
COLUMNS = ("by", "value", "firms", "share_of_firms", "listed", "share_of_list", "hits", "to_find")


def subgroups(
    firms: pd.DataFrame, features: pd.DataFrame, chosen: set[str], label: NDArray[np.bool_]
) -> pd.DataFrame:
    """One row a subgroup, `COLUMNS`: how much of the city and of the list it is, and the hits there.

    `firms`: subject_id, district, industry (a class of GB/T 4754 counts to its section).
    `features`: rows of the same firms in the same order; `age_days` and `registered_employees` are
    used where they are there. Bands have a fixed order, the others go by their part of the list.
    """
    by = {
        "district": firms["district"].fillna(UNKNOWN),
        "industry": firms["industry"].fillna(UNKNOWN).str.replace(_SECTION, r"\1", regex=True),
        "age": _banded(features.get("age_days"), AGES, 365.25, len(firms)),
        "size": _banded(features.get("registered_employees"), SIZES, 1.0, len(firms)),
    }
    listed = firms["subject_id"].isin(chosen).to_numpy()
    parts = []
    for name, values in by.items():
        table = (
            pd.DataFrame({"value": values.to_numpy(), "listed": listed, "label": label})
            .assign(hits=lambda rows: rows["listed"] & rows["label"])
            .groupby("value", as_index=False)
            .agg(firms=("listed", "size"), listed=("listed", "sum"), hits=("hits", "sum"),
                 to_find=("label", "sum"))
        )  # fmt: skip
        bands = [told for _, told in (AGES if name == "age" else SIZES)]
        if name in ("age", "size"):
            place = table["value"].map({b: i for i, b in enumerate([*bands, UNKNOWN])})
            table = table.assign(place=place).sort_values("place")
        else:
            table = table.sort_values(["listed", "firms", "value"], ascending=[False, False, True])
        parts.append(table.assign(by=name))
    every = pd.concat(parts, ignore_index=True)
    every["share_of_firms"] = every["firms"] / max(1, len(firms))
    every["share_of_list"] = every["listed"] / max(1, int(listed.sum()))
    return every[list(COLUMNS)]


def _banded(
    column: pd.Series | None, bands: tuple[tuple[float, str], ...], unit: float, rows: int
) -> pd.Series:
    if column is None:
        return pd.Series([UNKNOWN] * rows)
    values = pd.to_numeric(column, errors="coerce").to_numpy(float) / unit
    ends = [end for end, _ in bands]
    names = np.array([told for _, told in bands] + [UNKNOWN], dtype=object)
    at = np.where(np.isnan(values), len(bands), np.searchsorted(ends, values, side="right"))
    return pd.Series(names[at])
