"""XDMF files, voxel by voxel as VTK's reader shows them."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import h5py
import hdf5plugin
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longtake as lt
import longtake.tree as tt
from longtake.errors import (
    AlreadyExists,
    Closed,
    InvalidArgument,
    NotFound,
    WriteFailed,
    WrongType,
)
from tests.tree.make import numbers, open_tree
from tests.tree.paraview import vtk_readers

DTYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "i8", "f2", "f4", "f8", ">i2", ">f8"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


@pytest.fixture
def file(path):
    with tt.open_file(path, "w") as file:
        yield file


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4)])
def test_every_type_and_where_it_is(file, dtype, shape):
    values = numbers(shape, dtype)
    made = file.create_array("/", "v", values)
    steps, start = (0.5, 0.25, 0.125)[-len(shape) :], (-1, 20, 300)[-len(shape) :]
    xmf = tt.to_xdmf(made, spacing=steps, origin=start)
    file.close()
    (found,) = vtk_readers.read(xmf)
    assert found.time is None
    np.testing.assert_array_equal(found.arrays["v"].reshape(shape), values)
    assert found.spacing == ((0.125, 0.25, 0.5) if len(shape) == 3 else (0.125, 0.25, 1))
    assert found.origin == ((300, 20, -1) if len(shape) == 3 else (300, 20, 0))


def test_unsigned_numbers_of_64_bits_keep_63(file):
    values = np.array([[0, 2**32, 2**53 + 1], [2**63 - 1, 2**63, 2**64 - 1]], "u8")
    xmf = tt.to_xdmf(file.create_array("/", "v", values))
    file.close()
    expected = np.minimum(values, np.uint64(2**63 - 1))
    np.testing.assert_array_equal(vtk_readers.read(xmf)[0].arrays["v"][0].astype("u8"), expected)


@pytest.mark.parametrize("shape", [(5, 3, 4), (5, 2, 3, 4), (5, 1, 4), (1, 3, 4), (5, 2, 1, 1)])
def test_times(file, shape):
    values = numbers(shape, "u2")
    times = 1.7e9 + np.arange(len(values)) ** 2 / 7
    xmf = tt.to_xdmf(file.create_array("/", "v", values), times=times, spacing=0.5)
    file.close()
    found = vtk_readers.read(xmf)
    if len(values) > 1:  # one alone is no series to VTK
        assert [one.time for one in found] == times.tolist()
    for one, expected in zip(found, values, strict=True):
        np.testing.assert_array_equal(one.arrays["v"].reshape(expected.shape), expected)
        assert one.spacing == (0.5, 0.5, 0.5 if values.ndim == 4 else 1)


@settings(max_examples=40, deadline=None)
@given(
    shape=st.lists(st.integers(1, 5), min_size=2, max_size=4).map(tuple),
    dtype=st.sampled_from([*DTYPES, "u8"]),
    chunked=st.booleans(),
    ahead=st.integers(0, 3),
    data=st.data(),
)
def test_whatever_is_given_is_shown(tmp_path_factory, shape, dtype, chunked, ahead, data):
    path = tmp_path_factory.mktemp("xdmf") / "a.h5"
    has_times = len(shape) == 4 or (len(shape) == 3 and data.draw(st.booleans()))
    number = st.floats(-1e9, 1e9)
    steps = st.lists(st.floats(1e-6, 1e6), min_size=shape[0], max_size=shape[0])
    times = np.cumsum(data.draw(steps)).tolist()
    axes = len(shape) - has_times
    spacing = data.draw(st.tuples(*[st.floats(1e-6, 1e6)] * axes))
    origin = data.draw(st.tuples(*[number] * axes))
    values = numbers(shape, dtype) // 2 if dtype == "u8" else numbers(shape, dtype)
    with h5py.File(path, "w", libver=("v110", "v110")) as h5:
        h5.create_dataset("v", data=values, chunks=chunked or None)
        if chunked:
            del h5["v"]
            made = h5.create_dataset("v", (shape[0] + ahead, *shape[1:]), dtype, chunks=True)
            made[: shape[0]] = values
        used = shape[0]
        file = tt.File(h5, lambda _: used, path)
        xmf = tt.to_xdmf(
            file.root.v, spacing=spacing, origin=origin, times=times if has_times else None
        )
    found = vtk_readers.read(xmf)
    expected = values if has_times else values[None]
    assert len(found) == len(expected)
    for one, volume in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.arrays["v"].reshape(volume.shape), volume)
        assert one.spacing[:axes] == spacing[::-1]
        assert one.origin[:axes] == origin[::-1]


@pytest.mark.parametrize("filters", [tt.Filters(5), tt.Filters(1, fletcher32=True)])
def test_compressed_and_growing(path, filters):
    values = numbers((7, 3, 4), "i2")
    with tt.open_file(path, "w") as file:
        grown = file.create_earray("/", "v", obj=values[:3], filters=filters, chunkshape=(2, 3, 4))
        xmf = tt.to_xdmf(grown, times=range(3))
        grown.append(values[3:])
    np.testing.assert_array_equal([one.arrays["v"][0] for one in vtk_readers.read(xmf)], values[:3])
    with tt.open_file(path) as file:
        tt.to_xdmf(file.root.v, times=range(7))
    np.testing.assert_array_equal([one.arrays["v"][0] for one in vtk_readers.read(xmf)], values)


def test_blosc2_by_its_plugin(path):
    """In a process of its own: HDF5 looks for its plugins when it starts."""
    values = numbers((20, 30, 40), "u2")
    with tt.open_file(path, "w") as file:
        made = file.create_carray("/", "v", obj=values, filters=tt.Filters(5, "blosc2:zstd"))
        xmf = tt.to_xdmf(made)
    done = subprocess.run(
        [sys.executable, vtk_readers.__file__, str(xmf)],
        env=os.environ | {"HDF5_PLUGIN_PATH": hdf5plugin.PLUGIN_PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"None {{'v': {float(values.sum())}}}"


def test_several_arrays_on_one_grid(path):
    values = {name: numbers((2, 3, 4), dtype) for name, dtype in [("a", "u1"), ("b", "f4")]}
    with tt.open_file(path, "w") as file:
        for name, array in values.items():
            file.create_array("/g", name, array, createparents=True)
        file.create_array("/g", "positions", [1.0, 2.0])
        file.create_table("/g", "t", {"x": "f8"})
        file.create_soft_link("/", "to a", "/g/a")
        written = [
            tt.to_xdmf(file.root.g, path.with_name("group.xmf")),
            tt.to_xdmf([file.root["to a"], file.root.g.b], path.with_name("list.xmf")),
        ]
        series = tt.to_xdmf(file.root.g, times=[3, 4])
    for xmf in written:
        (one,) = vtk_readers.read(xmf)
        assert set(one.arrays) == {"a", "b"}
        for name, array in values.items():
            np.testing.assert_array_equal(one.arrays[name], array)
    for number, one in enumerate(vtk_readers.read(series)):
        for name, array in values.items():
            np.testing.assert_array_equal(one.arrays[name][0], array[number])


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(
        st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=12),
        min_size=3,
        max_size=3,
    )
)
def test_any_name_is_shown_or_refused(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("names")
    stem = names[0].replace("/", "").replace("\0", "") or "x"
    path = folder / f"{stem}.h5"
    values = numbers((3, 4), "i2")
    try:
        with tt.open_file(path, "w") as file:
            made = file.create_array("/", names[1], values)
            xmf = tt.to_xdmf(made, folder / "a.xmf", name=names[2])
    except InvalidArgument:
        assert not (folder / "a.xmf").exists()
        return
    ((found,),) = (list(one.arrays.items()) for one in vtk_readers.read(xmf))
    assert found[0] == names[2]
    np.testing.assert_array_equal(found[1][0], values)


@pytest.mark.parametrize("name", ["a b", "Zoë & <b> \"c\" 'd'", "50%|@[1]${XML}", "-x"])
def test_names_of_files_and_nodes(tmp_path, name):
    path = tmp_path / f"{name}.h5"
    values = numbers((3, 4), "u2")
    with tt.open_file(path, "w") as file:
        xmf = tt.to_xdmf(file.create_array(f"/{name}", name, values, createparents=True))
    assert xmf == tmp_path / f"{name}.xmf"
    np.testing.assert_array_equal(vtk_readers.read(xmf)[0].arrays[name][0], values)


def test_the_files_may_be_moved_together_and_be_apart(tmp_path):
    (tmp_path / "one" / "raw").mkdir(parents=True)
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "deep")
    path = tmp_path / "one" / "raw" / "a.h5"
    values = numbers((3, 4))
    with tt.open_file(path, "w") as file:
        made = file.create_array("/", "v", values)
        beside = tt.to_xdmf(made, tmp_path / "one" / "a.xmf")
        through = tt.to_xdmf(made, tmp_path / "link" / "a.xmf")
    np.testing.assert_array_equal(vtk_readers.read(through)[0].arrays["v"][0], values)
    (tmp_path / "one").rename(tmp_path / "two")
    moved = tmp_path / "two" / beside.name
    np.testing.assert_array_equal(vtk_readers.read(moved)[0].arrays["v"][0], values)
    assert str(tmp_path) not in moved.read_text("utf-8")


def test_what_is_replaced_and_what_is_not(file, path):
    made = file.create_array("/", "v", numbers((3, 4)))
    xmf = tt.to_xdmf(made)
    inode = xmf.stat().st_ino
    tt.to_xdmf(made, spacing=2)
    assert xmf.stat().st_ino != inode  # another file took its place
    assert "2.0" in xmf.read_text()
    other = path.with_name("notes.xmf")
    other.write_text("mine")
    link = path.with_name("link.xmf")
    link.hardlink_to(path)
    for taken in (other, path, link, path.parent):
        with pytest.raises(AlreadyExists, match="is not XDMF"):
            tt.to_xdmf(made, taken)
    assert other.read_text() == "mine"
    with pytest.raises(NotFound, match="no folder"):
        tt.to_xdmf(made, path.with_name("none") / "a.xmf")
    assert sorted(entry.name for entry in path.parent.iterdir()) == sorted(
        ["a.h5", "a.xmf", "notes.xmf", "link.xmf"]
    )


def test_a_disk_that_fails_leaves_what_was_there(file, monkeypatch):
    made = file.create_array("/", "v", numbers((3, 4)))
    xmf = tt.to_xdmf(made)
    before = xmf.read_bytes()

    def fail(_self, _target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(WriteFailed, match="No space"):
        tt.to_xdmf(made, spacing=9)
    assert xmf.read_bytes() == before
    assert {entry.name for entry in xmf.parent.iterdir()} == {"a.h5", "a.xmf"}


REFUSED = [
    (np.arange(3.0), {}, "2 axes"),
    (np.float64(3), {}, "2 axes"),
    (np.zeros((2, 2, 2, 2)), {}, "give times="),
    (np.zeros((2, 2, 2, 2, 2)), {"times": [1, 2]}, r"\(time, z, y, x\)"),
    (np.zeros((2, 2)), {"times": [1, 2]}, r"\(time, y, x\)"),
    (np.zeros((0, 2)), {}, "nothing in it"),
    (np.zeros((0, 2, 2)), {"times": []}, "nothing in it"),
    (np.full((2, 2), b"text"), {}, "VTK does not show"),
    (np.full((2, 2), True), {}, "astype"),
    (np.zeros((2, 2), complex), {}, r"\.real"),
    (np.zeros((2, 2), "f4,f4"), {}, "columns"),
    (np.zeros((2, 2)), {"spacing": (1, 2, 3)}, r"in the order \(y, x\)"),
    (np.zeros((2, 2)), {"spacing": 0}, "above 0"),
    (np.zeros((2, 2)), {"spacing": "wide"}, "spacing='wide'"),
    (np.zeros((2, 2)), {"origin": (np.nan, 1)}, "origin"),
    (np.zeros((2, 2)), {"name": "a\nb"}, "cannot be said"),
    (np.zeros((2, 2)), {"name": "n" * 1000}, "longer than"),
    (np.zeros((2, 2)), {"name": 3}, "is text"),
    (np.zeros((3, 2, 2)), {"times": [1, 2]}, "one for each row"),
    (np.zeros((3, 2, 2)), {"times": [1, 3, 2]}, "do not ascend"),
    (np.zeros((3, 2, 2)), {"times": [1, 2, np.nan]}, "do not ascend"),
    (np.zeros((2, 2, 2)), {"times": [1700000000000000001, 1700000000000000002]}, "64-bit floats"),
    (np.zeros((2, 2, 2)), {"times": [0, 1e-16]}, "do not ascend"),
    (np.zeros((2, 2, 2)), {"times": ["a", "b"]}, "are numbers"),
    (np.zeros((2, 2, 2)), {"times": object()}, "are numbers"),
]


@pytest.mark.parametrize(("values", "options", "said"), REFUSED)
def test_what_cannot_be_shown(file, path, values, options, said):
    made = file.create_array("/", "v", values)
    with pytest.raises((InvalidArgument, WrongType), match=said):
        tt.to_xdmf(made, **options)
    assert not path.with_suffix(".xmf").exists()


def test_what_is_no_array_and_what_does_not_go_together(file, path):
    file.create_table("/", "t", {"x": "f8"})
    file.create_group("/", "empty")
    file.create_external_link("/", "far", "other.h5:/x")
    file.create_soft_link("/", "nowhere", "/zzz")
    a, b = (file.create_array("/", name, np.zeros((2, n))) for name, n in [("a", 2), ("b", 3)])
    colon = file.create_array("/", "a:b", np.zeros((2, 2)))
    with h5py.File(path.with_name("odd.h5"), "w") as h5:
        h5["choice"] = np.zeros((2, 2), h5py.enum_dtype({"left": 0, "right": 1}))
        h5["virtual"] = [1]
        odd = tt.File(h5).root.choice
        with pytest.raises(WrongType, match="VTK does not show"):
            tt.to_xdmf(odd)
    root = file.root
    for node, said in [
        (root.t, "a Table"),
        (root.far, "ExternalLink"),
        (root.nowhere, "not there"),
        (root.empty, "no array"),
        ([], "no array"),
        ("/a", "not an array"),
        (None, "not an array"),
        ([a, b], "one grid"),
        ([a, a], "are called 'a'"),
        (colon, "':'"),
    ]:
        with pytest.raises((InvalidArgument, WrongType), match=said):
            tt.to_xdmf(node)
    with pytest.raises(InvalidArgument, match="for one array"):
        tt.to_xdmf([a, colon], name="x")
    long = file.create_carray("/", "long", atom="u1", shape=(20_001, 2, 2))
    with pytest.raises(InvalidArgument, match="add_vtkhdf"):
        tt.to_xdmf(long, times=range(20_001))
    with tt.open_file(path.with_name("other.h5"), "w") as other:
        c = other.create_array("/", "c", np.zeros((2, 2)))
        with pytest.raises(InvalidArgument, match="several HDF5 files"):
            tt.to_xdmf([a, c])
    with h5py.File.in_memory() as h5:
        h5["v"] = np.zeros((2, 2))
        with pytest.raises(NotFound, match="on the disk"):
            tt.to_xdmf(tt.File(h5).root.v)
    assert not list(path.parent.glob("*.xmf"))
    file.close()
    with pytest.raises(Closed):
        tt.to_xdmf(a)


FRAMES = numbers((6, 5, 7), "u2")
STAMPS = [10, 20, 40, 80, 160, 320]


def record(path, frames=FRAMES):
    """Record frames, and go on while the block runs."""
    recording = lt.record(path)
    camera = recording.create_frame_stream("camera 1", shape=frames.shape[1:], dtype=frames.dtype)
    for stamp, frame in zip(STAMPS, frames, strict=True):
        camera.append(stamp, frame)
    return recording


def same_frames(found, frames=FRAMES):
    assert [one.time for one in found] == STAMPS
    for one, frame in zip(found, frames, strict=True):
        np.testing.assert_array_equal(one.arrays["camera 1"].reshape(frame.shape), frame)


@pytest.mark.parametrize("frames", [FRAMES, numbers((6, 2, 3, 4), "f4")])
def test_a_recording_that_is_finished(path, frames):
    record(path, frames).stop()
    with tt.open_file(path) as file:
        xmf = tt.to_xdmf(file.root.frame_stream["camera 1"].data)
        same_frames(vtk_readers.read(xmf), frames)
        tt.to_xdmf(file.root.frame_stream["camera 1"], times=np.arange(6) / 25)
        assert [one.time for one in vtk_readers.read(xmf)] == (np.arange(6) / 25).tolist()
    packed = path.with_name("packed.h5")
    lt.pack(path, packed, codec="gzip")
    with lt.open(packed) as view:
        same_frames(
            vtk_readers.read(tt.to_xdmf(view.file.root.frame_stream["camera 1"].data)), frames
        )


def test_a_recording_that_goes_on(path):
    """Its datasets are longer than its frames: only those show that the index tells of."""
    with record(path):
        with lt.open(path) as view:
            data = view.file.root.frame_stream["camera 1"].data
            assert len(data) == 6 < data._h5.shape[0]
            same_frames(vtk_readers.read(tt.to_xdmf(data)))
        with open_tree(path) as file:  # which knows nothing of rows in use
            data = file.root.frame_stream["camera 1"].data
            assert len(data) > 6
            same_frames(vtk_readers.read(tt.to_xdmf(data)))


def test_an_index_that_lies_shows_nothing_else(path):
    index = [(name, "<u8") for name in ("timestamp", "start_index", "end_index", "checksum")]
    rows = [(1, 0, 1, 9), (2, 5, 6, 9), (3, 2**64 - 1, 0, 9), (4, 1, 3, 9), (4, 1, 2, 0)]
    rows.append((5, 2, 3, 9))
    values = numbers((3, 2, 2))
    with h5py.File(path, "w", libver=("v110", "v110")) as h5:
        h5["frame_stream/s/data"] = values
        h5["frame_stream/s/index"] = np.array(rows, index)
        xmf = tt.to_xdmf(tt.File(h5, name=path).root.frame_stream.s.data)
        del h5["frame_stream/s/index"]
        h5["frame_stream/s/index"] = h5py.ExternalLink("other.h5", "/x")
        volume = tt.to_xdmf(
            tt.File(h5, name=path).root.frame_stream.s.data, path.with_suffix(".v.xmf")
        )
        h5["frame_stream/t/data"] = values
        h5.create_dataset("frame_stream/t/index", 2**40, index, chunks=True)
        with pytest.raises(InvalidArgument, match="rows"):
            tt.to_xdmf(tt.File(h5, name=path).root.frame_stream.t.data)
    found = vtk_readers.read(xmf)
    assert [one.time for one in found] == [1, 5]
    np.testing.assert_array_equal(found[1].arrays["s"][0], values[2])
    np.testing.assert_array_equal(vtk_readers.read(volume)[0].arrays["data"], values)


def test_it_is_plain_xml(file):
    xmf = tt.to_xdmf(file.create_array("/", "v", numbers((3, 2, 4))), times=[1, 2, 3], name="<v>")
    root = ET.parse(xmf).getroot()
    assert root.tag == "Xdmf"
    assert [grid.find("Time").get("Value") for grid in root.iter("Grid") if len(grid) > 3] == [
        "1.0",
        "2.0",
        "3.0",
    ]
    assert {found.get("Name") for found in root.iter("Attribute")} == {"<v>"}
