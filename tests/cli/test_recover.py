"""``longtake recover``."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from longtake.cli.app import app
from tests.recording.runs import begin


def test_what_was_kept_is_said(tmp_path):
    run = CliRunner().invoke
    path = tmp_path / "run.h5"
    begin(path, 20)._file._file.abandon()
    done = run(app, ["recover", str(path)])
    assert done.exit_code == 0
    assert f"put right in a copy, {tmp_path / 'run.recovered.h5'}; nothing was lost" in done.output
    assert "  kept  /data_stream/game: 20 entries\n" in done.output
    found = json.loads(run(app, ["recover", str(path), "--in-place", "--json"]).output)
    assert (found["path"], found["was_needed"], found["lost"]) == (str(path), True, [])
    assert "nothing to put right" in run(app, ["recover", str(path)]).output
