"""The open file that nodes belong to: what may be done with it, and edits of its structure."""

from __future__ import annotations

from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from h5py import h5a, h5f, h5i, h5o, h5p  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import (
    AlreadyExists,
    Closed,
    InvalidArgument,
    LongtakeError,
    NoPermission,
    WriteFailed,
    WrongType,
)
from longtake.hdf.attributes import read_attribute
from longtake.tree.filters import Filters
from longtake.tree.foreign_index import move_indexes, remove_indexes
from longtake.tree.kept_filters import kept_filters
from longtake.tree.room import Room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import h5py

#: What a group of packed files is marked as, in the attribute NODE_TYPE; it holds no other nodes.
PACKED = "packed files"
_MOST_NAME_BYTES = 60_000
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


class Tree:
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
        if any(_is_below(path, kept) for kept in self.protected):
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
            self._flush_written()
            try:
                self.h5.flush()
            except (OSError, RuntimeError) as error:
                raise WriteFailed(f"{self.filename} could not be written: {error}") from error
            self._room.note_flushed()

    def require_room(self, size: int) -> None:
        """Raise `WriteFailed` if the disk has no room for so many bytes more."""
        if self._room.is_there_for(size):
            return
        self._flush_written()
        if not self._room.is_there_for(size):
            raise self._room.refusal(size)

    def keep_until_flushed(self, path: str, dataset: Any) -> None:
        """Keep a dataset open that was written to, until what HDF5 has of it in memory is written.

        A dataset that nobody holds any longer is closed, and then nobody hears of it when HDF5
        cannot write: the disk may be full.
        """
        self._written[path] = dataset
        if len(self._written) > _MOST_WRITTEN:
            self._flush_written()

    def _flush_written(self) -> None:
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
            self._end(path)
            for below in [p for p in self._written if _is_below(p, path)]:
                del self._written[below]
            self._release(path)
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

    def remove(self, path: str, *, recursive: bool) -> None:
        """Remove a node."""
        self.require_writable()
        if path == "/":
            raise InvalidArgument(f"{self.filename}: the root cannot be removed")
        node = self.node(path)
        is_group = node._open_h5 is not None and hasattr(node, "_f_get_child")  # and no link to one
        if not recursive and is_group and len(node._names()):
            raise InvalidArgument(
                f"{self.filename}: {path} holds {node._listed()}; give recursive=True to remove it "
                "with all of that"
            )
        self.require_changeable(path)
        self._flush_written()
        self._end(path)
        self._release(path)
        self._change(lambda: self.h5.id.unlink(path.encode()))
        remove_indexes(self.h5, path)

    def move(self, path: str, newparent: Any, newname: str | None, *, overwrite: bool) -> str:
        """Move a node, and give its new path."""
        new = self._free_path(path, newparent, newname, overwrite=overwrite)
        if _is_below(new, path):
            raise InvalidArgument(f"{self.filename}: {path} cannot be moved into itself")
        self.require_changeable(path)
        self.flush()
        with self._set_aside(new):
            self._change(lambda: self.h5.move(path, new))
        move_indexes(self.h5, path, new)
        self._follow(path, new)
        return new

    def copy(self, path: str, newparent: Any, newname: str | None, *, overwrite: bool) -> Any:
        """Copy a node, and give the copy."""
        new = self._free_path(path, newparent, newname, overwrite=overwrite)
        self.flush()
        (where, _, name), node = new.rpartition("/"), self.node(path)
        if node._open_h5 is None:
            raise WrongType(f"{node} is copied as what it leads to, or made anew")
        # HDF5 2.0 corrupts its memory where it copies chunks that it has in its cache.
        self._release(path)
        parent = self.node(where)._h5.id
        with self._set_aside(new):
            self._change(lambda: h5o.copy(node._h5.id, b".", parent, name.encode(), h5p.DEFAULT))
        return self.node(new)

    def _free_path(self, path: str, newparent: Any, newname: str | None, *, overwrite: bool) -> str:
        self.require_writable()
        if path == "/":
            raise InvalidArgument(f"{self.filename}: the root cannot be moved or copied")
        where, _, name = path.rpartition("/")
        group = self.parent(newparent or where or "/")
        name = name if newname is None else newname
        require_name(name)
        new = f"{group._v_pathname.rstrip('/')}/{name}"
        if not overwrite or not group._h5.id.links.exists(name.encode()):
            self.require_free(group, name)
        elif _is_below(path, new):
            raise InvalidArgument(f"{self.filename}: {path} cannot take the place of {new}")
        else:
            self.require_changeable(new)
            self.require_room(0)
        return new

    @contextmanager
    def _set_aside(self, path: str) -> Iterator[None]:
        """Keep what is at a path until something else has taken its place, if anything is."""
        where, _, name = path.rpartition("/")
        parent, key = self.node(where or "/")._h5.id, name.encode()
        if not parent.links.exists(key):
            yield
            return
        aside = key + b" (replaced)"
        while parent.links.exists(aside):
            aside += b"'"
        parent.move(key, aside)
        try:
            yield
        except BaseException:
            parent.move(aside, key)
            raise
        remove_indexes(self.h5, path)
        self._end(path)
        self._release(f"{where}/{aside.decode()}")
        self._change(lambda: parent.unlink(aside))

    def _release(self, path: str) -> None:
        """Close what is open at a path and below, in whoever's hands; nodes open it again."""
        self._flush_written()
        for found in h5f.get_obj_ids(self.h5.id, h5f.OBJ_DATASET | h5f.OBJ_GROUP):
            name = h5i.get_name(found)
            if name is not None and _is_below(name.decode("utf-8", "surrogateescape"), path):
                while found.valid:
                    h5i.dec_ref(found)
        self.releases += 1

    def _follow(self, path: str, new: str) -> None:
        """Tell what was below a path that it is below another now."""
        for node in list(self.nodes):
            if _is_below(node._path, path) and not node._is_removed:
                node._path = new + node._path[len(path) :]
        for below in [p for p in self.waiting if _is_below(p, path)]:
            part, there = self.waiting.pop(below), new + below[len(path) :]
            self.waiting[there] = part
            part.follow(there)

    def _end(self, path: str) -> None:
        """Tell what was below a path that it is no more."""
        for node in list(self.nodes):
            if _is_below(node._path, path):
                node._is_removed = True
        for below in [p for p in self.waiting if _is_below(p, path)]:
            self.waiting.pop(below).end()

    def _change(self, edit: Callable[[], Any]) -> None:
        try:
            edit()
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            if isinstance(error, LongtakeError):
                raise
            raise WriteFailed(f"{self.filename} could not be changed: {error}") from error


def _is_below(name: str, path: str) -> bool:
    return f"{name}/".startswith(f"{path}/")


def require_name(name: object) -> None:
    """Raise if HDF5 cannot have a node of that name."""
    if not isinstance(name, str):
        raise WrongType(f"the name of a node is text, not {name!r}")
    if name in {"", ".", ".."} or "/" in name or "\0" in name:
        raise InvalidArgument(f"{name!r} cannot be the name of a node: no '/', no NUL, not empty")
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{name!r} cannot be the name of a node: {error}") from error
    if size > _MOST_NAME_BYTES:
        raise InvalidArgument(f"a name of {size} bytes is too long: {name[:40]!r}…")
