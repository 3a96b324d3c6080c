"""A recording that is played back is what was recorded, in blocks of any size."""

from __future__ import annotations

from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import tables
from hypothesis import given, settings
from hypothesis import strategies as st

import longtake as lt
import longtake.rig as rig
from longtake.errors import InvalidArgument
from longtake.rig.block import SPIKE, STIM
from longtake.rig.playback import Playback
from longtake.rig.simulated_array import SimulatedArray
from longtake.rig.source import CanStimulate, Source
from tests.rig.contract import Data, assert_same, joined, read_blocks

START = 70_000
FRAMES = 6000
ATTRIBUTES = {
    "channel_count": np.int64(4),
    "frames_per_second": np.int64(25_000),
    "uV_per_sample_unit": np.float64(0.195),
    "start_timestamp": np.int64(START),
}


def recorded() -> Data:
    array = SimulatedArray(seed=3, channels=4, start=START, spike_rate_hz=200)
    for frame in (10, 2500, 5999):
        array.stim(1, START + frame)
    return joined([array.read(FRAMES)])


DATA = recorded()


def recording(**others) -> SimpleNamespace:
    """As a file has it: times relative to the start."""
    spikes, stims = DATA.spikes.copy(), DATA.stims.copy()
    spikes["timestamp"] -= START
    stims["timestamp"] -= START
    parts = {"samples": DATA.samples, "spikes": spikes, "stims": stims, "attributes": ATTRIBUTES}
    return SimpleNamespace(**{**parts, **others})


def test_it_is_a_source_that_cannot_stimulate():
    playback = Playback(recording())
    assert isinstance(playback, Source)
    assert not isinstance(playback, CanStimulate)
    assert (playback.channels, playback.frames_per_second) == (4, 25_000)
    assert (playback.uv_per_sample_unit, playback.start) == (0.195, START)
    playback.close()


@settings(max_examples=50, deadline=None)
@given(cuts=st.sets(st.integers(1, FRAMES - 1), max_size=40))
def test_what_is_played_is_what_was_recorded(cuts):
    sizes = np.diff([0, *sorted(cuts), FRAMES]).tolist()
    assert_same(joined(read_blocks(Playback(recording()), sizes)), DATA)


def test_the_end_is_a_short_block_and_then_empty_ones():
    playback = Playback(recording())
    playback.read(FRAMES - 10)
    assert len(playback.read(100).samples) == 10
    for _ in range(2):
        block = playback.read(100)
        assert (block.start, block.end) == (START + FRAMES, START + FRAMES)
        assert (len(block.samples), len(block.spikes), len(block.stims)) == (0, 0, 0)


def test_spikes_at_the_edges_of_the_recording_are_given_too():
    """One began before the recording did, one is not over when it ends."""
    spikes = np.zeros(2, SPIKE)
    spikes["timestamp"] = [-20, FRAMES - 5]
    played = joined([*read_blocks(Playback(recording(spikes=spikes)), [FRAMES - 1])])
    assert played.spikes["timestamp"].tolist() == [START - 20]
    playback = Playback(recording(spikes=spikes))
    played = joined([playback.read(4000), playback.read(4000)])
    assert played.spikes["timestamp"].tolist() == [START - 20, START + FRAMES - 5]


def test_more_events_than_are_read_at_a_time_are_all_given():
    stims = np.zeros(5000, STIM)
    stims["timestamp"] = np.arange(5000)
    for sizes in ([1000] * 6, [6000], [3, 5997]):
        played = joined(read_blocks(Playback(recording(stims=stims, spikes=None)), sizes))
        np.testing.assert_array_equal(played.stims["timestamp"], START + np.arange(5000))


def test_times_that_are_not_relative_are_taken_as_they_are():
    form = {"version": "x", "stim_and_spike_timestamps_relative_to_start": False}
    parts = recording(
        spikes=DATA.spikes, stims=DATA.stims, attributes={**ATTRIBUTES, "file_format": form}
    )
    assert_same(joined(read_blocks(Playback(parts), [2000] * 3)), DATA)


