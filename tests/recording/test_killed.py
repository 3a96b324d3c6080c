"""A recording that is killed, again and again, while others read it: nothing acknowledged is lost.

The processes are forked from a server that has imported all they need, so that a kill costs what
happens after it and not the start of an interpreter.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import h5py
import pytest

import longtake as lt
from tests.recording import onlookers, recorder
from tests.recording.crash_counts import count

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

KILLS = 6
#: `make crash` asks for more.
ROUNDS = int(os.environ.get("LONGTAKE_CRASH_ROUNDS", "1"))
ONLOOKERS = (onlookers.Follower, onlookers.WithH5py, onlookers.WithPyTables)
DEADLINE_S = 60

FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(
    ["pytest", "h5py", "tables", "longtake.recording", "tests.recording.onlookers"]
)


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "run.h5"
    yield file
    file.unlink(missing_ok=True)  # a thousand of them would fill a disk


@pytest.fixture
def end_processes():
    """Ends what a failed test leaves running."""
    yield
    for process in multiprocessing.active_children():
        process.kill()
        process.join(DEADLINE_S)


class Recorder:
    """A process that records, and what it has told of."""

    def __init__(self, path: Path, told: dict[str, int]) -> None:
        self.told = told
        self.has_begun = False
        self.has_stored = False  # since it was opened last
        self._messages, theirs = FORK.Pipe(duplex=False)
        self._process = FORK.Process(target=recorder.record_until_killed, args=(path, theirs))
        self._process.start()
        theirs.close()

    def note(self) -> None:
        """Wait for a message, and take it in."""
        message = self._messages.recv_bytes().decode()
        what, _, number = message.rpartition("=")
        assert number.isdecimal(), message
        self.has_begun = True
        self.has_stored = what not in {"begun", "stopping"}
        if self.has_stored:
            self.told[what] = int(number)

    def kill(self) -> None:
        """Kill it, and take in what it told of before."""
        self._process.kill()
        with suppress(EOFError, OSError):  # the last message may be cut short
            while True:
                self.note()
        self._messages.close()
        self._process.join(DEADLINE_S)
        assert self._process.exitcode == -signal.SIGKILL, "the recorder ended by itself"
        self._process.close()


def begin_to_look(path: Path) -> list[tuple[ForkServerProcess, Connection]]:
    """Start a process of each kind of onlooker."""
    begun = []
    for make in ONLOOKERS:
        ours, theirs = FORK.Pipe()
        process = FORK.Process(target=onlookers.look_on, args=(make, path, theirs))
        process.start()
        theirs.close()
        begun.append((process, ours))
    return begun


def end_looking(begun: list[tuple[ForkServerProcess, Connection]]) -> list[onlookers.Sight]:
    """Give what each onlooker saw."""
    sights = []
    for process, pipe in begun:
        with suppress(BrokenPipeError):  # HDF5 can take its process with it
            pipe.send_bytes(b"end")
        assert pipe.poll(DEADLINE_S), "an onlooker does not answer"
        with suppress(EOFError):
            sights.append(pipe.recv())
        process.join(DEADLINE_S)
        assert process.exitcode == 0, f"an onlooker died: {process.exitcode}"
        process.close()
        pipe.close()
    return sights


def read_by_others(path: Path) -> list[dict[str, int]]:
    """Open the file with each library; give how many entries each finds of each stream."""
    found = []
    for look in (onlookers.WithH5py(path), onlookers.WithPyTables(path)):
        found.append({})
        look(found[-1])
    return found


def kill_after_a_while(run: Recorder, path: Path, moments: random.Random) -> None:
    """Kill a recorder at any moment after it has told of something, with a view open."""
    for _ in range(moments.randint(1, 500)):
        run.note()
    with lt.open(path) as view:
        if "data" in run.told:
            assert len(view.data_streams["data"]) >= run.told["data"]
        time.sleep(moments.uniform(0, 0.005))  # a moment that no message tells of
        run.kill()
        recorder.take_in(view, dict(run.told))
        assert view.state != "recording"
        if run.has_stored:
            assert view.state == "aborted"
            with h5py.File(path) as h5:
                assert h5["finished"][0] == 0


def require(path: Path, told: dict[str, int]) -> None:
    """Whatever opens the file finds all that was told of, and all it finds is whole."""
    with lt.open(path) as view:
        recorder.take_in_all(view, told)
        streams = [s for kind in recorder.KINDS for s in getattr(view, kind).values()]
        # A stream that was being made may be in the journal only, where others do not look.
        entries = {stream.group: len(stream) for stream in streams if len(stream)}
    for found in read_by_others(path):
        assert entries.items() <= found.items()


@pytest.mark.usefixtures("end_processes")
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_killed_recordings_keep_what_they_told_of(path, round_):
    """Six times the same file: once while it is opened, else while it is recorded or closed."""
    moments = random.Random(3 + round_)
    told: dict[str, int] = {}
    looking = begin_to_look(path)
    for number in range(KILLS):
        run = Recorder(path, told)
        if number == KILLS // 2:
            time.sleep(moments.uniform(0, 0.05))
            run.kill()
        else:
            kill_after_a_while(run, path, moments)
        require(path, told)
    sights = end_looking(looking)
    for make, sight in zip(ONLOOKERS, sights, strict=True):
        errors = len(sight.errors)
        assert not errors, f"{errors} of {sight.looks} by {make.__name__}: {sight.errors[0]}"
        assert sight.looks > sight.outgrown + 1
    followed = sights[0].seen
    assert followed.keys() <= told.keys()
    assert all(number <= told[name] for name, number in followed.items())
    assert told["columns"] > 1
    count(kills=KILLS, entries=sum(told[name] for name in told if name != "attributes"))
    count(**{f"looks by {m.__name__}": s.looks for m, s in zip(ONLOOKERS, sights, strict=True)})


@pytest.mark.usefixtures("end_processes")
def test_killed_while_it_begins(path):
    """At any moment of its first steps, there is no file, or one that opens."""
    moments = random.Random(5)
    kills, opened = 6 * ROUNDS, 0
    for _ in range(kills):
        run = Recorder(path, {})
        time.sleep(moments.uniform(0, 0.06))
        run.kill()
        if path.exists():
            require(path, run.told)
            opened += 1
            path.unlink()
        else:
            assert not run.has_begun
    count(kills=kills, **{"files that were there": opened})


@pytest.mark.usefixtures("end_processes")
def test_the_check_notices_what_is_lost(path):
    """A control: with an entry that was never stored among those told of, it fails."""
    run = Recorder(path, {})
    while run.told.get("columns", 0) < 3:
        run.note()
    run.kill()
    require(path, dict(run.told))
    with pytest.raises(AssertionError, match="lost entries"):
        require(path, run.told | {"data": 10**6})
    with pytest.raises(AssertionError, match="lost entries"):
        require(path, run.told | {"made 99": 1})
    with pytest.raises(AssertionError, match="more than was stored"):
        require(path, run.told | {"data": -recorder.BURST})
    with lt.open(path) as view, pytest.raises(AssertionError, match="had"):
        recorder.take_in(view, {"data": 10**6})
