"""The mark of a writer and the end of file are put right together."""

from __future__ import annotations

import os
from dataclasses import replace

import h5py
import numpy as np
import pytest

from longtake.errors import WriteFailed
from longtake.hdf.flagged_file import is_flagged, unflagged, writers_of
from longtake.hdf.raw_file import RawFile
from longtake.hdf.superblock import SIZE, Superblock


@pytest.fixture
def left(tmp_path):
    """A file as a killed SWMR writer leaves it."""
    path = tmp_path / "left.h5"
    with h5py.File(tmp_path / "swmr.h5", "w", libver="latest") as h5:
        data = h5.create_dataset("x", (0,), "i8", maxshape=(None,), chunks=(1000,))
        h5.swmr_mode = True
        for i in range(20):
            data.resize(1000 * i + 1000, axis=0)
            data[-1000:] = i
            data.flush()
        path.write_bytes((tmp_path / "swmr.h5").read_bytes())
    return path


def test_the_true_end_is_told_with_the_mark_cleared(left):
    raw = RawFile.writing(left)
    assert is_flagged(raw)
    assert Superblock.parse(raw.read(0, SIZE)).end_of_file < raw.size
    with unflagged(raw) as size:
        assert size == raw.size
        assert not is_flagged(raw)
    assert not is_flagged(raw)
    assert Superblock.parse(raw.read(0, SIZE)).end_of_file == raw.size
    raw.close()
    with h5py.File(left, "a") as h5:
        assert np.array_equal(h5["x"][:], np.repeat(np.arange(20), 1000))


@pytest.mark.parametrize("cut", [0, 3000, 100_000])
def test_a_file_is_as_it_was_when_what_is_done_with_it_fails(left, cut):
    with h5py.File(left.with_name("closed.h5"), "w", libver="latest") as h5:
        h5["x"] = np.arange(20_000)
    flagged = replace(Superblock.parse(left.with_name("closed.h5").read_bytes()[:SIZE]), flags=5)
    left.write_bytes(flagged.pack() + left.with_name("closed.h5").read_bytes()[SIZE:])
    os.truncate(left, left.stat().st_size - cut)
    before = left.read_bytes()
    raw = RawFile.writing(left)

    def fail() -> None:
        with unflagged(raw) as size:
            assert (size, raw.size) == (len(before), len(before) + cut)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    raw.close()
    assert left.read_bytes() == before


def test_a_file_is_as_it_was_when_the_disk_fails(left, monkeypatch):
    before = left.read_bytes()
    raw = RawFile.writing(left)
    write, failed = RawFile.write, []

    def fail_once(self, offset, data):
        if not failed:
            failed.append(offset)
            write(self, offset, data[:20])
            raise WriteFailed("broken")
        write(self, offset, data)

    monkeypatch.setattr(RawFile, "write", fail_once)
    with pytest.raises(WriteFailed), unflagged(raw):
        pass
    raw.close()
    assert left.read_bytes() == before


def test_other_files_are_not_flagged(tmp_path):
    with h5py.File(tmp_path / "old.h5", "w", libver="earliest") as h5:
        h5["x"] = 1
    (tmp_path / "text").write_text("text")
    for name in ("old.h5", "text"):
        raw = RawFile.reading(tmp_path / name)
        assert not is_flagged(raw)
        raw.close()


def test_writers_are_those_that_may_write(tmp_path):
    path = tmp_path / "f"
    path.touch()
    with path.open("rb"):
        assert writers_of(path) == []
        with path.open("r+b"):
            assert writers_of(path) == [os.getpid()]
    assert writers_of(path) == []
