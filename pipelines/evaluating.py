"""`forewarn evaluate`: how a published list did, as a table for a terminal and as a page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table

from features.characteristics import ELEMENTS
from models.risk.evaluation import Evaluation, Method, evaluate
from models.risk.intervals import Estimate, Share
from pipelines.delivering.evaluation_page import evaluation_page
from pipelines.evaluating_rules import findings_shown, rule_findings
from pipelines.evaluation_frames import held
from pipelines.evaluation_notes import evaluation_notes, harm_note, harm_words
from pipelines.reader import CityLake, open_lake
from pipelines.refusals import RefusalError


def evaluate_list(
    lake: Path,
    truth: Path | None,
    as_of: date | None,
    out: Path | None = None,
    city: str | None = None,
) -> RenderableType:
    """The list published for `as_of`, held against the truth file or against later cases.

    With `out` the page is written there too. The rules are evaluated when the simulator's
    `<truth>_rules.parquet` lies beside the truth. Raises `RefusalError` when the file is no truth
    file, or of another city, or when `out` cannot be written.
    """
    if out is not None:
        check_page(out)
    with open_lake(lake) as opened:
        found = evaluation(opened, truth, as_of, city)
        run = opened.run(as_of)
        parts: list[RenderableType] = [
            shown(found),
            details(found),
            *(note.en for note in found.notes),
        ]
        rules = truth.with_name(f"{truth.stem}_rules.parquet") if truth is not None else None
        if rules is not None and rules.is_file() and run.rule_pack is not None:
            parts.append(findings_shown(rule_findings(opened, rules, run.as_of), run.rule_pack))
        if out is not None:
            out.write_text(evaluation_page(found, run.city, run.model_version), encoding="utf-8")
            parts.append(f"The page is in {out}")
    return Group(*parts)


def check_page(out: Path) -> None:
    """Refuses a page that could not be written, before the work is done."""
    if out.suffix.lower() != ".html":
        raise RefusalError(f"{out} must end in .html: the report is a page.")
    if not out.parent.is_dir():
        raise RefusalError(f"The folder {out.parent} is not there; make it first.")


def evaluation(
    city: CityLake, truth: Path | None, as_of: date | None, conf: str | None = None
) -> Evaluation:
    """The figures of a published list. `conf`: the city's folder where it is not in `conf/cities`."""
    found = evaluate(held(city, truth, as_of, conf))
    return replace(found, notes=evaluation_notes(found))


def shown(found: Evaluation) -> Table:
    """What the list found, beside three simple ways, as a table of at most 80 columns."""
    against = "the planted truth" if found.source == "truth" else f"cases known by {found.until}"
    table = Table(title=f"The list as of {found.as_of} against {against}")
    for name in ("", "precision", "recall"):
        table.add_column(name, justify="right" if name else "left", style=None if name else "bold")
    for method in (*found.methods[:1], found.newly, *found.methods[1:]):
        table.add_row(method.name, *_precision_and_recall(method))
    what = "ring firms run" if found.source == "truth" else "firms got a case after it"
    table.caption = (
        f"{found.to_find} {what} and were not official yet; {found.places} places. Intervals: "
        "Wilson, 95 %."
    )
    return table


def details(found: Evaluation) -> Table:
    """The other figures, one a line."""
    table = Table(show_header=False)
    table.add_column("", style="bold")
    table.add_column("")
    lead, calibration = found.lead, found.reliability
    table.add_row("AUC / average precision", _pair(found.auc, found.average_precision))
    if found.best_feature is not None:
        name, auc = found.best_feature
        table.add_row("best single feature", f"{name}, AUC {auc:.3f}")
    if found.lookalikes is not None:
        table.add_row("honest look-alikes", _share(found.lookalikes))
    if lead.firms:
        median = "not reached" if lead.median is None else f"{lead.median:.0f} days"
        table.add_row(
            "median lead", f"{median} ({lead.official} official, {lead.censored} censored)"
        )
    for one in found.harm_leads:
        table.add_row(
            f"mean lead, {harm_words(one).en}", f"{one.mean:.0f} days, {harm_note(one).en}"
        )
    if calibration is not None:
        told = "none came" if calibration.of_list is None else _estimate(calibration.of_list)
        table.add_row("expected over observed, list", told)
    if found.reordering is not None:
        days = found.reordering.days_earlier
        way = "earlier" if days >= 0 else "LATER"
        table.add_row(
            f"the same {found.reordering_of} re-ordered",
            f"found {abs(days):.1f} days {way} ({found.reordering.hits} hits)",
        )
    if found.inspected is not None:
        table.add_row("confirmed by inspection", _share(found.inspected))
    if found.drawn is not None:
        table.add_row("of all firms, by random draw", _percent(found.drawn))
    if found.steadiness is not None:
        table.add_row("kept from the list before", _share(found.steadiness.kept))
    backed = found.coverage
    table.add_row("a record / two departments",
                  f"{backed.one_record.value:.0%} / {backed.two_departments.value:.0%}")  # fmt: skip
    told = (f"{ELEMENTS[n].en.lower()} {s.value:.0%}" for n, s in backed.elements.items())
    table.add_row("evidence by element", ", ".join(told))
    table.add_row("firms on a list in the year", _share(found.warned, digits=2))
    return table


def _precision_and_recall(method: Method) -> tuple[str, str]:
    if method.precision is None or method.recall is None:
        places, to_find = max(1, method.places), max(1, method.to_find)
        return f"{method.expected / places:.1%}", f"{method.expected / to_find:.1%}"
    return _share(method.precision), _share(method.recall)


def _share(share: Share, digits: int = 0) -> str:
    low, high = (f"{end:.{digits}%}" for end in share.interval())
    return f"{share.hits}/{share.of} {share.value:.{digits}%} [{low}, {high}]"


def _estimate(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def _percent(estimate: Estimate) -> str:
    return f"{estimate.value:.2%} [{estimate.low:.2%}, {estimate.high:.2%}]"


def _pair(one: float | None, two: float | None) -> str:
    return "not known" if one is None or two is None else f"{one:.3f} / {two:.3f}"
