"""When neurons fire: at random, but never twice within a refractory period."""

from __future__ import annotations

from heapq import heapify, heapreplace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class SpikeTrains:
    """Independent Poisson trains with a refractory period, one a channel, in whole frames.

    Parameters
    ----------
    random
        Where the intervals are drawn from.
    rates : (channels,) float
        Mean number of spikes a *frame*; 0 for a silent channel. Below 1 / `refractory`.
    refractory : int
        Least number of frames from one spike to the next of its channel.
    start : int
        No spike is before this frame.

    Notes
    -----
    Spikes are drawn in the order of their time, whatever the stretches they are asked for in, so
    the same generator gives the same spikes. The interval is the refractory period and a
    geometrically distributed number of frames, the Poisson process of discrete time.

    Examples
    --------
    >>> import numpy as np
    >>> trains = SpikeTrains(np.random.default_rng(0), np.full(2, 0.01), refractory=50, start=0)
    >>> spikes = trains.before(1000)
    >>> spikes == sorted(spikes), all(frame < 1000 for frame, channel in spikes)
    (True, True)
    """

    def __init__(
        self, random: np.random.Generator, rates: np.ndarray, refractory: int, start: int
    ) -> None:
        self._random = random
        self._refractory = refractory
        # Of a mean interval 1 / rate, the refractory period is no chance.
        self._chance = {
            channel: 1 / (1 / rate - refractory + 1)
            for channel, rate in enumerate(rates.tolist())
            if rate > 0
        }
        # A heap of the next spike of each channel.
        self._next = [(start + self._wait(channel), channel) for channel in self._chance]
        heapify(self._next)

    def before(self, end: int) -> list[tuple[int, int]]:
        """Give the next spikes, those before frame `end`: (frame, channel), ascending."""
        spikes = []
        while self._next and self._next[0][0] < end:
            frame, channel = self._next[0]
            spikes.append((frame, channel))
            heapreplace(self._next, (frame + self._refractory + self._wait(channel), channel))
        return spikes

    def _wait(self, channel: int) -> int:
        return int(self._random.geometric(self._chance[channel])) - 1
