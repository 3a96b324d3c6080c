"""Writing a record stream: typed rows by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longtake.errors import InvalidArgument, WrongType
from longtake.streams.columns import ColumnSet, IndexRow, checksum_of
from longtake.streams.growth import Growth
from longtake.streams.lookup import KeyLookup
from longtake.streams.record_view import RecordStreamView
from longtake.streams.stream_writer import StreamWriter
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from longtake.hdf import LiveFile
    from longtake.streams.attribute_log import AttributeLog

_KINDS = "biufS"


class RecordStream(StreamWriter, RecordStreamView):
    """A record stream that is being written.

    Made by `StreamFile`.

    Guarantees
    ----------
    When `append` or `put` returns, every other process can read the value, and killing this
    one does not take it back. A value is there whole or not at all. Memory: 8 bytes a key.
    Threads: any of them may write; others read through a view of their own.
    """

    def __init__(
        self,
        name: str,
        sets: list[ColumnSet],
        application: dict[str, object],
        file: LiveFile,
        log: AttributeLog,
        add_set: Callable[[str, dict[str, np.dtype]], ColumnSet],
    ) -> None:
        super().__init__(name, sets, application)
        self._begin(file, log)
        self._add_set = add_set
        self._growth = [Growth(file, columns) for columns in sets]

    def append(self, key: int, columns: Mapping[str, np.ndarray]) -> None:
        """Store rows under a key greater than all before it."""
        with self._turn:
            last = self.last_key
            if last is not None and key <= last:
                raise InvalidArgument(
                    f"{self.name!r}: key {key} does not come after the last one, {last}; nothing "
                    "was stored"
                )
            self._put(key, columns)

    def put(self, key: int, columns: Mapping[str, np.ndarray]) -> None:
        """Store rows under any key; rows stored under it before are replaced.

        Parameters
        ----------
        key : int
        columns : mapping of str to (n,) array
            Every column of the first set; columns that are new are added to the stream.

        Raises
        ------
        InvalidArgument
            If columns are missing, differ in length, or hold values that their column cannot;
            if the key is not within 64 bits.
        WriteFailed
            If the disk is full or broken; the value is then not stored. If it could not be
            synced, it is, but may not survive a power cut.
        """
        with self._turn:
            self._put(key, columns)

    def _put(self, key: int, columns: Mapping[str, np.ndarray]) -> None:
        self._require_going()
        key = whole_number(key, f"{self.name!r}: a key")
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            raise InvalidArgument(f"{self.name!r}: columns of lengths {sorted(lengths)} at {key}")
        parts = self._split(key, columns)
        known = self.dtypes
        unknown = {n: _storable(n, values) for n, values in columns.items() if n not in known}
        if unknown:
            self._add_columns({name: values.dtype for name, values in unknown.items()})
            parts.append(list(unknown.values()))
        self._write(key, parts)

    def _split(self, key: int, columns: Mapping[str, np.ndarray]) -> list[list[np.ndarray] | None]:
        """Give each set's arrays in its own types; None for a later set that is not given."""
        parts: list[list[np.ndarray] | None] = []
        for position, known in enumerate(self._sets):
            missing = [name for name in known.columns if name not in columns]
            if position > 0 and len(missing) == len(known.columns):
                parts.append(None)
                continue
            if missing:
                raise InvalidArgument(
                    f"{self.name!r}: the value at {key} lacks {', '.join(map(repr, missing))}, "
                    f"which the stream keeps together with {', '.join(map(repr, known.columns))}: "
                    "give all of them, or put it into a stream of another name"
                )
            parts.append(
                [_cast(n, columns[n], dataset.dtype) for n, dataset in known.columns.items()]
            )
        return parts

    def _add_columns(self, dtypes: dict[str, np.dtype]) -> None:
        added = self._add_set(self.name, dtypes)
        self._sets.append(added)
        self._lookups.append(KeyLookup())
        self._growth.append(Growth(self._file, added))

    def _write(self, key: int, parts: list[list[np.ndarray] | None]) -> None:
        first, first_arrays = self._sets[0], parts[0] or []
        checksum = checksum_of(first_arrays)
        known = self._lookups[0].get(key)
        old = None if known is None else first.row(known)
        same = old is not None and old.checksum == checksum and _same_length(old, first_arrays)
        if same and known is not None and self._covers(known, parts):
            self._make_room([None, *parts[1:]])
            self._write_later(known, parts)
        else:
            self._make_room([[] if same else first_arrays, *parts[1:]])
            self._write_all(key, parts, checksum, old if same else None)
        self._file.appended()

    def _make_room(self, parts: list[list[np.ndarray] | None]) -> None:
        """Grow what is too small for these; so a full disk is met before anything is written."""
        for growth, columns, arrays in zip(self._growth, self._sets, parts, strict=True):
            if arrays is not None:
                growth.make_room(len(columns) + 1, columns.end + _length(arrays))

    def _covers(self, number: int, parts: list[list[np.ndarray] | None]) -> bool:
        """Whether one row of one later set changes the value `number` to what `parts` say."""
        if sum(part is not None for part in parts[1:]) > 1:
            return False  # a crash could come between the sets
        return all(
            part is not None or lookup.get(number) is None
            for part, lookup in zip(parts[1:], self._lookups[1:], strict=True)
        )

    def _write_later(self, number: int, parts: list[list[np.ndarray] | None]) -> None:
        for position, arrays in enumerate(parts[1:], 1):
            if arrays is not None:
                self._append_to(position, number, arrays, checksum_of(arrays))

    def _write_all(
        self,
        key: int,
        parts: list[list[np.ndarray] | None],
        checksum: int,
        old: IndexRow | None,
    ) -> None:
        """Write the later columns, then the row of the first index that makes all of it exist."""
        number = len(self._sets[0])
        marks = [(len(columns), columns.end) for columns in self._sets]
        try:
            self._write_later(number, parts)
            if old is None:
                self._append_to(0, key, parts[0] or [], checksum)
            else:
                self._sets[0].write_reference(IndexRow(key, old.start, old.end, checksum))
                self._lookups[0].add(key, number)
        except BaseException:
            for columns, mark in zip(self._sets, marks, strict=True):
                columns.retract(*mark)
            raise

    def _append_to(self, position: int, key: int, arrays: list[np.ndarray], checksum: int) -> None:
        columns = self._sets[position]
        columns.write(key, arrays, checksum)
        self._lookups[position].add(key, len(columns) - 1)

    def recover(self, synced_rows: Mapping[int, int]) -> None:
        """After a crash: cut what is not whole, and later columns of values that never came."""
        for columns in self._sets:
            columns.cut_damaged(synced_rows.get(columns.index.first_offset, 0))
            columns.clear_tails()
        for columns in self._sets[1:]:
            columns.cut_orphans(len(self._sets[0]))
        self._rebuild_lookups()

    def _rebuild_lookups(self) -> None:
        for position, columns in enumerate(self._sets):
            keys = columns.rows(0, len(columns))
            self._lookups[position] = KeyLookup()
            if len(keys):
                self._lookups[position].add_many(keys[keys.dtype.names[0]], 0)  # pyright: ignore[reportOptionalSubscript]


