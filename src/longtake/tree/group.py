"""A group: nodes by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
from h5py import h5d, h5g, h5l, h5o, h5s, h5t  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import InvalidArgument, WrongType
from longtake.tree import creation
from longtake.tree.kept_filters import KEPT, kept_filters, packed_filters
from longtake.tree.kinds import is_of_kind
from longtake.tree.leaf import Array, CArray, EArray
from longtake.tree.link_nodes import ExternalLink, SoftLink
from longtake.tree.links import link_of
from longtake.tree.missing import NodeNotFound
from longtake.tree.node import Node, UnImplemented
from longtake.tree.stored_type import UnreadableType, numpy_type
from longtake.tree.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longtake.tree.filters import Filters
    from longtake.tree.tree import Tree

_SHOWN = 8
#: Of floating numbers, by their bytes: where the sign, exponent and mantissa are, and how long.
_IEEE = {2: (15, 10, 5, 0, 10), 4: (31, 23, 8, 0, 23), 8: (63, 52, 11, 0, 52)}


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

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_"):
            raise InvalidArgument(
                f"{self._path}.{name} = … would not be kept in the file: make an array by "
                f"create_array, or an attribute by {self._v_name}._v_attrs.{name} = …"
            )
        super().__setattr__(name, value)

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        try:
            self[name]
        except NodeNotFound:
            return False
        return True

    def __iter__(self) -> Iterator[Node]:
        return (
            self._hard_child(name) if kind == h5l.TYPE_HARD else self._child(name)
            for name, kind in self._links()
        )

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
    def _v_filters(self) -> Filters:
        """How chunks are compressed that are made in the group, unless others are given."""
        if self._path == "/":
            return self._tree.filters
        return kept_filters(self._h5.id) or self._tree.filters

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
        return self._walk(lambda group: [node for node in group if isinstance(node, Group)])

    def _f_walknodes(self, kind: str | None = None) -> Iterator[Any]:
        """Go through all nodes within, group by group; only those of a kind."""
        if kind == "Group":
            yield from self._f_walk_groups()
            return
        inside: dict[str, list[Group]] = {}  # so that no node is opened twice
        for group in self._walk(lambda group: inside.pop(group._path)):
            inside[group._path] = groups = []
            for node in group:
                if isinstance(node, Group):
                    groups.append(node)
                if kind is None or is_of_kind(node, kind):
                    yield node

    def _walk(self, groups_in: Callable[[Group], list[Group]]) -> Iterator[Group]:
        seen = {identity_of(self)}
        waiting: list[Group] = [self]
        yield self
        while waiting:
            for group in groups_in(waiting.pop()):
                if identity_of(group) not in seen:
                    seen.add(identity_of(group))
                    waiting.append(group)
                    yield group

    def _make_group(self, name: str, title: str, filters: Filters | None = None) -> Group:
        self._tree.require_free(self, name)
        made = creation.create_group(self._h5.id, name, title)
        kept = filters or kept_filters(self._h5.id)
        if kept is not None:
            creation.mark(made, **{KEPT: packed_filters(kept)})
        return Group(self._tree, self._inside(name), made)

    def _inside(self, name: str) -> str:
        return f"{self._path.rstrip('/')}/{name}"

    def _names(self) -> list[str]:
        # Whole: h5py's iterator keeps its lock between one name and the next.
        return list(self._h5)

    def _links(self) -> list[tuple[str, int]]:
        """Give the name of each link, and its kind: a walk through thousands asks once."""
        found: list[tuple[str, int]] = []
        self._h5.id.links.iterate(
            lambda name, info: found.append((name.decode("utf-8", "surrogateescape"), info.type)),
            info=True,
        )
        return found

    def _hard_child(self, name: str) -> Any:
        if "/" in name:  # HDF5 makes no such name, and would follow it
            return UnImplemented(self._tree, self._inside(name), None, "its name has a '/'")
        group = self._h5.id
        return node_of(self._tree, self._inside(name), _opened(group, name))

    def _child(self, name: str) -> Any:
        group = self._h5
        path = self._inside(name)
        if _is_hard(group.id, name):
            return self._hard_child(name)
        try:
            link = link_of(group, name)
        except TypeError:
            return UnImplemented(self._tree, path, None, "a link of another program's own kind")
        if isinstance(link, h5py.SoftLink):
            return SoftLink(self._tree, path, group, link.path)
        if isinstance(link, h5py.ExternalLink):
            return ExternalLink(self._tree, path, link.filename, link.path)
        raise NodeNotFound(
            f"{self._tree.filename}: {self._path} has no {name!r}; it has {self._listed()}"
        )

    def _listed(self) -> str:
        names = self._names()
        more = [f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
        return ", ".join(names[:_SHOWN] + more) or "nothing"

    def _form(self) -> str:
        return "RootGroup" if self._path == "/" else "Group"

    def _details(self) -> str:
        return self._listed()


def identity_of(group: Group) -> Any:
    """Give what tells a group from all others of its file, by whatever path it was reached."""
    info = h5o.get_info(group._h5.id)
    return info.fileno, info.addr


def key_of(name: str) -> bytes:
    """Give a name as HDF5 has it; one that is no UTF-8 as it was read."""
    return name.encode("utf-8", "surrogateescape")


def _is_hard(group: Any, name: str) -> bool:
    if name in {"", "."} or "/" in name or "\0" in name:
        return False
    try:
        return group.links.get_info(key_of(name)).type == h5l.TYPE_HARD
    except (KeyError, RuntimeError, UnicodeEncodeError):
        return False


def _opened(group: Any, name: str) -> Any:
    try:
        return h5o.open(group, key_of(name))
    except (KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        return f"it cannot be opened: {error}"


def node_of(tree: Tree, path: str, found: Any) -> Node:
    """Give the node of an open HDF5 object, or of what cannot be opened for a reason."""
    if isinstance(found, str):
        return UnImplemented(tree, path, None, found)
    if isinstance(found, h5g.GroupID):
        return Group(tree, path, found)
    if not isinstance(found, h5d.DatasetID):
        return UnImplemented(tree, path, found, "a datatype without data")
    try:
        return _leaf_of(tree, path, found)
    except UnreadableType as error:
        return UnImplemented(tree, path, found, str(error))
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        return UnImplemented(tree, path, found, f"it cannot be read: {error}")


def _is_number(stored: Any) -> bool:
    """Whether numpy certainly has such numbers: asking it takes longer."""
    size, kind = stored.get_size(), stored.get_class()
    if kind == h5t.FLOAT:
        return size in _IEEE and stored.get_fields() == _IEEE[size]
    return kind == h5t.INTEGER and size in {1, 2, 4, 8}


def _leaf_of(tree: Tree, path: str, found: Any) -> Node:
    if found.get_offset() is not None and _is_number(found.get_type()):
        return Array(tree, path, found)  # in one piece, in this file: what most small ones are
    plist, space = found.get_create_plist(), found.get_space()
    layout = plist.get_layout()
    if layout == h5d.VIRTUAL or (layout == h5d.CONTIGUOUS and plist.get_external_count()):
        return UnImplemented(tree, path, found, "its data are in other files")
    if space.get_simple_extent_type() == h5s.NULL:
        return UnImplemented(tree, path, found, "an empty dataset without a shape")
    dtype = numpy_type(found.get_type())
    if dtype.names is not None and space.get_simple_extent_ndims() == 1:
        return Table(tree, path, found)
    if layout != h5d.CHUNKED:
        return Array(tree, path, found)
    grows = space.get_simple_extent_dims() != space.get_simple_extent_dims(True)  # noqa: FBT003
    return (EArray if grows else CArray)(tree, path, found)
