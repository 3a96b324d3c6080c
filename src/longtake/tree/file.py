"""An open file: the root of its tree, and making, moving and removing nodes by their paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import h5py
import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.tree import creation
from longtake.tree.description import described
from longtake.tree.fitting import fitting, rows_of
from longtake.tree.group import Group
from longtake.tree.leaf import Array, CArray, EArray
from longtake.tree.stored_type import storable_type
from longtake.tree.table import Table
from longtake.tree.tree import Tree, require_name

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from longtake.tree.filters import Filters
    from longtake.tree.link_nodes import ExternalLink, SoftLink

_EXPECTED_TABLE_ROWS, _EXPECTED_ARRAY_ROWS = 10_000, 1_000


def _all_rows(_path: str) -> None:
    return None


class File:
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
    ) -> None:
        #: The name that the file was opened by.
        self.filename = str(h5.filename if name is None else name)
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

    def get_node(self, where: Any, name: str | None = None, classname: str | None = None) -> Any:
        """Give the node at a path, or of a name in a group."""
        path = where if isinstance(where, str) else where._v_pathname
        node = self._tree.node(path if name is None else f"{path.rstrip('/')}/{name}")
        if classname is not None and type(node).__name__ != classname:
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
        return self.get_node(where)._f_walk_groups()

    def iter_nodes(self, where: Any, classname: str | None = None) -> Iterator[Any]:
        """Go through the nodes in a group; only those of a kind, if given."""
        return self.get_node(where)._f_iter_nodes(classname)

    def list_nodes(self, where: Any, classname: str | None = None) -> list[Any]:
        """Give the nodes in a group; only those of a kind, if given."""
        return list(self.iter_nodes(where, classname))

    def create_group(
        self, where: Any, name: str, title: str = "", *, createparents: bool = False
    ) -> Group:
        """Make a group.

        Parameters
        ----------
        where : str or Group
            The group to make it in; with `createparents`, that is made too if it is not there.
        name : str
        title : str
        """
        return self._parent(where, name, createparents=createparents)._make_group(name, title)

    def create_array(
        self,
        where: Any,
        name: str,
        obj: Any,
        title: str = "",
        *,
        createparents: bool = False,
    ) -> Array:
        """Make an array of fixed size that holds `obj`: numbers, truth values, or text as UTF-8.

        Raises
        ------
        WrongType, InvalidArgument
            If the name or the values cannot be stored; nothing was made.
        """
        values = _array(obj, f"{name!r}")
        group = self._parent(where, name, createparents=createparents)
        made = creation.create_array(group._h5.id, name, values, title)
        return Array(self._tree, group._inside(name), made)

    def create_carray(
        self,
        where: Any,
        name: str,
        obj: Any = None,
        title: str = "",
        *,
        dtype: Any = None,
        shape: Sequence[int] | None = None,
        filters: Filters | None = None,
        chunkshape: Sequence[int] | None = None,
        createparents: bool = False,
    ) -> CArray:
        """Make an array in chunks, which may be compressed; of `obj`, or zeros of that shape.

        Parameters
        ----------
        where, name, title
            As of `create_array`.
        obj : array_like, optional
        dtype, shape
            Of the zeros, where there is no `obj`.
        filters : Filters, optional
            The file's, if none are given.
        chunkshape : tuple of int, optional
            By itself, chunks are near to cubes, so that planes along any axis are read quickly.
        """
        values = None if obj is None else _array(obj, f"{name!r}")
        kind, sides = _form(name, values, dtype, shape)
        group = self._parent(where, name, createparents=createparents)
        how = filters or self._tree.filters
        made = creation.create_carray(group._h5.id, name, kind, sides, title, how, chunkshape)
        node = CArray(self._tree, group._inside(name), made)
        if values is not None:
            node._store(tuple(slice(0, side) for side in sides), values)
        return node

    def create_earray(
        self,
        where: Any,
        name: str,
        obj: Any = None,
        title: str = "",
        *,
        dtype: Any = None,
        shape: Sequence[int] | None = None,
        filters: Filters | None = None,
        expectedrows: int = _EXPECTED_ARRAY_ROWS,
        chunkshape: Sequence[int] | None = None,
        createparents: bool = False,
    ) -> EArray:
        """Make an array that grows along one axis: the one that is 0 in `shape`.

        With an `obj`, that is its first axis, and the array begins with it.
        """
        values = None if obj is None else _array(obj, f"{name!r}")
        if values is not None and shape is None:
            shape = (0, *values.shape[1:])
        kind, sides = _form(name, None, dtype if values is None else values.dtype, shape)
        group = self._parent(where, name, createparents=createparents)
        how = filters or self._tree.filters
        parent = group._h5.id
        made = creation.create_earray(
            parent, name, kind, sides, title, how, expectedrows, chunkshape
        )
        node = EArray(self._tree, group._inside(name), made)
        if values is not None:
            node.append(values)
        return node

    def create_table(
        self,
        where: Any,
        name: str,
        description: Any = None,
        title: str = "",
        filters: Filters | None = None,
        expectedrows: int = _EXPECTED_TABLE_ROWS,
        *,
        obj: Any = None,
        createparents: bool = False,
    ) -> Table:
        """Make a table.

        Parameters
        ----------
        where, name, title
            As of `create_array`.
        description
            Of the columns: an `IsDescription` class, a dataclass or other class with annotations,
            a mapping of name to column, a dtype; or rows with names, which it then begins with.
        filters : Filters, optional
            The file's, if none are given.
        expectedrows : int
            About how long it will become: chunks are chosen by that.
        obj : optional
            Rows to begin with: a structured array, a DataFrame, tuples.
        """
        obj = description if obj is None and _has_rows(description) else obj
        if obj is not None and (description is None or description is obj):
            description = _dtype_of_rows(obj)
        dtype, defaults = described(description)
        rows = None if obj is None else rows_of(obj, dtype, f"{name!r}")
        group = self._parent(where, name, createparents=createparents)
        how = filters or self._tree.filters
        expected = max(expectedrows, 0 if rows is None else len(rows))
        made = creation.create_table(group._h5.id, name, dtype, defaults, title, how, expected)
        node = Table(self._tree, group._inside(name), made)
        if rows is not None:
            node.append(rows)
        return node

    def create_soft_link(self, where: Any, name: str, target: Any) -> SoftLink:
        """Make a link to a node of this file, which need not be there yet."""
        group = self._parent(where, name)
        path = target if isinstance(target, str) else target._v_pathname
        group._h5[name] = h5py.SoftLink(path)
        return group[name]

    def create_external_link(self, where: Any, name: str, target: str) -> ExternalLink:
        """Make a link to a node of another file: ``"other.h5:/path"``."""
        group = self._parent(where, name)
        filename, _, path = target.rpartition(":")
        if not filename or not path.startswith("/"):
            raise InvalidArgument(f"a link to another file is 'name.h5:/path', not {target!r}")
        group._h5[name] = h5py.ExternalLink(filename, path)
        return group[name]

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

    def _path(self, where: Any, name: str | None) -> str:
        return self.get_node(where, name)._v_pathname

    def _parent(self, where: Any, name: str, *, createparents: bool = False) -> Group:
        self._tree.require_writable()
        require_name(name)
        group = self._tree.parent(where, made=createparents)
        self._tree.require_free(group, name)
        return group

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


def _array(obj: Any, what: str) -> np.ndarray:
    """Give values as an array that can be stored."""
    try:
        values = np.asarray(obj)
    except ValueError as error:
        raise InvalidArgument(f"{what}: {error}") from error
    return fitting(values, storable_type(values.dtype, what), what)


def _form(
    name: str, values: np.ndarray | None, dtype: Any, shape: Sequence[int] | None
) -> tuple[np.dtype, tuple[int, ...]]:
    if values is not None:
        return values.dtype, values.shape
    if dtype is None or shape is None:
        raise InvalidArgument(f"{name!r} needs values, or a dtype and a shape")
    return storable_type(np.dtype(dtype), f"{name!r}"), tuple(shape)


def _has_rows(description: Any) -> bool:
    return isinstance(description, np.ndarray) or hasattr(description, "to_records")


def _dtype_of_rows(rows: Any) -> np.dtype:
    if getattr(getattr(rows, "dtype", None), "names", None):
        return rows.dtype
    if hasattr(rows, "to_records"):
        columns = {str(name): np.asarray(rows[name].tolist()) for name in rows.columns}
        return np.dtype([(name, column.dtype) for name, column in columns.items()])
    raise InvalidArgument("a table needs a description of its columns, or rows that have names")
