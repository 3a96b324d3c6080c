"""A copy of a file that takes no more space than the file does."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from longtake.hdf import creation
from longtake.hdf.raw_file import RawFile

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = 1024 * 1024
_ZEROS = bytes(_BLOCK)


def sparse_copy(source: Path, target: Path) -> None:
    """Copy a file to a name that must be free; what is zeros takes no space.

    Raises
    ------
    AlreadyExists, NotFound, NoPermission, WriteFailed
        If the copy cannot be made; nothing is left of it then.
    """
    old = RawFile.reading(source)
    try:
        new = creation.create(target, b"")
        try:
            size = old.size
            new.resize(size)
            for at in range(0, size, _BLOCK):
                block = old.read(at, min(_BLOCK, size - at))
                if block != _ZEROS[: len(block)]:
                    new.write(at, block)
            new.sync()
        except BaseException:
            with suppress(OSError):
                target.unlink()
            raise
        finally:
            new.close()
    finally:
        old.close()
