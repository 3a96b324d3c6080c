"""Asking a table for the rows for which a condition is true."""

from __future__ import annotations

import sys
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument
from longtake.tree.condition import Condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from longtake.tree.row import Row

_HERE = __name__


class Querying:
    """What tables know of conditions.

    A condition is text: see `longtake.tree.condition.Condition`. Names in it are columns; then
    `condvars`, or, where these are not given, the variables of who asks.
    """

    _path: str

    @property
    @abstractmethod
    def dtype(self) -> np.dtype:
        """The numpy type of a row."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def _blocks(self, first: int, last: int) -> Iterator[tuple[int, np.ndarray]]: ...

    @abstractmethod
    def _rows_numbered(self, block: np.ndarray, numbers: Iterable[int]) -> Iterator[Row]: ...

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
        return (
            row
            for numbers, rows in self._found(asked, start, stop, step)
            for row in self._rows_numbered(rows, numbers.tolist())
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
        start: int | None = None,
        stop: int | None = None,
        step: int | None = None,
    ) -> np.ndarray:
        """Give the numbers of the rows for which a condition is true, in ascending order."""
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
        count = 0
        for _, rows in self._found(asked, start, stop, step):
            dstTable.append(rows)
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
        chosen = range(*slice(start, stop, step).indices(len(self)))
        if chosen.step < 0:
            raise InvalidArgument(f"{self._path} is gone through forwards, not by a step of {step}")
        for first, block in self._blocks(chosen.start, max(chosen.start, chosen.stop)):
            offset = (chosen.start - first) % chosen.step
            some = block[offset :: chosen.step]
            hits = np.flatnonzero(condition.mask(some))
            if len(hits):
                yield first + offset + chosen.step * hits, some[hits]


def _variables_of_caller() -> dict[str, Any]:
    """Give what who called from outside of this module could name."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__") == _HERE:
        frame = frame.f_back
    return {**frame.f_globals, **frame.f_locals}
