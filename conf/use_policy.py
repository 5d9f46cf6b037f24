"""For what each department's credit information is used: internally, shared, published.

Three answers a department, as data (`conf/rules/use_policy_2016.yaml`). That they fit one another
is not checked here: `models.grading.use_policy` reports who contradicts whom.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from conf.citation import RULES_FOLDER, Sourced, check_citation, load_instruments
from conf.table import Strict, Text
from conf.yaml_file import read_yaml

Number = Annotated[int, Field(ge=0)]


class Answers(Strict):
    """What one department answered: used internally only, shared with others, published."""

    internal_only: bool
    shared: bool
    published: bool


class Stated(Strict):
    """How many departments the text counts under each answer."""

    internal_only: Number
    not_shared: Number
    not_published: Number


class UsePolicy(Sourced):
    """The departments' answers by name; `others` is what each department not named answered."""

    title: Text
    departments_in_all: Number
    stated: Stated
    departments: Annotated[dict[str, Answers], Field(min_length=1)]
    others: Answers


def load_use_policy(name: str = "use_policy_2016", folder: Path | None = None) -> UsePolicy:
    """One policy by the name of its file.

    Raises:
        ConfError: the file is missing or wrong, cites what was not read, or counts other numbers of
            departments than it states.
    """
    where = folder or RULES_FOLDER
    file = read_yaml(where / f"{name}.yaml")
    policy = file.build(UsePolicy)
    check_citation(file, policy, load_instruments(where))
    unnamed = policy.departments_in_all - len(policy.departments)
    if unnamed < 0:
        message = f"names {len(policy.departments)} departments, more than the "
        raise file.error(message + f"{policy.departments_in_all} in all", "departments_in_all")
    answers = [*policy.departments.values(), *[policy.others] * unnamed]
    counted = {
        "internal_only": sum(a.internal_only for a in answers),
        "not_shared": sum(not a.shared for a in answers),
        "not_published": sum(not a.published for a in answers),
    }
    for key, found in counted.items():
        stated = getattr(policy.stated, key)
        if found != stated:
            message = f"the text counts {stated} departments {key}, the answers here {found}"
            raise file.error(message + "; correct one", "stated", key)
    return policy
