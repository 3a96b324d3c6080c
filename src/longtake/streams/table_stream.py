"""Writing a record stream whose rows are those of one dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.streams.columns import bytes_of, checksum_of
from longtake.streams.declared import given_array
from longtake.streams.sequence_writer import SequenceWriter
from longtake.streams.table_view import TableStreamView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike


class TableStream(SequenceWriter, TableStreamView):
    """Any number of rows of one dtype and shape by timestamp, being written.

    Made by `Recording.create_table_stream`.

    Guarantees
    ----------
    As of `DataStream`.

    Examples
    --------
    >>> import longtake as lt, numpy as np, tempfile, os
    >>> path, spike = os.path.join(tempfile.mkdtemp(), "run.h5"), [("channel", "u1"), ("uv", "f4")]
    >>> with lt.record(path) as recording:
    ...     spikes = recording.create_table_stream("spikes", spike)
    ...     spikes.append(10, np.array([(3, -40.5), (8, -32.0)], spike))
    ...     spikes.append_many([11, 12], [np.zeros(0, spike), np.zeros(1, spike)])
    >>> with lt.open(path) as view:
    ...     view.record_streams.spikes[10]["channel"].tolist(), len(view.record_streams.spikes)
    ([3, 8], 3)
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
        content = self._checked(rows)
        self._append(timestamp, bytes_of(content), len(content), checksum_of([content]))

    def append_many(self, timestamps: Iterable[int], values: Iterable[ArrayLike]) -> None:
        """Store a burst of entries, with two writes in all.

        Parameters
        ----------
        timestamps : iterable of int
            Ascending, the first greater than all before.
        values : iterable of (n, *row_shape) array
            As many, each as `append` takes it.

        Raises
        ------
        InvalidArgument, WrongType
            If any of them cannot be stored; then none was.
        WriteFailed
            As of `append`; of the burst nothing is stored then.
        """
        keys = self._checked_keys(timestamps)
        contents = [self._checked(value, f"values[{i}]: ") for i, value in enumerate(values)]
        self._append_burst(
            keys,
            [bytes_of(content) for content in contents],
            [len(content) for content in contents],
            [checksum_of([content]) for content in contents],
        )

    def _checked(self, rows: ArrayLike, where: str = "") -> np.ndarray:
        try:
            return self._fitting(rows)
        except (InvalidArgument, WrongType) as error:
            raise type(error)(f"{where}{error}") from None

    def _fitting(self, rows: ArrayLike) -> np.ndarray:
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
        return np.ascontiguousarray(array, self.dtype)
