"""Store tables by frame number."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import trackpy

from benchmarks.agreement import same_features
from benchmarks.row import Row, sized, timed
from benchmarks.turns import one_core, seconds, take_turns
from longtake.framewise import FramewiseStore, PandasHDFStoreBig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.effort import Effort

TITLE = "Store tables by frame number"
ABOUT = """
trackpy's `PandasHDFStoreBig`, its fastest, beside `FramewiseStore`, and beside longtake's own
`PandasHDFStoreBig`, which writes the same layout as trackpy's. Tables of about 500 rows and 9
columns (8 float64, 1 int64), ready in memory. `put` is with making and closing the file; what
longtake puts is safe from the end of the process when `put` returns. `get` takes the frames one
after the other, and `dump` all of them as one table, from a file opened before. Files are in the
page cache.
"""
_GOALS = {"put": 20.0, "get": 8.0, "dump": 200.0}
_GOAL_SIZE = 2.0
_COLUMNS = ("y", "x", "mass", "size", "ecc", "signal", "raw_mass", "ep")

Make = "Callable[[Path], Any]"


class _Operation(NamedTuple):
    """Something that every store does to a file; gives the seconds it took."""

    name: str
    run: Callable[[Make, Path], float]


def rows(effort: Effort, folder: Path) -> Iterator[Row]:
    tables = _tables(effort.frames(1_000))
    makes = [trackpy.PandasHDFStoreBig, FramewiseStore, PandasHDFStoreBig]
    files = [folder / f"{number}.h5" for number in range(3)]
    for make, file in zip(makes, files, strict=True):
        _put(make, file, tables)
    _same(makes, files, len(tables))
    yield from _sizes(files, len(tables))
    spare = (folder / f"spare{number}.h5" for number in count())
    operations = [
        _Operation("put", lambda make, _: _put(make, next(spare), tables)),
        _Operation("get", lambda make, file: _get(make, file, len(tables))),
        _Operation("dump", _dump),
    ]
    for operation in operations:
        contestants = [
            lambda make=make, file=file, run=operation.run: run(make, file) / len(tables)
            for make, file in zip(makes, files, strict=True)
        ]
        with one_core():
            theirs, native, big = take_turns(effort.long_rounds, *contestants)
        yield timed(_name(operation.name, len(tables)), theirs, native, _GOALS[operation.name])
        yield timed(_name(operation.name, len(tables), "`PandasHDFStoreBig`"), theirs, big)


def _tables(frames: int) -> list[pd.DataFrame]:
    random = np.random.default_rng(0)
    tables = []
    for frame in range(frames):
        features = random.integers(480, 521)
        table = pd.DataFrame(random.random((features, len(_COLUMNS))), columns=list(_COLUMNS))
        tables.append(table.assign(frame=frame))
    return tables


def _put(make: Make, file: Path, tables: list[pd.DataFrame]) -> float:
    def work() -> None:
        with make(file) as store:
            for table in tables:
                store.put(table)

    return seconds(work)


def _get(make: Make, file: Path, frames: int) -> float:
    with make(file) as store:
        return seconds(lambda: [store.get(frame) for frame in range(frames)])


def _dump(make: Make, file: Path) -> float:
    with make(file) as store:
        return seconds(store.dump)


def _sizes(files: list[Path], frames: int) -> Iterator[Row]:
    theirs, native, big = (file.stat().st_size / frames for file in files)
    yield sized(_name("file size", frames), theirs, native, _GOAL_SIZE)
    yield sized(_name("file size", frames, "`PandasHDFStoreBig`"), theirs, big)


def _same(makes: list[Make], files: list[Path], frames: int) -> None:
    """Raise unless all stores give back the same."""
    dumps = []
    for make, file in zip(makes, files, strict=True):
        with make(file) as store:
            dumps.append(store.dump(min(frames, 20)))
    for dump in dumps[1:]:
        same_features(dumps[0], dump)


def _name(operation: str, frames: int, ours: str = "`FramewiseStore`") -> str:
    return f"{operation}, {frames:,} frames: {ours}"
