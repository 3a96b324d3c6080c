"""What every node of a tree has: a place, attributes, and the open HDF5 object behind it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longtake.errors import Closed, LongtakeError
from longtake.hdf.attribute_set import AttributeSet
from longtake.tree.stored_attributes import StoredAttributes

if TYPE_CHECKING:
    from collections.abc import Callable

    import h5py


@dataclass(frozen=True)
class Tree:
    """The open file that nodes belong to.

    `rows` gives how many rows of the dataset at a path are in use, or None for all of them.
    """

    h5: h5py.File
    filename: str
    rows: Callable[[str], int | None]

    def require_open(self) -> None:
        """Raise `Closed` if the file was closed."""
        if not self.h5:
            raise Closed(f"{self.filename} was closed; open it again to read from it")


class Node(ABC):
    """A thing in an HDF5 file, known by its path.

    Its own names begin with ``_v_``, as PyTables has them, to leave the others to what the file
    holds.

    Threads: h5py's lock makes calls from many threads take turns.
    """

    def __init__(self, tree: Tree, path: str, h5: Any) -> None:
        self._tree = tree
        self._path = path
        self._open_h5 = h5

    @property
    def _h5(self) -> Any:
        self._tree.require_open()
        return self._open_h5

    @property
    def _v_pathname(self) -> str:
        """Where the node is, from the root: ``/data_stream/game``."""
        return self._path

    @property
    def _v_name(self) -> str:
        """The node's name in its group; the root is called ``/``."""
        return self._path.rpartition("/")[2] or "/"

    @property
    def _v_attrs(self) -> AttributeSet:
        """The HDF5 attributes of the node."""
        return AttributeSet(self._path, StoredAttributes(self._h5, self._tree.require_open))

    @property
    def attrs(self) -> AttributeSet:
        """The HDF5 attributes of the node."""
        return self._v_attrs

    @property
    def _v_title(self) -> str:
        """The title that PyTables keeps with a node, or an empty text."""
        try:
            return str(self._v_attrs["TITLE"])
        except LongtakeError:
            self._tree.require_open()
            return ""

    def __str__(self) -> str:
        return f"{self._path} ({self._form()}) {self._v_title!r}"

    def __repr__(self) -> str:
        details = self._details() if self._tree.h5 else "closed"
        return f"<{type(self).__name__} {self._path}: {details}>"

    def _form(self) -> str:
        """What PyTables prints in brackets: the kind of node, and its shape."""
        return type(self).__name__

    @abstractmethod
    def _details(self) -> str:
        """What `repr` tells of an open node, after its path."""


class UnImplemented(Node):
    """Something that cannot be read as a node: `reason` says why. The rest of the file can."""

    def __init__(self, tree: Tree, path: str, h5: Any, reason: str) -> None:
        super().__init__(tree, path, h5)
        self.reason = reason

    def _details(self) -> str:
        return self.reason
