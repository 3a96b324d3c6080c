"""``longtake check``."""

from __future__ import annotations

import json

import h5py
from typer.testing import CliRunner

from longtake.cli.app import app
from tests.recording.runs import begin


def test_a_verdict_in_a_line_details_and_json(tmp_path):
    run = CliRunner().invoke
    path = tmp_path / "run.h5"
    begin(path, 20).stop()
    done = run(app, ["check", str(path)])
    assert (done.exit_code, done.output.count("\n")) == (0, 1)
    assert "is whole: 4 streams, 45 entries" in done.output
    assert (
        "/data_stream/game: 20 entries, keys 0 to 19" in run(app, ["check", str(path), "-v"]).output
    )
    assert json.loads(run(app, ["check", str(path), "--json"]).output)["is_whole"] is True
    with h5py.File(path, "r+") as h5:
        h5["data_stream/game/data"][...] = 0xC1
    done = run(app, ["check", str(path), "--details"])
    assert done.exit_code == 1
    assert "is damaged (20 problems): /data_stream/game, row 0 (key 0)" in done.output
    assert "row 19 (key 19): its data do not have their checksum" in done.output
    found = json.loads(run(app, ["check", str(path), str(path), "--json"]).output)
    assert [report["is_whole"] for report in found] == [False, False]
