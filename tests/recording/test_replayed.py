"""Every state that a recording's file passes through, as it is for those who read it meanwhile.

`tests/streams/test_crash_of_recordings.py` takes such states for what a crash left. Here somebody
holds the file: the streams are written, the recording is stopped, gone on with, and put right after
a crash; and every reader finds all that was acknowledged, at every moment.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pytest

import longtake as lt
from longtake.hdf import LiveFile, locks, transaction
from longtake.hdf.raw_file import RawFile
from tests.hdf.write_log import WriteLog, apply
from tests.recording import recorder
from tests.recording.crash_counts import CHANGES, count
from tests.recording.onlookers import WithH5py, WithPyTables
from tests.streams.small_chunks import grow_often

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TURNS = 10
#: `make crash` asks for more.
ROUNDS = int(os.environ.get("LONGTAKE_CRASH_ROUNDS", "1"))
STRIDE = 3 if ROUNDS == 1 else 1
CRASHES = 4


@pytest.fixture(autouse=True)
def small_and_unsynced(monkeypatch):
    """Streams that often grow; and nobody waits for the disk."""
    monkeypatch.setattr(os, "fdatasync", lambda _: None)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(transaction, "HEADROOM", 64 * 1024)
    grow_often(monkeypatch, *recorder.SMALL_CHUNKS)


@pytest.fixture
def run(tmp_path, monkeypatch) -> tuple[WriteLog, int]:
    """The log of a recording that was stopped and gone on with; from where on it has its name."""
    log, begun = WriteLog(), 0
    with monkeypatch.context() as patch:
        log.record(patch)
        for _ in range(2):
            recording = lt.record(tmp_path / "run.h5", append=True)
            begun = begun or len(log.operations)
            recorder.record(recording, lambda *told: log.acknowledge(told), TURNS)
            recording.stop()
    return log, begun


@contextmanager
def held(path: Path):
    """Have a writer hold the file, so that it is read as it is."""
    raw = RawFile.writing(path)
    try:
        locks.take(raw)
        yield
    finally:
        locks.release(raw)
        raw.close()


def require(path: Path, told: dict[str, int], readers: list[type]) -> None:
    """Each reader finds what was told of."""
    for reader in readers:
        entries = {recorder.group_of(name): told[name] for name in told if name != "attributes"}
        if "frames" in told:
            entries[f"{recorder.group_of('frames')}/key"] = told["frames"]
        reader(path)(entries)
    with held(path), lt.open(path) as view:
        recorder.take_in(view, dict(told))


def states(log: WriteLog, begun: int) -> Iterator[tuple[int, bytearray]]:
    """Give (operations done, the file) whenever the file has changed."""
    image = bytearray()
    for number, operation in enumerate(log.operations, 1):
        apply(image, operation)
        if number >= begun and operation[0] in CHANGES:
            yield number, image


def test_whoever_reads_meanwhile_finds_all_that_was_acknowledged(tmp_path, run):
    log, begun = run
    path = tmp_path / "image.h5"
    seen = 0
    for number, image in islice(states(log, begun), 0, None, STRIDE):
        path.write_bytes(image)
        readers = [WithH5py, WithPyTables] if seen % 10 == 0 else [WithH5py]
        require(path, dict(log.acknowledged(number)), readers)
        seen += 1
    assert seen > 100
    count(states=seen)


@pytest.mark.parametrize("part", range(min(ROUNDS, 25)))
def test_whoever_reads_while_a_crash_is_put_right_finds_what_was_there(
    tmp_path, run, monkeypatch, part
):
    log, begun = run
    path, crashed = tmp_path / "image.h5", tmp_path / "crashed.h5"
    rng = np.random.default_rng(part)
    chosen = set(rng.choice([number for number, _ in states(log, begun)], CRASHES).tolist())
    seen = 0
    for number, image in states(log, begun):
        if number not in chosen:
            continue
        crashed.write_bytes(image)
        recovery = WriteLog()
        with monkeypatch.context() as patch:
            recovery.record(patch)
            LiveFile.open(crashed).abandon()
        for _, present in states(WriteLog([("write", 0, bytes(image)), *recovery.operations]), 2):
            path.write_bytes(present)
            readers = [WithH5py, WithPyTables] if seen % 5 == 0 else [WithH5py]
            require(path, dict(log.acknowledged(number)), readers)
            seen += 1
    assert seen
    count(crashes=len(chosen), states=seen)
