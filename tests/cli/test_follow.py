"""``longtake follow`` and ``longtake tail -f``."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

import longtake as lt
from longtake.cli.app import app
from longtake.errors import InvalidArgument, KeyNotFound, NotFound, NothingCame, WriterDied

if TYPE_CHECKING:
    from collections.abc import Generator

DEADLINE_S = 60


@pytest.fixture
def path(tmp_path):
    with lt.record(tmp_path / "run.h5") as recording:
        game = recording.create_data_stream("game")
        camera = recording.create_frame_stream("camera", (2, 2), "u1")
        for t in range(3):
            game.append(2 * t, {"score": t})
            camera.append(2 * t + 1, np.full((2, 2), t, "u1"))
    return tmp_path / "run.h5"


@pytest.fixture
def recording(tmp_path):
    made = lt.record(tmp_path / "live.h5")
    made.create_data_stream("game").append(1, "serve")
    yield made
    made.stop()


def lines(*arguments: object) -> list[str]:
    done = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout.splitlines()


class Command:
    """The command in a process of its own."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-c", "from longtake.cli import main; main()"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [*command, *map(str, arguments)], stdout=pipe, stderr=pipe, text=True
        )

    def line(self) -> str:
        """Wait for the next line that it prints."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; give its exit code, and the rest of what it said."""
        said, told = self._process.communicate(timeout=DEADLINE_S)
        return self._process.returncode, said, told

    def kill(self) -> None:
        """End it, if it has not ended."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def command() -> Generator:
    begun: list[Command] = []

    def begin(*arguments: object) -> Command:
        begun.append(Command(*arguments))
        return begun[-1]

    yield begin
    for each in begun:
        each.kill()


def test_all_streams_of_a_finished_recording_in_the_order_of_their_keys(path):
    assert [line.split()[:2] for line in lines("follow", path)] == [
        ["game", "0"], ["camera", "1"], ["game", "2"], ["camera", "3"], ["game", "4"], ["camera", "5"],
    ]  # fmt: skip


def test_one_stream_needs_no_name_before_its_entries(path):
    assert lines("follow", path, "game") == [f"{2 * t}  {{'score': {t}}}" for t in range(3)]
    assert lines("follow", path, "frame_stream/camera", "--start", 4) == ["5  array([[2, 2], [2, 2]], dtype=uint8)"]  # fmt: skip
    assert lines("follow", path, "--start", "now") == []


def test_lines_of_json(path):
    found = [json.loads(line) for line in lines("follow", path, "--start", "4", "--json")]
    assert found == [
        {"stream": "game", "key": 4, "value": {"score": 2}},
        {"stream": "camera", "key": 5, "value": [[2, 2], [2, 2]]},
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--start", "first"], InvalidArgument),
        (["--timeout", "-1"], InvalidArgument),
        (["--wait", "nan"], InvalidArgument),
        (["score"], KeyNotFound),
    ],
)
def test_what_cannot_be_done_is_said_at_once(path, arguments, error):
    with pytest.raises(error):
        lines("follow", path, *arguments)
    with pytest.raises(NotFound, match=r"no file .*no.h5, also after 0.01 s"):
        lines("follow", path.with_name("no.h5"), "--wait", "0.01")


def test_each_entry_is_printed_when_it_comes(recording, command):
    following = command("follow", recording.path, "--json", "--timeout", DEADLINE_S)
    assert json.loads(following.line()) == {"stream": "game", "key": 1, "value": "serve"}
    recording.data_streams.game.append(2, "return")
    assert json.loads(following.line())["value"] == "return"
    recording.create_data_stream("score").append(3, [0, 1])
    assert json.loads(following.line()) == {"stream": "score", "key": 3, "value": [0, 1]}
    recording.stop()
    assert following.end() == (0, "", "")


def test_tail_goes_on_after_the_last_that_it_showed(recording, command):
    game = recording.data_streams.game
    for key in range(2, 20):
        game.append(key, key)
    following = command("tail", recording.path, "-n", 2, "--follow")
    assert [following.line(), following.line()] == ["18  18", "19  19"]
    game.append(20, "now")
    assert following.line() == "20  'now'"
    recording.stop()
    assert following.end() == (0, "", "")


def test_a_recording_that_is_not_there_yet(tmp_path, command):
    following = command("follow", tmp_path / "late.h5", "--wait", DEADLINE_S)
    with lt.record(tmp_path / "late.h5") as late:
        late.create_data_stream("game").append(1, "serve")
        assert following.line() == "game  1  'serve'"
    assert following.end() == (0, "", "")


def test_ctrl_c_ends_it_quietly(recording, command):
    following = command("follow", recording.path)
    assert following.line()
    following.interrupt()
    assert following.end() == (0, "", "")


def test_a_recorder_that_died_is_told_of(recording, command):
    following = command("follow", recording.path)
    assert following.line()
    recording._file._file.abandon()
    code, said, told = following.end()
    assert (code, said) == (3, "")
    assert "whoever wrote it ended without finishing it" in told
    assert "Abort" not in told
    for verb in ("follow", "tail"):
        arguments = [verb, str(recording.path), *(["-f"] if verb == "tail" else [])]
        done = CliRunner().invoke(app, arguments)
        assert isinstance(done.exception, WriterDied)
        assert done.stdout.split()[-1] == "'serve'"


def test_nothing_in_time(recording, command):
    code, said, told = command("follow", recording.path, "--timeout", "0.01").end()
    assert (code, said) == (4, "game  1  'serve'\n")
    assert "nothing came within 0.01 s in 'game'; whoever writes it still does" in told
    with pytest.raises(NothingCame):
        lines("follow", recording.path, "--timeout", 0)
