"""What is at a path of an HDF5 file, seen as a file system: folders and files, packed or not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal

from longtake.tree.files.node_bytes import NodeBytes
from longtake.tree.files.node_type import is_file, modified
from longtake.tree.files.packed_groups import is_packed
from longtake.tree.group import Group, identity_of
from longtake.tree.link_nodes import SoftLink
from longtake.tree.missing import NodeNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longtake.tree.file import File
    from longtake.tree.files.packed_files import PackedFiles


class Place(ABC):
    """Something at a path.

    Attributes
    ----------
    path : str
    kind : {"file", "directory", "other"}
        A table, an array and what cannot be read is another thing.
    size : int
        Bytes, of a file.
    modified : int or None
        Nanoseconds since 1970, UTC, if the file says it.
    """

    kind: Literal["file", "directory", "other"] = "directory"
    size: int = 0
    modified: int | None = None

    def __init__(self, path: str) -> None:
        self.path = path

    @property
    def real_path(self) -> str:
        """Where it is, if a link led to it."""
        return self.path

    @abstractmethod
    def inside(self) -> Iterator[Place]:
        """Give the folders and files in a folder."""

    @property
    def identity(self) -> Any:
        """What tells it from others, by whatever path it was reached."""
        return self.path

    def levels(self) -> Iterator[Level]:
        """Give a folder with what is in it; with those below it, if it has them all at hand."""
        yield self, list(self.inside())

    @abstractmethod
    def read(self, start: int, stop: int) -> bytes:
        """Give bytes of a file."""

    def others(self) -> list[str]:
        """Give the paths of what is no file, in a folder and all below."""
        return []

    @abstractmethod
    def remove(self) -> None:
        """Remove it, with all that is in it."""


Level = tuple[Place, list[Place]]


class NodePlace(Place):
    """A node of the tree."""

    def __init__(
        self,
        path: str,
        node: Any,
        opener: Callable[[Any], PackedFiles],
        above: frozenset[Any] = frozenset(),
    ) -> None:
        super().__init__(path)
        self.node = node
        self._opener, self._above = opener, above
        if is_file(node):
            self.kind, self.size, self.modified = "file", node._h5.shape[0], modified(node)
        elif not isinstance(node, Group):
            self.kind = "other"

    @property
    def real_path(self) -> str:
        """Where the node is, if a link led to it."""
        return str(self.node._h5.name or self.path)

    @property
    def identity(self) -> Any:
        """What tells it from others, by whatever path it was reached."""
        return identity_of(self.node) if isinstance(self.node, Group) else self.path

    def inside(self) -> Iterator[Place]:
        """Give the groups and files in a group: links and what is no file are not among them."""
        if not isinstance(self.node, Group):
            return
        above = self._above | {identity_of(self.node)}
        for child in self.node:
            # Groups in themselves, by hard links in a circle, would be gone through for ever.
            if not isinstance(child, Group) or identity_of(child) not in above:
                path = f"{self.path.rstrip('/')}/{child._v_name}"
                place = _place(path, child, self._opener, above)
                if place.kind != "other":
                    yield place

    def read(self, start: int, stop: int) -> bytes:
        """Give bytes of a file."""
        with NodeBytes(self.node, "r") as raw:
            raw.seek(start)
            return raw.read(stop - start) or b""

    def others(self) -> list[str]:
        """Give the paths of what is no file, in a group and all below."""
        if not isinstance(self.node, Group):
            return []
        nodes = [node for group in self.node._f_walk_groups() for node in _kept_in(group)]
        return [node._v_pathname for node in nodes]

    def remove(self) -> None:
        """Remove the node, with all that is in it."""
        self.node._f_remove(recursive=True)


class PackedPlace(Place):
    """A file among packed ones, or a folder of such: what their names have in common."""

    def __init__(self, path: str, files: PackedFiles, name: str) -> None:
        super().__init__(path)
        self.files, self.name = files, name
        if name and name in files:
            self.kind, self.size, self.modified = "file", files.size(name), files.modified(name)

    @property
    def identity(self) -> Any:
        """What tells it from others, by whatever path it was reached."""
        return self.path if self.name else identity_of(self.files.node)

    def levels(self) -> Iterator[Level]:
        """Give this folder and all below: the names are gone through once."""
        folders: dict[str, dict[str, None]] = {self.name: {}}
        for name in self.files.below(self.name):
            step = name.removesuffix("/")
            if step != name:
                folders.setdefault(step, {})
            while step != self.name:
                above = step.rpartition("/")[0]
                is_known = above in folders
                folders.setdefault(above, {})[step] = None
                step = self.name if is_known else above
        for folder in sorted(folders):
            yield self._at(folder), [self._at(name) for name in sorted(folders[folder])]

    def _at(self, name: str) -> PackedPlace:
        top = self.path.removesuffix(f"/{self.name}") if self.name else self.path.rstrip("/")
        return PackedPlace(f"{top}/{name}" if name else self.path, self.files, name)

    def inside(self) -> Iterator[Place]:
        """Give the folders and files whose names begin as this one's."""
        prefix = f"{self.name}/" if self.name else ""
        steps = {
            name[len(prefix) :].partition("/")[0]: None
            for name in self.files.below(self.name)
            if name != prefix
        }
        for step in sorted(steps):
            yield PackedPlace(f"{self.path.rstrip('/')}/{step}", self.files, f"{prefix}{step}")

    def read(self, start: int, stop: int) -> bytes:
        """Give bytes of a file."""
        return self.files[self.name][start:stop]

    def remove(self) -> None:
        """Remove the file, or all whose names begin so; or the group."""
        if not self.name:
            self.files.node._f_remove(recursive=True)
            return
        for name in list(self.files.below(self.name)):
            del self.files[name]
        if self.kind == "file":
            del self.files[self.name]


