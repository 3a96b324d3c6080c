"""Making nodes in an open file: groups, arrays, tables, links."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from longtake.errors import InvalidArgument, LongtakeError, WriteFailed
from longtake.tree import creation
from longtake.tree.array_form import fixed_form, growing_form, values_of
from longtake.tree.filters import require_filters
from longtake.tree.fitting import rows_of
from longtake.tree.leaf import Array, CArray, EArray
from longtake.tree.node_names import require_name
from longtake.tree.stored_type import require_text
from longtake.tree.tables.description import described
from longtake.tree.tables.table import Table
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from longtake.tree.filters import Filters
    from longtake.tree.group import Group
    from longtake.tree.link_nodes import ExternalLink, SoftLink
    from longtake.tree.tree import Tree

_EXPECTED_TABLE_ROWS, _EXPECTED_ARRAY_ROWS = 10_000, 1_000


class NodeMaking:
    """What an open file knows of making nodes. All is looked at before anything is made.

    Raises
    ------
    NoPermission
        If the file was opened to read.
    AlreadyExists
        If there is a node of that name.
    WrongType, InvalidArgument
        If the name, the values or their description cannot be stored; nothing was made.
    NodeNotFound
        If the group to make it in is not there.
    """

    _tree: Tree

    def create_group(
        self,
        where: Any,
        name: str,
        title: str = "",
        filters: Filters | None = None,
        *,
        createparents: bool = False,
    ) -> Group:
        """Make a group.

        Parameters
        ----------
        where : str or Group
            The group to make it in; with `createparents`, that is made too if it is not there.
        name : str
        title : str
        filters : Filters, optional
            How chunks are compressed that are made in it, and in groups made in it, unless others
            are given; the file keeps it. As of the group that it is in, if none are given.
        """
        with self._place(where, name, title, filters, createparents=createparents) as group:
            return group._make_group(name, title, filters)

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

        Where a masked array is masked, its fill value is stored.

        Raises
        ------
        WrongType, InvalidArgument
            If the name or the values cannot be stored; nothing was made.
        """
        values = values_of(obj, f"{name!r}")
        with self._place(where, name, title, None, createparents=createparents) as group:
            self._tree.require_room(values.nbytes)
            made = creation.create_array(group._h5.id, name, values, title)
            return Array(self._tree, group._inside(name), made)

    def create_carray(
        self,
        where: Any,
        name: str,
        atom: Any = None,
        shape: Sequence[int] | None = None,
        title: str = "",
        filters: Filters | None = None,
        *,
        obj: Any = None,
        chunkshape: Sequence[int] | None = None,
        createparents: bool = False,
    ) -> CArray:
        """Make an array in chunks, which may be compressed: of `obj`, or empty.

        Parameters
        ----------
        where, name, title
            As of `create_array`.
        atom : Col or dtype, optional
            The type of an element, and by its `dflt` what those are that are never written.
        shape : tuple of int, optional
            Both are those of `obj`, if they are not given.
        filters : Filters, optional
            The group's, if none are given.
        obj : array_like, optional
            The values.
        chunkshape : tuple of int, optional
            By itself, chunks are near to cubes, so that planes along any axis are read quickly.
        """
        form = fixed_form(name, obj, atom, shape, chunkshape)
        with self._place(where, name, title, filters, createparents=createparents) as group:
            how = filters or group._v_filters
            made = creation.create_carray(group._h5.id, name, form, title, how)
            node = CArray(self._tree, group._inside(name), made)
            if form.values is not None:
                node._store(tuple(slice(0, side) for side in form.shape), form.values)
            return node

    def create_earray(
        self,
        where: Any,
        name: str,
        atom: Any = None,
        shape: Sequence[int] | None = None,
        title: str = "",
        filters: Filters | None = None,
        expectedrows: int = _EXPECTED_ARRAY_ROWS,
        *,
        obj: Any = None,
        chunkshape: Sequence[int] | None = None,
        createparents: bool = False,
    ) -> EArray:
        """Make an array that grows along one axis: the one that is 0 in `shape`.

        With an `obj` and no shape, that is its first axis; the array begins with it.
        """
        form = growing_form(name, obj, atom, shape, chunkshape)
        expected = whole_number(expectedrows, "expectedrows", least=0)
        with self._place(where, name, title, filters, createparents=createparents) as group:
            how = filters or group._v_filters
            made = creation.create_earray(group._h5.id, name, form, title, how, expected)
            node = EArray(self._tree, group._inside(name), made)
            if form.values is not None:
                node.append(form.values)
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
            The group's, if none are given.
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
        expected = whole_number(expectedrows, "expectedrows", least=0)
        expected = max(expected, 0 if rows is None else len(rows))
        with self._place(where, name, title, filters, createparents=createparents) as group:
            how = filters or group._v_filters
            made = creation.create_table(group._h5.id, name, dtype, defaults, title, how, expected)
            node = Table(self._tree, group._inside(name), made)
            if rows is not None:
                node.append(rows)
            return node

    def create_soft_link(self, where: Any, name: str, target: Any) -> SoftLink:
        """Make a link to a node of this file, which need not be there yet."""
        path = getattr(target, "_v_pathname", target)
        require_text(path, "the target of a link")
        if not path or "\0" in path:
            raise InvalidArgument(f"{path!r} cannot be the target of a link")
        group = self._parent(where, name)
        group._h5[name] = h5py.SoftLink(path)
        return group[name]

    def create_external_link(self, where: Any, name: str, target: str) -> ExternalLink:
        """Make a link to a node of another file: ``"other.h5:/path"``."""
        require_text(target, "the target of a link")
        filename, _, path = target.rpartition(":")
        if not filename or not path.startswith("/"):
            raise InvalidArgument(f"a link to another file is 'name.h5:/path', not {target!r}")
        group = self._parent(where, name)
        group._h5[name] = h5py.ExternalLink(filename, path)
        return group[name]

    @contextmanager
    def _place(
        self, where: Any, name: str, title: str, filters: Filters | None, *, createparents: bool
    ) -> Iterator[Group]:
        """Give where to make a node; unmake it, and the groups made for it, if that fails."""
        require_text(title, f"the title of {name!r}")
        require_filters(filters)
        self._tree.require_writable()
        require_name(name)
        missing = self._tree.first_missing(where) if createparents else None
        try:
            group = self._parent(where, name, createparents=createparents)
        except BaseException:
            if missing is not None:
                self._tree.unmake(missing)
            raise
        try:
            yield group
        except (ValueError, KeyError, RuntimeError, OSError) as error:
            self._tree.unmake(missing or group._inside(name))
            if isinstance(error, LongtakeError):
                raise
            refused = WriteFailed if isinstance(error, OSError) else InvalidArgument
            raise refused(f"{name!r} cannot be made: {error}") from error
        except BaseException:
            self._tree.unmake(missing or group._inside(name))
            raise

    def _parent(self, where: Any, name: str, *, createparents: bool = False) -> Group:
        self._tree.require_writable()
        require_name(name)
        group = self._tree.parent(where, made=createparents)
        self._tree.require_free(group, name)
        return group


def _has_rows(description: Any) -> bool:
    return isinstance(description, np.ndarray) or hasattr(description, "to_records")


def _dtype_of_rows(rows: Any) -> np.dtype:
    if getattr(getattr(rows, "dtype", None), "names", None):
        return rows.dtype
    if hasattr(rows, "to_records"):
        columns = {str(name): np.asarray(rows[name].tolist()) for name in rows.columns}
        return np.dtype([(name, column.dtype) for name, column in columns.items()])
    raise InvalidArgument("a table needs a description of its columns, or rows that have names")
