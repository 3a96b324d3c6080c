"""Tables: rows of named columns, to read, append to and change."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.errors import OutOfRange
from longtake.tree.fitting import rows_of
from longtake.tree.foreign_index import mark_dirty
from longtake.tree.leaf import Leaf
from longtake.tree.missing import ColumnNotFound
from longtake.tree.selection import chosen_rows
from longtake.tree.tables.changing import Changing
from longtake.tree.tables.column_access import Columns
from longtake.tree.tables.description import columns_of, simple_columns
from longtake.tree.tables.new_row import NestedNewRow, NewRow
from longtake.tree.tables.querying import Querying
from longtake.tree.tables.row import Row, rows_of_block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_AT_A_TIME = 8192


class Table(Leaf, Changing, Querying):
    """Rows of named columns: ``for row in table: row['timestamp']``.

    ``table[3]`` is a record, ``table[3:9]`` a structured numpy array of what is in use at that
    moment, ``table.col('timestamp')`` one column. Iterating gives a `Row` for each row that was
    there when it began, in order, in bounded memory. Rows that were appended by ``table.row`` are
    there when they were flushed.

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
    >>> [(row["timestamp"], row[1]) for row in table.where("x > 1")]
    [(9, 1.5)]
    >>> table.colnames, table.col("x")[-1:]
    (['timestamp', 'x'], array([1.5]))
    """

    _has_marked_indexes = False

    @property
    def colnames(self) -> list[str]:
        """The names of the columns, in order."""
        return list(self.dtype.names or ())

    @property
    def colpathnames(self) -> list[str]:
        """The names of all columns that hold values, of those within others ``outer/inner``."""
        return ["/".join(path) for path in simple_columns(self.dtype)]

    @property
    def cols(self) -> Columns:
        """The columns by name: ``table.cols.x[:]``."""
        return Columns(self)

    @property
    def description(self) -> dict[str, Any]:
        """The columns by name, as `File.create_table` takes them to make a table like this one."""
        return columns_of(self.dtype, self._defaults())

    @property
    def coldtypes(self) -> dict[str, np.dtype]:
        """The numpy type of each column."""
        return {name: self.dtype[name] for name in self.colnames}

    def __iter__(self) -> Iterator[Row]:
        return self.iterrows()

    def iterrows(
        self, start: int | None = None, stop: int | None = None, step: int | None = None
    ) -> Iterator[Row]:
        """Go through rows, in bounded memory."""
        chosen = chosen_rows(start, stop, step, len(self), self._path)
        return (
            row
            for numbers, rows in self._blocks_of(chosen)
            for row in rows_of_block(self, rows, numbers)
        )

    def _blocks_of(self, chosen: range) -> Iterator[tuple[range, np.ndarray]]:
        """Give the rows of these numbers in blocks, each after its numbers."""
        for first, block in self._blocks(chosen.start, max(chosen.start, chosen.stop)):
            offset = (chosen.start - first) % chosen.step
            yield (
                range(first + offset, first + len(block), chosen.step),
                block[offset :: chosen.step],
            )

    def itersequence(self, sequence: Iterable[int]) -> Iterator[Row]:
        """Go through the rows of these numbers, in their order."""
        numbers = iter(sequence)
        while some := list(islice(numbers, _AT_A_TIME)):
            yield from rows_of_block(self, self[some], [at % len(self) for at in some])

    def read(
        self,
        start: int | None = None,
        stop: int | None = None,
        step: int | None = None,
        field: str | None = None,
    ) -> np.ndarray:
        """Read rows into memory, or one column of them."""
        rows = self[start:stop:step]
        return rows if field is None else self._column_of(rows, field)

    def read_coordinates(self, coords: Any, field: str | None = None) -> np.ndarray:
        """Read the rows of these numbers, in their order, or one column of them."""
        rows = self[np.asarray(coords).reshape(-1)]
        return rows if field is None else self._column_of(rows, field)

    def col(self, name: str) -> np.ndarray:
        """Read one column; one inside another is called ``outer/inner``.

        Raises
        ------
        ColumnNotFound
            A KeyError, if there is none of that name.
        """
        parts = [self._column_of(block, name) for _, block in self._blocks()]
        return np.concatenate(parts or [self._column_of(np.empty(0, self.dtype), name)])

    def _column_of(self, rows: np.ndarray, name: str) -> np.ndarray:
        for step in self._steps(name):
            rows = rows[step]
        return np.ascontiguousarray(rows)

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

    @property
    def row(self) -> NewRow:
        """The row that comes next: fill it in by name, then ``append()`` it."""
        self._require_writable()
        made = self._tree.waiting.get(self._path)
        if not isinstance(made, NewRow):
            is_nested = any(self.dtype[name].names for name in self.colnames)
            kind = NestedNewRow if is_nested else NewRow
            made = kind(self.dtype, self._defaults(), self._path, self._append)
            self._tree.waiting[self._path] = made
        return made

    def _defaults(self) -> dict[str, Any]:
        row, attributes = np.zeros((), self.dtype), self._v_attrs
        for number, path in enumerate(simple_columns(self.dtype)):
            key = f"FIELD_{number}_FILL"
            if key in attributes:
                part = row
                for name in path[:-1]:
                    part = part[name]
                with suppress(TypeError, ValueError):  # of another program's numbering
                    part[path[-1]] = attributes[key]
        return {
            name: value.item() if isinstance(value, np.generic) and not value.dtype.names else value
            for name in self.colnames
            for value in [row[name][()]]
        }

    def append(self, rows: Any) -> None:
        """Append rows: a structured array, a DataFrame, columns by name, or a list
        of tuples, mappings or dataclass objects.

        Raises
        ------
        WrongType, InvalidArgument, ColumnNotFound
            If they do not fit; nothing was appended.
        """
        self._require_writable()
        given = rows_of(rows, self.dtype, self._path)
        if self._path in self._tree.waiting:
            self._tree.waiting[self._path].flush()
        self._append(given)

    def _replace_row(self, number: int, row: np.ndarray) -> None:
        """Store one row of the table's own type."""
        self._require_writable()
        if number >= self._h5.id.shape[0]:
            raise OutOfRange(f"{self._path} has no row {number} any longer: there are {len(self)}")
        self._store((slice(number, number + 1),), row)

    def _write(self, key: tuple[Any, ...], values: np.ndarray) -> None:
        self._mark_indexes()
        super()._write(key, values)

    def _mark_indexes(self) -> None:
        """Let PyTables know, before the first change, that its indexes are out of date."""
        if not self._has_marked_indexes:
            mark_dirty(self._tree.h5, str(self._h5.name))
            self._has_marked_indexes = True

    def _append(self, values: np.ndarray, axis: int = 0) -> None:
        super()._append(values, axis)
        self._note_length()

    def _note_length(self) -> None:
        """Keep the length where PyTables does too."""
        if "NROWS" in self._h5.attrs:
            self._h5.attrs.modify("NROWS", np.int64(self._h5.shape[0]))

    def _details(self) -> str:
        dtype = self.dtype
        columns = ", ".join(f"{name} {dtype[name]}" for name in self.colnames)
        return f"{len(self)} rows of {columns}"
