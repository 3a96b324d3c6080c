"""Reading streams whose keys only ever ascend: an entry is a row of the index, for good."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from longtake.errors import DamagedFile
from longtake.streams.lookup import KeyLookup
from longtake.streams.stream_view import StreamView, V

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.hdf import GrowingDataset
    from longtake.streams.columns import ColumnSet

_BLOCK_ROWS = 16_384
_LOOKS = 3


class SequenceView(StreamView[V]):
    """Entries in the order they were appended, their data end to end in one dataset.

    A subclass gives `_decode` and `_block_rows`.
    """

    def __init__(self, name: str, sets: list[ColumnSet], application: dict[str, object]) -> None:
        super().__init__(name, application)
        self._lookup = KeyLookup()
        (self._columns,) = sets
        (self._data,) = self._columns.columns.values()
        self._columns.advance()

    def adopt(self, sets: list[ColumnSet]) -> None:
        """Read from this set from now on, which holds all that the old one did."""
        (columns,) = sets
        columns.go_on_from(self._columns)
        self._columns = columns
        (self._data,) = columns.columns.values()

    @abstractmethod
    def _decode(self, data: np.ndarray, rows: np.ndarray) -> Iterator[V]:
        """Give the values of index rows, whose data lie end to end in `data`."""

    @property
    def group(self) -> str:
        """The path of the stream's group in the file."""
        return self._columns.group

    @property
    def datasets(self) -> list[GrowingDataset]:
        """The index and the data."""
        return self._columns.datasets

    @property
    def _known(self) -> KeyLookup:
        self._catch_up()
        return self._lookup

    def refresh(self) -> None:
        """Take in what was written since the last look.

        Raises
        ------
        DamagedFile
            If a row points outside of the data.
        """
        if self.look_again is None:
            return
        self.look_again()
        self.take_in()
        for _ in range(_LOOKS):
            if not self._columns.is_blocked:
                return
            # The row may have come, with the room for it, after the structure was looked at.
            if not self.look_again():
                self._columns.require_unblocked()
            self.take_in()

    def take_in(self) -> None:
        """Take in the rows that were written, as far as the known structure reaches."""
        self._columns.advance()

    def require_unblocked(self) -> None:
        """Raise `DamagedFile` if a row points outside of the data."""
        self._columns.require_unblocked()

    def _catch_up(self) -> None:
        known, there = len(self._lookup), len(self._columns)
        if known < there:
            rows = self._columns.rows(known, there)
            self._lookup.add_many(rows["timestamp"], known)

    def _read(self, first: int, last: int) -> Iterator[V]:
        while first < last:
            rows = self._columns.rows(first, min(last, first + _BLOCK_ROWS))
            rows = self._together(rows)
            start, end = int(rows["start_index"][0]), int(rows["end_index"][-1])
            if end - start > self._most_rows:
                raise DamagedFile(
                    f"{self._data.raw.path}: {self._data.path} has a value of {end - start} rows, "
                    f"at {rows['timestamp'][0]}, more than any that longtake writes"
                )
            yield from self._decode(self._data.read(start, end - start), rows)
            first += len(rows)

    def _together(self, rows: np.ndarray) -> np.ndarray:
        """Give the first of these index rows: those to read at once, whose data lie end to end."""
        apart = np.flatnonzero(rows["start_index"][1:] != rows["end_index"][:-1])
        if len(apart):
            rows = rows[: apart[0] + 1]
        most = rows["start_index"][0] + np.uint64(self._block_rows)
        return rows[: max(1, int(np.searchsorted(rows["end_index"], most, "right")))]

    @property
    @abstractmethod
    def _block_rows(self) -> int:
        """How many rows of data are read at once, unless one value has more."""

    @property
    @abstractmethod
    def _most_rows(self) -> int:
        """How many rows of data a value can have."""
