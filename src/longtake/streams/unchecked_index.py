"""The index of a recording whose writer keeps no checksums, as the CL SDK's does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longtake.streams.columns import UNCHECKED, index_dtype

if TYPE_CHECKING:
    from longtake.hdf import GrowingDataset
    from longtake.hdf.raw_file import RawFile

#: The fields of such an index; `index_dtype` has one more.
FIELDS = ("timestamp", "start_index", "end_index")
_FULL = index_dtype("timestamp")


class UncheckedIndex:
    """Shows each row of a three-column index as one of `index_dtype`, without a checksum.

    Parameters
    ----------
    rows : GrowingDataset
        Of the fields `FIELDS`.
    """

    def __init__(self, rows: GrowingDataset) -> None:
        self._rows = rows
        self.raw: RawFile = rows.raw
        self.path = rows.path
        self.dtype = _FULL
        self.row_shape = ()
        self.row_bytes = _FULL.itemsize
        self.capacity = rows.capacity
        self.rows = 0

    @property
    def is_table(self) -> bool:
        """Yes: its rows have fields."""
        return True

    def read(self, row: int, count: int) -> np.ndarray:
        """Give `count` rows from `row` as a new array."""
        found = self._rows.read(row, count)
        full = np.empty(len(found), _FULL)
        for name in FIELDS:
            full[name] = found[name]
        full["checksum"] = UNCHECKED
        return full

    def read_bytes(self, row: int, count: int) -> bytes:
        """Give the bytes of `count` rows from `row`."""
        return self.read(row, count).tobytes()
