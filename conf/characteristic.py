"""The characteristic library (特征库): what a firm that raises money illegally looks like.

`conf/characteristics/<target>.yaml` names the characteristics of a target, the columns that measure
each, where each comes from, and which statutory element (要件) it speaks for. Columns belong to the
rooms above, so whoever knows them hands their names in to be checked.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from conf.errors import did_you_mean, listed
from conf.table import Name, Strict, Text
from conf.yaml_file import YamlFile, read_yaml

CHARACTERISTICS_FOLDER = Path(__file__).parent / "characteristics"
ILLEGAL_FUNDRAISING = "illegal_fundraising"

Code = Annotated[str, Field(pattern=r"^[IB][1-9][0-9]?$")]


class Element(Strict):
    """A statutory element of illegal fundraising: 非法性, 利诱性, 社会性 or 公开性."""

    name: Name
    zh: Text
    en: Text
    definition: Text

    GIVEN_BY_LOADER = frozenset({"name"})


class Characteristic(Strict):
    """One characteristic and the columns that measure it.

    Attributes:
        name: its number, I of identity or B of behaviour.
        zh, en: display names.
        definition: what it says of a firm.
        elements: the statutory elements it speaks for; none when it speaks for none.
        proxy: it goes with its elements and is no evidence of them.
        effective_from: the day since which it speaks for its elements; before it speaks for none.
        direction: `up` when more of it means riskier, `mixed` where sources disagree.
        confidence: H statute or measured; M a practice document; L plausible only.
        source: where it comes from.
        columns, graph: names of feature columns, and of columns of the graph.
        personal: those of the two that rest on a person's age or kin, or take him for a front.
        gap: what of it is not measured, and why; needed where no column measures it.
    """

    name: Code
    zh: Text
    en: Text
    definition: Text
    elements: tuple[Name, ...]
    proxy: bool = False
    effective_from: date | None = None
    direction: Literal["up", "mixed"]
    confidence: Literal["H", "M", "L"]
    source: Text
    columns: tuple[Name, ...] = ()
    graph: tuple[Name, ...] = ()
    personal: tuple[Name, ...] = ()
    gap: Text | None = None

    GIVEN_BY_LOADER = frozenset({"name"})

    @model_validator(mode="after")
    def _measured_or_a_gap(self) -> Characteristic:
        if not self.measures and self.gap is None:
            raise ValueError(f"{self.name} has no columns; name some, or say the `gap` in words")
        for name in self.personal:
            if name not in self.measures:
                near = did_you_mean(name, self.measures)
                raise ValueError(f"{self.name}: personal column '{name}' is none of its own{near}")
        return self

    @property
    def measures(self) -> tuple[str, ...]:
        """All columns that measure it: features, then those of the graph."""
        return self.columns + self.graph

    def speaks_on(self, as_of: date | None) -> bool:
        """Whether it speaks for its elements on a day; None asks for no day."""
        return as_of is None or self.effective_from is None or self.effective_from <= as_of


class _CharacteristicsFile(Strict):
    elements: Annotated[dict[str, Element], Field(min_length=1)]
    characteristics: Annotated[dict[str, Characteristic], Field(min_length=1)]


class CharacteristicLibrary:
    """The characteristics of one target, by their number, and its elements, by name."""

    def __init__(self, file: YamlFile) -> None:
        built = file.build(
            _CharacteristicsFile,
            {key: file.named(key) for key in ("elements", "characteristics") if key in file.data},
        )
        self.file = file
        self.elements = built.elements
        self.characteristics = built.characteristics
        for name, one in self.characteristics.items():
            for i, element in enumerate(one.elements):
                if element not in self.elements:
                    message = f"unknown element '{element}' of {name}; expected one of "
                    message += listed(self.elements) + did_you_mean(element, self.elements)
                    raise file.error(message, "characteristics", name, "elements", i)
            for key in ("columns", "graph"):
                self._refuse_twice(name, key)

    def _refuse_twice(self, name: str, key: str) -> None:
        seen: set[str] = set()
        for i, column in enumerate(getattr(self.characteristics[name], key)):
            if column in seen:
                message = f"{name} names the column '{column}' twice; keep one"
                raise self.file.error(message, "characteristics", name, key, i)
            seen.add(column)

    @cached_property
    def personal(self) -> frozenset[str]:
        """Columns that need a city's stated basis: personal wherever they are named."""
        ones = self.characteristics.values()
        open_to_all = {c for one in ones for c in one.measures if c not in one.personal}
        return frozenset(c for one in ones for c in one.personal if c not in open_to_all)

    def of_column(self, column: str) -> tuple[Characteristic, ...]:
        """The characteristics that a column measures, in the order of the file."""
        return tuple(one for one in self.characteristics.values() if column in one.measures)

    def elements_of(self, column: str, as_of: date | None = None) -> tuple[str, ...]:
        """The elements for which a column is evidence, in the order of the file.

        A proxy is no evidence. With a day, what takes effect later does not speak yet.
        """
        spoken = {
            element
            for one in self.of_column(column)
            if not one.proxy and one.speaks_on(as_of)
            for element in one.elements
        }
        return tuple(name for name in self.elements if name in spoken)

    def check_columns(self, key: Literal["columns", "graph"], known: Collection[str]) -> None:
        """Refuses a column that the room which makes `key` does not declare.

        Raises:
            ConfError: with file, line and the nearest match.
        """
        for name, one in self.characteristics.items():
            for i, column in enumerate(getattr(one, key)):
                if column not in known:
                    what = "feature" if key == "columns" else "column of the graph"
                    message = f"{name} is measured by '{column}', and there is no such {what}"
                    message += did_you_mean(column, known)
                    raise self.file.error(message, "characteristics", name, key, i)


def load_characteristics(
    target: str = ILLEGAL_FUNDRAISING, folder: Path | None = None
) -> CharacteristicLibrary:
    """The characteristics of a target.

    Raises:
        ConfError: the file is missing or wrong, with file, line and the nearest match.
    """
    return CharacteristicLibrary(read_yaml((folder or CHARACTERISTICS_FOLDER) / f"{target}.yaml"))
