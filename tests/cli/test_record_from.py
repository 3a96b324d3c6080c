"""`longtake record --from`: the file of another process, while it is written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import longtake as lt
from tests.follow.swmr_writer import frame_of, writing


def recorder(folder, source, *more):
    code = "from longtake.cli import main; main()"
    command = [sys.executable, "-c", code, "record", str(folder), "--from", str(source), *more]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=os.environ, text=True, **pipes)


def wait_for(folder, points):
    deadline = time.monotonic() + 60
    while True:
        assert time.monotonic() < deadline
        found = list(folder.glob("scan_recording.h5"))
        if found:
            with lt.open(found[0]) as view:
                if "data" in view.frame_streams and len(view.frame_streams.data) >= points:
                    return found[0]
        time.sleep(0.02)


def check(path, points):
    with lt.open(path) as view:
        frames = view.frame_streams.data
        assert list(frames) == list(range(points))
        for index in range(points):
            assert np.array_equal(frames[index], frame_of(index, (6, 7)))
        return view.state


@pytest.mark.parametrize("kind", [None, "blosc2"])
def test_until_the_writer_is_done(tmp_path, kind):
    source, folder = tmp_path / "scan.h5", tmp_path / "out"
    told = {"filter": kind, "pause_at": [100], "interval": 0.0005}
    with writing(source, **told) as writer, recorder(folder, source) as process:
        assert writer.said() == "99"
        wait_for(folder, 100)  # while the writer pauses
        writer.go()
        said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "finished, 300 points" in said
    assert check(folder / "scan_recording.h5", 300) == "complete"


def test_stopped_and_killed_and_gone_on_with(tmp_path):
    source, folder = tmp_path / "scan.h5", tmp_path / "out"
    with writing(source, pause_at=[100, 200]) as writer:
        for pause, end in ((100, signal.SIGINT), (200, signal.SIGKILL)):
            assert writer.said() == str(pause - 1)
            with recorder(folder, source) as process:
                path = wait_for(folder, pause)
                process.send_signal(end)
                said, _ = process.communicate(timeout=60)
                if end == signal.SIGINT:
                    assert (process.returncode, "stopped, 100 points" in said) == (0, True)
            writer.go()
        with recorder(folder, source) as process:
            said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "finished, 300 points" in said
    check(path, 300)


def test_a_writer_that_is_killed(tmp_path):
    source, folder = tmp_path / "scan.h5", tmp_path / "out"
    with writing(source, pause_at=[100]) as writer:
        assert writer.said() == "99"
        writer.kill()
        with recorder(folder, source, "--timeout", "0.5") as process:
            _, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "the writer ended without finishing the file: 100 points" in errors
    assert check(folder / "scan_recording.h5", 100) == "aborted"
