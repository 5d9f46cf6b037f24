"""How well a list is backed, firm by firm."""

from __future__ import annotations

import pandas as pd

from models.risk.coverage import coverage
from models.risk.intervals import Share


def test_coverage_by_hand() -> None:
    every = "inducement,openness,public_reach,unlawfulness"
    listed = pd.DataFrame(
        [
            (5, 2, every),  # as well backed as can be
            (1, 1, "openness"),  # one record of one department
            (3, 0, ""),  # records, but of nothing that is so
            (0, 0, None),  # nothing
        ],
        columns=["record_count", "department_count", "elements"],
    )
    found = coverage(listed)
    assert found.one_record == Share(3, 4)
    assert found.two_departments == Share(1, 4)
    assert found.elements == {
        "unlawfulness": Share(1, 4),
        "inducement": Share(1, 4),
        "public_reach": Share(1, 4),
        "openness": Share(2, 4),
    }
    assert next(iter(found.elements)) == "unlawfulness"  # the order of the library
    assert (found.all_elements, found.no_element) == (Share(1, 4), Share(2, 4))


def test_a_list_of_nobody_is_backed_by_nothing() -> None:
    found = coverage(pd.DataFrame({"record_count": [], "department_count": [], "elements": []}))
    assert found.one_record == found.no_element == Share(0, 0)
