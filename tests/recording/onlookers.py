"""Processes that read a file again and again, whatever happens to those who write it."""

from __future__ import annotations

import os
import traceback
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import tables
from xxhash import xxh3_64

import longtake as lt
from longtake.hdf import journal
from longtake.hdf.raw_file import RawFile
from longtake.hdf.superblock import SIZE, Superblock
from tests.recording import recorder

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from pathlib import Path

    from longtake.recording import RecordingView

GROUPS = ("data_stream", "frame_stream", "record_stream")
_FRESH_EVERY = 10


@dataclass
class Sight:
    """What an onlooker saw: how often it looked, what went wrong, how many entries of each stream.

    `outgrown` counts looks that failed because the file grew meanwhile past the end that it had
    when it was opened: the one thing that can befall a program which holds a file open.
    """

    looks: int = 0
    outgrown: int = 0
    errors: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)


class Follower:
    """A view that is opened once, and read live; now and then one that is opened afresh."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._view: RecordingView | None = None
        self._looks = 0

    def __call__(self, seen: dict[str, int]) -> None:
        """Look once."""
        self._view = self._view or lt.open(self._path)
        recorder.take_in(self._view, seen)
        self._looks += 1
        if self._looks % _FRESH_EVERY == 0:
            with lt.open(self._path) as view:
                recorder.take_in(view, {})


class WithLibrary(ABC):
    """Opens, lists and reads all of a file, and goes by docs/format.md to make sense of it.

    `end` is the end of file that HDF5 goes by for as long as it has the file open. It runs ahead
    of the true one; but not in a recording that was stopped, should somebody go on with it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.end = 0

    def __call__(self, seen: dict[str, int]) -> None:
        """Look once."""
        self.end = published_end(self._path)
        self._look(seen)

    def _opened(self) -> None:
        """Take the end that there is now, if it is less: HDF5 took one of the two."""
        self.end = min(self.end, published_end(self._path))

    @abstractmethod
    def _look(self, seen: dict[str, int]) -> None:
        """Open the file, call `_opened`, and read all of it."""


class WithH5py(WithLibrary):
    """Looks with h5py."""

    def _look(self, seen: dict[str, int]) -> None:
        groups: list[h5py.Group] = []

        def visit(_: str, node: object) -> None:
            if isinstance(node, h5py.Group):
                groups.append(node)

        with h5py.File(self._path) as h5:
            self._opened()
            h5.visititems(visit)
            for group in groups:
                nodes = {name: node for name, node in group.items() if hasattr(node, "shape")}
                take_in(str(group.name), nodes, lambda node: node[()], seen)


class WithPyTables(WithLibrary):
    """Looks with PyTables."""

    def _look(self, seen: dict[str, int]) -> None:
        with tables.open_file(str(self._path)) as h5:
            self._opened()
            for group in h5.walk_groups("/"):
                nodes = {name: group._f_get_child(name) for name in group._v_leaves}
                take_in(group._v_pathname, nodes, lambda node: node.read(), seen)


def take_in(
    name: str, nodes: dict[str, Any], read: Callable[[Any], np.ndarray], seen: dict[str, int]
) -> None:
    """Read all nodes of a group; find each entry of a stream whole, and as many as before.

    Opening a file is no snapshot of it. A dataset has the extent that it had when it was opened, and
    a chunk is as it is when it is read: rows of the index that came meanwhile may be of data past
    that extent, or stand after a chunk that was read before. They are for who opens the file next.
    """
    # Keys before the index, which are written after it.
    names = sorted(nodes, key=lambda name: (name != "key", name != "index"))
    found = {n: read(nodes[n]) for n in names}
    position = {n: node.attrs["position"] for n, node in nodes.items() if "index" in node.attrs}
    if "index" not in found:
        return
    columns = [found[column] for column in sorted(position, key=lambda column: position[column])]
    index = found["index"]
    is_there = (index["checksum"] != 0) & (index["end_index"] <= min(map(len, columns)))
    rows = index[: len(index) if is_there.all() else int(np.argmin(is_there))]
    assert len(rows) >= seen.get(name, 0), f"{name} had {seen[name]} entries, and now {len(rows)}"
    require_whole(name, rows, columns)
    seen[name] = len(rows)
    if "key" in found and "key" not in position:
        take_in_keys(name, found["key"], len(columns[0]), seen)


def take_in_keys(name: str, keys: np.ndarray, room: int, seen: dict[str, int]) -> None:
    """The keys tell of frames that are there, and of those that they told of before."""
    count = len(keys) if keys.all() else int(np.argmin(keys))
    before = seen.get(f"{name}/key", 0)
    assert count >= before, f"{name} had {before} keys, and now {count}"
    assert min(count, room) <= seen[name], f"{name} has {count} keys for {seen[name]} frames"
    seen[f"{name}/key"] = count


def require_whole(name: str, rows: np.ndarray, columns: list[np.ndarray]) -> None:
    """The data of each row of an index have its checksum."""
    views = [(column.view(np.uint8).reshape(-1).data, row_bytes(column)) for column in columns]
    for key, start, end, checksum in rows.tolist():
        digest = xxh3_64()
        for view, size in views:
            digest.update(view[start * size : end * size])
        assert checksum == nonzero(digest.intdigest()), f"{name}[{key}] is torn"


def row_bytes(column: np.ndarray) -> int:
    """Give the size of one row."""
    return column.itemsize * int(np.prod(column.shape[1:]))


def nonzero(digest: int) -> int:
    """Give a checksum as docs/format.md has it stored."""
    return digest if digest > 1 else digest + 2


def look_on(
    make: Callable[[Path], Callable[[dict[str, int]], None]], path: Path, end: Connection
) -> None:
    """Look until told to end, then tell what was seen."""
    os.nice(5)  # with what the others leave of the processors, or the test would take its time
    look, sight = make(path), Sight()
    while not end.poll():
        if not path.exists():
            continue
        try:
            look(sight.seen)
        except Exception:  # one of any kind is one too many
            if isinstance(look, WithLibrary) and true_end(path) > look.end:
                sight.outgrown += 1
            else:
                sight.errors.append(traceback.format_exc())
        sight.looks += 1
    end.recv_bytes()
    end.send(sight)


def published_end(path: Path) -> int:
    """Give the end of file that HDF5 finds."""
    with path.open("rb") as file:
        return Superblock.parse(file.read(SIZE)).end_of_file


def true_end(path: Path) -> int:
    """Give the end of what the file holds."""
    raw = RawFile.reading(path)
    try:
        return journal.read(raw)[-1].true_after
    finally:
        raw.close()
