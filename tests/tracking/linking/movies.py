"""Random movies for the tests of linking."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


def wander(seed, count, frames, ndim=2, crowding=1.0, missed=0.1):
    """Positions (n, ndim) in each frame, of particles that wander, come late and go missing.

    `crowding` is the size of a step, in units of the mean distance between particles. Places are
    continuous, so that no two links are equally long.
    """
    rng = np.random.default_rng(seed)
    side = max(count, 1) ** (1 / ndim)
    places = rng.random((count, ndim)) * side
    movie = []
    for _ in range(frames):
        places = places + rng.normal(0, 0.3 * crowding, places.shape)
        newcomer = rng.random(count) < 0.05
        places[newcomer] = rng.random((newcomer.sum(), ndim)) * side
        movie.append(rng.permutation(places[rng.random(count) >= missed]))
    return movie


movies = st.builds(
    wander,
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 40),
    frames=st.integers(1, 8),
    crowding=st.sampled_from([0.5, 1.0, 2.0]),
    missed=st.sampled_from([0.0, 0.1, 0.5, 0.95]),
)


def links_of(ids_by_frame):
    """The set of links, whatever the numbers are: pairs of (frame, row) of one particle."""
    last, links = {}, set()
    for frame_no, ids in enumerate(ids_by_frame):
        for row, particle in enumerate(ids):
            if particle in last:
                links.add((last[particle], (frame_no, row)))
            last[particle] = frame_no, row
    return links
