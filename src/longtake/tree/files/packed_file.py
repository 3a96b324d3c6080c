"""The bytes of one of many packed files, as Python's `io` wants them underneath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longtake.tree.files.bytes_in_memory import BytesInMemory
from longtake.tree.files.node_file import buffered, kind_of
from longtake.tree.files.open_to_write import OpenToWrite

if TYPE_CHECKING:
    from longtake.tree.files.packed_files import PackedFiles


def open_in(
    files: PackedFiles, name: str, mode: str, encoding: str | None, newline: str | None
) -> Any:
    """Open one of many packed files, which is there or is to be made."""
    return buffered(PackedBytes(files, name, kind_of(mode)), mode, encoding, newline)


class PackedBytes(BytesInMemory):
    """Reads and writes a file in memory; closing it puts it among the others, as a whole.

    So do the ``flush`` and ``close`` of the HDF5 file, with what was written until then.

    Parameters
    ----------
    files : PackedFiles
    name : str
    mode : str
        As of `open`, without ``b`` or ``t``.
    """

    def __init__(self, files: PackedFiles, name: str, mode: str) -> None:
        self.node, self.name, self._files = files.node, name, files
        is_new = mode[0] in "wx" or (mode[0] == "a" and name not in files)
        super().__init__(mode, b"" if is_new else files[name])
        self._is_changed, self._waiting = is_new, None
        if mode != "r":
            # No node has such a path.
            path = f"{files.node._v_pathname}//{name}"
            self._waiting = OpenToWrite(files.node._tree, path, self)

    def add_layer(self, layer: Any) -> None:
        """Note a file object above this one, which holds bytes too."""
        if self._waiting is not None:
            self._waiting.add(layer)

    def require_here(self) -> None:
        """Raise `Closed` if what is written would not come to the file."""
        if self._waiting is not None:
            self._waiting.require_here()

    def store(self) -> None:
        """Write the file, if it was changed, and all that waits with it."""
        self._put()
        self._files.flush()

    def close(self) -> None:
        """Write the file, if it was changed."""
        try:
            if not self.closed:
                self._put()
        finally:
            if self._waiting is not None:
                self._waiting.end()
            super().close()

    def _put(self) -> None:
        if self._is_changed and self._waiting is not None:
            self.require_here()
            self._files.write(self.name, bytes(self._content))
            self._is_changed = False
