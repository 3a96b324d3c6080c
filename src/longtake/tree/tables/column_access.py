"""The columns of a table, one by one: ``table.cols.x[2:5]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.tree.fitting import fitting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.tree.tables.table import Table


class Columns:
    """The columns of a table: ``table.cols.x[2:5]``, ``table.cols['any name'][:]``."""

    def __init__(self, table: Table, path: str = "") -> None:
        self._table = table
        self._inside = path

    def __getitem__(self, name: str) -> Column | Columns:
        path = f"{self._inside}/{name}" if self._inside else name
        dtype = self._table.dtype
        for step in self._table._steps(path):
            dtype = dtype[step].base
        return Columns(self._table, path) if dtype.names else Column(self._table, path)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def _names(self) -> list[str]:
        dtype = self._table.dtype
        for step in self._table._steps(self._inside) if self._inside else ():
            dtype = dtype[step].base
        return list(dtype.names or ())

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> Iterator[Any]:
        return (self[name] for name in self._names())

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._names()})

    def __repr__(self) -> str:
        names = "\n".join(f"  {column!r}" for column in self)
        where = f"{self._table._v_pathname}.cols{'.' if self._inside else ''}{self._inside}"
        return f"{where} (Cols), {len(self)} columns\n{names}"


class Column:
    """One column of a table; what is read of it is a numpy array."""

    def __init__(self, table: Table, path: str) -> None:
        self._table = table
        #: The name of the column; of one within another, ``outer/inner``.
        self.pathname = path

    @property
    def name(self) -> str:
        """The name of the column in its table, or in the column that holds it."""
        return self.pathname.rpartition("/")[2]

    @property
    def dtype(self) -> np.dtype:
        """The numpy type of a row's value."""
        dtype = self._table.dtype
        for step in self._table._steps(self.pathname):
            dtype = dtype[step]
        return dtype

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, key: Any) -> Any:
        rows = self._table[key]
        for step in self._table._steps(self.pathname):
            rows = rows[step]
        return np.ascontiguousarray(rows) if isinstance(rows, np.ndarray) else rows

    def __setitem__(self, key: Any, value: Any) -> None:
        rows = self._table[key]
        part = rows
        *outer, last = self._table._steps(self.pathname)
        for step in outer:
            part = part[step]
        part[last] = fitting(value, self.dtype.base, f"{self._table._v_pathname}, {self.name!r}")
        self._table[key] = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self[:])

    def __repr__(self) -> str:
        return f"{self._table._v_pathname}.cols.{self.pathname} (Column{self.shape}, {self.dtype})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows, then the shape of a row's value."""
        return (len(self), *self.dtype.shape)
