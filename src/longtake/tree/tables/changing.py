"""Replacing and removing rows of a table, and values of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import InvalidArgument
from longtake.tree.fitting import fitting, rows_of
from longtake.tree.selection import chosen_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOVED_BYTES = 8 * 1024 * 1024


class Changing:
    """What tables know of changing rows that are there.

    Raises
    ------
    WrongType, InvalidArgument, ColumnNotFound, OutOfRange
        If values do not fit, or are not as many as what they replace; nothing was changed.
    """

    dtype: Any
    colnames: Any
    _path: str
    _h5: Any
    _steps: Any
    _stored: Any
    _tree: Any
    _require_length: Any
    _mark_indexes: Any
    _store: Any
    _require_writable: Any
    _note_length: Any
    __len__: Any
    __getitem__: Any
    __setitem__: Any

    def modify_rows(
        self,
        start: int | None = None,
        stop: int | None = None,
        step: int | None = None,
        rows: Any = None,
    ) -> int:
        """Replace rows; give how many."""
        self._require_writable()
        given = rows_of(rows, self.dtype, self._path)
        self[self._replaced(start, stop, step, len(given))] = given
        return len(given)

    def modify_coordinates(self, coords: Any, rows: Any) -> int:
        """Replace the rows of these numbers, each by one of `rows`; give how many."""
        self._require_writable()
        given = rows_of(rows, self.dtype, self._path)
        numbers = np.asarray(coords).reshape(-1)
        if len(numbers) != len(given):
            raise InvalidArgument(f"{self._path}: {len(given)} rows in place of {len(numbers)}")
        self[numbers] = given
        return len(given)

    def modify_column(
        self,
        start: int | None = None,
        stop: int | None = None,
        step: int | None = None,
        column: Any = None,
        colname: str | None = None,
    ) -> int:
        """Replace the values of one column; give how many."""
        name = self.colnames[0] if colname is None else colname
        return self.modify_columns(start, stop, step, [column], [name])

    def modify_columns(
        self,
        start: int | None = None,
        stop: int | None = None,
        step: int | None = None,
        columns: Any = None,
        names: Sequence[str] | None = None,
    ) -> int:
        """Replace the values of some columns; give how many rows were changed.

        Parameters
        ----------
        start, stop, step : int, optional
            Of these rows; without a `stop`, of as many as there are values.
        columns : sequence of array_like, or structured array
        names : sequence of str, optional
            Of the columns, in the order in which their values are given; all, or those of the
            structured array, by itself.
        """
        self._require_writable()
        fields = getattr(getattr(columns, "dtype", None), "names", None)
        wanted = list(names or fields or self.colnames)
        values = [columns[name] for name in fields] if fields else list(columns)
        if len(values) != len(wanted):
            raise InvalidArgument(f"{self._path}: {len(values)} columns, for {', '.join(wanted)}")
        given = {n: self._column_values(n, v) for n, v in zip(wanted, values, strict=True)}
        counts = {len(v) for n, v in given.items() if v.ndim > len(self._kind_of(n).shape)}
        if len(counts) > 1:
            raise InvalidArgument(f"{self._path}: columns of different lengths: {sorted(counts)}")
        chosen = (
            self._replaced(start, stop, step, counts.pop()) if counts else slice(start, stop, step)
        )
        rows = self[chosen]
        for name, value in given.items():
            part = rows
            for field in self._steps(name):
                part = part[field]
            part[...] = value
        self[chosen] = rows
        return len(rows)

    def _kind_of(self, name: str) -> np.dtype:
        kind = self.dtype
        for step in self._steps(name):
            kind = kind[step]
        return kind

    def _column_values(self, name: str, values: Any) -> np.ndarray:
        kind, what = self._kind_of(name), f"{self._path}, {name!r}"
        given = fitting(values, kind.base, what)
        inner = given.shape[max(0, given.ndim - len(kind.shape)) :]
        if given.ndim not in {0, len(kind.shape), len(kind.shape) + 1} or (
            given.ndim and inner != kind.shape
        ):
            raise InvalidArgument(
                f"{what}: values of the shape {given.shape}, where a row has {kind.shape}"
            )
        return given

    def _replaced(self, start: Any, stop: Any, step: Any, count: int) -> slice:
        """Give the rows that so many are to replace."""
        if stop is None:
            first = chosen_rows(start, None, step, len(self), self._path).start
            stop = first + count * (step or 1)
        chosen = chosen_rows(start, stop, step, len(self), self._path)
        if len(chosen) != count:
            raise InvalidArgument(
                f"{self._path}: {count} rows in place of {len(chosen)}; there are {len(self)}"
            )
        return slice(chosen.start, chosen.stop, chosen.step)

    def remove_rows(
        self, start: int | None = None, stop: int | None = None, step: int | None = None
    ) -> int:
        """Remove rows `start` to `stop`, not including it (to the end, if None); give how many."""
        self._require_writable()
        count = len(self)
        chosen = chosen_rows(start, stop, step, count, self._path)
        if not len(chosen):
            return 0
        self._require_length(count)
        self._mark_indexes()
        with self._tree.lock:
            self._close_up(chosen, count)
        return len(chosen)

    def _close_up(self, gone: range, count: int) -> None:
        """Move the rows that stay to the front, block by block."""
        at, block_rows = gone.start, max(1, _MOVED_BYTES // self.dtype.itemsize)
        for first in range(gone.start if gone.step > 1 else gone.stop, count, block_rows):
            rows = self._stored((slice(first, min(first + block_rows, count)),))
            numbers = np.arange(first, first + len(rows))
            kept = rows[((numbers - gone.start) % gone.step != 0) | (numbers >= gone.stop)]
            if len(kept):
                self._store((slice(at, at + len(kept)),), kept)
            at += len(kept)
        self._h5.id.set_extent((at,))
        self._note_length()

    def remove_row(self, n: int) -> int:
        """Remove one row."""
        at = n % len(self) if isinstance(n, int | np.integer) and -len(self) <= n < 0 else n
        self[at]  # raises if there is no such row
        return self.remove_rows(at, at + 1)
