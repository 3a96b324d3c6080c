"""A long scan takes no more memory than a short one."""

from __future__ import annotations

import tracemalloc

import numpy as np

from longtake.follow import DataSource
from tests.follow.plain import Plain

SIDE = 32


class Endless:
    """Frames that are made when they are asked for."""

    maxshape = (None, SIDE, SIDE)
    dtype = np.dtype("u2")

    def __init__(self, keys):
        self._keys = keys

    @property
    def shape(self):
        return (len(self._keys.values), SIDE, SIDE)

    def __getitem__(self, selection):
        rows = np.arange(selection[0].start, selection[0].stop, dtype="u2")
        return np.broadcast_to(rows[:, None, None], (len(rows), SIDE, SIDE)).copy()


def test_six_hours_of_a_detector():
    # 100 frames a second would be 2,160,000; a part of them shows what grows with them.
    frames, burst = 60_000, 300
    keys = Plain(np.zeros(0, "u1"), (None,))
    keys.on_refresh = lambda: setattr(
        keys, "values", np.ones(min(len(keys.values) + burst, frames), "u1")
    )
    source = DataSource([keys], {"camera": Endless(keys)}, timeout=0.01)
    tracemalloc.start()
    try:
        peaks = []
        for point in source:
            assert point["camera"][0, 3, 3] == point.index % 65536
            if (point.index + 1) % (frames // 4) == 0:
                peaks.append(tracemalloc.get_traced_memory()[1])
                tracemalloc.reset_peak()
    finally:
        tracemalloc.stop()
    assert point.index == frames - 1
    # The keys, of a byte each, are what grows in this test.
    assert peaks[-1] - peaks[0] < 4 * frames
