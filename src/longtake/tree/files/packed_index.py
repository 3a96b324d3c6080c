"""Which names there are among packed files, and where their content is."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from xxhash import xxh3_64_intdigest

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A row of the index: `name_end` is where its name ends, which begins where the one before ends.
ROW = np.dtype(
    [
        ("name_end", "<u8"),
        ("start_index", "<u8"),
        ("end_index", "<u8"),
        ("checksum", "<u8"),
        ("modified", "<i8"),
    ]
)
_ROW = struct.Struct("<QQQQq")
_NAME_END = struct.Struct("<Q")
#: The checksum in a row which says that the file of its name was removed.
REMOVED = 0
_MOST_RECENT, _BLOCK = 10_000, 65_536


class PackedRow(NamedTuple):
    """Where the content of a file is, its checksum, and when it was changed (ns since 1970)."""

    start: int
    end: int
    checksum: int
    modified: int


class PackedIndex:
    """Finds the newest row of a name among millions, in about 60 bytes for each besides its name.

    Most rows are found by the sorted hashes of their names, the last ones in a dict.

    Parameters
    ----------
    names : bytes
        One after another, UTF-8.
    rows : (n,) array of `ROW`
        In the order they were written. Their names must be within `names`, one after another.
    """

    def __init__(self, names: bytes, rows: np.ndarray) -> None:
        #: The names and rows, as they are in the file.
        self.names, self.rows = bytearray(names), bytearray(rows.tobytes())
        self._counts = bytearray(len(rows))  # 1 where a row is the newest of its name
        self._recent: dict[bytes, int] = {}
        self._hashes, self._numbers = _sorted_hashes(self.names, rows)
        self._length = 0
        self._choose_newest(rows["checksum"])
        #: Where the content of the files ends that are in these rows.
        self.data_end = int(rows["end_index"].max()) if len(rows) else 0

    def __len__(self) -> int:
        return self._length

    @property
    def row_count(self) -> int:
        """How many rows there are, with those that no longer count."""
        return len(self._counts)

    def __iter__(self) -> Iterator[int]:
        """Give the numbers of the rows that count, in the order they were written."""
        return iter(np.flatnonzero(np.frombuffer(bytes(self._counts), np.uint8)).tolist())

    def find(self, name: bytes) -> int | None:
        """Give the number of the row that counts for a name."""
        number = self._recent.get(name)
        if number is not None:
            return number
        digest = np.uint64(xxh3_64_intdigest(name))
        at = int(self._hashes.searchsorted(digest))
        while at < len(self._hashes) and self._hashes[at] == digest:
            number = int(self._numbers[at])
            if self._counts[number] and self.name(number) == name:
                return number
            at += 1
        return None

    def starting_with(self, prefix: bytes) -> Iterator[int]:
        """Give the numbers of the rows that count whose names begin so, in order."""
        names, ends = bytes(self.names), np.frombuffer(bytes(self.rows), ROW)["name_end"]
        at = names.find(prefix) if len(ends) else -1
        while at >= 0:
            number = int(ends.searchsorted(np.uint64(at), side="right"))
            start = int(ends[number - 1]) if number else 0
            if at == start and at + len(prefix) <= ends[number] and self._counts[number]:
                yield number
            at = names.find(prefix, at + 1)

    def name(self, number: int) -> bytes:
        """Give the name in a row."""
        start = self.name_end(number - 1) if number else 0
        return bytes(self.names[start : self.name_end(number)])

    def name_end(self, number: int) -> int:
        """Give where the name in a row ends."""
        return _NAME_END.unpack_from(self.rows, number * _ROW.size)[0]

    def row(self, number: int) -> PackedRow:
        """Give the rest of a row."""
        return PackedRow._make(_ROW.unpack_from(self.rows, number * _ROW.size)[1:])

    def add(self, name: bytes, row: PackedRow) -> None:
        """Add a row, which is the newest of its name."""
        before = self.find(name)
        if before is not None:
            self._counts[before] = 0
            self._length -= 1
            self._recent.pop(name, None)
        self.names += name
        self.rows += _ROW.pack(len(self.names), *row)
        self._counts.append(row.checksum != REMOVED)
        if row.checksum != REMOVED:
            self._length += 1
            self._recent[name] = len(self._counts) - 1
            if len(self._recent) > max(_MOST_RECENT, len(self._hashes) // 8):
                self._merge()

    def _merge(self) -> None:
        """Find the last rows by their hashes too, from now on."""
        numbers = np.fromiter(self._recent.values(), np.uint64, len(self._recent))
        hashes = np.fromiter(map(xxh3_64_intdigest, self._recent), np.uint64, len(numbers))
        order = np.argsort(hashes)
        # Two ascending runs, which a stable sort merges.
        hashes = np.concatenate([self._hashes, hashes[order]])
        numbers = np.concatenate([self._numbers, numbers[order]])
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._numbers = hashes[order], numbers[order]
        self._recent = {}

    def _choose_newest(self, checksums: np.ndarray) -> None:
        counts = (checksums != REMOVED).astype(np.uint8)
        same = np.flatnonzero(self._hashes[1:] == self._hashes[:-1])
        newest: dict[bytes, int] = {}
        # Only those whose hashes occur more than once: files that were replaced or removed.
        for number in np.unique(self._numbers[np.union1d(same, same + 1)]).tolist():
            before = newest.get(self.name(number))
            if before is not None:
                counts[before] = 0
            newest[self.name(number)] = number
        self._counts = bytearray(counts.tobytes())
        self._length = int(counts.sum())


def _sorted_hashes(names: bytearray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the hashes of all rows' names, ascending, and the numbers of the rows."""
    hashes = np.empty(len(rows), np.uint64)
    start = 0
    with memoryview(names) as view:
        for first in range(0, len(rows), _BLOCK):
            # A block at a time: Python's integers take four times as much.
            ends = rows["name_end"][first : first + _BLOCK].tolist()
            starts = [start, *ends[:-1]]
            start = ends[-1]
            digests = [xxh3_64_intdigest(view[a:b]) for a, b in zip(starts, ends, strict=True)]
            hashes[first : first + len(ends)] = digests
    order = np.argsort(hashes, kind="stable")
    return hashes[order], order.astype(np.uint64)
