"""Follow a recording while it is made."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import longtake as lt
from benchmarks.four_streams.processor import ProcessorUse
from benchmarks.row import Unit, alone
from benchmarks.stamped_frames import SIDE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.effort import Effort
    from benchmarks.row import Row
    from longtake.follow import RecordingFollower

TITLE = "Following a recording"
ABOUT = f"""
A process records {SIDE} x {SIDE} frames of uint16, 1,000 a second; another follows them with
`stream.follow()`. How far behind it is: from just before a frame was appended until it is in the
follower's hands; the first quarter is left out. To catch up is to go through a recording that is
finished, in the page cache. A structure change, as when a stream grows, is made in this process;
its cost is of the look that meets it, at all streams of a `longtake.follow()`, of which one grew.
"""
_RATE = 1000
_MS = Unit("ms behind", lambda seconds: seconds * 1e3)
_US = Unit("µs a frame", lambda seconds: seconds * 1e6)
_PERCENT = Unit("% of a processor", lambda share: share * 100)
_MS_A_CHANGE = Unit("ms a change", lambda seconds: seconds * 1e3)


class _Behind(NamedTuple):
    """What half and 99 % of the frames were not further behind than; processors used."""

    half: float
    most: float
    processor: float


def rows(effort: Effort, folder: Path) -> Iterator[Row]:
    count = effort.frames(10_000)
    runs = [_behind(folder / f"behind{n}.h5", count) for n in range(effort.long_rounds)]
    what = f"{SIDE}x{SIDE} uint16, {_RATE:,} a second"
    yield alone(f"{what}: half of the frames, at most", [run.half for run in runs], _MS, 1)
    yield alone(f"{what}: 99 % of the frames, at most", [run.most for run in runs], _MS, 5)
    yield alone(f"{what}: the follower", [run.processor for run in runs], _PERCENT)
    for case, catch_up in (("stream.follow", _stream), ("longtake.follow", _recording)):
        times = [catch_up(folder / "behind0.h5") for _ in range(effort.rounds)]
        yield alone(f"catching up: `{case}()`", times, _US)
    seconds = effort.frames(4)
    idle = [_idle(folder / f"idle{n}.h5", seconds) for n in range(effort.long_rounds)]
    yield alone("a follower to whom nothing comes", idle, _PERCENT)
    for streams in (3, 100):
        cost = _structure_change(folder / f"{streams}.h5", streams, effort.rounds)
        yield alone(f"a structure change, {streams} streams", cost, _MS_A_CHANGE)


def _behind(path: Path, count: int) -> _Behind:
    lags_ns = []
    with _frames(path, count, _RATE) as camera, lt.open(path) as view:
        follower = view.frame_streams.camera.follow()
        print(file=camera.stdin, flush=True)
        processor = ProcessorUse()
        for key, frame in follower:
            lags_ns.append(time.monotonic_ns() - int(frame.reshape(-1)[:4].view("i8")[0]))
            if key == count - 1:
                break
        share = processor.share()
    half, most = np.percentile(lags_ns[count // 4 :], [50, 99]) / 1e9
    return _Behind(half, most, share)


def _stream(path: Path) -> float:
    with lt.open(path) as view:
        return _each(view.frame_streams.camera.follow())


def _recording(path: Path) -> float:
    with lt.follow(path) as follower:
        return _each(follower)


def _each(follower: Iterator) -> float:
    """Give the seconds of the processor for each entry."""
    begin = time.process_time()
    count = sum(1 for _ in follower)
    return (time.process_time() - begin) / count


def _idle(path: Path, seconds: float) -> float:
    with lt.record(path) as recording:
        recording.create_data_stream("game")
        with lt.open(path) as view:
            follower = view.data_streams.game.follow(timeout=seconds)
            processor = ProcessorUse()
            try:
                next(follower)
            except lt.LongtakeError:
                return processor.share()
    raise AssertionError


def _structure_change(path: Path, streams: int, rounds: int) -> list[float]:
    """Give the seconds of looks that met one, less those of looks that met none."""
    with lt.record(path) as recording:
        made = [recording.create_data_stream(f"stream {n}") for n in range(streams)]
        for key, stream in enumerate(made):
            stream.append(key, key)
        with lt.follow(path, timeout=60) as follower:
            for _ in made:
                next(follower)
            return [_met(recording, made[n % streams], follower) for n in range(rounds + 1)][1:]


def _met(recording: lt.Recording, stream: lt.DataStream, follower: RecordingFollower) -> float:
    index = stream.sets[0].index
    recording._file._file.grow({index: index.capacity + index.chunk_rows})
    begin = time.process_time()
    _ = follower.lag
    met = time.process_time()
    _ = follower.lag
    return (met - begin) - (time.process_time() - met)


@contextmanager
def _frames(path: Path, count: int, rate: int) -> Iterator[subprocess.Popen[str]]:
    """Start a process that records; end it."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.stamped_frames", str(path), str(count), str(rate)],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
            process.communicate("\n")
        except BaseException:
            process.kill()
            raise
