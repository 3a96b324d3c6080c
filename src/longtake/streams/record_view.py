"""Reading a record stream: typed rows by key, whoever is writing them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from longtake.streams.entry_ranges import Entries, Keys
from longtake.streams.lookup import KeyLookup
from longtake.streams.stream_view import StreamView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.streams.columns import ColumnSet, IndexRow

#: A value: the name of each column, and its rows.
Columns = dict[str, np.ndarray]

_BLOCK_ROWS = 131_072
_LOOKS = 4


class RecordStreamView(StreamView[Columns]):
    """Any number of typed rows for each key.

    Columns that were there from the start form the stream's first set. Columns that came later
    form sets of their own, whose keys are row numbers of the first set's index; a value has
    those columns that were put with it.

    Parameters
    ----------
    name : str
    sets : list of ColumnSet
        The first set, then the later ones in the order they came.
    application : dict
        What the stream was created with.
    """

    def __init__(self, name: str, sets: list[ColumnSet], application: dict[str, object]) -> None:
        super().__init__(name, application)
        self._sets: list[ColumnSet] = []
        self._lookups: list[KeyLookup] = []
        self._unsettled: list[int | None] = []
        self.adopt(sets)
        self._take_in()

    def adopt(self, sets: list[ColumnSet]) -> None:
        """Read from these sets from now on, which hold all that the old ones did."""
        for known, columns in zip(self._sets, sets, strict=False):
            columns.count_as(known)
        added = len(sets) - len(self._sets)
        self._sets = sets
        self._lookups += [KeyLookup() for _ in range(added)]
        self._unsettled += [None for _ in range(added)]

    def _take_in(self) -> bool:
        """Take in what was written; nothing, and say so, if it may be elsewhere by now."""
        known = [(len(columns), columns.end) for columns in self._sets]
        # Later columns first: a value is complete when the row in the first index is there.
        later = [columns.advance() for columns in self._sets[1:]]
        self._sets[0].take_in()
        if self.has_moved():
            for columns, (rows, end) in zip(self._sets, known, strict=True):
                columns.count(rows, end)
            return False
        for position, keys in enumerate(later, 1):
            first_new, _ = known[position]
            self._take_in_again(position, first_new)
            if len(keys):
                self._lookups[position].add_many(keys, first_new)
            self._note_unsettled(position, first_new, keys)
        return True

    def _take_in_again(self, position: int, first_new: int) -> None:
        """Take in once more the later columns that came before their value.

        Should its writer be stopped then, the value never comes, and another's take their place.
        """
        first = self._unsettled[position]
        if first is not None:
            rows = self._sets[position].rows(first, first_new)
            for row, (number, *_, checksum) in enumerate(rows.tolist(), first):
                if checksum:
                    self._lookups[position].add(number, row)

    def _note_unsettled(self, position: int, first_new: int, new: np.ndarray) -> None:
        """Remember the first row of later columns whose value has not come yet."""
        first, values = self._unsettled[position], len(self._sets[0])
        if first is not None:
            rows = self._sets[position].rows(first, first_new)
            waiting = (rows[key_of(rows)] >= values) | (rows["checksum"] == 0)
            self._unsettled[position] = first + int(waiting.argmax()) if waiting.any() else None
        late = new >= values
        if self._unsettled[position] is None and late.any():
            self._unsettled[position] = first_new + int(late.argmax())

    def refresh(self) -> None:
        """Take in what was written since the last look.

        Raises
        ------
        DamagedFile
            If a row points outside of the data.
        """
        if self.look_again is None:
            return
        with self.looking:
            self.look_again()
            self._take_in_all()

    def _take_in_all(self) -> None:
        """Take in what was written, also columns that were not there at the last look."""
        self.grow()
        for _ in range(_LOOKS):
            if self._take_in() and not any(columns.is_full for columns in self._sets):
                return
            # The row may have come, with the room for it, after the structure was looked at.
            if not self.grow():
                self.require_unblocked()
                return

    def look(self) -> int:
        """Take in what was written, at little cost if nothing was; give how many rows there are."""
        if self._sets[0].may_have_more():
            with self.looking:
                self._take_in_all()
        return len(self._sets[0])

    def first_row_from(self, key: int) -> int:
        """Give the first row that may have this key or a greater one."""
        first = self._sets[0]
        for at in range(0, len(first), _BLOCK_ROWS):
            rows = first.rows(at, min(len(first), at + _BLOCK_ROWS))
            late = np.flatnonzero(rows[key_of(rows)] >= key)
            if len(late):
                return at + int(late[0])
        return len(first)

    def key_of_row(self, row: int) -> int:
        """Give the key of a row that is known."""
        return self._sets[0].row(row).key

    def rows_from(self, first: int, last: int) -> Iterator[tuple[int, Columns]]:
        """Read the keys and values of rows [first, last), which are known, in bounded memory."""
        for number in range(first, last):
            row = self._sets[0].row(number)
            yield row.key, self._value_of(number, row)

    def require_unblocked(self) -> None:
        """Raise `DamagedFile` if a row points outside of the data."""
        for columns in self._sets:
            columns.require_unblocked()

    @property
    def dtypes(self) -> dict[str, np.dtype]:
        """The dtype of each column, in order."""
        return {
            name: dataset.dtype
            for columns in self._sets
            for name, dataset in columns.columns.items()
        }

    @property
    def first_columns(self) -> dict[str, np.dtype]:
        """The dtype of each column that every value has."""
        return {name: dataset.dtype for name, dataset in self._sets[0].columns.items()}

    @property
    def sets(self) -> list[ColumnSet]:
        """The first index with its columns, then the later ones, as far as they were taken in."""
        return self._sets

    @property
    def datasets(self) -> list:
        """All datasets of the stream."""
        return [dataset for columns in self._sets for dataset in columns.datasets]

    @property
    def group(self) -> str:
        """The path of the stream's group in the file."""
        return self._sets[0].group

    @property
    def _known(self) -> KeyLookup:
        lookup, first = self._lookups[0], self._sets[0]
        with self.looking:
            while lookup.rows_seen < len(first):  # who only follows the stream needs none of them
                seen = lookup.rows_seen
                rows = first.rows(seen, min(len(first), seen + _BLOCK_ROWS))
                lookup.add_many(rows[key_of(rows)], seen)
        return lookup

    def _count(self) -> str:
        return f"{len(self)} keys, {self.rows} rows"

    def _form(self) -> str:
        return ", ".join(f"{name}: {dtype}" for name, dtype in self.dtypes.items())

    @property
    def rows(self) -> int:
        """How many data rows there are, replaced ones included."""
        return self._sets[0].end

    def _value(self, key: int) -> Columns:
        self.refresh()  # for what was put before may have been replaced
        number = self._known.get(key)
        row = None if number is None else self._sets[0].row(number)
        if number is None or row is None or row.key != key:
            raise self._missing(key)
        return self._value_of(number, row)

    def values_for_range(
        self, start: float | None = None, end: float | None = None
    ) -> Entries[Columns]:
        """Give the values of the keys from `start` up to, not including, `end`."""
        _, numbers = self._entries(start, end)
        return Entries(0, len(numbers), lambda first, last: self._values(numbers[first:last]))

    def items_for_range(
        self, start: float | None = None, end: float | None = None
    ) -> Entries[tuple[int, Columns]]:
        """Give the (key, value) pairs from key `start` up to, not including, `end`."""
        keys, numbers = self._entries(start, end)

        def read(first: int, last: int) -> Iterator[tuple[int, Columns]]:
            return zip(keys[first:last], self._values(numbers[first:last]), strict=True)

        return Entries(0, len(numbers), read)

    def _entries(self, start: float | None, end: float | None) -> tuple[Keys, np.ndarray]:
        """Give the keys of a range and their rows, which later puts do not change."""
        first, last = self._positions(start, end)
        return Keys(self._known.between(first, last)), self._known.rows_between(first, last)

    def _read(self, first: int, last: int) -> Iterator[Columns]:
        return self._values(self._known.rows_between(first, last))

    def _values(self, numbers: np.ndarray) -> Iterator[Columns]:
        for number in numbers.tolist():
            yield self._value_of(number, self._sets[0].row(number))

    def _value_of(self, number: int, row: IndexRow) -> Columns:
        first = self._sets[0]
        value = dict(zip(first.columns, first.read(row), strict=True))
        for columns, lookup in zip(self._sets[1:], self._lookups[1:], strict=True):
            later = lookup.get(number)
            if later is not None and _is_of(row := columns.row(later), number):
                value.update(zip(columns.columns, columns.read(row), strict=True))
        return value

    def blocks(self, column: str) -> Iterator[np.ndarray]:
        """Give all that was ever stored in a column, replaced values included, in blocks."""
        for columns in self._sets:
            dataset = columns.columns.get(column)
            if dataset is not None:
                for first in range(0, dataset.rows, _BLOCK_ROWS):
                    yield dataset.read(first, min(_BLOCK_ROWS, dataset.rows - first))

    def read_together(self, count: int | None = None) -> Columns:
        """Give the rows of all keys, or of the first `count`, as one set of columns.

        Columns that some of the values lack come back as float64 with NaN there.
        """
        self.refresh()
        numbers = self._known.rows()[:count]
        first = self._sets[0]
        picked = first.rows(0, len(first))[numbers]
        value = dict(zip(first.columns, _gather(first, picked), strict=True))
        lengths = (picked["end_index"] - picked["start_index"]).astype(np.int64)
        for columns, lookup in zip(self._sets[1:], self._lookups[1:], strict=True):
            value.update(_gather_later(columns, lookup, numbers, lengths))
        return value


