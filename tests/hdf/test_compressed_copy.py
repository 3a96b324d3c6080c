"""A compressed copy has the same objects, types, attributes and bytes."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from longtake.errors import WriteFailed
from longtake.hdf import references
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
            assert list(before.attrs) == list(after.attrs)
            for key in [key for key in before.attrs if key != "reference"]:
                assert np.array_equal(before.attrs[key], after.attrs[key])
            if isinstance(before, h5py.Dataset):
                assert before.id.get_type() == after.id.get_type()
                assert name == "g/none" or np.array_equal(before[()], after[()])
        assert new["g/big"].id.get_create_plist().get_nfilters() > 0
        assert new["packed"].compression == "lzf"
        assert new[new["g/big"].attrs["reference"]] == new["g"]
    assert target.stat().st_size < source.stat().st_size


def copied(source, target) -> CompressedCopy:
    copy = CompressedCopy(RawFile.reading(source), {}, "gzip")
    with h5py.File(source) as old, h5py.File(target, "w") as new:
        copy.copy(old, new)
    copy.verify(target)
    return copy


@pytest.mark.parametrize("block", [1, 3, 65_536])
def test_references_refer_to_the_same_in_the_copy(tmp_path, source, monkeypatch, block):
    monkeypatch.setattr(references, "_BLOCK_VALUES", block)
    target = tmp_path / "b.h5"
    pair = np.dtype([("to", h5py.ref_dtype), ("n", "i4")])
    with h5py.File(source, "a") as h5:
        big, group, packed = h5["g/big"], h5["g"], h5["packed"]
        h5["axis"] = np.arange(500)
        h5["axis"].make_scale("y")
        big.dims[0].attach_scale(h5["axis"])
        h5["refs"] = np.array([[big.ref, group.ref], [packed.ref, None]], h5py.ref_dtype)
        h5.create_dataset("one", data=packed.ref, dtype=h5py.ref_dtype)
        h5.create_dataset("none", dtype=h5py.ref_dtype, data=h5py.Empty(h5py.ref_dtype))
        h5.create_dataset("no rows", (0, 3), h5py.ref_dtype)
        h5["pairs"] = np.array([(big.ref, 3), (h5["refs"].ref, 4)], pair)
        lists = h5.create_dataset("lists", (2,), h5py.vlen_dtype(h5py.ref_dtype))
        lists[0] = np.array([big.ref, h5.ref], h5py.ref_dtype)
        h5.attrs["root"] = h5["/"].ref
        h5.attrs.create("refs", [[big.ref], [h5["lists"].ref]], dtype=h5py.ref_dtype)
        packed.attrs["pair"] = np.array((group.ref, 5), pair)
        lists.attrs["itself"] = lists.ref
        h5["type"] = np.dtype("i4")
        h5["type"].attrs["of"] = packed.ref
    assert copied(source, target).lost == []
    with h5py.File(target) as h5:
        big, group, packed = h5["g/big"], h5["g"], h5["packed"]

        def name(reference) -> str | None:
            return h5[reference].name if reference else None

        assert [name(one) for one in h5["refs"][()].ravel()] == ["/g/big", "/g", "/packed", None]
        assert (h5["none"].shape, h5["no rows"].shape) == (None, (0, 3))
        assert name(h5["one"][()]) == "/packed"
        assert [(name(to), n) for to, n in h5["pairs"]] == [("/g/big", 3), ("/refs", 4)]
        assert [[name(one) for one in row] for row in h5["lists"]] == [["/g/big", "/"], []]
        assert name(h5.attrs["root"]) == "/"
        assert [name(one) for one in h5.attrs["refs"].ravel()] == ["/g/big", "/lists"]
        assert (name(packed.attrs["pair"]["to"]), packed.attrs["pair"]["n"]) == ("/g", 5)
        assert name(h5["lists"].attrs["itself"]) == "/lists"
        assert name(h5["type"].attrs["of"]) == "/packed"
        assert big.dims[0]["y"] == h5["axis"]
        ((dataset, dimension),) = h5["axis"].attrs["REFERENCE_LIST"]
        assert (name(dataset), dimension) == ("/g/big", 0)


def test_references_that_cannot_be_kept_are_told(tmp_path, source):
    target = tmp_path / "b.h5"
    with h5py.File(source, "a") as h5:
        big = h5["g/big"]
        h5.attrs.create("part", big.regionref[1:3], dtype=h5py.regionref_dtype)
        h5.create_dataset("parts", data=[big.regionref[1:3]], dtype=h5py.regionref_dtype)
        nameless = h5.create_group(None)
        nameless.attrs["kept"] = True
        h5["g"].attrs["nameless"] = nameless.ref
        h5["journal"] = 1
        h5["x"] = 3
        h5["x"].attrs.create("good", [big.ref], dtype=h5py.ref_dtype)
        h5["x"].attrs.create("bad", [big.ref, nameless.ref], dtype=h5py.ref_dtype)
    lost = copied(source, target).lost
    assert sorted(one.split(":")[0] for one in lost) == [
        "attribute 'bad' of /x",
        "attribute 'nameless' of /g",
        "attribute 'part' of /",
        "references in /parts",
    ]
    with h5py.File(target) as h5:
        assert h5[h5["x"].attrs["good"][0]] == h5["g/big"]
        assert list(h5["x"].attrs) == ["good"]
        assert not h5["parts"][0]


def test_a_copy_that_differs_is_found(tmp_path, source):
    target = tmp_path / "b.h5"
    copy = CompressedCopy(RawFile.reading(source), {}, "gzip")
    with h5py.File(source) as old, h5py.File(target, "w") as new:
        copy.copy(old, new)
        new["g/big"][499, 99] += 1
    with pytest.raises(WriteFailed, match="/g/big"):
        copy.verify(target)
