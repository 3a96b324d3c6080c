"""Processes that record, and what those who follow them must be given.

Keys are 0, 1, 2, and so on over all streams, each in the stream that it falls to, and a value
follows from its key. How many are stored is told in a file of its own, after each append.
"""

from __future__ import annotations

import multiprocessing
import os
import struct
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import longtake as lt
from tests.streams.small_chunks import grow_often

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from pathlib import Path

    from longtake.follow import Entry
    from longtake.recording import Recording

DEADLINE_S = 60
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(
    ["pytest", "h5py", "longtake.recording", "longtake.follow", "tests.follow.writers"]
)
NAMES = ("game", "camera", "spikes")
_COUNT = struct.Struct("<q")


def value(name: str, key: int) -> Any:
    """Give what is stored under a key of a stream."""
    if name == "camera":
        return np.full((8, 8), key % 60_000, "<u2")
    if name == "spikes":
        return {"channel": np.full(key % 4, key % 200, "u1"), "t": np.arange(key % 4) + key}
    return {"key": key, "text": "x" * (key % 90)}


def require(entries: list[Entry], first: int = 0) -> None:
    """Every entry from the first key on, in order and whole."""
    assert [entry.key for entry in entries] == list(range(first, first + len(entries)))
    for stream, key, found in entries:
        expected = value(stream, key)
        if isinstance(expected, dict):
            assert list(found) == list(expected), (stream, key)
            assert all(np.array_equal(found[n], expected[n]) for n in expected), (stream, key)
        else:
            assert np.array_equal(found, expected), (stream, key)


def streams_of(recording: Recording) -> list[Any]:
    """Find the three streams, or make them."""
    if not recording.data_streams:
        recording.create_data_stream("game")
        recording.create_frame_stream("camera", (8, 8), "<u2")
        recording.create_record_stream("spikes", {"channel": "u1", "t": "<i8"})
    kinds = (recording.data_streams, recording.frame_streams, recording.record_streams)
    return [kind[name] for kind, name in zip(kinds, NAMES, strict=True)]


class Stored:
    """How many entries are stored, as another process told."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path.with_suffix(".stored"), os.O_RDWR | os.O_CREAT)

    def tell(self, number: int) -> None:
        """Say so."""
        os.pwrite(self._fd, _COUNT.pack(number), 0)

    @property
    def number(self) -> int:
        """How many there are."""
        told = os.pread(self._fd, _COUNT.size, 0)
        return _COUNT.unpack(told)[0] if told else 0

    def close(self) -> None:
        """Give the file back."""
        os.close(self._fd)


class Writer:
    """A process that records; `write` is called with the file's path and a pipe to here."""

    def __init__(self, write: Callable[..., None], path: Path, *given: Any) -> None:
        self.path = path
        self._ours, theirs = FORK.Pipe()
        self.process = FORK.Process(target=_run, args=(write, path, theirs, *given))
        self.process.start()
        theirs.close()

    def hear(self) -> Any:
        """Wait for what it tells."""
        assert self._ours.poll(DEADLINE_S), "the writer does not answer"
        return self._ours.recv()

    def end(self) -> None:
        """Ask it to finish, and wait until it has."""
        with suppress(BrokenPipeError):
            self._ours.send("end")
        self.join()
        assert self.process.exitcode == 0

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self.process.kill()
        self.join()

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def join(self) -> None:
        """Wait until it has ended."""
        self.process.join(DEADLINE_S)
        assert not self.process.is_alive()


def _run(write: Callable[..., None], path: Path, told: Connection, *given: Any) -> None:
    write(path, told, *given)


def until_told(path: Path, told: Connection, pause_s: float = 0.0) -> None:
    """Record, or go on, in small steps of growth until told to end; tell when it has begun."""
    grow_often(pytest.MonkeyPatch(), 64, 2048)
    stored = Stored(path)
    with lt.record(path, append=True) as recording:
        streams = streams_of(recording)
        keys = [stream.last_key for stream in streams]
        key = max((key + 1 for key in keys if key is not None), default=0)
        told.send("begun")
        while not (key % 16 == 0 and told.poll()):
            streams[key % 3].append(key, value(NAMES[key % 3], key))
            key += 1
            stored.tell(key)
            if pause_s:
                time.sleep(pause_s)


def so_many(path: Path, told: Connection, count: int) -> None:
    """Record so many entries, in bursts, as fast as it goes."""
    with lt.record(path) as recording:
        streams = streams_of(recording)
        told.send("begun")
        for first in range(0, count, 300):
            for name, stream in zip(NAMES, streams, strict=True):
                # A burst for each stream: so keys of one come after later ones of another.
                keys = range(first + NAMES.index(name), min(first + 300, count), 3)
                stream.append_many(keys, [value(name, key) for key in keys])


def with_new_streams(path: Path, told: Connection, count: int, each: int) -> None:
    """Record in streams that are made as it goes, one after each few entries."""
    with lt.record(path) as recording:
        told.send("begun")
        streams = []
        for key in range(count):
            if key % each == 0:
                streams.append(recording.create_data_stream(f"game {len(streams)}"))
            streams[key * 7 % len(streams)].append(key, value("game", key))


def from_threads(path: Path, told: Connection, count: int) -> None:
    """Record each stream from a thread of its own, the keys in the order of the appends."""
    grow_often(pytest.MonkeyPatch(), 64, 2048)
    turn, key = threading.Lock(), 0

    def write(stream: Any, name: str) -> None:
        nonlocal key
        for _ in range(count // 3):
            with turn:
                stream.append(key, value(name, key))
                key += 1

    with lt.record(path) as recording:
        told.send("begun")
        threads = [
            threading.Thread(target=write, args=given)
            for given in zip(streams_of(recording), NAMES, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