def key_of(rows: np.ndarray) -> str:
    """Give what the key of index rows is called."""
    return rows.dtype.names[0]  # pyright: ignore[reportOptionalSubscript]


def _is_of(row: IndexRow, number: int) -> bool:
    """Whether later columns are of that value: its writer may have taken a row back."""
    return row.key == number and row.checksum != 0


def _gather(columns: ColumnSet, picked: np.ndarray) -> list[np.ndarray]:
    """Read the data of index rows end to end, each run of neighbours in one go."""
    lengths = (picked["end_index"] - picked["start_index"]).astype(np.int64)
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    breaks = (np.flatnonzero(picked["start_index"][1:] != picked["end_index"][:-1]) + 1).tolist()
    edges = [0, *breaks, len(picked)] if len(picked) else []
    arrays = _empty_columns([dataset.dtype for dataset in columns.columns.values()], total)
    for dataset, whole in zip(columns.columns.values(), arrays, strict=True):
        for first, last in pairwise(edges):
            low = int(ends[first] - lengths[first])
            dataset.read_into(int(picked["start_index"][first]), whole[low : int(ends[last - 1])])
    columns.require_checksums(picked, arrays)
    return arrays


def _empty_columns(dtypes: list[np.dtype], rows: int) -> list[np.ndarray]:
    """Make room for columns; those of one type are rows of one block, which is faster to fill."""
    blocks = {dtype: iter(np.empty((dtypes.count(dtype), rows), dtype)) for dtype in set(dtypes)}
    return [next(blocks[dtype]) for dtype in dtypes]


def _gather_later(
    columns: ColumnSet, lookup: KeyLookup, numbers: np.ndarray, lengths: np.ndarray
) -> Columns:
    """Read later columns for rows `numbers` of the first index; NaN where they are missing."""
    where = [lookup.get(number) for number in numbers.tolist()]
    there = np.array([row is not None for row in where], bool)
    rows = np.array([row for row in where if row is not None], np.int64)
    picked = columns.rows(0, len(columns))[rows]
    own = (picked[key_of(picked)] == numbers[there]) & (picked["checksum"] != 0)  # as `_is_of`
    picked, there[there] = picked[own], own
    if not there.any():
        return {}
    arrays = _gather(columns, picked)
    if there.all():
        return dict(zip(columns.columns, arrays, strict=True))
    filled = {}
    mask = np.repeat(there, lengths)
    for name, values in zip(columns.columns, arrays, strict=True):
        filled[name] = np.full(len(mask), np.nan)
        filled[name][mask] = values
    return filled
