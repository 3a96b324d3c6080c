"""The band-pass in single precision gives what double precision gives, on every pixel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trackpy.preprocessing import bandpass, convert_to_int

from longtake.tracking.finding import screen
from longtake.tracking.finding.boxcar import boxcar
from longtake.tracking.finding.gaussian import bandpass_slice, gaussian_kernel
from longtake.tracking.finding.scratch import Scratch


def screened(image, noise_size=1, smoothing_size=7, threshold=1.0):
    scratch = Scratch()
    sizes = (1, smoothing_size, smoothing_size)
    background = boxcar(image[np.newaxis], sizes, scratch, whole=True)[0]
    out = np.full_like(image, 77)
    weights = gaussian_kernel(noise_size)
    scale = screen.quantised_bandpass(
        image, background, weights, weights, threshold, 255, out, scratch
    )
    return scale, out, background, weights


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(st.integers(3, 60), st.integers(3, 60)),
    levels=st.sampled_from([2, 3, 6, 30, 256]),
    patch=st.integers(1, 12),
    noise_size=st.sampled_from([0.3, 1, 1.7, 2.6]),
    threshold=st.sampled_from([1e-300, 0.5, 1, 3.25]),
)
def test_every_pixel_is_that_of_double_precision(seed, shape, levels, patch, noise_size, threshold):
    # Flat patches: their values lie close to whole numbers, and so to the threshold.
    random = np.random.default_rng(seed)
    coarse = random.integers(0, levels, [side // patch + 1 for side in shape])
    image = np.kron(coarse * (255 // (levels - 1)), np.ones((patch, patch)))
    image = np.ascontiguousarray(image[: shape[0], : shape[1]].astype(np.uint8))
    scale, out, _, _ = screened(image, noise_size, 7, threshold)
    if scale is not None:
        their_scale, theirs = convert_to_int(bandpass(image, noise_size, 7, threshold), "uint8")
        assert scale == their_scale
        np.testing.assert_array_equal(out, theirs)


def test_the_bound_on_the_error_holds_and_is_not_vast():
    random = np.random.default_rng(0)
    image = random.integers(200, 256, (300, 300)).astype(np.uint8)
    _, _, background, weights = screened(image)
    double, single = np.empty(image.shape), np.empty(image.shape, np.float32)
    bandpass_slice(image, background, weights, weights, 1e-30, double)
    narrow = weights.astype(np.float32)
    bandpass_slice(image, background, narrow, narrow, 1e-30, single)
    worst = np.abs(double - single)[(double > 0) & (single > 0)].max()
    bound = (2 * screen._roundings(weights) + 1) * 2.0**-24 * 255
    assert bound / 50 < worst < bound


def test_faint_images_are_left_to_double_precision():
    image = np.full((40, 40), 200, np.uint8)
    image[20, 20] = 201
    scale, out, _, _ = screened(image, threshold=1e-3)
    assert scale is None
    assert (out == 77).all()


@pytest.mark.parametrize("value", [0, 90])
def test_flat_images_are_black(value):
    scale, out, _, _ = screened(np.full((40, 40), value, np.uint8), threshold=200.0)
    assert scale == 1.0
    assert not out.any()
