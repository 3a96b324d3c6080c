"""Links as nodes: within the file, they are as good as what they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longtake.tree.links import follow
from longtake.tree.node import Node, UnImplemented

if TYPE_CHECKING:
    from collections.abc import Iterator

    import h5py

    from longtake.tree.tree import Tree


class Link(Node):
    """A name for a node that is elsewhere; `target` says where."""

    target: str

    def __str__(self) -> str:
        return f"{self._path} ({type(self).__name__}) -> {self.target}"

    def _details(self) -> str:
        return f"to {self.target}"


class SoftLink(Link):
    """A name for another node of the file: what is asked of it is asked of that node.

    ``link()`` is the node itself. A link that leads nowhere gives an `UnImplemented`, whose
    `reason` says why.
    """

    def __init__(self, tree: Tree, path: str, group: h5py.Group, target: str) -> None:
        super().__init__(tree, path, None)
        self._group = group
        self.target = target

    def __call__(self) -> Any:
        """Give the node that the link leads to."""
        return self.dereference()

    def dereference(self) -> Any:
        """Give the node that the link leads to."""
        from longtake.tree.group import node_of

        self._tree.require_open()
        found = follow(self._group, self._v_name)
        return node_of(self._tree, self._path, found if isinstance(found, str) else found.id)

    def is_dangling(self) -> bool:
        """Whether the link leads nowhere."""
        return isinstance(self.dereference(), UnImplemented)

    @property
    def _v_attrs(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The attributes of the node that the link leads to."""
        return self.dereference()._v_attrs

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_group" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.dereference(), name)

    def __getitem__(self, key: Any) -> Any:
        return self.dereference()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.dereference()[key] = value

    def __contains__(self, name: object) -> bool:
        return name in self.dereference()

    def __len__(self) -> int:
        return len(self.dereference())

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(self.dereference())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:  # noqa: FBT001
        return self.dereference().__array__(dtype, copy)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.dereference())})


class ExternalLink(Link):
    """A name for a node of another file, which is not opened from here.

    A file that came from elsewhere must not decide which files are opened: open `filename` yourself
    and look for `path` in it.
    """

    def __init__(self, tree: Tree, path: str, filename: str, inside: str) -> None:
        super().__init__(tree, path, None)
        #: The name of the other file, as the link has it.
        self.filename = filename
        #: The path in it.
        self.path = inside
        self.target = f"{filename}:{inside}"
