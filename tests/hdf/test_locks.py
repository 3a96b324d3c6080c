"""One writer at a time, whatever becomes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from longtake.errors import Closed, FileInUse
from longtake.hdf import LiveFile, Snapshot
from tests.hdf.make import append, file_with, found_datasets

WRITER = """
import sys
from pathlib import Path
from longtake.hdf import LiveFile
file = LiveFile.open(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "f.h5"
    file, (one,) = file_with(path, "one")
    append(one, np.arange(5))
    file.close()
    return path


@pytest.fixture
def writer(path):
    """Another process that writes the file."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_told_who_writes(path, writer):
    before = path.read_bytes()
    with pytest.raises(FileInUse, match=rf"f\.h5 is being written by process {writer.pid}\b"):
        LiveFile.open(path)
    assert path.read_bytes() == before


def test_a_second_writer_in_this_process_is_refused(path):
    file = LiveFile.open(path)
    for _ in range(2):
        with pytest.raises(FileInUse, match=str(os.getpid())):
            LiveFile.open(path)
    file.close()
    LiveFile.open(path).close()


def test_other_programs_may_read_but_not_write(path, writer):
    with h5py.File(path, "r") as h5:
        assert h5["columns/one"][:].tolist() == [0, 1, 2, 3, 4]
    for mode in ("r+", "a"):
        with pytest.raises(OSError, match="lock"):
            h5py.File(path, mode)
    with Snapshot(path) as snapshot:
        assert snapshot.is_being_written


def test_a_reader_of_another_kind_does_not_take_the_lock(path):
    file = LiveFile.open(path)
    for _ in range(2):
        with h5py.File(path, "r"), Snapshot(path) as snapshot:
            assert snapshot.is_being_written
    with pytest.raises(FileInUse):
        LiveFile.open(path)
    with pytest.raises(OSError, match="lock"):
        h5py.File(path, "r+")
    file.close()


def test_another_program_that_writes_keeps_us_out(path):
    with h5py.File(path, "r+"), pytest.raises(FileInUse, match="process"):
        LiveFile.open(path)
    LiveFile.open(path).close()


def test_the_lock_ends_with_a_killed_process(path, writer):
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    with Snapshot(path) as snapshot:
        assert not snapshot.is_being_written
    LiveFile.open(path).close()


def test_the_lock_ends_with_close_and_with_a_refused_open(path):
    file = LiveFile.open(path)
    file.close()
    with Snapshot(path) as snapshot:
        assert not snapshot.is_being_written
    other = path.with_name("other.h5")
    h5py.File(other, "w").close()
    with pytest.raises(ValueError, match="not made by longtake"):
        LiveFile.open(other)
    h5py.File(other, "r+").close()


def test_a_forked_child_leaves_the_file_to_its_parent(path):
    """It neither writes to the file, nor finishes it, nor keeps its lock."""
    file = LiveFile.open(path)
    end_read, end_write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            try:
                file.change(lambda _: [])
            except Closed:
                status = 0
            os.close(end_write)
            os.read(end_read, 1)
            file.close()
        finally:
            os._exit(status)
    os.close(end_read)
    try:
        with Snapshot(path) as snapshot:
            assert snapshot.is_being_written
        file.change(lambda _: [])
        file.close()
        file = LiveFile.open(path)  # although the child is still there
        (one,) = found_datasets(file)
        file.grow({one: 600})
        append(one, np.arange(595))
    finally:
        os.close(end_write)
        assert os.waitpid(child, 0)[1] == 0
    file.close()
    with h5py.File(path) as h5:
        assert h5["columns/one"].shape == (600,)


READER = """
import h5py, sys
file = h5py.File(sys.argv[1], "r")
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def reader(path, writer):
    """Another program that reads the file, whose lock the writer's is like."""
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_a_reader_is_not_taken_for_the_writer(path, writer, reader):
    with Snapshot(path), h5py.File(path, "r"), pytest.raises(FileInUse) as told:
        LiveFile.open(path)
    assert f"is being written by process {writer.pid}: wait" in str(told.value)


def test_another_program_that_writes_is_named_alone(path):
    with h5py.File(path, "r+"), Snapshot(path), pytest.raises(FileInUse) as told:
        LiveFile.open(path)
    assert f"is being written by process {os.getpid()}: wait" in str(told.value)
