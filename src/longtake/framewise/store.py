"""The native store: tables by frame number in longtake's own crash-safe file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from longtake.errors import Closed, FrameNotFound, InvalidArgument, NotFound
from longtake.framewise.frame_number import ATTRIBUTE, checked_count, checked_frame
from longtake.framewise.framewise_data import FramewiseData
from longtake.framewise.table_columns import columns_of
from longtake.streams import RecordStream, StreamFile, StreamFileView

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from longtake.hdf.live_file import Durability
    from longtake.streams import RecordStreamView


class FramewiseStore(FramewiseData):
    """Keep one table a frame in a plain HDF5 file, crash-safe and readable while it is written.

    The store to use. Each column of the tables is one dataset of the file, under
    ``/record_stream/<name>``; any HDF5 program can open the file at any moment.

    Parameters
    ----------
    path : str or path
        The file. Several stores, under different names, may share it, one after the other.
    name : str
        The name of the stream of tables in the file.
    mode : {"a", "r"}
        Read and write (the file is made if there is none), or read only. A reader may open the
        file while another process writes it, and sees each frame as soon as it is put.
    t_column : str
        The column that holds the frame number.
    durability : {"process", "interval", "entry"}
        What `put` survives when it returns: the end of this process, however it ends; a power
        cut a second later; a power cut at once.
    attributes : mapping, optional
        Plain values to keep with a stream that is made now: numbers, text, lists, dicts.

    Raises
    ------
    NotFound
        In mode "r": no such file, or no such stream in it.
    FileInUse
        Another process is writing the file.
    NotALongtakeFile
        The file was made by another program; it is left as it is.

    Guarantees
    ----------
    When `put` returns, the frame is visible to every reader and survives kill -9. A frame is
    there whole or not at all. Putting a column that was not there before (such as `particle`)
    with a table that is otherwise unchanged writes that column only. Memory: 8 bytes a frame.
    Threads: one; another may read through a store of its own, in mode "r".

    Examples
    --------
    >>> import pandas as pd, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "tracks.h5")
    >>> with FramewiseStore(path) as store:
    ...     store.put(pd.DataFrame({"y": [1.0, 2.0], "x": [3.0, 4.0], "frame": 7}))
    ...     store[7]
         y    x  frame
    0  1.0  3.0      7
    1  2.0  4.0      7
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        name: str = "features",
        *,
        mode: Literal["a", "r"] = "a",
        t_column: str = "frame",
        durability: Durability = "process",
        attributes: Mapping[str, object] | None = None,
    ) -> None:
        self.path = Path(path)
        self.name = name
        self._t_column = t_column
        self._attributes = dict(attributes or {})
        self._file: StreamFile | StreamFileView | None = None
        if mode == "r":
            self._file = StreamFileView(self.path)
            self._require_stream()
        elif mode == "a":
            self._file = StreamFile.open_or_create(self.path, durability=durability)
        else:
            raise InvalidArgument(f"mode={mode!r} is neither 'a' (read and write) nor 'r' (read)")

    def __repr__(self) -> str:
        if self._file is None:
            return f"<FramewiseStore {str(self.path)!r}, closed>"
        return f"<FramewiseStore {str(self.path)!r}, {self.name!r}: {len(self)} frames>"

    @property
    def t_column(self) -> str:
        """The name of the column that holds the frame number."""
        return self._t_column

    @property
    def attributes(self) -> dict[str, object]:
        """What the stream was made with, and what `set_attribute` has kept since."""
        stream = self._stream
        return self._attributes if stream is None else stream.application

    def set_attribute(self, name: str, value: object) -> None:
        """Keep a plain value with the tables; others see it when this returns.

        Raises
        ------
        InvalidArgument, WrongType
            If the value is not plain, or the store was opened to read only.
        """
        self._require_writable()
        stream = self._stream
        if stream is None:
            self._attributes[name] = value  # for the stream, when the first table makes it
            return
        assert isinstance(stream, RecordStream)  # noqa: S101
        stream.set_attribute(name, value)

    @property
    def frames(self) -> list[int]:
        """All frame numbers, ascending."""
        stream = self._stream
        return [] if stream is None else stream.keys().tolist()

    @property
    def max_frame(self) -> int:
        """The highest frame number."""
        stream = self._stream
        last = None if stream is None else stream.last_key
        if last is None:
            raise FrameNotFound(f"{self.path} holds no frame in {self.name!r} yet")
        return last

    def __len__(self) -> int:
        stream = self._stream
        return 0 if stream is None else len(stream)

    def __contains__(self, frame_no: object) -> bool:
        stream = self._stream
        number = checked_frame(frame_no)
        return stream is not None and number in stream

    def __iter__(self) -> Iterator[pd.DataFrame]:
        for frame_no in self.frames:
            yield self.get(frame_no)

    def put(self, df: pd.DataFrame) -> None:
        """Store one frame's table; a frame that is there already is replaced.

        Parameters
        ----------
        df : DataFrame
            Columns of real numbers or booleans, one of them `t_column`, the same in every row. The
            columns of the first table that is put are those that all must have; more may come
            at any time. An empty table says its frame in ``df.attrs["frame_no"]``, as those of
            `locate` do, and may leave out columns.

        Raises
        ------
        InvalidArgument, WrongType
            If the table cannot be stored; nothing is written then.
        WriteFailed
            If the disk is full or broken; the frames put before stay.
        """
        self._require_writable()
        stream = self._stream
        known = stream.dtypes if stream is not None else None
        frame_no, columns = columns_of(df, self._t_column, known)
        columns[self._t_column] = columns[self._t_column].astype(np.int64, copy=False)
        if stream is None:
            stream = self._make_stream(columns)
        assert isinstance(stream, RecordStream)  # noqa: S101
        if len(df) == 0:
            given = columns.keys()
            known = stream.first_columns
            columns |= {n: np.empty(0, t) for n, t in known.items() if n not in given}
        stream.put(frame_no, columns)

    def get(self, frame_no: int) -> pd.DataFrame:
        """Give the table of one frame, numbered from 0.

        Raises
        ------
        FrameNotFound
            If that frame was never put.
        """
        number = checked_frame(frame_no)
        stream = self._stream
        if stream is None:
            raise FrameNotFound(f"there is no frame {number} in {self.path}: it is empty")
        columns = stream.get(number)
        if columns is None:
            raise FrameNotFound(f"there is no frame {number} in {self.path}{_span(stream)}")
        # The arrays were read for this table: they need not be copied.
        table = pd.DataFrame(columns, copy=False)
        table.attrs[ATTRIBUTE] = number
        return table

    def dump(self, N: int | None = None) -> pd.DataFrame:  # noqa: N803
        """Give the tables of all frames, or of the first `N`, as one table numbered from 0.

        A column that some of these frames lack is NaN in their rows, and therefore of float64,
        whatever it held (True is 1.0; of integers beyond 2**53 the nearest float).
        """
        count = checked_count(N)
        stream = self._stream
        if stream is None:
            return super().dump(count)
        return pd.DataFrame(stream.read_together(count), copy=False)

    def close(self) -> None:
        """Finish the file. Closing twice is allowed."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def _stream(self) -> RecordStreamView | None:
        return self._opened().record_streams.get(self.name)

    def _opened(self) -> StreamFile | StreamFileView:
        if self._file is None:
            raise Closed(f"the store {self.path} was closed; open it again")
        return self._file

    def _require_writable(self) -> None:
        if isinstance(self._opened(), StreamFileView):
            raise InvalidArgument(f"{self.path} was opened to read only: open it with mode='a'")

    def _require_stream(self) -> None:
        names = self._opened().record_streams
        if self.name not in names:
            self.close()
            listed = ", ".join(map(repr, names)) or "none"
            raise NotFound(
                f"{self.path} has no record stream {self.name!r} (those it has: {listed})"
            )

    def _make_stream(self, columns: dict[str, np.ndarray]) -> RecordStream:
        file = self._opened()
        assert isinstance(file, StreamFile)  # noqa: S101
        dtypes = {name: values.dtype for name, values in columns.items()}
        return file.create_record_stream(self.name, dtypes, self._attributes)


def _span(stream: RecordStreamView) -> str:
    keys = stream.keys()
    return f", which holds {len(keys)} frames from {keys[0]} to {keys[-1]}" if len(keys) else ""
