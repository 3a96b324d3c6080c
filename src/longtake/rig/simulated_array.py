"""A simulated electrode array: noise, neurons that fire, and stimuli that leave their trace."""

from __future__ import annotations

from bisect import bisect_left, insort
from numbers import Real
from operator import itemgetter
from threading import Lock

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from longtake.errors import InvalidArgument, WrongType
from longtake.rig.block import SPIKE, SPIKE_FRAMES, SPIKE_FRAMES_BEFORE, STIM, Block
from longtake.rig.spike_trains import SpikeTrains
from longtake.rig.waveforms import ARTEFACT_FRAMES, Noise, artefact, spike_waveforms
from longtake.whole_number import whole_number

_FRAMES_PER_SECOND = 25_000
_FRAMES_PER_MS = _FRAMES_PER_SECOND / 1000
_UV_PER_UNIT = 0.195
_REFRACTORY_FRAMES = 50  # 2 ms
_FRAMES_AFTER = SPIKE_FRAMES - SPIKE_FRAMES_BEFORE
# So much of what was read before is needed to cut out the waveform of a spike that ends now.
_KEPT_FRAMES = SPIKE_FRAMES - 1
# What other channels see of a stimulus.
_CROSSTALK = 0.1

# The frame and channel of a spike or stimulus.
_Event = tuple[int, int]
_frame = itemgetter(0)


