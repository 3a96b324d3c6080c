"""PandasHDFStore: a group a frame, as trackpy's store of that name keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py

from longtake.errors import FrameNotFound
from longtake.framewise.frame_number import checked_frame
from longtake.framewise.in_place import put_in_place, remove
from longtake.framewise.pandas_frames import PandasFrames
from longtake.framewise.pandas_layout import (
    CACHE,
    Layout,
    block_layout,
    create_table,
    frame_names,
    open_table,
    read_rows,
    write_rows,
)
from longtake.framewise.table_columns import columns_of, schema_of, table_of
from longtake.hdf.attributes import add_packed

if TYPE_CHECKING:
    import os

    import numpy as np
    import pandas as pd

_CHUNK_BYTES = 1 << 20


class PandasHDFStore(PandasFrames):
    """Keep one table a frame in the file format of trackpy's `PandasHDFStore`.

    Files go both ways: trackpy opens those written here, and those that trackpy wrote open here.
    For new work take `FramewiseStore`, which is faster, smaller, and survives a crash.

    Parameters
    ----------
    filename : str or path
        The HDF5 file. It may hold other things beside the frames.
    mode : {"a", "w", "r", "r+"}
        Read and write; the same in a new file, in place of one that is there; read only; read and
        write a file that must be there.
    t_column : str
        The column that holds the frame number.
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
        The file is one of `FramewiseStore`.

    Guarantees
    ----------
    What `put` wrote is in the file when it returns, whole; a full disk is noticed before anything
    is written (on file systems that can set space aside: not Btrfs or ZFS). HDF5 marks the file as
    open until `close`, and will not open it after its writer was killed; ``h5clear --status FILE``
    takes the mark away, and then the frames can be read. If it was killed within a `put`, that
    frame may be damaged, and in the worst case more.
    Threads: one. Memory: the name of each frame, and the frame being read or put.

    Examples
    --------
    >>> import pandas as pd, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "tracks.h5")
    >>> with PandasHDFStore(path) as store:
    ...     store.put(pd.DataFrame({"y": [1.0, 2.0], "x": [3.0, 4.0], "frame": 7}))
    ...     store[7]
         y    x  frame
    0  1.0  3.0      7
    1  2.0  4.0      7
    """

    def __init__(
        self,
        filename: str | os.PathLike[str],
        mode: str = "a",
        t_column: str = "frame",
        **kwargs: Any,
    ) -> None:
        super().__init__(filename, mode, t_column, kwargs)
        self._names: dict[int, bytes] = {}
        self._links = -1  # how many links the root had when `_names` was read

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
        root = self._file.root.id
        frame_no, columns = columns_of(df, self._t_column)
        names = self._frame_numbers()
        layout = block_layout(schema_of(columns))
        records = layout.records(columns)
        name, before = b"Frame_%d" % frame_no, names.get(frame_no)
        # Room for one more column: when `particle` comes with it, the table replaced leaves a hole
        # that the next one fits in, and the file does not grow.
        spare = 8 if before is None else 0
        with self._file.changing(
            f"frame {frame_no}", records.nbytes + spare * len(records)
        ) as undo:
            # trackpy's list of frames in the file would no longer be true; it makes a new one.
            remove(undo, root, CACHE)
            put_in_place(undo, root, name, self._table(layout, records, spare), before)
        names[frame_no] = name
        self._links = root.get_num_objs()

    def _table(self, layout: Layout, records: np.ndarray, spare: int) -> h5py.h5g.GroupID:
        """Make the group of a table, without a name yet, with room for so many bytes more a row."""
        group = h5py.h5g.create(self._file.root.id, None, gcpl=self._file.group_properties())
        for key, packed in layout.group_attributes:
            add_packed(group, key, packed)
        size = layout.record.itemsize
        chunk = max(1, min(-(-len(records) * (size + spare) // size), _CHUNK_BYTES // size))
        table = create_table(self._file, group, b"table", layout, len(records), chunk)
        write_rows(table, layout, range(len(records)), records)
        return group

    def get(self, frame_no: int) -> pd.DataFrame:
        """Give the table of one frame.

        Raises
        ------
        FrameNotFound
            If the frame was never put.
        DamagedFile
            If what the file holds for it is not such a table.
        """
        number = checked_frame(frame_no)
        name = self._frame_numbers().get(number)
        if name is None:
            raise FrameNotFound(f"{self.filename} holds no frame {number}")
        with self._file.reading(f"frame {number}"):
            group = h5py.h5g.open(self._file.root.id, name)
            table, layout = open_table(group)
            columns = layout.columns(read_rows(table, layout, range(table.shape[0])))
            return table_of(columns, number)

    def _frame_numbers(self) -> dict[int, bytes]:
        """Give the name of each frame's group, read again when the file has gained some."""
        root = self._file.root.id
        with self._file.reading("the list of frames"):
            links = root.get_num_objs()
            if links != self._links:
                self._names = frame_names(root)
                self._links = links
        return self._names

    def _forget_names(self) -> None:
        self._links = -1
