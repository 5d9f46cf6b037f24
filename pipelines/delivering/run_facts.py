"""What pages say of a published run when it is looked at again, by `forewarn show` and `explain`."""

from __future__ import annotations

from dataclasses import replace

from conf.city import City, load_city
from conf.errors import ConfError
from conf.table import load_catalogue
from models.risk.levels import ListPolicy
from models.risk.wording import FeatureWords
from pipelines.delivering.pages import RunFacts, field_rules
from pipelines.delivering.terminal import facts_of
from pipelines.feature_words import feature_words
from pipelines.runs import Run


def facts_and_words(run: Run, conf: str | None = None) -> tuple[RunFacts, dict[str, FeatureWords]]:
    """What pages say of a published run, and the words of its features by column name.

    From the city's files as they are now. `conf`: the city's name or folder, where it is not the
    name that the run carries. Where that name leads to no city and no `conf` is given, tables and
    features have the names that all cities share. Raises `ConfError` for a `conf` that is no city.
    """
    try:
        city = load_city(conf or run.city)
    except ConfError:
        if conf is not None:
            raise
        return _run_facts(run, None), feature_words(None)
    return _run_facts(run, city), feature_words(city)


def _run_facts(run: Run, city: City | None) -> RunFacts:
    # the capacity of the list's week is not in a city's files, and pages then say nothing of it
    facts = facts_of(run)
    if city is None:
        # what the catalogue classes `never` stays out all the same
        return replace(facts, fields=field_rules(load_catalogue()))
    return replace(
        facts,
        city_zh=city.name_zh,
        target=(city.target.name_zh, city.target.name_en),
        level_meanings=ListPolicy.of_settings(city.model.get("list", {})).meanings(),
        fields=field_rules(city.catalogue, city.sources.values()),
    )
