"""`locate` gives trackpy's numbers, and answers bad input before it works."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import trackpy
from hypothesis import given, settings
from hypothesis import strategies as st

from longtake.errors import InvalidArgument, LongtakeError, WrongType
from longtake.tracking.finding import Parameters, check_shape, columns, find
from longtake.tracking.locate_features import locate

BULK_WATER = Path(__file__).parents[2].parent / "shared/data/bulk_water"


def spots(shape, count=25, seed=0, radius=2.0, noise=4.0, brightness=150.0):
    """Draw Gaussian spots on a noisy background, as floats from about 0 to 255."""
    random = np.random.default_rng(seed)
    grid = np.indices(shape)
    radii = np.broadcast_to(radius, len(shape))
    image = 20 + random.normal(0, noise, shape)
    for _ in range(count):
        at = random.uniform(0, shape)
        squares = sum(((g - a) / r) ** 2 for g, a, r in zip(grid, at, radii, strict=True))
        image += brightness * random.uniform(0.5, 1) * np.exp(-squares / 2)
    return np.clip(image, 0, 255)


def trackpys(image, diameter, **keywords):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return trackpy.locate(image, diameter, **keywords)


def assert_like_trackpy(image, diameter, **keywords):
    theirs, ours = trackpys(image, diameter, **keywords), locate(image, diameter, **keywords)
    assert_same(theirs, ours)
    return ours


def assert_same(theirs, ours):
    assert list(ours.index) == list(range(len(ours)))
    assert len(theirs) == len(ours)
    if len(theirs) == 0:
        assert set(theirs.columns) <= set(ours.columns)
        return
    assert list(theirs.columns) == list(ours.columns)
    for name in theirs:
        rtol = 1e-10 if name.startswith("ep") else 0
        np.testing.assert_allclose(
            ours[name].to_numpy(), theirs[name].to_numpy(), rtol=rtol, err_msg=name
        )


FLAT = (90, 101)
AS_DTYPE = {
    "uint8": lambda image: image.astype("uint8"),
    "uint16": lambda image: (image * 200).astype("uint16"),
    "int16": lambda image: (image * 100).astype("int16"),
    "int8": lambda image: (image / 2).astype("int8"),
    "int32": lambda image: (image * 1e5).astype("int32"),
    "uint32": lambda image: (image * 1e7).astype("uint32"),
    "float32": lambda image: (image / 255).astype("float32"),
    "float64": lambda image: image / 255,
    "bool": lambda image: image > 90,
}
MOST_DTYPES = ["uint8", "uint16", "int16", "float32", "float64", "bool"]


@pytest.mark.parametrize("dtype", AS_DTYPE)
def test_images_of_every_dtype(dtype):
    found = assert_like_trackpy(AS_DTYPE[dtype](spots(FLAT)), 9)
    assert len(found) > 10


@pytest.mark.parametrize("dtype", AS_DTYPE)
def test_stacks_of_every_dtype(dtype):
    found = assert_like_trackpy(AS_DTYPE[dtype](spots((28, 36, 41), 12)), 7)
    assert len(found) > 4


OPTIONS = {
    "invert": {"invert": True},
    "minmass": {"minmass": 0.6},
    "maxsize": {"maxsize": 2.4},
    "raw": {"preprocess": False},
    "raw and inverted": {"preprocess": False, "invert": True},
    "bare": {"characterize": False},
    "percentile 0": {"percentile": 0},
    "percentile 33.3": {"percentile": 33.3},
    "percentile 100": {"percentile": 100},
    "topn 1": {"topn": 1},
    "topn 5": {"topn": 5},
    "topn 5000": {"topn": 5000},
    "separation": {"separation": 5.5},
    "wide separation": {"separation": 25},
    "uneven separation": {"separation": (8, 14.5)},
    "no separation": {"separation": 0},
    "noise_size": {"noise_size": 2.3},
    "no noise_size": {"noise_size": 0},
    "smoothing_size": {"smoothing_size": 21},
    "uneven smoothing": {"smoothing_size": (9, 15)},
    "smoothing_size 1": {"smoothing_size": 1, "noise_size": 0.4},
    "threshold": {"threshold": 0.02},
    "threshold 0": {"threshold": 0},
    "threshold below 0": {"threshold": -1},
    "threshold above everything": {"threshold": 1e12},
    "one iteration": {"max_iterations": 1},
    "python": {"engine": "python"},
    "numba": {"engine": "numba"},
}


@pytest.mark.parametrize("dtype", MOST_DTYPES)
@pytest.mark.parametrize("option", OPTIONS)
def test_every_argument(option, dtype):
    options = dict(OPTIONS[option])
    engine = options.pop("engine", "auto")
    image = AS_DTYPE[dtype](spots(FLAT, seed=1))
    theirs = trackpys(image, 7, **options)
    assert_same(theirs, locate(image, 7, engine=engine, **options))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize(
    "options",
    [
        {"diameter": (7, 11)},
        {"diameter": (11, 7), "characterize": False},
        {"diameter": 9, "noise_size": (1, 1.5)},
        {"diameter": (7, 9), "noise_size": (0, 2), "separation": (9, 10)},
    ],
)
def test_different_sizes_along_the_axes(dtype, options):
    # No feature is filtered out: trackpy misplaces ep then.
    image = AS_DTYPE[dtype](spots(FLAT, seed=2, radius=(1.5, 2.5)))
    assert len(assert_like_trackpy(image, **options)) > 5


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize(
    "options",
    [
        {"diameter": (5, 9, 9)},
        {"diameter": (5, 7, 9), "characterize": False},
        {"diameter": 7, "noise_size": (0.5, 1, 1)},
        {"diameter": (5, 7, 7), "separation": (4, 9, 9), "smoothing_size": (5, 9, 11)},
        {"diameter": 7, "preprocess": False, "invert": True},
        {"diameter": 5, "maxsize": 1.9, "topn": 4},
    ],
)
def test_stacks_with_options(dtype, options):
    image = AS_DTYPE[dtype](spots((24, 40, 44), 14, seed=3, radius=(1.2, 1.9, 1.9)))
    assert len(assert_like_trackpy(image, **options)) > 2


def test_low_contrast_and_saturated_images():
    random = np.random.default_rng(5)
    assert_like_trackpy(random.integers(0, 4, FLAT).astype("uint8"), 5)
    assert_like_trackpy(random.integers(250, 256, FLAT).astype("uint8"), 7)
    saturated = np.clip(spots(FLAT, brightness=900), 0, 255).astype("uint8")
    assert_like_trackpy(saturated, 9)
    assert_like_trackpy(np.kron(np.eye(9), np.full((9, 9), 255)).astype("uint8"), 9)


@pytest.mark.parametrize("diameter", [17, 41])
def test_large_diameters(diameter):
    assert_like_trackpy(spots((120, 140), 6, radius=diameter / 5).astype("uint8"), diameter)


@pytest.mark.parametrize("side", [13, 383, 384, 385, 389, 775])
def test_images_wider_than_a_strip(side):
    assert_like_trackpy(spots((40, side), side // 8, seed=side).astype("uint8"), 7)
    assert_like_trackpy(spots((side, 40), side // 8, seed=side).astype("uint8"), 7, noise_size=2)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(st.integers(24, 70), st.integers(24, 70)),
    count=st.integers(0, 40),
    noise=st.sampled_from([0.0, 1.0, 10.0]),
    dtype=st.sampled_from(MOST_DTYPES),
    diameter=st.sampled_from([3, 5, 7, 11]),
    options=st.fixed_dictionaries(
        {},
        optional={
            "minmass": st.floats(0, 2000),
            "percentile": st.floats(0, 100),
            "separation": st.floats(1, 20),
            "invert": st.booleans(),
            "preprocess": st.booleans(),
            "threshold": st.floats(-1, 30),
            "topn": st.integers(1, 9),
        },
    ),
)
def test_random_images(seed, shape, count, noise, dtype, diameter, options):
    image = AS_DTYPE[dtype](spots(shape, count, seed, radius=diameter / 5, noise=noise))
    assert_like_trackpy(image, diameter, **options)


def test_real_frames():
    if not BULK_WATER.is_dir():
        pytest.skip(f"the frames of bulk_water are not beside the repository, in {BULK_WATER}")
    from imageio.v3 import imread

    for path in sorted(BULK_WATER.glob("*.png"))[:3]:
        found = assert_like_trackpy(imread(path)[:, :, 0], 11, invert=True)
        assert len(found) > 400


def test_layout_in_memory_does_not_matter():
    image = spots(FLAT).astype("uint8")
    expected = locate(image, 9)
    read_only = image.copy()
    read_only.flags.writeable = False
    strided = np.zeros((*FLAT, 4), "uint8")
    strided[..., 2] = image
    others = [read_only, strided[..., 2], np.asfortranarray(image), image[np.newaxis]]
    for other in [*others, image.astype(">u2").astype(np.dtype("u1"))]:
        pd.testing.assert_frame_equal(locate(other, 9), expected)
    swapped = (image.astype("uint16") * 200).astype(">u2")
    pd.testing.assert_frame_equal(locate(swapped, 9), locate(swapped.astype("uint16"), 9))


def test_images_are_not_changed():
    for dtype, convert in AS_DTYPE.items():
        image = convert(spots(FLAT))
        before = image.copy()
        locate(image, 9, invert=True)
        locate(image, 9, preprocess=False)
        assert (image == before).all(), dtype


def test_threads_give_the_same():
    images = [spots(FLAT, seed=seed).astype("uint8") for seed in range(12)]
    images += [spots((70, 88), seed=seed) / 255 for seed in range(12)]
    expected = [locate(image, 7) for image in images]
    with ThreadPoolExecutor(4) as pool:
        for found, one in zip(pool.map(lambda i: locate(i, 7), images), expected, strict=True):
            pd.testing.assert_frame_equal(found, one)


def test_64_bit_integers_are_taken_by_their_values():
    image = spots(FLAT).astype("int32")
    for dtype in ("int64", "uint64"):
        pd.testing.assert_frame_equal(locate(image.astype(dtype), 9), locate(image, 9))
    with pytest.raises(InvalidArgument, match="astype"):
        locate(np.full(FLAT, 2**40), 9)


def test_half_precision_is_widened():
    image = (spots(FLAT) / 255).astype("float16")
    pd.testing.assert_frame_equal(locate(image, 9), locate(image.astype("float32"), 9))


class Numbered(np.ndarray):
    frame_no = 7


def test_frame_numbers_label_the_rows():
    image = spots(FLAT).astype("uint8").view(Numbered)
    found = locate(image, 9)
    assert list(found.columns)[-1] == "frame"
    assert found["frame"].dtype == np.int64
    assert set(found["frame"]) == {7}
    assert found.attrs == {"frame_no": 7}
    assert_like_trackpy(image, 9)


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize("options", [{}, {"characterize": False}, {"noise_size": (1, 2)}])
def test_nothing_found_is_an_empty_table(options, numbered):
    black = np.zeros(FLAT, "uint8")
    edge = black.copy()
    edge[0, :] = 200
    faint = spots(FLAT).astype("uint8")
    for image, more in [(black, {}), (edge, {}), (faint, {"minmass": 1e9})]:
        found = locate(image.view(Numbered) if numbered else image, 9, **options, **more)
        names = columns(2, Parameters(9, **options)) + ["frame"] * numbered
        assert list(found.columns) == names
        assert len(found) == 0
        assert all(found[name].dtype == (np.int64 if name == "frame" else float) for name in found)
        assert found.attrs == ({"frame_no": 7} if numbered else {})


def test_filter_after_is_applied():
    image = spots(FLAT).astype("uint8")
    found = locate(image, 9, filter_after=lambda table: table[table["size"] < 2])
    pd.testing.assert_frame_equal(found, locate(image, 9).query("size < 2"))


IMAGE = np.zeros(FLAT, "uint8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"diameter": 10}, "odd"),
        ({"diameter": 9.5}, "odd"),
        ({"diameter": 1}, "3 or larger"),
        ({"diameter": (9, 9, 9)}, "2 dimensions"),
        ({"diameter": 9, "separation": (9, 9, 9)}, "2 dimensions"),
        ({"diameter": (9, 9), "separation": (9, 9, 9)}, "different dimensions"),
        ({"diameter": 95}, "larger than the image"),
        ({"diameter": (9, 11), "maxsize": 3}, "maxsize"),
        ({"diameter": 9, "smoothing_size": 10}, "odd"),
        ({"diameter": 9, "noise_size": 9}, "smaller than the smoothing size"),
        ({"diameter": 9, "noise_size": -1}, "noise_size"),
        ({"diameter": 9, "separation": float("nan")}, "separation"),
        ({"diameter": 9, "percentile": 101}, "percentile"),
        ({"diameter": 9, "minmass": float("nan")}, "minmass"),
        ({"diameter": 9, "topn": 0}, "topn"),
        ({"diameter": 9, "max_iterations": 0}, "max_iterations"),
        ({"diameter": 9, "engine": "gpu"}, "engine"),
        ({"diameter": 9, "filter_before": True}, "filter_before"),
        ({"diameter": 9, "filter_after": 3}, "filter_after"),
    ],
)
def test_arguments_that_cannot_be_meant(arguments, words):
    with pytest.raises(ValueError, match=words) as caught:
        locate(IMAGE, **arguments)
    assert isinstance(caught.value, LongtakeError)


@pytest.mark.parametrize("channels", [3, 4])
def test_images_with_channels_are_refused(channels):
    image = np.zeros((*FLAT, channels), "uint8")
    with pytest.raises(InvalidArgument, match=rf"{channels} channels.*image\[\.\.\., 0\]"):
        locate(image, 9)
    with pytest.raises(InvalidArgument, match="channels"):
        check_shape(image.shape, Parameters(9))
    with pytest.raises(InvalidArgument, match="channels first"):
        locate(np.moveaxis(image, -1, 0), 9)
    # A thin stack, and its user says so.
    assert len(locate(image, (9, 9, 3))) == 0


def test_other_images_are_refused():
    for shape in [(5,), (9, 9, 9, 9)]:
        with pytest.raises(InvalidArgument, match="dimensions"):
            locate(np.zeros(shape), 3)
    for image in (np.zeros(FLAT, complex), np.full(FLAT, "a")):
        with pytest.raises(WrongType, match="numbers"):
            locate(image, 3)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_that_are_no_numbers_are_counted(value, dtype):
    image = np.zeros(FLAT, dtype)
    image[5, 8:10] = value
    with pytest.raises(InvalidArgument, match=r"2 pixels.*\(5, 8\)"):
        locate(image, 9)


def test_find_gives_the_columns_without_pandas():
    found = find(spots(FLAT).astype("uint8"), Parameters(9))
    assert list(found) == columns(2, Parameters(9))
    assert all(column.dtype == float and column.flags.c_contiguous for column in found.values())


@pytest.mark.parametrize("seed", range(5))
def test_negative_pixels_are_weighed_like_trackpys(seed):
    # Without the band-pass they stay, and a centre of brightness may lie anywhere.
    # Where a window sums to 0 trackpy divides by it; among so many levels none does.
    image = np.random.default_rng(seed).integers(-9001, 11003, FLAT).astype("int16")
    theirs = trackpys(image, 5, preprocess=False, minmass=-1e9)
    ours = locate(image, 5, preprocess=False, minmass=-1e9)
    np.testing.assert_array_equal(ours[["y", "x", "mass"]], theirs[["y", "x", "mass"]])
