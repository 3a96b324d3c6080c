"""Opening a file as a tree."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import h5py

from longtake.errors import (
    AlreadyExists,
    DamagedFile,
    FileInUse,
    InvalidArgument,
    NoPermission,
    NotALongtakeFile,
    NotFound,
    WriteFailed,
    WrongType,
)
from longtake.hdf import Snapshot
from longtake.hdf.attributes import write_attribute
from longtake.hdf.foreign_filters import forestall_others
from longtake.hdf.plain_file import has_journal, open_to_read
from longtake.hdf.writer_of_other import in_use_or_left
from longtake.streams import StreamFileView
from longtake.tree.file import File
from longtake.tree.filters import require_filters
from longtake.tree.kept_filters import KEPT, packed_filters
from longtake.tree.rows_in_use import rows_in_use
from longtake.tree.stored_type import require_text

if TYPE_CHECKING:
    from longtake.errors import LongtakeError
    from longtake.tree.filters import Filters

Mode = Literal["r", "r+", "a", "w", "x"]
_FORMAT = "2.1"
#: What of a recording only grows, and is not changed by a tree.
_STREAMS = ("/control", "/data_stream", "/finished", "/frame_stream", "/record_stream")
_CHUNK_CACHE = 16 * 1024 * 1024


def open_file(
    filename: str | os.PathLike[str],
    mode: Mode = "r",
    title: str = "",
    filters: Filters | None = None,
) -> File:
    """Open any HDF5 file as a tree of nodes.

    Parameters
    ----------
    filename : str or path
    mode : {"r", "r+", "a", "w", "x"}
        Read only, also a file that longtake is recording to; read and write; the same, and make
        the file if there is none; make it, and replace one that is there; make it, and replace
        none.
    title : str
        Of a file that is made.
    filters : Filters, optional
        How chunks are compressed that are made in the file, unless others are given; a file that is
        made keeps it.

    Guarantees
    ----------
    Of a file that longtake is recording to, the nodes are those of the moment it was opened; their
    rows are those in use, at each look.

    Raises
    ------
    WrongType, InvalidArgument
        If there is no such mode, or the name, title or filters cannot be used.
    NotFound, AlreadyExists, NoPermission
        If there is no such file, or there is one already, or it may not be opened so.
    NotALongtakeFile
        If it is no HDF5 file.
    FileInUse
        If another program has it open and writes it, or it is to be written while one reads it.
    DamagedFile
        If it was left by a crash of another program, or cannot be read.

    Examples
    --------
    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "a.h5")
    >>> with open_file(path, "w", title="An example") as file:
    ...     made = file.create_array("/", "squares", [0, 1, 4, 9])
    >>> with open_file(path) as file:
    ...     file.root.squares[1:3].tolist()
    [1, 4]
    """
    if mode not in get_args(Mode):
        raise InvalidArgument(f"mode={mode!r}: it is one of {', '.join(get_args(Mode))}")
    path = _path(filename)
    require_text(title, "the title of a file")
    require_filters(filters)
    forestall_others()
    if mode == "r":
        return _opened_to_read(path)
    exists = path.exists()
    if mode == "x" and exists:
        raise AlreadyExists(f"{path} exists: choose another name, or mode='w' to replace it")
    if mode == "r+" and not exists:
        raise NotFound(f"there is no file {path}; mode='w' makes one")
    if exists and mode in {"r+", "a"}:
        is_recording = _is_finished_recording(path)
        made = File(_opened(path, "r+"), name=path, is_writable=True, filters=filters)
        if is_recording:
            made._tree.protected = _STREAMS
        return made
    return File(_made(path, title, filters), name=path, is_writable=True, filters=filters)


def _path(filename: object) -> Path:
    if not isinstance(filename, str | os.PathLike):
        raise WrongType(f"a file is given by its name, not by {filename!r}")
    path = Path(filename)
    if not str(filename) or "\0" in str(filename):
        raise InvalidArgument(f"{str(filename)!r} cannot be the name of a file")
    return path


def _opened_to_read(path: Path) -> File:
    found = open_to_read(path)
    if not isinstance(found, Snapshot) or found.was_closed:
        return File(found.structure(), name=path, held=found)
    found.close()
    view = StreamFileView(path)
    return File(view.structure(), rows_in_use(view), path, held=view)


def _is_finished_recording(path: Path) -> bool:
    """Whether it is a recording. One that a crash left is refused: it may be half changed."""
    with suppress(NotALongtakeFile), Snapshot(path) as found:
        if not has_journal(found.raw):
            return False
        if not found.was_closed and not found.is_being_written:
            raise DamagedFile(
                f"{path} was left by a crash while it was recorded; it can be read as it is, and "
                f"written after longtake.record({str(path)!r}, append=True).stop()"
            )
        return True
    return False


def _made(path: Path, title: str, filters: Filters | None) -> h5py.File:
    if path.exists():
        # HDF5 empties a file before it finds that somebody else has it open. What is damaged, or no
        # HDF5 file, may be replaced.
        with suppress(NotALongtakeFile, DamagedFile, WriteFailed):
            _opened(path, "r+").close()
    h5 = _opened(path, "w")
    attributes: dict[str, object] = {
        "CLASS": "GROUP",
        "PYTABLES_FORMAT_VERSION": _FORMAT,
        "TITLE": title,
    }
    if filters is not None:
        attributes[KEPT] = packed_filters(filters)
    for name, value in (attributes | {"VERSION": "1.0"}).items():
        write_attribute(h5, name, value)
    return h5


def _opened(path: Path, mode: str) -> h5py.File:
    if path.is_dir():
        raise NotALongtakeFile(f"{path} is a folder: give the name of a file")
    try:
        return h5py.File(path, mode, libver=("v110", "v110"), rdcc_nbytes=_CHUNK_CACHE)
    except OSError as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: OSError) -> LongtakeError:
    if isinstance(error, PermissionError):
        return NoPermission(error.errno, f"{path} may not be opened: check its permissions")
    if isinstance(error, BlockingIOError):
        return FileInUse(
            error.errno,
            f"{path} is open in another place, or another program: close it there first",
        )
    if isinstance(error, FileNotFoundError):
        return NotFound(error.errno, f"there is no folder {path.parent} for {path.name}")
    if path.exists() and not h5py.is_hdf5(path):
        return NotALongtakeFile(f"{path} is no HDF5 file")
    left = in_use_or_left(path, error) if path.exists() else None
    if left is None and "already open" in str(error):  # HDF5's words, where this process has it
        return FileInUse(errno.EAGAIN, f"{path} is open in this process: close it there first")
    return left or WriteFailed(error.errno, f"{path} cannot be made: {error}")
