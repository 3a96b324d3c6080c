"""Keep files inside an HDF5 file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import tables
import tables.nodes.filenode

import longtake.tree
from benchmarks.agreement import Disagreement
from benchmarks.row import Unit, alone, compared
from benchmarks.turns import seconds, take_turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from benchmarks.effort import Effort
    from benchmarks.row import Row

TITLE = "Files inside an HDF5 file"
ABOUT = """
10,000 files of 500 to 8,000 random bytes in 10 groups, written and read one by one by PyTables'
`filenode` and by longtake's, which PyTables reads and appends to; and packed, as longtake writes
millions of them, which it does not. With making and closing the HDF5 file. The lines are of one
file, read by a loop over it. In the page cache.
"""
_PEER = "PyTables"
_US = Unit("µs a file", lambda seconds: seconds * 1e6)
_US_A_LINE = Unit("µs a line", lambda seconds: seconds * 1e6)
_MB = Unit("MB", lambda size: size / 1e6)
_GROUPS = 10
_LEAST, _MOST = 500, 8_000
_GOAL_MB = 60
_LINE = b"a line of some thirty letters.\n"


def rows(effort: Effort, folder: Path) -> Iterator[Row]:
    contents = _contents(effort.frames(10_000))
    ways = [
        _Nodes(tables, tables.nodes.filenode, folder / "theirs.h5"),
        _Nodes(longtake.tree, longtake.tree.filenode, folder / "ours.h5"),
        _Packed(folder / "packed.h5"),
    ]
    times = take_turns(effort.long_rounds, *(partial(_write, way, contents) for way in ways))
    yield from _beside("write", times, _US)
    sizes = [[float(way.path.stat().st_size)] for way in ways]
    yield alone(f"{sum(map(len, contents)) / 1e6:.0f} MB of content", sizes[1], _MB, _GOAL_MB)
    yield from _beside("size of the HDF5 file", sizes, _MB)
    for way in ways:
        if list(way.read()) != contents:
            raise Disagreement(f"{way.path.name} gives back other files than were put in")
    times = take_turns(effort.long_rounds, *(partial(_read, way, len(contents)) for way in ways))
    yield from _beside("read", times, _US)
    yield _lines(effort, folder)


class _Nodes:
    """A node for each file."""

    def __init__(self, library: Any, filenode: Any, path: Path) -> None:
        self._library, self._filenode, self.path = library, filenode, path

    def write(self, contents: list[bytes]) -> None:
        with self._library.open_file(self.path, "w") as h5:
            for group in range(_GROUPS):
                h5.create_group("/", f"group{group}")
            for number, content in enumerate(contents):
                where = f"/group{number % _GROUPS}"
                with self._filenode.new_node(h5, where=where, name=f"file{number}") as file:
                    file.write(content)

    def read(self) -> Iterator[bytes]:
        with self._library.open_file(self.path) as h5:
            count = sum(len(h5.list_nodes(f"/group{group}")) for group in range(_GROUPS))
            for number in range(count):
                node = h5.get_node(f"/group{number % _GROUPS}", f"file{number}")
                with self._filenode.open_node(node, "r") as file:
                    yield file.read()


class _Packed:
    """All of them in one group."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, contents: list[bytes]) -> None:
        with longtake.tree.open_file(self.path, "w") as h5:
            files = longtake.tree.filenode.create_packed(h5, "/", "files")
            for number, content in enumerate(contents):
                files[f"group{number % _GROUPS}/file{number}"] = content

    def read(self) -> Iterator[bytes]:
        with longtake.tree.open_file(self.path) as h5:
            yield from longtake.tree.filenode.open_packed(h5.root.files).values()


def _contents(count: int) -> list[bytes]:
    rng = np.random.default_rng(0)
    return [rng.bytes(size) for size in rng.integers(_LEAST, _MOST, count)]


def _write(way: _Nodes | _Packed, contents: list[bytes]) -> float:
    return seconds(lambda: way.write(contents)) / len(contents)


def _read(way: _Nodes | _Packed, count: int) -> float:
    return seconds(lambda: _exhaust(way.read())) / count


def _beside(case: str, costs: list[list[float]], unit: Unit) -> Iterator[Row]:
    theirs, nodes, packed = costs
    yield compared(f"{case}, a node each", theirs, nodes, unit, None, _PEER)
    yield compared(f"{case}, packed", theirs, packed, unit, None, _PEER)


def _lines(effort: Effort, folder: Path) -> Row:
    count = effort.frames(200_000)
    path = folder / "lines.h5"
    with (
        tables.open_file(path, "w") as h5,
        tables.nodes.filenode.new_node(h5, where="/", name="lines") as file,
    ):
        file.write(_LINE * count)

    def read(library: Any, filenode: Any) -> float:
        with library.open_file(path) as h5, filenode.open_node(h5.root.lines, "r") as file:
            return seconds(lambda: _exhaust(file)) / count

    theirs, ours = take_turns(
        effort.long_rounds,
        lambda: read(tables, tables.nodes.filenode),
        lambda: read(longtake.tree, longtake.tree.filenode),
    )
    return compared(f"read {count:,} lines", theirs, ours, _US_A_LINE, None, _PEER)


def _exhaust(items: Iterable[object]) -> None:
    for _ in items:
        pass
