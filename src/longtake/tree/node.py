"""What every node of a tree has: a place, attributes, and the open HDF5 object behind it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NoReturn

import h5py
from h5py import h5d, h5g, h5t  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import Closed, LongtakeError, WrongType
from longtake.tree.links import follow
from longtake.tree.missing import NodeNotFound
from longtake.tree.node_attributes import NodeAttributes

if TYPE_CHECKING:
    from longtake.tree.tree import Tree


_FACES: dict[type, Any] = {h5g.GroupID: h5py.Group, h5d.DatasetID: h5py.Dataset}


class Node(ABC):
    """A thing in an HDF5 file, known by its path.

    Its own names begin with ``_v_`` and ``_f_``, as PyTables has them, to leave the others to what
    the file holds.

    Threads: calls from many threads take turns. Two that fill ``table.row`` at a time mix it up.
    """

    def __init__(self, tree: Tree, path: str, h5: Any) -> None:
        self._tree = tree
        self._path = path
        self._open_h5 = h5
        self._opened_in = tree.releases
        self._is_removed = False
        if tree.is_writable:
            tree.nodes.add(self)  # to tell it when it is moved or removed

    @property
    def _h5(self) -> Any:
        self._tree.require_open()
        if self._opened_in != self._tree.releases:
            self._open_again()
        kind = _FACES.get(type(self._open_h5))
        if kind is None and isinstance(self._open_h5, h5t.TypeID):
            kind = h5py.Datatype
        if kind is not None:  # made when it is asked for: a walk asks for few
            self._open_h5 = kind(self._open_h5)
        return self._open_h5

    def _open_again(self) -> None:
        """Open the node anew, whose handle may have been closed."""
        self._require_there()
        if self._open_h5 is not None and not self._open_h5:
            found: Any = self._tree.h5["/"]
            for step in self._path.strip("/").split("/"):
                found = found if isinstance(found, str) else follow(found, step)
            if isinstance(found, str):
                self._is_removed = True
                self._require_there()
            self._open_h5 = found
            self._forget_what_was_read()
        self._opened_in = self._tree.releases

    def _require_there(self) -> None:
        """Raise `Closed` if the node was removed."""
        if self._is_removed:
            raise Closed(
                f"{self._tree.filename}: {self._path} is not there any more: it was removed"
            )

    def _forget_what_was_read(self) -> None:  # noqa: B027  (most keep nothing)
        """Forget what is kept of the handle that was closed."""

    @property
    def _v_pathname(self) -> str:
        """Where the node is, from the root: ``/data_stream/game``."""
        return self._path

    @property
    def _v_name(self) -> str:
        """The node's name in its group; the root is called ``/``."""
        return self._path.rpartition("/")[2] or "/"

    @property
    def _v_depth(self) -> int:
        """How many groups it is in."""
        return 0 if self._path == "/" else self._path.count("/")

    @property
    def _v_parent(self) -> Any:
        """The group that it is in; the root is in itself."""
        return self._tree.node(self._path.rpartition("/")[0] or "/")

    @property
    def _v_attrs(self) -> NodeAttributes:
        """The HDF5 attributes of the node."""
        return NodeAttributes(self._tree, self._path, self._h5)

    @property
    def attrs(self) -> NodeAttributes:
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

    def _f_remove(self, *, recursive: bool = False) -> None:
        """Remove the node from the file; a group that holds anything, only if `recursive`."""
        self._require_there()
        self._tree.remove(self._path, recursive=recursive)

    def _f_rename(self, newname: str, *, overwrite: bool = False) -> None:
        """Give the node another name in its group."""
        self._f_move(newname=newname, overwrite=overwrite)

    def _f_move(
        self, newparent: Any = None, newname: str | None = None, *, overwrite: bool = False
    ) -> None:
        """Put the node into another group, or under another name."""
        self._require_there()
        self._tree.move(self._path, newparent, newname, overwrite=overwrite)

    def _f_copy(
        self, newparent: Any = None, newname: str | None = None, *, overwrite: bool = False
    ) -> Any:
        """Copy the node, with all that is in it; give the copy."""
        self._require_there()
        return self._tree.copy(self._path, newparent, newname, overwrite=overwrite)

    def __str__(self) -> str:
        return f"{self._path} ({self._form()}) {self._v_title!r}"

    def __repr__(self) -> str:
        details = self._details() if self._tree.is_open else "closed"
        return f"<{type(self).__name__} {self._path}: {details}>"

    def _form(self) -> str:
        """What PyTables prints in brackets: the kind of node, and its shape."""
        return type(self).__name__

    @abstractmethod
    def _details(self) -> str:
        """What `repr` tells of an open node, after its path."""


class UnImplemented(Node):
    """Something that cannot be read as a node: `reason` says why. The rest of the file can.

    Raises
    ------
    WrongType
        If it is read or written all the same; it says the reason.
    """

    def __init__(self, tree: Tree, path: str, h5: Any, reason: str) -> None:
        super().__init__(tree, path, h5)
        self.reason = reason

    def read(self, *_: object) -> NoReturn:
        """Raise `WrongType`, with the reason."""
        raise WrongType(f"{self._tree.filename}: {self._path} cannot be read: {self.reason}")

    def __getitem__(self, key: object) -> NoReturn:
        self.read()

    def __setitem__(self, key: object, value: object) -> NoReturn:
        self.read()

    def __len__(self) -> NoReturn:
        self.read()

    def __iter__(self) -> NoReturn:
        self.read()

    def __array__(self, *_: object) -> NoReturn:
        self.read()

    def __contains__(self, name: object) -> bool:
        return False

    def __bool__(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "reason" not in self.__dict__:
            raise AttributeError(name)
        raise NodeNotFound(
            f"{self._tree.filename}: {self._path} has no {name!r}, as it cannot be read: "
            f"{self.reason}"
        )

    def _details(self) -> str:
        return self.reason
