"""``longtake paraview``: what VTK shows of what it wrote."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

import longtake as lt
import longtake.tree as tt
from longtake.cli.app import app
from longtake.errors import InvalidArgument
from tests.tree.make import numbers
from tests.tree.paraview import vtk_readers

VALUES = numbers((4, 3, 5), "u2")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.h5"
    with tt.open_file(path, "w") as file:
        file.create_array("/", "v", VALUES)
    return path


def said(*arguments: object):
    arguments = [str(argument) for argument in arguments]
    return CliRunner().invoke(app, ["paraview", *arguments], catch_exceptions=False)


def test_a_file_beside_the_file(path):
    before = path.read_bytes()
    done = said(path, "/v", "--spacing", "2,0.5,0.25", "--origin", "-1,-2,-3")
    assert done.stdout == f"{path.with_suffix('.xmf')}: open it in ParaView\n"
    assert not done.stderr
    (found,) = vtk_readers.read(path.with_suffix(".xmf"))
    np.testing.assert_array_equal(found.arrays["v"], VALUES)
    assert (found.spacing, found.origin) == ((0.25, 0.5, 2), (-3, -2, -1))
    assert path.read_bytes() == before


def test_the_first_axis_as_time(path):
    other = path.with_name("other.xmf")
    said(path, "/", "--interval", 0.5, "-o", other)
    found = vtk_readers.read(other)
    assert [one.time for one in found] == [0, 0.5, 1, 1.5]
    np.testing.assert_array_equal([one.arrays["v"][0] for one in found], VALUES)
    assert not path.with_suffix(".xmf").exists()


@pytest.mark.parametrize("node", ["/frame_stream/camera", "/frame_stream/camera/data"])
def test_a_recording_by_itself(tmp_path, node):
    path = tmp_path / "run.h5"
    with lt.record(path) as recording:
        camera = recording.create_frame_stream("camera", shape=(3, 5), dtype="u2")
        for stamp, frame in zip([3, 6, 7, 9], VALUES, strict=True):
            camera.append(stamp, frame)
    assert said(path, node, "--vtkhdf").stdout == f"{path}: open it in ParaView\n"
    for file in (path, xmf_of(path, node)):
        found = vtk_readers.read(file)
        assert [one.time for one in found] == [3, 6, 7, 9]
        np.testing.assert_array_equal([one.arrays["camera"][0] for one in found], VALUES)
    assert lt.check(path).is_whole


def xmf_of(path, node):
    said(path, node)
    return path.with_suffix(".xmf")


def test_a_plugin_that_is_needed_is_told_of(path):
    with tt.open_file(path, "a") as file:
        file.create_carray("/", "c", obj=VALUES, filters=tt.Filters(1, "blosc2:zstd"))
        file.create_carray("/", "z", obj=VALUES, filters=tt.Filters(1))
    assert "HDF5_PLUGIN_PATH=" in said(path, "/c").stderr
    assert not said(path, "/z").stderr


def test_what_does_not_go_together(path):
    with h5py.File(path, "a") as h5:
        h5["w"] = VALUES
    for arguments, told in [
        (["/v", "--vtkhdf", "-o", "x.xmf"], "--output"),
        (["/", "--vtkhdf"], "name one"),
        (["/v", "--spacing", "wide"], "--spacing 'wide'"),
        (["/v", "--spacing", "1,2"], r"\(z, y, x\)"),
        (["/v", "--interval", "0"], "do not ascend"),
    ]:
        with pytest.raises(InvalidArgument, match=told):
            said(path, *arguments)
    assert {entry.name for entry in path.parent.iterdir()} == {"a.h5"}
    with tt.open_file(path) as file:
        assert "VTKHDF" not in file.root
