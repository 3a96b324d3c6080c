"""Recordings as trees: while they are written, finished, and left by a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import longtake as lt
import longtake.tree as tt
from longtake.errors import DamagedFile

IMAGE = np.ones((8, 8), "u1")
CRASH = """
import os, signal, sys
import longtake as lt
game = lt.record(sys.argv[1]).create_data_stream("game")
for key in range(1000):
    game.append(key, {"x": key})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_rows_in_use_while_it_is_written(tmp_path):
    path = tmp_path / "run.h5"
    with lt.record(path) as recording:
        camera = recording.create_frame_stream("camera", IMAGE.shape, "u1")
        for key in range(50):
            camera.append(key, key * IMAGE)
        with tt.open_file(path) as file:
            stream = file.root.frame_stream.camera
            assert (stream.data.shape, stream.index.nrows) == ((50, 8, 8), 50)
            assert stream.key.read().tolist() == [1] * 50
            assert file.root.finished.read().tolist() == [0]
            assert stream.index[-1]["timestamp"] == 49
            camera.append(50, IMAGE)
            assert (stream.data.shape, len(stream.data.read())) == ((51, 8, 8), 51)


def test_a_finished_recording_is_added_to_and_goes_on(tmp_path):
    path = tmp_path / "run.h5"
    with lt.record(path) as recording:
        camera = recording.create_frame_stream("camera", IMAGE.shape, "u1")
        for key in range(50):
            camera.append(key, key * IMAGE)
    with tt.open_file(path, "a") as file:
        means = file.root.frame_stream.camera.data[:].mean(axis=(1, 2))
        file.create_array("/analysis", "means", means, createparents=True)
    with lt.record(path, append=True) as recording:
        recording.frame_streams.camera.append(50, IMAGE)
    with lt.open(path) as view:
        assert view.state == "complete"
        assert view.frame_streams.camera[50].tolist() == IMAGE.tolist()
        assert view.file.root.analysis.means[:].tolist() == list(range(50))
    assert lt.check(path).is_whole


def test_what_a_crash_left_is_read_and_not_written(tmp_path):
    path = tmp_path / "run.h5"
    done = subprocess.run([sys.executable, "-c", CRASH, os.fspath(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    with tt.open_file(path) as file:
        assert file.root.data_stream.game.index.nrows == 1000
    with pytest.raises(DamagedFile, match="append=True"):
        tt.open_file(path, "a")
    lt.record(path, append=True).stop()
    with tt.open_file(path, "a") as file:
        assert file.root.data_stream.game.index.nrows == 1000
