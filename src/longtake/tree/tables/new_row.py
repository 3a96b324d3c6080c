"""The row that comes next: filled in by name, then appended."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import Closed, InvalidArgument
from longtake.tree.fitting import fitting
from longtake.tree.missing import ColumnNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: In place of how many columns there are.
_REMOVED = -1
_BUFFER_BYTES = 1024 * 1024
_CODES = {"b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I"}
_CODES |= {"u8": "Q", "f2": "e", "f4": "f", "f8": "d"}


class NewRow(dict[str, Any]):
    """The next row of a table: ``row['x'] = 1.5``, then ``row.append()``.

    What was not filled in has the column's default. Rows are kept in memory until `flush`, or until
    there is a megabyte of them.

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
        self._defaults = dict(defaults)
        super().__init__(self._defaults)
        self._what = what
        self._write = write
        count = max(1, _BUFFER_BYTES // dtype.itemsize)
        self._rows = np.zeros(count, dtype)
        self._bytes = self._rows.view(np.uint8).data if dtype.itemsize else memoryview(b"")
        self._size, self._at, self._end = dtype.itemsize, 0, count * dtype.itemsize
        self._columns = len(self._defaults)
        self._pack_into = _packer(dtype)

    def __missing__(self, name: object) -> Any:
        raise ColumnNotFound(f"{self._what} has no column {name!r}; it has {', '.join(self)}")

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
        except (struct.error, OverflowError):
            self._fit_in()
        self._at += self._size
        if self._at == self._end:
            self.flush()
        self.update(self._defaults)

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

    def _fit_in(self) -> None:
        number = self._at // self._size
        dtype = self._rows.dtype
        made = {}
        for name, value in self.items():
            what = f"{self._what}, {name!r}"
            part = fitting(value, dtype[name].base, what)
            if part.shape not in {(), dtype[name].shape}:
                raise InvalidArgument(
                    f"{what}: a value of the shape {part.shape}, for {dtype[name].shape}"
                )
            made[name] = part
        for name, part in made.items():
            self._rows[name][number] = part

    def _refuse_names(self) -> None:
        if self._columns == _REMOVED:
            raise Closed(f"{self._what} was removed: it takes no more rows")
        unknown = [name for name in self if name not in self._defaults]
        missing = [name for name in self._defaults if name not in self]
        for name in unknown:
            del self[name]
        self |= {name: self._defaults[name] for name in missing}
        known = ", ".join(self._defaults)
        told = f"has no column {unknown[0]!r}" if unknown else f"needs a column {missing[0]!r}"
        raise ColumnNotFound(f"{self._what} {told}; it has {known}")


def _packer(dtype: np.dtype) -> Callable[..., None]:
    """Give the quickest way to put numbers into a row, which refuses all else."""
    codes = [_CODES.get(dtype[name].str[1:]) for name in dtype.names or ()]
    if None in codes or any(dtype[name].str[0] == ">" for name in dtype.names or ()):
        return _never
    packer = struct.Struct("<" + "".join(map(str, codes)))
    return packer.pack_into if packer.size == dtype.itemsize else _never


def _never(*_: object) -> None:
    raise struct.error
