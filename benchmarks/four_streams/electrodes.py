"""A source of samples and spikes: each block says where it begins, and when it was read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from longtake.rig.block import SPIKE, SPIKE_FRAMES, STIM, Block

if TYPE_CHECKING:
    from longtake.rig.clock import Clock

FRAMES_PER_SECOND = 25_000
CHANNELS = 64
BLOCK_FRAMES = 250
FRAMES_A_SPIKE = 80  # 312.5 spikes a second

_HEAD = 8  # values, in a block's first frame: its timestamp, and when it was read
_NS_A_FRAME = 1_000_000_000 // FRAMES_PER_SECOND


class Reading(NamedTuple):
    """A block that was read: its frames [first, last), when it was due, and how late it was."""

    first: int
    last: int
    due_ns: int
    late_ns: int


class Electrodes:
    """A `longtake.rig` source, whose samples and spikes follow from their timestamps.

    Attributes
    ----------
    readings : list of Reading
        All blocks that it gave.
    """

    channels = CHANNELS
    frames_per_second = FRAMES_PER_SECOND
    uv_per_sample_unit = 0.195
    start = 0

    def __init__(self, clock: Clock) -> None:
        self.readings: list[Reading] = []
        self._clock = clock
        self._position = self.start
        self._samples = _samples()

    def read(self, frames: int) -> Block:
        now_ns, first = time.monotonic_ns(), self._position
        late_ns = (self._clock.timestamp() - first - BLOCK_FRAMES) * _NS_A_FRAME
        self._position = last = first + frames
        self.readings.append(Reading(first, last, now_ns - late_ns, late_ns))
        samples = self._samples[first % FRAMES_PER_SECOND :][:frames].copy()
        samples[0, :_HEAD] = np.array([first, now_ns], "<i8").view("<i2")
        spikes = _spikes(np.arange(*spikes_between(first, last)), now_ns)
        return Block(first, samples, spikes, np.empty(0, STIM))

    def close(self) -> None:
        pass


class CheckSamples:
    """Looks at blocks of samples, which must come without a gap."""

    def __init__(self, start_timestamp: int) -> None:
        self._samples = _samples()
        self._start = self._next = start_timestamp

    def __call__(self, key: int, block: np.ndarray) -> int:
        """Give when the block was read, or raise AssertionError if it is another."""
        first, read_ns = block[0, :_HEAD].copy().view("<i8").tolist()
        assert first == self._next == key + self._start, f"block {first} at {key}"
        wanted = self._samples[first % FRAMES_PER_SECOND :][: len(block)]
        assert np.array_equal(block[0, _HEAD:], wanted[0, _HEAD:]), f"block {first} is another"
        assert np.array_equal(block[1:], wanted[1:]), f"block {first} is another"
        self._next += len(block)
        return read_ns


class CheckSpikes:
    """Looks at the spikes of blocks, none of which may be missing."""

    def __init__(self, start_timestamp: int) -> None:
        self._start = start_timestamp
        self._next, _ = spikes_between(start_timestamp, start_timestamp)

    def __call__(self, key: int, spikes: np.ndarray) -> int:
        """Give when the spikes were read, or raise AssertionError if they are others."""
        read_ns = int(spikes["samples"][0, :2].copy().view("<i8")[0])
        wanted = _spikes(np.arange(self._next, self._next + len(spikes)), read_ns)
        wanted["timestamp"] -= self._start
        assert spikes.tobytes() == wanted.tobytes(), f"other spikes at {key} than {self._next} …"
        assert key <= spikes["timestamp"][0], f"spikes of another time at {key}"
        self._next += len(spikes)
        return read_ns


def spikes_between(first: int, last: int) -> tuple[int, int]:
    """Give which spikes, by number, are at frames [first, last)."""
    return -(-first // FRAMES_A_SPIKE), -(-last // FRAMES_A_SPIKE)


def _samples() -> np.ndarray:
    """Give the samples of two seconds, the second of which is as the first."""
    frames = np.arange(2 * FRAMES_PER_SECOND)[:, np.newaxis] % FRAMES_PER_SECOND
    return (frames * 7 + np.arange(CHANNELS) * 401).astype("<i2")


def _spikes(numbers: np.ndarray, read_ns: int) -> np.ndarray:
    spikes = np.empty(len(numbers), SPIKE)
    spikes["timestamp"] = numbers * FRAMES_A_SPIKE
    spikes["channel"] = numbers % CHANNELS
    spikes["samples"] = numbers[:, np.newaxis] % 1000 + np.arange(SPIKE_FRAMES)
    spikes["samples"][:, :2] = np.array([read_ns], "<i8").view("<f4")
    return spikes
