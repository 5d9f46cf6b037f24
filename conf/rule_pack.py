"""Rule packs: dated sets of rules in `conf/rules/<pack>/`, loaded, checked and chosen by date.

A pack that contradicts itself is refused when it is loaded, with file, line and reason. A later
pack may `extend` an earlier one: its files state what changes, and the rest stands as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

from pydantic import model_validator

from conf.citation import (
    RULES_FOLDER,
    Instrument,
    Sourced,
    check_citation,
    load_instruments,
)
from conf.consequence_kinds import MeasuresFile, NoticesFile
from conf.errors import ConfError, did_you_mean, listed
from conf.rule_checks import (
    check_dimensions,
    check_lists,
    check_matrix,
    check_measures,
    check_notices,
    check_points,
    check_tax,
)
from conf.rule_kinds import (
    ComparisonFile,
    DimensionsFile,
    GradesFile,
    ListsFile,
    MatrixFile,
    PointsFile,
    TaxFile,
)
from conf.table import Name, Strict, Table, Text, load_catalogue
from conf.yaml_file import YamlFile, overlaid, read_yaml


class PackFile(Strict):
    """`pack.yaml`: the pack's name, its titles, and the days on which it holds (both included)."""

    pack: Name
    zh: Text
    en: Text
    effective_from: date
    effective_to: date | None = None
    extends: Name | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _in_order(self) -> PackFile:
        if self.effective_to is not None and self.effective_to < self.effective_from:
            raise ValueError(
                f"the pack ends ({self.effective_to}) before it begins ({self.effective_from})"
            )
        return self


@dataclass(frozen=True)
class RulePack:
    """One pack, with what it took over from the pack it extends.

    `version`: 16 hex digits of all that it says, taken-over files and instruments included.
    """

    name: str
    zh: str
    en: str
    effective_from: date
    effective_to: date | None
    version: str
    grades: GradesFile
    business_matrix: MatrixFile
    tax_grade: TaxFile
    points: PointsFile
    lists: ListsFile
    dimensions: DimensionsFile
    tax_comparison: ComparisonFile
    measures: MeasuresFile
    notices: NoticesFile
    instruments: Mapping[str, Instrument]

    def in_force(self, as_of: date) -> bool:
        """Whether the pack holds on the day."""
        return self.effective_from <= as_of and (
            self.effective_to is None or as_of <= self.effective_to
        )


KINDS: dict[str, type[Strict]] = {
    "grades": GradesFile,
    "business_matrix": MatrixFile,
    "tax_grade": TaxFile,
    "points": PointsFile,
    "lists": ListsFile,
    "dimensions": DimensionsFile,
    "tax_comparison": ComparisonFile,
    "measures": MeasuresFile,
    "notices": NoticesFile,
}
"""The files of a pack, and what each holds."""

_NAMED = {
    "grades": ("schemes",),
    "points": ("points",),
    "lists": ("lists", "situations"),
    "dimensions": ("dimensions",),
    "measures": ("measures",),
    "notices": ("notices",),
}


def known_packs(folder: Path | None = None) -> list[str]:
    """The names of the packs there are, in alphabetical order."""
    return sorted(path.parent.name for path in (folder or RULES_FOLDER).glob("*/pack.yaml"))


def load_pack(name: str, folder: Path | None = None) -> RulePack:
    """One pack by name.

    Raises:
        ConfError: there is no such pack, or it contradicts itself; with file, line and reason.
    """
    where = folder or RULES_FOLDER
    files = _files(name, where, ())
    head = files["pack"].build(PackFile)
    if head.pack != name:
        message = f"the pack is called '{head.pack}' but its folder '{name}'; rename one"
        raise files["pack"].error(message, "pack")
    missing = [kind for kind in KINDS if kind not in files]
    if missing:
        message = f"the pack has no {listed(f'{kind}.yaml' for kind in missing)}; add it, or "
        raise files["pack"].error(message + "`extends` a pack that has it")
    instruments = load_instruments(where)
    built: dict[str, Any] = {kind: _built(kind, files[kind], instruments) for kind in KINDS}
    _check(files, built, instruments, load_catalogue())
    return RulePack(
        name=head.pack,
        zh=head.zh,
        en=head.en,
        effective_from=head.effective_from,
        effective_to=head.effective_to,
        version=_version(files, where),
        instruments=instruments,
        **built,
    )


def _files(name: str, where: Path, above: tuple[str, ...]) -> dict[str, YamlFile]:
    """The files of a pack by kind: its own, and those it takes over."""
    known = known_packs(where)
    if name not in known:
        message = f"there is no rule pack '{name}'; expected one of {listed(known) or 'none'}"
        raise ConfError(where, None, message + did_you_mean(name, known))
    head = read_yaml(where / name / "pack.yaml")
    extends = head.build(PackFile).extends
    if extends in (*above, name):
        raise head.error(f"the pack '{extends}' extends itself", "extends")
    if extends is not None and extends not in known:
        message = f"there is no rule pack '{extends}' to extend; expected one of {listed(known)}"
        raise head.error(message + did_you_mean(extends, known), "extends")
    files = _files(extends, where, (*above, name)) if extends else {}
    for path in sorted((where / name).iterdir()):
        if path.stem != "pack" and (path.suffix != ".yaml" or path.stem not in KINDS):
            message = f"is no file of a rule pack; expected {listed(f'{k}.yaml' for k in KINDS)}"
            raise ConfError(path, None, message + did_you_mean(path.stem, KINDS))
        own = read_yaml(path)
        inherits = path.stem != "pack" and path.stem in files
        files[path.stem] = overlaid(files[path.stem], own) if inherits else own
    return files


