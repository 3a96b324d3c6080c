"""A file that another program writes, or left when it was killed: one sentence wherever it is met."""

from __future__ import annotations

import fcntl
import subprocess
import sys

import h5py
import pytest

from longtake.cli.info import describe
from longtake.errors import DamagedFile, FileInUse
from longtake.framewise import PandasHDFStore
from longtake.hdf.plain_file import open_to_read
from longtake.hdf.writer_of_other import in_use_or_left
from longtake.recording.check import check

DOORS = {
    "open": open_to_read,
    "info": describe,
    "check": check,
    "store": lambda path: PandasHDFStore(path, mode="r"),
    "store to write": lambda path: PandasHDFStore(path, mode="a"),
    "store anew": lambda path: PandasHDFStore(path, mode="w"),
}

WRITER = """
import sys, h5py
file = h5py.File(sys.argv[1], "w", libver="latest")
file.create_dataset("x", (9,), "f4", maxshape=(None,), chunks=(3,))
if sys.argv[2] == "swmr":
    file.swmr_mode = True
file.flush()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=["swmr", "locked"])
def writer(request, tmp_path):
    path = tmp_path / "a.h5"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, path, request.param],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield path, process
        process.kill()


@pytest.mark.parametrize("door", DOORS)
def test_who_writes_it_is_named_and_then_that_nobody_does(writer, door):
    path, process = writer
    with pytest.raises(FileInUse, match=rf"a\.h5 is being written by process {process.pid}: wait"):
        DOORS[door](path)
    process.kill()
    process.wait()
    before = path.read_bytes()
    if door == "check":
        report = check(path)
        assert report.state == "unreadable"
        said = report.verdict()
    elif door == "store anew":
        return
    else:
        with pytest.raises(DamagedFile) as caught:
            DOORS[door](path)
        said = str(caught.value)
    assert f"{path} was left by a crash" in said
    assert f"`longtake recover {path}`" in said
    assert path.read_bytes() == before


def test_a_file_that_is_only_read_elsewhere(tmp_path):
    path = tmp_path / "a.h5"
    PandasHDFStore(path).close()
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)  # as HDF5 does where it reads
        with pytest.raises(FileInUse, match="is open in another process: wait"):
            PandasHDFStore(path, mode="a")


def test_this_process(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest") as h5:
        h5.swmr_mode = True
        error = in_use_or_left(path, OSError("(may use <h5clear file> to clear …)"))
    assert str(error) == f"{path} is being written by this process: wait until it is closed there"


def test_other_errors_are_none_of_these(tmp_path):
    path = tmp_path / "a.h5"
    path.touch()
    assert in_use_or_left(path, OSError("truncated file")) is None
