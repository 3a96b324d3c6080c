"""Record entries and frames, and read entries back."""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import partial
from itertools import count as counted
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import longtake as lt
from benchmarks.agreement import Disagreement
from benchmarks.entry_files import H5py, Longtake, Mcap, Sqlite, entries
from benchmarks.row import Unit, alone, compared
from benchmarks.turns import seconds, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from benchmarks.effort import Effort
    from benchmarks.entry_files import EntryFile, Reader
    from benchmarks.row import Row

TITLE = "Record entries and frames, and read entries back"
ABOUT = """
Entries are dicts of four fields by timestamp, encoded in MessagePack by all, appended one by one,
with making and closing the file; then read back from files that are open and in the page cache. Not
kept on one core: longtake makes room in its file in a second thread.

What each promises when a write returns, and how much of it a crash of the process takes:

- longtake: every process can read the entry, and a crash takes nothing. The file opens.
- SQLite, in WAL mode with `synchronous = normal`: the same, once a transaction is committed; so
  with 1 entry a transaction as longtake, and with 1,000 up to 999 entries are neither seen by
  others nor safe.
- h5py with msgpack, the layout of CL recordings in batches of 4,096 entries: nothing. Others cannot
  open the file until it is closed, and a crash can take all of it.
- MCAP, in its chunks of 1 MB, uncompressed: nothing. A crash takes the last chunk (some 12,000
  entries), and the index with which ranges are found.

In a power cut none of them keeps what it took last. longtake has a checksum for each entry, and
looks at it whenever it reads one; the others have none, or none that they look at.

The frames are of 8 MB, appended one by one to a file made before, and `os.pwrite` puts the same
bytes one after the other into a new file on the same file system. Neither waits for the disk, which
has written all else before.
"""

_A_SECOND = Unit("a second", lambda seconds: 1 / seconds, is_rate=True)
_US = Unit("µs", lambda seconds: seconds * 1e6)
_MS = Unit("ms", lambda seconds: seconds * 1e3)
_BYTES = Unit("bytes an entry", float)
_FRAME = np.random.default_rng(0).integers(0, 255, (2048, 4096), "uint8")
_MB_A_SECOND = Unit("MB a second", lambda seconds: _FRAME.nbytes / seconds / 1e6, is_rate=True)


class _Contestant(NamedTuple):
    """A way to keep entries, and for how many of them there is time."""

    way: EntryFile
    part: float = 1.0  # of all entries, to append
    look_ups: int = 2000


_ALL = [
    _Contestant(Longtake()),
    _Contestant(Sqlite(1), part=0.1),
    _Contestant(Sqlite(1000)),
    _Contestant(H5py()),
    _Contestant(Mcap(), look_ups=10),
]
# To readers, it is all the same how many entries a transaction had.
_READ = [contestant for contestant in _ALL if contestant.part == 1]


def rows(effort: Effort, folder: Path) -> Iterator[Row]:
    count = effort.frames(1_000_000)
    yield from _appends(effort, folder, count)
    files = [folder / f"{number}.kept" for number in range(len(_READ))]
    for contestant, path in zip(_READ, files, strict=True):
        contestant.way.write(path, count)
    sizes = [[path.stat().st_size / count] for path in files]
    yield from _beside("size of the file", _READ, sizes, _BYTES)
    with ExitStack() as stack:
        readers = [
            stack.enter_context(contestant.way.reading(path))
            for contestant, path in zip(_READ, files, strict=True)
        ]
        for contestant, reader in zip(_READ, readers, strict=True):
            _check(contestant.way.name, reader, count)
        yield from _reads(effort, readers, count)
    for path in files:
        path.unlink()
    yield from _frames(effort, folder)


def _appends(effort: Effort, folder: Path, count: int) -> Iterator[Row]:
    paths = (folder / f"{number}.new" for number in counted())

    def append(contestant: _Contestant) -> float:
        path, some = next(paths), round(count * contestant.part)
        took = seconds(lambda: contestant.way.write(path, some))
        path.unlink()
        return took / some

    times = take_turns(effort.long_rounds, *_each(append, _ALL))
    yield from _beside(f"append {count:,}, one by one", _ALL, times, _A_SECOND, goal=250_000)


