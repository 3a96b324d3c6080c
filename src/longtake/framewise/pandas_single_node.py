"""PandasHDFStoreSingleNode: all frames in one table, as trackpy's store of that name keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from longtake.errors import FrameNotFound, InvalidArgument
from longtake.framewise.fixed_format import copy_as_table
from longtake.framewise.frame_number import checked_frame
from longtake.framewise.frame_schemas import has_schemas, read_schemas, size_of, write_schemas
from longtake.framewise.in_place import put_in_place
from longtake.framewise.pandas_frames import PandasFrames
from longtake.framewise.row_map import count
from longtake.framewise.single_table import (
    SingleTable,
    create_rows,
    exact,
    require_fields,
    widened,
)
from longtake.framewise.table_columns import Schema, columns_of, schema_of, table_of

if TYPE_CHECKING:
    import os
    from contextlib import ExitStack

    import pandas as pd

#: A small part of what a put asks for, so that on a disk that is too full for one more frame the
#: list can still be written.
_LIST_ROOM = 1 << 15


class PandasHDFStoreSingleNode(PandasFrames):
    """Keep all frames in one table, in the file format of trackpy's `PandasHDFStoreSingleNode`.

    Files go both ways, and Pandas can query them across frames (``HDFStore.select``). For new
    work take `FramewiseStore`, which is faster and survives a crash. Close this store: what the
    table itself cannot say (which frames are empty, or lack a column that others have) is written
    then.

    Parameters
    ----------
    filename : str or path
        The HDF5 file. It may hold other things beside the table.
    key : str
        Where the table is in the file.
    mode : {"a", "w", "r", "r+"}
        Read and write; the same in a new file, in place of one that is there; read only; read and
        write a file that must be there.
    t_column : str
        The column that holds the frame number.
    use_tabular_copy : bool
        If `key` holds a table that Pandas wrote in its fixed format, or not by data columns, copy
        it to ``<key>/tabular`` and use that.
    **kwargs
        ``complevel`` (0 to 9) and ``complib="zlib"``, as of `pandas.HDFStore`.

    Raises
    ------
    NotFound
        There is no such file (in the modes "r" and "r+") or no such folder.
    NotALongtakeFile
        The file is not an HDF5 file; it is left as it is.
    FileInUse
        The file is open for writing already, in this process or another.
    DamagedFile
        The file cannot be read, or its writer was killed.
    InvalidArgument
        The table in the file has no column `t_column`, or cannot be read frame by frame; or the
        file is one of `FramewiseStore`.

    Guarantees
    ----------
    What `put` wrote is in the file when it returns, whole; a full disk is noticed before anything
    is written (on file systems that can set space aside: not Btrfs or ZFS). HDF5 marks the file as
    open until `close`, and will not open it after its writer was killed; ``h5clear --status FILE``
    takes the mark away, and then the frames can be read. If it was killed within a `put`, that
    frame may be damaged, and in the worst case more.
    Threads: one. Memory: where each frame's rows are, and the frame being read or put.

    Notes
    -----
    Opening reads the whole table once, in bounded memory, to find each frame's rows. A frame put
    again with as many rows is written over; with fewer, rows from the end of the table fill the
    gap; with more, they go to the end. The first table with a new column, or with a dtype that
    does not fit, makes the table be written anew, once. In other programs a frame without a
    column that others have shows NaN, -1 (integers) or 0 in it; here it comes as it was put.

    Examples
    --------
    >>> import pandas as pd, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "tracks.h5")
    >>> with PandasHDFStoreSingleNode(path) as store:
    ...     store.put(pd.DataFrame({"y": [1.0, 2.0], "x": [3.0, 4.0], "frame": 7}))
    ...     store[7]
         y    x  frame
    0  1.0  3.0      7
    1  2.0  4.0      7
    """

    def __init__(
        self,
        filename: str | os.PathLike[str],
        key: str = "FrameData",
        mode: str = "a",
        t_column: str = "frame",
        use_tabular_copy: bool = False,  # noqa: FBT001, FBT002  (trackpy's signature)
        **kwargs: Any,
    ) -> None:
        super().__init__(filename, mode, t_column, kwargs)
        self._table: SingleTable | None = None
        self._schemas: dict[int, Schema] = {}  # of frames that differ from the table
        self._changed = False
        try:
            self.key = _checked_key(key)
            if use_tabular_copy:
                with self._file.reading(f"the table {key!r}"):
                    self.key = copy_as_table(self._file, self.key, t_column)
            with self._file.reading(f"the table {self.key!r}"):
                if self.key in self._file.root:
                    self._open_table()
        except BaseException:
            self._file.close()
            raise

    def put(self, df: pd.DataFrame) -> None:
        """Store one frame's table; a frame that is there already is replaced.

        Parameters
        ----------
        df : DataFrame
            Columns of real numbers or booleans, one of them `t_column`, the same in every row.
            An empty table says its frame in ``df.attrs["frame_no"]``.

        Raises
        ------
        WrongType, InvalidArgument
            If the table cannot be stored, or the store was opened for reading; nothing was written.
        WriteFailed
            If the disk is full, or HDF5 could not write it. The store is as it was before, and may
            be used on, unless the disk itself is broken: then further puts are refused, and
            `close` fails.
        """
        _ = self._file.root  # raises if closed
        frame_no, columns = columns_of(df, self._t_column)
        require_fields(columns)
        schema = schema_of(columns)
        after = self._schema_for(columns) if len(df) else None
        size = sum(values.nbytes for values in columns.values())
        if self._table and (after or not self._table.is_writable):
            size += self._table.size_with(after or self._table.layout.schema)
        with self._file.changing(f"frame {frame_no}", size) as undo:
            if self._table is None:
                self._make_table(schema, undo)
            elif after:
                self._rewrite(after, undo)
            elif not self._table.is_writable:
                self._table.rewrite(self._table.layout.schema, undo)
            table = self._table
            assert table is not None  # noqa: S101
            fields, rows = table.layout.schema, len(df)
            table.put(frame_no, widened(columns if rows else {}, fields, rows), undo)
        self._changed = True
        if rows and schema == fields:
            self._schemas.pop(frame_no, None)
        else:
            self._schemas[frame_no] = schema

    def get(self, frame_no: int) -> pd.DataFrame:
        """Give the table of one frame.

        Raises
        ------
        FrameNotFound
            If the frame was never put.
        DamagedFile
            If the file cannot be read.
        """
        number = checked_frame(frame_no)
        if number not in self._frame_numbers() or self._table is None:
            raise FrameNotFound(f"{self.filename} holds no frame {number}")
        schema = self._schemas.get(number)
        if number not in self._table.frames:
            return table_of({name: np.zeros(0, dtype) for name, dtype in schema or ()}, number)
        with self._file.reading(f"frame {number}"):
            columns = self._table.layout.columns(self._table.get(number))
        if schema is not None:
            columns = {name: columns[name].astype(dtype) for name, dtype in schema}
        return table_of(columns, number)

    def close(self) -> None:
        """Finish the file. Closing twice is allowed."""
        try:
            if self._changed and not self._file.closed:
                self._note_schemas()
        finally:
            self._table = None
            super().close()

    def _note_schemas(self) -> None:
        table = self._table
        if table is None or not (self._schemas or has_schemas(table.group)):
            return
        what, size = "the list of empty frames", size_of(self._schemas)
        with self._file.changing(what, size, room=_LIST_ROOM) as undo:
            write_schemas(undo, table.group, self._schemas, _row_counts(table))

    def _frame_numbers(self) -> set[int]:
        _ = self._file.root  # raises if closed
        rows = set() if self._table is None else set(self._table.frames)
        return rows.union(self._schemas)

    def _open_table(self) -> None:
        node = self._file.root[self.key]
        if not isinstance(node, h5py.Group) or "table" not in node:
            raise InvalidArgument(
                f"{self.filename} has no table of rows at {self.key!r}: open it with "
                "use_tabular_copy=True, or choose another key="
            )
        self._table = SingleTable(self._file, node.id, self._t_column)
        self._schemas = read_schemas(node.id, _row_counts(self._table))

    def _make_table(self, schema: Schema, undo: ExitStack) -> None:
        """Make a table of no rows."""
        *folders, name = self.key.split("/")
        parent = self._file.root.require_group("/" + "/".join(folders)).id
        group = h5py.h5g.create(parent, None, gcpl=self._file.group_properties())
        create_rows(self._file, group, {column: np.zeros(0, t) for column, t in schema}, schema)
        put_in_place(undo, parent, name.encode(), group)
        undo.callback(setattr, self, "_table", None)
        self._table = SingleTable(self._file, group, self._t_column)

    def _rewrite(self, after: Schema, undo: ExitStack) -> None:
        """Give the table other columns or dtypes; each frame's own stay noted."""
        table = self._table
        assert table is not None  # noqa: S101
        before = table.layout.schema
        undo.callback(setattr, self, "_schemas", self._schemas)
        self._schemas = dict.fromkeys(table.frames, before) | self._schemas
        table.rewrite(after, undo)

    def _schema_for(self, columns: dict[str, np.ndarray]) -> Schema | None:
        """Give the columns and dtypes that the table needs for values, if it has not got them."""
        table = self._table
        if table is None:
            return None
        before = table.layout.schema
        wanted = dict(before)
        for name, values in columns.items():
            have = wanted.setdefault(name, values.dtype)
            if not exact(values, have):
                wanted[name] = np.promote_types(have, values.dtype)
                if not exact(values, wanted[name]):
                    raise _misfit(name, values.dtype, have)
        after = tuple(wanted.items())
        if after == before:
            return None
        with self._file.reading(f"the table {self.key!r}"):
            fits = table.holds_exactly(after)
        if not fits:
            changed = next(name for name, dtype in before if wanted[name] != dtype)
            raise _misfit(changed, columns[changed].dtype, dict(before)[changed])
        return after


def _row_counts(table: SingleTable) -> dict[int, int]:
    return {frame: count(runs) for frame, runs in table.frames.items()}


def _misfit(name: str, dtype: np.dtype, have: np.dtype) -> InvalidArgument:
    return InvalidArgument(
        f"column {name!r} holds {dtype} values that cannot be kept exactly beside the {have} "
        f"values that earlier frames have in it: convert it with df[{name!r}].astype({have.name!r})"
    )


def _checked_key(key: str) -> str:
    parts = key.strip("/").split("/")
    if any(part in {"", ".", ".."} or "\0" in part for part in parts):
        raise InvalidArgument(f"key={key!r} cannot be the place of a table")
    return "/".join(parts)
