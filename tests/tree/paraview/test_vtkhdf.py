"""The group by which ParaView opens an HDF5 file itself, as VTK's reader shows it."""

from __future__ import annotations

import os
import subprocess
import sys

import h5py
import hdf5plugin
import numpy as np
import pytest
import tables
from hypothesis import given, settings
from hypothesis import strategies as st

import longtake as lt
import longtake.tree as tt
from longtake.errors import (
    AlreadyExists,
    Closed,
    InvalidArgument,
    LongtakeError,
    NoPermission,
    WriteFailed,
    WrongType,
)
from tests.tree.make import numbers
from tests.tree.paraview import vtk_readers

DTYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", ">i2", ">f8"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


@pytest.fixture
def file(path):
    with tt.open_file(path, "w") as file:
        yield file


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4)])
def test_every_type_and_where_it_is(file, path, dtype, shape):
    values = numbers(shape, dtype)
    made = file.create_array("/", "v", values)
    steps, start = (0.5, 0.25, 0.125)[-len(shape) :], (-1, 20, 300)[-len(shape) :]
    group = tt.add_vtkhdf(made, spacing=steps, origin=start)
    assert isinstance(group, tt.Group)
    file.close()
    (found,) = vtk_readers.read(path)
    assert found.time is None
    np.testing.assert_array_equal(found.arrays["v"].reshape(shape), values)
    expected = np.float32 if dtype == "f2" else np.dtype(dtype).newbyteorder("=")
    assert found.arrays["v"].dtype == expected
    assert found.spacing == ((0.125, 0.25, 0.5) if len(shape) == 3 else (0.125, 0.25, 1))
    assert found.origin == ((300, 20, -1) if len(shape) == 3 else (300, 20, 0))


@settings(max_examples=40, deadline=None)
@given(
    shape=st.lists(st.integers(2, 5), min_size=2, max_size=4).map(tuple),
    dtype=st.sampled_from(DTYPES),
    ahead=st.none() | st.integers(0, 3),
    data=st.data(),
)
def test_whatever_is_given_is_shown(tmp_path_factory, shape, dtype, ahead, data):
    path = tmp_path_factory.mktemp("vtkhdf") / "a.h5"
    has_times = len(shape) == 4 or (len(shape) == 3 and data.draw(st.booleans()))
    steps = st.lists(st.floats(1e-6, 1e6), min_size=shape[0], max_size=shape[0])
    times = np.cumsum(data.draw(steps)).tolist()
    axes = len(shape) - has_times
    spacing = data.draw(st.tuples(*[st.floats(1e-6, 1e6)] * axes))
    origin = data.draw(st.tuples(*[st.floats(-1e9, 1e9)] * axes))
    name = data.draw(
        st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1)
    )
    values = numbers(shape, dtype)
    with h5py.File(path, "w", libver=("v110", "v110")) as h5:
        if ahead is None:
            h5["v"] = values
        else:
            made = h5.create_dataset("v", (shape[0] + ahead, *shape[1:]), dtype, chunks=True)
            made[: shape[0]] = values
        used = shape[0]
        file = tt.File(h5, lambda _: used, path, is_writable=True)
        try:
            tt.add_vtkhdf(
                file.root.v,
                name=name,
                spacing=spacing,
                origin=origin,
                times=times if has_times else None,
            )
        except InvalidArgument:
            assert name in {".", ".."}
            return
    found = vtk_readers.read(path)
    expected = values if has_times else values[None]
    assert [one.time for one in found] == (times if has_times else [None])
    for one, volume in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.arrays[name].reshape(volume.shape), volume)
        assert one.spacing[:axes] == spacing[::-1]
        assert one.origin[:axes] == origin[::-1]


def test_the_numbers_are_in_the_file_once(path):
    values = numbers((50, 60, 70))
    with tt.open_file(path, "w") as file:
        made = file.create_array("/", "v", values)
    before = path.stat().st_size
    with tt.open_file(path, "a") as file:
        tt.add_vtkhdf(file.root.v)
        assert file.root.VTKHDF.PointData.v.target == made._v_pathname == "/v"
    assert path.stat().st_size - before < values.nbytes / 50
    with tables.open_file(path) as other:  # PyTables is not bothered
        assert np.array_equal(other.root.VTKHDF.PointData.v[:], values)
    with tt.open_file(path, "a") as file:
        file.remove_node("/VTKHDF", recursive=True)
        np.testing.assert_array_equal(file.root.v[:], values)


