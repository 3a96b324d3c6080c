"""Memory does not grow with the number of frames."""

from __future__ import annotations

import json
import subprocess
import sys

JOB = """
import json, sys
from longtake.pipeline import peak_memory
from longtake.tracking import track
from longtake.tracking.simulation import BrownianMovie
def images(count):
    movie = list(BrownianMovie(frames=20, shape=(96, 96), particles=2, seed=2))
    for number in range(count):
        yield movie[number % len(movie)]
track(images(int(sys.argv[1])), 9, 5, sys.argv[2], minmass=100, memory=2)
print(json.dumps(peak_memory()))
"""


def peak_of(frames: int, path) -> int:
    command = [sys.executable, "-c", JOB, str(frames), str(path)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_ten_thousand_frames_take_no_more_memory_than_a_hundred(tmp_path):
    few, many = peak_of(100, tmp_path / "few.h5"), peak_of(10_000, tmp_path / "many.h5")
    # 8 bytes a frame for the keys, and what an allocator's fragments come to.
    assert many < few + 8_000_000
