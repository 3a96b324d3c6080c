"""What the system tells of a file's opens."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys

from longtake.hdf.open_files import opens_of

HOLD = "import sys; file = open(sys.argv[1]); print('ready', flush=True); sys.stdin.read()"


def test_every_open_of_a_file_and_of_no_other(tmp_path):
    path, other = tmp_path / "f", tmp_path / "g"
    path.touch()
    other.touch()
    assert list(opens_of(path.stat())) == []
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        with path.open(), path.open(), other.open():
            found = sorted(pid for pid, _ in opens_of(path.stat()))
        assert found == sorted([process.pid, os.getpid(), os.getpid()])
        process.kill()


def test_how_a_file_is_open(tmp_path):
    path = tmp_path / "f"
    path.touch()
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        ((_, lines),) = opens_of(path.stat())
    said = {words[0]: words[1:] for words in lines}
    assert int(said["flags:"][0], 8) & os.O_ACCMODE == os.O_RDWR
    assert (said["lock:"][1], said["lock:"][3], said["lock:"][6]) == ("FLOCK", "WRITE", "0")
