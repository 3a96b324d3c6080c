"""Reading streams whose keys only ever ascend: an entry is a row of the index, for good."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

from longtake.errors import DamagedFile
from longtake.streams.columns import IndexRow
from longtake.streams.lookup import KeyLookup
from longtake.streams.stream_view import StreamView, V

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.hdf import GrowingDataset
    from longtake.streams.columns import ColumnSet

_BLOCK_ROWS = 16_384
_LOOKUP_ROWS = 262_144
_LOOKS = 4


class SequenceView(StreamView[V]):
    """Entries in the order they were appended, their data end to end in one dataset.

    A subclass gives `_value_of`, `_block_rows` and `_most_rows`.
    """

    def __init__(self, name: str, sets: list[ColumnSet], application: dict[str, object]) -> None:
        super().__init__(name, application)
        self._lookup = KeyLookup()
        self._disorder = ""  # what is wrong with the row after those in the lookup
        (self._columns,) = sets
        (self._data,) = self._columns.columns.values()
        self._columns.take_in()

    def adopt(self, sets: list[ColumnSet]) -> None:
        """Read from this set from now on, which holds all that the old one did."""
        (columns,) = sets
        columns.count_as(self._columns)
        self._columns = columns
        (self._data,) = columns.columns.values()

    @abstractmethod
    def _value_of(self, data: np.ndarray, row: IndexRow) -> V:
        """Give the value whose rows are `data`, or say that they are not what was written."""

    def _decode(self, data: np.ndarray, rows: np.ndarray) -> Iterator[V]:
        """Give the values of index rows, whose data lie end to end in `data`."""
        if len(rows) == 1:  # as it is, not a piece of it that would have to be copied
            yield self._value_of(data, IndexRow(*rows[0].tolist()))
            return
        base = int(rows["start_index"][0])
        for fields in rows.tolist():
            row = IndexRow(*fields)
            yield self._value_of(data[row.start - base : row.end - base], row)

    @property
    def group(self) -> str:
        """The path of the stream's group in the file."""
        return self._columns.group

    @property
    def sets(self) -> list[ColumnSet]:
        """The index with its data, as far as they were taken in."""
        return [self._columns]

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
            If a row points outside of the data, or its key does not come after the one before;
            the entries before it can still be read by their keys.
        """
        if self.look_again is not None:
            with self.looking:
                self.look_again()
                self._take_in_all()
        self._catch_up()
        if self._disorder:
            raise DamagedFile(self._disorder)

    def _take_in_all(self) -> None:
        """Take in what was written, also where there was no room for it at the last look."""
        for _ in range(_LOOKS):
            rows, end = len(self._columns), self._columns.end
            self.take_in()
            if self.has_moved():
                self._columns.count(rows, end)
            elif not self._columns.is_full:
                return
            # The row may have come, with the room for it, after the structure was looked at.
            if not self.grow():
                self._columns.require_unblocked()
                return

    def look(self) -> int:
        """Take in what was written, at little cost if nothing was; give how many rows there are."""
        if self._columns.may_have_more():
            with self.looking:
                self._take_in_all()
        return len(self._columns)

    def first_row_from(self, key: int) -> int:
        """Give the first row that may have this key or a greater one."""
        return bisect_left(range(len(self._columns)), key, key=self.key_of_row)

    def key_of_row(self, row: int) -> int:
        """Give the key of a row that is known."""
        return self._columns.row(row).key

    def rows_from(self, first: int, last: int) -> Iterator[tuple[int, V]]:
        """Read the keys and values of rows [first, last), which are known, in bounded memory."""
        for rows, values in self._blocks(first, last):
            yield from zip(rows["timestamp"].tolist(), values, strict=True)

    def take_in(self) -> None:
        """Take in the rows that were written, as far as the known structure reaches."""
        self._columns.take_in()

    def require_unblocked(self) -> None:
        """Raise `DamagedFile` if a row points outside of the data."""
        self._columns.require_unblocked()

    def _catch_up(self) -> None:
        if len(self._lookup) == len(self._columns):
            return
        with self.looking:
            known, there = len(self._lookup), len(self._columns)
            while known < there and not self._disorder:
                rows = self._columns.rows(known, min(there, known + _LOOKUP_ROWS))
                self._lookup.add_many(self._in_order(rows["timestamp"], known), known)
                known += len(rows)

    def _in_order(self, keys: np.ndarray, first: int) -> np.ndarray:
        """Give the keys up to one that no `append` writes, for it comes after a later one."""
        last = self._lookup.last_key()
        known = keys if last is None else np.append(last, keys)
        late = np.flatnonzero(known[1:] <= known[:-1])
        if not len(late):
            return keys
        index, at = self._columns.index, int(late[0])
        count = at + (last is None)
        self._disorder = (
            f"{index.raw.path}: row {first + count} of {index.path} has the timestamp "
            f"{known[at + 1]} after {known[at]}: they must ascend; the entries before it can be "
            "read by their timestamps"
        )
        return keys[:count]

    def _read(self, first: int, last: int) -> Iterator[V]:
        for _, values in self._blocks(first, last):
            yield from values

    def _blocks(self, first: int, last: int) -> Iterator[tuple[np.ndarray, Iterator[V]]]:
        """Give rows of the index, as many as are read at once, with their values."""
        while first < last:
            rows = self._columns.rows(first, min(last, first + _BLOCK_ROWS))
            rows = self._together(rows)
            start, end = int(rows["start_index"][0]), int(rows["end_index"][-1])
            self._require_size(IndexRow(*rows[0].tolist()))
            yield rows, self._decode(self._data.read(start, end - start), rows)
            first += len(rows)

    def _value(self, key: int) -> V:
        at = self._lookup.position(key)
        for take_in in (self._catch_up, self.refresh):
            if self._lookup.has(at, key):
                break
            take_in()
            at = self._lookup.position(key)
        if not self._lookup.has(at, key):
            raise self._missing(key)
        row = self._columns.row(at)
        self._require_size(row)
        return self._read_one(row)

    def _read_one(self, row: IndexRow) -> V:
        return self._value_of(self._data.read(row.start, row.end - row.start), row)

    def _require_size(self, row: IndexRow) -> None:
        if row.end - row.start > self._most_rows:
            raise DamagedFile(
                f"{self._data.raw.path}: {self._data.path} has a value of {row.end - row.start} "
                f"rows, at {row.key}, more than any that longtake writes"
            )

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
