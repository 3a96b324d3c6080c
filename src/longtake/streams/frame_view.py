"""Reading a frame stream: arrays of one shape by timestamp or frame number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from xxhash import xxh3_64_intdigest

from longtake.streams.columns import UNCHECKED, IndexRow, checksum_of, nonzero
from longtake.streams.sequence_view import SequenceView

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK_BYTES = 4 * 1024 * 1024


class FrameStreamView(SequenceView[np.ndarray]):
    """Frames of one shape and dtype, by timestamp or frame number.

    ``stream[t]`` is one frame; ``stream[t0:t1]`` the frames of a range of keys, as one array.

    Guarantees
    ----------
    A frame comes back as it was appended, or `DamagedFile` says that it is not what was written
    (unless the stream was made with ``checksum=False``). Arrays belong to the caller. Memory: 8
    bytes a frame, and when iterating a block of 4 MiB or a frame.
    Threads: one; others may read through a view of their own.
    """

    is_regular = True

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of each frame."""
        return self._data.row_shape

    @property
    def dtype(self) -> np.dtype:
        """The type of each frame's values."""
        return self._data.dtype

    def _form(self) -> str:
        return f"frames of {' × '.join(map(str, [*self.shape, self.dtype]))}"

    @property
    def _block_rows(self) -> int:
        return max(1, _BLOCK_BYTES // max(1, self._data.row_bytes))

    @property
    def _most_rows(self) -> int:
        return 1

    def _slice(self, start: float | None, end: float | None) -> np.ndarray:
        first, last = self._positions(start, end)
        frames = np.empty((last - first, *self.shape), self.dtype)
        for i, frame in enumerate(self._read(first, last)):
            frames[i] = frame
        return frames

    def _decode(self, data: np.ndarray, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Give many frames at once, each an array of its own."""
        if len(rows) != len(data) or len(rows) == 1:
            yield from super()._decode(data, rows)
            return
        checksums = rows["checksum"].tolist()
        for number, (values, checksum) in enumerate(zip(data, checksums, strict=True)):
            frame = values.copy()  # a piece would keep the whole block in memory
            if checksum not in {UNCHECKED, nonzero(xxh3_64_intdigest(frame))}:
                raise self._columns.damaged(IndexRow(*rows[number].tolist()))
            yield frame

    def _value_of(self, data: np.ndarray, row: IndexRow) -> np.ndarray:
        if len(data) != 1 or row.checksum not in {UNCHECKED, checksum_of([data])}:
            raise self._columns.damaged(row)
        return data[0] if data.base is None else data[0].copy()