@pytest.mark.parametrize("filters", [tt.Filters(5), tt.Filters(1, fletcher32=True)])
def test_compressed_and_growing(path, filters):
    values = numbers((7, 3, 4), "i2")
    with tt.open_file(path, "w") as file:
        grown = file.create_earray("/", "v", obj=values[:3], filters=filters, chunkshape=(2, 3, 4))
        tt.add_vtkhdf(grown, times=range(3))
        grown.append(values[3:])
    np.testing.assert_array_equal(
        [one.arrays["v"][0] for one in vtk_readers.read(path)], values[:3]
    )
    with tt.open_file(path, "a") as file:
        tt.add_vtkhdf(file.root.v, times=range(7))
    np.testing.assert_array_equal([one.arrays["v"][0] for one in vtk_readers.read(path)], values)
    with tt.open_file(path, "a") as file:
        tt.add_vtkhdf(file.root.v)
    np.testing.assert_array_equal(vtk_readers.read(path)[0].arrays["v"], values)


def test_blosc2_by_its_plugin(path):
    """In a process of its own: HDF5 looks for its plugins when it starts."""
    values = numbers((20, 30, 40), "u2")
    with tt.open_file(path, "w") as file:
        tt.add_vtkhdf(file.create_carray("/", "v", obj=values, filters=tt.Filters(5, "blosc2:lz4")))
    done = subprocess.run(
        [sys.executable, vtk_readers.__file__, str(path)],
        env=os.environ | {"HDF5_PLUGIN_PATH": hdf5plugin.PLUGIN_PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"None {{'v': {float(values.sum())}}}"


def test_arrays_are_added_if_they_fit(file, path):
    a, b = numbers((4, 2, 3), "u1"), numbers((4, 2, 3), "f4")
    for name, values in [("a", a), ("b", b), ("c", numbers((4, 2, 5)))]:
        file.create_array("/g", name, values, createparents=True)
    group = file.root.g
    tt.add_vtkhdf(group.a, times=range(4), spacing=2)
    tt.add_vtkhdf(group.b, times=range(4), spacing=2, name="é & <b>")
    tt.add_vtkhdf(group.a, times=range(4), spacing=2)  # again
    for node, options in [
        (group.c, {"times": range(4), "spacing": 2}),
        (group.b, {"times": range(4)}),
        (group.b, {"times": range(4), "spacing": 2, "origin": 1}),
        (group.b, {"times": [0, 1, 2, 4], "spacing": 2}),
        (group.b, {"spacing": 2}),
        (group.a, {"times": range(4)}),
    ]:
        with pytest.raises(InvalidArgument, match=r"remove_node\('/VTKHDF', recursive=True\)"):
            tt.add_vtkhdf(node, **options)
    with pytest.raises(AlreadyExists, match="name="):
        tt.add_vtkhdf(group.b, times=range(4), spacing=2, name="a")
    file.close()
    found = vtk_readers.read(path)
    assert len(found) == 4
    for number, one in enumerate(found):
        assert set(one.arrays) == {"a", "é & <b>"}
        np.testing.assert_array_equal(one.arrays["a"][0], a[number])
        np.testing.assert_array_equal(one.arrays["é & <b>"][0], b[number])


def test_through_a_link(file, path):
    values = numbers((3, 4))
    file.create_array("/deep/é", "v w", values, createparents=True)
    file.create_soft_link("/", "short", "/deep/é/v w")
    tt.add_vtkhdf(file.root.short)
    file.close()
    np.testing.assert_array_equal(vtk_readers.read(path)[0].arrays["v w"][0], values)


REFUSED = [
    (np.arange(3.0), {}, "2 axes"),
    (np.zeros((2, 2, 2, 2)), {}, "give times="),
    (np.zeros((0, 2)), {}, "nothing in it"),
    (np.zeros((1, 4)), {}, "to_xdmf"),
    (np.zeros((3, 1, 4)), {}, "to_xdmf"),
    (np.zeros((3, 2, 1, 4)), {"times": range(3)}, "to_xdmf"),
    (np.zeros((1, 3, 4)), {"times": [1]}, "to_xdmf"),
    (np.full((2, 2), b"text"), {}, "VTK does not show"),
    (np.full((2, 2), True), {}, "astype"),
    (np.zeros((2, 2), complex), {}, r"\.real"),
    (np.zeros((2, 2), "f4,f4"), {}, "columns"),
    (np.zeros((2, 2)), {"spacing": (1, 2, 3)}, r"in the order \(y, x\)"),
    (np.zeros((2, 2)), {"name": "a/b"}, "'a/b'"),
    (np.zeros((3, 2, 2)), {"times": [1, 2]}, "one for each row"),
]


@pytest.mark.parametrize(("values", "options", "said"), REFUSED)
def test_what_cannot_be_shown(file, values, options, said):
    made = file.create_array("/", "v", values)
    with pytest.raises((InvalidArgument, WrongType), match=said):
        tt.add_vtkhdf(made, **options)
    assert "VTKHDF" not in file.root


def test_what_may_not_be_written(file, path):
    made = file.create_array("/", "v", numbers((3, 4)))
    with pytest.raises(WrongType, match="is a Group, not an array"):
        tt.add_vtkhdf(file.root)
    file.close()
    with pytest.raises(Closed):
        tt.add_vtkhdf(made)
    with tt.open_file(path) as again, pytest.raises(NoPermission, match="mode='a'"):
        tt.add_vtkhdf(again.root.v)


def foreign_groups(h5):
    """What may be at /VTKHDF, by somebody else."""
    image = {"Type": np.bytes_("ImageData")}

    def group(name, attributes):
        made = h5.create_group(name)
        made.attrs.update(attributes)
        return made

    yield h5py.ExternalLink("other.h5", "/")
    yield h5py.SoftLink("/nowhere")
    yield np.arange(3)
    yield group("grid", {"Type": np.bytes_("UnstructuredGrid")})
    yield group("bare", {})
    yield group("empty", image)
    outside = group("outside", image)
    outside["PointData"] = h5py.ExternalLink("other.h5", "/")
    yield outside
    own = group("own", image)
    own["PointData/v"] = np.zeros((3, 4))
    yield own
    steps = group("steps", image)
    steps.create_group("PointData")
    steps["Steps/PointDataOffsets"] = h5py.ExternalLink("other.h5", "/")
    yield steps


def test_groups_of_others_are_left_alone(path):
    """And no other file is opened or written through them."""
    other = path.with_name("other.h5")
    with h5py.File(other, "w") as h5:
        h5["v"] = 1
    before = other.read_bytes()
    with h5py.File(path, "w") as h5:
        h5["v"] = np.zeros((3, 4))
        file = tt.File(h5, name=path, is_writable=True)
        for found in foreign_groups(h5):
            h5["VTKHDF"] = found
            with pytest.raises(AlreadyExists, match="another kind"):
                tt.add_vtkhdf(file.root.v)
            del h5["VTKHDF"]
    assert other.read_bytes() == before


def test_a_failure_leaves_no_group(file, path, monkeypatch):
    made = file.create_array("/", "v", numbers((3, 4)))

    def fail(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("longtake.tree.paraview.vtkhdf._link", fail)
    with pytest.raises(WriteFailed, match="No space"):
        tt.add_vtkhdf(made)
    assert "VTKHDF" not in file.root


FRAMES = numbers((6, 5, 7), "u2")
STAMPS = [10, 20, 40, 80, 160, 320]


@pytest.mark.parametrize("frames", [FRAMES, numbers((6, 2, 3, 4), "f4")])
def test_a_recording(path, frames):
    """Its frames show at their times, and it is a recording as before."""
    with lt.record(path) as recording:
        camera = recording.create_frame_stream("cam", shape=frames.shape[1:], dtype=frames.dtype)
        for stamp, frame in zip(STAMPS[:4], frames[:4], strict=True):
            camera.append(stamp, frame)
    for count in (4, 6):
        with tt.open_file(path, "a") as file:
            tt.add_vtkhdf(file.root.frame_stream.cam.data)
        found = vtk_readers.read(path)
        assert [one.time for one in found] == STAMPS[:count]
        for one, frame in zip(found, frames[:count], strict=True):
            np.testing.assert_array_equal(one.arrays["cam"].reshape(frame.shape), frame)
        assert lt.check(path).is_whole
        if count == 4:
            with lt.record(path, append=True) as recording:
                recording.frame_streams.cam.append(STAMPS[4], frames[4])
                # Its datasets are longer now than its frames; the group shows what it did.
                assert [one.time for one in vtk_readers.read(path)] == STAMPS[:4]
                with pytest.raises(LongtakeError):
                    tt.open_file(path, "a")
                recording.frame_streams.cam.append(STAMPS[5], frames[5])
    with lt.open(path) as view:
        np.testing.assert_array_equal(view.frame_streams.cam[0:1000], frames)
