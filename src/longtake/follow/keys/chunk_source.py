"""Whole chunks of datasets, as they are written; there need be no keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

import h5py
import numpy as np

from longtake.errors import CannotFollow, WrongType
from longtake.follow.keys.finished_flag import FinishedFlag
from longtake.follow.keys.given_datasets import require_named
from longtake.follow.keys.left_file import was_left
from longtake.follow.keys.live_dataset import live
from longtake.follow.keys.scan_point import ScanPoint
from longtake.follow.keys.shared_dataset import shared
from longtake.follow.keys.stored_bytes import is_of_no_chunk
from longtake.streams.polling import Polling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake.follow.keys.live_dataset import FollowedDataset


class ChunkSource:
    """Gives the rows of datasets, a chunk at a time, until the writer is done.

    It needs a writer that writes whole chunks: rows count as written once HDF5 has a place for
    their chunk, and the dataset is as long. The last chunk is given as far as there are rows, when
    the writer is done or nothing came in time.

    Parameters
    ----------
    datasets : mapping of str to h5py.Dataset
        Under any names. All have chunks of the same length, as wide as the dataset.
    timeout, finished_dataset, poll
        As of `KeyFollower`.

    Attributes
    ----------
    chunk_size : int
        Rows of a chunk.
    max_size : int or None
        The least length to which a dataset can grow; None where there is no limit.
    current_index : int
        The number of the chunk that comes next.
    timed_out, finished_set : bool
        As of `KeyFollower`.

    Raises
    ------
    CannotFollow
        If there are no datasets, one is not chunked, or its chunks are narrower than it is, or of
        another length.
    InvalidArgument, WrongType
        As of `KeyFollower`.

    Guarantees
    ----------
    Order: ascending, each row once, none left out. After a timeout, asking again goes on where it
    stopped. Arrays belong to the caller. Memory: one chunk of each. Threads: use one source in one
    thread.

    Examples
    --------
    >>> import h5py, numpy as np, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "stack.h5")
    >>> with h5py.File(path, "w", libver="latest") as file:
    ...     _ = file.create_dataset("camera", data=np.arange(20).reshape(10, 2), chunks=(4, 2))
    ...     file["finished"] = 1
    >>> with h5py.File(path, "r", swmr=True) as file:
    ...     for rows in ChunkSource({"camera": file["camera"]}, finished_dataset=file["finished"]):
    ...         print(rows.index, rows.slice_metadata, rows["camera"].shape)
    0 [slice(0, 4, None)] (4, 2)
    4 [slice(4, 8, None)] (4, 2)
    8 [slice(8, 10, None)] (2, 2)
    """

    def __init__(
        self,
        datasets: Mapping[str, h5py.Dataset],
        timeout: float | None = 10,
        finished_dataset: FollowedDataset | None = None,
        *,
        poll: float | None = None,
    ) -> None:
        self._polling = Polling(poll, timeout)
        if not datasets:
            raise CannotFollow("No data specified to follow! Give {name: dataset}")
        require_named(datasets, "datasets")
        self._columns = {name: _Chunks(dataset) for name, dataset in datasets.items()}
        self.chunk_size = next(iter(self._columns.values())).rows
        others = [column for column in self._columns.values() if column.rows != self.chunk_size]
        if others:
            raise CannotFollow(
                f"{others[0].name} has chunks of {others[0].rows} rows, the first dataset of "
                f"{self.chunk_size}: follow each by itself"
            )
        limits = [column.limit for column in self._columns.values() if column.limit is not None]
        self.max_size = min(limits, default=None)
        self.finished_dataset = None if finished_dataset is None else shared(finished_dataset)
        done = self.finished_dataset
        self._flag = None if done is None else FinishedFlag(done)
        self.finished_set = self.timed_out = False
        self._row = 0

    @property
    def timeout(self) -> float | None:
        """For how many seconds nothing may come."""
        return self._polling.timeout

    @property
    def current_index(self) -> int:
        """The number of the chunk that comes next."""
        return -(-self._row // self.chunk_size)

    @property
    def writer_died(self) -> bool:
        """Whether nothing can come any more, as of `KeyFollower.writer_died`."""
        return self.timed_out and was_left(next(iter(self._columns.values())).dataset)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ScanPoint:
        stop = self._wait()
        if stop == self._row:
            raise StopIteration
        rows = ScanPoint(
            {name: column.read(self._row, stop) for name, column in self._columns.items()}
        )
        rows.index, rows.slice_metadata = self._row, [slice(self._row, stop)]
        rows.maxshape = [self.max_size]
        self._row = stop
        return rows

    def _wait(self) -> int:
        """Wait until a chunk is there, or nothing more comes, and say where its rows end."""
        self._polling.restart()
        self.timed_out = False
        whole = (self._row // self.chunk_size + 1) * self.chunk_size
        if self.max_size is not None:
            whole = min(whole, self.max_size)
        while True:
            is_last = self.finished_set or self._is_flag_set()
            there = self._there(whole)
            if there == whole or is_last:
                self.finished_set = is_last
                return there
            if self._polling.is_over:
                self.timed_out = there == self._row
                return there
            self._polling.wait()

    def _is_flag_set(self) -> bool:
        return self._flag is not None and self._flag.is_set()

    def _there(self, stop: int) -> int:
        """Give up to which row all datasets are there, no further than is asked for."""
        if stop <= self._row:
            return self._row
        lengths = [column.length(self._row) for column in self._columns.values()]
        return max(self._row, min(stop, *lengths))


class _Chunks:
    """One dataset, by its chunks."""

    def __init__(self, dataset: h5py.Dataset) -> None:
        if not isinstance(dataset, h5py.Dataset):
            raise WrongType(f"chunks are those of an h5py.Dataset, which {dataset!r} is not")
        self.dataset = cast("h5py.Dataset", shared(dataset))
        self._live = live(self.dataset)
        self.name = self._live.name
        chunks = dataset.chunks
        if chunks is None:
            raise CannotFollow(f"{self.name} is not stored in chunks: follow its keys instead")
        if any(chunk < width for chunk, width in zip(chunks[1:], dataset.shape[1:], strict=True)):
            raise CannotFollow(
                f"Chunk {chunks} and shape {dataset.shape} not compatible: chunks of {self.name} "
                "must be as wide as it is"
            )
        self.rows: int = chunks[0]
        self.limit: int | None = self._live.maxshape[0]

    def length(self, row: int) -> int:
        """Give up to which row it is there, of the chunk that a row is in; 0 if the chunk is not.

        That HDF5 has a place for the chunk is asked by reading it as it is stored, which is the
        one way that does not go through all chunks.
        """
        self._live.refresh()
        length = self._live.shape[0]
        if length <= row:
            return length
        at = (row // self.rows * self.rows, *(0,) * (len(self._live.shape) - 1))
        identifier: Any = self.dataset.id
        try:
            identifier.read_direct_chunk(at)
        except (OSError, RuntimeError) as error:
            if not is_of_no_chunk(error):
                raise
            return 0
        return length

    def read(self, start: int, stop: int) -> np.ndarray:
        """Give rows, undoing filters."""
        return np.asarray(self.dataset[start:stop])
