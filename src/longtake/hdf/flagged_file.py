"""HDF5 files that a crash left marked as being written, as SWMR writers leave them.

HDF5 refuses to open such a file, and its superblock tells an end of file that is out of date:
both are put right together. (The usual advice, ``h5clear -s``, clears the mark alone, and HDF5
then cuts the file off at the old end, data and all.)
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from longtake.errors import NotALongtakeFile
from longtake.hdf.open_files import opens_of
from longtake.hdf.superblock import SIZE, Superblock

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from longtake.hdf.raw_file import RawFile


def is_flagged(raw: RawFile) -> bool:
    """Whether a file is marked as being written."""
    try:
        return Superblock.parse(raw.read(0, SIZE)).flags != 0
    except NotALongtakeFile:
        return False


@contextmanager
def unflagged(raw: RawFile) -> Generator[int]:
    """Unmark a file and tell its true end; should what is done with it fail, it is as it was.

    Gives how many bytes there were. Where the superblock tells of more, the file was cut short:
    HDF5 refuses it, so it gets zeros in their place.
    """
    before, size = raw.read(0, SIZE), raw.size
    old = Superblock.parse(before)
    right = replace(old, flags=0, end_of_file=max(old.end_of_file, size))
    try:
        raw.resize(right.end_of_file)
        raw.write(0, right.pack())
        raw.sync()
        yield size
    except BaseException:
        raw.resize(size)
        raw.write(0, before)
        raw.sync()
        raise


def writers_of(path: Path) -> list[int]:
    """Give the processes that have a file open to write, as far as the system tells.

    HDF5 holds no lock on a file that it writes in SWMR mode, so this is all there is to see.
    """
    return sorted({pid for pid, lines in opens_of(path.stat()) if _is_writable(lines)})


def _is_writable(lines: list[list[str]]) -> bool:
    flags = [int(words[1], 8) for words in lines if words[:1] == ["flags:"]]
    return any(number & os.O_ACCMODE != os.O_RDONLY for number in flags)
