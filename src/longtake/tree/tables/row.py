"""The rows that a table is gone through by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import OutOfRange, WrongType
from longtake.tree.fitting import fitting
from longtake.tree.missing import ColumnNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from longtake.tree.tables.table import Table


class Row:
    """The values of a row, by the name or the number of a column: ``row['x']``, ``row[0]``.

    A column within another is called ``outer/inner``.
    Unlike PyTables', a row stays as it is when the next one is asked for. ``row[:]`` is a tuple.
    ``row['x'] = 1.5`` changes the row in memory, and ``row.update()`` then in the file.
    """

    __slots__ = ("_at", "_block", "nrow")

    def __init__(self, block: _Block, at: int, nrow: int) -> None:
        self._block = block
        self._at = at
        #: The number of the row in its table.
        self.nrow = nrow

    def __getitem__(self, key: Any) -> Any:
        try:  # by name, as nearly always; it is asked for each value of each row
            return self._block.by_name[key][self._at]
        except (KeyError, TypeError):
            return self._by_number(key)

    def _by_number(self, key: Any) -> Any:
        block = self._block
        if isinstance(key, str):
            return block.inner(key)[self._at]
        if isinstance(key, slice):
            return tuple([column[self._at] for column in block.columns[key]])
        try:
            return block.columns[key][self._at]
        except (IndexError, TypeError):
            raise block.no_column(key) from None

    def __setitem__(self, name: str, value: Any) -> None:
        self._block.change(self._at, name, value)

    def update(self) -> None:
        """Write the row as it is now over what the file has."""
        self._block.table._replace_row(self.nrow, self._block.rows[self._at : self._at + 1])

    def fetch_all_fields(self) -> np.void:
        """Give the row as a numpy record."""
        return self._block.rows[self._at].copy()

    def __len__(self) -> int:
        return len(self._block.columns)

    def __iter__(self) -> Iterator[Any]:
        return iter(self[:])

    def __repr__(self) -> str:
        names = self._block.rows.dtype.names or ()
        shown = ", ".join(f"{name}={self[name]!r}" for name in names)
        return f"<Row {self.nrow} of {self._block.table._v_pathname}: {shown}>"


class _Block:
    """The columns of some rows, which these share."""

    __slots__ = ("by_name", "columns", "rows", "table")

    def __init__(self, table: Table, rows: np.ndarray) -> None:
        self.table = table
        #: As they are stored, with what was changed.
        self.rows = rows
        names = rows.dtype.names or ()
        self.by_name: dict[str, Any] = {name: _values(rows[name]) for name in names}
        self.columns = list(self.by_name.values())

    def inner(self, path: str) -> Any:
        """Give a column within another, ``outer/inner``."""
        self.by_name[path] = found = _values(self._stored(path))
        return found

    def _stored(self, path: str) -> np.ndarray:
        found = self.rows
        for step in self.table._steps(path):
            found = found[step]
        return found

    def change(self, at: int, path: str, value: Any) -> None:
        column = self._stored(path)
        what = f"{self.table._v_pathname}, {path!r}"
        given = fitting(value, column.dtype, what)
        if given.shape not in {(), column.shape[1:]}:
            raise WrongType(f"{what}: {value!r} is not {column.shape[1:] or 'one value'}")
        column[at] = given
        # Of a column within another, and of the other, there may be lists besides.
        outer = path.partition("/")[0]
        for name, shown in self.by_name.items():
            if isinstance(shown, list) and (name == path or name.partition("/")[0] == outer):
                shown[at] = self._stored(name)[at].item()

    def missing(self, name: object) -> ColumnNotFound:
        known = ", ".join(self.rows.dtype.names or ())
        return ColumnNotFound(f"{self.table._v_pathname} has no column {name!r}; it has {known}")

    def no_column(self, key: object) -> Exception:
        path = self.table._v_pathname
        if isinstance(key, int | np.integer):
            return OutOfRange(f"{path} has no column {key}: there are {len(self.columns)}")
        return WrongType(f"{path}: a column is asked for by name or number, not by {key!r}")


def rows_of_block(table: Table, rows: np.ndarray, numbers: Iterable[int]) -> Iterator[Row]:
    """Give each of some rows of a table, whose numbers in it are these."""
    block = _Block(table, rows)
    for at, number in enumerate(numbers):
        yield Row(block, at, number)


def _values(column: np.ndarray) -> Any:
    """Python's own numbers, as PyTables gives them; arrays inside a row stay arrays."""
    return column.tolist() if column.ndim == 1 else column
