"""A recording on a disk that is full, or broken: it says so, keeps what it has, and goes on."""

from __future__ import annotations

import errno
import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

import longtake as lt
from longtake.errors import WriteFailed
from longtake.hdf.raw_file import RawFile
from tests.recording.crash_counts import count
from tests.streams.kinds import KINDS, same
from tests.streams.small_chunks import grow_often

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake.recording import Recording

DISK_MB = 8
#: Entries that take no room of their own, and are taken until the room that was taken ahead ends.
MOST = 100_000


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory):
    """A file system of a few megabytes."""
    folder = tmp_path_factory.mktemp("disk")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "longtake", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"a small disk needs the right to mount one: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def disk(small_disk):
    yield small_disk
    for file in small_disk.iterdir():
        file.unlink()


class Ballast:
    """A file that takes all the room there is."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ballast"

    def fill(self) -> None:
        """Leave no room."""
        with self._path.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))

    def drop(self) -> None:
        """Give the room back."""
        self._path.unlink()


class Entries:
    """Entries of a stream of each kind, and what was stored of them."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.streams = {name: kind.create(recording, name, {}) for name, kind in KINDS.items()}
        self.stored: dict[str, int] = dict.fromkeys(KINDS, 0)
        self.attribute = 0

    def append(self, name: str) -> None:
        """Append one more."""
        self.streams[name].append(self.stored[name], value(name, self.stored[name]))
        self.stored[name] += 1

    def append_many(self, name: str, number: int = 50) -> None:
        """Append a burst."""
        keys = range(self.stored[name], self.stored[name] + number)
        values = [value(name, key) for key in keys]
        self.streams[name].append_many(keys, np.array(values) if name == "frame" else values)
        self.stored[name] += number

    def set_attribute(self) -> None:
        """Update an attribute."""
        self.recording.set_attribute("count", self.attribute + 1)
        self.attribute += 1

    def actions(self) -> dict[str, Callable[[], None]]:
        """Give what takes room, one by one."""
        actions = {f"append {name}": lambda name=name: self.append(name) for name in KINDS}
        return actions | {"set_attribute": self.set_attribute}

    def bursts(self) -> dict[str, Callable[[], None]]:
        """Give what takes room for many at once."""
        return {f"append_many {name}": lambda name=name: self.append_many(name) for name in KINDS}

    def require(self, path: Path) -> None:
        """What was stored is there, and what was refused is not."""
        with lt.open(path) as view:
            for name, stored in self.stored.items():
                items = list(getattr(view, KINDS[name].collection)[name].items())
                assert [key for key, _ in items] == list(range(stored)), name
                assert all(same(found, value(name, key)) for key, found in items), name
            assert view.attributes.application.get("count", 0) == self.attribute


def value(name: str, key: int):
    """Give what is stored; each key has some."""
    return KINDS[name].value(key)


def until_refused(action: Callable[[], None]) -> OSError:
    """Do it until the disk is full."""
    for _ in range(MOST):
        try:
            action()
        except WriteFailed as error:
            return error
    raise AssertionError("the disk was never full")


def test_it_goes_on_by_itself_when_there_is_room(disk):
    path, ballast = disk / "run.h5", Ballast(disk)
    recording = lt.record(path)
    entries = Entries(recording)
    refusals = 0
    for round_ in range(3):
        ballast.fill()
        actions = entries.actions() | entries.bursts()
        for what, action in actions.items():
            for _ in range(2):  # it stays full
                error = until_refused(action)
                assert isinstance(error, OSError)
                assert error.errno == errno.ENOSPC, what
                refusals += 1
        with pytest.raises(WriteFailed):
            recording.create_data_stream(f"new {round_}", {"a": "b" * 2000})
        entries.require(path)
        ballast.drop()
        for action in actions.values():
            action()
        recording.create_data_stream(f"new {round_}").append(1, "there")
        entries.require(path)
    recording.stop()
    entries.require(path)
    report = lt.check(path)
    assert report.is_whole, report.verdict()
    assert report.state == "complete"
    with lt.open(path) as view:
        assert [view.data_streams[f"new {n}"][1] for n in range(3)] == ["there"] * 3
    count(refusals=refusals, entries=sum(entries.stored.values()))


