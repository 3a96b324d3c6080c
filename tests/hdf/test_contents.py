"""What an HDF5 file has that can be read."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from longtake.errors import DamagedFile
from longtake.hdf.contents import contents


def test_each_dataset_once_and_nothing_of_other_files(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as h5:
        h5["x"] = 1
    path = tmp_path / "f.h5"
    with h5py.File(path, "w") as h5:
        h5["a/b"] = np.arange(6).reshape(2, 3)
        h5["again"] = h5["a/b"]
        h5["a/above"] = h5["a"]
        h5["soft"] = h5py.SoftLink("/a/b")
        h5["elsewhere"] = h5py.ExternalLink("other.h5", "x")
        h5["one"] = 2.5
        h5["nothing"] = h5py.Empty("f4")
    kept, lost = contents(path)
    assert set(kept) == {"/again: (2, 3) int64", "/nothing: None float32", "/one: () float64"}
    assert lost == ()


def test_what_lies_past_an_end_is_lost(tmp_path):
    path = tmp_path / "f.h5"
    with h5py.File(path, "w") as h5:
        h5["first"] = np.arange(100)
        h5["last"] = np.arange(100)
        end = h5["last"].id.get_offset() + 60 * 8
    kept, lost = contents(path, end)
    assert kept == ("/first: (100,) int64", "/last: (100,) int64")
    assert lost == ("/last: 320 of its 800 bytes, which were cut off and read as zeros now",)


def test_nothing_can_be_read(tmp_path):
    (tmp_path / "f.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(99))
    with pytest.raises(DamagedFile, match="its structure had not reached the disk"):
        contents(tmp_path / "f.h5")
