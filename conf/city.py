"""A city: everything `conf/` says about one place, loaded, checked and named by one digest."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from conf.characteristic import CHARACTERISTICS_FOLDER
from conf.citation import load_instruments
from conf.correction import CORRECTIONS_FILE
from conf.declared_feature import DeclaredFeature, load_declared_features
from conf.errors import ConfError, did_you_mean, listed, shown
from conf.rule_pack import RulePack, load_packs
from conf.source import Attribute, Source, load_source
from conf.table import CATALOGUE_FOLDER, SYSTEM_COLUMNS, Name, Strict, Table, Text, load_catalogue
from conf.target import Target, load_target
from conf.word_groups import WORDS_FOLDER
from conf.yaml_file import YamlFile, read_yaml, yaml_files

CITIES_FOLDER = Path(__file__).parent / "cities"
#: The least number of bytes of a key for personal data.
LEAST_KEY_BYTES = 16
# no secret: the demo city holds no real person, and everybody's demo must come out the same
_DEMO_KEY = b"forewarn: the demo city's key, which protects nobody"


class SubjectId(Strict):
    """What an id of a subject looks like: a credit code (GB 32100) or a pattern of the city's."""

    kind: Literal["uscc", "pattern"]
    pattern: Text | None = None

    @model_validator(mode="after")
    def _consistent(self) -> SubjectId:
        if (self.kind == "pattern") != (self.pattern is not None):
            raise ValueError("subject_id: `pattern` goes with `kind: pattern`, and only with it")
        if self.pattern is None:
            return self
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"subject_id.pattern is no regular expression: {error}") from None
        if not (self.pattern.startswith("^") and self.pattern.endswith("$")):
            raise ValueError("subject_id.pattern must cover the whole id: start with ^, end with $")
        if "(?" in self.pattern:
            raise ValueError("subject_id.pattern must do without (?...), which an engine lacks")
        return self


class PersonalKey(Strict):
    """Where the key for hashing id numbers and phones comes from."""

    builtin: Literal[True] | None = None
    file: Text | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> PersonalKey:
        if (self.builtin is None) == (self.file is None):
            raise ValueError("personal_key needs either `file: <path>` or `builtin: true`")
        return self


class CapacityDefault(Strict):
    """How many inspections a district without rows in table `capacity` can make in a week."""

    inspections: Annotated[int, Field(ge=0)]


class PersonalBasis(Strict):
    """The city's basis for features that rest on a person's age or kin, or take him for a front.

    `text` says in words why the city may use them; `instrument` names the law or rule, one of
    `conf/rules/instruments.yaml`. Without it those features are left out.
    """

    text: Text
    instrument: Name


class CityFile(Strict):
    """What `city.yaml` itself says (its sources and features stand in files beside it)."""

    city: Name
    name_zh: Text
    name_en: Text | None = None
    demo: bool = False
    subject_id: SubjectId
    engine: Literal["sail", "spark"] = "sail"
    master: Text | None = None
    known_at: date | None = None
    timezone: Text = "Asia/Shanghai"
    target: Text
    feature_set: Text = "core"
    rules: tuple[Name, ...] = ()
    personal_key: PersonalKey | None = None
    personal_basis: PersonalBasis | None = None
    capacity_default: CapacityDefault
    control_threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    graph_memory_gb: Annotated[float, Field(gt=0)] | None = None
    known_hubs: tuple[Text, ...] = ()
    model: dict[str, Any] = Field(default_factory=dict)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"unknown timezone '{name}'; expected e.g. Asia/Shanghai") from None
        return name


