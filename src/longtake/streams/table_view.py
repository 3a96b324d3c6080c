"""Reading a record stream whose rows are those of one dataset."""

from __future__ import annotations

import numpy as np

from longtake.streams.columns import UNCHECKED, IndexRow, checksum_of
from longtake.streams.sequence_view import SequenceView

_BLOCK_BYTES = 16 * 1024 * 1024


class TableStreamView(SequenceView[np.ndarray]):
    """Any number of rows of one dtype and shape, by timestamp.

    Guarantees
    ----------
    As of `DataStreamView`. Arrays belong to the caller.
    """

    @property
    def dtype(self) -> np.dtype:
        """The type of a row, or of its values."""
        return self._data.dtype

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of a row: () of one with fields."""
        return self._data.row_shape

    def _form(self) -> str:
        return f"rows of {' × '.join(map(str, [*self.row_shape, self.dtype]))}"

    def table(self) -> np.ndarray:
        """Give the rows of all entries as one array."""
        parts = list(self.values())
        rows = np.empty((sum(map(len, parts)), *self.row_shape), self.dtype)
        # Left to itself, numpy gives rows without the padding that these may have.
        return np.concatenate(parts, out=rows) if parts else rows

    @property
    def _block_rows(self) -> int:
        return max(1, _BLOCK_BYTES // self._data.row_bytes)

    @property
    def _most_rows(self) -> int:
        return self._data.capacity

    def _value_of(self, data: np.ndarray, row: IndexRow) -> np.ndarray:
        if row.checksum not in {UNCHECKED, checksum_of([data])}:
            raise self._columns.damaged(row)
        return data if data.base is None else data.copy()
