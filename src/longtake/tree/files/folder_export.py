"""Copying the files of an HDF5 file into a folder of the disk, and nowhere else."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from longtake.errors import (
    AlreadyExists,
    InvalidArgument,
    LongtakeError,
    NoPermission,
    WriteFailed,
)
from longtake.tree.files.copied_files import CopiedFiles
from longtake.tree.files.stored_files import stored_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longtake.tree.files.stored_files import Stored

_BLOCK = 4 * 1024 * 1024
# With O_EXCL, a link that was put there meanwhile is not followed, and a file not written over.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def export_folder(
    node: Any,
    folder: str | os.PathLike[str],
    *,
    name: str | None = None,
    progress: Callable[[CopiedFiles], object] | None = None,
) -> CopiedFiles:
    """Copy the files below a group of an HDF5 file into a folder of the disk.

    Parameters
    ----------
    node : Group
        Or one file.
    folder : str or path
        Made if it is not there.
    name : str, optional
        Of one file, or of a folder, where the group is one of packed files.
    progress : callable, optional
        Called after each file with the `CopiedFiles` so far. What it raises ends the copying
        after a whole file.

    Returns
    -------
    CopiedFiles
        Tables, arrays, links and what cannot be read are left out, and told of there.

    Raises
    ------
    PackedFileNotFound
        If there is no packed file and no folder of that name.
    InvalidArgument
        If a name would lead out of the folder, as ``..`` does, or is none that the disk can have.
    AlreadyExists
        If a file is there already, or a symbolic link in place of a folder.
    WriteFailed
        If the disk has not as much room as the files say they take, or is broken.
    DamagedFile
        If a file cannot be read; the files before it are there.

    Guarantees
    ----------
    All names are looked at before anything is written; nothing is written outside of the folder,
    and nothing over. A file is copied as a whole or not at all. Memory: 4 MiB.

    Examples
    --------
    >>> import tempfile, os, longtake.tree as tt
    >>> path, folder = os.path.join(tempfile.mkdtemp(), "a.h5"), tempfile.mkdtemp()
    >>> with tt.open_file(path, "w") as h5:
    ...     group = h5.create_group("/", "notes")
    ...     with tt.filenode.new_node(h5, where=group, name="on Monday.txt") as file:
    ...         count = file.write(b"It rained.")
    ...     print(export_folder(group, folder))
    1 file, 10 bytes, 0 folders
    >>> os.listdir(folder)
    ['on Monday.txt']
    """
    target = Path(folder)
    told = _counted(stored_files(node, name), target)
    _made(target)
    at = target
    for found in stored_files(node, name):
        path = target / found.name
        if found.kind == "folder":
            _made(path)
            told.folders += 1
        elif found.kind == "file":
            if path.parent != at:
                _made(path.parent)
                at = path.parent
            told.bytes += _copy(found, path)
            told.files += 1
        if progress is not None:
            progress(told)
    return told


def _counted(files: Iterator[Stored], target: Path) -> CopiedFiles:
    """Look at all there is, and refuse what cannot be copied."""
    if target.exists() and not target.is_dir():
        raise AlreadyExists(f"{target} is a file: give the name of a folder")
    told, is_new = CopiedFiles(), not target.exists()
    for found in files:
        if found.kind == "other":
            told.left_out.append(f"{found.name}: {found.why}")
            continue
        _require_inside(found.name)
        if not is_new:
            _require_free(target, found)
        told.total_files += found.kind == "file"
        told.total_bytes += found.size
    there = next(path for path in (target, *target.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if told.total_bytes > free:
        raise WriteFailed(
            f"{target}: the files take {told.total_bytes} bytes, and the disk has {free} left; "
            "nothing was copied"
        )
    return told


def _require_inside(name: str) -> None:
    """Raise if a path is none that leads straight down."""
    separators = {os.sep, os.altsep or os.sep} - {"/"}
    for step in name.split("/"):
        try:
            size = len(os.fsencode(step))
        except UnicodeEncodeError:
            size = 0
        if step in {"", ".", ".."} or "\0" in step or separators & {*step} or not 0 < size < 256:
            raise InvalidArgument(
                f"{name!r} cannot be copied to the disk: {step!r} is no name there, or leads out "
                "of the folder; rename it first. Nothing was copied"
            )


def _require_free(target: Path, found: Stored) -> None:
    path = target
    for step in found.name.split("/"):
        path /= step
        if path.is_symlink():
            raise AlreadyExists(f"{path} is a symbolic link, which is not written through")
    if found.kind == "file" and path.exists():
        raise AlreadyExists(f"{path} exists, and is not written over: choose another folder")
    if found.kind == "folder" and path.exists() and not path.is_dir():
        raise AlreadyExists(f"{path} is a file, and a folder is to be made: choose another folder")


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refusal(folder, error) from error


def _copy(found: Stored, path: Path) -> int:
    try:
        descriptor = os.open(path, _NEW, 0o666)
    except OSError as error:
        raise _refusal(path, error) from error
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            return _write(found, file)
    except BaseException as error:
        with suppress(OSError):
            path.unlink()
        if isinstance(error, OSError) and not isinstance(error, LongtakeError):
            raise _refusal(path, error) from error
        raise


def _write(found: Stored, file: IO[bytes]) -> int:
    size = 0
    with found.open() as content:
        while block := content.read(min(max(1, found.size), _BLOCK)):
            view = memoryview(block)
            while view:
                written = file.write(view)
                view, size = view[written:], size + written
    if found.modified is not None:
        # A time that no disk can have is not worth the file.
        with suppress(OSError, OverflowError, ValueError):
            os.utime(file.fileno(), ns=(found.modified, found.modified))
    return size


def _refusal(path: Path, error: OSError) -> LongtakeError:
    if isinstance(error, PermissionError):
        return NoPermission(error.errno, f"{path} may not be written: check its permissions")
    if isinstance(error, FileExistsError | NotADirectoryError):
        return AlreadyExists(f"{path} is in the way: choose another folder")
    return WriteFailed(error.errno, f"{path} could not be written: {error.strerror}")
