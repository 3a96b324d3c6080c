"""What a source gives: some frames of samples, and the spikes and stims that came with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Frames of a spike's waveform before the frame of the spike itself, and in all.
SPIKE_FRAMES_BEFORE = 25
SPIKE_FRAMES = 75
#: So many frames after its own a spike is known, when the last of its waveform is there.
SPIKE_DELAY_FRAMES = SPIKE_FRAMES - SPIKE_FRAMES_BEFORE - 1

#: A spike: its frame's timestamp, the channel, and its waveform in µV.
SPIKE = np.dtype(
    [("timestamp", "<i8"), ("channel", "u1"), ("samples", "<f4", (SPIKE_FRAMES,))], align=False
)

#: A stimulation pulse: the timestamp of its first frame, and the channel.
STIM = np.dtype([("timestamp", "<i8"), ("channel", "u1")], align=False)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some frames that follow those of the block before, with their spikes and stims.

    Timestamps are frame numbers: the first frame's is `start`, the next one's `start + 1`.

    Parameters
    ----------
    start : int
        Timestamp of the first frame.
    samples : (frames, channels) int16
        In the source's `uv_per_sample_unit`.
    spikes : (S,) structured array of dtype `SPIKE`
        Those whose waveform became complete in this block, in ascending time. A spike is reported
        once its `SPIKE_FRAMES` samples are there, from `SPIKE_FRAMES_BEFORE` frames before its
        own: so its timestamp can lie in the block before, by up to 49 frames.
    stims : (S,) structured array of dtype `STIM`
        Those that began in this block, in ascending time.

    Examples
    --------
    >>> block = Block(100, np.zeros((25, 64), "int16"), np.empty(0, SPIKE), np.empty(0, STIM))
    >>> block.start, block.end
    (100, 125)
    """

    start: int
    samples: np.ndarray
    spikes: np.ndarray
    stims: np.ndarray

    @property
    def end(self) -> int:
        """Timestamp after that of the last frame: the next block's start."""
        return self.start + len(self.samples)
