"""Who may write: one longtake process, and no other HDF5 program meanwhile.

Two locks, both given back by the system when the process ends, however it ends:

- an open-file-description lock on one byte far past the end keeps a second longtake writer out,
- HDF5's own shared lock (flock) lets other programs read and stops them from modifying.

The exclusive flock is never tried: a refused attempt loses the shared one.

A forked child shares its parent's locks, and would keep them when the parent has closed the
file; so it gives up the parent's files as soon as it begins.
"""

from __future__ import annotations

import fcntl
import os
import struct
import weakref
from typing import TYPE_CHECKING

from longtake.errors import Closed, FileInUse
from longtake.hdf.open_files import opens_of

if TYPE_CHECKING:
    from longtake.hdf.raw_file import RawFile

_BYTE = 1 << 62
_FLOCK = struct.Struct("hhqqi4x")
_SET = getattr(fcntl, "F_OFD_SETLK", fcntl.F_SETLK)
_GET = getattr(fcntl, "F_OFD_GETLK", fcntl.F_GETLK)

#: The locks that keep a writer out, in the words of `opens_of`: kind, access, first byte.
_WRITERS = ("OFDLCK", "WRITE", str(_BYTE))
_HDF5S = ("FLOCK", "WRITE", "0")

_held: weakref.WeakSet[RawFile] = weakref.WeakSet()


def _leave_to_parent() -> None:
    for raw in list(_held):
        raw.close()


os.register_at_fork(after_in_child=_leave_to_parent)


def take(raw: RawFile) -> None:
    """Become the file's one writer, or raise `FileInUse` naming who is."""
    try:
        fcntl.fcntl(raw.fd, _SET, _request(fcntl.F_WRLCK))
    except (BlockingIOError, PermissionError) as error:
        raise _in_use(raw, _WRITERS, error) from error
    try:
        fcntl.flock(raw.fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        raise _in_use(raw, _HDF5S, error) from error
    _held.add(raw)


def release(raw: RawFile) -> None:
    """Let others write; also where a child, forked a moment ago, still shares the locks."""
    if not raw.is_closed:
        fcntl.fcntl(raw.fd, _SET, _request(fcntl.F_UNLCK))
        fcntl.flock(raw.fd, fcntl.LOCK_UN)


def is_taken(raw: RawFile) -> bool:
    """Whether some writer holds the file now (another open of it, not this one)."""
    try:
        answer = fcntl.fcntl(raw.fd, _GET, _request(fcntl.F_WRLCK))
    except (ValueError, OSError) as error:
        if raw.is_closed:
            raise Closed(f"{raw.path} was closed; open it again") from error
        raise
    return _FLOCK.unpack(answer)[0] != fcntl.F_UNLCK


def _request(kind: int) -> bytes:
    return _FLOCK.pack(kind, os.SEEK_SET, _BYTE, 1, 0)


def _in_use(raw: RawFile, lock: tuple[str, ...], error: OSError) -> FileInUse:
    pids = sorted({pid for pid, lines in opens_of(os.fstat(raw.fd)) if _has(lines, lock)})
    who = f"process {' or '.join(map(str, pids))}" if pids else "another process"
    return FileInUse(
        error.errno,
        f"{raw.path} is being written by {who}: wait until it is closed, or open it to read",
    )


def _has(lines: list[list[str]], lock: tuple[str, ...]) -> bool:
    """Whether a lock was taken through an open; readers take HDF5's too, shared."""
    locks = [words for words in lines if words[:1] == ["lock:"]]
    return any((words[2], words[4], words[7]) == lock for words in locks)
