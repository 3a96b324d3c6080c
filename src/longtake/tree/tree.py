"""The open file that nodes belong to: what may be done with it, and what waits to be written."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from h5py import h5a  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import (
    AlreadyExists,
    Closed,
    LongtakeError,
    NoPermission,
    WriteFailed,
    WrongType,
)
from longtake.hdf.attributes import read_attribute
from longtake.tree.filters import Filters
from longtake.tree.kept_filters import kept_filters
from longtake.tree.node_names import is_below, require_name
from longtake.tree.rearranging import Rearranging
from longtake.tree.room import Room

if TYPE_CHECKING:
    from collections.abc import Callable

    import h5py

#: What a group of packed files is marked as, in the attribute NODE_TYPE; it holds no other nodes.
PACKED = "packed files"
_MOST_WRITTEN = 64


class Waiting(Protocol):
    """Something that is kept in memory for a while before it is written."""

    def flush(self) -> None:
        """Write it."""
        ...

    def follow(self, path: str) -> None:
        """Learn that what it is for was moved."""
        ...

    def end(self) -> None:
        """Forget it: what it is for was removed."""
        ...


class Tree(Rearranging):
    """An open file.

    Parameters
    ----------
    h5 : h5py.File
    filename : str
    rows : function of a path
        Gives how many rows of the dataset there are in use, or None for all of them.
    is_writable : bool
    filters : Filters
        Of what is made in the file, unless others are given, or kept by the group that it is in.
    """

    #: The group that holds all others; `File` makes it.
    root: Any

    def __init__(
        self,
        h5: h5py.File,
        filename: str,
        rows: Callable[[str], int | None],
        *,
        is_writable: bool = False,
        filters: Filters | None = None,
    ) -> None:
        self.h5 = h5
        self.filename = filename
        self.rows = rows
        self.is_writable = is_writable
        self.filters = filters or kept_filters(h5["/"].id) or Filters()
        #: What waits to be written, by the path of the table or group that it is for.
        self.waiting: dict[str, Waiting] = {}
        #: Paths of what is not to be changed, with all below.
        self.protected: tuple[str, ...] = ()
        #: All nodes that somebody holds, of a file that may be changed.
        self.nodes: WeakSet[Any] = WeakSet()
        #: Held while a dataset grows or shrinks.
        self.lock = RLock()
        #: How often handles were closed under their nodes.
        self.releases = 0
        self._last_parent: Any = None
        self._written: dict[str, Any] = {}
        self._room = Room(filename)

    @property
    def is_open(self) -> bool:
        """Whether the file was not closed yet."""
        return bool(self.h5)

    def require_open(self) -> None:
        """Raise `Closed` if the file was closed."""
        if not self.h5:
            raise Closed(f"{self.filename} was closed; open it again to read from it")

    def require_writable(self) -> None:
        """Raise if the file was closed, or opened to read."""
        self.require_open()
        if not self.is_writable:
            raise NoPermission(f"{self.filename} was opened to read; open it with mode='a'")

    def node(self, path: str) -> Any:
        """Give the node at a path."""
        return self.root[path] if path.strip("/") else self.root

    def require_changeable(self, path: str) -> None:
        """Raise if a node is not to be changed: it belongs to a stream of a recording."""
        if any(is_below(path, kept) for kept in self.protected):
            raise NoPermission(
                f"{self.filename}: {path} belongs to a recording, whose streams only grow, by "
                "longtake.record(append=True); copy it, or put what is new into a group of its own"
            )

    def flush(self) -> None:
        """Write what waits in memory."""
        failed: Exception | None = None
        for part in list(self.waiting.values()):
            try:  # what can be written is, before what could not is told
                part.flush()
            except (LongtakeError, OSError, ValueError) as error:
                failed = failed or error
        if failed is not None:
            raise failed
        if self.is_writable and self.is_open:
            self.flush_written()
            try:
                self.h5.flush()
            except (OSError, RuntimeError) as error:
                raise WriteFailed(f"{self.filename} could not be written: {error}") from error
            self._room.note_flushed()

    def require_room(self, size: int) -> None:
        """Raise `WriteFailed` if the disk has no room for so many bytes more."""
        if self._room.is_there_for(size):
            return
        self.flush_written()
        if not self._room.is_there_for(size):
            raise self._room.refusal(size)

    def keep_until_flushed(self, path: str, dataset: Any) -> None:
        """Keep a dataset open that was written to, until what HDF5 has of it in memory is written.

        A dataset that nobody holds any longer is closed, and then nobody hears of it when HDF5
        cannot write: the disk may be full.
        """
        self._written[path] = dataset
        if len(self._written) > _MOST_WRITTEN:
            self.flush_written()

    def flush_written(self) -> None:
        """Write what HDF5 has in memory of datasets that were written to."""
        while self._written:
            path, dataset = self._written.popitem()
            if not dataset:  # it was removed, or made anew
                continue
            try:
                dataset.flush()
            except (OSError, RuntimeError) as error:
                raise WriteFailed(
                    f"{self.filename}: {path} could not be written: {error}; what was written to "
                    "it since the last flush may be lost"
                ) from error
        self._room.note_flushed()

    def first_missing(self, where: Any) -> str | None:
        """Give the path of the first group on the way to a place that would have to be made."""
        path = getattr(where, "_v_pathname", where)
        steps = path.strip("/").split("/") if isinstance(path, str) and path.strip("/") else []
        for count in range(1, len(steps) + 1):
            here = "/" + "/".join(steps[:count])
            if here.lstrip("/") not in self.root:
                return here
        return None

    def unmake(self, path: str) -> None:
        """Remove what was made at a path, if it was."""
        parent, _, name = path.rpartition("/")
        if self.h5 and self.node(parent or "/")._h5.id.links.exists(name.encode()):
            self.end(path)
            for below in [p for p in self._written if is_below(p, path)]:
                del self._written[below]
            self.release(path)
            self.h5.id.unlink(path.encode())

    def parent(self, where: Any, *, made: bool = False) -> Any:
        """Give the group to make something in, and make it first if that is asked for."""
        self.require_writable()
        path = where if isinstance(where, str) else getattr(where, "_v_pathname", None)
        if path is None or not path.startswith("/"):
            raise WrongType(f"a group is given as a node or a path like '/data', not as {where!r}")
        last = self._last_parent  # as of thousands of arrays that are made in one group
        if last is not None and last._path == path and not last._is_removed:
            return last
        group = self.root
        for step in path.strip("/").split("/") if path.strip("/") else ():
            if made and step not in group:
                group._make_group(step, "")
            group = group[step]
        group = group.dereference() if hasattr(group, "dereference") else group
        if not hasattr(group, "_f_get_child"):
            raise WrongType(f"{self.filename}: {path} is not a group")
        self._last_parent = group
        return group

    def require_free(self, group: Any, name: str) -> None:
        """Raise if a node of that name cannot be made in a group."""
        self.require_writable()
        self.require_room(0)
        require_name(name)
        self.require_changeable(f"{group._v_pathname.rstrip('/')}/{name}")
        if (
            h5a.exists(group._h5.id, b"NODE_TYPE")
            and read_attribute(group._h5.id, "NODE_TYPE") == PACKED
        ):
            raise WrongType(
                f"{self.filename}: {group._v_pathname} holds packed files, and no other nodes: "
                "filenode.open_packed opens it"
            )
        if group._h5.id.links.exists(name.encode()):
            raise AlreadyExists(
                f"{self.filename}: {group._v_pathname} has {name!r} already; remove it, or choose "
                "another name"
            )
