"""SMEsD's files: its relations as our edge table, and what is known of a firm without relations.

What their words mean here, read off the train and valid rows:

- `supervise`, `execute` (person, firm): posts, the roles 监事 and 高管.
- `invest_CP` (person, firm): a holding, its weight an amount in 10,000 yuan. `stakeholder`: the
  same people (99 of 100 pairs), without an amount: a holding of unknown stake.
- `invest_CC`, `invested_CC` (firm, firm): their names are turned. The weight stays below the
  capital of `invested_CC`'s right end and adds up to it, so its left end is the owner.
- `branch` (firm, firm): the left end has the branches (up to 18), the right end has one parent.
- `loan`, `deal`, `rent`, `creditor` (firm, firm): contracts. They give nobody a share or a post,
  so they are no edges of the investment graph; `contracts` gives them as plain pairs.

A firm has the same number in every split and the splits share few firms; each split's graph is
taken alone, as its own city. Numbers only join rows, no figure is made of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

SUPERVISOR, EXECUTIVE = "监事", "高管"
CONTRACTS = ("loan", "deal", "rent", "creditor")
CATEGORIES = ("area", "industry")
PLAINTIFF_RESULTS = (0, 1)
LOST_AS_DEFENDANT = 3
LEAST_FIRMS = 15  # an area or industry with fewer firms in the train split is one of the others

_POSTS = {"supervise": SUPERVISOR, "execute": EXECUTIVE}
_WINDOWS = ((0, 12), (12, 24), (24, 48), (48, 10_000))


@dataclass(frozen=True)
class Smesd:
    """The four files; see the README beside them for the columns."""

    companies: pd.DataFrame
    edges: pd.DataFrame
    lawsuits: pd.DataFrame
    hyperedges: pd.DataFrame

    def of(self, split: str) -> Smesd:
        """The rows of one split."""
        tables = (self.companies, self.edges, self.lawsuits, self.hyperedges)
        return Smesd(*(table[table.split == split].reset_index(drop=True) for table in tables))


def read(folder: Path, *, test_labels: bool) -> Smesd:
    """The files of a folder. Without `test_labels` the test split's labels are blanked at once."""
    names = ("companies", "edges", "lawsuits", "hyperedges")
    tables = Smesd(*(pd.read_csv(folder / f"{name}.csv.gz") for name in names))
    if not test_labels:
        label = tables.companies.label.astype(float)
        tables.companies["label"] = label.mask(tables.companies.split == "test")
    return tables


def firm_id(numbers: pd.Series) -> list[str]:
    """Their numbers as ids, of one width, so that they sort alike."""
    return [f"{number:06d}" for number in numbers]


def edge_table(city: Smesd) -> pa.Table:
    """One split's holdings, posts and branches as `graphs.compact` takes them.

    A stake is the amount over the capital, or over the sum of the amounts where that is larger or
    the capital is not known.
    """
    by_name = dict(list(city.edges.groupby("ename")))
    none = city.edges.iloc[:0]
    firms = by_name.get("invested_CC", none).assign(src_kind="firm")
    people = by_name.get("invest_CP", none).assign(src_kind="person")
    held = pd.concat([firms, people])
    capital = city.companies.set_index("company").registered_capital
    whole = np.maximum(held.groupby("dst").weight.transform("sum"), held.dst.map(capital).fillna(0))
    held["ratio"] = (held.weight / whole).where(held.weight > 0)
    named = by_name.get("stakeholder", none).assign(src_kind="person")
    parts = [held.assign(kind="ownership"), named.assign(kind="ownership")]
    for name, role in _POSTS.items():
        post = by_name.get(name, none).assign(src_kind="person", kind="directorship", role=role)
        parts.append(post)
    parts.append(by_name.get("branch", none).assign(src_kind="firm", kind="branch"))
    rows = pd.concat(parts).reindex(columns=["src", "src_kind", "dst", "kind", "role", "ratio"])
    return pa.table(
        {
            "src": pa.array(firm_id(rows.src), pa.string()),
            "src_kind": pa.array(rows.src_kind.tolist(), pa.string()),
            "dst": pa.array(firm_id(rows.dst), pa.string()),
            "dst_kind": pa.array(["firm"] * len(rows), pa.string()),
            "kind": pa.array(rows.kind.tolist(), pa.string()),
            "role": pa.array(rows.role, pa.string(), from_pandas=True),
            "ratio": pa.array(rows.ratio, pa.float64(), from_pandas=True),
        }
    )


