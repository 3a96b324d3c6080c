"""One step from frame to frame: which position continues which particle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from longtake.tracking.linking.assignment import cheapest_links
from longtake.tracking.linking.candidates import nearest_sources

if TYPE_CHECKING:
    from longtake.tracking.linking.adaptive import AdaptiveRange

#: A position has at most so many candidates, the nearest ones; trackpy's limit.
MOST_CANDIDATES = 10
# A displacement of just the search range counts as within it, even when rounding adds to it.
_ROUNDING = 1 + 1e-7


@dataclass(frozen=True)
class Matching:
    """The rule by which positions continue particles.

    The links taken minimise the sum of their squared lengths, plus the square of the search range
    for every particle that is left without one (J. C. Crocker and D. G. Grier, J. Colloid
    Interface Sci. 179, 298-310, 1996).

    Attributes
    ----------
    search_range : float
        The longest link.
    adaptive : AdaptiveRange, optional
        How the range shrinks in crowded places.
    disputed : {"solve", "drop"}
        Whether particles with a choice are linked by the rule, or not linked at all.
    """

    search_range: float
    adaptive: AdaptiveRange | None = None
    disputed: Literal["solve", "drop"] = "solve"

    def links(self, sources: np.ndarray, destinations: np.ndarray) -> np.ndarray:
        """Give for every destination the source that it continues, or -1.

        Parameters
        ----------
        sources, destinations : (S, 3 or more), (D, 3 or more) float64, C-contiguous

        Returns
        -------
        (D,) int64
        """
        limit = self.search_range * self.search_range
        reach = self.search_range * _ROUNDING
        starts, source, d2 = nearest_sources(sources, destinations, reach, MOST_CANDIDATES)
        np.minimum(d2, limit, out=d2)
        if self.adaptive is None and self.disputed == "solve":
            return cheapest_links(starts, source, d2 - limit, len(sources))
        destination = np.repeat(np.arange(len(destinations)), np.diff(starts))
        if self.adaptive is None:
            cost = d2 - limit
        else:
            ranges = self.adaptive.ranges(destination, source, d2, self.search_range)
            cost = d2 - ranges * ranges
        if self.disputed == "solve":
            return cheapest_links(starts, source, cost, len(sources))
        near = cost <= 0
        return _undisputed_links(destination[near], source[near], len(destinations), len(sources))


def _undisputed_links(
    destination: np.ndarray, source: np.ndarray, destination_count: int, source_count: int
) -> np.ndarray:
    """Link those pairs of which each is the other's only candidate."""
    choices = np.bincount(destination, minlength=destination_count)
    rivals = np.bincount(source, minlength=source_count)
    alone = (choices[destination] == 1) & (rivals[source] == 1)
    links = np.full(destination_count, -1)
    links[destination[alone]] = source[alone]
    return links
