"""HAT's files: its relations as our edge table, its derived firm pairs, its labels.

Neither kind of edge has a stake, a role or a date. A person's edge to a firm becomes a post without
a role, a firm's edge to a firm a holding of unknown stake; so they say who is near whom, and give
nobody control. The derived graphs are pairs of firms without the person between them, so they are
no edges of the investment graph: `metapath_CC` firm and firm, `metapath_CIC` through a shared
shareholder, `metapath_CMC` through a shared board member.

`bankrupt_before_2019` repeats the label of the train split and is 0 all over valid, so it is never
read: valid and test are of a later time than train.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

METAPATHS = ("CC", "CIC", "CMC")


@dataclass(frozen=True)
class Hat:
    """The files. companies: sorted, `company` is its own row number."""

    companies: pd.DataFrame
    individuals: pd.DataFrame
    posts: pd.DataFrame
    holdings: pd.DataFrame
    metapaths: dict[str, pd.DataFrame]

    @property
    def labels(self) -> NDArray[np.float64]:
        """1 bankrupt, 0 not, NaN withheld."""
        labels: NDArray[np.float64] = self.companies.label.to_numpy(np.float64)
        return labels

    def in_split(self, name: str) -> NDArray[np.bool_]:
        """Which firms the split has."""
        told: NDArray[np.bool_] = (self.companies.split == name).to_numpy()
        return told

    @property
    def firm_facts(self) -> pd.DataFrame:
        """The anonymous features of each firm, nothing of its relations."""
        names = [n for n in self.companies if n.startswith("f") and n[1:].isdigit()]
        return self.companies[names].astype(float)


def read(folder: Path) -> Hat:
    """The files of a folder. Raises ValueError when the firms are not numbered 0, 1, 2, ..."""
    companies = pd.read_csv(folder / "companies.csv.gz").sort_values("company", ignore_index=True)
    if companies.company.tolist() != list(range(len(companies))):
        raise ValueError(
            f"The firms of {folder} are not numbered 0 to {len(companies) - 1:,}, each once; "
            "the derived graphs name them by number."
        )
    return Hat(
        companies=companies,
        individuals=pd.read_csv(folder / "individuals.csv.gz").set_index("individual"),
        posts=pd.read_csv(folder / "edges_individual_company.csv.gz"),
        holdings=pd.read_csv(folder / "edges_company_company.csv.gz"),
        metapaths={n: pd.read_csv(folder / f"metapath_{n}.csv.gz") for n in METAPATHS},
    )


def ids(numbers: pd.Series | pd.Index) -> list[str]:
    """Their numbers as ids, of one width, so that they sort alike."""
    return [f"{number:06d}" for number in numbers]


def edge_table(hat: Hat) -> pa.Table:
    """Posts and holdings as `graphs.compact` takes them."""
    posts, holdings = hat.posts, hat.holdings
    kinds = ["directorship"] * len(posts) + ["ownership"] * len(holdings)
    columns = {
        "src": ids(posts.individual) + ids(holdings.src_company),
        "src_kind": ["person"] * len(posts) + ["firm"] * len(holdings),
        "dst": ids(posts.company) + ids(holdings.dst_company),
        "dst_kind": ["firm"] * len(kinds),
        "kind": kinds,
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
