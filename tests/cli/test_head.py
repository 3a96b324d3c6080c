"""``longtake head`` and ``longtake tail``."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from longtake.cli.app import app
from longtake.cli.entry_lines import plain
from longtake.errors import KeyNotFound
from tests.recording.runs import TABLE, begin


@pytest.fixture
def path(tmp_path):
    begin(tmp_path / "run.h5", 40).stop()
    return str(tmp_path / "run.h5")


def lines(*arguments: str) -> list[str]:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output.splitlines()


def test_the_first_and_the_last_entries(path):
    assert [line.split()[0] for line in lines("head", path, "game", "-n", "3")] == ["0", "1", "2"]
    assert [line.split()[0] for line in lines("tail", path, "game")] == [
        str(t) for t in range(30, 40)
    ]
    assert lines("tail", path, "game", "-n", "0") == []
    assert len(lines("head", path, "camera", "-n", "1")[0]) < 220
    (found,) = lines("tail", path, "data_stream/game", "-n", "1", "--json")
    assert json.loads(found) == {
        "key": 39,
        "value": {"t": 39, "ball": [39 / 7, None], "v": [0, 39, 78]},
    }
    (found,) = lines("head", path, "spikes", "-n", "1", "--json")
    assert json.loads(found) == {"key": 0, "value": {"channel": [], "height": []}}


def test_it_must_be_said_which_stream(path):
    for name in ((), ("nothing",)):
        with pytest.raises(KeyNotFound, match="data_stream/game"):
            lines("head", path, *name)


def test_values_as_json():
    rows = np.zeros(1, TABLE)
    assert plain({"a": (1, b"\x01"), 2: np.float32(0.5), "r": rows}) == {
        "a": [1, "01"],
        "2": 0.5,
        "r": [{"a": 0, "b": 0.0}],
    }
    assert plain([float("nan"), np.inf, 1 + 2j, None]) == [None, None, "(1+2j)", None]


def test_tail_goes_on_until_the_writer_stops(tmp_path):
    path = tmp_path / "live.h5"
    recording = begin(path, 5)
    command = [sys.executable, "-m", "longtake.cli.app", "tail", str(path), "game", "-f", "--json"]
    command[1:3] = ["-c", "from longtake.cli import main; main()"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tail:
        assert tail.stdout is not None
        seen = [json.loads(tail.stdout.readline())["key"] for _ in range(5)]
        for t in range(5, 12):
            recording.data_streams.game.append(t, t)
        seen += [json.loads(tail.stdout.readline())["key"] for _ in range(7)]
        recording.data_streams.game.append(12, None)
        recording.stop()
        seen += [json.loads(line)["key"] for line in tail.stdout]
        assert tail.wait(20) == 0
    assert seen == list(range(13))
