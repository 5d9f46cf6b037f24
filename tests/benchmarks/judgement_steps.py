"""The steps of the dated backtest after the frames are there, each a process of its own.

    python -m tests.benchmarks.judgement_steps training_set FOLDER FIRST_LIST LAST_LIST
    python -m tests.benchmarks.judgement_steps judge FOLDER FIRST_LIST LAST_LIST
    python -m tests.benchmarks.judgement_steps warnings FOLDER FIRST_LIST LAST_LIST
    python -m tests.benchmarks.judgement_steps score FOLDER FIRST_LIST LAST_LIST

`training_set` makes the rows that the night of the last day trains on (`training_set.json`);
`judge` trains and scores on every list day and counts (`counted.json`, `lists.parquet`,
`model.pickle` of the last day); `warnings` makes that day's list in full and counts the records
behind it (`warnings.json`); `score` scores a million rows (`scoring.json`).
"""

from __future__ import annotations

import json
import pickle
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from conf.city import load_city
from models.risk.backtest import SEED, Backtest, backtest
from models.risk.family import with_family
from models.risk.intervals import grouped_ratio
from models.risk.labels import dated_labels
from models.risk.levels import ListPolicy
from models.risk.reliability import Reliability, reliability
from pipelines.assembling import model_features
from pipelines.training import directions, rows_to_train, settings_of
from tests.benchmarks.dated_judging import Design, Judged, judge_days
from tests.benchmarks.judgement_frames import Frames

SCORED_ROWS = 1_000_000
QUIET_DAYS = ListPolicy().quiet_days
BATCH_ROWS = 50_000


def design_of(days: Sequence[date]) -> Design:
    """The demo city's own features and settings; `days`: those there are features of."""
    city = load_city("demo")
    apart = min((b - a).days for a, b in pairwise(days)) // 28
    return Design(
        tuple(model_features(city)), directions(city), settings_of(city), city.target,
        max(1, apart),
    )  # fmt: skip


def training_set(folder: Path, first: date, last: date) -> None:
    """The night's own rows to train on, and what they cost beyond starting an engine."""
    from pipelines.engine import open_engine
    from pipelines.lake import Lake
    from pipelines.progress import silent

    with open_engine("sail") as running:
        started = time.process_time()
        rows = rows_to_train(Lake(folder / "lake", running.spark), load_city("demo"), last, silent)
        seconds = time.process_time() - started
    told = {"rows": len(rows), "firms": int(rows["subject_id"].nunique()),
            "days": int(rows["as_of"].nunique()), "seconds": seconds}  # fmt: skip
    (folder / "training_set.json").write_text(json.dumps(told) + "\n")


