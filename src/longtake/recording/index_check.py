"""What can be wrong with an index and its data, row by row, in bounded memory and time."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from xxhash import xxh3_64

from longtake.errors import DamagedFile
from longtake.streams.columns import UNCHECKED, ColumnSet, IndexRow, nonzero
from longtake.streams.entry_codec import decode_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.hdf import GrowingDataset

_INDEX_ROWS = 16_384
_BLOCK_BYTES = 4 * 1024 * 1024
#: Larger entries are not decoded, for what they become may be many times larger.
_MOST_TO_DECODE = 16 * 1024 * 1024
_MOST_TO_KEEP = 100
#: After so many problems a stream is looked at no further.
_MOST_TO_FIND = 10_000
#: How many values are remembered as looked at.
_REMEMBERED = 262_144
#: How often data are read again for rows that share them: so many bytes, or times all of them.
_AGAIN_BYTES = 1024 * 1024 * 1024
_AGAIN = 16
#: A value that takes more than this, and more than its file, is a trap: compressed zeros.
_PLAUSIBLE = 1024 * 1024 * 1024


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where.

    Attributes
    ----------
    path : str
        Of the stream's group, or of another part of the file.
    what : str
    row : int or None
        Of the index.
    key : int or None
        The timestamp or frame number that the row gives.
    """

    path: str
    what: str
    row: int | None = None
    key: int | None = None

    def __str__(self) -> str:
        place = "" if self.row is None else f", row {self.row}"
        key = "" if self.key is None else f" (key {self.key})"
        return f"{self.path}{place}{key}: {self.what}"


