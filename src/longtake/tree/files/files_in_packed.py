"""A folder's files as packed files: all of them in three datasets of one group."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from longtake.errors import AlreadyExists, InvalidArgument, WrongType
from longtake.tree.files.packed_groups import create_packed, is_packed, open_packed
from longtake.tree.files.way import group_at

if TYPE_CHECKING:
    from longtake.tree.file import File
    from longtake.tree.files.disk_folder import Found
    from longtake.tree.files.packed_files import PackedFiles
    from longtake.tree.filters import Filters

#: A packed file is read and written as a whole.
_MOST = 1024 * 1024 * 1024


class FilesInPacked:
    """Copies files into a group of packed files.

    Parameters
    ----------
    h5file : File
    where : str or Group
        Made when the first file or folder is.
    filters : Filters, optional
    overwrite : bool
        Whether files of another size or time are replaced.
    """

    def __init__(
        self, h5file: File, where: Any, filters: Filters | None, *, overwrite: bool = False
    ) -> None:
        self._file = h5file
        self._where = where if isinstance(where, str) else where._v_pathname
        self._filters, self._overwrite = filters, overwrite
        group = group_at(h5file, self._where)
        if group is not None and len(group) and not is_packed(group):
            raise WrongType(
                f"{h5file.filename}: {group._v_pathname} has nodes in it, and packed files need a "
                "group of their own: give another name"
            )
        self._files = open_packed(group) if is_packed(group) else None
        #: Folders in which nothing was found yet.
        self._empty: dict[str, None] = {}

    def look(self, found: Found) -> bool:
        """Whether it is there already, the same; raise if something else is, or it is too large."""
        files = self._files
        self._empty.pop(found.name.rpartition("/")[0], None)
        if found.size > _MOST:
            raise InvalidArgument(
                f"{found.name!r} has {found.size} bytes, and files of more than {_MOST} are not "
                "packed: copy the folder without packing it. Nothing was copied"
            )
        if files is None:
            return False
        name = f"{found.name}/" if found.kind == "folder" else found.name
        files.require_place(name)
        if name not in files or found.kind == "folder":
            return False
        if (files.size(found.name), files.modified(found.name)) == (found.size, found.modified):
            return True
        if self._overwrite:
            return False
        raise AlreadyExists(
            f"{self._file.filename}: {self._where} has another {found.name!r} already; remove or "
            "overwrite it, or copy into another group"
        )

    def add_folder(self, name: str) -> None:
        """Note a folder: only an empty one is written."""
        self._empty.pop(name.rpartition("/")[0], None)
        self._empty[name] = None

    def add_file(self, name: str, content: IO[bytes], size: int, modified: int) -> int:  # noqa: ARG002
        """Copy a file; give its bytes."""
        read = content.read()
        self._made().write(name, read, modified=modified)
        return len(read)

    def finish(self) -> None:
        """Write the empty folders."""
        files = self._made()
        for name in self._empty:
            if f"{name}/" not in files:
                files[f"{name}/"] = b""

    def _made(self) -> PackedFiles:
        if self._files is None:
            self._files = create_packed(
                self._file, self._where, filters=self._filters, createparents=True
            )
        return self._files
