"""The features of every frame."""

from __future__ import annotations

import inspect
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
    with pytest.raises(InvalidArgument, match="filter_after"):
        tp.batch(images, 9, filter_after=7)
    with pytest.raises(TypeError, match="no argument 'raw_image'"):
        tp.batch(images, 9, raw_image=images[0])
    with pytest.raises(WrongType, match="no store"):
        tp.batch(images, 9, output=str(tmp_path / "a.h5"))


@pytest.mark.parametrize("columns", [["y", "x", "frame"], []])
def test_after_locate_may_make_new_tables(images, tmp_path, columns):
    movie = images.copy()
    movie[2] = 0
    with FramewiseStore(tmp_path / "a.h5") as store:
        tp.batch(
            movie,
            9,
            store,
            after_locate=lambda n, table: (
                pd.DataFrame({name: table[name].to_numpy() for name in columns or table})
                if len(table)
                else pd.DataFrame({name: np.empty(0) for name in columns})
            ),
        )
        assert store.frames == list(range(6))
        assert len(store[2]) == 0


def test_after_locate_is_told_the_frame_of_an_empty_table(images):
    told = []
    tp.batch(
        np.zeros_like(images),
        9,
        filter_after=lambda table: pd.DataFrame(table.to_dict("list")),
        after_locate=lambda n, table: told.append((n, table.attrs["frame_no"])) or table,
    )
    assert told == [(n, n) for n in range(6)]


def test_the_arguments_come_in_trackpys_order(images):
    def bright(n: int, table: pd.DataFrame) -> pd.DataFrame:
        return table[table["mass"] > 500]

    expected = tp.batch(images, 9, after_locate=bright)
    for found in (
        tp.batch(images, 9, None, None, 1, bright),
        tp.batch(images, 9, meta=None, after_locate=bright, filter_before=None),
        tp.batch(images, 9, after_locate=bright, filter_after=True),
    ):
        pd.testing.assert_frame_equal(found, expected)
    names = list(inspect.signature(trackpy.batch).parameters)[:-1]
    assert list(inspect.signature(tp.batch).parameters)[: len(names)] == names


@pytest.mark.parametrize("meta", ["meta.yaml", True])
def test_no_file_of_metadata_is_written(images, meta, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidArgument, match="meta="):
        tp.batch(images, 9, meta=meta)
    assert list(tmp_path.iterdir()) == []


def test_what_trackpy_no_longer_knows(images):
    with pytest.raises(InvalidArgument, match="filter_before"):
        tp.batch(images, 9, filter_before=True)
