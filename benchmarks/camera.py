"""``python -m benchmarks.camera RECORDING FRAMES RATE``: a camera, in a process of its own.

It says "ready", begins when it is told to, and says how many frames a second it recorded, and by
how many seconds the latest one was late.
"""

from __future__ import annotations

import sys
import time
from itertools import chain, cycle

import longtake as lt
from longtake.tracking.simulation import BrownianMovie

SHAPE = (424, 640)
_IMAGES = 100


def main() -> None:
    path, frames, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    movie = BrownianMovie(
        frames=_IMAGES, shape=SHAPE, particles=500, diffusion=0.1, radius=1.5, seed=3
    )
    images = list(movie)  # forwards and backwards, so that nothing ever jumps
    endless = cycle(chain(images, images[-2:0:-1]))
    with lt.record(path) as recording:
        camera = recording.create_frame_stream("camera", SHAPE, "uint8")
        print("ready", flush=True)
        sys.stdin.readline()
        print(*_film(camera, endless, frames, rate), flush=True)


def _film(camera, images, frames: int, rate: float) -> tuple[float, float]:
    begin, latest = time.monotonic(), 0.0
    for number in range(frames):
        due = begin + number / rate
        time.sleep(max(0.0, due - time.monotonic()))
        latest = max(latest, time.monotonic() - due)
        camera.append(time.monotonic_ns(), next(images))
    return (frames - 1) / (time.monotonic() - begin), latest


if __name__ == "__main__":
    main()
