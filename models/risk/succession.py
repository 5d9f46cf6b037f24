"""Champion and challenger: whether a newly trained model takes over, and why.

Both order the same held-out rows: the challenger by models that had seen neither the groups nor the
later days, the champion as it stands. Cases the champion may have learnt from are left out, which
is all it is spared: unlabelled rows it may have seen as negatives, so the comparison leans its way.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.risk.comparing import SURE, compared
from models.risk.designs import Settings
from models.risk.estimator import RiskModel
from models.risk.family import with_family


@dataclass(frozen=True)
class Verdict:
    """Whether the challenger is promoted, the reason as a sentence, and the figures behind it."""

    promoted: bool
    reason: str
    figures: dict[str, Any]


def judged_against(
    champion: RiskModel, challenger: RiskModel, judged: pd.DataFrame, settings: Settings
) -> Verdict:
    """`judged`: the challenger's held-out rows (`Trained.judged`), with features and margin."""
    if champion.version == challenger.version:
        return Verdict(False, "it is the champion itself, trained anew on the same content", {})
    missing = [name for name in champion.features if name not in judged]
    if missing:
        lost = ", ".join(missing[:5])
        return Verdict(True, f"the champion reads columns that are gone: {lost}", {})
    rows = judged
    trained_on = champion.card.get("as_of")
    if challenger.card["mode"] == "dated" and trained_on is not None and "known_on" in judged:
        known = pd.to_datetime(judged["known_on"]) <= pd.Timestamp(str(trained_on))
        rows = judged[~(known & (judged["label"] == 1))]
    label = rows["label"].to_numpy(dtype=int)
    if not label.any() or label.all():
        return Verdict(
            False, f"no case has come to be known since the champion was trained ({trained_on})", {}
        )
    result = compared(
        rows["margin"].to_numpy(dtype=float),
        champion.margin(with_family(judged, champion).loc[rows.index]),
        label,
        pd.factorize(rows["group"])[0].astype(np.int64),
        rows["weight"].to_numpy(dtype=float),
        settings.seed,
    )
    said = (
        f"average precision {result.newcomer:.3f} against {result.incumbent:.3f} of the champion "
        f"over {result.positive_groups} groups with a case; better in {result.share_better:.0%} of "
        f"the draws, {SURE:.0%} are asked for"
    )
    return Verdict(result.better, said, asdict(result))
