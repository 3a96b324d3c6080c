"""Tables: rows of named columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.tree.leaf import Leaf
from longtake.tree.missing import ColumnNotFound
from longtake.tree.row import Row

if TYPE_CHECKING:
    from collections.abc import Iterator


class Table(Leaf):
    """Rows of named columns: ``for row in table: row['timestamp']``.

    ``table[3]`` is a record, ``table[3:9]`` a structured numpy array of what is in use at that
    moment, ``table.col('timestamp')`` one column. Iterating gives a `Row` for each row that was
    there when it began, in order, in bounded memory.

    Raises
    ------
    OutOfRange
        An IndexError, if there is no row of that number.
    ColumnNotFound
        A KeyError, if there is no column of that name.
    DamagedFile
        If the data cannot be read.

    Examples
    --------
    >>> import h5py, numpy as np
    >>> h5 = h5py.File.in_memory()
    >>> h5["index"] = np.array([(7, 0.5), (9, 1.5)], [("timestamp", "i8"), ("x", "f8")])
    >>> from longtake.tree import File
    >>> table = File(h5).root.index
    >>> [(row["timestamp"], row[1]) for row in table]
    [(7, 0.5), (9, 1.5)]
    >>> table.colnames, table.col("x")[-1:]
    (['timestamp', 'x'], array([1.5]))
    """

    @property
    def colnames(self) -> list[str]:
        """The names of the columns, in order."""
        return list(self.dtype.names or ())

    def __iter__(self) -> Iterator[Row]:
        columns: list[Any]
        dtype = self.dtype
        places = {name: number for number, name in enumerate(dtype.names or ())}
        for first, block in self._blocks():
            columns = [_values(block[name]) for name in places]
            for number in range(len(block)):
                yield Row(self._path, first + number, places, [c[number] for c in columns])

    def col(self, name: str) -> np.ndarray:
        """Read one column; one inside another is called ``outer/inner``.

        Raises
        ------
        ColumnNotFound
            A KeyError, if there is none of that name.
        """
        steps = self._steps(name)
        parts = []
        for _, block in self._blocks():
            part = block
            for step in steps:
                part = part[step]
            parts.append(np.ascontiguousarray(part))
        if parts:
            return np.concatenate(parts)
        empty = np.empty(0, self.dtype)
        for step in steps:
            empty = empty[step]
        return np.ascontiguousarray(empty)

    def _steps(self, name: str) -> list[str]:
        dtype = self.dtype
        if name in (dtype.names or ()):
            return [name]
        steps: list[str] = name.split("/") if isinstance(name, str) else [name]
        for step in steps:
            if step not in (dtype.names or ()):
                raise ColumnNotFound(
                    f"{self._path} has no column {name!r}; it has {', '.join(self.colnames)}"
                )
            dtype = dtype[step].base
        return steps

    def _details(self) -> str:
        dtype = self.dtype
        columns = ", ".join(f"{name} {dtype[name]}" for name in self.colnames)
        return f"{len(self)} rows of {columns}"


def _values(column: np.ndarray) -> Any:
    """Python's own numbers, as PyTables gives them; arrays inside a row stay arrays."""
    return column.tolist() if column.ndim == 1 else column
