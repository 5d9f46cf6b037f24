"""The dated trial's figures where there is too little to judge by."""

from __future__ import annotations

import pandas as pd
import pytest

from models.risk.designs import Settings
from models.risk.trust import dated_figures

CUT = pd.Timestamp("2024-01-31")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("label", [[1, 0], [0, 1]])
def test_a_half_of_one_class_has_no_curve(label: list[int]) -> None:
    """Two groups, one a half: no curve can be fitted on cases alone, nor without any."""
    judged = pd.DataFrame(
        {"as_of": CUT, "label": label, "group": ["a", "b"], "weight": 1.0, "margin": [1.0, 2.0]}
    )
    told = dated_figures(judged, CUT, 90, Settings())
    assert told["rows"] == 2
    assert told["auc"] == float(label[1])  # b stands above a
    assert not [name for name in told if name.startswith("calibration")]
