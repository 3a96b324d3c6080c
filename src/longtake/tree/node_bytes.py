"""The bytes of a file that is a node, as Python's `io` wants them underneath."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from h5py import h5a, h5o  # pyright: ignore[reportAttributeAccessIssue]

from longtake.tree import creation

if TYPE_CHECKING:
    from typing_extensions import Buffer

#: Up to here a file is kept in memory until it is flushed, and then has one chunk.
_SMALL = 1024 * 1024
_DRAFT = " (longtake draft)"


class NodeBytes(io.RawIOBase):
    """Reads and writes a growing array of bytes, which is made anew where its chunks do not fit.

    Parameters
    ----------
    node : EArray
        Of bytes, in one dimension, or in two of which the second is 1 as PyTables once had it.
    mode : str
        As of `open`, without ``b`` or ``t``.
    """

    def __init__(self, node: Any, mode: str) -> None:
        self.node = node
        self._may_read = mode == "r" or "+" in mode
        self._may_write = mode != "r"
        self._appends = mode.startswith("a")
        self._size: int = node.shape[0]
        #: The whole content, of a file that is small and may be written.
        self._content: bytearray | None = None
        self._is_changed = False
        if self._may_write and self._size <= _SMALL:
            self._content = bytearray(self._stored(0, self._size))
        self._at: int = self._size if self._appends else 0
        if mode[0] in "wx":
            self.truncate(0)

    def readable(self) -> bool:
        """Whether it may be read."""
        return self._may_read

    def writable(self) -> bool:
        """Whether it may be written."""
        return self._may_write

    def seekable(self) -> bool:
        """Whether a position can be sought: always."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Read on from the present position."""
        if not self._may_read:
            raise io.UnsupportedOperation("the file was opened to write only")
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._size - self._at))
        if count:
            view[:count] = (
                self._stored(self._at, self._at + count)
                if self._content is None
                else self._content[self._at : self._at + count]
            )
        self._at += count
        return count

    def write(self, data: Buffer) -> int:
        """Write at the present position; at the end, if it was opened to append."""
        if not self._may_write:
            raise io.UnsupportedOperation("the file was opened to read only")
        view = memoryview(data).cast("B")
        if self._appends:
            self._at = self._size
        self._make_room(self._at + len(view))
        if self._content is None:
            self._store(self._at, view)
        else:
            self._content[self._at : self._at + len(view)] = view
            self._is_changed = True
        self._at += len(view)
        return len(view)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the position."""
        at = (0, self._at, self._size)[whence] + offset
        if at < 0:
            raise ValueError(f"there is no position {at}")
        self._at = at
        return at

    def tell(self) -> int:
        """Give the position."""
        return self._at

    def truncate(self, size: int | None = None) -> int:
        """Make the file so long; what is new are zeros."""
        if not self._may_write:
            raise io.UnsupportedOperation("the file was opened to read only")
        length: int = self._at if size is None else size
        if length > self._size:
            self._make_room(length)
        elif self._content is None:
            self._resize(length)
            self._size = length
        else:
            del self._content[length:]
            self._size, self._is_changed = length, True
        return length

    def flush(self) -> None:
        """Write what waits in memory into the HDF5 file."""
        if not self.closed and self._is_changed and self._content is not None:
            if self.node._h5.chunks[0] != max(1, self._size):
                self._make_anew(max(1, self._size))
            self._resize(self._size)
            self._store(0, memoryview(self._content))
            self._is_changed = False
        super().flush()

    def _make_room(self, size: int) -> None:
        if size <= self._size:
            return
        if self._content is not None and size <= _SMALL:
            self._content.extend(bytes(size - self._size))
            self._is_changed = True
        else:
            if self._content is not None:
                self._spill()
            self._resize(size)
        self._size = size

    def _spill(self) -> None:
        """Go on in the HDF5 file, in large chunks, with what was in memory."""
        content, self._content = self._content or bytearray(), None
        if self.node._h5.chunks[0] != _SMALL:
            self._make_anew(_SMALL)
        self._resize(len(content))
        self._store(0, memoryview(content))
        self._is_changed = False

    def _resize(self, size: int) -> None:
        self.node._h5.id.set_extent((size, *self.node._h5.shape[1:]))

    def _make_anew(self, chunk: int) -> None:
        """Make the node again, empty and in other chunks, with all its attributes."""
        tree, path, old = self.node._tree, self.node._path, self.node._h5
        parent, _, name = path.rpartition("/")
        group = tree.node(parent or "/")._h5.id
        draft = f"{name}{_DRAFT}"
        creation.create_bytes(group, draft, "", self.node.filters, chunk)
        new = h5o.open(group, draft.encode())
        for number in range(h5a.get_num_attrs(old.id)):
            _copy_attribute(old.id, new, h5a.open(old.id, index=number).name)
        group.unlink(name.encode())
        group.move(draft.encode(), name.encode())
        self.node._open_h5 = h5py.Dataset(new)
        self.node.__dict__.pop("_values", None)

    def _stored(self, start: int, stop: int) -> bytes:
        if start >= stop:
            return b""
        rest = tuple(slice(0, side) for side in self.node.shape[1:])
        return self.node._stored((slice(start, stop), *rest)).tobytes()

    def _store(self, start: int, data: memoryview) -> None:
        if len(data):
            shape = self.node._h5.shape[1:]
            rest = tuple(slice(0, side) for side in shape)
            values = np.frombuffer(data, np.uint8).reshape(len(data), *shape)
            self.node._store((slice(start, start + len(data)), *rest), values)


def _copy_attribute(old: Any, new: Any, name: bytes) -> None:
    found = h5a.open(old, name)
    kind, space = found.get_type(), found.get_space()
    if h5a.exists(new, name):
        h5a.delete(new, name)
    made = h5a.create(new, name, kind, space)
    if space.get_simple_extent_type() != h5py.h5s.NULL:
        values = np.empty(space.shape, f"V{kind.get_size()}")
        found.read(values, mtype=kind)
        made.write(values, mtype=kind)
