"""Writing values whose columns are in several sets: each of them whole, or not at all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from longtake.streams.column_values import new_columns, row_count, split
from longtake.streams.columns import ColumnSet, IndexRow, checksum_of
from longtake.streams.growth import Growth
from longtake.streams.lookup import KeyLookup
from longtake.streams.record_view import RecordStreamView, key_of
from longtake.streams.stream_writer import StreamWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike

    from longtake.hdf import LiveFile
    from longtake.streams.attribute_log import AttributeLog
    from longtake.streams.column_values import Parts


class RecordWriter(StreamWriter, RecordStreamView):
    """The writing side of a record stream; one object, shared by the threads that write.

    A value exists when the row of the first index does, which is therefore written last.
    """

    def __init__(
        self,
        name: str,
        sets: list[ColumnSet],
        application: dict[str, object],
        file: LiveFile,
        log: AttributeLog,
        add_set: Callable[[str, dict[str, np.dtype]], ColumnSet],
    ) -> None:
        super().__init__(name, sets, application)
        self._begin(file, log)
        self._add_set = add_set
        self._growth = [Growth(file, columns) for columns in sets]
        # How long the sets were before a write that was broken off and is to be looked at.
        self._marks: list[tuple[int, int]] = []
        _ = self._known  # from now on each write adds to it what it wrote

    def _get_ready(self) -> None:
        self._require_going()
        self._look_back()  # only where that was interrupted too

    def _put(self, key: int, columns: Mapping[str, ArrayLike]) -> None:
        (parts,) = self._prepared([key], [columns])
        self._write(key, parts)
        self._file.appended()

    def _prepared(
        self, keys: Sequence[int], values: Sequence[Mapping[str, ArrayLike]]
    ) -> list[Parts]:
        """Give values as they are stored; add the columns that are new, once all can be."""
        sets = [{n: d.dtype for n, d in known.columns.items()} for known in self._sets]
        new = new_columns(self.name, values, sets)
        if new:
            sets.append(new)
        parts = [split(self.name, *given, sets) for given in zip(keys, values, strict=True)]
        if new:
            self._add_columns(new)
        return parts

    def _add_columns(self, dtypes: dict[str, np.dtype]) -> None:
        added = self._add_set(self.name, dtypes)
        self._sets.append(added)
        self._lookups.append(KeyLookup())
        self._growth.append(Growth(self._file, added))

    def _write(self, key: int, parts: Parts) -> None:
        first, first_arrays = self._sets[0], parts[0] or []
        checksum = checksum_of(first_arrays)
        known = self._lookups[0].get(key)
        old = None if known is None else first.row(known)
        same = old is not None and old.checksum == checksum and _same_length(old, first_arrays)
        if same and known is not None and self._covers(known, parts):
            self._make_room([[None, *parts[1:]]])
            self._attempt(partial(self._write_later, known, parts))
        else:
            self._make_room([[[] if same else first_arrays, *parts[1:]]])
            self._attempt(partial(self._write_all, key, parts, checksum, old if same else None))

    def _make_room(self, values: Sequence[Parts]) -> None:
        """Grow what is too small for these; so a full disk is met before anything is written."""
        for position, columns in enumerate(self._sets):
            given = [parts[position] for parts in values]
            counts = [row_count(arrays) for arrays in given if arrays is not None]
            if counts:
                growth = self._growth[position]
                growth.make_room(len(columns) + len(counts), columns.end + sum(counts))

    def _covers(self, number: int, parts: Parts) -> bool:
        """Whether one row of one later set changes the value `number` to what `parts` say."""
        if sum(part is not None for part in parts[1:]) > 1:
            return False  # a crash could come between the sets
        return all(
            part is not None or lookup.get(number) is None
            for part, lookup in zip(parts[1:], self._lookups[1:], strict=True)
        )

    def _attempt(self, write: Callable[[], None]) -> None:
        """Write; if that is broken off, count what of it is in the file."""
        self._marks = [(len(columns), columns.end) for columns in self._sets]
        try:
            write()
        except BaseException:
            self._look_back()
            raise
        self._marks = []

    def _look_back(self) -> None:
        """After a write that was broken off: count what of it is in the file, as readers do.

        Ctrl-C mostly comes while a row is written, and is told when it has been. Later columns of
        a value that did not come are cleared, for the next value will take its number.
        """
        if not self._marks:
            return
        for columns, mark in zip(self._sets, self._marks, strict=True):
            columns.look_back(*mark)
        self._cut_orphans()
        self._marks = []

    def _write_later(self, number: int, parts: Parts) -> None:
        for position, arrays in enumerate(parts[1:], 1):
            if arrays is not None:
                self._append_to(position, number, arrays, checksum_of(arrays))

    def _write_all(self, key: int, parts: Parts, checksum: int, old: IndexRow | None) -> None:
        """Write the later columns, then the row of the first index that makes all of it exist."""
        number = len(self._sets[0])
        self._write_later(number, parts)
        if old is None:
            self._append_to(0, key, parts[0] or [], checksum)
        else:
            self._sets[0].write_reference(IndexRow(key, old.start, old.end, checksum))
            self._lookups[0].add(key, number)

    def _append_to(self, position: int, key: int, arrays: list[np.ndarray], checksum: int) -> None:
        columns = self._sets[position]
        columns.write(key, arrays, checksum)
        self._lookups[position].add(key, len(columns) - 1)

    def _write_many(self, keys: Sequence[int], values: Sequence[Parts]) -> None:
        """Write values whose keys are new, in the order of `_write_all`."""
        self._make_room(values)
        numbers = range(len(self._sets[0]), len(self._sets[0]) + len(keys))

        def write() -> None:
            for position in reversed(range(len(self._sets))):
                given = zip(numbers if position else keys, values, strict=True)
                self._append_burst(
                    position,
                    [(n, arrays) for n, parts in given if (arrays := parts[position]) is not None],
                )

        self._attempt(write)

    def _append_burst(self, position: int, given: list[tuple[int, list[np.ndarray]]]) -> None:
        if not given:
            return
        columns, first_row = self._sets[position], len(self._sets[position])
        lengths = np.array([row_count(arrays) for _, arrays in given], np.uint64)
        rows = np.zeros(len(given), columns.index.dtype)
        rows[key_of(rows)] = [key for key, _ in given]
        rows["end_index"] = np.uint64(columns.end) + np.cumsum(lengths)
        rows["start_index"] = rows["end_index"] - lengths
        rows["checksum"] = [checksum_of(arrays) for _, arrays in given]
        values = zip(*(arrays for _, arrays in given), strict=True)
        contents = [np.concatenate(column).view(np.uint8).data for column in values]
        if lengths.any():
            for dataset, content in zip(columns.datasets[2:], contents[1:], strict=True):
                dataset.write(columns.end, content)
        columns.write_many(contents[0] if contents else b"", rows)
        self._lookups[position].add_many(rows[key_of(rows)], first_row)

    def recover(self, synced_rows: Mapping[int, int]) -> None:
        """After a crash: cut what is not whole, and later columns of values that never came."""
        for columns in self._sets:
            columns.cut_damaged(synced_rows.get(columns.index.first_offset, 0))
            columns.clear_tails()
        self._cut_orphans()

    def _cut_orphans(self) -> None:
        for columns in self._sets[1:]:
            columns.cut_orphans(len(self._sets[0]))
        for position, columns in enumerate(self._sets):
            rows = columns.rows(0, len(columns))
            self._lookups[position] = KeyLookup()
            self._lookups[position].add_many(rows[key_of(rows)], 0)


def _same_length(row: IndexRow, arrays: list[np.ndarray]) -> bool:
    return row.end - row.start == row_count(arrays)
