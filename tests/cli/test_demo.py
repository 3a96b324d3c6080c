"""``longtake demo`` and the command's own manners."""

from __future__ import annotations

import re
import subprocess
import sys

import pandas as pd
import pytest

import longtake as lt
from longtake.framewise import FramewiseStore
from longtake.tracking import track
from longtake.tracking.simulation import BrownianMovie


def run(*arguments: str, cwd) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from longtake.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def test_the_demo_finds_the_truth(tmp_path):
    done = run("demo", "--frames", "300", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    off = float(re.search(r"true \(([+-][\d.]+) %\)", done.stdout)[1])
    assert abs(off) < 5
    found, linked = (float(m) for m in re.findall(r"([\d.]+) % of", done.stdout))
    assert found > 99
    assert linked > 99
    assert "300 frames, 300 states of the game" in done.stdout
    with FramewiseStore(tmp_path / "longtake-demo.h5", mode="r") as store:
        assert len(store) == 300
    with lt.open(tmp_path / "longtake-demo-run.h5") as recorded:
        assert recorded.state == "complete"
        assert len(recorded.frame_streams.camera) == len(recorded.data_streams.game) == 300


def test_help_and_version(tmp_path):
    for arguments in (["--help"], ["track", "--help"], ["--version"]):
        done = run(*arguments, cwd=tmp_path)
        assert done.returncode == 0
        assert "longtake" in done.stdout
    assert run("nonsense", cwd=tmp_path).returncode == 2


def test_the_demo_replaces_only_its_own_file(tmp_path):
    short = ("demo", "--frames", "3", "--particles", "5")
    for _ in range(2):
        assert run(*short, cwd=tmp_path).returncode == 0
    (tmp_path / "thesis.txt").write_text("precious")
    done = run(*short, "-o", "thesis.txt", cwd=tmp_path)
    assert done.returncode == 1
    assert "not made by this demo" in " ".join(done.stderr.split())
    assert (tmp_path / "thesis.txt").read_text() == "precious"
    assert run(*short, "-o", "still.h5", "--diffusion", "0", cwd=tmp_path).returncode == 0


def test_the_demo_keeps_a_recording_of_somebody_else(tmp_path):
    with lt.record(tmp_path / "longtake-demo-run.h5") as recording:
        recording.create_frame_stream("camera", (4, 4), "u1")
    before = (tmp_path / "longtake-demo-run.h5").read_bytes()
    assert run("demo", "--frames", "3", cwd=tmp_path).returncode == 1
    assert (tmp_path / "longtake-demo-run.h5").read_bytes() == before
    assert not (tmp_path / "longtake-demo.h5").exists()


def test_the_demo_keeps_results_that_look_like_its_own(tmp_path):
    """Whoever tried the demo will try its parameters on a movie of their own."""
    movie = BrownianMovie(frames=3, shape=(128, 128), particles=3)
    track(movie, 9, 5, tmp_path / "mine.h5", minmass=100)
    before = (tmp_path / "mine.h5").read_bytes()
    done = run("demo", "--frames", "3", "-o", "mine.h5", cwd=tmp_path)
    assert done.returncode == 1
    assert "not made by this demo" in " ".join(done.stderr.split())
    assert (tmp_path / "mine.h5").read_bytes() == before


def test_the_demo_keeps_what_was_added_to_its_file(tmp_path):
    short = ("demo", "--frames", "3", "--particles", "5")
    assert run(*short, cwd=tmp_path).returncode == 0
    table = pd.DataFrame({"y": [1.0], "x": [2.0], "frame": 7})
    with FramewiseStore(tmp_path / "longtake-demo.h5", name="mine") as store:
        store.put(table)
        assert run(*short, cwd=tmp_path).returncode == 1  # it is being written, too
    assert run(*short, cwd=tmp_path).returncode == 1
    with FramewiseStore(tmp_path / "longtake-demo.h5", name="mine", mode="r") as store:
        assert store.frames == [7]


@pytest.mark.parametrize("damaged", [b"", b"\x89HDF\r\n\x1a\n" + bytes(3000)])
def test_the_demo_keeps_what_it_cannot_read(tmp_path, damaged):
    (tmp_path / "a.h5").write_bytes(damaged)
    assert run("demo", "--frames", "3", "-o", "a.h5", cwd=tmp_path).returncode == 1
    assert (tmp_path / "a.h5").read_bytes() == damaged