def test_it_can_be_stopped_on_a_full_disk(disk):
    """If there is no room to close it, it is as a crash would leave it: all of it is there."""
    path, ballast = disk / "run.h5", Ballast(disk)
    recording = lt.record(path)
    entries = Entries(recording)
    for action in entries.actions().values():
        action()
    ballast.fill()
    until_refused(entries.set_attribute)
    with suppress(WriteFailed):
        recording.stop()
    assert recording.has_stopped()
    entries.require(path)
    with h5py.File(path) as h5:
        h5.visititems(lambda _, node: node[()] if isinstance(node, h5py.Dataset) else None)
    ballast.drop()
    with lt.record(path, append=True) as again:
        again.data_streams["data"].append(10**6, "more")
    assert lt.check(path).is_whole


def test_there_is_no_room_to_begin(disk):
    ballast = Ballast(disk)
    ballast.fill()
    with pytest.raises(WriteFailed):
        lt.record(disk / "run.h5")
    assert [file.name for file in disk.iterdir()] == ["ballast"]


class BrokenDisk:
    """Makes the n-th call of some kinds fail, and as many after it as are asked for."""

    def __init__(self, monkeypatch, kinds: tuple[str, ...], at: int, times: int) -> None:
        self.calls, self.failed = 0, 0
        self._bad = range(at, at + times)
        for kind in kinds:
            monkeypatch.setattr(RawFile, kind, self._failing(getattr(RawFile, kind)))

    def _failing(self, real):
        def call(raw, *arguments):
            self.calls += 1
            if self.calls in self._bad:
                self.failed += 1
                raise WriteFailed(errno.EIO, "broken")
            return real(raw, *arguments)

        return call


@pytest.fixture
def small_chunks(monkeypatch):
    """Streams that often grow; and nobody waits for the disk."""
    monkeypatch.setattr(os, "fdatasync", lambda _: None)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    grow_often(monkeypatch, 16, 1024)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("times", [1, 3])
def test_what_a_write_error_refused_can_be_tried_again(tmp_path, monkeypatch, times):
    """At every write there is."""
    assert try_at_every_write(tmp_path, monkeypatch, Entries.actions, times) > 30


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("times", [1, 3])
def test_a_burst_that_a_write_error_refused_can_be_tried_again(tmp_path, monkeypatch, times):
    """Of the burst nothing was stored."""
    assert try_at_every_write(tmp_path, monkeypatch, Entries.bursts, times) > 30


def try_at_every_write(folder: Path, monkeypatch, actions, times: int) -> int:
    """Do all of it, with a disk that fails at the n-th write, for every n; give how many."""
    errors = reopened = number = 0
    while True:
        number += 1
        path = folder / f"{number}.h5"
        entries = Entries(lt.record(path))
        with monkeypatch.context() as patch:
            disk = BrokenDisk(patch, ("write", "reserve"), number, times)
            for _ in range(3):
                for action in actions(entries).values():
                    told, opened = insist(action, entries, times)
                    errors, reopened = errors + told, reopened + opened
        entries.recording.stop()
        entries.require(path)
        assert lt.check(path).is_whole
        path.unlink()
        if not disk.failed:
            break
    assert reopened < number / 2  # the writes that change the structure in place
    count(**{"write errors": errors, "opened again": reopened})
    return number


def insist(action: Callable[[], None], entries: Entries, times: int) -> tuple[int, int]:
    """Try until it is done, with what was stored before in the file each time.

    Gives how often it was refused, and how often the file had to be opened again, as the error
    said: for a change of the structure that was stopped half way.
    """
    refused = opened = 0
    while True:
        try:
            action()
        except WriteFailed as error:
            refused += 1
            assert refused <= times + 2, "it does not go on"
            entries.require(entries.recording.path)
            if "open it again" in str(error):
                open_again(entries, times)
                opened += 1
        else:
            return refused, opened


def open_again(entries: Entries, times: int) -> None:
    """Close the file, and go on with it, once the disk lets us."""
    path = entries.recording.path
    entries.recording.stop()
    recording = None
    for _ in range(times + 1):
        with suppress(WriteFailed):
            recording = recording or lt.record(path, append=True)
    assert recording is not None
    entries.recording = recording
    entries.streams = {
        name: getattr(recording, KINDS[name].collection)[name] for name in entries.streams
    }
