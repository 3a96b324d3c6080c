"""Follow the files of SWMR writers, by their keys."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import swmr_tools

import longtake.follow
from benchmarks.agreement import Disagreement
from benchmarks.row import Unit, alone, compared
from benchmarks.scan_writer import SIDE, make_scan
from benchmarks.turns import take_turns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.effort import Effort
    from benchmarks.row import Row

TITLE = "Following a detector's file"
ABOUT = """
Files of h5py in SWMR mode, with a key dataset; a frame, of uint16 and not compressed, is a chunk.
Both sides read with the same loop over a `DataSource`; times of the first two rows, and those of
keys, are of the processor. The file is in the page cache, and complete when they begin, so that
they need not wait.

How far behind is measured while another process writes 1,000 frames a second: from when the writer
has flushed the key of a frame until that frame is in the reader's hands; the first quarter of them
is left out, in which the reader starts. swmr_tools is not there:
it looks each twentieth of its timeout, by default every half second. Keys are those of one dataset
that is complete, by a `KeyFollower`; both kinds of followers are new in each round.
"""

_PEER = "swmr_tools"
_US = Unit("µs a frame", lambda seconds: seconds * 1e6)
_US_A_KEY = Unit("µs a key", lambda seconds: seconds * 1e6)
_MS = Unit("ms behind", lambda seconds: seconds * 1e3)
_LIBRARIES: tuple[Any, Any] = (swmr_tools, longtake.follow)


def rows(effort: Effort, folder: Path) -> Iterator[Row]:
    for side, count in ((64, 20_000), (2048, 100)):
        yield _frames(effort, folder / f"{side}.h5", side, effort.frames(count))
    yield from _behind(effort, folder)
    yield from _keys(effort, folder)


def _frames(effort: Effort, path: Path, side: int, count: int) -> Row:
    frame = np.random.default_rng(0).integers(0, 1000, (side, side), "u2")
    with h5py.File(path, "w", libver="latest") as h5:
        keys, data = make_scan(h5, 0, side)
        h5.swmr_mode = True
        data.resize(count, axis=0)
        for index in range(count):
            frame.flat[0] = index
            data[index] = frame
        data.flush()
        keys.resize(count, axis=0)
        keys[:] = 1

    def follow(library: Any) -> float:
        with _opened(path) as h5:
            source = library.DataSource([h5["keys"]], {"data": h5["data"]})
            begin = time.process_time()
            for _ in range(count):  # not to its end, which would be waited for
                point = next(source)
            took = time.process_time() - begin
            last = point["data"]
            if last.shape != (1, side, side) or last.flat[0] != (count - 1) % 2**16:
                raise Disagreement(f"{library.__name__} gives another frame {count - 1}")
        return took / count

    theirs, ours = take_turns(effort.rounds, *(partial(follow, library) for library in _LIBRARIES))
    path.unlink()
    case = f"{count:,} frames of {side} x {side}, processor time"
    return compared(case, theirs, ours, _US, goal=5, peer=_PEER)


def _behind(effort: Effort, folder: Path) -> Iterator[Row]:
    middle, most = [], []
    for number in range(effort.long_rounds):
        behind = _seconds_behind(folder / f"live{number}.h5", effort.frames(5000))
        middle.append(float(np.percentile(behind, 50)))
        most.append(float(np.percentile(behind, 99)))
    yield alone("1,000 frames a second: half of them at most", middle, _MS, goal=1)
    yield alone("1,000 frames a second: 99 % of them at most", most, _MS, goal=5)


def _seconds_behind(path: Path, count: int) -> np.ndarray:
    seen = np.zeros(count, "i8")
    command = [sys.executable, "-m", "benchmarks.scan_writer", str(path), str(count)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1]) as writer:
        while not path.exists():
            time.sleep(0.001)
        with _opened(path) as h5:
            frames, finished = {"data": h5["data"]}, h5["finished"]
            for point in longtake.follow.DataSource([h5["keys"]], frames, 10, finished):
                seen[point.index] = time.monotonic_ns()
        if writer.wait() != 0 or not seen.all():
            raise Disagreement(f"{np.count_nonzero(seen)} of {count} frames were followed")
    written = np.fromfile(f"{path}.times", "i8")
    # It may be seen before the flush that brought it is over; those that were written before the
    # file was opened here say nothing.
    return np.maximum(seen - written, 0)[count // 4 :] / 1e9


def _keys(effort: Effort, folder: Path) -> Iterator[Row]:
    for count in (100_000, 1_000_000):
        path = folder / f"{count}.h5"
        with h5py.File(path, "w", libver="latest") as h5:
            keys, _ = make_scan(h5, effort.frames(count), SIDE)
            keys[:] = 1
        size = effort.frames(count)

        def follow(library: Any, path: Path = path, size: int = size) -> float:
            with _opened(path) as h5:
                follower = library.KeyFollower([h5["keys"]])
                begin = time.process_time()
                for _ in range(size):
                    last = next(follower)
                took = time.process_time() - begin
            if last != size - 1:
                raise Disagreement(f"{library.__name__} ends with key {last}, not {size - 1}")
            return took / size

        theirs, ours = take_turns(
            effort.long_rounds, *(partial(follow, library) for library in _LIBRARIES)
        )
        yield compared(f"{size:,} keys, processor time", theirs, ours, _US_A_KEY, peer=_PEER)


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    with h5py.File(path, "r", swmr=True) as h5:
        yield h5
