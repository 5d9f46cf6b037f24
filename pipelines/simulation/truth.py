"""The truth about a synthetic city, kept apart from its deliveries.

One row a ring firm or look-alike; firms that are neither have no row. Columns:

- `subject_id` STRING: credit code.
- `scheme` STRING: the scheme it takes part in or, for a look-alike, resembles.
- `ring_id` STRING: the ring; NULL for look-alikes.
- `role` STRING: `core`, `front` or `shell`; NULL for look-alikes.
- `started` DATE: first day of misconduct; NULL for look-alikes.
- `first_official` DATE: first 立案; NULL for look-alikes and for ring firms that never get a case.
  It may lie after the last delivery: the city did not know it yet.
- `lookalike` BOOLEAN: honest firm that resembles a ring firm.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet

from pipelines.simulation import spelling
from pipelines.simulation.calendar import NEVER
from pipelines.simulation.parameters import SCHEMES
from pipelines.simulation.schemes import ROLES
from pipelines.simulation.world import World

SCHEMA = pa.schema(
    [
        ("subject_id", pa.string()),
        ("scheme", pa.string()),
        ("ring_id", pa.string()),
        ("role", pa.string()),
        ("started", pa.date32()),
        ("first_official", pa.date32()),
        ("lookalike", pa.bool_()),
    ]
)


def truth_table(world: World) -> pa.Table:
    """The truth of a city, ordered by `subject_id` (columns: see the module)."""
    population = world.population
    firm = np.flatnonzero(population.group >= 0).astype(np.int64)
    ring = population.ring[firm]
    started = np.where(ring, population.onset[firm], NEVER)
    table = pa.table(
        [
            world.codes(firm),
            spelling.words(SCHEMES, population.scheme[firm]),
            spelling.only_where(spelling.joined("R", spelling.whole(population.group[firm])), ring),
            spelling.words(ROLES, np.where(ring, population.role[firm], -1)),
            spelling.typed_dates(started),
            spelling.typed_dates(np.where(ring, population.case[firm], NEVER)),
            pa.array(~ring),
        ],
        schema=SCHEMA,
    )
    return table.sort_by("subject_id")


def write_truth(world: World, path: Path) -> None:
    """Write the truth as Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pa_parquet.write_table(truth_table(world), path, compression="zstd")
