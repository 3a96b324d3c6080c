"""Ranges that may not be touched, against a set of bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from longtake.hdf.live_ranges import LiveRanges

blocks = st.lists(st.integers(0, 30), unique=True, max_size=20)


@given(blocks, st.integers(0, 20), st.integers(0, 340), st.integers(1, 40))
def test_touches(blocks, split, start, length):
    live = LiveRanges()
    ranges = [(10 * block, 10 * block + 10) for block in blocks]
    live.add(ranges[:split])
    live.add(ranges[split:])
    covered = {at for low, high in ranges for at in range(low, high)}
    assert live.touches(start, start + length) == bool(covered & set(range(start, start + length)))


def test_neighbours_are_joined():
    live = LiveRanges()
    live.add((at, at + 10) for at in range(0, 1000, 10))
    assert len(live._starts) == 1