def test_datasets_of_a_file_are_played_without_reading_them_whole(tmp_path):
    parts = recording()
    with h5py.File(tmp_path / "run.h5", "w") as file:
        for name in ("samples", "spikes", "stims"):
            file[name] = getattr(parts, name)
        opened = SimpleNamespace(
            samples=file["samples"],
            spikes=file["spikes"],
            stims=file["stims"],
            attributes=ATTRIBUTES,
        )
        assert_same(joined(read_blocks(Playback(opened), [1500] * 4)), DATA)


def test_a_recording_is_played_as_it_was_recorded(tmp_path):
    """A file of our own, by `longtake.open`, and a session that records it once more."""
    array = SimulatedArray(seed=3, channels=4, start=START, spike_rate_hz=200)
    for frame in (10, 2500, 5999):
        array.stim(1, START + frame)
    record(array, tmp_path / "first")
    with lt.open(only_file(tmp_path / "first")) as view:
        record(Playback(view), tmp_path / "second")
    with lt.open(only_file(tmp_path / "second")) as view:
        assert view.state == "complete"
        played = Playback(view)
        assert (played.channels, played.start) == (4, START)
        again = joined([*read_blocks(played, [1500] * 3), played.read(9999)])
    np.testing.assert_array_equal(again.samples, DATA.samples)
    np.testing.assert_array_equal(again.stims, DATA.stims)
    np.testing.assert_array_equal(again.spikes[: len(DATA.spikes)], DATA.spikes)
    # Those of the last 2 ms are known later, and DATA ends before.
    assert (again.spikes["timestamp"][len(DATA.spikes) :] > START + FRAMES - 50).all()


def record(source, folder):
    with rig.open(source, accelerated=True) as session:
        session.record(file_location=folder, stop_after_frames=FRAMES).wait_until_stopped()


def only_file(folder):
    (path,) = folder.iterdir()
    return path


def test_a_recording_of_the_cl_sdk_is_played(tmp_path):
    """Its root has a pickled `file_format`."""
    path = tmp_path / "cl.h5"
    with tables.open_file(str(path), "w") as h5:
        h5.create_earray("/", "samples", obj=DATA.samples[:100])
        for name, value in ATTRIBUTES.items():
            h5.root._v_attrs[name] = value
        h5.root._v_attrs.file_format = {"stim_and_spike_timestamps_relative_to_start": False}
        h5.create_table("/", "stims", obj=np.array([(START + 5, 2)], STIM))
    with lt.open(path) as view:
        block = Playback(view).read(50)
        assert block.stims.tolist() == [(START + 5, 2)]
        np.testing.assert_array_equal(block.samples, DATA.samples[:50])


def test_neither_spikes_nor_stims_need_be_there():
    played = joined(read_blocks(Playback(recording(spikes=None, stims=None)), [3000, 3000]))
    np.testing.assert_array_equal(played.samples, DATA.samples)
    assert (len(played.spikes), len(played.stims)) == (0, 0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"samples": None}, "no samples"),
        ({"samples": np.zeros((5, 4))}, "int16, not .* float64"),
        ({"samples": np.zeros(5, "int16")}, r"\(frames, channels\) of int16, not \(5,\)"),
        ({"spikes": DATA.stims}, "spikes are .* a field 'samples'"),
        ({"stims": np.zeros(3)}, "stims are float64: .* a field 'timestamp'"),
        ({"stims": np.zeros(3, [("timestamp", "O"), ("channel", "u1")])}, "field 'timestamp'"),
        ({"attributes": {}}, "no 'frames_per_second'"),
    ],
)
def test_what_is_no_recording_of_an_array_is_refused_at_once(wrong, said):
    with pytest.raises(InvalidArgument, match=said):
        Playback(recording(**wrong))
