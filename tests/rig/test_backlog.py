"""What a session remembers: all of the last seconds, and not much more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtake.rig import backlog
from longtake.rig.backlog import Backlog, EntryBacklog
from longtake.rig.block import SPIKE, STIM, Block
from longtake.streams.entry_codec import encode_entry


def block(start: int, frames: int) -> Block:
    stims = np.zeros(frames, STIM)
    stims["timestamp"] = range(start, start + frames)
    samples = np.arange(start, start + frames, dtype="int16")[:, None]
    return Block(start, samples, np.empty(0, SPIKE), stims)


@settings(deadline=None)
@given(
    kept=st.integers(0, 60),
    sizes=st.lists(st.integers(1, 30), max_size=20),
    back=st.integers(0, 70),
)
def test_all_of_the_last_frames_is_there_once(kept, sizes, back):
    held, end = Backlog(kept, 100), 100
    for size in sizes:
        held.add(block(end, size))
        end += size
    assert end - held.start >= min(kept, end - 100)
    assert end - held.start <= (kept + max(sizes, default=0) if kept else 0)
    start = max(held.start, end - back)
    found = list(held.since(start))
    times = [t for one in found for t in range(one.start, one.end)]
    assert times == list(range(start, end))
    assert [v for one in found for v in one.samples[:, 0].tolist()] == times
    stims = [t for one in found for t in one.stims["timestamp"].tolist()]
    assert [t for t in stims if t >= start] == times


def test_a_source_may_use_its_arrays_again():
    held = Backlog(100, 0)
    one = block(0, 10)
    held.add(one)
    one.samples[:] = one.stims["timestamp"] = -1
    (found,) = held.since(0)
    assert found.samples[:, 0].tolist() == found.stims["timestamp"].tolist() == list(range(10))


def entries(held: EntryBacklog, since: int = -(2**60)) -> list:
    return list(held.since(since))


def test_entries_are_kept_until_they_are_old():
    held = EntryBacklog(10)
    for key in (1, 2, 9, 11):
        held.add(key, encode_entry({"key": key}))
    assert entries(held) == [(2, {"key": 2}), (9, {"key": 9}), (11, {"key": 11})]
    assert held.forgotten == 1
    assert entries(held, 9) == [(9, {"key": 9}), (11, {"key": 11})]
    none = EntryBacklog(0)
    none.add(5, encode_entry(1))
    assert entries(none) == []
    assert none.forgotten == 5


@pytest.mark.parametrize("size", [0, 1000, 20_000])
def test_entries_take_bounded_memory(monkeypatch, size):
    monkeypatch.setattr(backlog, "_MOST_BYTES", 10_000)
    held = EntryBacklog(10**6)
    for key in range(200):
        held.add(key, encode_entry("x" * size))
        found = entries(held)
        assert found[-1] == (key, "x" * size)
        assert len(found) == 1 or len(found) * (size + 200) <= 10_000
    assert held.forgotten == found[0][0] - 1
