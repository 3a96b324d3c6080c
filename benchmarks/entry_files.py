"""Ways to keep entries by timestamp in a file, longtake's and others', all used alike."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, Protocol

import h5py
import mcap.reader
import mcap.writer
import msgpack
import numpy as np

import longtake as lt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    Entry = dict[str, Any]

_ENTRIES = [
    {"x": x, "y": y, "hit": hit, "score": score}
    for score, (x, y, hit) in enumerate(np.random.default_rng(0).normal(size=(1000, 3)).tolist())
]
for _entry in _ENTRIES:
    _entry["hit"] = _entry["hit"] > 0


def entries(count: int) -> Iterable[tuple[int, Entry]]:
    """Give (timestamp, entry) pairs; the timestamps are 0, 1, 2, …"""
    return zip(range(count), cycle(_ENTRIES), strict=False)


class Reader(Protocol):
    """Entries in a file, read in the three ways that there are."""

    def items(self) -> Iterable[tuple[int, Entry]]: ...
    def items_for_range(self, start: int, end: int) -> Iterable[tuple[int, Entry]]: ...
    def __getitem__(self, key: int) -> Entry: ...


class EntryFile(Protocol):
    """A way to keep entries."""

    name: str

    def write(self, path: Path, count: int) -> None:
        """Make a file with so many entries, which were appended one after the other."""
        ...

    def reading(self, path: Path) -> AbstractContextManager[Reader]: ...


class Longtake:
    name = "longtake"

    def write(self, path: Path, count: int) -> None:
        with lt.record(path) as recording:
            append = recording.create_data_stream("game").append
            for key, entry in entries(count):
                append(key, entry)

    @contextmanager
    def reading(self, path: Path) -> Iterator[Reader]:
        with lt.open(path) as view:
            yield view.data_streams.game


class H5py:
    """The layout of CL recordings, through h5py and msgpack, in batches."""

    name = "h5py + msgpack"
    _BATCH = 4096
    _ROW = np.dtype([("timestamp", "<i8"), ("start_index", "<u8"), ("end_index", "<u8")])

    def write(self, path: Path, count: int) -> None:
        pack = msgpack.Packer().pack
        with h5py.File(path, "w") as h5:
            group = h5.create_group("data_stream/game")
            index = group.create_dataset("index", (0,), self._ROW, maxshape=(None,), chunks=(2730,))
            data = group.create_dataset("data", (0,), "u1", maxshape=(None,), chunks=(32768,))
            for batch in _batches(entries(count), self._BATCH):
                parts = [pack(entry) for _, entry in batch]
                rows = np.empty(len(batch), self._ROW)
                rows["timestamp"] = [key for key, _ in batch]
                rows["end_index"] = len(data) + np.cumsum([len(part) for part in parts])
                rows["start_index"][0] = len(data)
                rows["start_index"][1:] = rows["end_index"][:-1]
                data.resize(int(rows["end_index"][-1]), 0)
                data[int(rows["start_index"][0]) :] = np.frombuffer(b"".join(parts), "u1")
                index.resize(len(index) + len(rows), 0)
                index[-len(rows) :] = rows

    @contextmanager
    def reading(self, path: Path) -> Iterator[Reader]:
        with h5py.File(path) as h5:
            yield _H5pyReader(h5["data_stream/game"])


class _H5pyReader:
    """The index in memory; of the data one slice at a time."""

    _BLOCK = 65_536

    def __init__(self, group: Any) -> None:
        index = group["index"][:]
        self._keys = np.ascontiguousarray(index["timestamp"])
        self._starts, self._ends = index["start_index"].tolist(), index["end_index"].tolist()
        self._data = group["data"]

    def items(self) -> Iterator[tuple[int, Entry]]:
        for first in range(0, len(self._keys), self._BLOCK):
            yield from self._read(first, min(first + self._BLOCK, len(self._keys)))

    def items_for_range(self, start: int, end: int) -> Iterator[tuple[int, Entry]]:
        first, last = np.searchsorted(self._keys, (start, end)).tolist()
        return self._read(first, last)

    def __getitem__(self, key: int) -> Entry:
        at = int(np.searchsorted(self._keys, key))
        return msgpack.unpackb(self._data[self._starts[at] : self._ends[at]])

    def _read(self, first: int, last: int) -> Iterator[tuple[int, Entry]]:
        # One entry follows the other, so they can be unpacked without looking where each ends.
        unpacker = msgpack.Unpacker()
        unpacker.feed(self._data[self._starts[first] : self._ends[last - 1]])
        return zip(self._keys[first:last].tolist(), unpacker, strict=True)


class Mcap:
    name = "MCAP"

    def write(self, path: Path, count: int) -> None:
        pack = msgpack.Packer().pack
        with path.open("wb") as file:
            writer = mcap.writer.Writer(file, compression=mcap.writer.CompressionType.NONE)
            writer.start()
            channel = writer.register_channel("game", "msgpack", 0)
            for key, entry in entries(count):
                writer.add_message(channel, key, pack(entry), key)
            writer.finish()

    @contextmanager
    def reading(self, path: Path) -> Iterator[Reader]:
        with path.open("rb") as file:
            yield _McapReader(mcap.reader.make_reader(file))


class _McapReader:
    def __init__(self, reader: mcap.reader.McapReader) -> None:
        self._reader = reader

    def items(self) -> Iterator[tuple[int, Entry]]:
        return self.items_for_range(None, None)

    def items_for_range(self, start: int | None, end: int | None) -> Iterator[tuple[int, Entry]]:
        # The order of the file is that of time here, so nothing needs to be sorted.
        messages = self._reader.iter_messages(
            starting_at=start, ending_before=end, log_time_order=False
        )
        unpack = msgpack.unpackb
        for _, _, message in messages:
            yield message.log_time, unpack(message.data)

    def __getitem__(self, key: int) -> Entry:
        return next(self.items_for_range(key, key + 1))[1]


class Sqlite:
    """A table in WAL mode.

    Parameters
    ----------
    entries_a_transaction : int
    """

    def __init__(self, entries_a_transaction: int) -> None:
        self.name = f"SQLite, {entries_a_transaction:,} a transaction"
        self._batch = entries_a_transaction

    def write(self, path: Path, count: int) -> None:
        pack = msgpack.Packer().pack
        with closing(sqlite3.connect(path, isolation_level=None)) as base:
            base.execute("pragma journal_mode = wal")
            base.execute("pragma synchronous = normal")
            base.execute("create table game (timestamp integer primary key, data blob)")
            insert = "insert into game values (?, ?)"
            if self._batch == 1:  # without a `begin`, each statement is a transaction
                for key, entry in entries(count):
                    base.execute(insert, (key, pack(entry)))
                return
            for batch in _batches(entries(count), self._batch):
                base.execute("begin")
                for key, entry in batch:
                    base.execute(insert, (key, pack(entry)))
                base.execute("commit")

    @contextmanager
    def reading(self, path: Path) -> Iterator[Reader]:
        with closing(sqlite3.connect(path)) as base:
            yield _SqliteReader(base)


class _SqliteReader:
    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base

    def items(self) -> Iterator[tuple[int, Entry]]:
        return self._unpacked("select timestamp, data from game order by timestamp")

    def items_for_range(self, start: int, end: int) -> Iterator[tuple[int, Entry]]:
        wanted = "where timestamp >= ? and timestamp < ? order by timestamp"
        return self._unpacked(f"select timestamp, data from game {wanted}", (start, end))

    def __getitem__(self, key: int) -> Entry:
        (data,) = self._base.execute("select data from game where timestamp = ?", (key,)).fetchone()
        return msgpack.unpackb(data)

    def _unpacked(self, query: str, values: tuple[int, ...] = ()) -> Iterator[tuple[int, Entry]]:
        unpack = msgpack.unpackb
        for key, data in self._base.execute(query, values):
            yield key, unpack(data)


def _batches(items: Iterable[tuple[int, Entry]], size: int) -> Iterator[list[tuple[int, Entry]]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
