"""``longtake pack``."""

from __future__ import annotations

import json

import h5py
from typer.testing import CliRunner

import longtake as lt
from longtake.cli.app import app
from tests.recording.runs import begin


def test_a_packed_copy(tmp_path):
    run = CliRunner().invoke
    path, packed = tmp_path / "run.h5", tmp_path / "packed.h5"
    begin(path, 20).stop()
    done = run(app, ["pack", str(path), "-o", str(packed)])
    assert done.exit_code == 0
    assert "verified (45 entries in 4 streams)" in done.output
    with lt.open(packed) as view:
        assert view.data_streams.game[7]["t"] == 7
    arguments = ["pack", str(path), "-o", str(tmp_path / "g.h5"), "--codec", "gzip", "--json"]
    assert json.loads(run(app, arguments).output)["found"]["is_whole"] is True
    assert run(app, ["pack", str(path), "-o", str(packed)]).exit_code == 1


def test_what_was_not_copied_is_listed(tmp_path):
    path = tmp_path / "run.h5"
    begin(path, 20).stop()
    with h5py.File(path, "a") as h5:
        part = h5["frame_stream/camera/data"].regionref[:1]
        h5.attrs.create("part", part, dtype=h5py.regionref_dtype)
    done = CliRunner().invoke(app, ["pack", str(path), "-o", str(tmp_path / "packed.h5")])
    assert done.exit_code == 0
    assert "  not copied  attribute 'part' of /: it refers to a part of a dataset\n" in done.output
