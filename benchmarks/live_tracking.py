"""Track a recording while it is made."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import longtake as lt
from benchmarks.row import Row, Unit, alone
from longtake.framewise import FramewiseStore
from longtake.tracking import follow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.effort import Effort
    from longtake.pipeline import Progress

_RATE = 100
TITLE = "Track a recording while it is made"
ABOUT = f"""
A process records {_RATE} frames a second of 424 x 640 uint8, 500 simulated particles in each;
`longtake.tracking.follow` beside it finds and links them (diameter 9, minmass 300, search_range 4)
into a file of its own, which others can read meanwhile. Both have all cores, and there is nobody to
compare with. The lag of a frame is from just before it was appended until its features are stored.
"""
_MS = Unit("ms", lambda seconds: seconds * 1e3)
_A_SECOND = Unit("frames/s", lambda rate: rate, is_rate=True)
_MOST_LAG_MS = 200


class _Run(NamedTuple):
    """What was measured, seconds; frames a second."""

    lags: list[float]
    rate: float
    lateness: float
    recorded: int
    tracked: int


def rows(effort: Effort, folder: Path) -> Iterator[Row]:
    frames = effort.frames(1500)
    runs = [_run(folder / f"{number}", frames) for number in range(effort.long_rounds)]
    recorded, tracked = (
        sum(getattr(run, name) for run in runs) for name in ("recorded", "tracked")
    )
    yield Row(
        f"frames tracked, of {recorded:,} recorded in {len(runs)} rounds",
        "",
        f"{tracked:,}",
        "frames",
        goal="all",
        reached=recorded == tracked,
    )
    yield alone("the camera's rate", [run.rate for run in runs], _A_SECOND, 0.99 * _RATE)
    yield alone("its latest frame was late by", [max(run.lateness for run in runs)], _MS)
    yield alone("lag of half of the frames, at most", [median(run.lags) for run in runs], _MS)
    yield alone(
        "lag of the slowest frame of all rounds",
        [max(lag for run in runs for lag in run.lags)],
        _MS,
        _MOST_LAG_MS,
    )


def _run(folder: Path, frames: int) -> _Run:
    folder.mkdir()
    path, output = folder / "run.h5", folder / "tracks.h5"
    camera = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.camera", str(path), str(frames), str(_RATE)],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert camera.stdin is not None
    assert camera.stdout is not None
    assert camera.stdout.readline() == "ready\n"
    stored: list[int] = []
    starts = count()

    def progress(now: Progress) -> None:
        if now.done > len(stored):
            stored.append(time.monotonic_ns())
        elif next(starts) == 0:  # it is ready too
            print(file=camera.stdin, flush=True)

    with lt.open(path) as run:
        tracked = follow(
            run.frame_streams.camera, 9, 4, output, minmass=300, progress=progress
        ).frames
    rate, lateness = map(float, camera.communicate()[0].split())
    with FramewiseStore(output, "frames", mode="r") as store:
        keys = store.dump()["timestamp"].tolist()
    lags = [(at - key) / 1e9 for at, key in zip(stored, keys, strict=True)]
    return _Run(lags, rate, lateness, frames, tracked)