def _same_length(row: IndexRow, arrays: list[np.ndarray]) -> bool:
    return row.end - row.start == _length(arrays)


def _length(arrays: list[np.ndarray]) -> int:
    return len(arrays[0]) if arrays else 0


def _storable(name: str, values: np.ndarray) -> np.ndarray:
    """Give a column's values, contiguous and little-endian, or say why they cannot be stored."""
    if values.dtype.kind not in _KINDS or values.ndim != 1:
        raise WrongType(
            f"column {name!r} holds {values.dtype} of shape {values.shape}: a column is a row of "
            "numbers or booleans; convert it, or leave it out"
        )
    return np.ascontiguousarray(values, values.dtype.newbyteorder("<"))


def _cast(name: str, values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Give `values` in the column's type, if that changes none of them."""
    if values.dtype == dtype:
        return np.ascontiguousarray(values)
    if len(values) == 0:
        return np.empty(0, dtype)
    values = _storable(name, values)
    with np.errstate(invalid="ignore", over="ignore"):
        cast = values.astype(dtype)
        back = cast.astype(values.dtype)
    equal = (back == values) | ((back != back) & (values != values))
    if not equal.all():
        worst = values[int(np.argmin(equal))]
        raise InvalidArgument(
            f"column {name!r} is stored as {dtype}, which cannot hold {worst!r} ({values.dtype}); "
            "nothing was stored"
        )
    return cast
