"""The command line `forewarn`.

Exit codes: 0 done; 1 refused or failed, with one plain sentence on what to do; 2 wrong usage;
4 a replay gave another list; 5 another run is at work on the lake.
A traceback is shown only with `--traceback`.
"""

from __future__ import annotations

import sys
import warnings
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.command_options import AsOf, AsOfNeeded, City_, Engine_, ItsCity, Lake_, day_of
from pipelines.run_commands import add_run_commands

BUSY = 5

app = typer.Typer(
    name="forewarn",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="A city's nightly early-warning list of firms that may be raising money illegally.\n\n"
    "Start with [bold]make demo[/bold], or: [bold]simulate[/bold] a city, run "
    "[bold]nightly[/bold], look with [bold]show[/bold] and [bold]explain[/bold].\n\n"
    "A warning is never a sanction: 内部使用，预警不是违法认定.",
)
told = Console(stderr=True, highlight=False)


class LanguageName(StrEnum):
    """The languages `explain` speaks."""

    zh = "zh"
    en = "en"


class Difficulty(StrEnum):
    """How well the planted schemes hide."""

    easy = "easy"
    realistic = "realistic"
    hard = "hard"


@app.callback()
def _options(
    traceback: Annotated[
        bool, typer.Option("--traceback", help="Show the program's own trace of an error.")
    ] = False,
) -> None:
    pass  # read by `main`, which sees the arguments before any command runs


@app.command()
def simulate(
    firms: Annotated[int, typer.Option(min=1, help="How many firms the city has.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")],
    until: Annotated[date, typer.Option(parser=day_of, metavar="DATE", help="The last day.")],
    out: Annotated[Path, typer.Option(help="Where the departments' deliveries go.")],
    truth: Annotated[Path, typer.Option(help="Where the planted truth goes (Parquet).")],
    since: Annotated[
        date | None,
        typer.Option(parser=day_of, metavar="DATE", help="The first day; default: 3 years before."),
    ] = None,
    difficulty: Annotated[Difficulty, typer.Option()] = Difficulty.realistic,
) -> None:
    """Draw a synthetic city: its departments' deliveries, with their faults, and the truth."""
    from pipelines.progress import progress_bar
    from pipelines.refusals import RefusalError
    from pipelines.simulation.city import simulate as draw
    from pipelines.simulation.rule_faults import rules_path

    first = since or until.replace(year=until.year - 3, day=min(until.day, 28))
    with progress_bar(told) as step:
        try:
            report = draw(firms, seed, first, until, difficulty.value, out, truth, step)
        except ValueError as error:
            raise RefusalError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    told.print(
        f"{report.firms:,} firms, {sum(report.rows.values()):,} rows in {report.files} files in "
        f"{out}; {report.rings} rings of {report.ring_firms} firms and {report.lookalikes} honest "
        f"look-alikes planted (simulator {report.version}). The truth is in {truth}, that about "
        f"the planted rule faults in {rules_path(truth)}"
    )


@app.command()
def nightly(
    city: City_,
    deliveries: Annotated[Path, typer.Option(help="The folder of the departments' deliveries.")],
    lake: Lake_,
    as_of: AsOfNeeded,
    engine: Engine_ = None,
) -> None:
    """Take in what is new, judge every firm as of a day, and publish the ranked list."""
    from pipelines.nightly import run_night
    from pipelines.progress import progress_bar

    with progress_bar(told) as step:
        run = run_night(city, deliveries, lake, as_of, engine and engine.value, step)
    told.print(run.summary())


@app.command()
def train(city: City_, lake: Lake_, as_of: AsOfNeeded, engine: Engine_ = None) -> None:
    """Train a model on the cases known by a day; it takes over when it is better beyond noise."""
    from pipelines.nightly import train_champion
    from pipelines.progress import progress_bar

    with progress_bar(told) as step:
        told_of = train_champion(city, lake, as_of, engine and engine.value, step)
    told.print(told_of, soft_wrap=True)


