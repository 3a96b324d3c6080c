"""A recording as a source: its samples, spikes and stims once more, at their times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from longtake.errors import InvalidArgument
from longtake.rig.block import SPIKE, SPIKE_FRAMES, SPIKE_FRAMES_BEFORE, STIM, Block
from longtake.whole_number import whole_number

_FRAMES_AFTER = SPIKE_FRAMES - SPIKE_FRAMES_BEFORE
# Spikes or stims that are read from the recording at a time.
_ROWS = 1024


class Table(Protocol):
    """What can be sliced like an array: a numpy array, an h5py dataset, a node of a file."""

    @property
    def dtype(self) -> Any:
        """Type of its elements."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Its extent."""
        ...

    def __getitem__(self, rows: slice, /) -> Any:
        """Give rows."""
        ...


class Attributes(Protocol):
    """Values by name, as a dict has them and a node of a file."""

    def __contains__(self, name: object, /) -> bool:
        """Whether there is one of that name."""
        ...

    def __getitem__(self, name: str, /) -> Any:
        """Give one."""
        ...


class Recorded(Protocol):
    """What can be played back: a `RecordingView`, or any object with these four.

    `spikes` and `stims` can be None, if they were not recorded; so can `samples`, but such a
    recording cannot be played back.
    """

    @property
    def attributes(self) -> Attributes:
        """`frames_per_second`, `uV_per_sample_unit`, `start_timestamp` (0 if missing)."""
        ...

    @property
    def samples(self) -> Table | None:
        """(frames, channels) int16."""
        ...

    @property
    def spikes(self) -> Table | None:
        """Rows with the fields of `SPIKE`, ascending."""
        ...

    @property
    def stims(self) -> Table | None:
        """Rows with the fields of `STIM`, ascending."""
        ...


class Playback:
    """A `Source` that gives a recording again, from its first frame to its last.

    Parameters
    ----------
    recording : Recorded
        It must stay open, and is not closed by the playback.

    Raises
    ------
    InvalidArgument
        If it has no samples, or its parts are not what a recording of an array has.

    Guarantees
    ----------
    Order and loss: every frame, spike and stim once, in the recording's order. Spikes come in the
    block where the last of their 75 samples is, stims in that where they begin, and what lies
    beyond the last frame comes with it. Timestamps are those of the time of recording: the
    recording's `start_timestamp` and, as such files have them, times relative to it (its
    attribute `file_format` says so if they are not). Memory: a block, and some thousand spikes.
    Threads: one.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> recording = SimpleNamespace(
    ...     samples=np.zeros((1000, 64), "int16"),
    ...     spikes=None,
    ...     stims=np.array([(30, 8)], STIM),
    ...     attributes={
    ...         "frames_per_second": 25_000, "uV_per_sample_unit": 0.195, "start_timestamp": 5000
    ...     },
    ... )
    >>> playback = Playback(recording)
    >>> block = playback.read(600)
    >>> block.start, block.stims.tolist()
    (5000, [(5030, 8)])
    >>> len(playback.read(600).samples), len(playback.read(600).samples)
    (400, 0)
    """

    def __init__(self, recording: Recorded) -> None:
        self._samples = _require_samples(recording.samples)
        attributes = recording.attributes
        self._frames_per_second = whole_number(
            _require(attributes, "frames_per_second"), "frames_per_second", least=1
        )
        self._uv_per_sample_unit = float(_require(attributes, "uV_per_sample_unit"))
        start = attributes["start_timestamp"] if "start_timestamp" in attributes else 0  # noqa: SIM401
        self._start = whole_number(start, "start_timestamp")
        offset = self._start if _has_relative_times(attributes) else 0
        self._spikes = _Events(recording.spikes, SPIKE, "spikes", offset)
        self._stims = _Events(recording.stims, STIM, "stims", offset)
        self._frames = self._samples.shape[0]
        self._read = 0

    @property
    def channels(self) -> int:
        """How many channels there are."""
        return self._samples.shape[1]

    @property
    def frames_per_second(self) -> int:
        """Frames a second."""
        return self._frames_per_second

    @property
    def uv_per_sample_unit(self) -> float:
        """What one unit of a sample is, in µV."""
        return self._uv_per_sample_unit

    @property
    def start(self) -> int:
        """Timestamp of the first frame of all."""
        return self._start

    def read(self, frames: int) -> Block:
        """Give the next frames; fewer than asked for, or none, at the recording's end.

        Parameters
        ----------
        frames
            How many, 1 or more.
        """
        count = whole_number(frames, "the number of frames to read", least=1)
        first, last = self._read, min(self._read + count, self._frames)
        samples = np.asarray(self._samples[first:last])
        self._read = last
        end = self._start + last if last < self._frames else None
        return Block(
            self._start + first,
            samples,
            self._spikes.before(None if end is None else end - _FRAMES_AFTER + 1),
            self._stims.before(end),
        )

    def close(self) -> None:
        """Do nothing: the recording stays with whoever opened it."""


class _Events:
    """The spikes or stims of a recording, handed out in order, some rows in memory at a time."""

    def __init__(self, table: Table | None, dtype: np.dtype, what: str, offset: int) -> None:
        self._table: Table = np.empty(0, dtype) if table is None else table
        _require_fields(self._table.dtype, dtype, what)
        self._dtype = dtype
        self._offset = offset
        self._ahead = np.empty(0, dtype)
        self._rows_read = 0

    def before(self, end: int | None) -> np.ndarray:
        """Give the next events up to the first that is not before `end`; all, if it is None."""
        found = []
        while len(self._ahead) or self._read_ahead():
            times = self._ahead["timestamp"]
            late = times >= end if end is not None else np.zeros(len(times), bool)
            count = int(late.argmax()) if late.any() else len(late)
            found.append(self._ahead[:count])
            self._ahead = self._ahead[count:]
            if len(self._ahead):
                break
        return np.concatenate(found) if found else np.empty(0, self._dtype)

    def _read_ahead(self) -> bool:
        rows = self._table[self._rows_read : self._rows_read + _ROWS]
        self._rows_read += len(rows)
        self._ahead = np.empty(len(rows), self._dtype)
        for name in self._dtype.names or ():
            self._ahead[name] = rows[name]
        self._ahead["timestamp"] += self._offset
        return len(rows) > 0


def _require_fields(given: np.dtype, wanted: np.dtype, what: str) -> None:
    for name in wanted.names or ():
        field, has = wanted[name], name in (given.names or ())
        if not (
            has
            and given[name].shape == field.shape
            and np.can_cast(given[name].base, field.base, "same_kind")
        ):
            raise InvalidArgument(
                f"the recording's {what} are {given}: what can be played back has a field "
                f"{name!r} of {field}"
            )


def _require_samples(samples: Table | None) -> Table:
    if samples is None:
        raise InvalidArgument("this recording has no samples, so it cannot be played back")
    if samples.dtype != np.int16 or len(samples.shape) != 2:
        raise InvalidArgument(
            f"samples to be played back are (frames, channels) of int16, not {samples.shape} of "
            f"{samples.dtype}"
        )
    return samples


def _require(attributes: Attributes, name: str) -> Any:
    if name not in attributes:
        raise InvalidArgument(
            f"the recording's attributes have no {name!r}, which playing back needs"
        )
    return attributes[name]


def _has_relative_times(attributes: Attributes) -> bool:
    form = attributes["file_format"] if "file_format" in attributes else None  # noqa: SIM401
    if not isinstance(form, Mapping):
        return True
    return bool(form.get("stim_and_spike_timestamps_relative_to_start", True))
