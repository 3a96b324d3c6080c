"""The background is scipy's running mean, to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trackpy import preprocessing

from longtake.tracking.finding.boxcar import boxcar
from longtake.tracking.finding.scratch import Scratch


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(st.integers(1, 6), st.integers(1, 40), st.integers(1, 40)),
    sizes=st.tuples(*[st.sampled_from([1, 3, 5, 13, 31])] * 3),
    dtype=st.sampled_from(["uint8", "uint16", "float32", "float64"]),
)
def test_means_are_scipys(seed, shape, sizes, dtype):
    stack = (np.random.default_rng(seed).random(shape) * 250).astype(dtype)
    whole = np.dtype(dtype).kind == "u"
    ours = boxcar(stack, sizes, Scratch(), whole=whole)
    np.testing.assert_array_equal(ours, preprocessing.boxcar(stack, sizes))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("size", [3, 17, 255, 257, 259, 601])
def test_white_does_not_overflow(dtype, size):
    stack = np.full((1, 20, 700), np.iinfo(dtype).max, dtype)
    assert (boxcar(stack, (1, size, size), Scratch(), whole=True) == stack).all()


def test_whole_numbers_in_floats_are_cut_towards_zero():
    values = np.random.default_rng(0).integers(-(10**6), 10**6, (1, 30, 30))
    ours = boxcar(values.astype(float), (1, 7, 5), Scratch(), whole=True)
    theirs = preprocessing.boxcar(values[0].astype("int32"), (7, 5))
    np.testing.assert_array_equal(ours[0], theirs)
