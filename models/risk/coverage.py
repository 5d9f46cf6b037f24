"""How well the firms of a list are backed: records, departments, and the four statutory elements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from features.characteristics import ELEMENTS
from models.risk.intervals import Share


@dataclass(frozen=True)
class Coverage:
    """Shares of a list's warnings.

    `one_record`: with at least one record; `two_departments`: with records of facts of at least
    two. `elements`: with evidence for each statutory element, in the order of `ELEMENTS`;
    `all_elements`: for every one of them; `no_element`: for none.
    """

    one_record: Share
    two_departments: Share
    elements: Mapping[str, Share]
    all_elements: Share
    no_element: Share


def coverage(listed: pd.DataFrame) -> Coverage:
    """The coverage of a list.

    `listed`: one row a warning: record_count, department_count, elements (the names of the backed
    ones with a comma between, as the gold table `warnings` keeps them).
    """
    backed = [set(told.split(",")) & set(ELEMENTS) for told in listed["elements"].fillna("")]
    count = len(backed)
    return Coverage(
        one_record=Share(int((listed["record_count"] >= 1).sum()), count),
        two_departments=Share(int((listed["department_count"] >= 2).sum()), count),
        elements={name: Share(sum(name in one for one in backed), count) for name in ELEMENTS},
        all_elements=Share(sum(len(one) == len(ELEMENTS) for one in backed), count),
        no_element=Share(sum(not one for one in backed), count),
    )
