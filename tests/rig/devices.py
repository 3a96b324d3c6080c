"""Sources that a test moves, ends, or breaks."""

from __future__ import annotations

import numpy as np

from longtake.rig.block import SPIKE, STIM, Block

RATE = 1000


class Device:
    """Two channels that count frames; it ends, or fails, where a test says.

    Parameters
    ----------
    ends : int, optional
        How many frames it gives.
    fails : int, optional
        At how many frames it raises a RuntimeError.
    """

    channels = 2
    frames_per_second = RATE
    uv_per_sample_unit = 1.0
    start = 500

    def __init__(self, ends: int | None = None, fails: int | None = None) -> None:
        self.ends, self.fails = ends, fails
        self.given = self.reads = self.closed = 0

    def read(self, frames: int) -> Block:
        self.reads += 1
        if self.fails is not None and self.given + frames > self.fails:
            raise RuntimeError("the cable is out")
        if self.ends is not None:
            frames = min(frames, self.ends - self.given)
        numbers = np.arange(self.given, self.given + frames, dtype="int16")
        samples = np.column_stack([numbers, numbers])
        start, self.given = self.start + self.given, self.given + frames
        return Block(start, samples, np.empty(0, SPIKE), np.empty(0, STIM))

    def close(self) -> None:
        self.closed += 1
