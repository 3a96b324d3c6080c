"""Asking a table for the rows for which a condition is true."""

from __future__ import annotations

import sys
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import WrongType
from longtake.tree.selection import chosen_rows
from longtake.tree.tables.condition import Condition
from longtake.tree.tables.row import rows_of_block

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from longtake.tree.tables.row import Row

_HERE = __name__


class Querying:
    """What tables know of conditions.

    A condition is text: see `longtake.tree.tables.condition.Condition`. Names in it are columns;
    then `condvars`, or, where these are not given, the variables of who asks.
    """

    _path: str

    @property
    @abstractmethod
    def dtype(self) -> np.dtype:
        """The numpy type of a row."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def _blocks_of(self, chosen: range) -> Iterator[tuple[range, np.ndarray]]: ...

    @abstractmethod
    def _column_of(self, rows: np.ndarray, name: str) -> np.ndarray: ...

    def where(
        self,
        condition: str,
        condvars: Mapping[str, Any] | None = None,
        start: int | None = None,
        stop: int | None = None,
        step: int | None = None,
    ) -> Iterator[Row]:
        """Go through the rows for which a condition is true, in order, in bounded memory.

        Parameters
        ----------
        condition : str
            Such as ``"(TDCcount > 3) & (20 <= pressure) & (pressure < 50)"``.
        condvars : mapping of str to value, optional
            What else the condition names: numbers, text, lists of them.
        start, stop, step : int, optional
            Look at these rows only.

        Raises
        ------
        ColumnNotFound
            If it names what is not there.
        InvalidArgument, WrongType
            If it cannot be understood.
        """
        asked = self._asked(condition, condvars)
        table: Any = self
        return (
            row
            for numbers, rows in self._found(asked, start, stop, step)
            for row in rows_of_block(table, rows, numbers.tolist())
        )

    def read_where(
        self,
        condition: str,
        condvars: Mapping[str, Any] | None = None,
        field: str | None = None,
        start: int | None = None,
        stop: int | None = None,
        step: int | None = None,
    ) -> np.ndarray:
        """Read the rows for which a condition is true, or one column of them."""
        asked = self._asked(condition, condvars)
        parts = [rows for _, rows in self._found(asked, start, stop, step)]
        rows = np.concatenate(parts) if parts else np.empty(0, self.dtype)
        return rows if field is None else self._column_of(rows, field)

    def get_where_list(
        self,
        condition: str,
        condvars: Mapping[str, Any] | None = None,
        sort: bool = True,  # noqa: ARG002, FBT001, FBT002  (in its place among PyTables' arguments)
        start: int | None = None,
        stop: int | None = None,
        step: int | None = None,
    ) -> np.ndarray:
        """Give the numbers of the rows for which a condition is true: always in ascending order."""
        asked = self._asked(condition, condvars)
        parts = [numbers for numbers, _ in self._found(asked, start, stop, step)]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def append_where(
        self,
        dstTable: Any,  # noqa: N803  (PyTables' name for it)
        condition: str | None = None,
        condvars: Mapping[str, Any] | None = None,
        start: int | None = None,
        stop: int | None = None,
        step: int | None = None,
    ) -> int:
        """Append the rows for which a condition is true to another table; give how many."""
        asked = self._asked("True" if condition is None else condition, condvars)
        table: Any = dstTable
        if not isinstance(dstTable, Querying):
            raise WrongType(f"{self._path}: rows are appended to a table, not to {dstTable!r}")
        count = 0
        for _, rows in self._found(asked, start, stop, step):
            table.append(rows)
            count += len(rows)
        return count

    def _asked(self, condition: str, condvars: Mapping[str, Any] | None) -> Condition:
        if condvars is None:
            condvars = _variables_of_caller()
            condvars = {n: v for n, v in condvars.items() if n not in (self.dtype.names or ())}
        return Condition(condition, self.dtype, condvars)

    def _found(
        self, condition: Condition, start: int | None, stop: int | None, step: int | None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Give the numbers of the rows that are found, and the rows, block by block."""
        for numbers, rows in self._blocks_of(chosen_rows(start, stop, step, len(self), self._path)):
            hits = np.flatnonzero(condition.mask(rows))
            if len(hits):
                yield numbers.start + numbers.step * hits, rows[hits]


def _variables_of_caller() -> dict[str, Any]:
    """Give what who called from outside of this module could name."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__") == _HERE:
        frame = frame.f_back
    return {**frame.f_globals, **frame.f_locals}
