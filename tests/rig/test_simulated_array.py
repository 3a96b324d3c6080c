"""The simulated array gives the same data in any blocks, and puts in what it reports."""

from __future__ import annotations

import tracemalloc
from threading import Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtake.errors import InvalidArgument, WrongType
from longtake.rig.simulated_array import SimulatedArray
from longtake.rig.source import CanStimulate, Source
from tests.rig.contract import assert_same, joined, read_blocks

UV = np.float32(0.195)


def test_it_is_a_source_of_a_multi_electrode_array():
    array = SimulatedArray()
    assert isinstance(array, Source)
    assert isinstance(array, CanStimulate)
    assert (array.channels, array.frames_per_second, array.uv_per_sample_unit) == (
        64,
        25_000,
        0.195,
    )
    array.close()
    array.close()


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 400), min_size=1, max_size=30),
    seed=st.integers(0, 2**63 - 1),
    channels=st.integers(1, 9),
    start=st.integers(0, 2**40),
    stims=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 8)), max_size=5),
)
def test_the_same_seed_gives_the_same_data_in_any_blocks(sizes, seed, channels, start, stims):
    def array():
        made = SimulatedArray(seed=seed, channels=channels, start=start, spike_rate_hz=200)
        for frame, channel in stims:
            made.stim(channel % channels, start + frame)
        return made

    whole = joined(read_blocks(array(), [sum(sizes)]))
    pieces = joined(read_blocks(array(), sizes))
    assert_same(whole, pieces)


def test_another_seed_gives_other_data():
    one, other = (SimulatedArray(seed=seed).read(5000) for seed in (1, 2))
    assert (one.samples != other.samples).mean() > 0.9
    assert one.spikes["timestamp"].tolist() != other.spikes["timestamp"].tolist()


def test_the_start_moves_the_timestamps_and_nothing_else():
    one = SimulatedArray(seed=1).read(25_000)
    later = SimulatedArray(seed=1, start=10**12).read(25_000)
    np.testing.assert_array_equal(one.samples, later.samples)
    np.testing.assert_array_equal(one.spikes["timestamp"] + 10**12, later.spikes["timestamp"])


def test_a_reported_spikes_samples_are_those_of_the_recording():
    data = joined(read_blocks(SimulatedArray(seed=4, spike_rate_hz=100), [7, 25, 1000, 60] * 20))
    assert len(data.spikes) > 1000
    for spike in data.spikes:
        at, channel = spike["timestamp"], spike["channel"]
        cut = data.samples[at - 25 : at + 50, channel].astype("float32") * UV
        np.testing.assert_array_equal(spike["samples"], cut)


def test_spikes_are_where_they_are_reported_and_nowhere_else():
    """Without noise, the samples are the neurons' waveforms at the reported times."""
    array = SimulatedArray(seed=5, noise_uv=0, spike_rate_hz=100)
    data = joined(read_blocks(array, [11] * 500))
    units = np.rint(array.waveforms / UV).astype("int16")
    expected = np.zeros((6000, 64), "int16")
    for spike in data.spikes:
        at, channel = spike["timestamp"], spike["channel"]
        expected[at - 25 : at + 50, channel] += units[channel]
    # The last frames hold the beginnings of spikes that are not reported yet.
    np.testing.assert_array_equal(data.samples[:5425], expected[:5425])


def test_waveforms_are_those_of_neurons():
    waveforms = SimulatedArray(seed=6, channels=256).waveforms
    assert waveforms.shape == (256, 75)
    assert (waveforms.argmin(axis=1) == 25).all()
    assert waveforms.min(axis=1).max() < -35
    assert waveforms.min() > -125
    peaks = waveforms.argmax(axis=1)
    assert ((peaks >= 35) & (peaks <= 45)).all()
    # Biphasic, over within 1.5 ms or so, and nothing is cut off at the window's ends.
    assert (waveforms.max(axis=1) > 5).all()
    lasting = (abs(waveforms) > 0.02 * abs(waveforms).max(axis=1, keepdims=True)).sum(axis=1)
    assert ((lasting >= 25) & (lasting <= 45)).all()
    assert abs(waveforms[:, [0, -1]]).max() == 0


def test_trains_are_poisson_with_a_refractory_period():
    array = SimulatedArray(seed=7, spike_rate_hz=40, noise_uv=0)
    spikes = joined(read_blocks(array, [25_000] * 40)).spikes
    intervals, expected = [], 40 * array.rates_hz
    for channel in range(64):
        times = spikes["timestamp"][spikes["channel"] == channel]
        # A refractory train's count varies less than a Poisson one's.
        assert abs(len(times) - expected[channel]) < 5 * np.sqrt(expected[channel])
        between = np.diff(times)
        assert between.min() >= 50
        free = 25_000 / array.rates_hz[channel] - 50
        intervals.append((between - 50) / free)
    # After the refractory period, the waits are exponential.
    waits = np.concatenate(intervals)
    assert abs(waits.mean() - 1) < 5 / np.sqrt(len(waits))
    assert abs((waits > 1).mean() - np.exp(-1)) < 5 * np.sqrt(0.25 / len(waits))