@app.command()
def show(
    lake: Lake_,
    as_of: AsOf = None,
    top: Annotated[int, typer.Option(min=1, help="How many firms.")] = 20,
    district: Annotated[str | None, typer.Option(help="Only this district's code.")] = None,
    city: ItsCity = None,
) -> None:
    """Print the ranked list."""
    from pipelines.delivering.run_facts import facts_and_words
    from pipelines.delivering.terminal import warning_table
    from pipelines.reader import open_lake

    with open_lake(lake) as opened:
        run, warnings = opened.run(as_of), opened.warnings(as_of)
    facts, _ = facts_and_words(run, city)
    Console().print(warning_table(run, warnings, top=top, district=district, facts=facts))


@app.command()
def explain(
    subject: Annotated[str, typer.Argument(help="The subject's id.")],
    lake: Lake_,
    as_of: AsOf = None,
    language: Annotated[
        LanguageName, typer.Option("--language", help="Of the rules' verdicts.")
    ] = LanguageName.zh,
    city: ItsCity = None,
) -> None:
    """Say why one firm stands where it stands, and what the rules find, down to file and line."""
    from pipelines.delivering.run_facts import facts_and_words
    from pipelines.delivering.terminal import explanation
    from pipelines.reader import open_lake

    with open_lake(lake) as opened:
        found = opened.explain(subject, as_of)
    facts, words = facts_and_words(found["run"], city)
    Console().print(explanation(**found, language=language.value, facts=facts, words=words))


@app.command()
def owners(
    subject: Annotated[str, typer.Argument(help="The subject's id.")],
    lake: Lake_,
    as_of: AsOf = None,
    city: ItsCity = None,
) -> None:
    """Say who really stands behind a firm: control, ownership and shapes, down to the records."""
    from pipelines.delivering.owners_shown import owners_shown
    from pipelines.reader import open_lake
    from pipelines.standing_behind import standing_behind

    with open_lake(lake) as opened:
        found = standing_behind(opened, subject, as_of, conf=city)
    Console(highlight=False, markup=False).print(owners_shown(found))


@app.command()
def tree(
    subject: Annotated[str, typer.Argument(help="The subject's id.")],
    lake: Lake_,
    as_of: AsOf = None,
    out: Annotated[
        Path | None, typer.Option(help="A file ending in .svg, .png or .html; default: as text.")
    ] = None,
    language: Annotated[LanguageName, typer.Option("--language")] = LanguageName.zh,
    levels_up: Annotated[int, typer.Option(min=0, help="How far up to follow owners.")] = 4,
    levels_down: Annotated[int, typer.Option(min=0, help="How far down to follow holdings.")] = 3,
    max_nodes: Annotated[int, typer.Option(min=1, help="At most so many firms and people.")] = 60,
) -> None:
    """Draw a firm's family tree (族谱): who stands above it, what it holds, and its people."""
    from graphs.family_tree import text_tree
    from pipelines.reader import open_lake
    from pipelines.tree_command import check_out, family_tree, write_tree

    if out is not None:
        check_out(out)
    limits = {"levels_up": levels_up, "levels_down": levels_down, "max_nodes": max_nodes}
    with open_lake(lake) as city:
        day = city.run(as_of).as_of
        found = family_tree(city, subject, day, **limits)
    if out is None:
        Console(highlight=False, markup=False).print(text_tree(found, language.value))
        return
    note = write_tree(found, out, day, language.value)
    told.print(f"{len(found)} firms and people drawn as of {day} in {out}")
    if note:
        told.print(f"[yellow]{note}[/yellow]")


@app.command()
def export(
    table: Annotated[
        str,
        typer.Argument(
            help="warnings, scores, subject_features, runs, ..., or beneficial_ownership: who owns "
            "and directs whom, as BODS 0.4."
        ),
    ],
    lake: Lake_,
    out: Annotated[
        Path, typer.Option(help="A file ending in .csv or .parquet; .json for BODS statements.")
    ],
    as_of: AsOf = None,
    engine: Engine_ = None,
) -> None:
    """Write one table to one file, sorted by key; what is classed `never` is left out."""
    from pipelines.engine import open_engine
    from pipelines.export import export_table
    from pipelines.exporting_ownership import BENEFICIAL_OWNERSHIP, export_ownership
    from pipelines.lake import Lake

    with open_engine(engine.value if engine else "sail") as running:
        if table == BENEFICIAL_OWNERSHIP:
            ownership = export_ownership(Lake(lake, running.spark), out, as_of)
            told.print(ownership.summary(out), soft_wrap=True)
            return
        rows = export_table(Lake(lake, running.spark), table, out, as_of)
    told.print(f"{rows} rows of {table} written to {out}")


