"""The search on the grid, against all distances."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from longtake.tracking.linking.candidates import nearest_sources


def by_all_distances(sources, destinations, reach, most):
    found = []
    for place in destinations:
        d2 = ((sources - place) ** 2).sum(axis=1)
        order = np.lexsort((np.arange(len(d2)), d2))
        found.append([s for s in order if d2[s] <= reach * reach][:most])
    return found


def by_grid(sources, destinations, reach, most):
    starts, source, d2 = nearest_sources(sources, destinations, reach, most)
    assert len(source) == len(d2) == starts[-1]
    return [source[a:b].tolist() for a, b in pairwise(starts)]


def points(width):
    # On a coarse lattice distances equal to the reach, and to each other, are common.
    lattice = st.integers(-6, 6).map(float)
    anywhere = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
    return st.sampled_from([lattice, anywhere]).flatmap(
        lambda values: st.integers(0, 30).flatmap(
            lambda count: arrays(np.float64, (count, width), elements=values)
        )
    )


@pytest.mark.parametrize("width", [3, 4])
@settings(deadline=None)
@given(data=st.data(), reach=st.sampled_from([0.5, 1.0, 2.0, 40.0]), most=st.integers(1, 10))
def test_the_grid_misses_nothing(width, data, reach, most):
    sources, destinations = data.draw(points(width)), data.draw(points(width))
    expected = by_all_distances(sources, destinations, reach, most)
    assert by_grid(sources, destinations, reach, most) == expected


def test_flat_and_narrow_arrangements():
    rng = np.random.default_rng(3)
    for extent in ([0, 0, 1e4], [0, 1e4, 0], [0, 1e-3, 1e3], [0, 0, 0], [5, 300, 300]):
        sources = rng.random((200, 3)) * extent
        destinations = sources[::-1] + rng.normal(0, 1, sources.shape)
        expected = by_all_distances(sources, destinations, 20.0, 10)
        assert by_grid(sources, destinations, 20.0, 10) == expected


def test_destinations_far_outside_the_grid():
    sources = np.zeros((2, 3))
    destinations = np.array([[0, 1e99, -1e99], [0, -1e15, 3], [0, 0, 0.5]])
    assert by_grid(sources, destinations, 1.0, 10) == [[], [], [0, 1]]


def test_the_distances_are_those_of_the_candidates():
    _, source, d2 = nearest_sources(np.eye(3) * 2, np.zeros((1, 3)), 2.0, 2)
    assert source.tolist() == [0, 1]
    assert d2.tolist() == [4, 4]
