"""Nights of a city of six firms, A to F by probability, of one district that inspects four a week."""

from __future__ import annotations

from datetime import date
from typing import Any

from models.risk.facts import Change
from models.risk.levels import ListPolicy
from models.risk.list_places import Before, choose
from models.risk.random_draw import lot_of

MONDAY = date(2024, 12, 30)
POLICY = ListPolicy(random_share=0.25)


def firm(subject: str, probability: float, **more: Any) -> dict[str, Any]:
    return {
        "subject_id": subject, "name": f"企业{subject}", "district": "1", "industry": "J",
        "status": "存续", "probability": probability, "margin": probability * 10, "flagged": True,
        "queue": "list", "position": None, "draw_position": None, "listable": None,
        "inspections": 4, "inspected_date": None, "rests": False, "case_stage": None,
        "case_date": None, **more,
    }  # fmt: skip


def night(
    firms: list[dict[str, Any]],
    as_of: date = MONDAY,
    before: Before | None = None,
    policy: ListPolicy = POLICY,
) -> list[dict[str, Any]]:
    """Tonight's choice among all firms of the city; each district's queue is counted here."""
    for district in {f["district"] for f in firms}:
        queue = [f for f in firms if f["district"] == district and f["queue"] == "list"]
        for place, one in enumerate(
            sorted(queue, key=lambda f: (-f["margin"], f["subject_id"])), 1
        ):
            one |= {"listable": len(queue), "position": place}
    return choose(firms, before, policy, lot_of("demo", as_of, policy))


def after(
    chosen: list[dict[str, Any]],
    as_of: date = MONDAY,
    changed: dict[str, Any] | None = None,
    same_model: bool = True,
    firms: list[dict[str, Any]] = (),
) -> Before:
    """The list of that night as the next one finds it; nothing changed unless it is said."""
    rows = [
        row | {"section": row["place"], "rank": 1} for row in chosen if row["place"] != "watched"
    ]
    calm: dict[str, Any] = {f["subject_id"]: () for f in (*firms, *rows)}
    return Before(rows, as_of, same_model, calm | (changed or {}))


def placed(chosen: list[dict[str, Any]], place: str = "list") -> set[str]:
    return {row["subject_id"] for row in chosen if row["place"] == place}


def causes(chosen: list[dict[str, Any]]) -> dict[str, tuple[str, str | None]]:
    return {r["subject_id"]: (r["cause"], r["because_of"]) for r in chosen if r["cause"]}


NEW = (Change("complaints_30d", 1, 5),)
SIX = {"A": 0.6, "B": 0.5, "C": 0.4, "D": 0.39, "E": 0.38, "F": 0.1}


def six(**moved: float) -> list[dict[str, Any]]:
    return [firm(s, moved.get(s, p)) for s, p in SIX.items()]


def first() -> list[dict[str, Any]]:
    chosen = night(six())
    assert placed(chosen) == {"A", "B", "C"}  # one of four places is drawn
    return chosen
