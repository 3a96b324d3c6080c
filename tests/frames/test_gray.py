"""One value a pixel: exact, of the stored type, and a helpful refusal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from longtake.errors import InvalidArgument
from longtake.frames import open_frames
from longtake.frames.gray import mean_of_channels, to_gray


def read(image, **how):
    return next(iter(open_frames(image[np.newaxis], **how))).read()


@given(
    hnp.arrays(
        st.sampled_from(["uint8", "uint16", "int16", "int32"]),
        st.tuples(st.integers(1, 4), st.integers(1, 4), st.sampled_from([3, 4])),
    )
)
def test_the_mean_of_integers_is_exact_and_rounded_to_the_nearest(image):
    mean = mean_of_channels(image)
    assert mean.dtype == image.dtype
    total = image[..., :3].astype("int64").sum(axis=-1)
    assert (np.abs(3 * mean.astype("int64") - total) <= 1).all()


def test_the_mean_of_floats_stays_float():
    image = np.full((2, 2, 4), 0.25, "float32")
    image[..., 3] = 1
    mean = mean_of_channels(image)
    assert mean.dtype == np.float32
    np.testing.assert_allclose(mean, 0.25)


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_a_mean_is_not_guessed_of_other_channels(channels):
    with pytest.raises(InvalidArgument, match=f"{channels} channels"):
        read(np.zeros((6, 9, channels), "u1"), gray="mean")


def test_a_channel_is_contiguous_and_alone():
    image = np.arange(6 * 7 * 4, dtype="uint8").reshape(6, 7, 4)
    chosen = read(image, gray=2)
    np.testing.assert_array_equal(chosen, image[..., 2])
    assert chosen.flags.c_contiguous


@pytest.mark.parametrize("gray", [4, -1])
def test_a_channel_that_is_not_there(gray):
    with pytest.raises(InvalidArgument, match="4 channels, 0 to 3"):
        read(np.zeros((6, 7, 4), "u1"), gray=gray)


@pytest.mark.parametrize("gray", [0, "mean"])
def test_images_without_channels_stay_as_they_are(gray):
    image = np.arange(12, dtype="u1").reshape(4, 3)
    np.testing.assert_array_equal(read(image, gray=gray), image)


def test_a_function_is_always_called():
    image = np.arange(12, dtype="u1").reshape(4, 3)
    np.testing.assert_array_equal(read(image, gray=lambda a: 255 - a), 255 - image)
    first_channel = read(np.ones((2, 5, 7), "u1"), gray=lambda a: a[0])
    assert first_channel.shape == (5, 7)


def test_a_function_that_gives_no_image():
    with pytest.raises(InvalidArgument, match="gray= made of"):
        read(np.zeros((4, 3), "u1"), gray=lambda a: a.mean())


def test_channels_without_gray_say_what_to_pass():
    with pytest.raises(InvalidArgument, match=r'6 x 7 x 4: .*4 channels.*gray=0.*gray="mean"'):
        read(np.zeros((6, 7, 4), "u1"))


def test_a_stack_without_ndim_says_what_to_pass():
    for gray in (None, 0, "mean"):
        with pytest.raises(InvalidArgument, match=r"as in \(5, 9, 9\).*ndim=3"):
            read(np.zeros((10, 60, 70), "u1"), gray=gray)


def test_a_single_image_is_no_movie():
    with pytest.raises(InvalidArgument, match=r"image\[numpy\.newaxis\]"):
        open_frames(np.zeros((60, 70)))


@pytest.mark.parametrize("gray", [0, "mean"])
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_colours_are_no_axis_of_a_stack(gray, channels):
    with pytest.raises(InvalidArgument, match=f"2-D image of {channels} channels"):
        read(np.zeros((60, 70, channels), "u1"), ndim=3, gray=gray)


def test_volumes_with_channels():
    image = np.zeros((5, 60, 70, 3), "u1")
    assert read(image, ndim=3, gray=1).shape == (5, 60, 70)
    with pytest.raises(InvalidArgument, match="3 channels"):
        to_gray(image, None, 3, "it")
