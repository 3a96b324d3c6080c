"""Writing a record stream whose rows are those of one dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.streams.columns import checksum_of
from longtake.streams.declared import given_array
from longtake.streams.sequence_writer import SequenceWriter
from longtake.streams.table_view import TableStreamView

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class TableStream(SequenceWriter, TableStreamView):
    """Any number of rows of one dtype and shape by timestamp, being written.

    Guarantees
    ----------
    As of `DataStream`.
    """

    def append(self, timestamp: int, rows: ArrayLike) -> None:
        """Store rows, possibly none, under a timestamp greater than all before it.

        Parameters
        ----------
        timestamp : int
        rows : (n, *row_shape) array
            Of the stream's dtype.

        Raises
        ------
        InvalidArgument, WrongType
            If the timestamp is not an integer or not greater, or the rows are of another dtype;
            nothing was stored.
        WriteFailed
            If the disk is full or broken; earlier entries stay.
        """
        array = given_array(self.name, rows)
        if not np.can_cast(array.dtype, self.dtype, "equiv"):  # the byte order may differ
            raise WrongType(
                f"{self.name!r} holds rows of {self.dtype}, not {array.dtype}; nothing was stored"
            )
        if array.shape[1:] != self.row_shape or not array.ndim:
            raise InvalidArgument(
                f"{self.name!r}: an array of shape {array.shape} is not one of rows of shape "
                f"{self.row_shape}; nothing was stored"
            )
        content = np.ascontiguousarray(array, self.dtype)
        self._append(timestamp, content.view(np.uint8).data, len(content), checksum_of([content]))
