"""A recording of a session: its samples, spikes and stims, and what clients append beside them."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.recording import Recording
from longtake.rig.block import SPIKE, SPIKE_DELAY_FRAMES, STIM

if TYPE_CHECKING:
    from longtake.recording.recording import End
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

    Guarantees
    ----------
    Loss: between its start and its end no frame, spike or stim is missing. A spike is known 49
    frames after its own, so one that ends by itself stops that much later; one that is stopped
    at a moment does not wait, and has no spikes of its last 49 frames.

    Attributes
    ----------
    start_timestamp : int
    """

    def __init__(
        self, file: StreamFile, source: Source, start: int, end: int | None, parts: set[str]
    ) -> None:
        super().__init__(file)
        self._taking = threading.RLock()
        self.start_timestamp = start
        self._end = end
        self._position = start  # after the last frame that is stored
        self._known_until = start  # of the source's frames, those that were offered
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
        delay = SPIKE_DELAY_FRAMES if "spikes" in self._parts else 0
        return self._end is not None and self._known_until >= self._end + delay

    @property
    def is_finished(self) -> bool:
        """Whether the recording has stopped and its file is closed."""
        return self._finished.is_set()

    def take(self, block: Block) -> None:
        """Store the part of a block that belongs to the recording; nothing once it has stopped."""
        if self.has_stopped():  # its file may still be about to be closed, which takes a while
            return
        with self._taking:
            if not self.has_stopped():
                self._take(block)

    def _take(self, block: Block) -> None:
        if block.end <= self.start_timestamp:
            return
        first = max(block.start, self.start_timestamp)
        last = block.end if self._end is None else min(block.end, self._end)
        key = first - self.start_timestamp
        if "samples" in self._parts and first < last:
            samples = block.samples[first - block.start : last - block.start]
            self._parts["samples"].append(key, samples)
        for name, rows in (("spikes", block.spikes), ("stims", block.stims)):
            kept = self._own(rows)
            if name in self._parts and len(kept):
                self._parts[name].append(key, kept)
        self._position = max(self._position, last)
        self._known_until = block.end

    def abort(self) -> None:
        """Stop for good; the file will say that it was left by an error."""
        self._stop("aborted")

    def fail(self, error: BaseException) -> None:
        """Abort, unless it has stopped already: `wait_until_stopped` will say why."""
        with self._taking:
            if self.has_stopped():
                return
            self._failure = error
            with suppress(Exception):  # what came first is what counts
                self.abort()

    def _will_stop(self) -> bool:
        return self._end is not None or super()._will_stop()

    def _stop(self, end: End) -> None:
        with self._taking:  # so that the whole of a block is in the file, and counted
            super()._stop(end)

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
