"""One long table of all frames: rows replaced, added and taken away in place.

Invariant: a frame's rows stand in the table in the frame's own order, though not always next to
each other. So the file needs nothing beside the table to be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import numpy as np

from longtake.errors import DamagedFile, InvalidArgument
from longtake.framewise.pandas_layout import (
    Layout,
    column_layout,
    create_table,
    read_layout,
    read_rows,
    write_rows,
)
from longtake.framewise.row_map import Runs, add_run, count, joined, map_rows, split
from longtake.hdf.attributes import write_attribute, write_packed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake.framewise.pandas_file import PandasFile
    from longtake.framewise.table_columns import Schema

_CHUNK_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 24  # how much is in memory while the whole table is read or rewritten


class SingleTable:
    """The rows of every frame, in one dataset with a field a column."""

    def __init__(self, file: PandasFile, group: h5py.h5g.GroupID, t_column: str) -> None:
        self._file = file
        self._group = group
        self._t_column = t_column
        self.table = h5py.h5d.open(group, b"table")
        self.layout: Layout = read_layout(group, self.table)
        self.rows = self.table.shape[0]
        self._check_layout()
        self.frames: dict[int, Runs] = map_rows(self._frame_numbers())
        self._indexed = group.links.exists(b"_i_table")

    @classmethod
    def create(
        cls, file: PandasFile, group: h5py.h5g.GroupID, t_column: str, schema: Schema
    ) -> SingleTable:
        """Make the table in a group that has none."""
        layout = column_layout(schema)
        for key, packed in layout.group_attributes:
            write_packed(group, key, packed)
        create_table(file, group, b"table", layout, 0, _chunk_rows(layout))
        return cls(file, group, t_column)

    def get(self, frame_no: int) -> np.ndarray:
        """Read a frame's rows."""
        return self._read(self.frames[frame_no])

    def put(self, frame_no: int, columns: dict[str, np.ndarray]) -> None:
        """Write a frame's rows in place of those it has.

        Rows that are no longer needed are filled with rows from the end of the table, so that a
        put takes the time of the rows it puts.
        """
        self._drop_indexes()
        records = self.layout.records(columns)
        kept, spare = split(self.frames.pop(frame_no, []), len(records))
        had = count(kept)
        self._write(kept, records[:had])
        if len(records) > had:
            end = self.rows + len(records) - had
            added = range(self.rows, end)
            self._resize(end)
            write_rows(self.table, self.layout, added, records[had:])
            add_run(kept, added)
        if kept:
            self.frames[frame_no] = kept
        if spare:
            self._fill(spare)

    def rewrite(self, schema: Schema) -> None:
        """Write the whole table again, with other columns or dtypes; rows stay where they are."""
        before, layout = self.layout, column_layout(schema)
        _drop(self._group, b"table (new)")
        chunk = _chunk_rows(layout)
        table = create_table(self._file, self._group, b"table (new)", layout, self.rows, chunk)
        for rows in self._blocks():
            columns = before.columns(read_rows(self.table, before, rows))
            records = layout.records(widened(columns, schema, len(rows)))
            records["index"] = read_rows(self.table, before, rows)["index"]
            write_rows(table, layout, rows, records)
        self._drop_indexes()
        self._group.unlink(b"table")
        self._group.links.move(b"table (new)", self._group, b"table")
        for key, packed in layout.group_attributes:
            write_packed(self._group, key, packed)
        self.table, self.layout = table, layout

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

    def finish(self) -> None:
        """Bring the attribute that says the number of rows up to date."""
        write_attribute(self.table, "NROWS", np.int64(self.rows))

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

    def _write(self, runs: Runs, records: np.ndarray) -> None:
        at = 0
        for run in runs:
            write_rows(self.table, self.layout, run, records[at : at + len(run)])
            at += len(run)

    def _fill(self, holes: Runs) -> None:
        """Move rows from the end of the table into the holes, and cut the end off."""
        while holes:
            if holes[-1].stop == self.rows:
                self.rows = holes.pop().start
                continue
            last = read_rows(self.table, self.layout, range(self.rows - 1, self.rows))
            owner = int(last[self._t_column][0])
            runs = self.frames[owner]
            moved = min(len(runs[-1]), count(holes))
            taken, holes = split(holes, moved)
            stay, _ = split(runs, count(runs) - moved)
            places = joined(stay, taken)
            # All of the frame's rows are written anew, to keep their order.
            self._write(places, self._read(runs))
            self.frames[owner] = places
            self.rows -= moved
        self._resize(self.rows)

    def _resize(self, rows: int) -> None:
        self.table.set_extent((rows,))
        self.rows = rows

    def _drop_indexes(self) -> None:
        # PyTables' indexes of the columns would no longer be true, and would be believed.
        if self._indexed:
            _drop(self._group, b"_i_table")
            self._indexed = False


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


def _drop(group: h5py.h5g.GroupID, name: bytes) -> None:
    if group.links.exists(name):
        group.unlink(name)
