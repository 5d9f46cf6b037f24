"""A synthetic investment graph of any size, and what control and ownership cost on it.

    python -m tests.benchmarks.investment_graph make EDGES.parquet 1000000 --edges 2500000
    python -m tests.benchmarks.investment_graph measure EDGES.parquet control

The first writes an edge table with the columns of `graphs.edges`; the second reads it, makes it
compact and prints the CPU seconds of one step and the largest memory of its process. A process
measures one step, because a process never gives its peak back.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from graphs.compact import WHOLE, CompactGraph, compact
from graphs.kinds import (
    ADDRESS,
    AGENT,
    DIRECTORSHIP,
    FIRM,
    LEGAL_REPRESENTATIVE,
    OWNERSHIP,
    PERSON,
    PHONE,
    SHARED_ADDRESS,
    SHARED_AGENT,
    SHARED_PHONE,
)

# What a firm's holders look like. Drawn to resemble a city's register, not measured on one.
HOLDER_COUNTS = (1, 2, 3, 4, 6)
HOLDER_COUNT_ODDS = (0.42, 0.32, 0.16, 0.07, 0.03)
FIRM_HOLDER = 0.25  # the others are persons
NEAR, ANYWHERE, UPWARD = 0.70, 0.28, 0.02  # a firm's holder among the firms; upward closes circles
UNKNOWN_STAKE, OVER_REPORTED = 0.04, 0.02
CASES_ONE_IN = 1000  # firms with a known case
MUTUAL = 0.02  # firm holdings that the held firm answers with one of its own


def investment_graph(firms: int, edges: int, seed: int = 0, *, ownership: float = 0.8) -> pa.Table:
    """An edge table of about `edges` rows over `firms` firms and nearly as many persons.

    `ownership` is the part of the rows that are stakes: chains, joint holdings, a few circles,
    some persons with hundreds of firms, unknown stakes and stakes that sum above 1. The others
    are legal representatives and shared addresses, phones and agents. Columns src, src_kind, dst,
    dst_kind, kind, role, ratio (decimal(9,6)). The same arguments give the same table.
    """
    draw = np.random.default_rng(seed)
    parts = [_stakes(draw, firms, int(edges * ownership))]
    left = edges - parts[0].num_rows
    for part, kind, resource_kind, firms_each in (
        (0.5, DIRECTORSHIP, PERSON, 1.2),
        (0.25, SHARED_ADDRESS, ADDRESS, 3.0),
        (0.2, SHARED_PHONE, PHONE, 2.0),
        (0.05, SHARED_AGENT, AGENT, 200.0),
    ):
        rows = max(int(left * part), 0)
        firm = np.sort(draw.integers(0, firms, rows))
        other = draw.integers(0, max(int(rows / firms_each), 1), rows)
        ends = ((other, PERSON), (firm, FIRM))
        if kind != DIRECTORSHIP:
            ends = ((firm, FIRM), (other, resource_kind))
        role = LEGAL_REPRESENTATIVE if kind == DIRECTORSHIP else None
        parts.append(_rows(*ends, kind, role=role))
    return pa.concat_tables(parts)


def _stakes(draw: np.random.Generator, firms: int, rows: int) -> pa.Table:
    mean = float(np.dot(HOLDER_COUNTS, HOLDER_COUNT_ODDS))
    holders = draw.choice(HOLDER_COUNTS, min(firms, int(rows / mean)), p=HOLDER_COUNT_ODDS)
    held = draw.permutation(firms)[: len(holders)]
    extra = max(rows - int(holders.sum()), 0)  # more stakes than firms of that kind would have
    dst = np.concatenate([np.repeat(held, holders), draw.integers(0, firms, extra)])
    count = len(dst)
    answers = int(count * FIRM_HOLDER * MUTUAL)
    is_firm = draw.random(count) < FIRM_HOLDER
    way = draw.random(count)
    near = dst - draw.integers(1, 40, count)
    anywhere = (draw.random(count) * dst).astype(np.int64)
    holder_firm = np.where(way < NEAR, near, anywhere)
    holder_firm = np.where(way >= NEAR + ANYWHERE, dst + draw.integers(1, 40, count), holder_firm)
    is_firm &= (holder_firm >= 0) & (holder_firm < firms) & (holder_firm != dst)
    persons = max(firms * 9 // 10, 1)
    person = draw.integers(0, persons, count)
    busy = draw.random(count) < 0.02
    person[busy] = draw.integers(0, max(persons // 500, 1), int(busy.sum()))
    asked = np.flatnonzero(is_firm)[:answers]
    instead = np.flatnonzero(~is_firm)[: len(asked)]
    dst[instead], holder_firm[instead] = (
        holder_firm[asked[: len(instead)]],
        dst[asked[: len(instead)]],
    )
    is_firm[instead] = True
    ratio = _ratios(draw, dst, firms)
    every = []
    for some, src, kind in ((is_firm, holder_firm, FIRM), (~is_firm, person, PERSON)):
        every.append(_rows((src[some], kind), (dst[some], FIRM), OWNERSHIP, ratio[some]))
    return pa.concat_tables(every)


def _ratios(draw: np.random.Generator, dst: NDArray[np.int64], firms: int) -> NDArray[np.int64]:
    """Millionths that sum to 100 % a firm, but for the unknown (-1) and the over-reported."""
    weight = draw.exponential(1.0, len(dst)) ** 2 + 0.01
    total = np.bincount(dst, weights=weight, minlength=firms)
    over = np.where(draw.random(firms) < OVER_REPORTED, 1.5, 1.0)
    ratio = np.floor(weight / total[dst] * over[dst] * WHOLE).astype(np.int64)
    return np.where(draw.random(len(dst)) < UNKNOWN_STAKE, -1, np.minimum(ratio, WHOLE))


def _rows(
    src: tuple[NDArray[np.int64], str],
    dst: tuple[NDArray[np.int64], str],
    kind: str,
    ratio: NDArray[np.int64] | None = None,
    role: str | None = None,
) -> pa.Table:
    rows = len(src[0])
    columns: dict[str, pa.Array] = {}
    for name, (number, node_kind) in (("src", src), ("dst", dst)):
        digits = pc.utf8_lpad(pa.array(number).cast(pa.string()), 9, "0")
        columns[name] = pc.binary_join_element_wise(node_kind[:2], digits, "")
        columns[f"{name}_kind"] = pa.repeat(node_kind, rows)
    columns["kind"] = pa.repeat(kind, rows)
    columns["role"] = pa.repeat(pa.scalar(role, pa.string()), rows)
    share = np.full(rows, -1, np.int64) if ratio is None else ratio
    columns["ratio"] = pa.array(share / WHOLE, mask=share < 0).cast(pa.decimal128(9, 6))
    return pa.table(columns)


def _control(graph: CompactGraph) -> str:
    from graphs.control import control

    found = control(graph)
    return (
        f"{int((found.controller >= 0).sum()):,} controlled, {int(found.circle.sum()):,} in circles"
    )


def _control_at_30_percent(graph: CompactGraph) -> str:
    from graphs.control import control

    found = control(graph, threshold=0.3)
    return f"{int(found.contested.sum()):,} firms with several controllers"


def _integrated(graph: CompactGraph) -> str:
    from graphs.integrated_ownership import ultimate_owners

    found = ultimate_owners(graph)
    return f"{len(found.firm):,} shares listed, {float(found.too_small.mean()):.5f} too small on average"


def _components(graph: CompactGraph) -> str:
    from graphs.components import groups

    found = groups(graph, hub_cap=2**31)  # no hub is left out: plain weak components
    return f"{len(found.size):,} weak components of close links"


def _strong_components(graph: CompactGraph) -> str:
    from graphs.components import circular_holdings

    return f"{int(circular_holdings(graph).sum()):,} firms in circles of holdings"


def _groups(graph: CompactGraph) -> str:
    from graphs.components import groups

    found = groups(graph, np.arange(graph.firm_count, dtype=np.int32))
    return f"{len(found.size):,} groups, the largest of {int(found.size.max(initial=0)):,}"


def _exposure(graph: CompactGraph) -> str:
    from graphs.exposure import exposure
    from graphs.ties import ties

    cases = np.arange(0, graph.firm_count, CASES_ONE_IN, dtype=np.int32)
    found = exposure(graph, ties(graph), cases, np.ones(len(cases)))
    return f"{int((found.hops > 0).sum()):,} firms exposed to {len(cases):,} cases"


def _together(graph: CompactGraph) -> str:
    every = (_components, _strong_components, _control, _integrated, _exposure, _groups)
    return "; ".join(step(graph) for step in every)


STEPS: dict[str, Callable[[CompactGraph], str]] = {
    "components": _components,
    "strong_components": _strong_components,
    "control": _control,
    "control_at_30_percent": _control_at_30_percent,
    "integrated": _integrated,
    "exposure": _exposure,
    "groups": _groups,
    "together": _together,
}


def _measure(path: str, step: str) -> None:
    graph = compact(pq.read_table(path))
    before = _peak_mb()
    started = time.process_time()
    said = STEPS[step](graph)
    spent = time.process_time() - started
    print(
        f"{step}: {spent:.2f} CPU s, peak {_peak_mb():,.0f} MiB ({before:,.0f} before), "
        f"{graph.firm_count:,} firms, {graph.edge_count:,} edges; {said}"
    )


def _peak_mb() -> float:
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(words: list[str] | None = None) -> None:
    """The command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="write an edge table")
    make.add_argument("path")
    make.add_argument("firms", type=int)
    make.add_argument("--edges", type=int, help="rows, 2.5 a firm unless given")
    make.add_argument("--seed", type=int, default=0)
    make.add_argument("--ownership", type=float, default=0.8, help="part of rows that are stakes")
    measure = commands.add_parser("measure", help="CPU seconds and memory of one step")
    measure.add_argument("path")
    measure.add_argument("step", choices=sorted(STEPS))
    given = parser.parse_args(words)
    if given.command == "make":
        edges = given.edges or given.firms * 5 // 2
        made = investment_graph(given.firms, edges, given.seed, ownership=given.ownership)
        pq.write_table(made, given.path)
    else:
        _measure(given.path, given.step)


if __name__ == "__main__":
    main()
