"""Removing, moving and copying nodes, and telling those that are held of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from h5py import h5f, h5i, h5o, h5p  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import InvalidArgument, LongtakeError, WriteFailed, WrongType
from longtake.tree.foreign_index import move_indexes, remove_indexes
from longtake.tree.node_names import is_below, require_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Rearranging:
    """What an open file knows of removing, moving and copying nodes by their paths.

    Nodes that somebody holds follow their moves, and say that they were removed.
    """

    h5: Any
    filename: str
    waiting: dict[str, Any]
    nodes: Any
    releases: int
    node: Any
    parent: Any
    flush: Any
    flush_written: Any
    require_writable: Any
    require_changeable: Any
    require_free: Any
    require_room: Any

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
        self.flush_written()
        self.end(path)
        self.release(path)
        self._change(lambda: self.h5.id.unlink(path.encode()))
        remove_indexes(self.h5, path)

    def move(self, path: str, newparent: Any, newname: str | None, *, overwrite: bool) -> str:
        """Move a node, and give its new path."""
        new = self._free_path(path, newparent, newname, overwrite=overwrite)
        if is_below(new, path):
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
        self.release(path)
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
        elif is_below(path, new):
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
        self.end(path)
        self.release(f"{where}/{aside.decode()}")
        self._change(lambda: parent.unlink(aside))

    def release(self, path: str) -> None:
        """Close what is open at a path and below, in whoever's hands; nodes open it again."""
        self.flush_written()
        for found in h5f.get_obj_ids(self.h5.id, h5f.OBJ_DATASET | h5f.OBJ_GROUP):
            name = h5i.get_name(found)
            if name is not None and is_below(name.decode("utf-8", "surrogateescape"), path):
                while found.valid:
                    h5i.dec_ref(found)
        self.releases += 1

    def _follow(self, path: str, new: str) -> None:
        """Tell what was below a path that it is below another now."""
        for node in list(self.nodes):
            if is_below(node._path, path) and not node._is_removed:
                node._path = new + node._path[len(path) :]
        for below in [p for p in self.waiting if is_below(p, path)]:
            part, there = self.waiting.pop(below), new + below[len(path) :]
            self.waiting[there] = part
            part.follow(there)

    def end(self, path: str) -> None:
        """Tell what was below a path that it is no more."""
        for node in list(self.nodes):
            if is_below(node._path, path):
                node._is_removed = True
        for below in [p for p in self.waiting if is_below(p, path)]:
            self.waiting.pop(below).end()

    def _change(self, edit: Callable[[], Any]) -> None:
        try:
            edit()
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            if isinstance(error, LongtakeError):
                raise
            raise WriteFailed(f"{self.filename} could not be changed: {error}") from error
