"""A set of columns of equal length, and the index that says which rows belong to which key."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from xxhash import xxh3_64

from longtake.errors import DamagedFile, WriteFailed
from longtake.streams.frame_keys import complete

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from longtake.hdf import GrowingDataset

_ROW = struct.Struct("<qQQQ")
pack_row = _ROW.pack
ROW_BYTES = _ROW.size
_FEWEST_ROWS, _MOST_ROWS = 64, 65536
_CHECKSUM_BYTES = 8
_NO_CHECKSUM = bytes(_CHECKSUM_BYTES)


def index_dtype(key_name: str) -> np.dtype:
    """Give the dtype of an index row, 32 bytes, whose key is called `key_name`."""
    names = (key_name, "start_index", "end_index", "checksum")
    return np.dtype(list(zip(names, ("<i8", "<u8", "<u8", "<u8"), strict=True)))


class IndexRow(NamedTuple):
    """One row of an index: `key` has the data rows from `start` to `end`."""

    key: int
    start: int
    end: int
    checksum: int


#: In place of the checksum of a value that has none: it exists, and is taken as it is.
UNCHECKED = 1


def checksum_of(arrays: Iterable[np.ndarray]) -> int:
    """Give the xxh3-64 of the arrays' bytes, one after the other; never 0 nor `UNCHECKED`."""
    digest = xxh3_64()
    for values in arrays:
        if values.size:
            digest.update(values.view(np.uint8).data)
    return nonzero(digest.intdigest())


def bytes_of(array: np.ndarray) -> memoryview:
    """Give an array's bytes, in C order, as they are written."""
    return array.reshape(-1).view(np.uint8).data


def nonzero(digest: int) -> int:
    """Give a checksum that is neither 0, which no row is, nor `UNCHECKED`."""
    return digest if digest > UNCHECKED else digest + 2


