"""The features of every frame."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import trackpy

import longtake.tracking as tp
from longtake.errors import InvalidArgument, UnreadableFrame, WrongType
from longtake.framewise import FramewiseStore
from longtake.tracking.simulation import BrownianMovie


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    tp.quiet()
    yield
    tp.quiet(False)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.array(list(BrownianMovie(frames=6, shape=(128, 128), particles=8, seed=4)))


def test_it_equals_trackpy(images):
    trackpy.quiet()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = trackpy.batch(list(images), 9, processes=1)
    ours = tp.batch(images, 9)
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-10)


def test_a_generator_is_read_once(images):
    served = []

    def movie():
        for number, image in enumerate(images):
            served.append(number)
            yield image

    found = tp.batch(movie(), 9)
    assert served == list(range(6))
    assert found["frame"].unique().tolist() == served


def test_empty_frames_reach_the_store(images, tmp_path):
    movie = images.copy()
    movie[2] = 0
    with FramewiseStore(tmp_path / "a.h5") as store:
        assert tp.batch(movie, 9, output=store) is store
        assert store.frames == list(range(6))
        assert len(store[2]) == 0
        linked = list(tp.link_df_iter(store, 5, memory=1))
        assert [len(table) for table in linked] == [len(table) for table in store]


def test_all_frames_empty():
    found = tp.batch(np.zeros((3, 64, 64), "uint8"), 9)
    assert found.columns.tolist() == [
        "y", "x", "mass", "size", "ecc", "signal", "raw_mass", "ep", "frame",
    ]  # fmt: skip
    assert len(found) == 0


def test_after_locate(images):
    found = tp.batch(
        images, 9, after_locate=lambda n, table: table[table["mass"] > 500].assign(n=n)
    )
    assert (found["mass"] > 500).all()
    assert (found["n"] == found["frame"]).all()
    with pytest.raises(WrongType, match="DataFrame"):
        tp.batch(images, 9, after_locate=lambda n, table: None)


def test_workers_change_nothing(images):
    one = tp.batch(images, 9, processes=1)
    pd.testing.assert_frame_equal(one, tp.batch(images, 9, processes=3))
    with pytest.raises(WrongType, match="processes"):
        tp.batch(images, 9, processes="many")
    with pytest.raises(InvalidArgument):
        tp.batch(images, 9, processes=0)


def test_a_bad_frame_is_named(images):
    movie = images.astype(float)
    movie[4, 0, 0] = np.nan
    with pytest.raises(UnreadableFrame, match="frame 4"):
        tp.batch(movie, 9)


def test_filter_after_and_arguments_that_are_none(images, tmp_path):
    found = tp.batch(images, 9, filter_after=lambda table: table[table["mass"] > 500])
    assert (found["mass"] > 500).all()
    with pytest.raises(TypeError, match="no argument 'meta'"):
        tp.batch(images, 9, meta=True)
    with pytest.raises(WrongType, match="no store"):
        tp.batch(images, 9, output=str(tmp_path / "a.h5"))
