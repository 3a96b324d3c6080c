"""A packed copy holds all that the recording holds, and is read by every reader."""

from __future__ import annotations

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
import tables

import longtake as lt
from longtake.errors import (
    AlreadyExists,
    DamagedFile,
    InvalidArgument,
    NotALongtakeFile,
    WriteFailed,
)
from longtake.hdf import compressed_copy
from longtake.recording.check import check
from longtake.recording.pack import pack
from tests.recording.cl_file import cl_file
from tests.recording.runs import begin, contents, frame


@pytest.mark.parametrize("codec", ["zstd", "gzip"])
def test_all_comes_back_from_a_packed_file(tmp_path, codec):
    path, packed = tmp_path / "run.h5", tmp_path / "packed.h5"
    begin(path).stop()
    report = pack(path, packed, codec=codec)
    assert report.found.is_whole
    assert report.found.entries == check(path).entries
    assert report.bytes_after < report.bytes_before
    assert str(packed) in report.verdict()
    assert contents(packed) == contents(path)
    with lt.open(packed) as view:
        assert view.state == "complete"
        assert view.attributes.application == {"operator": "J"}
        assert view.data_streams.game.attributes.application == {"score": 7}
        assert view.file.root.frame_stream.camera.data.shape == (30, 20, 30)


def test_nothing_is_lost_in_silence(tmp_path):
    """What other programs wrote beside: references go with it, or it is said that they do not."""
    path, packed = tmp_path / "run.h5", tmp_path / "packed.h5"
    begin(path, 20).stop()
    with h5py.File(path, "a") as h5:
        h5["data_stream/game"].attrs["camera"] = h5["frame_stream/camera/data"].ref
    report = pack(path, packed)
    assert report.lost == ()
    with h5py.File(packed) as h5:
        found = h5[h5["data_stream/game"].attrs["camera"]]
        assert found.name == "/frame_stream/camera/data"
    assert "has all of" in report.verdict()
    with h5py.File(path, "a") as h5:
        data = h5["frame_stream/camera/data"]
        for name in ("first", "second"):
            h5.attrs.create(name, data.regionref[:1], dtype=h5py.regionref_dtype)
        h5.attrs["journal"] = h5["control/journal"].ref
    report = pack(path, tmp_path / "again.h5")
    assert len(report.lost) == len(report.to_dict()["lost"]) == 3
    assert "not copied: attribute 'first' of /: it refers to a part of a dataset, and 2 more" in (
        report.verdict()
    )
    assert any("/control/journal, not copied" in one for one in report.lost)


def test_other_programs_read_a_packed_file(tmp_path):
    path, packed = tmp_path / "run.h5", tmp_path / "packed.h5"
    begin(path).stop()
    pack(path, packed, codec="gzip")
    with tables.open_file(packed) as file:
        index = file.root.data_stream.game.index
        assert (len(index), index.colnames[0]) == (300, "timestamp")
        assert isinstance(file.root.data_stream.game.data, tables.EArray)
        assert file.root.data_stream.game._v_attrs.application == {"score": 7}
        assert file.root.frame_stream.camera.data[3].tolist() == frame(3).tolist()
    pack(path, tmp_path / "zstd.h5")
    read = (
        "import hdf5plugin, h5py, sys\n"
        "with h5py.File(sys.argv[1]) as h5: print(h5['frame_stream/camera/data'][:, 0, 0].sum())"
    )
    command = [sys.executable, "-c", read, str(tmp_path / "zstd.h5")]
    assert int(subprocess.run(command, capture_output=True, check=True).stdout) == sum(range(30))
    # And longtake itself knows the filter, whatever was imported before.
    command[2] = "import longtake, sys; print(len(longtake.open(sys.argv[1]).data_streams.game[7]))"
    assert int(subprocess.run(command, capture_output=True, check=True).stdout) == 3