class SimulatedArray:
    """A `Source` of made-up data: an array of electrodes over neurons, at 25 000 frames a second.

    Each channel has a neuron of its own, which fires at random with a rate and a waveform of its
    own. Nothing has to be detected: the spikes that are reported are those that were put in. The
    samples of a spike are cut out of what `read` gives, with the noise and whatever else was
    there. The data have no end.

    Parameters
    ----------
    seed : int
        0 to 2⁶³ - 1; another seed gives other data.
    channels : int
        How many electrodes, 1 to 256.
    start : int
        Timestamp of the first frame, 0 to 2⁶².
    spike_rate_hz : float
        How often a neuron fires on average, 0 to 250; each has from half to one and a half of it.
    noise_uv : float, µV
        Root mean square of the noise, 0 to 1000.

    Raises
    ------
    WrongType, InvalidArgument
        If a value is not in its range.

    Guarantees
    ----------
    Determinism: the same parameters and stimuli give the same data, whatever the blocks they are
    read in (with one version of numpy). Order: spikes ascend by time, then channel; stims by time.
    Loss: none; a spike across the edge of two blocks is whole in the samples, and reported once,
    in the block where the last of its 75 samples is. Threads: any; `read` and `stim` take turns.
    Memory: that of the block that is read; nothing grows with time.

    Examples
    --------
    >>> array = SimulatedArray(seed=1)
    >>> block = array.read(25_000)
    >>> block.samples.shape, block.samples.dtype
    ((25000, 64), dtype('int16'))
    >>> spike = block.spikes[0]
    >>> int(spike["channel"]) < 64, spike["samples"].shape
    (True, (75,))

    A stimulus is in the block of its time:

    >>> array.stim(channel=8, timestamp=25_100)
    25100
    >>> array.read(250).stims.tolist()
    [(25100, 8)]
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        channels: int = 64,
        start: int = 0,
        spike_rate_hz: float = 5.0,
        noise_uv: float = 7.0,
    ) -> None:
        seed = whole_number(seed, "the seed", least=0)
        self._channels = whole_number(channels, "the number of channels", least=1, most=256)
        self._start = self._position = whole_number(start, "the start", least=0, most=2**62)
        _require_range("spike_rate_hz", spike_rate_hz, 250)
        _require_range("noise_uv", noise_uv, 1000)
        neurons, trains, noise = np.random.SeedSequence(seed).spawn(3)
        self._draw_neurons(np.random.Generator(np.random.SFC64(neurons)), spike_rate_hz)
        self._trains = SpikeTrains(
            np.random.Generator(np.random.SFC64(trains)),
            self._rates_hz / _FRAMES_PER_SECOND,
            _REFRACTORY_FRAMES,
            # So that the first spike has all of its samples.
            self._start + SPIKE_FRAMES_BEFORE,
        )
        self._noise = Noise(noise, noise_uv / _UV_PER_UNIT)
        self._artefact = artefact(_FRAMES_PER_MS) / _UV_PER_UNIT
        self._kept = np.zeros((_KEPT_FRAMES, self._channels), "int16")
        self._spikes: list[_Event] = []  # not reported yet, ascending
        self._stims: list[_Event] = []  # not over yet, ascending
        self._turn = Lock()

    def _draw_neurons(self, random: np.random.Generator, rate_hz: float) -> None:
        self._rates_hz = rate_hz * random.uniform(0.5, 1.5, self._channels)
        shapes = spike_waveforms(random, self._channels, _FRAMES_PER_MS)
        self._shapes = np.rint(shapes / _UV_PER_UNIT).astype("int16")

    @property
    def channels(self) -> int:
        """How many channels there are."""
        return self._channels

    @property
    def frames_per_second(self) -> int:
        """Frames a second: 25 000."""
        return _FRAMES_PER_SECOND

    @property
    def uv_per_sample_unit(self) -> float:
        """What one unit of a sample is, in µV: 0.195."""
        return _UV_PER_UNIT

    @property
    def start(self) -> int:
        """Timestamp of the first frame of all."""
        return self._start

    @property
    def rates_hz(self) -> np.ndarray:
        """How often each neuron fires on average: (channels,) float64, spikes a second."""
        return self._rates_hz.copy()

    @property
    def waveforms(self) -> np.ndarray:
        """What the spikes of each neuron look like without noise: (channels, 75) float32, µV."""
        return _in_uv(self._shapes)

    def stim(self, channel: int, timestamp: int | None = None) -> int:
        """Stimulate on a channel, at a time that was not read yet.

        The trace takes 5 ms: ±3 mV on the channel itself, a tenth of it on the others. Samples
        that do not fit in 16 bits are saturated.

        Parameters
        ----------
        channel
            0 to `channels` - 1.
        timestamp
            The pulse's first frame; by default the next frame to be read.

        Returns
        -------
        int
            The timestamp of the pulse.

        Raises
        ------
        WrongType, InvalidArgument
            If there is no such channel, or the time was read already.
        """
        channel = whole_number(channel, "a channel", least=0, most=self._channels - 1)
        with self._turn:
            if timestamp is None:
                frame = self._position
            else:
                frame = whole_number(timestamp, "a stimulus' timestamp")
            if frame < self._position:
                raise InvalidArgument(
                    f"a stimulus at {frame} comes too late: the frames before {self._position} "
                    "were read already; leave the timestamp out to stimulate at once"
                )
            insort(self._stims, (frame, channel), key=_frame)
        return frame

    def read(self, frames: int) -> Block:
        """Give the next frames, and the spikes and stims of their time.

        Parameters
        ----------
        frames
            How many, 1 or more.
        """
        count = whole_number(frames, "the number of frames to read", least=1)
        with self._turn:
            first, last = self._position, self._position + count
            made = np.empty((_KEPT_FRAMES + count, self._channels), "int16")
            made[:_KEPT_FRAMES] = self._kept
            samples = made[_KEPT_FRAMES:]
            self._noise.fill(samples)
            self._spikes += self._trains.before(last + SPIKE_FRAMES_BEFORE)
            self._add_spikes(samples, first)
            stims = self._add_stims(samples, first)
            spikes = self._cut_spikes(made, first - _KEPT_FRAMES)
            self._kept = made[-_KEPT_FRAMES:].copy()
            self._position = last
        return Block(first, samples, spikes, stims)

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _add_spikes(self, samples: np.ndarray, first: int) -> None:
        for frame, channel in self._spikes:
            here, there = _overlap(frame - SPIKE_FRAMES_BEFORE - first, SPIKE_FRAMES, len(samples))
            # Noise and neurons are far from where 16 bits end.
            samples[here, channel] += self._shapes[channel, there]

    def _add_stims(self, samples: np.ndarray, first: int) -> np.ndarray:
        """Add the traces of stimuli; report those that begin here, and forget those that end."""
        last = first + len(samples)
        due = bisect_left(self._stims, last, key=_frame)
        begun = self._stims[:due]
        for frame, channel in begun:
            here, there = _overlap(frame - first, ARTEFACT_FRAMES, len(samples))
            seen = np.full(self._channels, _CROSSTALK)
            seen[channel] = 1.0
            total = samples[here] + np.rint(np.outer(self._artefact[there], seen))
            samples[here] = np.clip(total, -(2**15), 2**15 - 1)
        self._stims[:due] = [stim for stim in begun if _frame(stim) + ARTEFACT_FRAMES > last]
        return np.array([stim for stim in begun if _frame(stim) >= first], STIM)

    def _cut_spikes(self, made: np.ndarray, made_from: int) -> np.ndarray:
        """Report the spikes that are whole in what is made, and forget them."""
        end = made_from + len(made)
        whole = [spike for spike in self._spikes if _frame(spike) + _FRAMES_AFTER <= end]
        del self._spikes[: len(whole)]
        spikes = np.empty(len(whole), SPIKE)
        if whole:
            at, channels = np.array(whole, "int64").T
            spikes["timestamp"], spikes["channel"] = at, channels
            windows = sliding_window_view(made, SPIKE_FRAMES, axis=0)
            cut = windows[at - SPIKE_FRAMES_BEFORE - made_from, channels]
            spikes["samples"] = _in_uv(cut)
        return spikes


def _overlap(offset: int, length: int, frames: int) -> tuple[slice, slice]:
    """Where something `length` long lies in a block, and which part of it that is."""
    begin, end = min(max(offset, 0), frames), max(min(offset + length, frames), 0)
    end = max(begin, end)
    return slice(begin, end), slice(begin - offset, end - offset)


def _in_uv(units: np.ndarray) -> np.ndarray:
    return units.astype("float32") * np.float32(_UV_PER_UNIT)


def _require_range(name: str, value: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise WrongType(f"{name} is a number, not {value!r}")
    if not 0 <= value <= most:
        raise InvalidArgument(f"{name} is from 0 to {most}, not {value!r}")
