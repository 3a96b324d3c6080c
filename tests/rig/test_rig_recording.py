"""A recording of blocks: what is between its start and its end, and how it stops."""

from __future__ import annotations

import threading

import h5py
import numpy as np
import pytest

from longtake.errors import InvalidArgument, LongtakeError, WriteFailed
from longtake.rig import RigRecording, SimulatedArray, rig_file
from longtake.rig.block import SPIKE_DELAY_FRAMES

START = 7_000
ALL = {"samples", "spikes", "stims"}


def array() -> SimulatedArray:
    return SimulatedArray(seed=1, channels=4, start=START, spike_rate_hz=200)


@pytest.fixture
def begin(tmp_path):
    """Begin a recording of some parts, from `START` to an end."""

    def begun(end=None, parts=ALL, start=START):
        source = array()
        file = rig_file.create(tmp_path, f"{len(list(tmp_path.iterdir()))}", source, start, None)
        return RigRecording(file, source, start, end, parts)

    return begun


def play(recording, sizes):
    """Give it blocks until it is over; say how many frames those were."""
    source, frames = array(), 0
    for size in sizes:
        if recording.is_over:
            break
        recording.take(source.read(size))
        frames += size
    return frames


@pytest.mark.parametrize("size", [1, 7, 49, 50, 250, 2000])
@pytest.mark.parametrize("length", [1, 400, 1000])
def test_the_last_spikes_are_waited_for(begin, size, length):
    """A spike of the last frame is known 49 frames later; the samples end where they should."""
    recording = begin(START + length)
    frames = play(recording, [size] * 2000)
    assert length + SPIKE_DELAY_FRAMES <= frames < length + SPIKE_DELAY_FRAMES + size
    recording.stop()
    everything = array().read(length + 100)
    expected = everything.spikes[everything.spikes["timestamp"] < START + length]
    assert length < 400 or expected["timestamp"].max() >= START + length - 50
    with recording.open() as view:
        np.testing.assert_array_equal(view.samples[:], everything.samples[:length])
        np.testing.assert_array_equal(view.spikes[:]["timestamp"], expected["timestamp"] - START)
        np.testing.assert_array_equal(view.spikes[:]["samples"], expected["samples"])
        assert view.attributes.end_timestamp == START + length
        assert view.attributes.duration_frames == length


def test_nothing_is_waited_for_that_is_not_recorded(begin):
    recording = begin(START + 100, {"samples", "stims"})
    assert play(recording, [10] * 100) == 100


def test_a_recording_that_begins_later_than_the_blocks(begin):
    recording = begin(START + 300, start=START + 105)
    play(recording, [50] * 100)
    recording.stop()
    with recording.open() as view:
        np.testing.assert_array_equal(view.samples[:], array().read(300).samples[105:])


def test_it_takes_nothing_once_it_stops(begin):
    recording = begin()
    source = array()
    recording.take(source.read(10))
    recording.stop()
    recording.take(source.read(10))
    assert recording.wait_until_stopped() is True
    with recording.open() as view:
        assert len(view.samples) == 10


def test_it_says_what_it_failed_of(begin, monkeypatch):
    recording = begin()
    recording.take(array().read(10))
    first = LongtakeError("first")

    def full(*_):
        raise WriteFailed("full")

    with monkeypatch.context() as patch:
        patch.setattr(recording._file, "close", full)
        recording.fail(first)  # which closing it must not hide
    for _ in range(2):
        with pytest.raises(LongtakeError, match="first"):
            recording.wait_until_stopped(60)
    assert recording.is_finished
    recording._file.close()


def test_what_fails_once_it_is_complete_is_not_its_failure(begin):
    recording = begin()
    recording.stop()
    recording.fail(RuntimeError("later"))
    assert recording.wait_until_stopped() is True
    with recording.open() as view:
        assert view.state == "complete"


def test_aborted(begin):
    recording = begin()
    recording.take(array().read(10))
    recording.abort()
    recording.stop()
    assert recording.wait_until_stopped() is True
    with recording.open() as view:
        assert (view.state, len(view.samples)) == ("aborted", 10)


def test_waiting_for_what_does_not_come(begin):
    endless = begin()
    with pytest.raises(InvalidArgument, match="nothing will stop"):
        endless.wait_until_stopped()
    endless.stop()
    ending = begin(START + 10)
    assert ending.wait_until_stopped(0.01) is False
    threading.Thread(target=lambda: (play(ending, [100]), ending.stop())).start()
    assert ending.wait_until_stopped() is True


@pytest.mark.parametrize("left_out", sorted(ALL))
def test_parts(begin, left_out):
    recording = begin(START + 500, ALL - {left_out})
    play(recording, [100] * 10)
    recording.stop()
    with recording.open() as view:
        for part in ALL:
            assert (getattr(view, part) is None) == (part == left_out)
        assert view.attributes.duration_frames == 500
    with h5py.File(recording.path) as h5:
        assert set(h5) & ALL == ALL - {left_out}
