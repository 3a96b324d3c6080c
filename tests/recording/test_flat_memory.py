"""Hours of a recording, as fast as they can be written: memory does not grow."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import longtake as lt
from tests.recording.crash_counts import count

#: `make crash` records two.
HOURS = float(os.environ.get("LONGTAKE_CRASH_HOURS", "0.1"))
#: What the allocator keeps, and what each growth of a stream adds: some ten bytes.
MOST_BYTES = 4_000_000

#: A game's state at 1 kHz, half of it in bursts, 100 spikes a second in tables of ten, and an
#: attribute every second; the memory used after each tenth of it.
RECORD = """
import json, os, sys
import numpy as np
import longtake as lt
PAGE = os.sysconf("SC_PAGE_SIZE")
SPIKE = [("timestamp", "<i8"), ("channel", "u1"), ("samples", "<i2", (20,))]
def in_use():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * PAGE
def state(t):
    return {"ball": [t / 7, 0.5], "score": t % 11, "hit": t % 3 == 0}
path, seconds = sys.argv[1], int(sys.argv[2])
used = []
with lt.record(path) as recording:
    game = recording.create_data_stream("game", {"score": 0})
    spikes = recording.create_table_stream("spikes", SPIKE)
    ten = np.zeros(10, SPIKE)
    for second in range(seconds):
        for tenth in range(10):
            t = second * 1000 + tenth * 100
            if tenth % 2:
                game.append_many(range(t, t + 100), map(state, range(t, t + 100)))
            else:
                for ms in range(t, t + 100):
                    game.append(ms, state(ms))
            ten["timestamp"] = t
            spikes.append(t, ten)
        game.set_attribute("score", second)
        recording.set_attribute("seconds", second)
        if (second + 1) * 10 % seconds < 10:
            used.append(in_use())
used.append(in_use())
print(json.dumps(used))
"""


def test_memory_is_flat(tmp_path):
    path, seconds = tmp_path / "run.h5", int(HOURS * 3600)
    command = [sys.executable, "-c", RECORD, str(path), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    used = json.loads(done.stdout)
    assert len(used) == 11  # a tenth, two tenths, … and closed
    assert max(used[1:-1]) < used[0] + MOST_BYTES, used
    with lt.open(path) as view:
        game, spikes = view.data_streams.game, view.record_streams.spikes
        assert len(game) == seconds * 1000
        assert len(spikes) == seconds * 10
        assert game.attributes.application == {"score": seconds - 1}
        assert game.keys()[-1] == seconds * 1000 - 1
        entries = len(game) + len(spikes)
    count(entries=entries, **{"bytes of growth": max(0, max(used[1:-1]) - used[0])})
    path.unlink()
