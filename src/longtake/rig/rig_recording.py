"""A recording of a session: its samples, spikes and stims, and what clients append beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.recording import Recording
from longtake.rig.block import SPIKE, STIM

if TYPE_CHECKING:
    from longtake.rig.block import Block
    from longtake.rig.source import Source
    from longtake.streams import StreamFile, TableStream


class RigRecording(Recording):
    """A recording that a session writes to. Made by `Session.record`.

    Timestamps in the file count from the recording's start: what was appended at `timestamp` is
    found at ``timestamp - start_timestamp``.

    Parameters
    ----------
    file : StreamFile
        Owned from now on.
    source : Source
    start : int
        Timestamp of the first frame.
    end : int, optional
        Timestamp after that of the last frame, if the end is known.
    parts : set of {"samples", "spikes", "stims"}
        What is recorded.

    Attributes
    ----------
    start_timestamp : int
    """

    def __init__(
        self, file: StreamFile, source: Source, start: int, end: int | None, parts: set[str]
    ) -> None:
        super().__init__(file)
        self.start_timestamp = start
        self._end = end
        self._position = start
        self._frames_per_second = source.frames_per_second
        self._parts: dict[str, TableStream] = {}
        if "samples" in parts:
            self._parts["samples"] = file.create_table_stream(
                "samples", np.dtype("int16"), row_shape=(source.channels,), link="samples"
            )
        if "spikes" in parts:
            self._parts["spikes"] = file.create_table_stream("spikes", SPIKE, link="spikes")
        if "stims" in parts:
            self._parts["stims"] = file.create_table_stream("stims", STIM, link="stims")

    @property
    def is_over(self) -> bool:
        """Whether all that was asked for is recorded."""
        return self._end is not None and self._position >= self._end

    def wait_until_stopped(self, timeout: float | None = None) -> bool:
        """Wait until the recording has stopped, or for `timeout` seconds; say if it has."""
        if timeout is None and self._end is not None:
            self._stopped.wait()
        return super().wait_until_stopped(timeout)

    def take(self, block: Block) -> None:
        """Store the part of a block that belongs to the recording."""
        count = len(block.samples) if self._end is None else self._end - block.start
        samples = block.samples[: max(0, count)]
        key = block.start - self.start_timestamp
        if "samples" in self._parts:
            self._parts["samples"].append(key, samples)
        for name, rows in (("spikes", block.spikes), ("stims", block.stims)):
            kept = self._own(rows)
            if name in self._parts and len(kept):
                self._parts[name].append(key, kept)
        self._position = block.start + len(samples)

    def fail(self, error: BaseException) -> None:
        """Stop for good: `wait_until_stopped` will say why."""
        self._failure = error
        try:
            self._stop("aborted")
        finally:
            self._stopped.set()

    def _own(self, rows: np.ndarray) -> np.ndarray:
        """Give the rows within the recording, their times counted from its start."""
        inside = rows["timestamp"] >= self.start_timestamp
        if self._end is not None:
            inside &= rows["timestamp"] < self._end
        kept = rows[inside].copy()
        kept["timestamp"] -= self.start_timestamp
        return kept

    def _last_attributes(self) -> dict[str, Any]:
        frames = self._position - self.start_timestamp
        return super()._last_attributes() | {
            "end_timestamp": self._position,
            "duration_frames": frames,
            "duration_seconds": frames / self._frames_per_second,
        }