class Findings:
    """Problems: the first hundred, and how many there are.

    Parameters
    ----------
    path : str
        Of the stream that they are about.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.count = 0
        self.kept: list[Problem] = []

    def add(self, what: str, row: int | None = None, key: int | None = None) -> None:
        """Keep a problem, or only count it."""
        self.count += 1
        if len(self.kept) < _MOST_TO_KEEP:
            self.kept.append(Problem(self.path, what, row, key))


class IndexCheck:
    """Looks at every row of an index, and at the data that it points at.

    Parameters
    ----------
    columns : ColumnSet
        As far as it was taken in.
    findings : Findings
        Where problems go.
    is_sequence : bool
        Whether keys ascend, and each entry's data follow those of the one before.
    is_encoded : bool
        Whether the data of an entry are its msgpack.
    is_settled : bool
        Whether nothing is written any more, so that nothing may be left over.
    """

    def __init__(
        self,
        columns: ColumnSet,
        findings: Findings,
        *,
        is_sequence: bool,
        is_encoded: bool,
        is_settled: bool,
    ) -> None:
        self._columns = columns
        self._findings = findings
        self._is_sequence = is_sequence
        self._is_encoded = is_encoded
        self._is_settled = is_settled
        self._last_key: int | None = None
        self._end = 0  # of the data of the rows seen so far
        datasets = columns.columns.values()
        self._row_bytes = sum(dataset.row_bytes for dataset in datasets)
        self._most_bytes = max(_PLAUSIBLE, columns.index.raw.size)
        self._windows = [_Window(dataset) for dataset in datasets]
        self._windows_again = [_Window(dataset) for dataset in datasets]
        self._seen = _Seen()
        capacity = min((dataset.capacity for dataset in datasets), default=0)
        self._most_again = max(_AGAIN_BYTES, _AGAIN * capacity * self._row_bytes)
        #: How many values carry no checksum.
        self.unchecked = 0

    def run(self) -> None:
        """Look at everything."""
        total = len(self._columns)
        for first in range(0, total, _INDEX_ROWS):
            rows = self._columns.rows(first, min(total, first + _INDEX_ROWS))
            for number, fields in enumerate(rows.tolist(), first):
                self._look_at(number, IndexRow(*fields))
                if self._findings.count >= _MOST_TO_FIND:
                    self._findings.add(
                        f"the rows after it, up to {total}, were not looked at", number
                    )
                    return
        self._look_behind(total)

    def _look_at(self, number: int, row: IndexRow) -> None:
        wrong = []
        self.unchecked += row.checksum == UNCHECKED
        if self._is_sequence and self._last_key is not None and row.key <= self._last_key:
            wrong.append(f"its key does not come after {self._last_key}")
        else:
            self._last_key = row.key
        if row.start > self._end:
            wrong.append(f"data rows {self._end} to {row.start} before it belong to none")
        if row.start >= min(self._end, row.end):
            wrong += self._wrong_data(row, self._windows)
        elif self._is_sequence or row not in self._seen:
            wrong += self._wrong_overlap(row)
        self._end = max(self._end, row.end)
        if wrong:
            self._findings.add("; ".join(wrong), number, row.key)

    def _wrong_overlap(self, row: IndexRow) -> list[str]:
        """Look at data that an earlier row has too, as is right where a value was put again."""
        told = f"its data rows {row.start} to {row.end} overlap others'"
        if self._is_sequence:
            return [told]
        # To read whatever the rows of a hostile file ask for could take for ever.
        if sum(window.loaded for window in self._windows_again) > self._most_again:
            return [f"{told}, and were not looked at: so did too many before it"]
        return self._wrong_data(row, self._windows_again)

    def _wrong_data(self, row: IndexRow, windows: list[_Window]) -> list[str]:
        length = (row.end - row.start) * self._row_bytes
        if length > self._most_bytes:
            return [f"it takes {length} bytes, more than the whole file has"]
        try:
            if row.checksum not in {UNCHECKED, _checksum(row, windows)}:
                return ["its data do not have their checksum"]
            if self._is_encoded and row.end - row.start <= _MOST_TO_DECODE:
                decode_entry(b"".join(windows[0].pieces(row.start, row.end)))
        except DamagedFile as error:
            return [str(error)]
        self._seen.add(row)
        return []

    def _look_behind(self, total: int) -> None:
        """Look at what comes after the rows in use."""
        columns, add = self._columns, self._findings.add
        beyond = columns.index.capacity - total
        if columns.is_blocked:
            row = columns.row(total)
            add(
                f"it points at data rows {row.start} to {row.end}, which are not there; it and "
                "the rows after it cannot be reached",
                total,
                row.key,
            )
        elif self._is_settled and beyond:
            add(f"it is no row; it and the {beyond - 1} after it cannot be reached", total)
        elif self._is_settled:
            for dataset in columns.columns.values():
                if dataset.capacity > self._end:
                    add(
                        f"rows {self._end} to {dataset.capacity} of {dataset.path}, after the last "
                        "entry, belong to none"
                    )


def _checksum(row: IndexRow, windows: list[_Window]) -> int:
    digest = xxh3_64()
    for window in windows:
        for piece in window.pieces(row.start, row.end):
            digest.update(piece)
    return nonzero(digest.intdigest())


class _Seen:
    """The values that were looked at and found right, as many as there are places for."""

    def __init__(self) -> None:
        self._values = [array("Q", bytes(8 * _REMEMBERED)) for _ in range(3)]

    def add(self, row: IndexRow) -> None:
        place = row.start % _REMEMBERED
        for values, value in zip(self._values, (row.start, row.end, row.checksum), strict=True):
            values[place] = value

    def __contains__(self, row: IndexRow) -> bool:
        place = row.start % _REMEMBERED
        starts, ends, checksums = self._values
        return (starts[place], ends[place], checksums[place]) == (row.start, row.end, row.checksum)


class _Window:
    """The bytes of a dataset's rows, a block at a time."""

    def __init__(self, dataset: GrowingDataset) -> None:
        self._dataset = dataset
        self._size = dataset.row_bytes
        self._most = max(1, _BLOCK_BYTES // self._size)
        self._first = self._last = 0
        self.loaded = 0  # bytes, in all
        self._bytes = memoryview(b"")

    def pieces(self, start: int, end: int) -> Iterator[memoryview]:
        """Give the bytes of rows [start, end)."""
        while start < end:
            if not self._first <= start < self._last:
                self._load(start)
            stop = min(end, self._last)
            low, high = start - self._first, stop - self._first
            yield self._bytes[low * self._size : high * self._size]
            start = stop

    def _load(self, start: int) -> None:
        count = min(self._most, self._dataset.capacity - start)
        rows = np.ascontiguousarray(self._dataset.read(start, count))
        self._bytes = rows.reshape(-1).view(np.uint8).data
        self._first, self._last = start, start + count
        self.loaded += len(self._bytes)
