"""A process that writes a scan in SWMR mode, a frame each millisecond.

``python -m benchmarks.scan_writer PATH FRAMES``; when each key could be read is written, in
nanoseconds of the monotonic clock, to ``PATH.times``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import h5py
import numpy as np

INTERVAL_S = 0.001
SIDE = 64


def main() -> None:
    path, frames = Path(sys.argv[1]), int(sys.argv[2])
    times = np.zeros(frames, "i8")
    part = path.with_suffix(".part")
    with h5py.File(part, "w", libver="latest") as h5:
        keys, data = make_scan(h5, 0, SIDE)
        finished = h5.create_dataset("finished", (1,), "i4", maxshape=(1,), chunks=(1,))
        h5.swmr_mode = True
        part.rename(path)
        frame = np.zeros((SIDE, SIDE), "u2")
        begin = time.monotonic()
        for index in range(frames):
            time.sleep(max(0.0, begin + index * INTERVAL_S - time.monotonic()))
            for dataset, value in ((data, frame), (keys, index + 1)):
                dataset.resize(index + 1, axis=0)
                dataset[index] = value
                dataset.flush()
            times[index] = time.monotonic_ns()
        finished[0] = 1
        finished.flush()
    times.tofile(f"{path}.times")


def make_scan(h5: h5py.File, length: int, side: int) -> tuple[h5py.Dataset, h5py.Dataset]:
    """Make the datasets of a scan, the frames of which are a chunk each."""
    keys = h5.create_dataset(
        "keys", (length, 1, 1), "i4", maxshape=(None, 1, 1), chunks=(1024, 1, 1)
    )
    shape, limits, chunk = ((n, side, side) for n in (length, None, 1))
    return keys, h5.create_dataset("data", shape, "u2", maxshape=limits, chunks=chunk)


if __name__ == "__main__":
    main()