@app.command()
def evaluate(
    lake: Lake_,
    truth: Annotated[
        Path | None,
        typer.Option(help="The truth file that `simulate` wrote; without it: the later cases."),
    ] = None,
    as_of: AsOf = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write the report: a page ending in .html.")
    ] = None,
    city: ItsCity = None,
) -> None:
    """Hold a published list against the planted truth, or against what became known later."""
    from pipelines.evaluating import evaluate_list

    Console().print(evaluate_list(lake, truth, as_of, out, city), soft_wrap=False)


@app.command()
def doctor(
    spark: Annotated[bool, typer.Option("--spark", help="Also start Spark and write.")] = False,
) -> None:
    """Say what works on this machine and what is missing, with the fix."""
    from pipelines.doctor import examine

    broken = False
    console = Console(highlight=False)
    marks = {"ok": "[green]ok     [/green]", "missing": "[yellow]missing[/yellow]"}
    for found in examine(spark):
        mark = marks.get(found.state, "[red]broken [/red]")
        console.print(f"{mark} [bold]{found.what}[/bold]: {found.told}")
        if found.fix:
            console.print(f"        → {found.fix}")
        broken |= found.state == "broken"
    raise typer.Exit(1 if broken else 0)


@app.command()
def catalogue(
    table: Annotated[str | None, typer.Argument(help="One table; default: all of them.")] = None,
    city: Annotated[str | None, typer.Option(help="Also this city's own attributes.")] = None,
    features: Annotated[bool, typer.Option("--features", help="The features instead.")] = False,
) -> None:
    """Print the data dictionary: tables, columns, units, keys, clocks, use classes."""
    from pipelines.dictionary import dictionary

    Console().print(dictionary(table, city, features))


@app.command()
def words(
    lake: Lake_,
    top: Annotated[int, typer.Option(min=1, help="How many phrases at most.")] = 30,
    engine: Engine_ = None,
) -> None:
    """Show where words of the dictionary may be read wrongly in the city's names and scopes."""
    from pipelines.engine import open_engine
    from pipelines.lake import Lake
    from pipelines.words_command import doubtful_words_shown

    with open_engine(engine.value if engine else "sail") as running:
        Console().print(doubtful_words_shown(Lake(lake, running.spark), top))


rules = typer.Typer(no_args_is_help=True, help="The rule packs, and one day judged by two of them.")
app.add_typer(rules, name="rules")


@rules.command("list")
def list_rules() -> None:
    """Print the packs: the days on which each holds, and how much of it is cited."""
    from pipelines.rules_command import packs_shown

    Console().print(packs_shown())


@rules.command("policy")
def policy_of_use() -> None:
    """Say which departments' answers on using, sharing and publishing contradict each other."""
    from pipelines.rules_command import policy_contradictions

    Console().print(policy_contradictions())


@rules.command("diff")
def diff_rules(
    one: Annotated[str, typer.Argument(help="A pack, as `forewarn rules list` names it.")],
    two: Annotated[str, typer.Argument(help="The pack to hold beside it.")],
    lake: Lake_,
    as_of: AsOf = None,
    subject: Annotated[str | None, typer.Option(help="Only this subject.")] = None,
) -> None:
    """Judge the same day by two packs, and say what differs and because of which rule."""
    from pipelines.rules_command import packs_compared

    Console().print(packs_compared(one, two, lake, as_of, subject))


add_run_commands(app)


def main() -> None:
    """Runs the command line; every failure leaves one plain sentence and exit code 1."""
    wants_trace = "--traceback" in sys.argv
    if not wants_trace:
        warnings.simplefilter("ignore")  # what libraries tell programmers is no person's concern
    try:
        app()
    except Exception as error:
        if wants_trace:
            raise
        from pipelines.refusals import is_refusal

        first = str(error).strip() or type(error).__name__
        if not is_refusal(error):
            short = " ".join(first.split())[:300]
            first = (
                f"The program failed unexpectedly: {short} Nothing was published. Run it again "
                "with `forewarn --traceback …` and report what it prints."
            )
        told.print(f"[red]✗[/red] {_plain(first)}", soft_wrap=True)
        from pipelines.lake import LakeBusyError

        sys.exit(BUSY if isinstance(error, LakeBusyError) else 1)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
