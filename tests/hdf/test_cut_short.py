"""How much of a dataset lies past the end of a file that was cut short."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from longtake.hdf.cut_short import bytes_past

LAYOUTS = {
    "contiguous": {},
    "chunks": {"chunks": (5, 4)},
    "the last chunk in part": {"chunks": (7, 4), "maxshape": (None, 4)},
    "one chunk with room": {"chunks": (64, 4), "maxshape": (None, 4)},
    "a tree of chunks": {"chunks": (3, 4), "maxshape": (None, None)},
}


def made(path, value: int, **layout) -> np.ndarray:
    with h5py.File(path, "w", libver=("v110", "v110")) as h5:
        h5.create_dataset("x", data=np.full((20, 4), value, "u2"), **layout)
        h5["after"] = 1
    return np.fromfile(path, np.uint8)


@pytest.mark.parametrize("name", LAYOUTS)
def test_bytes_are_counted_from_every_place(tmp_path, name):
    """Against where two files differ that hold other values."""
    path = tmp_path / "f.h5"
    differ = made(path, 0x1111, **LAYOUTS[name]) != made(path, 0x2222, **LAYOUTS[name])
    assert differ.sum() == 160
    after = np.cumsum(differ[::-1])[::-1]
    with h5py.File(path) as h5:
        for end, past in enumerate(after.tolist()):
            assert bytes_past(h5["x"], end) == (past, 160)
        assert bytes_past(h5["x"], len(after)) == (0, 160)


def test_of_compressed_data_the_bytes_in_the_file(tmp_path):
    path = tmp_path / "f.h5"
    made(path, 7, chunks=(20, 4), compression="gzip")
    with h5py.File(path) as h5:
        chunk = h5["x"].id.get_chunk_info(0)
        for end in (0, chunk.byte_offset, chunk.byte_offset + chunk.size - 1):
            left = chunk.size if end <= chunk.byte_offset else 1
            assert bytes_past(h5["x"], end) == (left, chunk.size)
        assert bytes_past(h5["x"], chunk.byte_offset + chunk.size) == (0, chunk.size)


def test_what_is_not_there_is_not_counted(tmp_path):
    with h5py.File(tmp_path / "f.h5", "w") as h5:
        h5.create_dataset("nothing written", (9,), "u1")
        h5.create_dataset("no chunk written", (9,), "u1", chunks=(3,))
        h5.create_dataset("no rows", (0, 3), "u1", chunks=(3, 3), maxshape=(None, 3))
        h5.create_dataset("elsewhere", (9,), "u1", external=[(str(tmp_path / "raw"), 0, 9)])
        h5["empty"] = h5py.Empty("u1")
        h5["shown"] = 1
        layout = h5py.VirtualLayout((1,), "i8")
        layout[0] = h5py.VirtualSource(h5["shown"])
        h5.create_virtual_dataset("virtual", layout)
        for name in set(h5) - {"shown"}:
            assert bytes_past(h5[name], 0) == (0, 0), name