@dataclass(frozen=True)
class City:
    """One city's configuration.

    Attributes:
        name: the city's name, such as `demo`.
        name_zh: its Chinese name; `name_en` its English one (the name where none is given).
        folder: where `city.yaml` stands.
        demo: whether its data is synthetic (only then the built-in personal key is allowed).
        subject_id: what an id of a subject looks like.
        engine: `sail` or `spark`; `master` is Spark's, None for the default.
        known_at: the day the city knew a delivery whose path and source do not say it.
        timezone: of the city; used for wall-clock times in `runs` only.
        target: what is predicted.
        feature_set: the named set of features the model reads.
        rule_packs: the city's rule packs, oldest first; none: no rules are applied.
        personal_key: where the key for personal data comes from; None: no source has any.
        personal_basis: why features that rest on a person's age or kin may be used; None: they
            are left out of the feature set, the model and the reasons.
        capacity_default: the weekly capacity of a district that reports none.
        control_threshold: the share of a firm that must be exceeded to control it.
        graph_memory_gb: the memory the graph may take (GiB); None: half of the machine's.
        known_hubs: ids of addresses, agents and firms known to serve many honest firms
            (incubators): no shape of the graph rests on them. Groups and exposure know them not.
        model: settings of the model, by name.
        sources: by name, in alphabetical order.
        catalogue: the canonical tables by name.
        features: those the city declares itself, in the order written.
        digest: SHA-256 (hex) over every configuration file read.
    """

    name: str
    name_zh: str
    name_en: str
    folder: Path
    demo: bool
    subject_id: SubjectId
    engine: Literal["sail", "spark"]
    master: str | None
    known_at: date | None
    timezone: str
    target: Target
    feature_set: str
    rule_packs: tuple[RulePack, ...]
    personal_key: PersonalKey | None
    personal_basis: PersonalBasis | None
    capacity_default: CapacityDefault
    control_threshold: float
    graph_memory_gb: float | None
    known_hubs: tuple[str, ...]
    model: dict[str, Any]
    sources: dict[str, Source]
    catalogue: dict[str, Table]
    features: tuple[DeclaredFeature, ...]
    digest: str

    def attributes(self, table: str) -> dict[str, Attribute]:
        """The extra columns `x_<name>` of a table, from all sources, in alphabetical order."""
        found: dict[str, Attribute] = {}
        for source in self.sources.values():
            if source.table == table:
                found |= {f"x_{name}": a for name, a in source.attributes.items()}
        return dict(sorted(found.items()))

    def silver_columns(self, table: str) -> dict[str, str]:
        """The columns of a silver table in order with their Spark SQL types.

        The table's own come first, then the extra ones `x_...`, then the system columns.
        """
        extra = {name: attribute.spark_type for name, attribute in self.attributes(table).items()}
        return {**self.catalogue[table].spark_columns(), **extra, **SYSTEM_COLUMNS}

    def personal_key_bytes(self) -> bytes:
        """The key for hashing id numbers and phones, read now; surrounding blanks are no part.

        Raises:
            ConfError: the city has none, or its file is missing, unreadable or too short.
        """
        place = self.folder / "city.yaml"
        if self.personal_key is None:
            message = "no personal_key; add personal_key: {file: <path of a key file>}"
            raise ConfError(place, None, message)
        if self.personal_key.file is None:
            return _DEMO_KEY
        path = self.folder / Path(self.personal_key.file).expanduser()
        make = f"make one: head -c 32 /dev/urandom | base64 > {path}"
        try:
            key = path.read_bytes().strip()
        except OSError as error:
            reason = error.strerror or "it cannot be read"
            message = f"the personal key file {path} cannot be read ({reason.lower()}); {make}"
            raise ConfError(place, None, message) from None
        if len(key) < LEAST_KEY_BYTES:
            message = f"the personal key in {path} has {len(key)} bytes; expected at least "
            raise ConfError(place, None, f"{message}{LEAST_KEY_BYTES}; {make}")
        return key


def known_cities() -> list[str]:
    """The names of the cities delivered with forewarn, in alphabetical order."""
    return sorted(path.parent.name for path in CITIES_FOLDER.glob("*/city.yaml"))


def load_city(name_or_path: str | Path) -> City:
    """Load a city by name, or from a folder that holds a `city.yaml`.

    Raises:
        ConfError: there is no such city, or one of its files is wrong.
    """
    folder = _city_folder(name_or_path)
    file = read_yaml(folder / "city.yaml")
    stated = file.build(CityFile)
    _check_settings(file, stated, folder)
    catalogue = load_catalogue()
    try:
        target = load_target(stated.target, catalogue)
    except ConfError as error:
        raise file.error(error.message, "target") if error.line is None else error from None
    try:
        packs = load_packs(stated.rules)
    except ConfError as error:
        raise file.error(error.message, "rules") if error.line is None else error from None
    sources = _load_sources(file, folder, catalogue)
    _check_sources(file, stated, sources)
    attributes = _check_attributes(sources)
    features: tuple[DeclaredFeature, ...] = ()
    if (folder / "features.yaml").exists():
        features = load_declared_features(folder / "features.yaml", catalogue, attributes)
    return City(
        name=stated.city,
        name_zh=stated.name_zh,
        name_en=stated.name_en or stated.city,
        folder=folder,
        demo=stated.demo,
        subject_id=stated.subject_id,
        engine=stated.engine,
        master=stated.master,
        known_at=stated.known_at,
        timezone=stated.timezone,
        target=target,
        feature_set=stated.feature_set,
        rule_packs=packs,
        personal_key=stated.personal_key,
        personal_basis=stated.personal_basis,
        capacity_default=stated.capacity_default,
        control_threshold=stated.control_threshold,
        graph_memory_gb=stated.graph_memory_gb,
        known_hubs=stated.known_hubs,
        model=stated.model,
        sources=sources,
        catalogue=catalogue,
        features=features,
        digest=_digest(folder, target, packs),
    )


