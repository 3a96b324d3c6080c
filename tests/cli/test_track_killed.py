"""A run that is killed again and again ends with what one run would have stored."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
import tables
import tifffile

from longtake.errors import LongtakeError
from longtake.framewise import FramewiseStore
from longtake.streams import StreamFileView
from longtake.tracking.simulation import BrownianMovie

FRAMES = 400
KILLS = 6
DEADLINE_S = 120


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    path = tmp_path_factory.mktemp("movie") / "stack.tif"
    movie = BrownianMovie(frames=FRAMES, shape=(192, 192), particles=20, seed=5)
    tifffile.imwrite(path, np.array(list(movie)), photometric="minisblack")
    return path


def start(stack, out, **pipes: int) -> subprocess.Popen:
    command = "import sys; from longtake.cli import main; main()"
    arguments = ["track", str(stack), "-d", "9", "-r", "6", "-m", "2", "-o", str(out), "--resume"]
    return subprocess.Popen(
        [sys.executable, "-c", command, *arguments], stdout=subprocess.DEVNULL, **pipes
    )


def frames_in(out) -> list[int]:
    """The frames that a reader sees at this moment."""
    try:
        with FramewiseStore(out, mode="r") as store:
            return store.frames
    except LongtakeError:  # not there yet
        return []


def wait_for(out, count: int, run: subprocess.Popen) -> list[int]:
    """Wait until a reader sees so many frames, or the run has ended."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        seen = frames_in(out)
        if len(seen) >= count or run.poll() is not None:
            return seen
    raise AssertionError(f"only {len(seen)} of {count} frames after {DEADLINE_S} s")


def content(out) -> dict[str, np.ndarray]:
    found = {}
    with h5py.File(out) as h5:
        h5["record_stream"].visititems(
            lambda name, node: found.update({name: node[()]} if hasattr(node, "shape") else {})
        )
    return found


def test_killed_runs_end_like_one(tmp_path, stack):
    whole, out = tmp_path / "whole.h5", tmp_path / "out.h5"
    assert start(stack, whole).wait(DEADLINE_S) == 0
    moments = random.Random(7)
    kills = 0
    while kills < KILLS:
        run = start(stack, out)
        seen = wait_for(out, len(frames_in(out)) + moments.randint(1, FRAMES // KILLS), run)
        if run.poll() is not None:
            break
        run.kill()
        run.wait()
        kills += 1
        assert seen == frames_in(out)[: len(seen)], "a finished frame was lost"
        with h5py.File(out) as h5:
            assert h5["record_stream/features/x"][()].size >= len(seen)
        with tables.open_file(str(out)) as h5:
            index = h5.root.record_stream.features.index.read()
            assert index["timestamp"][: len(seen)].tolist() == seen
    assert kills >= 2
    run = start(stack, out)
    assert run.wait(DEADLINE_S) == 0
    expected, found = content(whole), content(out)
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_ctrl_c_leaves_a_good_file(tmp_path, stack):
    out = tmp_path / "out.h5"
    run = start(stack, out, stderr=subprocess.PIPE)
    seen = wait_for(out, 10, run)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=DEADLINE_S)
    assert run.returncode == 130
    assert b"--resume" in said
    assert b"Traceback" not in said
    with StreamFileView(out) as view:
        assert view.was_closed
        kept = view.record_streams["features"].keys().tolist()
    assert kept[: len(seen)] == seen
    assert len(kept) < FRAMES
