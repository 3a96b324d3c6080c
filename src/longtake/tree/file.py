"""An open file: the root of its tree, and finding, moving and removing nodes by their paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

from longtake.errors import WrongType
from longtake.tree.group import Group
from longtake.tree.kinds import is_of_kind
from longtake.tree.link_nodes import SoftLink
from longtake.tree.node_making import NodeMaking
from longtake.tree.tree import Tree

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    import h5py

    from longtake.tree.filters import Filters


class SupportsClose(Protocol):
    """Anything that is closed when it is no longer needed."""

    def close(self) -> None:
        """Give back what it holds."""


def _all_rows(_path: str) -> None:
    return None


class File(NodeMaking):
    """An HDF5 file as a tree: ``file.root.data_stream.game.index[-1]``. Made by `open_file`.

    Nothing that the file holds is run; links into other files are not followed.

    Parameters
    ----------
    h5 : h5py.File
        An open file, which `close` closes.
    rows : function of a path, optional
        Gives how many rows of the dataset at that path are in use, where it was allocated ahead,
        as in a file that is being written; None for all. Asked at each look.
    name : str or path, optional
        What the file is called, where `h5` was opened through another object and does not know.
    is_writable : bool
        Whether the tree may be changed.
    filters : Filters, optional
        Of chunks that are made, unless others are given.
    held : optional
        What is to be closed with the file.

    Guarantees
    ----------
    Memory: what is asked for; iterating holds a block of about a megabyte, or one row.

    Examples
    --------
    >>> import h5py
    >>> with File(h5py.File.in_memory()) as file:
    ...     [node._v_name for node in file.root]
    []
    """

    def __init__(
        self,
        h5: h5py.File,
        rows: Callable[[str], int | None] | None = None,
        name: str | os.PathLike[str] | None = None,
        *,
        is_writable: bool = False,
        filters: Filters | None = None,
        held: SupportsClose | None = None,
    ) -> None:
        #: The name that the file was opened by.
        self.filename = str(h5.filename if name is None else name)
        self._held = held
        self._tree = Tree(
            h5, self.filename, rows or _all_rows, is_writable=is_writable, filters=filters
        )
        #: The group that holds all others.
        self.root = self._tree.root = Group(self._tree, "/", h5["/"])

    @property
    def isopen(self) -> bool:
        """Whether the file can still be read from."""
        return self._tree.is_open

    @property
    def mode(self) -> str:
        """``"a"`` of a file that may be written, ``"r"`` of others."""
        return "a" if self._tree.is_writable else "r"

    def get_filesize(self) -> int:
        """Give the bytes of the file."""
        self._tree.require_open()
        return self._tree.h5.id.get_filesize()

    @property
    def title(self) -> str:
        """The title that the file was made with."""
        return self.root._v_title

    @property
    def filters(self) -> Filters:
        """How chunks are compressed that are made in the file, unless others are given."""
        return self._tree.filters

    def flush(self) -> None:
        """Give all that waits in memory to the system."""
        self._tree.flush()

    def close(self) -> None:
        """Close the file; its nodes raise `Closed` from then on. Closing again does nothing."""
        if self._tree.is_open:
            try:
                self._tree.flush()
            finally:
                self._tree.h5.close()
                if self._held is not None:
                    self._held.close()

    def get_node(self, where: Any, name: str | None = None, classname: str | None = None) -> Any:
        """Give the node at a path, or of a name in a group."""
        path = getattr(where, "_v_pathname", where)
        if not isinstance(path, str) or not isinstance(name, str | None):
            raise WrongType(f"a node is given as a path, or as itself, not as {where!r}, {name!r}")
        node = self._tree.node(path if name is None else f"{path.rstrip('/')}/{name}")
        if classname is not None and not is_of_kind(node, classname):
            raise WrongType(f"{self.filename}: {node} is no {classname}")
        return node

    def walk_nodes(self, where: Any = "/", classname: str | None = None) -> Iterator[Any]:
        """Go through all nodes from one on, group by group; only those of a kind, if given.

        Parameters
        ----------
        where : str or Group
        classname : str, optional
            ``"Group"``, ``"Leaf"``, ``"Array"``, ``"CArray"``, ``"EArray"``, ``"Table"``, …
        """
        start = self.get_node(where)
        if classname in {None, "Node"}:
            yield start
        if isinstance(start, Group):
            yield from start._f_walknodes(classname)

    def walk_groups(self, where: Any = "/") -> Iterator[Group]:
        """Go through a group and all within; each once, though links may lead in a circle."""
        return self._group(where)._f_walk_groups()

    def iter_nodes(self, where: Any, classname: str | None = None) -> Iterator[Any]:
        """Go through the nodes in a group; only those of a kind, if given."""
        return self._group(where)._f_iter_nodes(classname)

    def list_nodes(self, where: Any, classname: str | None = None) -> list[Any]:
        """Give the nodes in a group; only those of a kind, if given."""
        return list(self.iter_nodes(where, classname))

    def remove_node(self, where: Any, name: str | None = None, *, recursive: bool = False) -> None:
        """Remove a node; a group that holds anything, only if `recursive`."""
        self._tree.remove(self._path(where, name), recursive=recursive)

    def rename_node(
        self, where: Any, newname: str, name: str | None = None, *, overwrite: bool = False
    ) -> None:
        """Give a node another name in its group."""
        self._tree.move(self._path(where, name), None, newname, overwrite=overwrite)

    def move_node(
        self,
        where: Any,
        newparent: Any = None,
        newname: str | None = None,
        name: str | None = None,
        *,
        overwrite: bool = False,
    ) -> None:
        """Put a node into another group, or under another name."""
        self._tree.move(self._path(where, name), newparent, newname, overwrite=overwrite)

    def copy_node(
        self,
        where: Any,
        newparent: Any = None,
        newname: str | None = None,
        name: str | None = None,
        *,
        overwrite: bool = False,
    ) -> Any:
        """Copy a node, with all that is in it; give the copy."""
        return self._tree.copy(self._path(where, name), newparent, newname, overwrite=overwrite)

    def get_node_attr(self, where: Any, attrname: str, name: str | None = None) -> Any:
        """Give an attribute of a node."""
        return self.get_node(where, name)._v_attrs[attrname]

    def set_node_attr(self, where: Any, attrname: str, value: Any, name: str | None = None) -> None:
        """Set an attribute of a node."""
        self.get_node(where, name)._v_attrs[attrname] = value

    def del_node_attr(self, where: Any, attrname: str, name: str | None = None) -> None:
        """Remove an attribute of a node."""
        del self.get_node(where, name)._v_attrs[attrname]

    def _group(self, where: Any) -> Group:
        group = self.get_node(where)
        group = group.dereference() if isinstance(group, SoftLink) else group
        if not isinstance(group, Group):
            raise WrongType(f"{self.filename}: {group} is not a group")
        return group

    def _path(self, where: Any, name: str | None) -> str:
        return self.get_node(where, name)._v_pathname

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and (path == "/" or path.strip("/") in self.root)

    def __iter__(self) -> Iterator[Any]:
        return self.walk_nodes("/")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __str__(self) -> str:
        if not self.isopen:
            return f"<closed File {self.filename}>"
        nodes = "\n".join(str(node) for node in self)
        return f"{self.filename} (File) {self.title!r}\nObject Tree:\n{nodes}\n"

    def __repr__(self) -> str:
        details = self.root._details() if self.isopen else "closed"
        return f"<File {self.filename}: {details}>"
