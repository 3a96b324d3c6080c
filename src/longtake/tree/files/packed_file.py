"""The bytes of one of many packed files, as Python's `io` wants them underneath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longtake.tree.files.bytes_in_memory import BytesInMemory
from longtake.tree.files.node_file import buffered, kind_of

if TYPE_CHECKING:
    from longtake.tree.files.packed_files import PackedFiles


def open_in(
    files: PackedFiles, name: str, mode: str, encoding: str | None, newline: str | None
) -> Any:
    """Open one of many packed files, which is there or is to be made."""
    return buffered(PackedBytes(files, name, kind_of(mode)), mode, encoding, newline)


class PackedBytes(BytesInMemory):
    """Reads and writes a file in memory; closing it puts it among the others, as a whole.

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
        self._is_changed = is_new

    def close(self) -> None:
        """Write the file, if it was changed."""
        if not self.closed and self._is_changed:
            self._is_changed = False
            self._files.write(self.name, bytes(self._content))
        super().close()