def _city_folder(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if str(name_or_path) in known_cities():
        return CITIES_FOLDER / path
    if (path / "city.yaml").is_file():
        return path.resolve()
    if isinstance(name_or_path, Path) or len(path.parts) > 1:
        raise ConfError(path, None, "is no folder with a city.yaml")
    known = known_cities()
    message = f"there is no city '{name_or_path}'; expected one of {listed(known)}"
    message += ", or the path of a folder with a city.yaml"
    raise ConfError(CITIES_FOLDER, None, message + did_you_mean(str(name_or_path), known))


def _check_settings(file: YamlFile, stated: CityFile, folder: Path) -> None:
    if folder.parent == CITIES_FOLDER and stated.city != folder.name:
        message = f"the city is called '{stated.city}' but its folder '{folder.name}'; rename one"
        raise file.error(message, "city")
    if stated.master is not None and stated.engine != "spark":
        message = "`master` goes with `engine: spark`; take it out or change the engine"
        raise file.error(message, "master")
    if stated.personal_key is not None and stated.personal_key.builtin and not stated.demo:
        message = "the built-in personal key is only for a city with `demo: true`; "
        raise file.error(message + "name a key file: personal_key: {file: <path>}", "personal_key")
    if stated.personal_basis is not None:
        name, known = stated.personal_basis.instrument, load_instruments()
        if name not in known:
            message = f"unknown instrument '{name}' of personal_basis; expected one of "
            message += listed(known) + did_you_mean(name, known)
            raise file.error(message, "personal_basis", "instrument")


def _load_sources(file: YamlFile, folder: Path, catalogue: dict[str, Table]) -> dict[str, Source]:
    paths = yaml_files(folder / "sources")
    if not paths:
        message = f"the city has no sources; add a file to {shown(folder / 'sources')}"
        raise file.error(message)
    return {path.stem: load_source(path, catalogue) for path in paths}


def _check_sources(file: YamlFile, stated: CityFile, sources: dict[str, Source]) -> None:
    """Every source must be dated, and a city with personal data must name its key."""
    for source in sources.values():
        dated = source.dated_by_path or source.known_at or stated.known_at
        if not dated:
            message = "nothing says when the city knew these files; put {date} in `files`, give "
            raise read_yaml(source.path).error(
                message + "`known_at` here or `known_at` in city.yaml", "files"
            )
        if source.personal and stated.personal_key is None:
            message = f"the source '{source.name}' has personal columns; add personal_key: "
            raise file.error(message + "{file: <path of a key file>}")


def _check_attributes(sources: dict[str, Source]) -> dict[str, dict[str, str]]:
    """The extra columns of each table, typed; two sources may share one if it means the same."""
    first: dict[tuple[str, str], tuple[Source, Attribute]] = {}
    for source in sources.values():
        for name, attribute in source.attributes.items():
            other, known = first.setdefault((source.table, name), (source, attribute))
            differ = [
                key
                for key in ("type", "values", "zh", "en", "use")
                if getattr(attribute, key) != getattr(known, key)
            ]
            if differ:
                message = f"the attribute '{name}' of table {source.table} differs in "
                message += f"{listed(differ)} from the one in {shown(other.path)}; rename one"
                raise read_yaml(source.path).error(message, "attributes", name)
    found: dict[str, dict[str, str]] = {}
    for (table, name), (_, attribute) in first.items():
        found.setdefault(table, {})[f"x_{name}"] = attribute.spark_type
    return found


def _digest(folder: Path, target: Target, packs: tuple[RulePack, ...]) -> str:
    """SHA-256 over the name and the bytes of every file read, independent of where they stand."""
    files = {f"catalogue/{path.name}": path for path in yaml_files(CATALOGUE_FOLDER)}
    for folder_of_ours in (CHARACTERISTICS_FOLDER, WORDS_FOLDER):
        files |= {f"{folder_of_ours.name}/{p.name}": p for p in yaml_files(folder_of_ours)}
    files |= {f"city/sources/{path.name}": path for path in yaml_files(folder / "sources")}
    files[f"targets/{target.path.name}"] = target.path
    files["corrections.yaml"] = CORRECTIONS_FILE
    files["city/city.yaml"] = folder / "city.yaml"
    if (folder / "features.yaml").exists():
        files["city/features.yaml"] = folder / "features.yaml"
    digest = hashlib.sha256()
    for name in sorted(files):
        content = read_yaml(files[name]).raw
        digest.update(f"{name}\n{len(content)}\n".encode())
        digest.update(content)
    for pack in packs:
        digest.update(f"rules/{pack.name}\n{pack.version}\n".encode())
    return digest.hexdigest()
