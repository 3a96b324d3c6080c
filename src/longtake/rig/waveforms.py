"""What neurons, stimuli and amplifiers look like in the samples of a simulated array."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from longtake.rig.block import SPIKE_FRAMES, SPIKE_FRAMES_BEFORE

#: How long the trace of a stimulus is, in frames: 5 ms at 25 000 frames a second.
ARTEFACT_FRAMES = 125

# Rows of noise that are made at a time, so that what they need stays in the processor's cache.
_ROWS = 1024


def spike_waveforms(random: np.random.Generator, count: int, frames_per_ms: float) -> np.ndarray:
    """Draw the shapes of the spikes of `count` neurons, as seen outside of the cell.

    A fast negative phase whose trough is at frame `SPIKE_FRAMES_BEFORE` and 40 to 120 µV deep,
    then a slower, smaller positive one; about 1.5 ms in all.

    Returns
    -------
    (count, SPIKE_FRAMES) float64, µV

    Examples
    --------
    >>> shapes = spike_waveforms(np.random.default_rng(0), 64, frames_per_ms=25)
    >>> shapes.shape, set(shapes.argmin(axis=1).tolist())
    ((64, 75), {25})
    """

    def drawn(least: float, most: float) -> np.ndarray:
        return random.uniform(least, most, (count, 1))

    ms = (np.arange(SPIKE_FRAMES) - SPIKE_FRAMES_BEFORE) / frames_per_ms
    trough = _bell(ms / drawn(0.10, 0.16))
    hump = _bell((ms - drawn(0.5, 0.7)) / drawn(0.15, 0.25))
    return drawn(40, 120) * (drawn(0.2, 0.5) * hump - trough)


def _bell(at: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * at**2)


def artefact(frames_per_ms: float) -> np.ndarray:
    """Give what a stimulus of two phases leaves on its own channel.

    Each phase takes 0.2 ms, the negative one first; then the amplifier recovers within 5 ms.

    Returns
    -------
    (ARTEFACT_FRAMES,) float64, µV
    """
    ms = np.arange(ARTEFACT_FRAMES) / frames_per_ms
    recovery = 1000 * np.exp(-(ms - 0.4))
    return np.select([ms < 0.2, ms < 0.4], [-3000.0, 3000.0], recovery)


class Noise:
    """White Gaussian noise, the same whatever the pieces it is drawn in.

    Parameters
    ----------
    seed
        Seed of the noise.
    rms : float
        Its root mean square, in units of the samples.

    Notes
    -----
    Each sample is one of 65 536 equally likely quantiles of the normal distribution, so nothing
    lies further out than 4.3 times the rms. A frame takes a whole number of 64-bit words from the
    generator, four samples a word, which is why the pieces do not matter.
    """

    def __init__(self, seed: np.random.SeedSequence, rms: float) -> None:
        self._bits = np.random.SFC64(seed)
        self._levels = np.rint(rms * ndtri((np.arange(2**16) + 0.5) / 2**16)).astype("int16")

    def fill(self, samples: np.ndarray) -> None:
        """Put the noise of the next frames into `samples`, (frames, channels) int16."""
        for top in range(0, len(samples), _ROWS):
            rows = samples[top : top + _ROWS]
            count, channels = rows.shape
            words = self._bits.random_raw((count, -(-channels // 4)))
            draws = words.astype("<u8", copy=False).view("<u2")[:, :channels]
            # No draw is out of range; said so, numpy neither checks nor makes a copy.
            np.take(self._levels, draws, out=rows, mode="wrap")
