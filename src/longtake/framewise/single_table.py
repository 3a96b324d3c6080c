"""One long table of all frames: rows replaced, added and taken away in place.

Invariant: a frame's rows stand in the table in the frame's own order, though not always next to
each other. So the file needs nothing beside the table to be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import numpy as np

from longtake.errors import DamagedFile, InvalidArgument
from longtake.framewise.in_place import put_in_place, remove
from longtake.framewise.pandas_layout import (
    Layout,
    column_layout,
    create_table,
    open_table,
    read_rows,
    write_rows,
)
from longtake.framewise.row_map import Runs, add_run, count, joined, map_rows, split
from longtake.hdf.attributes import add_packed, write_attribute, write_packed
from longtake.hdf.foreign_filters import unwritable_filter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack

    from longtake.framewise.pandas_file import PandasFile
    from longtake.framewise.table_columns import Schema

#: PyTables' indexes of the columns: after a put they would not be true, and be believed.
_INDEXES = b"_i_table"
_CHUNK_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 24  # how much is in memory while the whole table is read or rewritten


class SingleTable:
    """The rows of every frame, in one dataset with a field a column."""

    def __init__(self, file: PandasFile, group: h5py.h5g.GroupID, t_column: str) -> None:
        self._file = file
        self.group = group
        self._t_column = t_column
        self.table, self.layout = open_table(group)
        self.rows = self.table.shape[0]
        self._check_layout()
        self.frames: dict[int, Runs] = map_rows(self._frame_numbers())

    @property
    def is_writable(self) -> bool:
        """Whether rows can be changed in place: not if LZO compressed them, which is only read."""
        return unwritable_filter(self.table.get_create_plist()) is None

    def get(self, frame_no: int) -> np.ndarray:
        """Read a frame's rows."""
        return self._read(self.frames[frame_no])

    def put(self, frame_no: int, columns: dict[str, np.ndarray], undo: ExitStack) -> None:
        """Write a frame's rows in place of those it has.

        Rows that are no longer needed are filled with rows from the end of the table, so that a
        put takes the time of the rows it puts. What takes each step back is added to `undo`.
        """
        remove(undo, self.group, _INDEXES)
        records = self.layout.records(columns)
        kept, spare = split(self.frames.get(frame_no, []), len(records))
        had = count(kept)
        added = range(self.rows, self.rows + len(records) - had)
        if added:
            self._resize(added.stop, undo)
            write_rows(self.table, self.layout, added, records[had:])
        self._write(kept, records[:had], undo)
        add_run(kept, added)
        self._give(frame_no, kept, undo)
        if spare:
            self._fill(spare, undo)

    def rewrite(self, schema: Schema, undo: ExitStack) -> None:
        """Write the whole table again, with other columns or dtypes; rows stay where they are."""
        before, layout = self.layout, column_layout(schema)
        chunk = _chunk_rows(layout)
        table = create_table(self._file, self.group, None, layout, self.rows, chunk)
        for rows in self._blocks():
            old = read_rows(self.table, before, rows)
            records = layout.records(widened(before.columns(old), schema, len(rows)))
            records["index"] = old["index"]
            write_rows(table, layout, rows, records)
        remove(undo, self.group, _INDEXES)
        put_in_place(undo, self.group, b"table", table)
        undo.callback(self._describe, before)
        self._describe(layout)
        undo.callback(self._use, self.table, before)
        self._use(table, layout)

    def size_with(self, schema: Schema) -> int:
        """Give the bytes that the rows take once they have other columns or dtypes."""
        return self.rows * column_layout(schema).record.itemsize

    def holds_exactly(self, schema: Schema) -> bool:
        """Whether every value of the table is the same in the dtypes given."""
        dtypes = dict(schema)
        changed = [(name, dtypes[name]) for name, old in self.layout.schema if dtypes[name] != old]
        if not changed:
            return True
        return all(
            exact(columns[name], dtype)
            for rows in self._blocks()
            for columns in [self.layout.columns(read_rows(self.table, self.layout, rows))]
            for name, dtype in changed
        )

    def _check_layout(self) -> None:
        if self.layout.in_blocks:
            raise InvalidArgument(
                "this node cannot be read frame by frame, because its columns were not put as "
                "data columns: open it with use_tabular_copy=True"
            )
        if self._t_column not in self.layout.order:
            raise InvalidArgument(
                f"the table in the file has no column {self._t_column!r} "
                f"(its columns: {', '.join(self.layout.order)}); say which with t_column="
            )

    def _blocks(self) -> Iterator[range]:
        step = max(1, _BLOCK_BYTES // self.layout.record.itemsize)
        for start in range(0, self.rows, step):
            yield range(start, min(start + step, self.rows))

    def _frame_numbers(self) -> Iterator[np.ndarray]:
        for rows in self._blocks():
            numbers = read_rows(self.table, self.layout, rows)[self._t_column]
            whole = numbers.astype("i8")
            if not (whole == numbers).all():
                raise DamagedFile(f"the column {self._t_column!r} holds other than whole numbers")
            yield whole

    def _read(self, runs: Runs) -> np.ndarray:
        parts = [read_rows(self.table, self.layout, run) for run in runs]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _write(self, runs: Runs, records: np.ndarray, undo: ExitStack) -> None:
        at = 0
        for run in runs:
            self._restore_later(run, undo)
            write_rows(self.table, self.layout, run, records[at : at + len(run)])
            at += len(run)

    def _restore_later(self, run: range, undo: ExitStack) -> None:
        records = read_rows(self.table, self.layout, run)
        undo.callback(write_rows, self.table, self.layout, run, records)

    def _fill(self, holes: Runs, undo: ExitStack) -> None:
        """Move rows from the end of the table into the holes, and cut the end off."""
        end = self.rows
        while holes:
            if holes[-1].stop == end:
                end = holes.pop().start
                continue
            last = read_rows(self.table, self.layout, range(end - 1, end))
            owner = int(last[self._t_column][0])
            runs = self.frames[owner]
            moved = min(len(runs[-1]), count(holes))
            taken, holes = split(holes, moved)
            stay, _ = split(runs, count(runs) - moved)
            places = joined(stay, taken)
            # All of the frame's rows are written anew, to keep their order.
            self._write(places, self._read(runs), undo)
            self._give(owner, places, undo)
            end -= moved
        self._resize(end, undo)

    def _give(self, frame_no: int, runs: Runs, undo: ExitStack) -> None:
        undo.callback(self._set_runs, frame_no, self.frames.get(frame_no, []))
        self._set_runs(frame_no, runs)

    def _set_runs(self, frame_no: int, runs: Runs) -> None:
        if runs:
            self.frames[frame_no] = runs
        else:
            self.frames.pop(frame_no, None)

    def _resize(self, rows: int, undo: ExitStack) -> None:
        self._restore_later(range(rows, self.rows), undo)
        undo.callback(self._set_rows, self.rows)
        self._set_rows(rows)

    def _set_rows(self, rows: int) -> None:
        self.table.set_extent((rows,))
        # PyTables believes this, also in the file of a program that was killed.
        if h5py.h5a.exists(self.table, b"NROWS"):
            h5py.h5a.open(self.table, b"NROWS").write(np.array(rows, "i8"))
        else:
            write_attribute(self.table, "NROWS", np.int64(rows))
        self.rows = rows

    def _describe(self, layout: Layout) -> None:
        for key, packed in layout.group_attributes:
            write_packed(self.group, key, packed)

    def _use(self, table: h5py.h5d.DatasetID, layout: Layout) -> None:
        self.table, self.layout = table, layout


def create_rows(
    file: PandasFile, group: h5py.h5g.GroupID, columns: Mapping[str, np.ndarray], schema: Schema
) -> None:
    """Make the table of a group that has none, and write rows into it."""
    layout = column_layout(schema)
    for key, packed in layout.group_attributes:
        add_packed(group, key, packed)
    records = layout.records(columns)
    chunk = _chunk_rows(layout)
    table = create_table(file, group, b"table", layout, len(records), chunk)
    write_rows(table, layout, range(len(records)), records)


def require_fields(columns: Mapping[str, np.ndarray]) -> None:
    """Raise `InvalidArgument` if a column's name cannot be that of a field of a single table."""
    for name in columns:
        if name == "index" or "/" in name:
            raise InvalidArgument(
                f"a column cannot be called {name!r} in a single table: rename it, "
                "or use PandasHDFStore"
            )


def exact(values: np.ndarray, dtype: np.dtype) -> bool:
    """Whether values are the same in another dtype."""
    # numpy calls a cast from int64 to float64 safe, though floats skip integers beyond 2**53.
    rounds = values.dtype.kind in "iu" and dtype.kind in "fc"
    if np.can_cast(values.dtype, dtype, "safe") and not rounds:
        return True
    with np.errstate(all="ignore"):
        same = values.astype(dtype).astype(values.dtype) == values
        return bool((same | (values != values)).all()) if dtype.kind in "fc" else bool(same.all())


def widened(columns: dict[str, np.ndarray], schema: Schema, rows: int) -> dict[str, np.ndarray]:
    """Give the columns of a schema; those that are not there say so: NaN, -1, 0 or False."""
    return {
        name: columns[name].astype(dtype)
        if name in columns
        else np.full(rows, _missing(dtype), dtype)
        for name, dtype in schema
    }


def _missing(dtype: np.dtype) -> object:
    # What another program sees for a frame that has no such column; no particle is called -1.
    return {"f": np.nan, "c": np.nan, "i": -1}.get(dtype.kind, 0)


def _chunk_rows(layout: Layout) -> int:
    return max(1, _CHUNK_BYTES // layout.record.itemsize)
