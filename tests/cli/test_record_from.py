"""`longtake record --from`: the file of another process, while it is written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from typer.testing import CliRunner

import longtake as lt
from longtake.cli.app import app
from longtake.errors import InvalidArgument
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


def test_what_goes_with_from_does_not_go_without(tmp_path):
    for option in ("--key", "--finished", "--data", "--timeout"):
        with pytest.raises(InvalidArgument, match="go with --from"):
            CliRunner().invoke(
                app,
                ["record", str(tmp_path), option, "3"],
                standalone_mode=False,
                catch_exceptions=False,
            )
    assert list(tmp_path.iterdir()) == []


def test_a_recording_of_our_own_is_not_taken_for_a_scan(tmp_path):
    with lt.record(tmp_path / "run.h5") as recording:
        recording.create_frame_stream("camera", (2, 2), "u1")
    with pytest.raises(InvalidArgument, match="longtake's own: follow it"):
        CliRunner().invoke(
            app,
            ["record", str(tmp_path), "--from", str(tmp_path / "run.h5")],
            catch_exceptions=False,
        )
    assert [path.name for path in tmp_path.iterdir()] == ["run.h5"]
