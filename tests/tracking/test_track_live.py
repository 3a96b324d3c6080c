"""Tracking a recording while it is made."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest

import longtake as lt
import longtake.tracking as tp
from longtake.errors import (
    AlreadyExists,
    InvalidArgument,
    NothingCame,
    UnreadableFrame,
    WriterDied,
    WrongType,
)
from longtake.framewise import FramewiseStore
from longtake.streams import RecordStream, StreamFileView
from longtake.tracking.simulation import BrownianMovie
from tests.tracking.live import assert_same_content, frames_in, key_of, wait_until

OPTIONS = {"diameter": 9, "search_range": 5, "minmass": 100}


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.array(list(BrownianMovie(frames=16, shape=(128, 128), particles=8, seed=4)))


def record(path, images, dtype="uint8", count=None) -> None:
    with lt.record(path) as recording:
        camera = recording.create_frame_stream("camera", images.shape[1:], dtype)
        for number, image in enumerate(images[:count]):
            camera.append(key_of(number), image)


def follow(path, output, **options):
    with lt.open(path) as run:
        return tp.follow(run.frame_streams.camera, output=output, **OPTIONS | options)


@pytest.fixture
def run(images, tmp_path):
    path = tmp_path / "run.h5"
    record(path, images)
    return path


def test_it_stores_what_track_stores(images, run, tmp_path):
    done = follow(run, tmp_path / "live.h5", memory=2)
    once = tp.track(images, output=tmp_path / "movie.h5", memory=2, **OPTIONS)
    assert (done.frames, done.features, done.trajectories) == (16, once.features, once.trajectories)
    with (
        FramewiseStore(tmp_path / "live.h5") as one,
        FramewiseStore(tmp_path / "movie.h5") as other,
    ):
        pd.testing.assert_frame_equal(one.dump(), other.dump())


def test_each_frame_has_its_key_in_the_recording(run, tmp_path):
    follow(run, tmp_path / "live.h5")
    with FramewiseStore(tmp_path / "live.h5", "frames", mode="r") as frames:
        table = frames.dump()
    assert table["frame"].tolist() == list(range(16))
    assert table["timestamp"].tolist() == [key_of(number) for number in range(16)]


def test_a_result_does_not_wait_for_the_next_frame(images, tmp_path):
    path, output = tmp_path / "run.h5", tmp_path / "live.h5"
    with lt.record(path) as recording:
        camera = recording.create_frame_stream("camera", images.shape[1:], "uint8")
        tracker = threading.Thread(target=follow, args=(path, output))
        tracker.start()
        for number, image in enumerate(images):
            camera.append(key_of(number), image)
            wait_until(lambda number=number: frames_in(output) == number + 1)
    tracker.join()
    with StreamFileView(output) as view:
        assert view.was_closed


def test_progress_tells_how_far_behind_it_is(run, tmp_path):
    seen = []
    follow(run, tmp_path / "live.h5", progress=seen.append)
    assert [p.done for p in seen] == list(range(1, 17))
    assert {p.total for p in seen} == {16}
    assert all(p.lag >= 0 for p in seen)


@pytest.mark.parametrize("stop", [1, 5, 8, 11, 15])
@pytest.mark.parametrize("memory", [0, 1, 3])
def test_resuming_gives_what_one_run_gives(images, tmp_path, stop, memory):
    movie = images.astype("f4")
    movie[4] = np.nan  # first failed, then empty, and both at the cuts
    movie[7:9] = 0
    whole, run, parts = tmp_path / "whole.h5", tmp_path / "run.h5", tmp_path / "parts.h5"
    record(run, movie, "f4")
    options = {"memory": memory, "on_error": "skip"}
    follow(run, whole, **options)

    class Enough(Exception):
        pass

    def stop_there(progress):
        if progress.done == stop:
            raise Enough

    with pytest.raises(Enough):
        follow(run, parts, progress=stop_there, **options)
    done = follow(run, parts, resume=True, **options)
    assert done.resumed_at == stop
    assert (done.frames, done.failed) == (15, 1)
    assert_same_content(parts, whole)


def test_a_number_given_long_ago_is_not_given_again(images, tmp_path):
    """Also if nobody with a number as high is in the frames that a linker remembers."""
    movie = np.zeros((9, 64, 64), "uint8")
    movie[:, 14:17, 14:17] = 200
    movie[1, 44:47, 44:47] = 200
    movie[8, 14:17, 44:47] = 200
    record(tmp_path / "run.h5", movie)
    follow(tmp_path / "run.h5", tmp_path / "whole.h5", search_range=3)
    with lt.record(tmp_path / "again.h5") as recording:
        camera = recording.create_frame_stream("camera", (64, 64), "uint8")
        for number in range(9):
            camera.append(number, movie[number])
            if number == 6:
                with pytest.raises(NothingCame):
                    follow(tmp_path / "again.h5", tmp_path / "o.h5", search_range=3, timeout=0)
    done = follow(tmp_path / "again.h5", tmp_path / "o.h5", search_range=3, resume=True)
    assert (done.resumed_at, done.trajectories) == (7, 3)
    with FramewiseStore(tmp_path / "o.h5") as one, FramewiseStore(tmp_path / "whole.h5") as other:
        pd.testing.assert_frame_equal(one.dump(), other.dump())


@pytest.mark.parametrize("dark", [False, True])
def test_a_frame_that_was_half_stored_is_stored_again(images, tmp_path, monkeypatch, dark):
    """What is known of a frame goes before its features."""
    run, parts = tmp_path / "run.h5", tmp_path / "parts.h5"
    record(run, images * (not dark))
    follow(run, tmp_path / "whole.h5")
    append = RecordStream.append

    def fails_at_6(stream, key, columns):
        if key == 6:
            raise RuntimeError
        append(stream, key, columns)

    monkeypatch.setattr(RecordStream, "append", fails_at_6)
    with pytest.raises(RuntimeError):
        follow(run, parts)
    monkeypatch.undo()
    with StreamFileView(parts) as view:
        assert [len(stream) for stream in view.record_streams.values()] == [6, 7]
    assert follow(run, parts, resume=True).resumed_at == 6
    assert_same_content(parts, tmp_path / "whole.h5")


def test_resuming_reads_the_end_of_the_file_only(images, run, tmp_path, monkeypatch):
    follow(run, tmp_path / "o.h5")
    monkeypatch.setattr("longtake.streams.RecordStream.blocks", lambda *_: pytest.fail("all read"))
    read = []
    monkeypatch.setattr(
        "longtake.streams.RecordStream.__getitem__",
        lambda stream, key: read.append(key) or stream._value(key),
    )
    assert follow(run, tmp_path / "o.h5", resume=True, memory=0).resumed_at == 16
    assert read == [15, 15]


def test_damaged_frames(images, run, tmp_path):
    content = bytearray(run.read_bytes())
    content[content.find(images[5].tobytes()) + 3000] ^= 255
    run.write_bytes(content)
    with pytest.raises(UnreadableFrame, match="the data of 1050000"):
        follow(run, tmp_path / "o.h5")
    assert frames_in(tmp_path / "o.h5") == 5
    done = follow(run, tmp_path / "o.h5", resume=True, on_error="skip")
    assert (done.frames, done.failed) == (15, 1)
    with FramewiseStore(tmp_path / "o.h5") as store:
        assert store.frames == [n for n in range(16) if n != 5]
    with StreamFileView(tmp_path / "o.h5") as view:
        assert view.record_streams["failed_frames"].keys().tolist() == [5]
        assert view.record_streams["frames"][5]["timestamp"].tolist() == [key_of(5)]


def test_a_first_frame_of_nan(images, tmp_path):
    movie = images.astype("f4")
    movie[0] = np.nan
    record(tmp_path / "run.h5", movie, "f4")
    with pytest.raises(UnreadableFrame, match=r"frame 0 .camera at 1000000.: .* NaN"):
        follow(tmp_path / "run.h5", tmp_path / "o.h5")
    assert not (tmp_path / "o.h5").exists()
    assert follow(tmp_path / "run.h5", tmp_path / "o.h5", on_error="skip").failed == 1


def test_another_recording_is_refused(images, run, tmp_path):
    follow(run, tmp_path / "o.h5")
    record(tmp_path / "other.h5", images[1:])
    with pytest.raises(InvalidArgument, match="another movie"):
        follow(tmp_path / "other.h5", tmp_path / "o.h5", resume=True)
    record(tmp_path / "short.h5", images, count=9)
    with pytest.raises(InvalidArgument, match=r"16 frames were tracked, .* has only 9"):
        follow(tmp_path / "short.h5", tmp_path / "o.h5", resume=True)
    with pytest.raises(InvalidArgument, match="search_range was 5 and is now 6"):
        follow(run, tmp_path / "o.h5", resume=True, search_range=6)
    with pytest.raises(AlreadyExists, match="resume"):
        follow(run, tmp_path / "o.h5")


def test_colours(images, tmp_path):
    color = np.stack([images // 2, images, images // 3], axis=-1)
    record(tmp_path / "run.h5", color)
    follow(tmp_path / "run.h5", tmp_path / "o.h5", gray=1)
    tp.track(images, output=tmp_path / "movie.h5", **OPTIONS)
    with FramewiseStore(tmp_path / "o.h5") as one, FramewiseStore(tmp_path / "movie.h5") as other:
        pd.testing.assert_frame_equal(one.dump(), other.dump())


def test_nothing_is_made_when_an_argument_is_bad(images, run, tmp_path):
    output = tmp_path / "o.h5"
    for error, options in [
        (InvalidArgument, {"diameter": 8}),
        (InvalidArgument, {"diameter": 999}),
        (InvalidArgument, {"search_range": -5}),
        (InvalidArgument, {"memory": -1}),
        (InvalidArgument, {"on_error": "ignore"}),
        (InvalidArgument, {"workers": 0}),
        (InvalidArgument, {"timeout": -1}),
        (InvalidArgument, {"gray": "red"}),
        (TypeError, {"diametre": 3}),
    ]:
        with pytest.raises(error):
            follow(run, output, **options)
        assert not output.exists()
    with pytest.raises(WrongType, match=r"frame_streams\.camera.*, not str"):
        tp.follow("run.h5/camera", 9, 5, output)


def test_the_recording_itself_is_not_written_to(run):
    before = run.read_bytes()
    with pytest.raises(InvalidArgument, match="is the recording that is tracked"):
        follow(run, run, resume=True)
    assert run.read_bytes() == before


def test_a_recording_without_frames(images, tmp_path):
    record(tmp_path / "run.h5", images, count=0)
    with pytest.raises(InvalidArgument, match="finished without a frame"):
        follow(tmp_path / "run.h5", tmp_path / "o.h5")
    assert not (tmp_path / "o.h5").exists()


def test_the_writer_s_own_stream_is_not_followed(images, tmp_path):
    with lt.record(tmp_path / "run.h5") as recording:
        camera = recording.create_frame_stream("camera", (64, 64), "uint8")
        with pytest.raises(InvalidArgument, match=r"recording\.open"):
            tp.follow(camera, 9, 5, tmp_path / "o.h5")


def test_nothing_comes(images, tmp_path):
    with lt.record(tmp_path / "run.h5") as recording:
        camera = recording.create_frame_stream("camera", images.shape[1:], "uint8")
        with pytest.raises(NothingCame, match=r"within 0\.05 s"):
            follow(tmp_path / "run.h5", tmp_path / "o.h5", timeout=0.05)
        assert not (tmp_path / "o.h5").exists()
        for number in range(3):
            camera.append(number, images[number])
        with pytest.raises(NothingCame, match="resume"):
            follow(tmp_path / "run.h5", tmp_path / "o.h5", timeout=0)
        assert frames_in(tmp_path / "o.h5") == 3


def test_a_recording_that_was_left_is_tracked_to_its_end(images, run, tmp_path, monkeypatch):
    monkeypatch.setattr("longtake.streams.StreamFileView.was_closed", False)
    with pytest.raises(WriterDied):
        follow(run, tmp_path / "o.h5")
    monkeypatch.undo()
    assert frames_in(tmp_path / "o.h5") == 16
