"""The champion's model card as a page of Markdown: what it is, what it learnt from, how far to trust it.

python -m pipelines.model_card demo/lake demo > docs/model_card.md
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from conf.data_dictionary import markdown_table
from models.risk.model_choice import COMPARE_FROM
from pipelines.model_registry import card_of, champion, verdict_of
from pipelines.refusals import RefusalError

KINDS = {
    "characteristics": "a score card: each characteristic of the library has one vote, moved by cases",
    "surprise": "a leaning model, column by column",
    "directional": "a leaning model over ranks",
    "monotone": "boosted trees that keep declared directions",
    "trees": "boosted trees",
}
CALIBRATED = (("all", "all firms"), ("top_percent", "the top 1 %"), ("list", "the list"))
TABLES_SHOWN = 6
INTENDED = (
    "It orders inspections of firms for suspected illegal fundraising, inside the administration. A "
    "score is no finding, no ground for a penalty and not to be published; a person decides, and a "
    "firm may ask for an explanation and object. It was not made for other offences, for people, or "
    "for another city without training."
)
Card = Mapping[str, Any]


def page(lake: Path, city: str) -> str:
    """The card of a city's champion. Raises `RefusalError` where there is none."""
    model = champion(lake, city)
    if model is None:
        raise RefusalError(
            f"{lake} has no model of {city}; run `forewarn nightly` or `train` first."
        )
    verdict = verdict_of(lake, city, model.version)
    return card_markdown(card_of(model), verdict[1] if verdict else None)


def card_markdown(card: Card, reason: str | None) -> str:
    """The card as Markdown, the same text for the same card.

    `card`: as `model_registry.card_of` gives it; `reason`: why it is the champion.
    """
    kind = KINDS.get(card["kind"], card["kind"])
    family = card.get("family_weight")
    parts = [
        f"# Model card: {card['city']}, {card['version']}",
        "Written from the champion's card by `pipelines.model_card`; do not edit it.",
        f"**What it is**: {kind}, over {len(card['features'])} columns"
        + (f"; the rest of a firm's family adds {family:g} times what it shows" if family else "")
        + f". Target `{card['target']}`, trained on what was known by {card['as_of']}."
        + (f" It is the champion: {reason}." if reason else ""),
        f"**What it is for**: {INTENDED}",
        "## What it learnt from",
        _table(_learnt(card)),
        "## How it did on firms it had not seen",
        _figures(card),
        "## How far to trust it",
        "\n".join(f"- {told}" for told in _trust(card)),
        "## Candidates",
        _candidates(card),
    ]
    return "\n\n".join(parts) + "\n"


def _learnt(card: Card) -> list[tuple[str, str]]:
    days: Sequence[str] = card.get("days") or ()
    rows = [
        ("days", f"{len(days)}, {min(days)} to {max(days)}" if days else "one, records undated"),
        ("rows", f"{card['rows']:,}"),
        (
            "rows with a case",
            f"{card['positive_rows']:,}, of {card['positive_groups']:,} families",
        ),
        ("labels", card["labels"]),
        ("unlabelled rows", card["unlabelled"]),
    ]
    if card.get("label_delay_days") is not None:
        told = (
            f"{card['label_delay_days']} days; {card['gap_days']} are kept between rows and labels"
        )
        rows.append(("nine of ten cases are known within", told))
    return rows


def _figures(card: Card) -> str:
    """Held-out folds beside the dated trial, where there is one."""
    dated = card.get("dated") or {}
    heads = ["", "grouped folds", *([f"dated trial, cut {dated['cut']}"] if dated else [])]
    told = [
        ("families with a case", card["positive_groups"], dated.get("positive_groups"), ",d"),
        ("AUC", card.get("auc"), dated.get("auc"), ".3f"),
        ("average precision", card.get("average_precision"), dated.get("average_precision"), ".3f"),
        ("best F1", card.get("f1"), None, ".3f"),
        ("Brier score", card.get("brier"), None, ".4f"),
    ]
    rows = [
        [name, *("–" if v is None else f"{v:{form}}" for v in (folds, trial)[: len(heads) - 1])]
        for name, folds, trial, form in told
    ]
    for name, words in CALIBRATED:
        one = dated.get(f"calibration_{name}")
        if one and one.get("ratio") is not None:
            ratio = f"{one['ratio']:.2f} [{one['low']:.2f}, {one['high']:.2f}]"
            rows.append([f"expected over observed, {words}", "–", ratio])
    return markdown_table([dict(zip(heads, row, strict=True)) for row in rows])


def _trust(card: Card) -> list[str]:
    """What a reader must not overlook, in plain words."""
    told = []
    groups = card["positive_groups"]
    if groups < COMPARE_FROM:
        told.append(
            f"Only {groups} families with a case stood behind it: too few to compare kinds of models "
            f"(from {COMPARE_FROM} on), so the simplest stands, and its figures are anecdotes."
        )
    if not card.get("calibrated"):
        told.append("Its probabilities are not calibrated: too few cases to do it.")
    told += _miscalibrated(card.get("dated") or {})
    audit = card.get("audit") or {}
    if audit.get("warning"):
        told.append(f"Audit: {audit['warning']}.")
    if audit.get("tables"):
        most = sorted(audit["tables"].items(), key=lambda one: (-one[1], one[0]))[:TABLES_SHOWN]
        named = ", ".join(f"`{name}` {auc:.2f}" for name, auc in most)
        told.append(f"AUC of merely standing in a table, the highest: {named}.")
    if audit.get("leaks"):
        named = ", ".join(f"`{name}` {auc:.3f}" for name, auc in sorted(audit["leaks"].items()))
        told.append(f"Columns that order the labels by themselves: {named}.")
    told.append(
        "A firm without a case is not known to be honest: every precision is a lower bound."
    )
    return told


def _miscalibrated(dated: Card) -> list[str]:
    """Where the trial's cases lie beyond what the probabilities leave room for."""
    told = []
    for name, words in CALIBRATED:
        one = dated.get(f"calibration_{name}") or {}
        if one.get("ratio") is None or one["low"] <= 1 <= one["high"]:
            continue
        way = "low" if one["ratio"] < 1 else "high"
        told.append(
            f"In the dated trial its probabilities were too {way} for {words}: "
            f"{one['expected']:.1f} cases were expected and {one['observed']:.0f} came."
        )
    return told


def _candidates(card: Card) -> str:
    rows = [
        {
            "kind": one["kind"],
            "unlabelled": one["unlabelled"],
            "AUC": "–" if one.get("auc") is None else f"{one['auc']:.3f}",
            "average precision": "–"
            if one.get("average_precision") is None
            else f"{one['average_precision']:.3f}",
            "": "chosen"
            if (one["kind"], one["unlabelled"]) == (card["kind"], card["unlabelled"])
            else "",
        }
        for one in card.get("candidates") or ()
    ]
    return markdown_table(rows) if rows else "None was compared."


def _table(rows: Sequence[tuple[str, str]]) -> str:
    return markdown_table([{"": name, "value": value} for name, value in rows])


if __name__ == "__main__":
    print(page(Path(sys.argv[1]), sys.argv[2]), end="")
