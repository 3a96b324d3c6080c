"""Why HDF5 refuses a file: another program has it open, or a crash left it marked so.

HDF5 locks a file while it is open, and marks one that is being written; the mark outlives a writer
that is killed. Whether somebody still has the file open is asked of the system.
"""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING

from longtake.errors import DamagedFile, FileInUse
from longtake.hdf.flagged_file import writers_of

if TYPE_CHECKING:
    from pathlib import Path


def in_use_or_left(path: Path, error: Exception) -> FileInUse | DamagedFile | None:
    """Say which it is, of a file that HDF5 refused with an error; None for any other reason.

    Returns
    -------
    FileInUse
        If a process has the file open; one that writes it is named.
    DamagedFile
        If nobody does who can be seen, so that a crash left the mark; it says what helps.
    """
    is_marked = "h5clear" in str(error)
    if not is_marked and not isinstance(error, BlockingIOError):
        return None
    writers = writers_of(path)
    if writers:
        who = " and ".join(map(_named, writers))
        return FileInUse(
            errno.EAGAIN, f"{path} is being written by {who}: wait until it is closed there"
        )
    if not is_marked or _is_locked(path):
        return FileInUse(
            errno.EAGAIN, f"{path} is open in another process: wait until it is closed there"
        )
    return DamagedFile(
        f"{path} was left by a crash: it is marked as being written, and no process that can be "
        f"seen from here has it open; `longtake recover {path}` puts a copy of it right"
    )


def _named(process: int) -> str:
    return "this process" if process == os.getpid() else f"process {process}"


def _is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
