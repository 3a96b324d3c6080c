"""A new file, which appears under its name whole or not at all."""

from __future__ import annotations

import errno
import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from longtake.errors import (
    AlreadyExists,
    InvalidArgument,
    LongtakeError,
    NoPermission,
    NotFound,
    WriteFailed,
)
from longtake.hdf.raw_file import RawFile

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path


_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def create(
    path: Path, image: bytes | bytearray, prepare: Callable[[RawFile], None] = lambda _: None
) -> RawFile:
    """Make a file of these bytes, on disk, under a name that must be free.

    `prepare` is called with it before it has its name: nobody sees it sooner.

    Raises
    ------
    AlreadyExists
        If the name is taken; what has it stays as it is.
    NotFound
        If there is no such folder, or it is none, or takes no files.
    NoPermission
        If the system does not let us write there.
    InvalidArgument
        If no file can have such a name.
    WriteFailed
        If the disk is full or broken.
    """
    draft = path.with_name(f".longtake-{os.getpid()}-{threading.get_ident()}.new")
    try:
        draft.unlink(missing_ok=True)
        raw = RawFile.creating(draft)
    except OSError as error:
        raise _refusal(path, error) from error
    raw.path = path  # what goes wrong from here on is told of this name
    try:
        raw.write(0, image)
        raw.sync()
        prepare(raw)
        _name(draft, path)
        _sync_folder(path.parent)
    except BaseException as error:
        raw.close()
        if isinstance(error, OSError) and not isinstance(error, LongtakeError):
            raise _refusal(path, error) from error
        raise
    finally:
        draft.unlink(missing_ok=True)
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


def _refusal(path: Path, error: OSError) -> LongtakeError:
    """Say in a sentence about the file that was asked for why the system does not make it."""
    number = error.errno
    reason = os.strerror(number) if number else str(error)
    if number == errno.EEXIST:
        return AlreadyExists(number, f"{path} exists: choose another name, or remove it")
    if number == errno.ENAMETOOLONG:
        return InvalidArgument(f"{path} cannot be made: the name is too long; choose a shorter one")
    if number in _FORBIDDEN:
        return NoPermission(
            number,
            f"{path} cannot be made ({reason}): choose another folder, or get permission to write "
            "to this one",
        )
    if number in {errno.ENOENT, errno.ENOTDIR}:
        return NotFound(number, f"{path} cannot be made: {_what_is_missing(path.parent)}")
    return WriteFailed(
        number, f"{path} cannot be made ({reason}): make room or mend the disk, then try again"
    )


def _what_is_missing(folder: Path) -> str:
    if folder.is_dir():
        return f"the folder {folder} takes no new files; choose another"
    for above in (folder, *folder.parents):
        if above.exists() and not above.is_dir():
            return f"{above} is not a folder; choose another place"
    return f"there is no folder {folder}; make it first, or choose another"


@contextmanager
def drafted(path: Path) -> Generator[Path]:
    """Give the path of an empty file to fill, which is then named `path`, or removed.

    Raises
    ------
    AlreadyExists, NotFound, NoPermission, InvalidArgument, WriteFailed
        As of `create`; a taken name is found before anything is written.
    """
    draft = path.with_name(f".longtake-{os.getpid()}-{threading.get_ident()}.new")
    try:
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        draft.unlink(missing_ok=True)
        draft.touch()
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        _name(draft, path)
        _sync_folder(path.parent)
    except OSError as error:
        if isinstance(error, LongtakeError):
            raise
        raise _refusal(path, error) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
