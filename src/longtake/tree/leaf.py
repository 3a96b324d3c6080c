"""Nodes that hold numbers: what arrays and tables have in common, and arrays."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import DamagedFile, InvalidArgument, WriteFailed, WrongType
from longtake.hdf.foreign_filters import lacks_filter, make_readable, unwritable_filter
from longtake.tree.filters import Filters, filters_of
from longtake.tree.fitting import fitting
from longtake.tree.node import Node
from longtake.tree.room import in_parts
from longtake.tree.selection import chosen_rows, select, store
from longtake.tree.stored_values import StoredValues
from longtake.tree.tables.columns import Col
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    import h5py

# A block is what iterating holds at a time.
_BLOCK_BYTES = 1 << 20
_BLOCK_ROWS = 8192


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

    @property
    def ndim(self) -> int:
        """How many dimensions there are."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype:
        """The numpy type of an element."""
        return self._values.dtype

    @cached_property
    def _values(self) -> StoredValues:
        make_readable(self._h5.id.get_create_plist())
        return StoredValues(self._h5.id)

    @cached_property
    def _unwritable_filter(self) -> str | None:
        return unwritable_filter(self._h5.id.get_create_plist())

    def _require_writable(self) -> None:
        """Raise if values cannot be stored, before anything is changed."""
        self._tree.require_writable()
        self._tree.require_changeable(str(self._h5.name))
        if self._unwritable_filter is not None:
            raise WriteFailed(
                f"{self._tree.filename}: {self._path} is compressed with {self._unwritable_filter},"
                " which is not written here: make a new node of its values, and remove this one"
            )

    def _forget_what_was_read(self) -> None:
        with suppress(AttributeError):
            del self._values

    @property
    def name(self) -> str:
        """The node's name in its group."""
        return self._v_name

    @property
    def title(self) -> str:
        """The title that PyTables keeps with a node, or an empty text."""
        return self._v_title

    @property
    def filters(self) -> Filters:
        """How the chunks are compressed."""
        return filters_of(self._h5.id.get_create_plist())

    @property
    def chunkshape(self) -> tuple[int, ...] | None:
        """The shape of a chunk, None if the data are in one piece."""
        return self._h5.chunks

    @property
    def size_in_memory(self) -> int:
        """Bytes of all rows, read."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    @property
    def size_on_disk(self) -> int:
        """Bytes that the data take in the file, compressed as they are."""
        return self._h5.id.get_storage_size()

    def remove(self) -> None:
        """Remove the node from the file."""
        self._f_remove()

    def rename(self, newname: str, *, overwrite: bool = False) -> None:
        """Give the node another name in its group."""
        self._f_rename(newname, overwrite=overwrite)

    def move(
        self, newparent: Any = None, newname: str | None = None, *, overwrite: bool = False
    ) -> None:
        """Put the node into another group, or under another name."""
        self._f_move(newparent, newname, overwrite=overwrite)

    def copy(
        self, newparent: Any = None, newname: str | None = None, *, overwrite: bool = False
    ) -> Any:
        """Copy the node; give the copy."""
        return self._f_copy(newparent, newname, overwrite=overwrite)

    def flush(self) -> None:
        """Write what waits in memory."""
        self._tree.flush()

    def close(self) -> None:
        """Write what waits in memory; a node needs no closing besides."""
        self.flush()

    def __len__(self) -> int:
        shape = self.shape
        if not shape:
            raise WrongType(f"{self._path} is a single value, which has no length: see [()]")
        return shape[0]

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: Any) -> Any:
        return select(key, self.shape, self._path, self._stored)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._require_writable()
        given = fitting(value, self.dtype, self._path)
        store(key, given, self.shape, self._path, self._store)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:  # noqa: FBT001
        return np.array(self[...], dtype)

    def read(
        self, start: int | None = None, stop: int | None = None, step: int | None = None
    ) -> Any:
        """Read rows into memory, all if no bounds are given."""
        return self[start:stop:step] if self.shape else self[()]

    def _append(self, values: np.ndarray, axis: int = 0) -> None:
        """Add values, which fit, at the end of an axis."""
        if values.shape[axis]:
            with self._tree.lock:
                self._grow(values, axis)

    def _grow(self, values: np.ndarray, axis: int) -> None:
        dataset, shape = self._h5.id, self._h5.shape
        grown = tuple(n + values.shape[axis] * (i == axis) for i, n in enumerate(shape))
        key = tuple(slice(n * (i == axis), grown[i]) for i, n in enumerate(shape))
        self._require_length(grown[axis], axis)
        try:
            dataset.set_extent(grown)
            self._write(key, values)
        except BaseException as error:
            dataset.set_extent(shape)
            if isinstance(error, WriteFailed) or not isinstance(error, OSError | RuntimeError):
                raise
            raise WriteFailed(
                f"{self._tree.filename}: {self._path} could not grow: {error}; nothing was appended"
            ) from error

    def _require_length(self, length: int, axis: int = 0) -> None:
        """Raise if the dataset cannot become so long."""
        longest: Any = self._h5.maxshape
        most = longest[axis]
        if self._h5.chunks is None or (most is not None and length > most):
            raise InvalidArgument(
                f"{self._tree.filename}: {self._path} was made with a fixed length of "
                f"{self._h5.shape[axis]}: make a new one of its values, which can grow"
            )

    def _store(self, key: tuple[Any, ...], values: np.ndarray) -> None:
        try:
            self._write(key, values)
        except WriteFailed:
            raise
        except (OSError, RuntimeError) as error:
            raise WriteFailed(f"{self._tree.filename}: {self._path}: {error}") from error

    def _write(self, key: tuple[Any, ...], values: np.ndarray) -> None:
        chunk_rows = (self._h5.chunks or (1,))[0]
        for part, some in in_parts(key, values, chunk_rows):
            self._tree.require_room(some.nbytes)
            self._values.write(part, some)
            self._tree.keep_until_flushed(self._path, self._h5.id)

    def _stored(self, key: tuple[Any, ...]) -> Any:
        self._tree.require_open()
        try:
            return self._values.read(key)
        except MemoryError as error:
            raise InvalidArgument(
                f"{self._tree.filename}: {self._path} is too large to be read so: there is no "
                f"memory for it ({error}); read a part of it"
            ) from error
        except (OSError, RuntimeError) as error:
            what = f"{self._tree.filename}: {self._path}"
            if lacks_filter(error):
                raise InvalidArgument(
                    f"{what} is compressed in a way that is not known here: write it anew with the "
                    f"program that made it, compressed by zlib ({error})"
                ) from error
            raise DamagedFile(f"{what} cannot be read: {error}") from error

    def _blocks(self, first: int = 0, last: int | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """Give rows in blocks of bounded memory, each after the number of its first."""
        shape, itemsize = self.shape, self.dtype.itemsize
        last = shape[0] if last is None else last
        row_bytes = max(1, itemsize * int(np.prod(shape[1:], dtype=np.int64)))
        step = max(1, min(_BLOCK_ROWS, _BLOCK_BYTES // row_bytes))
        for start in range(first, last, step):
            rows = slice(start, min(start + step, last))
            yield start, self._stored((rows, *(slice(0, side) for side in shape[1:])))

    def _form(self) -> str:
        return f"{type(self).__name__}{self._shape_and_filters()}"

    def _shape_and_filters(self) -> str:
        filters = self.filters
        names = ["fletcher32"] * filters.fletcher32 + ["shuffle"] * filters.shuffle
        names += ["bitshuffle"] * filters.bitshuffle
        names += [f"{filters.complib}({filters.complevel})"] * (filters.complevel > 0)
        return ", ".join([str(self.shape), *names])


class Array(Leaf):
    """Numbers or bytes in n dimensions, read by numpy's indexing: ``array[3:9, -1]``.

    A slice gives a new numpy array, of what is in use at that moment; ``array[3:9, -1] = values``
    replaces it. Bounds are integers of any type. Iterating gives the rows, in bounded memory.

    Raises
    ------
    OutOfRange
        An IndexError, if an index is outside of the array.
    DamagedFile
        If the data cannot be read.
    """

    @property
    def atom(self) -> Col:
        """What an element is, as `File.create_carray` takes it."""
        return Col(self.dtype)

    def __iter__(self) -> Iterator[Any]:
        len(self)
        return (row for _, block in self._blocks() for row in block)

    def iterrows(
        self, start: int | None = None, stop: int | None = None, step: int | None = None
    ) -> Iterator[Any]:
        """Go through rows, in bounded memory."""
        chosen = chosen_rows(start, stop, step, len(self), self._path)
        for first, block in self._blocks(chosen.start, max(chosen.start, chosen.stop)):
            yield from block[(chosen.start - first) % chosen.step :: chosen.step]

    def _details(self) -> str:
        return f"{self.shape} {self.dtype}"


class CArray(Array):
    """An array in chunks, which may be compressed."""


class EArray(CArray):
    """An array in chunks that grows along one axis."""

    @property
    def extdim(self) -> int:
        """The axis that it grows along."""
        longest: Any = self._h5.maxshape
        return longest.index(None) if None in longest else 0

    def append(self, sequence: Any) -> None:
        """Add values at the end of the axis that grows; the others must be as long as they are.

        Raises
        ------
        WrongType, InvalidArgument
            If they do not fit; nothing was appended.
        """
        self._require_writable()
        values = fitting(sequence, self.dtype, self._path)
        axis, shape = self.extdim, self.shape
        require_appendable(values, tuple(n * (i != axis) for i, n in enumerate(shape)), self._path)
        self._append(values, axis)

    def truncate(self, size: int) -> None:
        """Make the array so long; what is new are zeros, or what the array was made with.

        Raises
        ------
        InvalidArgument
            If it cannot become so long.
        """
        self._require_writable()
        length = whole_number(size, f"the length of {self._path}", least=0)
        self._require_length(length, self.extdim)
        shape = self._h5.shape
        with self._tree.lock:
            self._h5.id.set_extent(
                tuple(length if i == self.extdim else n for i, n in enumerate(shape))
            )


def require_appendable(values: np.ndarray, shape: tuple[int, ...], what: str) -> None:
    """Raise unless values are as long as a shape on all axes, but the one that is 0 in it."""
    sides = [side if wanted else 0 for side, wanted in zip(values.shape, shape, strict=False)]
    if values.ndim != len(shape) or sides != list(shape):
        wanted = f"({', '.join(str(side or 'n') for side in shape)}{',' * (len(shape) == 1)})"
        raise InvalidArgument(f"{what} takes values of the shape {wanted}, not {values.shape}")
