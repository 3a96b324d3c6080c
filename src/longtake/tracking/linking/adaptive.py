"""Shrink the search range where too many particles crowd together.

Particles and positions that are joined by candidate links form a *subnet*. Where one holds too
many particles, its range is reduced step by step, until it falls apart into small ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from longtake.errors import SubnetOversizeException

#: The most particles of one subnet that an adaptive search accepts; trackpy's limit.
LARGEST_SUBNET = 15


@dataclass(frozen=True)
class AdaptiveRange:
    """How a search range shrinks: by `step`, until it is no longer above `stop`."""

    stop: float
    step: float

    def ranges(
        self, destination: np.ndarray, source: np.ndarray, d2: np.ndarray, search_range: float
    ) -> np.ndarray:
        """Give the range of the subnet that each candidate's source ends up in.

        Parameters
        ----------
        destination, source : (C,) int64
            The two ends of each candidate link.
        d2 : (C,) float64
            Its squared length.
        search_range : float
            The range to begin with.

        Returns
        -------
        (C,) float64
            A candidate longer than its range is no candidate any more.

        Raises
        ------
        SubnetOversizeException
            If a subnet is still too large when its range has come down to `stop`.
        """
        ranges = np.full(len(d2), search_range)
        crowded = np.arange(len(d2))
        within = search_range
        while True:
            sizes = _subnet_sizes(destination[crowded], source[crowded])
            crowded = crowded[sizes > LARGEST_SUBNET]
            if not len(crowded):
                return ranges
            if within <= self.stop:
                raise SubnetOversizeException(
                    f"{sizes.max()} particles crowd together even within a range of {within:.4g} "
                    f"(the most is {LARGEST_SUBNET}, and adaptive_stop is {self.stop:.4g}): lower "
                    "adaptive_stop, or leave it out to have subnets of any size solved"
                )
            within *= self.step
            ranges[crowded] = within
            crowded = crowded[d2[crowded] <= within * within]


def _subnet_sizes(destination: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Give for each candidate link the number of sources in its subnet."""
    if not len(source):
        return np.zeros(0, np.int64)
    sources, source = np.unique(source, return_inverse=True)
    first_destination = len(sources)
    destination = destination + first_destination
    points = int(destination.max()) + 1
    graph = coo_array((np.ones(len(source)), (source, destination)), shape=(points, points))
    _, subnet = connected_components(graph, directed=False)
    return np.bincount(subnet[:first_destination], minlength=points)[subnet[source]]
