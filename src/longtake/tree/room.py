"""Room on the disk, looked for before HDF5 writes: where it finds none, it loses more than a write.

HDF5 keeps chunks and structure in memory and writes them when a dataset or the file is closed. If
the disk is full then, it cannot close what it has open, and with HDF5 2.0 the interpreter may end.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longtake.errors import WriteFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

#: For HDF5's own structure, and other programs.
_MARGIN = 1024 * 1024
#: Looked for at a time: what is compressed may need less than all of it at once.
_PART = 64 * 1024 * 1024
#: Thousands of small arrays do not look each.
_GOOD_FOR_S = 0.05


class Room:
    """What the disk of a file has left, less what was written and waits in memory.

    Parameters
    ----------
    path : str
        Of the file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._folder = Path(path).parent
        self._waiting = 0
        # What there was when it was looked at last, and until when that will do.
        self._left, self._until = 0, 0.0

    def is_there_for(self, size: int) -> bool:
        """Whether so many bytes more can be written; notes that they are, if they can."""
        if size + _MARGIN > self._left or time.monotonic() > self._until:
            try:
                disk = os.statvfs(self._folder)
            except OSError:  # of no file on a disk, or of a disk that does not tell
                return True
            self._left = disk.f_bavail * disk.f_frsize - self._waiting
            self._until = time.monotonic() + _GOOD_FOR_S
        if size + _MARGIN > self._left:
            return False
        self._left -= size
        self._waiting += size
        return True

    def note_flushed(self) -> None:
        """Note that nothing waits in memory any more."""
        self._waiting = 0

    def refusal(self, size: int) -> WriteFailed:
        """Give the error that says that there is no room."""
        return WriteFailed(
            errno.ENOSPC,
            f"{self._path}: there is no room on its disk for {size} bytes more; they were not "
            "written, and what was written before is there",
        )


def in_parts(
    key: tuple[Any, ...], values: np.ndarray, chunk_rows: int
) -> Iterator[tuple[tuple[Any, ...], np.ndarray]]:
    """Give what is to be written piece by piece, of whole chunks, in their order.

    Parameters
    ----------
    key : tuple of slice or int
        Where the values go.
    values : numpy.ndarray
    chunk_rows : int
        How many rows of the first axis a chunk has.
    """
    first = key[0] if key else None
    if values.nbytes <= _PART or not isinstance(first, slice) or (first.step or 1) != 1:
        yield key, values
        return
    rows = _PART // (values.nbytes // len(values))
    rows = max(chunk_rows, rows - rows % chunk_rows)
    at = first.start
    while at < first.stop:
        end = min(first.stop, (at // rows + 1) * rows)
        yield (slice(at, end), *key[1:]), values[at - first.start : end - first.start]
        at = end
