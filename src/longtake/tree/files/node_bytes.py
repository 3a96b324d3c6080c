"""The bytes of a file that is a node, as Python's `io` wants them underneath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from h5py import h5i, h5o  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import Closed, FileChangedElsewhere
from longtake.tree.files.bytes_in_memory import BytesInMemory
from longtake.tree.files.node_type import create_file
from longtake.tree.files.open_to_write import OpenToWrite
from longtake.tree.files.taking_place import (
    close_unnamed,
    copy_attributes,
    take_place,
    told_as_failure,
)
from longtake.tree.leaf import EArray

if TYPE_CHECKING:
    from typing_extensions import Buffer

#: Up to here a file is kept in memory until it is flushed, and then has one chunk.
_SMALL = 1024 * 1024


class NodeBytes(BytesInMemory):
    """Reads and writes a growing array of bytes.

    A small file, and one that is written from its beginning, is made anew when it is flushed: what
    was there before is lost only once the new one is whole. A large one is changed where it is.

    Parameters
    ----------
    node : EArray
        Of bytes, in one dimension, or in two of which the second is 1 as PyTables once had it.
    mode : str
        As of `open`, without ``b`` or ``t``.

    Raises
    ------
    FileInUse
        If it is to be written, and is open to write already.
    """

    def __init__(self, node: Any, mode: str) -> None:
        self.node = node
        self._waiting: OpenToWrite | None = None
        #: What is read and written: the node, or a large file that is to take its place.
        self._leaf = node
        size, is_new = node.shape[0], mode[0] in "wx"
        #: Whether the whole content is in memory.
        self._is_in_memory = is_new or size <= _SMALL
        is_read = self._is_in_memory and not is_new
        super().__init__(mode, self._stored(0, size) if is_read else b"")
        self._is_changed = is_new and size > 0
        #: Whether what is there is to be replaced, and whether what replaces it lacks something.
        self._replaces, self._lacks = is_new and size > 0, False
        if not self._is_in_memory:
            self._size, self._address = size, h5o.get_info(node._h5.id).addr
            self._at = size if self._appends else 0
        if mode != "r":
            self._waiting = OpenToWrite(node._tree, self._real_path(), self)

    def add_layer(self, layer: Any) -> None:
        """Note a file object above this one, which holds bytes too."""
        if self._waiting is not None:
            self._waiting.add(layer)

    def require_here(self) -> None:
        """Raise `Closed` if what is written would not come to the file."""
        if self._waiting is not None:
            self._waiting.require_here()

    def readinto(self, buffer: Buffer) -> int:
        """Read on from the present position."""
        if not self._may_write and not self._is_in_memory:
            self._require_same()
        return super().readinto(buffer)

    def write(self, data: Buffer) -> int:
        """Write at the present position; at the end, if it was opened to append."""
        self.require_here()
        before = self._size
        self._lacks = self._replaces  # until it is written
        try:
            written = super().write(data)
        except BaseException:
            if self._size > before and not self._is_in_memory:
                self._make_length(before)
            raise
        self._lacks = False
        return written

    def truncate(self, size: int | None = None) -> int:
        """Make the file so long; what is new are zeros."""
        self.require_here()
        return super().truncate(size)

    def flush(self) -> None:
        """Write what waits in memory into the HDF5 file."""
        if not self.closed:
            self.store()
        super().flush()

    def store(self) -> None:
        """Do the same."""
        if self._waiting is None or self._lacks:
            return
        if self._is_in_memory and self._is_changed:
            self._take_place(self._made_of_content(max(1, self._size)))
            self._is_changed = False
        elif self._leaf is not self.node:
            self._take_place(self._leaf)

    def close(self) -> None:
        """Write what waits, and let others write the file."""
        try:
            super().close()
        finally:
            if self._waiting is not None:
                self._waiting.end()
            if self._leaf is not self.node:
                close_unnamed(self._leaf._h5.id)

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
        self._leaf = self._made_of_content(_SMALL)
        self._is_in_memory, self._content, self._is_changed = False, b"", False

    def _made_of_content(self, chunk: int) -> EArray:
        """Make a file of what is in memory, which has no name yet."""
        self.require_here()
        tree, path = self.node._tree, self._real_path()
        tree.require_room(0)
        with told_as_failure(tree, path):
            made = create_file(tree.h5.id, "", self.node.filters, chunk)
            try:
                leaf = self._leaf = EArray(tree, path, made)
                self._resize(self._size)
                self._store(0, memoryview(self._content))
            except BaseException:
                close_unnamed(made)
                raise
            finally:
                self._leaf = self.node
        return leaf

    def _take_place(self, leaf: EArray) -> None:
        self.require_here()
        tree, node = self.node._tree, self.node
        parent, _, name = self._real_path().rpartition("/")
        with told_as_failure(tree, leaf._path):
            group = tree.node(parent or "/")._h5.id
            copy_attributes(node._h5.id, leaf._h5.id)
            take_place(tree, group, name.encode(), leaf._h5.id, node._h5.id)
        node._open_h5, self._leaf = leaf._h5, node
        node._forget_what_was_read()
        self._replaces = False

    def _real_path(self) -> str:
        """Give where the node is, if a link led to it."""
        if self._waiting is not None:
            return self._waiting.path
        name = h5i.get_name(self.node._h5.id)
        if name is None:
            raise Closed(f"{self.node._tree.filename}: {self.node._path} was removed")
        return name.decode("utf-8", "surrogateescape")

    def _require_same(self) -> None:
        """Raise if another file took the place of a large one that is read."""
        if h5o.get_info(self.node._h5.id).addr != self._address:
            raise FileChangedElsewhere(
                f"{self.node._tree.filename}: {self.node._path} was written anew since it was "
                "opened: open it again"
            )
        self._size = self.node._h5.shape[0]

    def _resize(self, size: int) -> None:
        with told_as_failure(self.node._tree, self.node._path):
            self._leaf._h5.id.set_extent((size, *self._leaf._h5.shape[1:]))

    def _stored(self, start: int, stop: int) -> bytes:
        if start >= stop:
            return b""
        rest = tuple(slice(0, side) for side in self._leaf._h5.shape[1:])
        return self._leaf._stored((slice(start, stop), *rest)).tobytes()

    def _store(self, start: int, data: memoryview) -> None:
        if len(data):
            shape = self._leaf._h5.shape[1:]
            rest = tuple(slice(0, side) for side in shape)
            values = np.frombuffer(data, np.uint8).reshape(len(data), *shape)
            self._leaf._store((slice(start, start + len(data)), *rest), values)
