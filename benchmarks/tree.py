"""Make and read hierarchical files."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import tables

import longtake.tree
from benchmarks.agreement import Disagreement
from benchmarks.mandelbulb import mandelbulb
from benchmarks.row import Unit, alone, compared
from benchmarks.turns import seconds, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.effort import Effort
    from benchmarks.row import Row

TITLE = "Hierarchical files"
ABOUT = """
PyTables and longtake make the same calls; all with making and closing the file, where one is made.
The Mandelbulb is a field of 300 x 300 x 300 whole numbers in float32, as of PyTables' tutorial:
there compressed by zlib at level 5, here by Blosc2's zstd at level 1 (at 5 where it says so), each
in the chunks of its own choice. Planes are read from a file that is opened for each, in the middle
of each axis; the goal is for the axis that PyTables is slowest along. The table has three columns
(int64, float64, float32). The small arrays have four int64 each, in 20 groups. In the page cache.
"""

_PEER = "PyTables"
_S = Unit("s", float)
_MS = Unit("ms", lambda seconds: seconds * 1e3)
_KB = Unit("kB", lambda size: size / 1e3)
_A_SECOND = Unit("million rows a second", lambda seconds: 1e-6 / seconds, is_rate=True)
_ROW = np.dtype([("a", "i8"), ("b", "f8"), ("c", "f4")])
_GROUPS = 20

_Library = Any
_LIBRARIES: tuple[_Library, _Library] = (tables, longtake.tree)


def rows(effort: Effort, folder: Path) -> Iterator[Row]:
    yield from _field(effort, folder)
    yield from _table(effort, folder)
    yield from _small_arrays(effort, folder)


def _field(effort: Effort, folder: Path) -> Iterator[Row]:
    field = mandelbulb(max(30, effort.frames(300)))
    theirs = _Field(tables, folder / "theirs.h5", field, tables.Filters(5, "zlib"))
    levels = (1, 5)
    ours = [
        _Field(
            longtake.tree,
            folder / f"level{level}.h5",
            field,
            longtake.tree.Filters(level, "blosc2:zstd"),
        )
        for level in levels
    ]
    times = take_turns(effort.long_rounds, theirs.write, *(way.write for way in ours))
    for level, goal, way, took in zip(levels, (10, None), ours, times[1:], strict=True):
        name = f"Mandelbulb, level {level}"
        sizes = [float(each.path.stat().st_size) for each in (theirs, way)]
        yield compared(f"{name}: write", times[0], took, _MS, goal, _PEER)
        yield compared(f"{name}: size of the file", sizes[:1], sizes[1:], _KB, 1, _PEER)
    yield from _planes(effort, theirs, ours[0])


def _planes(effort: Effort, theirs: _Field, ours: _Field) -> Iterator[Row]:
    for axis in range(3):
        if not np.array_equal(theirs.plane(axis), ours.plane(axis)):
            raise Disagreement(f"PyTables and longtake give other planes along axis {axis}")
    times = [
        take_turns(
            effort.rounds,
            lambda axis=axis: seconds(lambda: theirs.plane(axis)),
            lambda axis=axis: seconds(lambda: ours.plane(axis)),
        )
        for axis in range(3)
    ]
    for axis in range(3):
        yield compared(f"read a plane along axis {axis}", *times[axis], _MS, None, _PEER)
    worst = max((taken[0] for taken in times), key=np.median)
    for axis in range(3):
        case = f"the same, beside PyTables along its slowest axis ({axis})"
        yield compared(case, worst, times[axis][1], _MS, 5, _PEER)


class _Field:
    """A field in a file of one of the libraries."""

    def __init__(self, library: _Library, path: Path, field: np.ndarray, filters: Any) -> None:
        self._library, self.path, self._field, self._filters = library, path, field, filters

    def write(self) -> float:
        return seconds(self._write)

    def _write(self) -> None:
        with self._library.open_file(self.path, "w", filters=self._filters) as file:
            group = file.create_group("/", "g1", "Fractal data")
            file.create_carray(group, "stability", obj=self._field)

    def plane(self, axis: int) -> np.ndarray:
        middle = (slice(None),) * axis + (self._field.shape[axis] // 2,)
        with self._library.open_file(self.path) as file:
            return file.root.g1.stability[middle]


def _table(effort: Effort, folder: Path) -> Iterator[Row]:
    for name, fill, goal, count in (
        ("row by row", _fill, 1.0, effort.frames(1_000_000)),
        ("in bulk", _append, 40.0, effort.frames(10_000_000)),
    ):
        given = np.zeros(count, _ROW)
        given["a"] = np.arange(count)
        work = partial(_make, folder / "table.h5", fill, given)
        theirs, ours = take_turns(effort.rounds, *_each(work))
        case = f"append {count:,} rows {name}"
        yield alone(case, ours, _A_SECOND, goal)
        yield compared(case, theirs, ours, _A_SECOND, None, _PEER)


def _make(path: Path, fill: Callable[..., None], given: np.ndarray, library: _Library) -> float:
    """Make a table of rows, and give the seconds for one of them."""

    def work() -> None:
        with library.open_file(path, "w") as file:
            fill(file.create_table("/", "table", _ROW, expectedrows=len(given)), given)

    took = seconds(work)
    with library.open_file(path) as file:
        found = file.root.table
        if found.nrows != len(given) or found[-1]["a"] != len(given) - 1:
            raise Disagreement(f"{library.__name__} has other rows than were appended")
    path.unlink()
    return took / len(given)


def _fill(table: Any, given: np.ndarray) -> None:
    row = table.row
    for number in range(len(given)):
        row["a"] = number
        row["b"] = 1.5
        row["c"] = 2.5
        row.append()
    table.flush()


def _append(table: Any, given: np.ndarray) -> None:
    table.append(given)


def _small_arrays(effort: Effort, folder: Path) -> Iterator[Row]:
    each = max(1, effort.frames(1_000))
    paths = {library: folder / f"{library.__name__}.many.h5" for library in _LIBRARIES}
    theirs, ours = take_turns(
        effort.long_rounds,
        *_each(lambda library: seconds(lambda: _make_many(library, paths[library], each))),
    )
    case = f"make {each * _GROUPS:,} arrays"
    yield alone(case, ours, _S, 4)
    yield compared(case, theirs, ours, _S, None, _PEER)
    theirs, ours = take_turns(
        effort.long_rounds,
        *_each(lambda library: seconds(lambda: _walk(library, paths[library], each))),
    )
    yield compared(f"walk through {each * _GROUPS:,} arrays", theirs, ours, _S, 5, _PEER)


def _make_many(library: _Library, path: Path, each: int) -> None:
    values = np.arange(4)
    with library.open_file(path, "w") as file:
        for group in range(_GROUPS):
            file.create_group("/", f"group{group}")
            for number in range(each):
                file.create_array(f"/group{group}", f"array{number}", values)


def _walk(library: _Library, path: Path, each: int) -> None:
    with library.open_file(path) as file:
        found = sum(1 for _ in file.walk_nodes("/", "Array"))
    if found != _GROUPS * each:
        raise Disagreement(f"{library.__name__} walks through {found} of {_GROUPS * each} arrays")


def _each(work: Callable[[_Library], float]) -> Iterator[Callable[[], float]]:
    return (partial(work, library) for library in _LIBRARIES)