def walked(place: Place, maxdepth: int | None = None) -> Iterator[Level]:
    """Go through a folder and those below it; each group once, where many links lead to it."""
    seen, waiting = {place.identity}, [(place, 1)]
    while waiting:
        start, depth = waiting.pop()
        below: list[tuple[Place, int]] = []
        for folder, inside in start.levels():
            files = [one for one in inside if one.kind == "file"]
            folders: list[Place] = []
            for one in inside:
                if one.kind == "directory" and one.identity not in seen:
                    seen.add(one.identity)
                    folders.append(one)
            yield folder, [*folders, *files]
            if isinstance(start, NodePlace) and (maxdepth is None or depth < maxdepth):
                below += [(one, depth + 1) for one in folders]
        waiting += reversed(below)


def place_at(h5: File, path: str, opener: Callable[[Any], PackedFiles]) -> Place | None:
    """Give what is at a path, None if there is nothing.

    Parameters
    ----------
    h5 : File
    path : str
        From the root.
    opener : callable
        Opens a group of packed files.
    """
    node: Any = h5.root
    above: set[Any] = set()
    steps = path.strip("/").split("/") if path.strip("/") else []
    for number, step in enumerate(steps):
        if is_packed(node):
            return _packed_place(path, opener(node), "/".join(steps[number:]))
        if not isinstance(node, Group) or step not in node:
            return None
        above.add(identity_of(node))
        try:
            node = _followed(node[step])
        except NodeNotFound:
            return None
    return _place(path, node, opener, frozenset(above))


def _place(path: str, node: Any, opener: Callable[[Any], PackedFiles], above: Any) -> Place:
    if is_packed(node):
        return PackedPlace(path, opener(node), "")
    return NodePlace(path, node, opener, above)


def _packed_place(path: str, files: PackedFiles, name: str) -> Place | None:
    place = PackedPlace(path, files, name)
    return place if place.kind == "file" or any(True for _ in files.below(name)) else None


def _followed(node: Any) -> Any:
    return node.dereference() if isinstance(node, SoftLink) else node


def _kept_in(group: Group) -> list[Any]:
    if is_packed(group):
        return []
    return [node for node in group if not isinstance(node, Group) and not is_file(node)]
