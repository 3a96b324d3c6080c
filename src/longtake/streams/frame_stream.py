"""Writing a frame stream: arrays of one shape by timestamp or frame number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.streams.columns import UNCHECKED, bytes_of, checksum_of, index_dtype
from longtake.streams.declared import given_array
from longtake.streams.frame_view import FrameStreamView
from longtake.streams.sequence_writer import SequenceWriter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from longtake.hdf import LiveFile
    from longtake.streams.attribute_log import AttributeLog
    from longtake.streams.columns import ColumnSet

_INDEX = index_dtype("timestamp")


class FrameStream(SequenceWriter, FrameStreamView):
    """Frames of one shape and dtype, being written.

    Made by `Recording.create_frame_stream`.

    Guarantees
    ----------
    When `append` returns, every other process can read the frame, and killing this one does not
    take it back. Its key in ``/frame_stream/<name>/key`` is set last, for programs that follow
    keys (or, should the disk refuse that, before the next frame is stored). Memory: does not grow
    with the frames. Threads: any of them may append.

    Examples
    --------
    >>> import longtake as lt, numpy as np, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "run.h5")
    >>> with lt.record(path) as recording:
    ...     camera = recording.create_frame_stream("camera", shape=(48, 64), dtype="uint8")
    ...     for t in range(3):
    ...         camera.append(t, np.full((48, 64), t, "uint8"))
    >>> with lt.open(path) as view:
    ...     view.frame_streams.camera[1:].shape, int(view.frame_streams.camera[2].max())
    ((2, 48, 64), 2)
    """

    def __init__(
        self,
        name: str,
        sets: list[ColumnSet],
        application: dict[str, object],
        file: LiveFile,
        log: AttributeLog,
        *,
        is_checked: bool,
    ) -> None:
        super().__init__(name, sets, application, file, log)
        self.is_checked = is_checked

    def append(self, timestamp: int, frame: ArrayLike) -> None:
        """Store a frame under a key greater than all before it.

        Parameters
        ----------
        timestamp : int
            A timestamp or frame number, of any integer type, within 64 bits.
        frame : array of the stream's shape and dtype

        Raises
        ------
        InvalidArgument, WrongType
            If the key is not an integer or not greater, or the frame is of another shape or
            dtype; nothing was stored.
        WriteFailed
            If the disk is full or broken; earlier frames stay, and appending may be tried again.
        """
        content = self._checked(frame, self.shape)
        checksum = checksum_of([content]) if self.is_checked else UNCHECKED
        self._append(timestamp, bytes_of(content), 1, checksum)

    def append_many(self, timestamps: Iterable[int], frames: ArrayLike) -> None:
        """Store several frames, with two writes in all.

        Parameters
        ----------
        timestamps : iterable of int
            Ascending, the first greater than all before.
        frames : (n, *shape) array

        Raises
        ------
        InvalidArgument, WrongType
            If any of them cannot be stored; then none was.
        WriteFailed
            As of `append`; of these frames nothing is stored then.
        """
        keys = self._checked_keys(timestamps)
        content = self._checked(frames, (len(keys), *self.shape))
        rows = np.zeros(len(keys), _INDEX)
        rows["timestamp"] = keys
        rows["start_index"] = np.arange(len(keys))
        rows["end_index"] = np.arange(1, len(keys) + 1)
        rows["checksum"] = UNCHECKED
        if self.is_checked:
            flat = content.reshape(len(keys), math.prod(self.shape))
            rows["checksum"] = [checksum_of([frame]) for frame in flat]
        self._append_many(bytes_of(content), rows)

    def complete_keys(self) -> None:
        """Set the keys of all frames, and no others, for those who follow them."""
        columns, keys = self._columns, self._columns.keys
        if keys is None:
            return
        if keys.capacity < columns.end:  # another program cut them
            self._file.grow({keys: columns.end})
            keys.rows = columns.end
        columns.complete_keys()
        keys.scrub_tail()

    def _checked(self, frames: ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
        array = given_array(self.name, frames)
        if array.shape != shape:
            raise InvalidArgument(
                f"{self.name!r}: an array of shape {array.shape} where {shape} is wanted; nothing "
                "was stored"
            )
        if array.dtype.newbyteorder("<") != self.dtype:
            raise WrongType(
                f"{self.name!r} holds {self.dtype}, not {array.dtype}: convert the frame with "
                f".astype({self.dtype.name!r}); nothing was stored"
            )
        return np.ascontiguousarray(array, self.dtype)
