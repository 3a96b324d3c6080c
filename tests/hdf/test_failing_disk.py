"""Writing on a disk that is full or broken, or stopped by Ctrl-C, at every call there is."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest

from longtake.errors import (
    LongtakeError,
    WriteFailed,
)
from longtake.hdf import LiveFile, on_disk
from longtake.hdf.raw_file import RawFile
from longtake.streams import RecordStream, StreamFile, StreamFileView
from tests.hdf.make import CHUNK_ROWS, add, append, file_with, found_datasets
from tests.streams.small_chunks import grow_often

CALLS = ("write", "reserve", "resize", "clear_from", "sync", "sync_range")


@pytest.fixture(autouse=True)
def unsynced(monkeypatch):
    """Do not wait for the disk: what fails is the call."""
    monkeypatch.setattr(os, "fdatasync", lambda _: None)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(os, "RWF_DSYNC", 0)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "f.h5"


class Failing:
    """Makes the n-th call of a kind, and all later ones, fail; or interrupts it when it is done."""

    def __init__(
        self, monkeypatch, kinds, error: BaseException, *, times: int = 10**9, is_done: bool = False
    ) -> None:
        self.at = 10**9
        self.count = 0
        self.times = times
        self.is_done = is_done
        for name in kinds:
            self._wrap(monkeypatch, name, getattr(RawFile, name), error)

    def _wrap(self, monkeypatch, name, real, error) -> None:
        def call(raw, *arguments):
            self.count += 1
            if not self.at <= self.count < self.at + self.times:
                real(raw, *arguments)
                return
            if self.is_done:
                real(raw, *arguments)
            raise error

        monkeypatch.setattr(RawFile, name, call)


def run(path, done: list) -> None:
    """Growth, new columns, replaced values and close; what is acknowledged is added to `done`."""
    with StreamFile.create(path) as file:
        stream = file.create_record_stream("s", {"x": "f8"})
        for key in range(4):
            stream.append(key, {"x": np.arange(200) + key})
            done.append(key)
        stream.put(2, {"x": np.arange(200) + 2, "late": np.arange(200)})
        file.create_record_stream("t", {"y": "f4"}).append(1, {"y": np.ones(3, "f4")})
        stream.append(9, {"x": np.arange(2500) + 9, "late": np.arange(2500)})
        done.append(9)


def require(streams, done: list) -> None:
    if not done:
        return
    stream = streams["s"]
    assert set(done) <= set(stream.keys().tolist())
    for key, found in stream.items():
        assert len(found["x"]) == (2500 if key == 9 else 200)
        np.testing.assert_array_equal(found["x"], np.arange(len(found["x"])) + key)
        if "late" in found:
            assert key in {2, 9}
            np.testing.assert_array_equal(found["late"], np.arange(len(found["x"])))


@pytest.mark.parametrize(
    ("error", "times"),
    [("ENOSPC", 1), ("EIO", 10**9), ("interrupt", 1), ("interrupt when it is done", 1)],
)
@pytest.mark.parametrize("waiting", ["few", "many"])
def test_a_failure_at_every_call_keeps_what_was_acknowledged(
    tmp_path, monkeypatch, error, times, waiting
):
    """Whether few rows were waiting for the disk when the structure changed, or many."""
    if waiting == "many":
        monkeypatch.setattr(on_disk, "_LITTLE", -1)
        monkeypatch.setattr(on_disk.OnDisk, "sync_within", lambda *_: None)
    grow_often(monkeypatch, 128, 4096)
    kinds = ("write", "reserve", "resize") if error == "ENOSPC" else CALLS
    raised = {
        "ENOSPC": WriteFailed(errno.ENOSPC, "no space"),
        "EIO": WriteFailed(errno.EIO, "broken"),
        "interrupt": KeyboardInterrupt(),
        "interrupt when it is done": KeyboardInterrupt(),
    }[error]
    number = 0
    while True:
        number += 1
        path = tmp_path / f"{number}.h5"
        done: list = []
        with monkeypatch.context() as patch:
            failing = Failing(patch, kinds, raised, times=times, is_done=error.endswith("done"))
            failing.at = number
            with suppress(LongtakeError, KeyboardInterrupt):
                run(path, done)
        if failing.count < number:
            break
        if path.exists():
            with h5py.File(path) as h5:  # plainly, without recovery
                h5.visititems(lambda _, n: n[()] if isinstance(n, h5py.Dataset) else None)
            with StreamFileView(path) as view:
                require(view.record_streams, done)
            with StreamFile.open(path) as file:
                require(file.record_streams, done)
                file.create_record_stream("after", {"z": "i4"}).append(1, {"z": np.arange(9)})
            with StreamFileView(path) as view:
                assert view.was_closed
                require(view.record_streams, done)
                assert view.record_streams["after"][1]["z"].tolist() == list(range(9))
        path.unlink(missing_ok=True)
    assert number > 30


def test_writing_goes_on_after_a_full_disk(path, monkeypatch):
    """The room that could not be had is asked for again, and is zeros then."""
    file, _ = file_with(path, "one")
    with monkeypatch.context() as patch:
        failing = Failing(patch, ["write"], WriteFailed(errno.ENOSPC, "full"))
        for number in range(1, 4):
            failing.at, failing.count = number, 0
            with pytest.raises(WriteFailed):
                add(file, "two")
            assert not any(file.raw.read(file.true_end, 100_000))
            failing.at = 10**9
            if file._state != "open":
                break
    assert number >= 2
    file.close()
    file = LiveFile.open(path)
    add(file, *([] if "two" in names(path) else ["two"]))
    file.close()
    assert names(path) == ["one", "two"]


def names(path) -> list[str]:
    with h5py.File(path) as h5:
        return list(h5["columns"])


def test_a_file_that_could_not_be_tidied_up_is_not_written_to(path, monkeypatch):
    """What a failed change left past the end would show up as rows."""
    file, _ = file_with(path, "one")
    with monkeypatch.context() as patch:
        failing = Failing(patch, ["write", "clear_from"], WriteFailed(errno.EIO, "broken"))
        failing.at = 2
        with pytest.raises(WriteFailed):
            add(file, "two")
    with pytest.raises(WriteFailed, match="stopped half way"):
        add(file, "two")
    file.close()
    file = LiveFile.open(path)
    assert not add(file, "two")[0].read(0, CHUNK_ROWS).any()
    file.close()


def test_a_failed_open_loses_nothing(path, monkeypatch):
    with StreamFile.create(path) as file:
        for name in ("a", "b"):
            file.create_record_stream(name, {"x": "f8"}).append(1, {"x": np.arange(9.0)})
    before = path.read_bytes()

    def interrupted(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RecordStream, "require_unblocked", interrupted)
        with pytest.raises(KeyboardInterrupt):
            StreamFile.open(path)
    assert path.read_bytes() == before
    with StreamFile.open(path) as file:
        assert file.record_streams["b"][1]["x"].tolist() == list(range(9))


@pytest.mark.parametrize("durability", ["interval", "entry"])
def test_a_sync_that_fails_is_told(path, monkeypatch, durability):
    """In whichever thread it was; and again, for what follows is no safer."""
    file = LiveFile.create(path, {}, durability)
    (one,) = add(file, "one")
    failing = Failing(monkeypatch, ["sync"], WriteFailed(errno.EIO, "broken"))
    failing.at = 1
    append(one, np.arange(1))
    if durability == "interval":
        file.appended()
        assert file._on_disk._timer is not None
        file._on_disk._timer.join()
    for _ in range(2):
        with pytest.raises(WriteFailed, match="broken"):
            file.appended()
        failing.at = 10**9  # as the system does: it tells of an error once
    with pytest.raises(WriteFailed, match="broken"):
        file.close()
    (one,) = found_datasets(file := LiveFile.open(path))
    assert one.capacity == CHUNK_ROWS
    file.abandon()


def test_create_is_whole_or_absent(path, monkeypatch):
    for kind in CALLS:
        with monkeypatch.context() as patch:
            failing = Failing(patch, [kind], WriteFailed(errno.ENOSPC, "full"))
            failing.at = 1
            if kind in {"write", "sync"}:
                with pytest.raises(WriteFailed):
                    LiveFile.create(path, {})
                assert list(path.parent.iterdir()) == []
    LiveFile.create(path, {"a": 1}).close()
    assert [found.name for found in path.parent.iterdir()] == ["f.h5"]
    with h5py.File(path) as h5:
        assert h5.attrs["a"] == 1
