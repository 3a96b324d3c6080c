"""From a movie to trajectories in one file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import longtake.tracking as tp
from longtake.errors import AlreadyExists, InvalidArgument, NotFound, UnreadableFrame, WrongType
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


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"diameter": 9}, {"diameter": (9, 9)}),
        ({"diameter": [9.0, 9.0]}, {"diameter": 9}),
        ({"search_range": 5}, {"search_range": (5, 5)}),
        ({"search_range": np.array([5.0, 5.0])}, {"search_range": 5}),
        ({"separation": None}, {"separation": 10}),
        ({"separation": (10, 10.0)}, {}),
        ({"smoothing_size": None}, {"smoothing_size": (9, 9)}),
        ({"noise_size": 1}, {"noise_size": (1.0, 1.0)}),
        ({"threshold": None}, {"threshold": 1}),
        ({"threshold": -1}, {"threshold": 0}),
        ({"engine": "auto"}, {"engine": "numba"}),
        ({"memory": np.int64(2)}, {"memory": 2.0}),
    ],
)
def test_other_words_for_the_same_are_the_same(images, tmp_path, before, now):
    usual = {"diameter": 9, "search_range": 5}
    tp.track(images[:2], output=tmp_path / "a.h5", **usual | before)
    done = tp.track(images[:4], output=tmp_path / "a.h5", resume=True, **usual | now)
    assert (done.frames, done.resumed_at) == (4, 2)


@pytest.mark.parametrize("name", ["separation", "smoothing_size", "noise_size", "threshold"])
def test_what_was_not_given_is_told_from_another_value(images, tmp_path, name):
    tp.track(images[:2], 9, 5, tmp_path / "a.h5")
    usual = {"separation": 10, "smoothing_size": 9, "noise_size": 1, "threshold": 1}[name]
    with pytest.raises(InvalidArgument, match=f"{name} was {usual} and is now 3"):
        tp.track(images, 9, 5, tmp_path / "a.h5", resume=True, **{name: 3})


def test_the_threshold_of_floats_is_another(images, tmp_path):
    movie = images / 255
    tp.track(movie[:2], 9, 5, tmp_path / "a.h5")
    assert tp.track(movie, 9, 5, tmp_path / "a.h5", threshold=1 / 255, resume=True).frames == 12
    with pytest.raises(InvalidArgument, match="threshold"):
        tp.track(movie, 9, 5, tmp_path / "a.h5", threshold=1, resume=True)


def test_sizes_that_differ_by_axis(images, tmp_path):
    tp.track(images[:2], (9, 11), (5, 4), tmp_path / "a.h5")
    done = tp.track(images, (9, 11), (5, 4), tmp_path / "a.h5", separation=(10, 12), resume=True)
    assert done.frames == 12
    with pytest.raises(InvalidArgument, match=r"diameter was \[9, 11\] and is now \[11, 9\]"):
        tp.track(images, (11, 9), (5, 4), tmp_path / "a.h5", resume=True)


@pytest.mark.parametrize("opened_as", [lambda movie: movie, iter])
def test_nan_in_the_first_image_is_said_before_anything_is_made(images, tmp_path, opened_as):
    movie = images.astype("float32")
    movie[0, 10, 20] = np.nan
    path = tmp_path / "a.h5"
    with pytest.raises(UnreadableFrame, match=r"frame 0 .*\(10, 20\)"):
        tp.track(opened_as(movie), 9, 5, path)
    assert not path.exists()
    done = tp.track(opened_as(movie), 9, 5, path, on_error="skip")
    assert (done.frames, done.failed) == (11, 1)


def test_images_of_no_numbers_are_refused_before_anything_is_made(images, tmp_path):
    with pytest.raises(WrongType, match="complex"):
        tp.track(images.astype("complex64"), 9, 5, tmp_path / "a.h5")
    assert not (tmp_path / "a.h5").exists()


def test_a_generator_that_was_looked_at_loses_no_frame(images, tmp_path):
    tp.track((image for image in images), 9, 5, tmp_path / "a.h5")
    tp.track(images, 9, 5, tmp_path / "whole.h5")
    with FramewiseStore(tmp_path / "a.h5") as one, FramewiseStore(tmp_path / "whole.h5") as other:
        pd.testing.assert_frame_equal(one.dump(), other.dump())


@pytest.mark.parametrize("resume", [False, True])
def test_an_output_that_cannot_be(images, tmp_path, resume):
    (tmp_path / "f0.png").write_text("an image")
    for name, error in [
        ("none/a.h5", NotFound),
        ("f0.png/a.h5", NotFound),
        ("x" * 300, InvalidArgument),
    ]:
        with pytest.raises(error) as caught:
            tp.track(images, 9, 5, tmp_path / name, resume=resume)
        assert str(caught.value).startswith(str(tmp_path / name))
