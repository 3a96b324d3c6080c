"""The bytes of a file that is a node, as Python's `io` wants them underneath."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
from h5py import h5a  # pyright: ignore[reportAttributeAccessIssue]

from longtake.tree.files.bytes_in_memory import BytesInMemory
from longtake.tree.files.node_type import create_file

#: Up to here a file is kept in memory until it is flushed, and then has one chunk.
_SMALL = 1024 * 1024
#: What follows the name of a file that is not whole yet.
DRAFT = " (longtake draft)"
_OF_EVERY_FILE = {b"CLASS", b"EXTDIM", b"VERSION", b"NODE_TYPE", b"NODE_TYPE_VERSION"}


class NodeBytes(BytesInMemory):
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
        size: int = node.shape[0]
        #: Whether the whole content is in memory: of a file that is small and may be written.
        self._is_in_memory = mode != "r" and size <= _SMALL
        super().__init__(mode, self._stored(0, size) if self._is_in_memory else b"")
        self._size = size
        if self._appends:
            self._at = size
        if mode[0] in "wx":
            self.truncate(0)

    def flush(self) -> None:
        """Write what waits in memory into the HDF5 file."""
        if not self.closed and self._is_changed and self._is_in_memory:
            if self.node._h5.chunks[0] != max(1, self._size):
                self._make_anew(max(1, self._size))
            self._resize(self._size)
            self._store(0, memoryview(self._content))
            self._is_changed = False
        super().flush()

    def _part(self, start: int, stop: int) -> bytes | bytearray:
        return super()._part(start, stop) if self._is_in_memory else self._stored(start, stop)

    def _replace(self, at: int, view: memoryview) -> None:
        if self._is_in_memory:
            super()._replace(at, view)
        else:
            self._store(at, view)

    def _make_length(self, size: int) -> None:
        if self._is_in_memory and size > _SMALL:
            self._spill()
        if self._is_in_memory:
            super()._make_length(size)
        else:
            self._resize(size)
            self._size = size

    def _spill(self) -> None:
        """Go on in the HDF5 file, in large chunks, with what was in memory."""
        content, self._content = self._content, b""
        self._is_in_memory = False
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
        draft = f"{name}{DRAFT}"
        new = create_file(group, draft, "", self.node.filters, chunk)
        copy_attributes(old.id, new)
        group.unlink(name.encode())
        group.move(draft.encode(), name.encode())
        self.node._open_h5 = h5py.Dataset(new)
        self.node._forget_what_was_read()

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


def copy_attributes(old: Any, new: Any) -> None:
    """Give a file that was just made the attributes of another, byte for byte."""
    for number in range(h5a.get_num_attrs(old)):
        name = h5a.open(old, index=number).name
        if name not in _OF_EVERY_FILE:
            _copy_attribute(old, new, name)


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
