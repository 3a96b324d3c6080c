"""From a movie to trajectories in one file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import longtake.tracking as tp
from longtake.errors import AlreadyExists, InvalidArgument, NotFound
from longtake.framewise import FramewiseStore
from longtake.streams import StreamFileView
from longtake.tracking.simulation import BrownianMovie


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.array(list(BrownianMovie(frames=12, shape=(128, 128), particles=8, seed=4)))


def test_it_equals_batch_and_link(images, tmp_path):
    tp.quiet()
    tp.track(images, 9, 5, tmp_path / "a.h5", memory=2, minmass=100)
    found = tp.batch(images, 9, minmass=100)
    expected = tp.link(found, 5, memory=2)
    tp.quiet(False)
    with FramewiseStore(tmp_path / "a.h5", mode="r") as store:
        pd.testing.assert_frame_equal(store.dump(), expected)


@pytest.mark.parametrize("stop", [1, 5, 11])
@pytest.mark.parametrize("workers", [1, 3])
def test_resuming_gives_what_one_run_gives(images, tmp_path, stop, workers):
    whole, parts = tmp_path / "whole.h5", tmp_path / "parts.h5"
    tp.track(images, 9, 5, whole, memory=3, workers=workers)
    tp.track(images[:stop], 9, 5, parts, memory=3, workers=workers)
    done = tp.track(images, 9, 5, parts, memory=3, workers=workers, resume=True)
    assert (done.resumed_at, done.frames) == (stop, 12)
    with FramewiseStore(whole, mode="r") as one, FramewiseStore(parts, mode="r") as other:
        pd.testing.assert_frame_equal(one.dump(), other.dump())
        assert done.trajectories == one.dump()["particle"].nunique()


def test_a_run_stopped_by_the_user_goes_on(images, tmp_path):
    def interrupted():
        yield from images[:6]
        raise KeyboardInterrupt

    path = tmp_path / "a.h5"
    with pytest.raises(KeyboardInterrupt):
        tp.track(interrupted(), 9, 5, path)
    with StreamFileView(path) as view:
        assert view.was_closed
    done = tp.track(images, 9, 5, path, resume=True)
    tp.track(images, 9, 5, tmp_path / "whole.h5")
    with FramewiseStore(path) as one, FramewiseStore(tmp_path / "whole.h5") as other:
        assert done.frames == 12
        pd.testing.assert_frame_equal(one.dump(), other.dump())


def test_stacks(tmp_path):
    rng = np.random.default_rng(0)
    z, y, x = np.mgrid[:24, :40, :40]
    movie = []
    for step in range(4):
        light = np.exp(-((z - 12) ** 2 / 4 + (y - 20 - step) ** 2 / 8 + (x - 18) ** 2 / 8))
        movie.append((200 * light + rng.random(light.shape)).astype("uint8"))
    tp.track(np.array(movie), (5, 9, 9), (2, 4, 4), tmp_path / "a.h5", minmass=100)
    with FramewiseStore(tmp_path / "a.h5") as store:
        table = store.dump()
        assert table.columns[:3].tolist() == ["z", "y", "x"]
        assert table["particle"].tolist() == [0] * 4
        np.testing.assert_allclose(table["y"], [20, 21, 22, 23], atol=0.1)


def test_black_frames_are_stored_as_empty_ones(images, tmp_path):
    movie = images.copy()
    movie[3:5] = 0
    tp.track(movie, 9, 5, tmp_path / "a.h5", memory=1)
    with FramewiseStore(tmp_path / "a.h5") as store:
        assert store.frames == list(range(12))
        assert len(store[3]) == len(store[4]) == 0
        assert store[3].dtypes.equals(store[2].dtypes)
        assert set(store[5]["particle"]).isdisjoint(store[2]["particle"])


def test_nothing_is_made_when_an_argument_is_bad(images, tmp_path):
    path = tmp_path / "a.h5"
    for error, call in [
        (InvalidArgument, lambda: tp.track(images, 8, 5, path)),
        (InvalidArgument, lambda: tp.track(images, 9, -5, path)),
        (InvalidArgument, lambda: tp.track(images, 9, 5, path, memory=-1)),
        (InvalidArgument, lambda: tp.track(images, 999, 5, path)),
        (InvalidArgument, lambda: tp.track(images, 9, 5, path, on_error="ignore")),
        (InvalidArgument, lambda: tp.track(images, 9, 5, path, workers=0)),
        (NotFound, lambda: tp.track("nothing/*.png", 9, 5, path)),
        (TypeError, lambda: tp.track(images, 9, 5, path, diametre=3)),
    ]:
        with pytest.raises(error):
            call()
        assert not path.exists()


def test_an_existing_file_is_kept(images, tmp_path):
    path = tmp_path / "a.h5"
    tp.track(images[:2], 9, 5, path)
    with pytest.raises(AlreadyExists, match="resume"):
        tp.track(images, 9, 5, path)
    with pytest.raises(InvalidArgument, match="search_range was 5 and is now 6"):
        tp.track(images, 9, 6, path, resume=True)
    with pytest.raises(InvalidArgument, match="shape"):
        tp.track(images[:, :100], 9, 5, path, resume=True)


def test_progress_is_told(images, tmp_path):
    seen = []
    tp.track(images, 9, 5, tmp_path / "a.h5", progress=seen.append)
    assert [p.done for p in seen] == list(range(1, 13))
    assert {p.total for p in seen} == {12}


def test_resume_needs_the_same_gray(images, tmp_path):
    color = np.stack([images, images // 2, images // 2], axis=-1)
    tp.track(list(color[:4]), 9, 5, tmp_path / "a.h5", gray=0)
    with pytest.raises(InvalidArgument, match="gray was 0 and is now 1"):
        tp.track(list(color), 9, 5, tmp_path / "a.h5", gray=1, resume=True)
    assert tp.track(list(color), 9, 5, tmp_path / "a.h5", gray=0, resume=True).frames == 12


def test_minmass_none_is_minmass_0(images, tmp_path):
    tp.track(images[:4], 9, 5, tmp_path / "a.h5")
    assert tp.track(images, 9, 5, tmp_path / "a.h5", minmass=0, resume=True).frames == 12


def test_another_movie_is_not_resumed(tmp_path):
    movie = np.random.default_rng(0).integers(0, 200, (3, 64, 64)).astype("u1")
    out = tmp_path / "t.h5"
    tp.track(movie[:2], 9, 5, out)
    with pytest.raises(InvalidArgument, match="was made from another movie"):
        tp.track(movie[::-1], 9, 5, out, resume=True)
    assert tp.track(movie, 9, 5, out, resume=True).frames == 3