def judge(folder: Path, first: date, last: date) -> None:
    """Trains, scores, lists and counts."""
    frames = Frames(folder)
    design = design_of(frames.days())
    days = [day for day in frames.days() if first <= day <= last]
    truth = pd.read_parquet(folder / "truth.parquet")
    judged = judge_days(frames, truth, days, design)
    seen, best = (
        backtest(scores, truth, judged.capacity, judged.under_case, last, QUIET_DAYS)
        for scores in (judged.scores, judged.ceiling)
    )
    calibration = _calibration(frames, judged, seen, design)
    told = {
        "days": [str(day) for day in days],
        "frame_days": len(frames.days()),
        "firms": int(judged.scores.groupby("as_of").size().iloc[-1]),
        "places": len(seen.lists),
        "seen": _counted(seen),
        "ceiling": _counted(best),
        "share_of_ceiling": _of_ceiling(seen, best, truth),
        "calibration": calibration,
        "kinds": judged.kinds,
        "positives": judged.positives,
        "ceiling_positives": judged.ceiling_positives,
        "training_seconds": judged.training_seconds,
        "contributions": {"widest": judged.widest, "firms": judged.contributions_checked},
    }
    (folder / "counted.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    for name, counted in (("lists", seen), ("ceiling-lists", best)):
        counted.lists.to_parquet(folder / f"{name}.parquet")
    (folder / "model.pickle").write_bytes(pickle.dumps(judged.last_model))


def _counted(found: Backtest) -> dict[str, Any]:
    lead = found.lead
    return {
        "found": [found.found.hits, found.found.of, *found.found.interval()],
        "ring_places": [found.ring_places.hits, found.ring_places.of, *found.ring_places.interval()],
        "lookalikes": [found.lookalikes.hits, found.lookalikes.of,
                       *_ends(found.lookalikes_interval)],
        "most_warned": found.most_warned,
        "by_scheme": found.by_scheme.to_dict("records"),
        "lead": {
            "firms": lead.firms, "official": lead.official, "censored": lead.censored,
            "median": lead.median, "lower": lead.lower, "upper": lead.upper,
            "at_least": {str(day): share for day, share in lead.at_least.items()},
            "plain_median": lead.plain_median,
        },
    }  # fmt: skip


def _of_ceiling(seen: Backtest, best: Backtest, truth: pd.DataFrame) -> list[float] | None:
    """Found over found by the ceiling, whole rings drawn for its interval."""
    both = seen.firms.merge(best.firms, "inner", "subject_id", suffixes=("", "_best"))
    both = both.merge(truth[["subject_id", "ring_id"]], "left", "subject_id")
    ratio = grouped_ratio(
        both["first_listed"].notna(), both["first_listed_best"].notna(), both["ring_id"], SEED
    )
    return None if ratio is None else [ratio.value, ratio.low, ratio.high]


def _calibration(
    frames: Frames, judged: Judged, seen: Backtest, design: Design
) -> dict[str, Any] | None:
    """Over the list days whose horizon ends by the last day there are cases of."""
    until = frames.last_known()
    cases = frames.cases_of(until)
    parts = []
    listed = seen.lists.set_index(["as_of", "subject_id"]).index
    for day, scores in judged.scores.groupby("as_of"):
        if day + timedelta(days=design.target.horizon_days) > until:
            continue
        labels = dated_labels(cases, design.target, day, until)
        rows = scores[~scores["subject_id"].isin(labels.under_case)]
        parts.append(rows.assign(
            came=rows["subject_id"].isin(labels.positive),
            listed=pd.MultiIndex.from_frame(rows[["as_of", "subject_id"]]).isin(listed),
        ))  # fmt: skip
    found = reliability(pd.concat(parts), SEED) if parts else None
    return None if found is None else {"days": len(parts), **_told(found)}


def _told(found: Reliability) -> dict[str, Any]:
    return {
        "error": found.error,
        "list": [found.expected_in_list, found.cases_in_list, *_all(found.of_list)],
        "top": [found.expected_in_top, found.cases_in_top, *_all(found.of_top)],
        "tenths": found.tenths.to_dict("records"),
    }


def _all(estimate: Any) -> list[float | None]:
    return [None] * 3 if estimate is None else [estimate.value, estimate.low, estimate.high]


def _ends(estimate: Any) -> list[float | None]:
    return _all(estimate)[1:]


def warnings(folder: Path, first: date, last: date) -> None:
    """The last day's list in full, with the records behind every warning."""
    from models.risk.scoring import judged_by_family, score
    from pipelines.assembling import assembled
    from pipelines.engine import open_engine
    from pipelines.judging import kept_aside
    from pipelines.lake import Lake
    from pipelines.past_lists import PastLists
    from pipelines.warning import warn

    model = pickle.loads((folder / "model.pickle").read_bytes())
    city = load_city("demo")
    day = max(one for one in Frames(folder).days() if first <= one <= last)
    with open_engine("sail") as running:
        lake = Lake(folder / "lake", running.spark)
        with assembled(lake, city, day) as known:
            past = PastLists(lake, [], model.version)
            with kept_aside(running.spark, folder) as aside:
                # once, as a night publishes them: a list reads them a dozen times
                own = aside(known.features, "features")
                features = aside(judged_by_family(own, model), "features_and_families")
                known, scores = replace(known, features=features), score(features, model)
                made = warn(
                    running.spark, city, known, scores, model, past, "judgement", aside
                ).tables
    rows = made.warnings.to_pandas()
    rows = rows[rows["section"] == "list"]
    told = {
        "as_of": str(day),
        "warnings": len(rows),
        "with_a_record": int((rows["record_count"] >= 1).sum()),
        "two_departments": int((rows["department_count"] >= 2).sum()),
    }
    (folder / "warnings.json").write_text(json.dumps(told) + "\n")


def score(folder: Path, first: date, last: date) -> None:
    """A million rows through the scorer that the engine runs, one batch after another."""
    from models.risk.scoring import scored

    model = pickle.loads((folder / "model.pickle").read_bytes())
    frames = Frames(folder)
    rows = frames.features_of(max(day for day in frames.days() if first <= day <= last))
    rows = with_family(rows, model)
    # the firms over and over: batches of a small city would measure the calls, not the rows
    rows = pd.concat([rows] * -(-BATCH_ROWS // len(rows)), ignore_index=True)
    started, done = time.process_time(), 0
    while done < SCORED_ROWS:
        batch = rows.iloc[: SCORED_ROWS - done]
        assert np.isfinite(scored(batch, model).column("margin").to_numpy()).all()
        done += len(batch)
    seconds = time.process_time() - started
    (folder / "scoring.json").write_text(json.dumps({"rows": done, "seconds": seconds}) + "\n")


STEPS = {"training_set": training_set, "judge": judge, "warnings": warnings, "score": score}


if __name__ == "__main__":
    STEPS[sys.argv[1]](
        Path(sys.argv[2]), date.fromisoformat(sys.argv[3]), date.fromisoformat(sys.argv[4])
    )
