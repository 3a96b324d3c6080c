"""Index rows and their data, one value at a time."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.errors import DamagedFile
from longtake.hdf import GrowingDataset
from longtake.streams.columns import ColumnSet, IndexRow, checksum_of, index_dtype

ROWS = 64


class MemoryFile:
    """The bytes of a file, in memory."""

    def __init__(self) -> None:
        self.data = bytearray(100_000)
        self.path = "memory.h5"

    def write(self, offset, data):
        self.data[offset : offset + memoryview(data).nbytes] = bytes(data)

    def read(self, offset, length):
        return bytes(self.data[offset : offset + length])

    def read_into(self, offset, buffer):
        buffer[:] = self.data[offset : offset + len(buffer)]


def column_set(raw: MemoryFile) -> ColumnSet:
    def dataset(name: str, dtype: np.dtype, offset: int) -> GrowingDataset:
        made = GrowingDataset(raw, f"/s/{name}", dtype, (), ROWS)  # pyright: ignore[reportArgumentType]
        made.extend([offset], ROWS)
        return made

    return ColumnSet(
        dataset("index", index_dtype("timestamp"), 4096),
        {"x": dataset("x", np.dtype("<f8"), 8192), "n": dataset("n", np.dtype("u1"), 12288)},
    )


def value(count: int, seed: int = 0) -> list[np.ndarray]:
    return [np.arange(count) / 3 + seed, np.arange(count, dtype="u1")]


def write(columns: ColumnSet, key: int, arrays: list[np.ndarray]) -> None:
    columns.write(key, arrays, checksum_of(arrays))


@given(st.lists(st.integers(0, 9), max_size=6), st.integers(0, 6))
def test_what_one_writes_another_reads(counts, seen_before):
    raw = MemoryFile()
    writer, reader = column_set(raw), column_set(raw)
    for key, count in enumerate(counts):
        write(writer, key, value(count, key))
        if key == seen_before:
            assert reader.advance().tolist() == list(range(key + 1))
    reader.advance()
    assert len(reader) == len(counts)
    assert reader.end == sum(counts)
    for key, count in enumerate(counts):
        row = reader.row(key)
        assert (row.key, row.end - row.start) == (key, count)
        for found, expected in zip(reader.read(row), value(count, key), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_the_row_is_written_after_the_data(monkeypatch):
    raw = MemoryFile()
    columns, places = column_set(raw), []
    monkeypatch.setattr(raw, "write", lambda offset, _: places.append(offset))
    write(columns, 1, value(3))
    assert places == [8192, 12288, 4096]


def test_rows_that_a_stopped_write_left_are_not_lost_with_it():
    """However it is stopped, the columns cover all that the index refers to."""
    raw = MemoryFile()
    columns = column_set(raw)
    real = columns.index.write

    def stopped(row, data):
        real(row, data)
        raise KeyboardInterrupt

    columns.index.write = stopped
    with pytest.raises(KeyboardInterrupt):
        write(columns, 1, value(3))
    assert columns.columns["x"].rows == 3


def test_a_checksum_covers_all_columns_and_is_never_zero():
    assert checksum_of(value(3)) != checksum_of([value(3)[0], value(3)[1] + 1])
    assert checksum_of([]) == checksum_of(value(0)) != 0
    assert checksum_of(value(3)) == checksum_of([a.copy() for a in value(3)])


@pytest.mark.parametrize("place", [8192, 8192 + 23, 12288])
def test_altered_data_are_noticed(place):
    raw = MemoryFile()
    columns = column_set(raw)
    write(columns, 5, value(3, 1))
    raw.data[place] ^= 1
    with pytest.raises(DamagedFile, match=r"memory\.h5: in /s the data of 5"):
        columns.read(columns.row(0))
    with pytest.raises(DamagedFile, match="data of 5"):
        columns.require_checksums(
            columns.rows(0, 1), [d.read(0, 3) for d in columns.columns.values()]
        )


def test_rows_beyond_the_data_wait():
    """The structure that the reader knows may be older than the row."""
    raw = MemoryFile()
    columns, reader = column_set(raw), column_set(raw)
    write(columns, 1, value(60))
    columns.index.write(1, index_row(2, 60, ROWS + 5))
    assert reader.advance().tolist() == [1]
    assert reader.is_blocked
    with pytest.raises(DamagedFile, match="row 1 of /s/index points at data rows 60 to 69"):
        reader.require_unblocked()
    for dataset in reader.columns.values():
        dataset.extend([dataset.first_offset + 50_000], 2 * ROWS)
    assert reader.advance().tolist() == [2]
    reader.require_unblocked()


def index_row(key: int, start: int, end: int, checksum: int = 1) -> np.ndarray:
    return np.array([(key, start, end, checksum)], index_dtype("timestamp"))


@pytest.mark.parametrize("synced", [0, 1, 2])
def test_after_a_crash_the_first_damaged_row_ends_the_set(synced):
    raw = MemoryFile()
    columns = column_set(raw)
    for key in range(4):
        write(columns, key, value(5, key))
    raw.data[8192 + 8 * 12] ^= 1  # in the third
    raw.data[8192 + 8 * 30 : 8192 + 8 * 31] = os.urandom(8)  # an append that was under way
    found = column_set(raw)
    found.advance()
    found.cut_damaged(synced)
    found.clear_tails()
    assert (len(found), found.end) == (2, 10)
    assert not found.index.read(2, ROWS - 2).tobytes().strip(b"\0")
    assert not found.columns["x"].read(10, ROWS - 10).any()


def test_orphans():
    """Later columns of values that never came."""
    raw = MemoryFile()
    columns = column_set(raw)
    columns.index.dtype = index_dtype("row")
    for number in (0, 2, 1, 7):
        write(columns, number, value(2, number))
    columns.cut_orphans(8)
    assert len(columns) == 4
    columns.cut_orphans(7)
    assert (len(columns), columns.end) == (3, 6)
    assert not columns.columns["x"].read(6, ROWS - 6).any()


def test_index_rows_are_32_bytes():
    assert index_dtype("timestamp").itemsize == 32
    columns = column_set(MemoryFile())
    columns.write_reference(IndexRow(-5, 1, 2, 2**64 - 1))
    assert columns.row(0) == IndexRow(-5, 1, 2, 2**64 - 1)


def test_where_the_next_values_go():
    """Up to where there is room that nobody asks for, as far as it lies end to end."""
    raw = MemoryFile()
    index = GrowingDataset(raw, "/s/index", index_dtype("timestamp"), (), ROWS)  # pyright: ignore[reportArgumentType]
    data = GrowingDataset(raw, "/s/data", np.dtype("<u2"), (), 100)  # pyright: ignore[reportArgumentType]
    columns = ColumnSet(index, {"data": data})
    assert columns.ahead(9, 9) == (0, 0, 0, 0, 2, 0)  # where there is no room at all
    index.extend([4096], ROWS)
    data.extend([8192, 12288], 200)
    assert columns.ahead(50, 60) == (50, 4096, 60, 8192, 2, 0)
    assert columns.ahead(500, 600) == (ROWS, 4096, 100, 8192, 2, 0)
    columns.write_bytes(1, bytes(200), 100, 2)
    assert columns.ahead(500, 600) == (ROWS, 4096, 200, 12288 - 200, 2, 0)


def test_what_a_broken_off_value_left_is_cleared():
    raw = MemoryFile()
    columns = column_set(raw)
    raw.data[8192:8208] = b"x" * 16  # and no row of the index came
    columns.look_back(0, 0, tried=2)
    for dataset in columns.datasets:
        dataset.clear_tail()
    assert not any(raw.data)
