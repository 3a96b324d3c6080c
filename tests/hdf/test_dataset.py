"""Rows are written where HDF5 reads them."""

from __future__ import annotations

from itertools import pairwise

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.errors import DamagedFile, InvalidArgument
from longtake.hdf import GrowingDataset, Snapshot, layout
from longtake.hdf.raw_file import RawFile
from tests.hdf.make import CHUNK_ROWS, add, append, file_with


class MemoryFile:
    """The bytes of a file, in memory."""

    def __init__(self) -> None:
        self.data = bytearray(10_000)
        self.path = "memory"

    def write(self, offset, data):
        self.data[offset : offset + memoryview(data).nbytes] = bytes(data)

    def read(self, offset, length):
        return bytes(self.data[offset : offset + length])

    def read_into(self, offset, buffer):
        buffer[:] = self.data[offset : offset + len(buffer)]


@st.composite
def chunked(draw):
    """A dataset of u2 whose chunks of 5 rows lie anywhere, some of them side by side."""
    dataset = GrowingDataset(MemoryFile(), "/d", np.dtype("<u2"), (), 5)  # pyright: ignore[reportArgumentType]
    places = draw(st.lists(st.integers(0, 900), min_size=1, max_size=20, unique=True))
    places = sorted(places) if draw(st.booleans()) else places
    count = draw(st.integers(1, len(places)))
    for batch in (places[:count], places[count:]):
        if batch:
            dataset.extend([10 * place for place in batch], 5 * (dataset.chunks + len(batch)))
    return dataset, places


@given(chunked(), st.data())
def test_pieces_across_runs(made, data):
    """Rows written and read anywhere, against the chunks one by one."""
    dataset, places = made
    row = data.draw(st.integers(0, dataset.capacity - 1))
    count = data.draw(st.integers(1, dataset.capacity - row))
    values = np.arange(1, count + 1, dtype="<u2")
    dataset.write(row, values.tobytes())
    expected = np.zeros(dataset.capacity, "<u2")
    expected[row : row + count] = values
    chunks = [dataset.raw.read(10 * place, 10) for place in places]
    assert b"".join(chunks) == expected.tobytes()
    assert sum(map(bool, dataset.raw.data)) == sum(map(bool, expected.tobytes()))
    np.testing.assert_array_equal(dataset.read(0, dataset.capacity), expected)
    np.testing.assert_array_equal(dataset.read(row, count), values)


@given(chunked())
def test_neighbouring_chunks_are_one_run(made):
    dataset, places = made
    breaks = sum(b != a + 1 for a, b in pairwise(places))
    ranges = list(dataset.ranges())
    assert len(ranges) == 1 + breaks
    covered = [at for start, end in ranges for at in range(start, end, 10)]
    assert covered == [10 * place for place in places]
    assert dataset.first_offset == 10 * places[0]


@given(chunked(), st.data())
def test_tails_are_cleared(made, data):
    dataset, _ = made
    dataset.write(0, np.full(dataset.capacity, 7, "<u2").tobytes())
    dataset.rows = data.draw(st.integers(0, dataset.capacity))
    (dataset.clear_tail if data.draw(st.booleans()) else dataset.scrub_tail)()
    expected = [7] * dataset.rows + [0] * (dataset.capacity - dataset.rows)
    assert dataset.read(0, dataset.capacity).tolist() == expected


def test_no_rows_are_read_without_chunks():
    dataset = GrowingDataset(MemoryFile(), "/d", np.dtype("<u2"), (3,), 5)  # pyright: ignore[reportArgumentType]
    assert dataset.read(0, 0).shape == (0, 3)
    assert list(dataset.ranges()) == []
    assert dataset.first_offset == 0