def test_channels_fire_independently():
    spikes = SimulatedArray(seed=8, spike_rate_hz=50, noise_uv=0).read(500_000).spikes
    counts = np.zeros((64, 200))
    np.add.at(counts, (spikes["channel"], spikes["timestamp"] // 2500), 1)
    correlation = np.corrcoef(counts)[np.triu_indices(64, 1)]
    assert abs(correlation.mean()) < 5 / np.sqrt(200 * len(correlation))
    assert abs(correlation).max() < 0.45


@pytest.mark.parametrize("channels", [1, 3, 64])
def test_noise_is_white_and_of_the_rms_asked_for(channels):
    array = SimulatedArray(seed=9, channels=channels, spike_rate_hz=0, noise_uv=8)
    samples = array.read(100_000 // channels).samples.astype(float)
    uv = samples.ravel() * 0.195
    assert abs(uv.mean()) < 5 * 8 / np.sqrt(uv.size)
    assert abs(uv.std() / 8 - 1) < 5 / np.sqrt(2 * uv.size)
    # No correlation in time nor between channels, whatever the words the draws are taken from.
    for frames in range(3):
        for other in range(min(channels, 5)):
            if frames or other:
                one = samples[: len(samples) - frames, : channels - other].ravel()
                two = samples[frames:, other:].ravel()
                assert abs(np.corrcoef(one, two)[0, 1]) < 5 / np.sqrt(one.size)


def test_no_noise_and_no_spikes_is_silence():
    block = SimulatedArray(noise_uv=0, spike_rate_hz=0).read(1000)
    assert not block.samples.any()
    assert len(block.spikes) == 0


def test_a_stimulus_is_reported_and_seen_on_all_channels():
    plain = joined(read_blocks(SimulatedArray(seed=1), [100] * 20))
    array = SimulatedArray(seed=1)
    assert array.stim(9, 1050) == 1050
    with_stim = joined(read_blocks(array, [100] * 20))
    assert with_stim.stims.tolist() == [(1050, 9)]
    added = (with_stim.samples.astype(int) - plain.samples) * 0.195
    assert not added[:1050].any()
    assert not added[1175:].any()
    np.testing.assert_allclose(added[1050:1060, 9], [-3000] * 5 + [3000] * 5, atol=0.2)
    np.testing.assert_allclose(added[1050:1060, 0], [-300] * 5 + [300] * 5, atol=0.2)
    assert (abs(added[1060:1175, 9]) > 0).all()
    assert (np.diff(added[1060:1175, 9]) <= 0).all()
    assert added[1174, 9] < 15


@pytest.mark.parametrize("cut", [1, 4, 5, 124, 125, 126])
def test_a_stimulus_that_is_read_in_two_blocks_is_whole(cut):
    """Up to its last frame, wherever the blocks meet."""
    whole, pieces = SimulatedArray(), SimulatedArray()
    whole.stim(3, 50)
    pieces.stim(3, 50)
    in_pieces = joined(read_blocks(pieces, [50 + cut, 1, 200 - cut]))
    assert_same(in_pieces, joined(read_blocks(whole, [251])))


def test_a_stimulus_without_a_time_is_in_the_next_frame():
    array = SimulatedArray(start=500)
    assert array.stim(0) == 500
    array.read(100)
    assert array.stim(1) == 600
    assert array.stim(2, 600) == 600
    assert array.read(1).stims.tolist() == [(600, 1), (600, 2)]
    assert len(array.read(1000).stims) == 0


def test_stims_are_reported_by_time_whatever_the_order_of_the_calls():
    array = SimulatedArray()
    for frame in (900, 20, 500, 20):
        array.stim(frame % 64, frame)
    assert array.read(1000).stims["timestamp"].tolist() == [20, 20, 500, 900]


def test_too_strong_a_stimulus_saturates():
    array = SimulatedArray()
    for _ in range(10):
        array.stim(3, 50)
    samples = array.read(100).samples
    assert (samples[50:55, 3] == -(2**15)).all()
    assert (samples[55:60, 3] == 2**15 - 1).all()


def test_a_stimulus_in_the_past_is_refused():
    array = SimulatedArray()
    array.read(200)
    with pytest.raises(InvalidArgument, match="at 199 comes too late: the frames before 200"):
        array.stim(0, 199)
    assert len(array.read(200).stims) == 0


def test_stimulating_while_another_thread_reads_loses_nothing():
    array, blocks, sent = SimulatedArray(seed=2), [], []

    def read():
        blocks.extend(array.read(25) for _ in range(300))

    reader = Thread(target=read)
    reader.start()
    while reader.is_alive() and len(sent) < 2000:
        sent.append(array.stim(5))
    reader.join()
    blocks.append(array.read(25))
    assert joined(blocks).stims["timestamp"].tolist() == sent


def test_memory_does_not_grow():
    def stimulate_and_read(blocks):
        for _ in range(blocks):
            array.stim(1)
            array.read(100)

    array = SimulatedArray(channels=8, spike_rate_hz=100)
    tracemalloc.start()
    try:
        # Until what Python itself keeps for reuse is no longer new.
        stimulate_and_read(1500)
        before = tracemalloc.get_traced_memory()[0]
        stimulate_and_read(3000)
        assert tracemalloc.get_traced_memory()[0] - before < 20_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": 0},
        {"channels": 257},
        {"seed": -1},
        {"seed": 2**63},
        {"start": -1},
        {"start": 2**63 - 1},
        {"spike_rate_hz": 251},
        {"spike_rate_hz": float("nan")},
        {"noise_uv": -1},
        {"noise_uv": float("inf")},
    ],
)
def test_what_makes_no_sense_is_refused_at_once(wrong):
    with pytest.raises(InvalidArgument, match=next(iter(wrong)).split("_")[0]):
        SimulatedArray(**wrong)


@pytest.mark.parametrize("wrong", [{"noise_uv": "much"}, {"spike_rate_hz": True}, {"seed": None}])
def test_what_is_no_number_is_refused(wrong):
    with pytest.raises(WrongType):
        SimulatedArray(**wrong)


def test_no_such_channel_and_no_frames_are_refused():
    array = SimulatedArray(channels=8)
    for channel in (-1, 8):
        with pytest.raises(InvalidArgument, match="a channel must be from 0 to 7"):
            array.stim(channel)
    with pytest.raises(InvalidArgument, match="frames to read must be 1 or more"):
        array.read(0)
