"""What counts as a shape: every threshold in one place. Project defaults, none of them law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graphs.compact import CompactGraph
from graphs.components import HUB_CAP


@dataclass(frozen=True)
class ShapeSettings:
    """Thresholds of the shapes; raising one never makes more firms carry its shape.

    hub_cap: a person with more firms than this links none of them (an accountant, a state holder),
    and an address, phone or agent with more weighs less and less.
    known_hubs: ids of addresses, phones, agents, people and firms that are known to serve many
    honest firms (incubators); they link nothing and crowd nothing.
    circle_length: firms of the longest circle that is listed. circle_steps: holdings looked at for
    the whole list, the bound of its work. listed: rows of any one evidence table.
    crowd_firms: firms from which a shared resource is listed as crowded.
    front_firms: unrelated parts from which a person fronts them.
    proxy_firms: firms from which someone stands behind proxies. watching_roles: the posts from
    which one can.
    shells: firms of the shortest chain that is listed.
    filing_roles: posts that make no link between firms; whoever keeps the books of thirty shops, or
    answers the registry's phone for them, has nothing to do with what they do.
    people_in_common, ring_firms: how many people two firms share, and how many firms make a ring.
    burst_days, burst_within_days, burst_branches: a burst is so many branches within so many days,
    looked for in the last so many days.
    rewiring_days: how far back a tie that began or ended counts. founding_days: ties that began so
    soon after a firm's first are its founding, no change.
    """

    hub_cap: int = HUB_CAP
    known_hubs: frozenset[str] = frozenset()
    circle_length: int = 12
    circle_steps: int = 2_000_000
    listed: int = 100_000
    crowd_firms: int = 10
    front_firms: int = 3
    proxy_firms: int = 2
    watching_roles: tuple[str, ...] = ("董事", "监事", "经理")
    shells: int = 3
    filing_roles: tuple[str, ...] = ("财务负责人", "联络员")
    people_in_common: int = 2
    ring_firms: int = 3
    burst_days: int = 90
    burst_within_days: int = 730
    burst_branches: int = 3
    rewiring_days: int = 365
    founding_days: int = 30

    def __post_init__(self) -> None:
        """Raises ValueError for a threshold below its least meaning."""
        least = {"circle_length": 2, "front_firms": 2, "ring_firms": 2, "founding_days": 0}
        for name, value in vars(self).items():
            if isinstance(value, int) and value < least.get(name, 1):
                raise ValueError(
                    f"The shape setting {name} is {value}; expected at least {least.get(name, 1)}."
                )

    @property
    def history_days(self) -> int:
        """How far back edges that ended are read."""
        return max(self.rewiring_days, self.burst_within_days)


def known_hubs(graph: CompactGraph, settings: ShapeSettings) -> NDArray[np.bool_]:
    """Which nodes are listed as known hubs."""
    if not settings.known_hubs:
        return np.zeros(graph.node_count, bool)
    listed = pa.array(sorted(settings.known_hubs), pa.string())
    mask: NDArray[np.bool_] = pc.is_in(graph.ids, value_set=listed).to_numpy(zero_copy_only=False)
    return mask


def with_roles(graph: CompactGraph, roles: tuple[str, ...]) -> NDArray[np.bool_]:
    """Mask of the edges with one of the roles."""
    wanted = np.isin(graph.roles, roles)
    mask: NDArray[np.bool_] = wanted[graph.role]
    return mask
