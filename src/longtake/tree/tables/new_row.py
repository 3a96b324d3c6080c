"""The row that comes next: filled in by name, then appended."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import Closed
from longtake.tree.missing import ColumnNotFound
from longtake.tree.tables.row_bytes import RowBytes, flat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: In place of how many columns there are.
_REMOVED = -1
_BUFFER_BYTES = 1024 * 1024


class NewRow(dict[str, Any]):
    """The next row of a table: ``row['x'] = 1.5``, then ``row.append()``.

    What was not filled in has the column's default. A column within another is called
    ``outer/inner``. Rows are kept in memory until `flush`, or until there is a megabyte of them.

    Raises
    ------
    ColumnNotFound, WrongType, InvalidArgument
        By `append`, if a name is none of the columns', or a value does not fit; the row was not
        appended, and can be mended.
    """

    def __init__(
        self,
        dtype: np.dtype,
        defaults: Mapping[str, Any],
        what: str,
        write: Callable[[np.ndarray], None],
    ) -> None:
        self._defaults = flat(defaults, dtype)
        # An array that is changed in place is to be the default of no other row.
        self._arrays = [(n, v) for n, v in self._defaults.items() if isinstance(v, np.ndarray)]
        super().__init__(self._defaults)
        self._what = what
        self._write = write
        count = max(1, _BUFFER_BYTES // dtype.itemsize)
        self._rows = np.zeros(count, dtype)
        self._bytes = self._rows.view(np.uint8).data if dtype.itemsize else memoryview(b"")
        self._size, self._at, self._end = dtype.itemsize, 0, count * dtype.itemsize
        self._columns = len(self._defaults)
        self._form = RowBytes(dtype, what)
        self._pack_into = self._pack_arrays_into if self._arrays else self._form.pack_into
        self._renew_arrays()
        self.update(self._defaults)

    def __missing__(self, name: object) -> Any:
        raise ColumnNotFound(
            f"{self._what} has no column {name!r}; it has {', '.join(self._defaults)}"
        )

    @property
    def nrow(self) -> int:
        """How many rows wait to be written."""
        return self._at // self._size

    def append(self) -> None:
        """Append the row as it is now."""
        # The path of every row: a hundred nanoseconds count.
        if len(self) != self._columns:
            self._refuse_names()
        try:
            self._pack_into(self._bytes, self._at, *self.values())
        except (struct.error, ArithmeticError, AttributeError, TypeError, ValueError):
            self._form.fit_into(self._bytes, self._at, *self.values())
            self._renew_arrays()
        self._at += self._size
        if self._at == self._end:
            self.flush()
        self.update(self._defaults)

    def _pack_arrays_into(self, buffer: memoryview, at: int, *values: Any) -> None:
        self._form.pack_into(buffer, at, *values)
        self._renew_arrays()

    def _renew_arrays(self) -> None:
        for name, array in self._arrays:
            self._defaults[name] = array.copy()

    def flush(self) -> None:
        """Write the rows that wait."""
        count = self._at // self._size
        if count:
            self._write(self._rows[:count])
            self._at = 0

    def follow(self, path: str) -> None:
        """Learn that the table was moved."""
        self._what = path

    def end(self) -> None:
        """Forget the rows that wait, and take no more: the table was removed."""
        self._at, self._columns = 0, _REMOVED

    def _refuse_names(self) -> None:
        if self._columns == _REMOVED:
            raise Closed(f"{self._what} was removed: it takes no more rows")
        unknown = [name for name in self if name not in self._defaults]
        missing = [name for name in self._defaults if name not in self]
        # The values are packed in the order of the names.
        mended = {name: self.get(name, default) for name, default in self._defaults.items()}
        self.clear()
        self.update(mended)
        told = f"has no column {unknown[0]!r}" if unknown else f"needs a column {missing[0]!r}"
        raise ColumnNotFound(f"{self._what} {told}; it has {', '.join(self._defaults)}")


class NestedNewRow(NewRow):
    """The next row of a table that has columns within columns, all of which are filled in alike."""

    def __missing__(self, name: object) -> Any:
        inner = self._form.within.get(name) if isinstance(name, str) else None
        return super().__missing__(name) if inner is None else tuple(self[path] for path in inner)

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self._form.within:
            for path, part in self._form.parts(name, value).items():
                super().__setitem__(path, part)
        else:
            super().__setitem__(name, value)
