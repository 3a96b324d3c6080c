"""HDF5 files that a crash left marked as being written, as SWMR writers leave them.

HDF5 refuses to open such a file, and its superblock tells an end of file that is out of date:
both are put right together. (The usual advice, ``h5clear -s``, clears the mark alone, and HDF5
then cuts the file off at the old end, data and all.)
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from longtake.errors import NotALongtakeFile
from longtake.hdf.superblock import SIZE, Superblock

if TYPE_CHECKING:
    from longtake.hdf.raw_file import RawFile


def is_flagged(raw: RawFile) -> bool:
    """Whether a file is marked as being written."""
    try:
        return Superblock.parse(raw.read(0, SIZE)).flags != 0
    except NotALongtakeFile:
        return False


def clear_flags(raw: RawFile) -> bytes:
    """Unmark a file and tell its true end; give the bytes that were at its beginning."""
    before = raw.read(0, SIZE)
    old = Superblock.parse(before)
    right = replace(old, flags=0, end_of_file=max(old.end_of_file, raw.size))
    if raw.size < right.end_of_file:
        raw.resize(right.end_of_file)
    raw.write(0, right.pack())
    raw.sync()
    return before


def writers_of(path: Path) -> list[int]:
    """Give the processes that have a file open to write, as far as the system tells.

    HDF5 holds no lock on a file that it writes in SWMR mode, so this is all there is to see.
    """
    status = path.stat()
    wanted = (status.st_dev, status.st_ino)
    found: set[int] = set()
    for opened in Path("/proc").glob("[0-9]*/fd/*"):
        # Processes end, and those of others may not be looked at.
        with suppress(OSError, ValueError):
            seen = opened.stat()
            if (seen.st_dev, seen.st_ino) == wanted and _is_writable(opened):
                found.add(int(opened.parts[2]))
    return sorted(found)


def _is_writable(opened: Path) -> bool:
    info = (opened.parent.parent / "fdinfo" / opened.name).read_text(encoding="ascii")
    flags = next(line.split()[1] for line in info.splitlines() if line.startswith("flags:"))
    return int(flags, 8) & os.O_ACCMODE != os.O_RDONLY
