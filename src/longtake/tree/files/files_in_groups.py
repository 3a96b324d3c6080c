"""A folder's files as nodes: each in a dataset of its own, which PyTables' filenode opens."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from longtake.errors import AlreadyExists
from longtake.tree.files.node_type import is_file, modified
from longtake.tree.files.way import group_at
from longtake.tree.files.whole_file import write_whole
from longtake.tree.group import Group

if TYPE_CHECKING:
    from longtake.tree.file import File
    from longtake.tree.files.disk_folder import Found
    from longtake.tree.filters import Filters


class FilesInGroups:
    """Copies files into groups below one, in the order of their folders.

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
        self._filters = filters or h5file.filters
        self._overwrite = overwrite
        #: Whether anything can be there already: to ask that of every name takes long.
        self._is_new = group_at(h5file, self._where) is None
        self._open: tuple[str, Group | None] = ("", None)

    def look(self, found: Found) -> bool:
        """Whether it is there already, the same; raise if something else is."""
        folder, _, name = found.name.rpartition("/")
        group = None if self._is_new else self._group(folder)
        if group is None or name not in group._h5:
            return False
        node = group[name]
        if isinstance(node, Group) if found.kind == "folder" else _is_same(node, found):
            return True
        if self._overwrite and found.kind == "file" and is_file(node):
            return False
        raise AlreadyExists(
            f"{self._file.filename}: {group._v_pathname} has another {name!r} already; remove or "
            "overwrite it, or copy into another group"
        )

    def add_folder(self, name: str) -> None:
        """Make a group, if it is not there."""
        self._file._tree.parent(self._path(name), made=True)

    def add_file(self, name: str, content: IO[bytes], size: int, modified: int) -> int:
        """Copy a file, which is there as a whole afterwards or not at all; give its bytes."""
        folder, _, name = name.rpartition("/")
        group = self._group(folder)
        if group is None:
            group = self._file._tree.parent(self._path(folder), made=True)
            self._open = (folder, group)
        return write_whole(group, name, content, size, modified, self._filters)

    def finish(self) -> None:
        """Make the group, if there was nothing to copy into it."""
        self.add_folder("")

    def _path(self, folder: str) -> str:
        return f"{self._where.rstrip('/')}/{folder}"

    def _group(self, folder: str) -> Group | None:
        """Give the group of a folder, None if there is none yet."""
        if self._open[0] != folder or self._open[1] is None:
            path = self._path(folder)
            group = self._file._tree.parent(path) if path in self._file else None
            self._open = (folder, group)
        return self._open[1]


def _is_same(node: Any, found: Found) -> bool:
    return is_file(node) and len(node) == found.size and modified(node) == found.modified
