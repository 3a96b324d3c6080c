"""What a crash left is put right, and what was kept and lost is said."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest

import longtake as lt
from longtake.errors import AlreadyExists, DamagedFile, FileInUse, NotALongtakeFile, NotFound
from longtake.hdf.superblock import SIZE, Superblock
from longtake.recording.check import check
from longtake.recording.recover import recover
from tests.recording.runs import begin, contents

_SWMR = """
import h5py, os, signal, sys
h5 = h5py.File(sys.argv[1], "w", libver="latest")
data = h5.create_dataset("data", (0, 100), "f8", maxshape=(None, 100), chunks=(10, 100))
h5.swmr_mode = True
for i in range(30):
    data.resize(10 * i + 10, axis=0)
    data[-10:] = i
    data.flush()
print("ready", flush=True)
sys.stdin.read()
os.kill(os.getpid(), signal.SIGKILL)
"""


def left_by_a_crash(path) -> None:
    begin(path)._file._file.abandon()


@pytest.mark.parametrize("in_place", [False, True])
def test_a_recording_left_by_a_crash(tmp_path, in_place):
    path = tmp_path / "run.h5"
    left_by_a_crash(path)
    before, expected = path.read_bytes(), contents(path)
    report = recover(path, in_place=in_place)
    assert report.path == (path if in_place else tmp_path / "run.recovered.h5")
    assert (report.was_needed, report.lost) == (True, ())
    assert "nothing was lost" in report.verdict()
    assert "/data_stream/game: 300 entries" in report.kept
    assert in_place or path.read_bytes() == before
    assert contents(report.path) == expected
    with lt.open(report.path) as view:
        assert view.state == "recovered"
    assert check(report.path).is_whole
    again = recover(report.path)
    assert (again.was_needed, again.path) == (False, report.path)
    assert "nothing to put right" in again.verdict()


def test_a_torn_tail_is_cut_and_told(tmp_path):
    path = tmp_path / "run.h5"
    begun = begin(path)
    (columns,) = begun.data_streams.game.sets
    last = columns.row(299)
    begun._file._file.abandon()
    (place, _), *_ = columns.columns["data"].ranges()
    with path.open("r+b") as file:
        file.seek(place + last.start)
        file.write(bytes(last.end - last.start))
    assert "do not have their checksum" in check(path).verdict()
    report = recover(path)
    assert report.lost == ("/data_stream/game: 1 of 300 entries, those after key 298",)
    assert check(report.path).is_whole
    with pytest.raises(AlreadyExists):
        recover(path)


def test_a_file_in_use_is_left_alone(tmp_path):
    path = tmp_path / "run.h5"
    with begin(path, 20):
        for in_place in (False, True):
            with pytest.raises(FileInUse):
                recover(path, in_place=in_place)
    assert list(tmp_path.iterdir()) == [path]


def test_a_swmr_file_whose_writer_was_killed(tmp_path):
    path = tmp_path / "swmr.h5"
    with subprocess.Popen(
        [sys.executable, "-c", _SWMR, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdin is not None
        assert writer.stdout.readline() == b"ready\n"
        with pytest.raises(FileInUse, match=str(writer.pid)):
            recover(path, in_place=True)
        with pytest.raises(FileInUse, match="longtake recover"):
            lt.open(path)
        writer.stdin.close()
        writer.wait()
    with pytest.raises(OSError, match="h5clear"):
        h5py.File(path)
    before = path.read_bytes()
    report = recover(path)
    assert (report.kept, report.lost) == (("/data: (300, 100) float64",), ())
    assert path.read_bytes() == before
    recover(path, in_place=True)
    for file in (path, report.path):
        with h5py.File(file) as h5:
            assert np.array_equal(h5["data"][:, 0], np.repeat(np.arange(30.0), 10))
        with h5py.File(file, "a") as h5:
            h5["more"] = 1


def flag(path) -> Superblock:
    """Mark a closed file as being written, as a crash leaves it."""
    block = replace(Superblock.parse(path.read_bytes()[:SIZE]), flags=5)
    with path.open("r+b") as file:
        file.write(block.pack())
    return block


def test_what_cannot_be_put_right_is_left_as_it_was(tmp_path):
    path = tmp_path / "f.h5"
    with h5py.File(path, "w", libver="latest") as h5:
        h5["x"] = np.arange(9)
    root = flag(path).root
    with path.open("r+b") as file:
        file.seek(root)
        file.write(bytes(16))
    before = path.read_bytes()
    for in_place in (False, True):
        with pytest.raises(DamagedFile, match="no longer marked"):
            recover(path, in_place=in_place)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_read_is_told_as_lost(tmp_path):
    path = tmp_path / "f.h5"
    with h5py.File(path, "w", libver="latest") as h5:
        h5["whole"] = np.arange(9)
        place = h5py.h5o.get_info(h5.create_dataset("torn", data=np.arange(9)).id).addr
    flag(path)
    with path.open("r+b") as file:
        file.seek(place)
        file.write(bytes(16))
    report = recover(path)
    assert report.kept == ("/whole: (9,) int64",)
    assert len(report.lost) == 1
    assert "/torn" in report.lost[0]


def test_files_that_need_nothing_and_files_that_are_none(tmp_path):
    with h5py.File(tmp_path / "plain.h5", "w") as h5:
        h5["x"] = np.arange(3)
    report = recover(tmp_path / "plain.h5")
    assert (report.was_needed, report.kept) == (False, ("/x: (3,) int64",))
    with pytest.raises(NotFound):
        recover(tmp_path / "none.h5")
    (tmp_path / "text").write_text("text")
    with pytest.raises(NotALongtakeFile):
        recover(tmp_path / "text")
    assert {file.name for file in tmp_path.iterdir()} == {"plain.h5", "text"}
