"""A group: nodes by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
from h5py import h5o  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import WrongType
from longtake.tree import creation
from longtake.tree.kinds import is_of_kind
from longtake.tree.leaf import Array, CArray, EArray, unreadable_reason
from longtake.tree.link_nodes import ExternalLink, SoftLink
from longtake.tree.links import follow, link_of
from longtake.tree.missing import NodeNotFound
from longtake.tree.node import Node, UnImplemented
from longtake.tree.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.tree.tree import Tree

_SHOWN = 8


class Group(Node):
    """Holds nodes: ``group.name``, or ``group['any name']`` and ``group['name/inside']``.

    Iterating gives the nodes in alphabetical order; ``'name' in group`` asks for one.
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
        node: Any = self
        for step in name.strip("/").split("/"):
            if isinstance(node, SoftLink):
                node = node.dereference()
            if not isinstance(node, Group):
                raise NodeNotFound(f"{self._path}: {name!r} passes through what is not a group")
            node = node._child(step)
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

    def __len__(self) -> int:
        return len(self._h5)

    def __bool__(self) -> bool:
        return True

    def __dir__(self) -> list[str]:
        return sorted(
            {*super().__dir__(), *(name for name in self._names() if name.isidentifier())}
        )

    @property
    def _v_children(self) -> dict[str, Any]:
        """All nodes of the group, by name."""
        return {node._v_name: node for node in self}

    @property
    def _v_groups(self) -> dict[str, Group]:
        """The groups in the group, by name."""
        return {n: node for n, node in self._v_children.items() if isinstance(node, Group)}

    @property
    def _v_leaves(self) -> dict[str, Any]:
        """The arrays and tables in the group, by name."""
        return {n: node for n, node in self._v_children.items() if is_of_kind(node, "Leaf")}

    @property
    def _v_nchildren(self) -> int:
        """How many nodes are in the group."""
        return len(self)

    def _f_get_child(self, name: str) -> Any:
        """Give a node by its name."""
        return self._child(name)

    def _f_iter_nodes(self, kind: str | None = None) -> Iterator[Any]:
        """Go through the nodes in the group; only those of a kind, such as ``"Array"``."""
        return (node for node in self if kind is None or is_of_kind(node, kind))

    def _f_list_nodes(self, kind: str | None = None) -> list[Any]:
        """Give the nodes in the group; only those of a kind, such as ``"Array"``."""
        return list(self._f_iter_nodes(kind))

    def _f_walk_groups(self) -> Iterator[Group]:
        """Go through this group and all within; each once, though links may lead in a circle."""
        seen = {_identity(self)}
        waiting: list[Group] = [self]
        yield self
        while waiting:
            for group in waiting.pop()._v_groups.values():
                if _identity(group) not in seen:
                    seen.add(_identity(group))
                    waiting.append(group)
                    yield group

    def _f_walknodes(self, kind: str | None = None) -> Iterator[Any]:
        """Go through all nodes within, group by group; only those of a kind."""
        if kind == "Group":
            yield from self._f_walk_groups()
            return
        for group in self._f_walk_groups():
            yield from group._f_iter_nodes(kind)

    def _make_group(self, name: str, title: str) -> Group:
        self._tree.require_free(self, name)
        creation.create_group(self._h5.id, name, title)
        return self._child(name)

    def _names(self) -> list[str]:
        # Whole: h5py's iterator keeps its lock between one name and the next.
        return list(self._h5)

    def _child(self, name: str) -> Any:
        group = self._h5
        try:
            link = link_of(group, name)
        except TypeError:
            link = h5py.HardLink()  # of another program's own kind
        if link is None:
            raise NodeNotFound(
                f"{self._tree.filename}: {self._path} has no {name!r}; it has {self._listed()}"
            )
        path = f"{self._path.rstrip('/')}/{name}"
        if isinstance(link, h5py.SoftLink):
            return SoftLink(self._tree, path, group, link.path)
        if isinstance(link, h5py.ExternalLink):
            return ExternalLink(self._tree, path, link.filename, link.path)
        return node_of(self._tree, path, follow(group, name))

    def _listed(self) -> str:
        names = self._names()
        more = [f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
        return ", ".join(names[:_SHOWN] + more) or "nothing"

    def _form(self) -> str:
        return "RootGroup" if self._path == "/" else "Group"

    def _details(self) -> str:
        return self._listed()


def _identity(group: Group) -> Any:
    info = h5o.get_info(group._h5.id)
    return info.fileno, info.addr


def node_of(tree: Tree, path: str, found: h5py.Group | h5py.Dataset | h5py.Datatype | str) -> Node:
    """Give the node of an open HDF5 object, or of what cannot be opened for a reason."""
    if isinstance(found, str):
        return UnImplemented(tree, path, None, found)
    if isinstance(found, h5py.Group):
        return Group(tree, path, found)
    if isinstance(found, h5py.Datatype):
        return UnImplemented(tree, path, found, "a datatype without data")
    reason = unreadable_reason(found)
    if reason:
        return UnImplemented(tree, path, found, reason)
    array = Array(tree, path, found)
    if array.dtype.names is not None and found.ndim == 1:
        return Table(tree, path, found)
    if found.chunks is None:
        return array
    longest: Any = found.maxshape
    grows = None in longest or longest != found.shape
    return (EArray if grows else CArray)(tree, path, found)