def test_a_recording_that_goes_on_or_was_left_is_packed_as_it_is(tmp_path):
    path = tmp_path / "run.h5"
    recording = begin(path)
    report = pack(path, tmp_path / "live.h5")
    assert report.found.is_whole
    recording._file._file.abandon()  # as a crash would
    pack(path, tmp_path / "crashed.h5")
    assert contents(tmp_path / "live.h5") == contents(tmp_path / "crashed.h5") == contents(path)
    with lt.open(tmp_path / "crashed.h5") as view:
        assert view.state == "aborted"
    with h5py.File(tmp_path / "crashed.h5") as h5:
        assert len(h5["data_stream/game/index"]) == 300
        assert h5["data_stream/game/index"].attrs["NROWS"] == 300
        assert "journal" not in h5["control"]


def test_a_recording_of_the_cl_sdk_is_packed(tmp_path):
    path, packed = tmp_path / "cl.h5", tmp_path / "packed.h5"
    cl_file(path, {"game": {t: {"t": t} for t in range(150)}}, overwritten_tail=50)
    report = pack(path, packed)
    assert report.found.problem_count == check(path).problem_count == 51
    assert "damaged is so still" in report.verdict()
    with h5py.File(path) as old, h5py.File(packed) as new:
        for name in ("samples", "data_stream/game/index", "data_stream/game/data"):
            assert np.array_equal(old[name][()], new[name][()])
            assert {*new[name].attrs} == {*old[name].attrs}


def test_links_stay_links(tmp_path):
    path, packed = tmp_path / "a.h5", tmp_path / "b.h5"
    cl_file(path, {"game": {1: 1}})
    with h5py.File(path, "a") as h5:
        h5["soft"] = h5py.SoftLink("/data_stream/game")
        h5["outside"] = h5py.ExternalLink("/etc/passwd", "/")
        h5["hard"] = h5["samples"]
        h5["data_stream/game/cycle"] = h5["/"]
    pack(path, packed)
    with h5py.File(packed) as h5:
        assert isinstance(h5.get("soft", getlink=True), h5py.SoftLink)
        assert isinstance(h5.get("outside", getlink=True), h5py.ExternalLink)
        assert h5["hard"] == h5["samples"]
        assert h5["data_stream/game/cycle"] == h5["/"]


def test_nothing_is_left_where_packing_fails(tmp_path, monkeypatch):
    path, packed = tmp_path / "run.h5", tmp_path / "packed.h5"
    begin(path, 20).stop()
    with pytest.raises(InvalidArgument, match="zstd, gzip"):
        pack(path, packed, codec="lzma")  # pyright: ignore[reportArgumentType]
    packed.write_bytes(b"mine")
    with pytest.raises(AlreadyExists):
        pack(path, packed)
    assert packed.read_bytes() == b"mine"
    (tmp_path / "text").write_text("text")
    with pytest.raises(NotALongtakeFile):
        pack(tmp_path / "text", tmp_path / "c.h5")
    with monkeypatch.context() as patch:
        # A disk that gives back other bytes than it was given.
        patch.setattr(compressed_copy, "_bytes_of", lambda block: os.urandom(8))
        with pytest.raises(WriteFailed, match="does not hold what was written"):
            pack(path, tmp_path / "c.h5")
    assert {file.name for file in tmp_path.iterdir()} == {"run.h5", "packed.h5", "text"}


def test_a_part_that_cannot_be_read_is_told(tmp_path):
    path = tmp_path / "cl.h5"
    cl_file(path, {"game": {1: 1}})
    with h5py.File(path) as h5:
        place = h5py.h5o.get_info(h5["spikes"].id).addr
    with path.open("r+b") as file:
        file.seek(place)
        file.write(bytes(16))
    with pytest.raises(DamagedFile, match=r"cl\.h5 cannot be copied"):
        pack(path, tmp_path / "packed.h5")
    with lt.open(path) as view:
        assert view.data_streams.game[1] == 1
    assert list(tmp_path.iterdir()) == [path]
