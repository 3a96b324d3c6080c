"""Opening the HDF5 file of a Pandas-layout store: whether it is there, whose it is, who has it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import h5py

from longtake.errors import (
    DamagedFile,
    FileInUse,
    InvalidArgument,
    NotALongtakeFile,
    NotFound,
    WriteFailed,
)
from longtake.framewise.foreign_errors import in_one_line
from longtake.hdf import journal
from longtake.hdf.foreign_filters import load_filter_plugins
from longtake.hdf.writer_of_other import in_use_or_left

if TYPE_CHECKING:
    from pathlib import Path

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
#: A new file needs less than this to be closed again.
_LEAST_ROOM = 1 << 16


def open_file(path: Path, mode: str) -> h5py.File:
    """Open the file of a store in one of the modes of `pandas.HDFStore`, "a", "w", "r" or "r+"."""
    load_filter_plugins()  # PyTables has filters that HDF5 lacks
    access = _access(path, mode)
    try:
        if access == "w":
            if path.exists() and path.stat().st_size:
                _require_unused(path)
            _require_room(path)
        return h5py.File(path, access, libver=("v110", "v110"))
    except (PermissionError, FileInUse, WriteFailed):
        raise
    except (OSError, RuntimeError, ValueError) as error:
        known = in_use_or_left(path, error)
        if known is not None:
            raise known from error
        if "already open" in str(error):
            raise FileInUse(f"{path} is open already: close it there first") from error
        if access == "w":
            raise WriteFailed(f"{path} could not be made: {in_one_line(error)}") from error
        raise DamagedFile(f"{path} cannot be opened: {in_one_line(error)}") from error


def _access(path: Path, mode: str) -> str:
    """Give h5py's mode, or say why the file cannot be opened in ours."""
    exists = path.exists()
    if not exists and mode in {"r", "r+"}:
        raise NotFound(f"there is no file {path}")
    if not path.parent.is_dir():
        raise NotFound(f"there is no folder {path.parent} for {path.name}")
    if path.is_dir():
        raise InvalidArgument(f"{path} is a folder")
    if exists and path.stat().st_size:
        _require_hdf5(path)
        _require_foreign(path)
        return {"r": "r", "w": "w"}.get(mode, "r+")
    if mode == "r":
        raise NotALongtakeFile(f"{path} is empty")
    return "w"


def _require_unused(path: Path) -> None:
    # HDF5 empties a file that is made anew before it asks whether another process has it open.
    try:
        h5py.File(path, "r+").close()
    except PermissionError:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        known = in_use_or_left(path, error)
        if isinstance(known, FileInUse):
            raise known from error
        # Damaged, or left by a crash: the new file will take its place.


def _require_room(path: Path) -> None:
    # On a full disk HDF5 makes a file, and then can neither write nor close it.
    is_new = not path.exists()
    try:
        with path.open("ab") as file:
            size = path.stat().st_size
            try:
                os.posix_fallocate(file.fileno(), size, _LEAST_ROOM)
            finally:
                file.truncate(size)
    except PermissionError:
        raise
    except OSError as error:
        if is_new:
            path.unlink(missing_ok=True)
        raise WriteFailed(f"{path} could not be made: {error.strerror or error}") from error


def _require_hdf5(path: Path) -> None:
    # HDF5 looks for its signature at 0, 512, 1024, 2048, …: a user's block may come before it.
    with path.open("rb") as file:
        size = path.stat().st_size
        at = 0
        while at < size:
            file.seek(at)
            if file.read(8) == _SIGNATURE:
                return
            at = at * 2 or 512
    raise NotALongtakeFile(f"{path} is not an HDF5 file; it was left as it is")


def _require_foreign(path: Path) -> None:
    # Looked for in the bytes, since after a crash HDF5 may not be able to open the file.
    with path.open("rb") as file:
        for at in (journal.OFFSET, journal.OFFSET + journal.SLOT_SIZE):
            file.seek(at)
            if file.read(len(journal.MAGIC)) == journal.MAGIC:
                raise InvalidArgument(
                    f"{path} is a file of longtake's own, which other tables would spoil: open "
                    "it with FramewiseStore, or choose another file"
                )
