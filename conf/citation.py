"""Where a rule comes from: the instruments whose text was read, and citations of them.

`cited` means that somebody read the text and copied it: a quotation must stand, word for word, in
the passages kept in `conf/rules/instruments.yaml`. All else is a `project default`, and is printed
as one wherever the rule shows.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from conf.errors import did_you_mean, listed
from conf.table import Name, Strict, Text
from conf.yaml_file import YamlFile, read_yaml

RULES_FOLDER = Path(__file__).parent / "rules"

Standing = Literal["cited", "project default"]


class Instrument(Strict):
    """A law, a notice or a report: what it is called, who issued it, when it holds.

    `passages` are the parts of its text that were read, by article, word for word. An instrument
    without passages is known by name only: it can be a measure's basis, but nothing is cited by it.
    """

    name: Name
    title: Text
    issuer: Text
    number: Text
    effective_from: date
    effective_to: date | None = None
    passages: dict[str, Text] = Field(default_factory=dict)
    note: Text | None = None

    GIVEN_BY_LOADER = frozenset({"name"})

    def in_force(self, as_of: date) -> bool:
        """Whether it holds on the day; the last day counts."""
        return self.effective_from <= as_of and (
            self.effective_to is None or as_of <= self.effective_to
        )


class Citation(Strict):
    """A passage: the instrument, the article, and the words."""

    instrument: Name
    article: Text
    quotation: Text


class Basis(Strict):
    """The legal basis: an instrument of `instruments.yaml` and the article in it."""

    instrument: Name
    article: Text


class Sourced(Strict):
    """What every rule says of its origin. `note` is for a person: why this figure, what is open."""

    source: Standing
    citation: Citation | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _cited_or_not(self) -> Sourced:
        if self.source == "cited" and self.citation is None:
            raise ValueError(
                "`source: cited` needs `citation: {instrument, article, quotation}` of a text that "
                "was read; otherwise write `source: project default`"
            )
        if self.source != "cited" and self.citation is not None:
            raise ValueError("a citation goes with `source: cited`; change one of the two")
        return self


class InstrumentsFile(Strict):
    """`conf/rules/instruments.yaml`."""

    instruments: Annotated[dict[str, Instrument], Field(min_length=1)]


def load_instruments(folder: Path | None = None) -> dict[str, Instrument]:
    """The instruments by name.

    Raises:
        ConfError: the file is missing or wrong.
    """
    file = read_yaml((folder or RULES_FOLDER) / "instruments.yaml")
    return file.build(InstrumentsFile, {"instruments": file.named("instruments")}).instruments


def check_citation(
    file: YamlFile, sourced: Sourced, instruments: dict[str, Instrument], *place: str | int
) -> None:
    """Refuses a citation whose instrument, article or words are not among what was read.

    Raises:
        ConfError: with file, line and the nearest match.
    """
    citation = sourced.citation
    if citation is None:
        return
    here = (*place, "citation")
    if citation.instrument not in instruments:
        message = f"unknown instrument '{citation.instrument}'; expected one of "
        message += listed(instruments) + did_you_mean(citation.instrument, instruments)
        raise file.error(message, *here, "instrument")
    passages = instruments[citation.instrument].passages
    if citation.article not in passages:
        message = f"no passage '{citation.article}' of {citation.instrument} was read; expected "
        message += f"one of {listed(passages) or 'none'}"
        raise file.error(message + did_you_mean(citation.article, passages), *here, "article")
    if citation.quotation not in passages[citation.article]:
        message = f"the quotation does not stand in '{citation.article}' of "
        message += f"{citation.instrument} as it was read; copy it word for word"
        raise file.error(message, *here, "quotation")
