"""What is in a folder of the disk, with all its folders, as it is copied into an HDF5 file.

Symbolic links are not followed, wherever they lead: what is copied is what is in the folder.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from longtake.errors import AlreadyExists, InvalidArgument, NoPermission, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of a name that has become a link or a pipe since it was listed, neither is followed or waited for.
_AS_IT_IS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_OTHER_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A thing in a folder.

    Attributes
    ----------
    name : str
        Its path below the folder, with ``/``.
    kind : {"file", "folder", "other"}
    size, modified : int
        Bytes; nanoseconds since 1970, UTC.
    why : str
        What else it is.
    """

    name: str
    kind: Literal["file", "folder", "other"]
    size: int = 0
    modified: int = 0
    why: str = ""


class DiskFolder:
    """A folder to copy from.

    Parameters
    ----------
    path : str or path
    besides : str or path
        A file that is left out if it is in the folder: the one that is copied into.

    Raises
    ------
    NotFound, InvalidArgument
        If there is no such folder, or it is a file.
    """

    def __init__(self, path: str | os.PathLike[str], besides: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise NotFound(f"there is no folder {self.path}")
        if not self.path.is_dir():
            raise InvalidArgument(f"{self.path} is a file: give the folder that it is in")
        self._besides = _identity(Path(besides).stat()) if Path(besides).exists() else None

    def __iter__(self) -> Iterator[Found]:
        """Go through it, folder by folder and by name; each folder comes before what is in it."""
        waiting = [""]
        while waiting:
            prefix = waiting.pop()
            folders = []
            for entry in self._listed(prefix):
                found = self._found(f"{prefix}{entry.name}", entry)
                if found.kind == "folder":
                    folders.append(f"{found.name}/")
                yield found
            waiting += reversed(folders)

    def open(self, name: str) -> IO[bytes]:
        """Open a file in it to read, and nothing that a link leads to."""
        try:
            descriptor = os.open(self.path / name, os.O_RDONLY | _AS_IT_IS)
        except OSError as error:
            raise _unreadable(self.path / name, error) from error
        return os.fdopen(descriptor, "rb", buffering=0)

    def _listed(self, prefix: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.path / prefix) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            raise _unreadable(self.path / prefix, error) from error

    def _found(self, name: str, entry: os.DirEntry[str]) -> Found:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            raise _unreadable(self.path / name, error) from error
        if stat.S_ISDIR(status.st_mode):
            return Found(name, "folder")
        if not stat.S_ISREG(status.st_mode):
            why = _OTHER_KINDS.get(stat.S_IFMT(status.st_mode), "a device")
            return Found(name, "other", why=why)
        if _identity(status) == self._besides:
            return Found(name, "other", why="the file that is copied into")
        return Found(name, "file", status.st_size, status.st_mtime_ns)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _unreadable(path: Path, error: OSError) -> Exception:
    if isinstance(error, PermissionError):
        return NoPermission(error.errno, f"{path} may not be read: check its permissions")
    if isinstance(error, FileNotFoundError):
        return NotFound(error.errno, f"{path} is not there any more")
    if error.errno == errno.ELOOP:
        return AlreadyExists(error.errno, f"{path} is another file than it was before")
    return error
