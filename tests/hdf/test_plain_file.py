"""Files without a journal are read through HDF5, with the face of those that have one."""

from __future__ import annotations

import h5py
import hdf5plugin
import numpy as np
import pytest

from longtake.errors import DamagedFile, NotALongtakeFile, NotFound
from longtake.hdf import Snapshot
from longtake.hdf.plain_file import PlainFile, StoredDataset, open_to_read
from longtake.hdf.raw_file import RawFile
from tests.hdf.make import append, file_with


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "p.h5"
    with h5py.File(made, "w") as h5:
        h5.create_dataset("blosc", data=np.arange(1000), chunks=(64,), **hdf5plugin.Blosc2())
        h5.create_dataset("gzip", data=np.ones((9, 4), "f4"), compression="gzip")
        h5.create_dataset("zeros", (2**40,), "u1", chunks=(1 << 20,), compression="gzip")
        h5["one"] = 1
    return made


def test_each_file_is_opened_as_what_it_is(tmp_path, path):
    file, (dataset,) = file_with(tmp_path / "live.h5", "x")
    append(dataset, np.arange(3))
    file.close()
    with open_to_read(tmp_path / "live.h5") as found:
        assert isinstance(found, Snapshot)
    with open_to_read(path) as found:
        assert isinstance(found, PlainFile)
        assert (found.was_closed, found.is_being_written) == (True, False)


def test_rows_are_read_whatever_the_filters(path):
    with PlainFile(path) as file:
        with file.structure() as h5:
            blosc, ones = file.dataset(h5["blosc"]), file.dataset(h5["gzip"])
        # The structure that was looked at is closed; the rows are still there.
        assert blosc.read(60, 10).tolist() == list(range(60, 70))
        rows = np.empty((2, 4), "f4")
        ones.read_into(3, rows)
        assert (rows == 1).all()
        assert (ones.row_bytes, ones.row_shape, ones.capacity) == (16, (4,), 9)
        assert (blosc.is_table, blosc.path, blosc.rows) == (False, "/blosc", 0)


def test_a_trap_of_zeros_takes_no_memory(path):
    with PlainFile(path) as file, file.structure() as h5:
        zeros = file.dataset(h5["zeros"])
        assert not zeros.read(2**39, 100).any()
        with pytest.raises(DamagedFile, match="more than the whole file"):
            zeros.read(0, 2**40)
        with pytest.raises(DamagedFile, match="no rows"):
            file.dataset(h5["one"])


def test_rows_that_cannot_be_read_are_damage(path):
    with h5py.File(path, "r") as h5:
        place = h5["gzip"].id.get_chunk_info(0).byte_offset
    with path.open("r+b") as file:
        file.seek(place)
        file.write(b"\xff" * 8)
    with PlainFile(path) as file, file.structure() as h5:
        with pytest.raises(DamagedFile, match="/gzip cannot be read at row 0"):
            file.dataset(h5["gzip"]).read(0, 1)
        assert file.dataset(h5["blosc"]).read(7, 1).tolist() == [7]


def test_data_in_other_files_are_not_read(tmp_path, path):
    with h5py.File(path, "a") as h5:
        outside = h5.create_dataset("outside", (9,), "u1", external=[("/etc/passwd", 0, 9)])
        layout = h5py.VirtualLayout((5,), "i8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (5,))
        virtual = h5.create_virtual_dataset("virtual", layout)
        for dataset in (outside, virtual):
            with pytest.raises(DamagedFile, match="other files"):
                StoredDataset(RawFile.reading(path), dataset)


def test_what_cannot_be_opened_is_told(tmp_path, path):
    with pytest.raises(NotFound):
        open_to_read(tmp_path / "none.h5")
    (tmp_path / "text").write_text("text")
    with pytest.raises(NotALongtakeFile, match="not an HDF5 file"):
        open_to_read(tmp_path / "text")
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DamagedFile, match="cut short"):
        open_to_read(path)


def test_a_file_that_a_crash_left(tmp_path):
    path = tmp_path / "swmr.h5"
    with h5py.File(path, "w", libver="latest") as h5:
        h5.create_dataset("x", (0,), "f4", maxshape=(None,), chunks=(8,))
        h5.swmr_mode = True
        h5.flush()
        (tmp_path / "copy.h5").write_bytes(path.read_bytes())
    with pytest.raises(DamagedFile, match=r"left by a crash: .*`longtake recover"):
        open_to_read(tmp_path / "copy.h5")
