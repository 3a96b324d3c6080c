"""Programs that know nothing of longtake follow its recordings, or read them, while they go on."""

from __future__ import annotations

import multiprocessing
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
import silx.io
import swmr_tools.datasource
import tables
import xarray
from swmr_tools import DataSource, KeyFollower

import longtake as lt
from tests.recording.camera import AHEAD, SHAPE, frame, record_frames

if TYPE_CHECKING:
    from collections.abc import Iterator

CAMERA = "/frame_stream/camera"
DATA, KEY = f"{CAMERA}/data", f"{CAMERA}/key"
DEADLINE_S = 60
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["pytest", "longtake.recording", "tests.recording.camera"])


class Camera:
    """A process that records so many times `AHEAD` frames."""

    def __init__(self, path, times: int) -> None:
        self._pipe, theirs = FORK.Pipe()
        self.process = FORK.Process(target=record_frames, args=(path, times, theirs))
        self.process.start()
        theirs.close()
        assert self._hear() == "begun"

    def _hear(self) -> Any:
        assert self._pipe.poll(DEADLINE_S), "the camera does not answer"
        return self._pipe.recv()

    def wait(self) -> int:
        """Wait until the next ones are stored; give how many there are."""
        return self._hear()

    def go_on(self) -> None:
        """Let it record the next ones, or stop."""
        self._pipe.send("go on")

    def end(self) -> None:
        """Wait until it has ended by itself."""
        self.process.join(DEADLINE_S)
        assert self.process.exitcode == 0
        self._pipe.close()

    def kill(self) -> None:
        """End it without a warning."""
        self.process.kill()
        self.process.join(DEADLINE_S)
        assert self.process.exitcode == -signal.SIGKILL
        self._pipe.close()


@pytest.fixture
def path(tmp_path):
    yield tmp_path / "run.h5"
    for process in multiprocessing.active_children():
        process.kill()
        process.join(DEADLINE_S)


@pytest.fixture
def patient(monkeypatch):
    """It sleeps a second where a dataset has grown since it looked: not here."""
    monkeypatch.setattr(swmr_tools.datasource, "sleep", lambda _: time.sleep(0.01))


@contextmanager
def opened(path, timeout: float) -> Iterator[DataSource]:
    with h5py.File(path, "r", swmr=True) as h5:
        yield DataSource(
            [h5[KEY]], {"image": h5[DATA]}, timeout=timeout, finished_dataset=h5["finished"]
        )


def take(source: DataSource, taken: list[int]) -> Iterator[int]:
    """Go through what there is: each is the one that comes next, and as it was recorded."""
    for found in source:
        assert found.index == len(taken)
        image = found["image"]
        assert image.dtype == np.uint16
        np.testing.assert_array_equal(image, frame(found.index)[None])
        taken.append(found.index)
        yield found.index


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("timeout", [4, 0.2], ids=["waiting", "timing out"])
def test_swmr_tools_follows_a_recording_to_its_end(path, timeout):
    """By the keys and the flag, opened when there is no frame yet, through many growth steps."""
    times, taken = 8, []
    camera = Camera(path, times)
    with lt.open(path) as view, opened(path, timeout) as source:
        begun, deadline = view._view.generation, time.monotonic() + DEADLINE_S
        while not source.is_scan_finished():  # it may time out in between
            assert time.monotonic() < deadline
            for number in take(source, taken):
                if (number + 1) % AHEAD == 0:
                    assert camera.wait() == number + 1
                    assert not source.is_scan_finished()
                    camera.go_on()
        assert len(taken) == times * AHEAD
        camera.end()
        view._view.refresh()
        assert view._view.generation > begun + 5
        assert view.state == "complete"
    assert lt.check(path).is_whole


@pytest.mark.usefixtures("patient")
def test_swmr_tools_gets_all_that_a_killed_camera_stored(path):
    """And is not told that this was the end before the recording was put right."""
    taken: list[int] = []
    camera = Camera(path, 9)
    with opened(path, 0.2) as source:
        for _ in range(3):
            camera.wait()
            camera.go_on()
        count = camera.wait()
        camera.kill()
        for _ in take(source, taken):
            pass
        assert len(taken) == count
        assert source.has_timed_out()
        assert not source.is_scan_finished()
    assert lt.recover(path, in_place=True).was_needed
    require_end(path, count)
    camera = Camera(path, 1)  # that goes on in it
    count += AHEAD
    assert camera.wait() == count
    with opened(path, 0.2) as source:
        assert len(list(take(source, []))) == count
        assert not source.is_scan_finished()
    camera.go_on()
    camera.end()
    require_end(path, count)


def require_end(path, count: int) -> None:
    """Who follows it now gets all frames, and is told that there are no more."""
    with opened(path, DEADLINE_S / 10) as source:
        assert len(list(take(source, []))) == count
        assert source.is_scan_finished()
        assert not source.has_timed_out()


def test_keys_of_several_streams_are_followed_together(path):
    """By the slowest: a frame is given when all of them have it."""
    with lt.record(path) as recording:
        fast, slow = (recording.create_frame_stream(name, SHAPE, "u2") for name in "fs")
        fast.append_many(range(50), [frame(key) for key in range(50)])
        slow.append_many(range(0, 300, 10), [frame(key) for key in range(30)])
        with h5py.File(path, "r", swmr=True) as h5:
            keys = [h5[f"frame_stream/{name}/key"] for name in "fs"]
            assert list(KeyFollower(keys, timeout=0.1)) == list(range(30))


def test_h5py_sees_what_comes_once_it_looks_again(path):
    camera = Camera(path, 3)
    count = camera.wait()
    with h5py.File(path, "r", swmr=True) as one, h5py.File(path, "r") as other:
        for h5 in (one, other):
            assert set(h5) == {"control", "finished", "frame_stream"}
            assert set(h5[CAMERA]) == {"index", "data", "key"}
    for options in ({"swmr": True}, {}):
        with h5py.File(path, "r", **options) as h5:
            require_newest(h5, count)
            camera.go_on()
            count = camera.wait()
            require_newest(h5, count)
    camera.go_on()
    camera.end()


def require_newest(h5: h5py.File, count: int) -> None:
    for name in (KEY, DATA, "finished"):
        h5[name].refresh()
    assert np.count_nonzero(h5[KEY][:]) == count
    np.testing.assert_array_equal(h5[DATA][count - 1], frame(count - 1))
    assert h5["finished"][0] == 0


def test_others_open_list_and_read_a_recording_that_goes_on(path):
    camera = Camera(path, 1)
    count = camera.wait()
    newest = frame(count - 1)
    with tables.open_file(path) as file:
        stream = file.root.frame_stream.camera
        assert np.count_nonzero(stream.key[:]) == count
        assert isinstance(stream.key, tables.EArray)
        assert isinstance(file.root.finished, tables.CArray)
        np.testing.assert_array_equal(stream.data[count - 1], newest)
    with silx.io.open(str(path)) as file:
        assert "camera" in file["frame_stream"]
        assert np.count_nonzero(file[KEY][()]) == count
        np.testing.assert_array_equal(file[DATA][count - 1], newest)
    with xarray.open_dataset(
        path, engine="h5netcdf", group=CAMERA, phony_dims="sort", decode_cf=False
    ) as dataset:
        there = int((dataset["key"] != 0).sum())
        assert there == count
        np.testing.assert_array_equal(dataset["data"][there - 1].values, newest)
    camera.go_on()
    camera.end()
