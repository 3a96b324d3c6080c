"""A compressed copy has the same objects, types, attributes and bytes."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from longtake.errors import WriteFailed
from longtake.hdf.compressed_copy import CompressedCopy
from longtake.hdf.raw_file import RawFile


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as h5:
        h5["g/big"] = np.arange(50_000).reshape(500, 100)
        h5["g/table"] = np.zeros(1000, [("a", ">i2"), ("b", "S3"), ("c", "f8", (2,))])
        h5["g/bool"] = np.ones(100, bool)
        h5["g/text"] = np.array(["a", "bc"], h5py.string_dtype())
        h5["g/one"] = 7
        h5["g/none"] = h5py.Empty("f4")
        h5.create_dataset("packed", data=np.arange(100), chunks=(10,), compression="lzf")
        h5["g"].attrs.update({"n": 3, "list": [1.5, 2], "t": "text", "e": h5py.Empty("S1")})
        h5["g/big"].attrs["table"] = np.zeros(2, [("x", "i4"), ("y", "u1")])
        h5["g/big"].attrs["texts"] = np.array(["one", "two"], h5py.string_dtype())
        h5["g/big"].attrs["reference"] = h5["g"].ref
    return path


@pytest.mark.parametrize("codec", ["zstd", "gzip"])
def test_everything_is_there(tmp_path, source, codec):
    target = tmp_path / "b.h5"
    copy = CompressedCopy(RawFile.reading(source), {}, codec)
    with h5py.File(source) as old, h5py.File(target, "w") as new:
        copy.copy(old, new)
    copy.verify(target)
    with h5py.File(source) as old, h5py.File(target) as new:
        names: list[str] = []
        old.visit(names.append)
        for name in names:
            before, after = old[name], new[name]
            for key in [key for key in before.attrs if key != "reference"]:
                assert np.array_equal(before.attrs[key], after.attrs[key])
            if isinstance(before, h5py.Dataset):
                assert before.id.get_type() == after.id.get_type()
                assert name == "g/none" or np.array_equal(before[()], after[()])
        assert new["g/big"].id.get_create_plist().get_nfilters() > 0
        assert new["packed"].compression == "lzf"
    assert target.stat().st_size < source.stat().st_size


def test_a_copy_that_differs_is_found(tmp_path, source):
    target = tmp_path / "b.h5"
    copy = CompressedCopy(RawFile.reading(source), {}, "gzip")
    with h5py.File(source) as old, h5py.File(target, "w") as new:
        copy.copy(old, new)
        new["g/big"][499, 99] += 1
    with pytest.raises(WriteFailed, match="/g/big"):
        copy.verify(target)
