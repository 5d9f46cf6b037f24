"""Who has a place on the list tonight: the ranking with a hold, the lot, and what changed it.

In each district, of the firms that can be listed:

1. *The lot of the week stands.* Firms drawn earlier in the week keep their places while they can be
   listed; the first list of a week draws (`random_draw`). What the lot does not use the ranking has.
2. *The ranking has a hold.* Firms stand by their odds, and the odds of one that was on the list
   count `hold` times: a newcomer takes its place only with odds more than `hold` times as high.
   The hold is lost by whoever a new fact speaks for (a fact changed and the probability fell), and
   by all when the model changed. Firms without a licence stand behind all others. The first
   (capacity less lot) of that order are listed, those below `floor` only when held above it.
3. *The draw.* Equal chances for all listable firms that the ranking did not take.

How many places the lot has is chance in itself (`random_draw.draw_size`), so a firm's probability is
taken over all numbers it may have: the firm that has the last place of the ranking only in weeks
with a smaller lot has less than 1.

So the same features give the same list: yesterday's firms are all held, and nobody else is.

Every change has its cause. Firms that come or go by something of their own say so; of the others,
who leaves was passed by a newcomer with a cause, who comes took a place that was freed, else the
district's capacity changed. What is left over is `calendar`: time alone carried a firm past another
by more than the hold.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from models.risk.facts import Change
from models.risk.inspections import odds
from models.risk.levels import ListPolicy
from models.risk.random_draw import (
    draw_seed,
    draw_size,
    drawn_inspectors,
    lot_order,
    lot_sizes,
    week_of,
    week_of_lot,
)
from models.risk.ranking import LIST, NOT_LISTED, REVOKED, UNDER_CASE

RANDOM, WATCHED = "random", "watched"
"""Places beside `list` and `under_case`: drawn by lot; on the list before and on none now."""

RANKED_DRAW, RANDOM_DRAW = "ranked", "random"
"""How a firm came on the list (`draw_type`)."""

CAUSES = (
    "first_list",
    "model",
    "own_fact",
    "new_firm",
    "case_over",
    "rest_over",
    "drawn",
    "draw_over",
    "under_case",
    "not_registered",
    "status",
    "inspected",
    "moved",
    "floor",
    "displaced",
    "place_freed",
    "lot",
    "capacity",
    "calendar",
)
"""Why a firm came on the list or left it."""


@dataclass(frozen=True)
class Before:
    """The list published before: `rows` of `warnings`, whether its model was the same one, and what
    changed since of each firm (`facts.changed_facts`)."""

    rows: Sequence[Mapping[str, Any]]
    as_of: date
    same_model: bool
    changed: Mapping[str, Sequence[Change] | None]

    def by_subject(self, *sections: str) -> dict[str, Mapping[str, Any]]:
        """The rows of these sections by subject."""
        return {row["subject_id"]: row for row in self.rows if row["section"] in sections}


@dataclass
class _District:
    """One district's firms on the way to its list. `wanted`: places of its lot; `made`: its draw of
    this week was made before."""

    name: str
    firms: list[dict[str, Any]]
    inspections: int
    wanted: int = 0
    made: bool = False
    drawn: list[dict[str, Any]] = field(default_factory=list)
    ranked: list[dict[str, Any]] = field(default_factory=list)

    def listable(self) -> list[dict[str, Any]]:
        return [firm for firm in self.firms if firm["queue"] == LIST]


def choose(
    found: Iterable[Mapping[str, Any]],
    before: Before | None,
    policy: ListPolicy,
    lot: str,
) -> list[dict[str, Any]]:
    """The rows of `ranking.candidates` that have a place, each with it and with what led to it.

    `lot`: of `random_draw.lot_of`. Added: place ('list', 'random', 'under_case', 'watched'),
    draw_type, inclusion_prob, draw_seed, inspector_no (missing but for the first two places), held,
    next_odds (of the firm that waits next in its district, its hold included), cause (of CAUSES, None
    where nothing changed), because_of (the firm that made room, or took it), changed. Sorted by
    subject id. In no district do list and lot together exceed its inspections.
    """
    rows = sorted((dict(row) for row in found), key=lambda row: row["subject_id"])
    districts: dict[str, _District] = {}
    for row in rows:
        place = districts.setdefault(row["district"], _District(row["district"], [], 0))
        place.firms.append(row)
        place.inspections = int(row["inspections"] or 0)
    old = {} if before is None else before.by_subject(LIST)
    for district in districts.values():
        _keep_lot(district, before, policy, lot)
        _rank(district, before, old, policy)
        _draw(district, policy, lot)
    for row in rows:
        row.setdefault("place", _other_place(row, old, policy.under_case_limit))
    chosen = [row for row in rows if row["place"] is not None]
    _say_causes(chosen, before, policy)
    return chosen


def _keep_lot(district: _District, before: Before | None, policy: ListPolicy, lot: str) -> None:
    """How many places the lot has, and who drawn earlier in this week can still be listed."""
    seed = draw_seed(lot, district.name)
    district.wanted = draw_size(seed, district.inspections, policy.random_share)
    # a lot whose firms are all gone, or that had no place, was drawn all the same
    if before is None or week_of_lot(lot) != week_of(before.as_of):
        return
    district.made = True
    mine = {
        subject: row
        for subject, row in before.by_subject(RANDOM).items()
        if row.get("draw_seed") == seed
    }
    kept = [firm for firm in district.listable() if firm["subject_id"] in mine]
    kept.sort(key=lambda firm: lot_order(seed, firm["subject_id"]))
    for firm in kept[: district.wanted]:
        told = mine[firm["subject_id"]]
        firm["place"] = RANDOM
        for name in ("inclusion_prob", "draw_seed", "inspector_no"):
            firm[name] = told[name]
        firm["draw_type"] = RANDOM_DRAW
        district.drawn.append(firm)
    district.wanted = len(district.drawn)


def _rank(
    district: _District,
    before: Before | None,
    old: Mapping[str, Mapping[str, Any]],
    policy: ListPolicy,
) -> None:
    open_firms = [firm for firm in district.listable() if "place" not in firm]
    for firm in open_firms:
        firm["held"] = _is_held(firm, before, old)
        firm["_odds"] = odds(firm["probability"]) * (policy.hold if firm["held"] else 1.0)
    in_turn = sorted(open_firms, key=_turn)
    district.ranked = _ranked(in_turn, district.inspections - district.wanted, policy)
    chances = _chances(district, in_turn, policy)
    for firm in in_turn:
        firm["_chance"] = chances[firm["subject_id"]]
    for firm in district.ranked:
        firm |= {"place": LIST, "draw_type": RANKED_DRAW, "inclusion_prob": firm["_chance"]}
    waiting = next((firm for firm in in_turn if "place" not in firm), None)
    for firm in district.ranked:
        firm["next_odds"] = None if waiting is None else waiting["_odds"]


def _ranked(
    in_turn: Sequence[dict[str, Any]], places: int, policy: ListPolicy
) -> list[dict[str, Any]]:
    floor = odds(policy.floor)
    return [firm for firm in in_turn[:places] if firm["_odds"] >= floor]


def _chances(
    district: _District, in_turn: Sequence[dict[str, Any]], policy: ListPolicy
) -> dict[str, float]:
    """How likely each firm was to have a place, over all sizes that the lot of the week may have."""
    parts: dict[str, list[float]] = defaultdict(list)
    # a place that a drawn firm left goes on without a draw: who comes to it so comes for certain
    missing = {firm["subject_id"] for firm in district.ranked}
    for size, chance in lot_sizes(district.inspections, policy.random_share):
        ranked = _ranked(in_turn, district.inspections - size, policy)
        above = {firm["subject_id"] for firm in ranked}
        missing -= above
        for firm in in_turn:
            subject = firm["subject_id"]
            left = int(firm["listable"]) - len(above)
            parts[subject].append(chance * (1.0 if subject in above else min(1.0, size / left)))
    return {
        subject: 1.0 if subject in missing else math.fsum(each) for subject, each in parts.items()
    }


def _turn(firm: Mapping[str, Any]) -> tuple[Any, ...]:
    revoked = firm["status"] == REVOKED
    return (revoked, -firm["_odds"], -firm["margin"], firm["subject_id"])


def _is_held(
    firm: Mapping[str, Any], before: Before | None, old: Mapping[str, Mapping[str, Any]]
) -> bool:
    row = old.get(firm["subject_id"])
    if row is None or before is None or not before.same_model:
        return False
    fell = firm["probability"] < row["probability"]
    return not (fell and bool(before.changed.get(firm["subject_id"])))


def _draw(district: _District, policy: ListPolicy, lot: str) -> None:
    if district.made:
        return
    seed = draw_seed(lot, district.name)
    # not all firms of the district are here, but all that the lot can reach
    pool = [firm for firm in district.listable() if "place" not in firm]
    pool.sort(key=lambda firm: lot_order(seed, firm["subject_id"]))
    among = policy.inspectors_of(district.name, district.inspections)
    for firm in pool[: district.wanted]:
        firm |= {
            "place": RANDOM,
            "draw_type": RANDOM_DRAW,
            "inclusion_prob": firm["_chance"],
            "draw_seed": seed,
            "inspector_no": drawn_inspectors(
                seed, firm["subject_id"], among, policy.inspectors_a_visit
            ),
        }
        district.drawn.append(firm)


def _other_place(row: Mapping[str, Any], old: Mapping[str, Any], limit: int) -> str | None:
    if row["queue"] == UNDER_CASE and row["position"] <= limit:
        return UNDER_CASE
    return WATCHED if row["subject_id"] in old else None


def _say_causes(
    chosen: Sequence[dict[str, Any]], before: Before | None, policy: ListPolicy
) -> None:
    """Writes cause, because_of and changed into every chosen row."""
    for row in chosen:
        row |= {"cause": None, "because_of": None, "changed": ()}
    if before is None:
        for row in chosen:
            row["cause"] = "drawn" if row["place"] == RANDOM else "first_list"
        return
    old, now = before.by_subject(LIST), {row["subject_id"]: row for row in chosen}
    past = before.by_subject(RANDOM, UNDER_CASE)
    came: dict[str, list[dict[str, Any]]] = defaultdict(list)
    left: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in chosen:
        subject = row["subject_id"]
        listed_before = subject in old
        if row["place"] == LIST and not listed_before:
            row["cause"] = _why_came(row, before, past.get(subject), policy)
            came[row["district"]].append(row)
        elif row["place"] != LIST and listed_before:
            row["cause"] = _why_left(row, before, old[subject], policy)
            left[old[subject]["district"]].append(row)
        elif row["place"] == LIST and row["district"] != old[subject]["district"]:
            row["cause"] = "moved"
            came[row["district"]].append(row)
            left[old[subject]["district"]].append(row)
        elif (
            row["place"] in (RANDOM, UNDER_CASE)
            and past.get(subject, {}).get("section") != row["place"]
        ):
            row["cause"] = "drawn" if row["place"] == RANDOM else "under_case"
        if row["cause"] == "own_fact":
            row["changed"] = tuple(before.changed.get(subject) or ())
    for subject, gone in old.items():
        if subject not in now:
            left[gone["district"]].append({"subject_id": subject, "cause": "not_registered"})
    lot = Counter(row["district"] for row in chosen if row["place"] == RANDOM)
    lot.subtract(row["district"] for row in before.by_subject(RANDOM).values())
    for district in sorted({*came, *left}):
        _settle(came[district], left[district], lot[district])


def _why_came(
    row: Mapping[str, Any],
    before: Before,
    past: Mapping[str, Any] | None,
    policy: ListPolicy,
) -> str | None:
    changed = before.changed.get(row["subject_id"])
    if not before.same_model:
        return "model"
    if changed is None:
        return "new_firm"
    if past is not None and past["section"] == UNDER_CASE:
        return "case_over"
    if changed:
        return "own_fact"
    if past is not None:
        return "draw_over"
    if row["inspected_date"] is not None:
        over = row["inspected_date"] + timedelta(days=policy.quiet_days)
        return "rest_over" if over > before.as_of else None
    return None


def _why_left(
    row: Mapping[str, Any], before: Before, past: Mapping[str, Any], policy: ListPolicy
) -> str | None:
    if row["case_stage"] is not None:
        return "under_case"
    if row["status"] in NOT_LISTED:
        return "status"
    if row["queue"] != LIST:
        return "inspected"
    if not before.same_model:
        return "model"
    if not row.get("held") or (row["status"] == REVOKED and before.changed.get(row["subject_id"])):
        return "own_fact"
    if row["district"] != past["district"]:
        return "moved"
    if odds(row["probability"]) * policy.hold < odds(policy.floor):
        return "floor"
    return None


def _settle(came: Sequence[dict[str, Any]], left: Sequence[Any], lot: int) -> None:
    """Causes for those of one district who came or left by nothing of their own.

    Who came and who left with a cause are set against each other first. Newcomers beyond that have
    passed somebody; places beyond that were there for others. The rest is a change of the lot's
    places (`lot` more than before), then of capacity; and where one came and one left without any of
    it, the calendar.
    """
    with_cause = [sorted((r for r in rows if r["cause"]), key=_by_odds) for rows in (came, left)]
    without = [sorted((r for r in rows if not r["cause"]), key=_by_odds) for rows in (came, left)]
    settled = min(len(rows) for rows in with_cause)
    passing, freed = (rows[settled:] for rows in with_cause)
    newcomers, leavers = without
    for row, by in zip(leavers, passing, strict=False):
        row |= {"cause": "displaced", "because_of": by["subject_id"]}
    for row, by in zip(newcomers, freed, strict=False):
        row |= {"cause": "place_freed", "because_of": by["subject_id"]}
    grew = len(came) - len(left)
    rest_came = [row for row in newcomers if not row["cause"]]
    rest_left = [row for row in leavers if not row["cause"]]
    for rows, places, drawn in ((rest_came, grew, -lot), (rest_left, -grew, lot)):
        for place, row in enumerate(rows[: max(places, 0)]):
            row["cause"] = "lot" if place < drawn else "capacity"
    calm = [row for row in rest_came if not row["cause"]], [r for r in rest_left if not r["cause"]]
    for newcomer, leaver in zip(*calm, strict=True):
        newcomer |= {"cause": "calendar", "because_of": leaver["subject_id"]}
        leaver |= {"cause": "calendar", "because_of": newcomer["subject_id"]}


def _by_odds(row: Mapping[str, Any]) -> tuple[float, str]:
    return (-row.get("_odds", 0.0), row["subject_id"])
