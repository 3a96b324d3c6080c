"""A new file, which appears under its name whole or not at all."""

from __future__ import annotations

import errno
import os
import threading
from typing import TYPE_CHECKING

from longtake.errors import AlreadyExists, NotFound
from longtake.hdf.raw_file import RawFile

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Buffer


def create(path: Path, image: Buffer) -> RawFile:
    """Make a file of these bytes, on disk, under a name that must be free.

    Raises
    ------
    AlreadyExists
        If the name is taken; what has it stays as it is.
    NotFound
        If there is no such folder.
    """
    draft = path.with_name(f".longtake-{os.getpid()}-{threading.get_ident()}.new")
    draft.unlink(missing_ok=True)
    try:
        raw = RawFile.creating(draft)
    except FileNotFoundError as error:
        raise NotFound(error.errno, f"there is no folder {path.parent} to write in") from error
    try:
        raw.write(0, image)
        raw.sync()
        _name(draft, path)
        _sync_folder(path.parent)
    except BaseException as error:
        raw.close()
        if isinstance(error, FileExistsError):
            raise AlreadyExists(error.errno, f"{path} exists") from error
        raise
    finally:
        draft.unlink(missing_ok=True)
    raw.path = path
    return raw


def _name(draft: Path, path: Path) -> None:
    """Give a file its name, which must be free."""
    try:
        os.link(draft, path)
    except OSError as error:
        if isinstance(error, FileExistsError):
            raise
        # A file system without hard links.
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from error
        draft.rename(path)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
