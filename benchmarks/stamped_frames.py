"""``python -m benchmarks.stamped_frames PATH COUNT RATE``: record frames that say when they were.

A process of its own. It begins when it is told to, and ends the recording when it is told to.
"""

from __future__ import annotations

import sys
import time

import numpy as np

import longtake as lt
from benchmarks.four_streams.pace import on_time

SIDE = 64


def main() -> None:
    path, count, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    frame = np.random.default_rng(0).integers(0, 1000, (SIDE, SIDE), "u2")
    stamp = frame.reshape(-1)[:4].view("i8")
    with lt.record(path) as recording:
        camera = recording.create_frame_stream("camera", (SIDE, SIDE), "u2")
        print("ready", flush=True)
        sys.stdin.readline()
        for number in on_time(rate, count, time.monotonic_ns(), []):
            stamp[0] = time.monotonic_ns()
            camera.append(number, frame)
        sys.stdin.readline()


if __name__ == "__main__":
    main()
