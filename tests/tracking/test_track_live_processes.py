"""Recorders and trackers in processes of their own: killed, paused, stopped, and followed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import pytest

import longtake as lt
from longtake.errors import NothingCame, WriterDied
from longtake.tracking import Tracked
from tests.tracking.live import (
    DEADLINE_S,
    Recorder,
    Tracker,
    assert_same_content,
    content,
    frames_in,
    key_of,
    wait_until,
)

FRAMES = 120
KILLS = 10
OPTIONS = {"memory": 2}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished recording, and what one uninterrupted run makes of it."""
    folder = tmp_path_factory.mktemp("finished")
    recorder = Recorder(folder / "run.h5", FRAMES)
    recorder.append(FRAMES)
    recorder.stop()
    done = Tracker(folder / "run.h5", folder / "whole.h5", **OPTIONS).end()
    assert done.frames == FRAMES
    return folder


@pytest.fixture
def recorder(tmp_path):
    recorder = Recorder(tmp_path / "run.h5", FRAMES)
    yield recorder
    recorder.kill()


def test_killed_trackers_end_like_one(tmp_path, finished, recorder):
    """Whenever they are killed: while they begin, keep up, catch up, or wait."""
    run, output = tmp_path / "run.h5", tmp_path / "tracks.h5"
    moments = random.Random(5)
    for kill in range(KILLS):
        recorder.begin(FRAMES // KILLS)
        if kill % 2:  # it begins behind
            recorder.done()
        tracker = Tracker(run, output, **OPTIONS)
        enough = frames_in(output) + moments.randint(0, FRAMES // KILLS)
        wait_until(lambda enough=enough: frames_in(output) >= enough)
        time.sleep(moments.random() * 0.005)  # to be killed anywhere in a frame
        seen = frames_in(output)
        assert tracker.process.is_alive()
        tracker.kill()
        assert frames_in(output) >= seen, "a finished frame was lost"
        if not kill % 2:
            recorder.done()
    recorder.stop()
    done = Tracker(run, output, **OPTIONS).end()
    assert isinstance(done, Tracked), done
    assert done.frames == FRAMES
    assert_same_content(output, finished / "whole.h5")


def test_the_recorder_is_killed(tmp_path, recorder):
    tracker = Tracker(tmp_path / "run.h5", tmp_path / "tracks.h5")
    recorded = recorder.append(40)
    recorder.kill()
    assert isinstance(tracker.end(), WriterDied)
    assert frames_in(tmp_path / "tracks.h5") == recorded


def test_the_recorder_pauses(tmp_path, recorder):
    run, output = tmp_path / "run.h5", tmp_path / "tracks.h5"
    recorder.append(10)
    assert isinstance(Tracker(run, output, timeout=0.2).end(), NothingCame)
    assert frames_in(output) == 10
    recorder.append(10)
    recorder.stop()
    done = Tracker(run, output).end()
    assert (done.frames, done.resumed_at) == (20, 10)


def test_others_follow_the_tracker(tmp_path, recorder):
    """The camera's frames go to the tracker, and its features to whoever wants them."""
    run, output = tmp_path / "run.h5", tmp_path / "tracks.h5"
    tracker = Tracker(run, output)
    recorder.append(1)
    wait_until(lambda: frames_in(output))
    with lt.open(output) as tracks:
        features = tracks.record_streams.features.follow(timeout=DEADLINE_S)
        keys = tracks.record_streams.frames.follow(timeout=DEADLINE_S)
        recorder.begin(30)
        for number in range(31):
            frame, found = next(features)
            assert frame == number
            assert len(found["particle"]) == len(found["x"]) > 40
            assert next(keys)[1]["timestamp"].tolist() == [key_of(number)]
        recorder.done()
        recorder.stop()
        assert next(features, None) is None
    assert tracker.end().frames == 31


def start(run, output, *more: str) -> subprocess.Popen[str]:
    command = "import sys; from longtake.cli import main; main()"
    arguments = ["track", "--live", f"{run}/camera", "-d", "9", "-r", "5", "--minmass", "100"]
    return subprocess.Popen(
        [sys.executable, "-c", command, *arguments, "-m", "2", "-o", str(output), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_and_goes_on(tmp_path, finished, recorder, number):
    """Also while it waits; and it waits for a recording that is not there yet."""
    run, output = tmp_path / "run.h5", tmp_path / "tracks.h5"
    early = start(run, output, "--wait", "60")
    recorder.append(7)
    wait_until(lambda: frames_in(output) == 7)
    early.send_signal(number)
    _, said = early.communicate(timeout=DEADLINE_S)
    assert early.returncode == 128 + number
    assert "--resume" in said
    assert "Traceback" not in said
    recorder.append(FRAMES - 7)
    recorder.stop()
    late = start(run, output, "--resume")
    told, said = late.communicate(timeout=DEADLINE_S)
    assert late.returncode == 0, said
    assert f"{FRAMES} frames, resumed at frame 7, " in told
    assert_same_content(output, finished / "whole.h5")


def test_how_the_command_ends(tmp_path, recorder):
    run, output = tmp_path / "run.h5", tmp_path / "tracks.h5"
    recorder.append(3)
    nothing = start(run, output, "--timeout", "0.1")
    _, said = nothing.communicate(timeout=DEADLINE_S)
    assert (nothing.returncode, "nothing came" in said) == (4, True)
    assert f"3 frames are tracked in {output}" in " ".join(said.split())
    recorder.kill()
    died = start(run, output, "--resume")
    _, said = died.communicate(timeout=DEADLINE_S)
    assert (died.returncode, "without finishing" in said) == (3, True)
    assert len(content(output)["frames/next_particle"]) >= 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--live", "run.h5"], "as in run.h5/camera"),
        (["--live", "none/run.h5"], "none"),
        (["--live", "run.h5/camera", "run.h5/other"], "takes one RECORDING/STREAM"),
        (["--live", "run.h5/other"], "'other'; there are: 'camera'"),
        (["--live", "none.h5/camera", "--wait", "0.1"], "did not appear within 0.1 s"),
        (["run.h5", "--wait", "1"], "go with --live"),
    ],
)
def test_what_cannot_be_tracked(finished, arguments, says, monkeypatch, capsys):
    from longtake.cli import main

    monkeypatch.chdir(finished)
    more = ["-o", "other.h5", "-d", "9", "-r", "5"]
    monkeypatch.setattr(sys, "argv", ["longtake", "track", *arguments, *more])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in {1, 4}
    assert says in " ".join(capsys.readouterr().err.split())
    assert not (finished / "other.h5").exists()
