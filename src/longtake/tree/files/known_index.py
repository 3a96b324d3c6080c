"""The index of packed files, kept while the HDF5 file stays as it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longtake.tree.files.packed_files import PackedFiles
from longtake.tree.files.packed_groups import open_packed

if TYPE_CHECKING:
    from longtake.tree.files.packed_index import PackedIndex

#: A file that was changed so lately may be changed once more without showing a later time.
_MOMENT_NS = 2_000_000_000


class KnownIndex:
    """Opens packed files to read, and reads the index of the same ones only once.

    It is that of the last ones, so that a loop over a million files does not read a million rows
    for each; another file, another group, or any change makes it read anew.
    """

    def __init__(self) -> None:
        self._of: Any = None
        self._index: PackedIndex | None = None

    def open(self, group: Any) -> PackedFiles:
        """Open a group of packed files."""
        tree = group._tree
        if tree.is_writable:
            return open_packed(group)
        status = Path(tree.filename).stat()
        of = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, group._v_pathname)
        if of != self._of or self._index is None:
            files = open_packed(group)
            is_settled = time.time_ns() - status.st_mtime_ns > _MOMENT_NS
            self._of, self._index = (of, files._index) if is_settled else (None, None)
            return files
        if group._v_pathname not in tree.waiting:
            tree.waiting[group._v_pathname] = PackedFiles(group, self._index)
        return tree.waiting[group._v_pathname]
