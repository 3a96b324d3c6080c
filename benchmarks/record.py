"""Recording entries and frames beside other ways to keep them."""

from __future__ import annotations

import os
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

import h5py
import msgpack
import numpy as np

import longtake as lt
from benchmarks.row import Row
from benchmarks.turns import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.effort import Effort

TITLE = "Record entries and frames"
ABOUT = """\
Small dicts of four fields by timestamp, appended one by one, then read back; frames of 8 MB. The
others: the CL SDK's layout written with h5py and msgpack in batches of 4096 (which a crash loses),
and SQLite in WAL mode, a transaction for each 1000. longtake's entries are visible to every process
and safe from the end of this one when `append` returns. "Against" is `os.pwrite` of the same bytes
to the same file system.
"""

_ENTRY = {"x": 1.5, "y": -2.5, "hit": True, "score": 7}


def rows(effort: Effort, folder: Path) -> Iterator[Row]:
    """Give the figures of this page."""
    count = effort.frames(1_000_000)
    path = folder / "run.h5"
    wrote = [_fresh(path, partial(_append, path, count)) for _ in range(effort.rounds)]
    yield _rate("append, one by one", wrote, count, goal=250_000)
    with lt.open(path) as view:
        game = view.data_streams.game
        times = [seconds(lambda: sum(1 for _ in game.items())) for _ in range(effort.rounds)]
        yield _rate("iterate over all items", times, count, goal=1_000_000)
        picked = np.random.default_rng(0).integers(0, count, 2000).tolist()
        times = [seconds(lambda: [game[key] for key in picked]) for _ in range(effort.rounds)]
        yield _time("`stream[t]`, anywhere", times, len(picked), "µs", 1e6, goal=10)
        span = (count // 2, count // 2 + count // 100)
        times = [seconds(lambda: list(game.items_for_range(*span))) for _ in range(effort.rounds)]
        yield _time("a range of 1 %", times, 1, "ms", 1e3, goal=15)
    yield from _others(effort, folder, count)
    yield from _frames(effort, folder)


def _append(path: Path, count: int) -> None:
    with lt.record(path) as recording:
        append = recording.create_data_stream("game").append
        for key in range(count):
            append(key, _ENTRY)


def _others(effort: Effort, folder: Path, count: int) -> Iterator[Row]:
    for name, write in (("h5py + msgpack, batches of 4096", _h5py), ("SQLite, WAL", _sqlite)):
        path = folder / "other"
        times = [_fresh(path, partial(write, path, count)) for _ in range(effort.rounds)]
        yield _rate(f"{name}: append", times, count)


def _h5py(path: Path, count: int) -> None:
    dtype = np.dtype([("timestamp", "<i8"), ("start_index", "<u8"), ("end_index", "<u8")])
    pack = msgpack.Packer().pack
    with h5py.File(path, "w") as h5:
        index = h5.create_dataset("index", (0,), dtype, maxshape=(None,), chunks=(2730,))
        data = h5.create_dataset("data", (0,), "u1", maxshape=(None,), chunks=(32768,))
        for first in range(0, count, 4096):
            parts = [pack(_ENTRY) for _ in range(first, min(first + 4096, count))]
            ends = data.shape[0] + np.cumsum([len(part) for part in parts])
            table = np.empty(len(parts), dtype)
            table["timestamp"] = np.arange(first, first + len(parts))
            table["end_index"] = ends
            table["start_index"] = np.append(data.shape[0], ends[:-1])
            data.resize(int(ends[-1]), 0)
            data[int(table["start_index"][0]) :] = np.frombuffer(b"".join(parts), "u1")
            index.resize(index.shape[0] + len(parts), 0)
            index[-len(parts) :] = table


def _sqlite(path: Path, count: int) -> None:
    pack = msgpack.Packer().pack
    base = sqlite3.connect(path)
    base.execute("pragma journal_mode = wal")
    base.execute("pragma synchronous = normal")
    base.execute("create table game (timestamp integer primary key, data blob)")
    for key in range(count):
        base.execute("insert into game values (?, ?)", (key, pack(_ENTRY)))
        if key % 1000 == 999:
            base.commit()
    base.commit()
    base.close()


def _frames(effort: Effort, folder: Path) -> Iterator[Row]:
    frame = np.random.default_rng(0).integers(0, 255, (2048, 4096)).astype("u1")
    count = effort.frames(60)
    for checksum, goal in ((True, 0.7), (False, 0.9)):
        ratios, ours = [], []
        for _ in range(effort.rounds):
            plain = _fresh(folder / "plain", partial(_pwrite, folder / "plain", frame, count))
            ours.append(_appended(folder / "frames.h5", frame, count, checksum=checksum))
            ratios.append(plain / ours[-1])
        rate = count * frame.nbytes / min(ours) / 1e6
        middle = float(np.median(ratios))
        yield Row(
            f"frames of 8 MB, {'with' if checksum else 'without'} checksum, part of `os.pwrite`",
            "1",
            f"{middle:.2f} ({rate:.0f} MB/s)",
            "",
            goal=f"≥ {goal}",
            reached=middle >= goal,
        )


def _appended(path: Path, frame: np.ndarray, count: int, *, checksum: bool) -> float:
    path.unlink(missing_ok=True)
    with lt.record(path) as recording:
        camera = recording.create_frame_stream("camera", frame.shape, "u1", checksum=checksum)
        return seconds(lambda: [camera.append(key, frame) for key in range(count)])


def _pwrite(path: Path, frame: np.ndarray, count: int) -> None:
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    for number in range(count):
        os.pwrite(fd, frame.data, number * frame.nbytes)
    os.close(fd)


def _fresh(path: Path, work: Callable[[], object]) -> float:
    for old in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        old.unlink(missing_ok=True)
    return seconds(work)


def _rate(case: str, times: list[float], count: int, goal: float | None = None) -> Row:
    rate = count / float(np.median(times))
    wanted = "" if goal is None else f"≥ {goal:,.0f}"
    reached = None if goal is None else rate >= goal
    return Row(case, "", f"{rate:,.0f}", "a second", goal=wanted, reached=reached)


def _time(case: str, times: list[float], count: int, unit: str, scale: float, goal: float) -> Row:
    value = float(np.median(times)) / count * scale
    return Row(case, "", f"{value:.1f}", unit, goal=f"≤ {goal:g}", reached=value <= goal)
