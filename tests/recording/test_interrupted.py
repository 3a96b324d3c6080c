"""Ctrl-C while something is stored: told before the write, in its midst, or when it was made."""

from __future__ import annotations

import os

import pytest

import longtake as lt
from longtake.hdf import journal
from longtake.hdf.live_file import LiveFile
from longtake.hdf.raw_file import RawFile
from longtake.streams.columns import ColumnSet
from tests.streams.small_chunks import grow_often


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Nobody waits for the disk."""
    monkeypatch.setattr(os, "fdatasync", lambda _: None)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(os, "RWF_DSYNC", 0)
    return tmp_path / "run.h5"


class Interrupting:
    """Interrupts the n-th write."""

    def __init__(self, patch: pytest.MonkeyPatch, number: int, when: str) -> None:
        self.has_struck = False
        real, count = RawFile.write, 0

        def write(raw, offset, data):
            nonlocal count
            count += 1
            if count != number:
                real(raw, offset, data)
                return
            self.has_struck = True
            if when == "half":
                real(raw, offset, bytes(data)[: len(data) // 2])
            if when == "after":
                real(raw, offset, data)
            raise KeyboardInterrupt

        patch.setattr(RawFile, "write", write)


def entries(path) -> dict[int, object]:
    with lt.open(path) as view:
        return dict(view.data_streams["s"].items())


def require_kept(path, before: dict[int, object], after: dict[int, object]) -> dict[int, object]:
    """What was seen is there; what has come since, and nothing else."""
    seen = entries(path)
    assert seen == before | after
    return seen


@pytest.mark.parametrize("when", ["before", "half", "after"])
def test_a_burst_that_is_interrupted_leaves_nothing_between_others(path, monkeypatch, when):
    """It goes to several places in the file; what came of it is there from its first on."""
    grow_often(monkeypatch, 16, 256)
    monkeypatch.setattr(LiveFile, "grow_soon", lambda self, capacities: self.grow(capacities))
    burst = {key: [key, "burst"] for key in range(1000, 1060)}
    number, has_struck = 0, True
    while has_struck:
        number += 1
        with lt.record(path, overwrite=True) as recording:
            stream, other = (recording.create_data_stream(name) for name in "so")
            for key in range(24):  # so that their chunks take turns in the file
                stream.append(key, key)
                other.append_many(range(9 * key, 9 * key + 9), range(9))
            stream._growth.make_room(len(stream) + 200, 4000)
            with monkeypatch.context() as patch:
                interrupting = Interrupting(patch, number, when)
                try:
                    stream.append_many(burst, burst.values())
                except KeyboardInterrupt:
                    assert interrupting.has_struck
            has_struck = interrupting.has_struck
            seen = entries(path)
            came = [key for key in seen if key >= 1000]
            assert came == list(burst)[: len(came)]
            for key in range(2000, 2040):
                stream.append(key, key)
                seen = require_kept(path, seen, {key: key})
        assert entries(path) == seen
        assert lt.check(path).is_whole
    assert number > 3


@pytest.mark.parametrize("entries_before", [100, 5000])
def test_readers_go_on_when_a_growth_was_interrupted(path, monkeypatch, entries_before):
    """Also when that is told as soon as the journal has the growth."""
    with lt.record(path) as recording:
        stream = recording.create_data_stream("s")
        stream.append_many(range(entries_before), ["x" * 200] * entries_before)
        with lt.open(path) as view, monkeypatch.context() as patch:
            real, struck = journal.write, []

            def told_after(raw, change):
                real(raw, change)
                if not struck:
                    struck.append(change)
                    raise KeyboardInterrupt

            patch.setattr(journal, "write", told_after)
            with pytest.raises(KeyboardInterrupt):
                stream.append_many(range(10**6, 10**6 + 20_000), ["y" * 200] * 20_000)
            assert len(view.data_streams["s"]) == len(entries(path)) == entries_before
            for key in range(2 * 10**6, 2 * 10**6 + 3000):
                stream.append(key, "z")
            assert len(view.data_streams["s"]) == len(entries(path)) == entries_before + 3000
    assert lt.check(path).is_whole


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_second_interrupt_while_the_first_is_looked_into(path, monkeypatch, when, number):
    with lt.record(path) as recording:
        stream = recording.create_data_stream("s")
        for key in range(5):
            stream.append(key, "earlier" * 9)
        with monkeypatch.context() as patch:
            Interrupting(patch, number, when)

            def interrupted(*_):
                raise KeyboardInterrupt

            patch.setattr(ColumnSet, "look_back", interrupted)
            with pytest.raises(KeyboardInterrupt):
                stream.append(5, "interrupted" * 9)
        seen = entries(path)
        assert (5 in seen) == (when == "after" and number == 2)
        for key in range(6, 40):
            stream.append(key, key)
            seen = require_kept(path, seen, {key: key})
    assert entries(path) == seen
    assert lt.check(path).is_whole