class ColumnSet:
    """Columns that are written together; a value exists when its index row does.

    Parameters
    ----------
    index : GrowingDataset
        Rows of `index_dtype`.
    columns : dict of str to GrowingDataset
        In the order of the value's columns.
    keys : GrowingDataset, optional
        A byte for each row of data, of which each value has one: 1 when the value exists.
    """

    def __init__(
        self,
        index: GrowingDataset,
        columns: dict[str, GrowingDataset],
        keys: GrowingDataset | None = None,
    ) -> None:
        self.index = index
        self.columns = columns
        self.keys = keys
        self._first = next(iter(columns.values()), index)
        self.end = 0  # data rows in use
        self.is_blocked = False
        self._is_littered = False

    @property
    def group(self) -> str:
        """The path of the stream's group."""
        return self.index.path.rpartition("/")[0]

    @property
    def datasets(self) -> list[GrowingDataset]:
        """All datasets of the set, the index first, the keys last."""
        keys = [] if self.keys is None else [self.keys]
        return [self.index, *self.columns.values(), *keys]

    def __len__(self) -> int:
        return self.index.rows

    def write(self, key: int, arrays: Sequence[np.ndarray], checksum: int) -> None:
        """Append a value; there must be room for it."""
        if self._is_littered:
            self._clear_litter()
        start = self.end
        count = len(arrays[0]) if arrays else 0
        for dataset, values in zip(self.columns.values(), arrays, strict=True):
            if count:
                dataset.write(start, bytes_of(values))
        # In this order: stopped between the two, it leaves rows that nothing refers to.
        self._use(start + count)
        self._write_row(IndexRow(key, start, start + count, checksum))

    def write_bytes(self, key: int, content: bytes | memoryview, count: int, checksum: int) -> None:
        """Append a value of the one column there is, as the bytes of `count` rows."""
        if self._is_littered:
            self._clear_litter()
        start = self.end
        if count:
            self._first.write(start, content)
        self._use(start + count)
        self._write_row(IndexRow(key, start, start + count, checksum))

    def ahead(self, rows: int, data_rows: int) -> tuple[int, int, int, int, int, int]:
        """Find where the next values go, to write them without another look.

        To which row of the index, up to `rows` and as far as rows lie end to end; what to add to a
        row's place to find it in the file; the same for the data, up to `data_rows`; the bytes of
        a row of data; what to add to find its key, or 0 if there are none.
        """
        rows_end, rows_at = self.index.stretch(self.index.rows)
        data_end, data_at = self._first.stretch(self.end)
        keys_end, keys_at = (data_end, 0) if self.keys is None else self.keys.stretch(self.end)
        ends = min(rows, rows_end), min(data_rows, data_end, keys_end)
        return ends[0], rows_at, ends[1], data_at, self._first.row_bytes, keys_at

    def write_many(self, content: bytes | memoryview, rows: np.ndarray) -> None:
        """Append the values of many index rows, whose data are the rows of `content`."""
        if self._is_littered:
            self._clear_litter()
        end = int(rows["end_index"][-1])
        if end > self.end:
            self._first.write(self.end, content)
        self._use(end)
        first, content = self.index.rows, rows.view(np.uint8).data
        try:
            self.index.write(first, content)
        except BaseException as error:
            self._is_littered = True
            if isinstance(error, WriteFailed):  # of an interrupted burst, others may see what came
                with suppress(WriteFailed):
                    self._clear_litter()
            raise
        # Only now counted, for a sync in another thread takes what is counted as on disk.
        self.index.rows += len(rows)

    def write_reference(self, row: IndexRow) -> None:
        """Append an index row for data that is there already."""
        self._write_row(row)

    def _write_row(self, row: IndexRow) -> None:
        self.index.write(self.index.rows, pack_row(row.key, row.start, row.end, row.checksum))
        self.index.rows += 1

    def complete_keys(self, first: int = 0) -> None:
        """Set those keys, from row `first` of the data, that were not set when the values came."""
        if self.keys is not None:
            complete(self.keys, first, self.keys.rows)

    def _clear_litter(self) -> None:
        """Make zeros of the rows that a burst left when it failed; nobody sees them, for now.

        Rows that go to several places are written from the last to the first.
        """
        self.index.clear_tail()
        self._is_littered = False

    def look_back(self, rows: int, end: int, tried: int = 0) -> None:
        """After an append that was broken off: count what of it is in the file, as readers do.

        Ctrl-C mostly comes while a row is written, and is told when it has been. Rows of the data
        may hold something up to `tried`. The keys of what is counted are set.
        """
        self._first.may_hold(tried)
        self.index.may_hold(rows + 1)
        self.count(rows, end)
        self.take_in()
        self.complete_keys(end)

    def _use(self, end: int) -> None:
        self.end = end
        for dataset in self.columns.values():
            dataset.rows = end
        if self.keys is not None:
            self.keys.rows = min(end, self.keys.capacity)

    def count_as(self, earlier: ColumnSet) -> None:
        """Count as taken in what was, before the structure was read again."""
        self.count(len(earlier), earlier.end)

    def count(self, rows: int, end: int) -> None:
        """Count so many rows of the index as taken in, and of the data."""
        self.index.rows = rows
        self._use(end)

    def row(self, number: int) -> IndexRow:
        """Give one index row."""
        return IndexRow(*_ROW.unpack(self.index.read_bytes(number, 1)))

    def rows(self, first: int, last: int) -> np.ndarray:
        """Give index rows [first, last) as a structured array."""
        return self.index.read(first, last - first)

    def read(self, row: IndexRow) -> list[np.ndarray]:
        """Give the arrays of a value, checked against its checksum."""
        arrays = [dataset.read(row.start, row.end - row.start) for dataset in self.columns.values()]
        self.require_checksum(row, arrays)
        return arrays

    def require_checksum(self, row: IndexRow, arrays: Iterable[np.ndarray]) -> None:
        """Raise `DamagedFile` if the arrays are not what was written."""
        if row.checksum not in {UNCHECKED, checksum_of(arrays)}:
            raise self.damaged(row)

    def require_checksums(self, rows: np.ndarray, arrays: list[np.ndarray]) -> None:
        """Do what `require_checksum` does, for the data of many index rows end to end."""
        views = [(values.view(np.uint8).data, values.itemsize) for values in arrays]
        at = 0
        for fields in rows.tolist():
            row = IndexRow(*fields)
            end = at + row.end - row.start
            digest = xxh3_64()
            for view, size in views:
                digest.update(view[at * size : end * size])
            if row.checksum not in {UNCHECKED, nonzero(digest.intdigest())}:
                raise self.damaged(row)
            at = end

    def damaged(self, row: IndexRow) -> DamagedFile:
        """Say that a value is not what was written."""
        return DamagedFile(
            f"{self.index.raw.path}: in {self.group} the data of "
            f"{row.key} do not have the checksum they were written with"
        )

    @property
    def is_full(self) -> bool:
        """Whether there is no more to see unless the structure is looked at again."""
        return self.is_blocked or self.index.rows >= self.index.capacity

    def may_have_more(self) -> bool:
        """Whether a row was written after those taken in, or only the structure can tell."""
        rows = self.index.rows
        return self.is_full or self.index.read_bytes(rows, 1)[-_CHECKSUM_BYTES:] != _NO_CHECKSUM

    def advance(self) -> np.ndarray:
        """Take in the rows that were written since the last look; give their keys.

        Rows whose data lie outside of the datasets as they were when their structure was read
        are left for another look: see `is_blocked`.
        """
        return np.concatenate([np.empty(0, np.int64), *self._batches()])

    def take_in(self) -> None:
        """Do what `advance` does, without the memory for the keys."""
        for _ in self._batches():
            pass

    def _batches(self) -> Iterator[np.ndarray]:
        # Mostly few rows are new, and the index has room for many more.
        most = _FEWEST_ROWS
        while True:
            first = self.index.rows
            batch = self.index.read(first, min(most, self.index.capacity - first))
            count = _leading(batch["checksum"] != 0)
            inside = _leading(self._inside(batch[:count]))
            batch = batch[:inside]
            self.index.rows += inside
            if inside:
                self._use(max(self.end, int(batch["end_index"].max())))
            yield batch[batch.dtype.names[0]]  # pyright: ignore[reportOptionalSubscript]
            if inside < most:
                self.is_blocked = inside < count
                return
            most = min(2 * most, _MOST_ROWS)

    def _inside(self, rows: np.ndarray) -> np.ndarray:
        if not self.columns:
            return np.ones(len(rows), bool)
        limit = min(dataset.capacity for dataset in self.columns.values())
        return (rows["start_index"] <= rows["end_index"]) & (rows["end_index"] <= limit)

    def require_unblocked(self) -> None:
        """Raise `DamagedFile` if the next row points outside of the data."""
        if self.is_blocked:
            row = self.row(self.index.rows)
            raise DamagedFile(
                f"{self.index.raw.path}: row {self.index.rows} of {self.index.path} points at "
                f"data rows {row.start} to {row.end}, which are not there"
            )

    def cut_damaged(self, first: int) -> None:
        """After a crash: drop rows from the first one whose data are not whole.

        Rows before `first` are known to be on disk.
        """
        rows = self.rows(first, self.index.rows) if self.index.rows > first else []
        for number, fields in enumerate(rows, first):
            row = IndexRow(*fields.tolist())
            try:
                self.read(row)
            except DamagedFile:
                self.index.rows = number
                break
        self._use_as_indexed()

    def cut_orphans(self, limit: int) -> None:
        """Drop rows from the first one whose key, a row of another index, is not below `limit`."""
        numbers = self.rows(0, self.index.rows)
        orphans = np.flatnonzero(numbers["row"] >= limit)
        if len(orphans):
            self.index.rows = int(orphans[0])
            self._use_as_indexed()
            self.clear_tails()

    def clear_tails(self) -> None:
        """Make zeros again of what a crash left after the rows in use."""
        for dataset in self.datasets:
            dataset.scrub_tail()

    def _use_as_indexed(self) -> None:
        kept = self.rows(0, self.index.rows)
        self._use(int(kept["end_index"].max()) if len(kept) else 0)


def _leading(condition: np.ndarray) -> int:
    """How many values are true before the first that is not."""
    return len(condition) if condition.all() else int(np.argmin(condition))
