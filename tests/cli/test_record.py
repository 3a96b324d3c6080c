"""`longtake record`, as a command."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
from typer.testing import CliRunner

import longtake as lt
from longtake.cli.app import app


def only_file(folder: Path) -> Path:
    (path,) = folder.glob("*.h5")
    return path


def test_a_second_of_everything(tmp_path):
    ran = CliRunner().invoke(
        app, ["record", str(tmp_path / "new"), "--seconds", "1", "--accelerated"]
    )
    assert ran.exit_code == 0, ran.output
    assert "complete, 1.0 s, 25000 frames of samples" in ran.output
    with h5py.File(only_file(tmp_path / "new")) as h5:
        assert h5["samples"].shape == (25_000, 64)
        assert h5["spikes"].dtype.names == ("timestamp", "channel", "samples")


def test_ctrl_c_completes_the_file(tmp_path):
    code = "from longtake.cli import main; main()"
    command = [sys.executable, "-c", code, "record", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not any(tmp_path.glob("*.h5")) or b"recording" not in read_live(only_file(tmp_path)):
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert ": complete, " in said
    with lt.open(only_file(tmp_path)) as view:
        assert view.state == "complete"
        assert len(view.samples) == view.attributes.duration_frames


def read_live(path: Path) -> bytes:
    with lt.open(path) as view:
        return view.state.encode() if view.samples is not None and len(view.samples) else b""


def test_a_source_that_is_not_there(tmp_path):
    ran = CliRunner().invoke(app, ["record", str(tmp_path), "--source", "nope"])
    assert ran.exit_code == 1
    assert "there is no source 'nope'" in str(ran.exception)
    assert not list(tmp_path.iterdir())
