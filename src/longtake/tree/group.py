"""A group: nodes by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py

from longtake.errors import WrongType
from longtake.tree.leaf import Array, unreadable_reason
from longtake.tree.links import follow, link_of
from longtake.tree.missing import NodeNotFound
from longtake.tree.node import Node, Tree, UnImplemented
from longtake.tree.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = 8


class Group(Node):
    """Holds nodes: ``group.name``, or ``group['any name']`` and ``group['name/inside']``.

    Iterating gives the nodes in the order that HDF5 lists them; ``'name' in group`` asks for one.
    Only the group itself is looked at, so links that lead in a circle do no harm. Something that
    cannot be read is listed as `UnImplemented`.

    Raises
    ------
    NodeNotFound
        A KeyError and an AttributeError, if there is no node of that name.

    Examples
    --------
    >>> import h5py
    >>> h5 = h5py.File.in_memory()
    >>> h5["pong/ball position"] = [1.5, 2.5]
    >>> from longtake.tree import File
    >>> group = File(h5).root.pong
    >>> group["ball position"][:]
    array([1.5, 2.5])
    >>> [node._v_name for node in group], hasattr(group, "paddle")
    (['ball position'], False)
    """

    def __getitem__(self, name: str) -> Any:
        if not isinstance(name, str):
            raise WrongType(f"a node is asked for by its name, not by {name!r}")
        node: Node = self
        for step in name.split("/"):
            if not isinstance(node, Group):
                raise NodeNotFound(f"{self._path}: {name!r} passes through what is not a group")
            node = node._child(step)  # noqa: SLF001
        return node

    def __getattr__(self, name: str) -> Any:
        # Python asks for names like __deepcopy__ on its own, and for ours before they are set.
        if name.startswith("__") or "_tree" not in self.__dict__:
            raise AttributeError(name)
        return self._child(name)

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        try:
            self[name]
        except NodeNotFound:
            return False
        return True

    def __iter__(self) -> Iterator[Node]:
        return map(self._child, self._names())

    def __dir__(self) -> list[str]:
        return sorted(
            {*super().__dir__(), *(name for name in self._names() if name.isidentifier())}
        )

    def _names(self) -> list[str]:
        # Whole: h5py's iterator keeps its lock between one name and the next.
        return list(self._h5)

    def _child(self, name: str) -> Node:
        group = self._h5
        try:
            is_there = link_of(group, name) is not None
        except TypeError:
            is_there = True  # a link of another program's own kind
        if not is_there:
            raise NodeNotFound(
                f"{self._tree.filename}: {self._path} has no {name!r}; it has {self._listed()}"
            )
        return _node(self._tree, f"{self._path.rstrip('/')}/{name}", follow(group, name))

    def _listed(self) -> str:
        names = self._names()
        more = [f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
        return ", ".join(names[:_SHOWN] + more) or "nothing"

    def _details(self) -> str:
        return self._listed()


def _node(tree: Tree, path: str, found: h5py.Group | h5py.Dataset | h5py.Datatype | str) -> Node:
    if isinstance(found, str):
        return UnImplemented(tree, path, None, found)
    if isinstance(found, h5py.Group):
        return Group(tree, path, found)
    if isinstance(found, h5py.Datatype):
        return UnImplemented(tree, path, found, "a datatype without data")
    reason = unreadable_reason(found)
    if reason:
        return UnImplemented(tree, path, found, reason)
    is_table = found.dtype.names is not None and found.ndim == 1
    return Table(tree, path, found) if is_table else Array(tree, path, found)