def _built(kind: str, file: YamlFile, instruments: dict[str, Instrument]) -> Any:
    built = file.build(KINDS[kind], {key: _entries(file, key) for key in _NAMED.get(kind, ())})
    for place, rule in sourced(built):
        check_citation(file, rule, instruments, *place)
    return built


def _entries(file: YamlFile, key: str) -> Any:
    """The entries under `key` with their names in them, those of a dimension's items too."""
    entries = file.named(key)
    if key != "dimensions" or not isinstance(entries, dict):
        return entries
    for entry in entries.values():
        items = entry.get("items") if isinstance(entry, dict) else None
        if isinstance(items, dict):
            entry["items"] = {
                k: {**v, "name": k} if isinstance(v, dict) else v for k, v in items.items()
            }
    return entries


def sourced(
    rule: object, place: tuple[str | int, ...] = ()
) -> Iterable[tuple[tuple[str | int, ...], Sourced]]:
    """Every part of a rules file that says where it comes from, with its place in the file."""
    if isinstance(rule, Sourced):
        yield place, rule
    if isinstance(rule, Strict):
        for name in type(rule).model_fields:
            yield from sourced(getattr(rule, name), (*place, name))
    elif isinstance(rule, Mapping):
        for name, inner in rule.items():
            yield from sourced(inner, (*place, name))
    elif isinstance(rule, tuple):
        for number, inner in enumerate(rule):
            yield from sourced(inner, (*place, number))


def _check(
    files: Mapping[str, YamlFile],
    built: Mapping[str, Any],
    instruments: Mapping[str, Instrument],
    catalogue: Mapping[str, Table],
) -> None:
    """What one file alone cannot know: names that must be known elsewhere in the pack."""
    schemes = built["grades"].schemes
    check_matrix(files["business_matrix"], built["business_matrix"], schemes, instruments)
    check_tax(files["tax_grade"], built["tax_grade"], schemes, catalogue)
    check_points(files["points"], built["points"])
    check_lists(files["lists"], built["lists"], catalogue)
    check_dimensions(files["dimensions"], built["dimensions"], catalogue)
    check_notices(files["notices"], built["notices"], catalogue)
    check_measures(files["measures"], built, instruments)


def _version(files: Mapping[str, YamlFile], where: Path) -> str:
    digest = hashlib.sha256((where / "instruments.yaml").read_bytes())
    for kind in sorted(files):
        digest.update(f"{kind}\n{len(files[kind].raw)}\n".encode())
        digest.update(files[kind].raw)
    return digest.hexdigest()[:16]


@lru_cache(maxsize=8)
def load_packs(names: tuple[str, ...], folder: Path | None = None) -> tuple[RulePack, ...]:
    """The packs of a city, oldest first.

    Raises:
        ConfError: two of them hold on the same day, or one is wrong.
    """
    packs = sorted((load_pack(name, folder) for name in names), key=lambda p: p.effective_from)
    for one, two in combinations(packs, 2):
        if one.effective_to is None or two.effective_from <= one.effective_to:
            ends = "has no end" if one.effective_to is None else f"holds until {one.effective_to}"
            file = read_yaml((folder or RULES_FOLDER) / one.name / "pack.yaml")
            raise file.error(
                f"the packs '{one.name}' and '{two.name}' overlap: the first {ends}, the second "
                f"begins on {two.effective_from}; end one the day before the other begins",
                "effective_to",
            )
    return tuple(packs)


def pack_in_force(packs: Iterable[RulePack], as_of: date) -> RulePack | None:
    """The pack that holds on the day; None when there is none."""
    return next((pack for pack in packs if pack.in_force(as_of)), None)


@dataclass(frozen=True)
class ParameterChange:
    """One thing that two packs say differently: its file and place, before and after."""

    kind: str
    place: str
    before: str
    after: str


def parameter_changes(one: RulePack, two: RulePack) -> list[ParameterChange]:
    """What the second pack changes against the first, by file and place; notes count for nothing."""
    changes = []
    for kind in KINDS:
        before, after = (_leaves(getattr(pack, kind)) for pack in (one, two))
        for place in sorted(before.keys() | after.keys()):
            if before.get(place) != after.get(place):
                told = (before.get(place, "—"), after.get(place, "—"))
                changes.append(ParameterChange(kind, ".".join(place), *told))
    return changes


def _leaves(rule: object, place: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    if isinstance(rule, Strict):
        inside: Iterable[tuple[str, object]] = (
            (name, getattr(rule, name))
            for name in type(rule).model_fields
            if name not in ("note", "citation", "name")
        )
    elif isinstance(rule, Mapping):
        inside = ((str(name), inner) for name, inner in rule.items())
    elif isinstance(rule, tuple) and any(isinstance(part, Strict) for part in rule):
        inside = ((str(number), inner) for number, inner in enumerate(rule))
    else:
        told = ", ".join(map(str, rule)) if isinstance(rule, tuple) else str(rule)
        return {place: told}
    return {k: v for name, inner in inside for k, v in _leaves(inner, (*place, name)).items()}
