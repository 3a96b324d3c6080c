"""Appending to streams whose keys only ever ascend."""

from __future__ import annotations

from itertools import pairwise
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument, WriteFailed
from longtake.streams.columns import ROW_BYTES, index_dtype, pack_row
from longtake.streams.frame_keys import THERE
from longtake.streams.growth import Growth
from longtake.streams.sequence_view import SequenceView
from longtake.streams.stream_writer import StreamWriter
from longtake.whole_number import integer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from longtake.hdf import GrowingDataset, LiveFile
    from longtake.streams.attribute_log import AttributeLog
    from longtake.streams.columns import ColumnSet

_LEAST_KEY, _MOST_KEY = -(2**63), 2**63 - 1
_INDEX = index_dtype("timestamp")
#: Nothing is known of where the next value goes: see `ColumnSet.ahead`.
_NOWHERE = (0, 0, 0, 0, 0, 0)
#: Less than any key.
_NONE = _LEAST_KEY - 1


class SequenceWriter(StreamWriter, SequenceView[Any]):
    """The writing side of a stream; one object, shared by the threads that append."""

    def __init__(
        self,
        name: str,
        sets: list[ColumnSet],
        application: dict[str, object],
        file: LiveFile,
        log: AttributeLog,
    ) -> None:
        super().__init__(name, sets, application)
        self._begin(file, log)
        self._growth = Growth(file, self._columns)
        self._ahead = _NOWHERE
        self._last = self._stored_last()
        self._is_ready = True  # to append with no question asked
        self._broken_off: tuple[int, int, int] | None = None

    @property
    def last_key(self) -> int | None:
        """The greatest key, or None if there is no entry yet."""
        return None if self._last == _NONE else self._last

    def recover(self, synced_rows: Mapping[int, int]) -> None:
        """After a crash: cut what is not whole."""
        self._columns.cut_damaged(synced_rows.get(self._columns.index.first_offset, 0))
        self._columns.clear_tails()
        self._last = self._stored_last()

    def _append(
        self, timestamp: int, content: bytes | memoryview, count: int, checksum: int
    ) -> None:
        # The path of every append: a hundred nanoseconds count.
        with self._turn:
            if not self._is_ready:
                self._get_ready()
            if timestamp.__class__ is not int or not self._last < timestamp <= _MOST_KEY:
                timestamp = self._next_key(timestamp)
            columns = self._columns
            index = columns.index
            row, start = index.rows, columns.end
            end = start + count
            rows_end, rows_at, data_end, data_at, row_bytes, _ = self._ahead
            try:
                if row < rows_end and end <= data_end:
                    if count:
                        index.raw.write(data_at + start * row_bytes, content)
                    # In this order: stopped between the two, it leaves rows nothing refers to.
                    self._data.rows = columns.end = end
                    packed = pack_row(timestamp, start, end, checksum)
                    index.raw.write(rows_at + row * ROW_BYTES, packed)
                    index.rows = row + 1
                else:
                    self._make_room(row + 1, end)
                    columns.write_bytes(timestamp, content, count, checksum)
                self._last = timestamp
            except BaseException:
                # Before any call, in which a second Ctrl-C would be told.
                self._broken_off = row, start, end
                self._is_ready = False
                self._settle()
                raise
            if columns.keys is not None:
                self._set_keys(columns.keys, row, start, end)
            if monotonic() > self._file.calm_until:
                self._file.appended()

    def _append_many(self, content: bytes | memoryview, index_rows: np.ndarray) -> None:
        if not len(index_rows):
            return
        with self._turn:
            self._get_ready()
            columns = self._columns
            rows, end = len(columns), columns.end
            first = int(index_rows["timestamp"][0])
            if first <= self._last:
                raise self._late(first, self._last)
            index_rows["start_index"] += np.uint64(end)
            index_rows["end_index"] += np.uint64(end)
            try:
                self._make_room(rows + len(index_rows), int(index_rows["end_index"][-1]))
                columns.write_many(content, index_rows)
                self._last = int(index_rows["timestamp"][-1])
            except BaseException:
                self._broken_off = rows, end, end
                self._is_ready = False
                self._settle()
                raise
            if columns.keys is not None:
                self._set_keys(columns.keys, rows, end, columns.end)
            self._file.appended()

    def _append_burst(
        self,
        keys: list[int],
        contents: Sequence[bytes | memoryview],
        counts: Sequence[int],
        checksums: list[int],
    ) -> None:
        """Append a value for each key: its bytes, of so many rows."""
        if len(keys) != len(contents):
            raise InvalidArgument(
                f"{self.name!r}: {len(keys)} timestamps for {len(contents)} values; nothing was "
                "stored"
            )
        rows = np.zeros(len(keys), _INDEX)
        rows["timestamp"] = keys
        rows["end_index"] = np.cumsum(counts, dtype=np.uint64)
        rows["start_index"][1:] = rows["end_index"][:-1]
        rows["checksum"] = checksums
        self._append_many(b"".join(contents), rows)

    def _set_keys(self, keys: GrowingDataset, row: int, start: int, end: int) -> None:
        """Set the keys of what was stored, from a row of the index and of the data on.

        Should the disk refuse them, they are set before anything else is stored: these values are
        there, and an error would say that they are not.
        """
        _, _, data_end, _, _, keys_at = self._ahead
        try:
            if end <= data_end:
                keys.raw.write(keys_at + start, THERE * (end - start))
                keys.rows = end
            else:
                keys.write(start, THERE * (end - start))
        except BaseException as error:
            self._broken_off = row, start, end
            self._is_ready = False
            if not isinstance(error, WriteFailed):
                self._settle()
                raise

    def _make_room(self, rows: int, data_rows: int) -> None:
        growth = self._growth
        growth.make_room(rows, data_rows)
        self._ahead = self._columns.ahead(growth.calm_rows, growth.calm_data)

    def _settle(self) -> None:
        """After an append that was broken off: take in what of it came into the file.

        It is remembered until that is done, for that may be broken off too.
        """
        if self._broken_off is not None:
            self._ahead = _NOWHERE
            self._columns.look_back(*self._broken_off)
            self._last = self._stored_last()
            self._broken_off = None

    def _get_ready(self) -> None:
        self._require_going()
        self._settle()
        self._is_ready = True

    def stop(self) -> None:
        """Take nothing more; waits for what is under way."""
        super().stop()
        with self._turn:
            self._is_ready = False
            self._settle()

    def _next_key(self, timestamp: object) -> int:
        """Give a timestamp that is not a plain int, or does not come next, or raise."""
        key = integer(timestamp, f"{self.name!r}: a timestamp")
        if key <= self._last:
            raise self._late(key, self._last)
        return key

    def _checked_keys(self, timestamps: Iterable[int]) -> list[int]:
        keys = [integer(key, f"{self.name!r}: a timestamp") for key in timestamps]
        for before, key in pairwise(keys):
            if key <= before:
                raise self._late(key, before)
        return keys

    def _late(self, timestamp: int, last: int) -> InvalidArgument:
        return InvalidArgument(
            f"{self.name!r}: timestamp {timestamp} does not come after the last one, {last}: "
            "timestamps ascend; nothing was stored"
        )

    def _stored_last(self) -> int:
        count = len(self._columns)
        return self._columns.row(count - 1).key if count else _NONE
