"""Types of HDF5 whose bytes are in either order."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from h5py import h5d, h5s, h5t

import longtake.tree as tt

KINDS = [f"STD_B{bits}{order}" for bits in (16, 32, 64) for order in ("LE", "BE")]


@pytest.fixture
def h5(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as made:
        yield made


def made(h5, name, kind, raw):
    dataset = h5d.create(h5.id, name.encode(), kind, h5s.create_simple(raw.shape))
    dataset.write(h5s.ALL, h5s.ALL, raw, kind)


@pytest.mark.parametrize("name", [*KINDS, "UNIX_D32LE", "UNIX_D32BE"])
def test_bit_fields_and_times(h5, name):
    kind = getattr(h5t, name)
    dtype = np.dtype(f"{'>' if name.endswith('BE') else '<'}i{kind.get_size()}")
    raw = np.array([1, 258], dtype)
    made(h5, "x", kind, raw)
    compound = h5t.create(h5t.COMPOUND, kind.get_size() + 1)
    compound.insert(b"n", 0, h5t.STD_U8LE)
    compound.insert(b"x", 1, kind)
    made(h5, "t", compound, np.array([(5, 1), (6, 258)], [("n", "u1"), ("x", dtype)]))
    path = h5.filename
    h5.close()
    with tt.open_file(path, "a") as file:
        assert file.root.x[:].tolist() == file.root.t.col("x").tolist() == [1, 258]
        file.root.x[0] = 3
        assert file.root.x[:].tolist() == [3, 258]
    with h5py.File(path) as again:
        raw[0] = 3
        found = np.empty(2, dtype)
        again["x"].id.read(h5s.ALL, h5s.ALL, found, kind)
        assert found.tobytes() == raw.tobytes()


@pytest.mark.parametrize("order", "<>")
def test_times_in_microseconds(h5, order):
    raw = np.array([(7 << 32) | 250_000, 1 << 32], f"{order}i8")
    made(h5, "x", h5t.UNIX_D64BE if order == ">" else h5t.UNIX_D64LE, raw)
    path = h5.filename
    h5.close()
    with tt.open_file(path, "a") as file:
        assert file.root.x[:].tolist() == [7.25, 1]
        file.root.x[1] = -2.5
        assert file.root.x[:].tolist() == [7.25, -2.5]