def _reads(effort: Effort, readers: list[Reader], count: int) -> Iterator[Row]:
    def iterate(reader: Reader) -> float:
        return seconds(lambda: _exhaust(reader.items())) / count

    times = take_turns(effort.long_rounds, *_each(iterate, readers))
    yield from _beside(f"iterate over {count:,}", _READ, times, _A_SECOND, goal=1_000_000)

    keys = np.random.default_rng(0).integers(0, count, 2000).tolist()
    some_keys = [keys[: contestant.look_ups] for contestant in _READ]

    def look_up(reader: Reader, some: list[int]) -> float:
        return seconds(lambda: [reader[key] for key in some]) / len(some)

    times = take_turns(effort.rounds, *_each(look_up, readers, some_keys))
    yield from _beside("look up one, by its timestamp", _READ, times, _US, goal=10)

    def read_range(reader: Reader) -> float:
        return seconds(lambda: _exhaust(reader.items_for_range(*_one_percent(count))))

    times = take_turns(effort.rounds, *_each(read_range, readers))
    yield from _beside("read a range of 1 %", _READ, times, _MS, goal=15)


def _frames(effort: Effort, folder: Path) -> Iterator[Row]:
    count = effort.frames(40)
    _pwrite(folder / "plain", count)  # memory is slow when the system first hands it out
    for is_checked, goal in ((True, 0.7), (False, 0.9)):
        theirs, ours = take_turns(
            effort.rounds,
            lambda: _pwrite(folder / "plain", count) / count,
            lambda checked=is_checked: _append(folder / "frames", count, checksum=checked) / count,
        )
        name = f"append {count} frames of 8 MB, with{'' if is_checked else 'out'} checksum"
        yield compared(name, theirs, ours, _MB_A_SECOND, goal, peer="`os.pwrite`")


def _append(path: Path, count: int, *, checksum: bool) -> float:
    with lt.record(path) as recording:
        camera = recording.create_frame_stream("camera", _FRAME.shape, "u1", checksum=checksum)
        os.sync()
        took = seconds(lambda: [camera.append(key, _FRAME) for key in range(count)])
    path.unlink()
    return took


def _pwrite(path: Path, count: int) -> float:
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    size = _FRAME.nbytes
    os.sync()  # what was written before, and removed, keeps the disk busy for a while
    took = seconds(lambda: [os.pwrite(fd, _FRAME.data, key * size) for key in range(count)])
    os.close(fd)
    path.unlink()
    return took


def _check(name: str, reader: Reader, count: int) -> None:
    """Raise unless a file gives back what was put into it."""
    start, end = _one_percent(count)
    wanted = list(islice(entries(count), start, end))
    if list(reader.items_for_range(start, end)) != wanted or reader[start] != wanted[0][1]:
        raise Disagreement(f"{name} gives back other entries than were put in")
    found = sum(1 for _ in reader.items())
    if found != count:
        raise Disagreement(f"{name} gives back {found:,} entries of {count:,}")


def _one_percent(count: int) -> tuple[int, int]:
    """Give the timestamps between which a hundredth of the entries are, in the middle."""
    return count // 2, count // 2 + count // 100


def _beside(
    case: str,
    contestants: list[_Contestant],
    costs: list[list[float]],
    unit: Unit,
    goal: float | None = None,
) -> Iterator[Row]:
    """Give a row of longtake, which is the first, then one beside each of the others."""
    yield alone(case, costs[0], unit, goal)
    for contestant, theirs in zip(contestants[1:], costs[1:], strict=True):
        yield compared(case, theirs, costs[0], unit, peer=contestant.way.name)


def _each(work: Callable[..., float], *values: list) -> list[Callable[[], float]]:
    return [partial(work, *given) for given in zip(*values, strict=True)]


def _exhaust(items: Iterable[object]) -> None:
    for _ in items:
        pass
