"""What a crash left is put right, and what was kept and lost is said."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest

import longtake as lt
from longtake.errors import (
    AlreadyExists,
    DamagedFile,
    FileChangedElsewhere,
    FileInUse,
    NotALongtakeFile,
    NotFound,
)
from longtake.hdf import journal
from longtake.hdf.raw_file import RawFile
from longtake.hdf.superblock import SIZE, Superblock
from longtake.recording.check import check
from longtake.recording.recover import recover
from tests.recording.runs import begin, comparable, contents

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
        with pytest.raises(FileInUse, match=str(writer.pid)):
            lt.open(path)
        writer.stdin.close()
        writer.wait()
    with pytest.raises(DamagedFile, match="longtake recover"):
        lt.open(path)
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


_LARGE_SWMR = """
import h5py, numpy as np, os, signal, sys
h5 = h5py.File(sys.argv[1], "w", libver="latest")
data = h5.create_dataset("x", (0,), "f8", maxshape=(None,), chunks=(4096,))
h5["small"] = np.arange(1, 10)
h5.swmr_mode = True
data.resize((200_000,))
data[:] = np.arange(1, 200_001)
data.flush()
h5.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("in_place", [False, True])
def test_what_a_swmr_file_was_cut_short_by_is_lost(tmp_path, in_place):
    path = tmp_path / "cut.h5"
    subprocess.run([sys.executable, "-c", _LARGE_SWMR, str(path)], check=False)
    size = path.stat().st_size
    os.truncate(path, size - 300_000)
    report = recover(path, in_place=in_place)
    with h5py.File(report.path) as h5:
        zeros = int((h5["x"][:] == 0).sum())
    assert zeros > 30_000
    assert report.kept == ("/small: (9,) int64", "/x: (200000,) float64")
    assert report.lost == (
        f"the last 300000 of {size} bytes, which were cut off",
        f"/x: {8 * zeros} of its 1600000 bytes, which were cut off and read as zeros now",
    )
    assert "nothing was lost" not in report.verdict()
    assert path.stat().st_size == (size if in_place else size - 300_000)


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


def test_a_file_that_was_cut_short_too_is_left_as_it_was(tmp_path):
    path = tmp_path / "f.h5"
    with h5py.File(path, "w", libver="latest") as h5:
        h5["x"] = np.arange(9)
    os.truncate(path, flag(path).root)
    before = path.read_bytes()
    for in_place in (False, True):
        with pytest.raises(DamagedFile, match=r"/f\.h5 cannot be read even when it is no longer"):
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
    for read in (recover, check, lt.open):
        with pytest.raises(NotALongtakeFile, match="give the name of a recording"):
            read(tmp_path / "text")
    for read in (check, lt.open):
        with pytest.raises(NotALongtakeFile, match="without streams; give the name of a recording"):
            read(tmp_path / "plain.h5")
    with pytest.raises(NotALongtakeFile, match="is a folder"):
        recover(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"plain.h5", "text"}


def spoil(path, node: str) -> None:
    """Make the object at that path unreadable."""
    with h5py.File(path) as h5:
        place = h5py.h5o.get_info(h5[node].id).addr
    with path.open("r+b") as file:
        file.seek(place)
        file.write(bytes(16))


@pytest.mark.parametrize("in_place", [False, True])
def test_a_damaged_stream_is_told_and_the_others_are_put_right(tmp_path, in_place):
    path = tmp_path / "run.h5"
    left_by_a_crash(path)
    expected = contents(path)
    spoil(path, "data_stream/game/data")
    del expected["/data_stream/game"]
    with pytest.raises(DamagedFile, match=r"run\.h5: nothing can .* for /data_stream/game is"):
        lt.record(path, append=True)
    before = path.read_bytes()
    report = recover(path, in_place=in_place)
    assert [kept.split(":")[0] for kept in report.kept] == list(expected)
    (lost,) = report.lost
    assert lost.startswith("/data_stream/game: ")
    assert in_place or path.read_bytes() == before
    with lt.open(report.path) as view:
        assert view.state == "recovered"
        with pytest.raises(DamagedFile):
            view.data_streams.game[0]
        for group, (_, items) in expected.items():
            stream = getattr(view, f"{group.split('/')[1]}s")[group.split("/")[2]]
            assert [comparable(item) for item in stream.items()] == items
    again = recover(report.path)
    assert not again.was_needed
    assert len(again.lost) == 1


def by_damaged_structure(path) -> None:
    """The header of the root; its streams are found, but nothing can be written to it."""
    with h5py.File(path) as h5:
        place = h5py.h5o.get_info(h5.id).addr
    change_byte(path, place + 40)


def by_another_program(path) -> None:
    """A byte of the structure that is neither what it was before the last change nor after."""
    raw = RawFile.reading(path)
    edit = next(edit for edit in journal.read(raw)[-1].edits if edit.offset > 0)
    raw.close()
    change_byte(path, edit.offset)


def change_byte(path, place: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        (byte,) = file.read(1)
        file.seek(place)
        file.write(bytes([byte ^ 0x81]))


@pytest.mark.parametrize("harm", [by_damaged_structure, by_another_program])
def test_what_is_wrong_is_told_of_the_file_that_was_given(tmp_path, harm):
    """Not of the copy, which is gone."""
    path = tmp_path / "run.h5"
    left_by_a_crash(path)
    harm(path)
    with pytest.raises((DamagedFile, FileChangedElsewhere), match=r"/run\.h5 ") as told:
        recover(path)
    assert "recovered" not in str(told.value)
    assert list(tmp_path.iterdir()) == [path]