@pytest.mark.parametrize("steps", [[2, 3, 5], [4, 40, 41, 300], [1000]], ids=str)
def test_growth_finds_the_offsets_that_hdf5_gives(tmp_path, steps):
    path = tmp_path / "f.h5"
    file, (one, two) = file_with(path, "one", "two")
    for chunks in steps:
        file.grow({one: chunks * CHUNK_ROWS, two: chunks * CHUNK_ROWS + 7})
    with h5py.File(path) as h5:
        for dataset in (one, two):
            found: dict[int, int] = {}
            h5[dataset.path].id.chunk_iter(
                lambda info, to=found: to.update({info.chunk_offset[0]: info.byte_offset})
            )
            expected = [found[start] for start in sorted(found)]
            assert chunk_offsets(dataset) == expected
            assert h5[dataset.path].shape == (dataset.capacity,)
    fresh = RawFile.reading(path)
    with h5py.File(path) as h5:
        assert chunk_offsets(GrowingDataset.of(fresh, h5[one.path])) == chunk_offsets(one)
    fresh.close()
    file.close()


def chunk_offsets(dataset: GrowingDataset) -> list[int]:
    size = dataset.chunk_rows * dataset.row_bytes
    return [at for start, end in dataset.ranges() for at in range(start, end, size)]


def test_rows_are_where_hdf5_reads_them(tmp_path):
    path = tmp_path / "f.h5"
    file, (one, two) = file_with(path, "one", "two")
    values = np.arange(5 * CHUNK_ROWS)
    file.grow({one: 3 * CHUNK_ROWS})
    file.grow({two: 5 * CHUNK_ROWS})
    file.grow({one: 5 * CHUNK_ROWS})
    append(one, values)
    append(two, -values)
    with h5py.File(path) as h5:
        np.testing.assert_array_equal(h5["columns/one"][:], values)
        np.testing.assert_array_equal(h5["columns/two"][:], -values)
    file.close()


@pytest.mark.parametrize("options", [{"compression": "gzip", "chunks": (10,)}, {}], ids=str)
def test_datasets_of_another_kind_are_refused(tmp_path, options):
    path = tmp_path / "f.h5"
    with h5py.File(path, "w") as h5:
        h5.create_dataset("d", data=np.arange(100), **options)
        with pytest.raises(DamagedFile, match="not an unfiltered chunked dataset"):
            GrowingDataset.of(RawFile.reading(path), h5["d"])


def test_missing_chunks_are_noticed(tmp_path):
    path = tmp_path / "f.h5"
    with h5py.File(path, "w") as h5:
        h5.create_dataset("d", (30,), "i4", chunks=(10,))[20:] = 1
        h5.create_dataset("absurd", (2**60,), "i1", chunks=(1,))[0] = 1
        for name in ("d", "absurd"):
            with pytest.raises(DamagedFile, match="chunks missing"):
                GrowingDataset.of(RawFile.reading(path), h5[name])


def test_two_datasets_made_in_one_change(tmp_path):
    file, (one,) = file_with(tmp_path / "f.h5", "one")
    two, three = add(file, "two", "three")
    assert len({one.first_offset, two.first_offset, three.first_offset}) == 3
    assert all(d.first_offset % 4096 == 0 for d in (one, two, three))
    file.close()


def test_a_growth_while_the_structure_is_looked_at(tmp_path):
    """The dataset's extent was read before it, the chunks after it."""
    file, (x,) = file_with(tmp_path / "f.h5", "x")
    before = x.capacity
    with Snapshot(tmp_path / "f.h5") as snapshot, snapshot.structure() as h5:
        dataset = layout.dataset_at(h5, "columns/x")
        file.grow({x: before + 3 * CHUNK_ROWS})
        found = GrowingDataset.of(snapshot.raw, dataset)
        assert (found.capacity, found.chunks) == (before, before // CHUNK_ROWS)
    file.close()


@given(chunked(), st.data())
def test_rows_past_the_room_are_refused(made, data):
    """They would be written over what follows in the file."""
    dataset, _ = made
    row = data.draw(st.integers(0, dataset.capacity))
    room = dataset.chunks * dataset.chunk_rows - row
    before = bytes(dataset.raw.data)
    with pytest.raises(InvalidArgument, match="room"):
        dataset.write(row, bytes(dataset.row_bytes * (room + data.draw(st.integers(1, 100)))))
    assert dataset.raw.data == before
