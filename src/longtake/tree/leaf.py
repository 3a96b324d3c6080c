"""Nodes that hold numbers: what arrays and tables have in common, and arrays."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import DamagedFile, WrongType
from longtake.tree.booleans import made_boolean, with_booleans
from longtake.tree.node import Node
from longtake.tree.selection import select

if TYPE_CHECKING:
    from collections.abc import Iterator

    import h5py

# A block is what iterating holds at a time.
_BLOCK_BYTES = 1 << 20
_BLOCK_ROWS = 8192


def unreadable_reason(dataset: h5py.Dataset) -> str | None:
    """Say why a dataset cannot be read as an array or table, None if it can."""
    try:
        dtype, shape = dataset.dtype, dataset.shape
        if dataset.is_virtual or dataset.external:
            return "its data are in other files"
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        return f"it cannot be read: {error}"
    if shape is None:
        return "an empty dataset without a shape"
    if dtype.hasobject:
        return "its elements are of variable length, or refer to others"
    return None


class Leaf(Node):
    """Rows that are in use: where a dataset was allocated ahead, the rest does not show."""

    _h5: h5py.Dataset  # pyright: ignore[reportIncompatibleMethodOverride]

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows in use, then the shape of a row."""
        dataset = self._h5
        shape = dataset.shape
        # By where it is, which a link that led to it does not tell.
        used = self._tree.rows(str(dataset.name)) if shape else None
        return shape if used is None else (min(used, shape[0]), *shape[1:])

    @property
    def nrows(self) -> int:
        """How many rows there are."""
        return len(self)

    @cached_property
    def dtype(self) -> np.dtype:
        """The numpy type of an element."""
        return with_booleans(self._h5.dtype, self._h5.id.get_type())

    @property
    def name(self) -> str:
        """The node's name in its group."""
        return self._v_name

    @property
    def title(self) -> str:
        """The title that PyTables keeps with a node, or an empty text."""
        return self._v_title

    def __len__(self) -> int:
        shape = self.shape
        if not shape:
            raise WrongType(f"{self._path} is a single value, which has no length: see [()]")
        return shape[0]

    def __getitem__(self, key: Any) -> Any:
        return select(key, self.shape, self._path, self._stored)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:  # noqa: FBT001
        return np.array(self[...], dtype)

    def read(self) -> Any:
        """Read all rows into memory."""
        return self[...] if self.shape else self[()]

    def _stored(self, key: Any) -> Any:
        try:
            found = self._h5[key]
        except (OSError, RuntimeError) as error:
            raise DamagedFile(
                f"{self._tree.filename}: {self._path} cannot be read: {error}"
            ) from error
        return made_boolean(found, self.dtype)

    def _blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """Give all rows, in blocks of bounded memory, each after the number of its first."""
        shape, itemsize = self.shape, self.dtype.itemsize
        row_bytes = max(1, itemsize * int(np.prod(shape[1:], dtype=np.int64)))
        step = max(1, min(_BLOCK_ROWS, _BLOCK_BYTES // row_bytes))
        for first in range(0, shape[0], step):
            yield first, self._stored(slice(first, min(first + step, shape[0])))

    def _form(self) -> str:
        return f"{type(self).__name__}{self.shape}"


class Array(Leaf):
    """Numbers or bytes in n dimensions, read by numpy's indexing: ``array[3:9, -1]``.

    A slice gives a new numpy array, of what is in use at that moment. Bounds are integers of any
    type. Iterating gives the rows, in bounded memory.

    Raises
    ------
    OutOfRange
        An IndexError, if an index is outside of the array.
    DamagedFile
        If the data cannot be read.
    """

    def __iter__(self) -> Iterator[Any]:
        len(self)
        return (row for _, block in self._blocks() for row in block)

    def _details(self) -> str:
        return f"{self.shape} {self.dtype}"