def contracts(city: Smesd) -> pd.DataFrame:
    """Pairs `left`, `right` of firms' ids and the `kind` of contract, one direction of each."""
    rows = city.edges[city.edges.ename.isin(CONTRACTS)]
    columns = {"left": firm_id(rows.src), "right": firm_id(rows.dst), "kind": list(rows.ename)}
    return pd.DataFrame(columns)


def lawsuit_seeds(city: Smesd) -> pd.DataFrame:
    """Risk seeds by company: its lawsuits, those lost as defendant, and those fresh, halved in 2 years."""
    rows = city.lawsuits.assign(
        lawsuits=1.0,
        lost=(city.lawsuits.result == LOST_AS_DEFENDANT).astype(float),
        fresh=np.exp2(-city.lawsuits.months_before_obs / 24),
    )
    return rows.groupby("company")[["lawsuits", "lost", "fresh"]].sum()


def common_groups(train: Smesd, kind: str) -> dict[str, int]:
    """Codes of the areas or industries that are common in the train split, the most common first."""
    rows = train.hyperedges[train.hyperedges.kind == kind]
    sizes = rows.groupby("group").size()
    names = sorted(sizes[sizes >= LEAST_FIRMS].index, key=lambda name: (-sizes[name], name))
    return {name: code for code, name in enumerate(names)}


def firm_facts(city: Smesd, codes: dict[str, dict[str, int]]) -> pd.DataFrame:
    """What is known of each firm by itself, by company: no relation to another firm or person.

    Registration (capital, age, area, industry, how many industries and qualifications) and its own
    lawsuits. The hyperedges count as registration: only the firm's own groups, never its peers.
    """
    firms = city.companies.set_index("company")
    facts = firms[["registered_capital", "paid_capital", "age_months"]].copy()
    facts["paid_share"] = facts.paid_capital / facts.registered_capital
    for kind in ("industry", "qualify"):
        rows = city.hyperedges[city.hyperedges.kind == kind]
        facts[f"{kind}_count"] = rows.groupby("company").size().reindex(facts.index).fillna(0)
    for kind, known in codes.items():
        rows = city.hyperedges[city.hyperedges.kind == kind]
        code = rows.group.map(known).fillna(len(known))
        facts[kind] = code.groupby(rows.company).min().reindex(facts.index).fillna(len(known))
    return facts.join(lawsuit_facts(city.lawsuits, facts.index))


def lawsuit_facts(lawsuits: pd.DataFrame, companies: pd.Index) -> pd.DataFrame:
    """A firm's own lawsuits: counts 0 and months missing where it has none."""
    age = lawsuits.months_before_obs
    sued = ~lawsuits.result.isin(PLAINTIFF_RESULTS)
    masks = {"lawsuits": age >= 0}
    masks |= {f"cause_{n}": lawsuits.cause == n for n in range(11)}
    masks |= {f"court_{n}": lawsuits.court == n for n in range(4)}
    masks |= {f"result_{n}": lawsuits.result == n for n in range(4)}
    masks |= {f"months_{low}": (age >= low) & (age < high) for low, high in _WINDOWS}
    sides = {"sued": sued, "suing": ~sued}
    for side, mask in sides.items():
        masks[side] = mask
        masks[f"{side}_recent"] = mask & (age < 24)
        masks |= {f"{side}_cause_{n}": mask & (lawsuits.cause == n) for n in (0, 1, 3, 5)}
    counted = {name: mask.groupby(lawsuits.company).sum() for name, mask in masks.items()}
    counted["fresh"] = np.exp2(-age / 24).groupby(lawsuits.company).sum()
    counted["causes"] = lawsuits.groupby("company").cause.nunique()
    counted["court_months"] = age.groupby(lawsuits.company).nunique()
    facts = pd.DataFrame(counted).reindex(companies).fillna(0)
    sides["any"] = age >= 0
    for side, mask in sides.items():
        months = age[mask].groupby(lawsuits.company[mask])
        facts[f"{side}_first"] = months.max().reindex(companies)
        facts[f"{side}_last"] = months.min().reindex(companies)
    facts["any_mean"] = age.groupby(lawsuits.company).mean().reindex(companies)
    facts["sued_span"] = facts.sued_first - facts.sued_last
    facts["sued_share"] = facts.sued / facts.lawsuits.where(facts.lawsuits > 0)
    return facts
