"""Maxima, percentile, duplicates and noise against the plain way of finding them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from trackpy.find import where_close
from trackpy.uncertainty import measure_noise as their_noise

from longtake.tracking.finding.dedupe import brightest
from longtake.tracking.finding.maxima import local_maxima
from longtake.tracking.finding.noise import measure_noise
from longtake.tracking.finding.quantise import count, count_table, percentile_of_counts, quantise
from longtake.tracking.finding.scratch import Scratch
from longtake.tracking.finding.window import window

SEEDS = st.integers(0, 10**6)


@settings(max_examples=80, deadline=None)
@given(
    seed=SEEDS,
    shape=st.tuples(st.integers(1, 8), st.integers(1, 40), st.integers(1, 40)),
    sizes=st.tuples(*[st.integers(1, 12)] * 3),
    margins=st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(0, 9)),
    dtype=st.sampled_from(["uint8", "uint16", "int64"]),
    levels=st.sampled_from([2, 9, 120]),
)
def test_maxima_are_where_the_dilated_image_equals_it(seed, shape, sizes, margins, dtype, levels):
    low = -levels if dtype == "int64" else 0
    image = np.random.default_rng(seed).integers(low, levels, shape).astype(dtype)
    floor = levels // 3
    peaks = (image == ndimage.grey_dilation(image, sizes, mode="constant")) & (image > floor)
    inside = np.zeros(shape, bool)
    inside[tuple(slice(m, max(n - m, 0)) for m, n in zip(margins, shape, strict=True))] = True
    found = local_maxima(image, sizes, floor, margins, Scratch())
    np.testing.assert_array_equal(found, np.flatnonzero(peaks & inside))


@settings(max_examples=60, deadline=None)
@given(
    seed=SEEDS,
    size=st.integers(1, 9000),
    percentile=st.floats(0, 100),
    dtype=st.sampled_from(["uint8", "uint16"]),
)
def test_percentiles_are_numpys(seed, size, percentile, dtype):
    random = np.random.default_rng(seed)
    image = np.where(random.random(size) < 0.4, random.integers(0, 250, size), 0).astype(dtype)
    counts = count_table(dtype)
    count(image, counts)
    ours = percentile_of_counts(counts, percentile)
    bright = image[image != 0]
    if len(bright):
        assert ours == np.percentile(bright, percentile)
    else:
        assert np.isnan(ours)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 10000])
def test_values_are_cut_and_counted(dtype, size):
    plane = np.random.default_rng(0).random(size) * 200
    out, counts = np.empty(size, dtype), count_table(dtype)
    quantise(plane, 1.25, out, counts)
    np.testing.assert_array_equal(out, (plane * 1.25).astype(dtype))
    expected = np.bincount(out, minlength=counts.shape[1])
    np.testing.assert_array_equal(counts.sum(axis=0)[1:], expected[1:])


@settings(max_examples=80, deadline=None)
@given(seed=SEEDS, number=st.integers(0, 300), side=st.floats(0.5, 400), flat=st.booleans())
def test_of_close_features_the_brightest_stays(seed, number, side, flat):
    random = np.random.default_rng(seed)
    # Some of them outside.
    positions = (random.random((number, 3)) * 1.4 - 0.2) * side
    positions[:, 0] *= not flat
    positions[::3] = np.round(positions[::3])
    mass = random.integers(1, 6, number).astype(float)
    keep = np.ones(number, bool)
    keep[where_close(positions, 1, mass)] = False
    np.testing.assert_array_equal(brightest(positions, mass, (side,) * 3), keep)


def test_ties_at_the_same_place_are_dropped_like_trackpys():
    positions, mass = np.array([[0, 5.0, 5], [0, 5, 5], [0, 5.5, 4.5], [0, 9, 9]]), np.ones(4)
    keep = np.ones(4, bool)
    keep[where_close(positions, 1, mass)] = False
    np.testing.assert_array_equal(brightest(positions, mass, (1, 12, 12)), keep)


@settings(max_examples=60, deadline=None)
@given(
    seed=SEEDS,
    shape=st.tuples(st.integers(3, 40), st.integers(3, 40)),
    radius=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    part=st.sampled_from([0, 0.003, 0.05, 1]),
    dtype=st.sampled_from(["uint8", "uint16", "float32", "float64"]),
)
def test_noise_is_that_of_the_pixels_away_from_features(seed, shape, radius, part, dtype):
    random = np.random.default_rng(seed)
    image = (random.random(shape) < part).astype(np.uint8)
    raw = (random.random(shape) * 250).astype(dtype)
    lines = window(radius).lines
    ours = measure_noise(image[np.newaxis], raw[np.newaxis], lines, Scratch())
    np.testing.assert_allclose(ours, their_noise(image, raw, radius), rtol=1e-12)
