"""Copying a folder of the disk into an HDF5 file."""

from __future__ import annotations

import os
import stat
from typing import IO, TYPE_CHECKING, Any, Protocol

from longtake.errors import AlreadyExists, NoPermission
from longtake.tree.files.copied_files import CopiedFiles
from longtake.tree.files.disk_folder import DiskFolder
from longtake.tree.files.files_in_groups import FilesInGroups
from longtake.tree.files.files_in_packed import FilesInPacked
from longtake.tree.files.packed_groups import is_packed
from longtake.tree.files.way import group_at
from longtake.tree.node_names import require_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake.tree.file import File
    from longtake.tree.files.disk_folder import Found
    from longtake.tree.filters import Filters


class Target(Protocol):
    """Where files of a folder are copied to, by their paths in it."""

    def look(self, found: Found) -> bool:
        """Whether it is there already, the same; raise `AlreadyExists` if something else is."""
        ...

    def add_folder(self, name: str) -> None:
        """Make a folder, if it is not there."""
        ...

    def add_file(self, name: str, content: IO[bytes], size: int, modified: int) -> int:
        """Copy a file, which is there as a whole afterwards or not at all; give its bytes."""
        ...

    def finish(self) -> None:
        """Do what is left, once all was copied."""
        ...


def import_folder(
    h5file: File,
    where: Any,
    folder: str | os.PathLike[str],
    *,
    filters: Filters | None = None,
    packed: bool = False,
    overwrite: bool = False,
    progress: Callable[[CopiedFiles], object] | None = None,
) -> CopiedFiles:
    """Copy a folder of the disk, with all that is in it, into groups and files of an HDF5 file.

    Names stay as they are, and so do the times of the last change, as the attribute ``modified``
    (nanoseconds since 1970, UTC). Permissions and owners are not kept.

    Parameters
    ----------
    h5file : File
        Open to write.
    where : str or Group
        The group that becomes the folder; it is made if it is not there.
    folder : str or path
    filters : Filters, optional
        How the files are compressed; as the HDF5 file's others, if none are given.
    packed : bool
        Make the group one of packed files: of many small ones, it takes a tenth of the time. What
        is copied into a group of packed files becomes packed by itself.
    overwrite : bool
        Replace files that are there with another size or time.
    progress : callable, optional
        Called after each file with the `CopiedFiles` so far. What it raises ends the copying
        after a whole file.

    Returns
    -------
    CopiedFiles
        Symbolic links are not followed, wherever they lead: they are left out and told of there,
        and so are devices, pipes, sockets, and the HDF5 file itself.

    Raises
    ------
    NotFound, InvalidArgument
        If there is no such folder, or a name in it is none that HDF5 can have.
    AlreadyExists
        If there is a node of a name in the group, unless it is a file of the same size and time, or
        one to be overwritten.
    NoPermission
        If a file may not be read.
    WrongType
        If packed files are to go to a group that has other nodes.
    WriteFailed
        If the disk is full; the files before are there.

    Guarantees
    ----------
    All names are looked at before anything is written. A file is copied as a whole or not at all,
    so that the same call goes on where one was interrupted. Memory: 4 MiB, and the names in a
    folder; of packed files, the largest of them, and what `PackedFiles` takes.

    Examples
    --------
    >>> import tempfile, os, longtake.tree as tt
    >>> folder = tempfile.mkdtemp()
    >>> os.mkdir(os.path.join(folder, "notes"))
    >>> with open(os.path.join(folder, "notes", "on Monday.txt"), "w") as file:
    ...     count = file.write("It rained.")
    >>> with tt.open_file(os.path.join(tempfile.mkdtemp(), "a.h5"), "w") as h5:
    ...     print(import_folder(h5, "/backup", folder))
    ...     tt.filenode.open_node(h5.root.backup.notes["on Monday.txt"]).read()
    1 file, 10 bytes, 1 folder
    b'It rained.'
    """
    h5file._tree.require_writable()
    source = DiskFolder(folder, h5file.filename)
    target = (FilesInPacked if packed else _kind_at(h5file, where))(
        h5file, where, filters, overwrite=overwrite
    )
    told = _counted(source, target)
    for found in source:
        if found.kind == "folder":
            target.add_folder(found.name)
            told.folders += 1
        elif found.kind == "file":
            _copy(source, target, found, told)
        if progress is not None:
            progress(told)
    target.finish()
    h5file.flush()
    return told


def _kind_at(h5file: File, where: Any) -> type[FilesInGroups | FilesInPacked]:
    path = where if isinstance(where, str) else where._v_pathname
    return FilesInPacked if is_packed(group_at(h5file, path)) else FilesInGroups


def _counted(source: DiskFolder, target: Target) -> CopiedFiles:
    """Look at all there is, and refuse what cannot be copied."""
    told = CopiedFiles()
    for found in source:
        require_name(found.name.rpartition("/")[2])
        if found.kind == "other":
            told.left_out.append(f"{found.name}: {found.why}")
        elif not target.look(found) and found.kind == "file":
            if not os.access(source.path / found.name, os.R_OK):
                raise NoPermission(
                    f"{source.path / found.name} may not be read: nothing was copied"
                )
            told.total_files += 1
            told.total_bytes += found.size
    return told


def _copy(source: DiskFolder, target: Target, found: Found, told: CopiedFiles) -> None:
    if target.look(found):
        told.kept += 1
        return
    with source.open(found.name) as content:
        status = os.fstat(content.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise AlreadyExists(f"{source.path / found.name} is another file than it was before")
        size = target.add_file(found.name, content, status.st_size, status.st_mtime_ns)
    told.files += 1
    told.bytes += size
