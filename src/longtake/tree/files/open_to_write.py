"""Files that are open to write, among what waits in memory of an HDF5 file."""

from __future__ import annotations

import errno
import weakref
from typing import TYPE_CHECKING, Any

from longtake.errors import Closed, FileInUse

if TYPE_CHECKING:
    from longtake.tree.tree import Tree


class OpenToWrite:
    """A file that is open to write: the HDF5 file's ``flush`` and ``close`` write it too.

    File objects are held weakly: one that nobody holds any longer closes itself.

    Parameters
    ----------
    tree : Tree
    path : str
        Where it waits: what is moved or removed there waits no longer.
    raw : NodeBytes or PackedBytes
    """

    def __init__(self, tree: Tree, path: str, raw: Any) -> None:
        require_not_open(tree, path)
        self._tree, self._path = tree, path
        self._layers: list[Any] = [weakref.ref(raw)]
        tree.waiting[path] = self

    def add(self, layer: Any) -> None:
        """Note a file object above the others, which holds bytes too."""
        self._layers.insert(0, weakref.ref(layer))

    def flush(self) -> None:
        """Write what the file objects hold, the outermost first."""
        for layer in self._alive():
            layer.flush()
        for raw in self._alive()[-1:]:
            raw.store()

    @property
    def path(self) -> str:
        """Where the file is, also after it was moved."""
        return self._path

    @property
    def is_open(self) -> bool:
        """Whether anybody can still write it."""
        return bool(self._alive())

    def require_here(self) -> None:
        """Raise `Closed` if the HDF5 file was closed, or the file moved or removed."""
        self._tree.require_writable()
        if self._tree.waiting.get(self._path) is not self:
            raise Closed(
                f"{self._tree.filename}: {self._path} was removed after it was opened to "
                "write; what was written since then is not in the HDF5 file: open it again"
            )

    def follow(self, path: str) -> None:
        """Learn that the file was moved."""
        self._path = path

    def end(self) -> None:
        """Wait no longer."""
        if self._tree.waiting.get(self._path) is self:
            del self._tree.waiting[self._path]

    def _alive(self) -> list[Any]:
        found = [layer() for layer in self._layers]
        return [layer for layer in found if layer is not None and _is_usable(layer)]


def require_not_open(tree: Tree, path: str) -> None:
    """Raise if a file is open to write: one of two would write over what the other wrote.

    Raises
    ------
    FileInUse
    """
    there = tree.waiting.get(path)
    if isinstance(there, OpenToWrite) and there.is_open:
        raise FileInUse(
            errno.EAGAIN,
            f"{tree.filename}: {path} is open to write already: close it there first",
        )


def _is_usable(layer: Any) -> bool:
    try:
        return not layer.closed
    except ValueError:  # what was below it was detached
        return False
