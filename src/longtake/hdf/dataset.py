"""A dataset whose rows are written at known byte offsets, without HDF5."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np
from h5py import h5d, h5s  # pyright: ignore[reportAttributeAccessIssue]

from longtake.errors import DamagedFile, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import h5py

    from longtake.hdf.overlay import Overlay
    from longtake.hdf.raw_file import RawFile


_SCRUB = 1024 * 1024
#: A read of more than this is made only if the file is as large.
_UNASKED = 64 * 1024 * 1024


class GrowingDataset:
    """Rows laid end to end in the chunks of one unfiltered HDF5 dataset.

    A row is one element of the first dimension. `capacity` counts the rows that HDF5 shows,
    `rows` those in use; between them the file holds zeros. Neighbouring chunks are kept as one
    run, so what is in memory grows with the number of growth steps, not with the data.

    Threads: one writer of rows; `extend` may run in another thread meanwhile.
    """

    def __init__(
        self, raw: RawFile, path: str, dtype: np.dtype, row_shape: tuple[int, ...], chunk_rows: int
    ) -> None:
        self.raw = raw
        self.path = path
        self.dtype = dtype
        self.row_shape = row_shape
        self.row_bytes = dtype.itemsize * int(np.prod(row_shape, dtype=np.int64))
        self.chunk_rows = chunk_rows
        self.chunks = 0
        self.capacity = 0
        self.rows = 0
        self._written = 0  # bytes from row 0 that may not be zeros
        self._starts: list[int] = []  # of each run, in bytes from row 0
        self._offsets: list[int] = []  # of each run, in the file

    @classmethod
    def of(cls, raw: RawFile, dataset: h5py.Dataset) -> GrowingDataset:
        """Learn where an open dataset's chunks are."""
        path, plist = str(dataset.name), dataset.id.get_create_plist()
        if dataset.chunks is None or plist.get_nfilters():
            raise DamagedFile(
                f"{raw.path}: {path} is not an unfiltered chunked dataset, as longtake writes them"
            )
        made = cls(raw, path, dataset.dtype, dataset.shape[1:], dataset.chunks[0])
        places: list[tuple[int, int]] = []
        dataset.id.chunk_iter(lambda info: places.append((info.chunk_offset[0], info.byte_offset)))
        places.sort()
        expected = -(-dataset.shape[0] // made.chunk_rows)
        # A growth that is applied meanwhile shows its chunks before its rows.
        del places[expected:]
        at = (start // made.chunk_rows for start, _ in places)
        if len(places) < expected or any(a != b for a, b in enumerate(at)):
            raise DamagedFile(f"{raw.path}: {path} has chunks missing")
        made.extend([offset for _, offset in places], dataset.shape[0])
        return made

    def __repr__(self) -> str:
        return f"<GrowingDataset {self.path}: {self.rows} of {self.capacity} rows>"

    @property
    def is_table(self) -> bool:
        """Whether a row has fields."""
        return self.dtype.names is not None

    @property
    def first_offset(self) -> int:
        """Where row 0 is in the file."""
        return self._offsets[0] if self._offsets else 0

    def extend(self, offsets: Sequence[int], capacity: int) -> None:
        """Add chunks at the end, and show `capacity` rows."""
        chunk_bytes = self.chunk_rows * self.row_bytes
        for offset in offsets:
            start = self.chunks * chunk_bytes
            if not self._starts or offset - self._offsets[-1] != start - self._starts[-1]:
                # In this order, for `write` may look at them meanwhile.
                self._offsets.append(offset)
                self._starts.append(start)
            self.chunks += 1
        self.capacity = capacity

    def ranges(self) -> Iterator[tuple[int, int]]:
        """Give the (start, end) of every run in the file."""
        whole = self.chunks * self.chunk_rows * self.row_bytes
        ends = [*self._starts, whole][1:]
        for start, end, offset in zip(self._starts, ends, self._offsets, strict=True):
            yield offset, offset + end - start

    def write(self, row: int, data: bytes | memoryview) -> None:
        """Write whole rows, from `row`.

        Raises
        ------
        InvalidArgument
            If there is no room for them; nothing was written.
        """
        view = memoryview(data).cast("B")
        at = row * self.row_bytes
        end = at + len(view)
        if end > self.chunks * self.chunk_rows * self.row_bytes:
            raise InvalidArgument(
                f"{self.raw.path}: rows up to byte {end} of {self.path}, which has room for "
                f"{self.capacity} rows of {self.row_bytes} bytes; nothing was written"
            )
        self._written = max(self._written, end)
        # The first last: of rows that count from the first on, none is there before all are.
        for offset, low, high in reversed(list(self._pieces(at, len(view)))):
            self.raw.write(offset, view[low:high])

    def stretch(self, row: int) -> tuple[int, int]:
        """Say up to which row all lie end to end from this one on, and where row 0 would then be.

        Who writes there without `write` has to say so with `may_hold` if that fails.
        """
        at = row * self.row_bytes
        if at >= self.chunks * self.chunk_rows * self.row_bytes:
            return 0, 0
        _, end, shift = self._run_at(at)
        return end // self.row_bytes, shift

    def may_hold(self, rows: int) -> None:
        """Take so many rows for written, so that `clear_tail` clears those not in use."""
        room = self.chunks * self.chunk_rows
        self._written = max(self._written, min(rows, room) * self.row_bytes)

    def _run_at(self, at: int) -> tuple[int, int, int]:
        """Give the run that a byte is in: its bounds, and what to add to find it in the file."""
        # Starts are added after offsets, by another thread it may be.
        starts = self._starts
        run = bisect_right(starts, at) - 1
        whole = self.chunks * self.chunk_rows * self.row_bytes
        end = starts[run + 1] if run + 1 < len(starts) else whole
        return starts[run], end, self._offsets[run] - starts[run]

    def clear_tail(self) -> None:
        """Make everything after the rows in use zeros again, where an append was cut short.

        A later growth shows these bytes as rows, and an index row is valid when it is not zero.
        """
        at = self.rows * self.row_bytes
        end = max(at, self._written)
        for offset, low, high in self._pieces(at, end - at):
            self.raw.write(offset, bytes(high - low))
        self._written = at

    def scrub_tail(self) -> None:
        """Find and clear what a crash left after the rows in use."""
        at, end = self.rows * self.row_bytes, self.capacity * self.row_bytes
        for offset, low, high in self._pieces(at, end - at):
            for start in range(low, high, _SCRUB):
                length = min(_SCRUB, high - start)
                if any(self.raw.read(offset + start - low, length)):
                    self.raw.write(offset + start - low, bytes(length))

    def read(self, row: int, count: int) -> np.ndarray:
        """Give `count` rows from `row` as a new array."""
        if count * self.row_bytes > _UNASKED:
            self._require_size(count * self.row_bytes)
        rows = np.empty((count, *self.row_shape), self.dtype)
        self.read_into(row, rows)
        return rows

    def _require_size(self, length: int) -> None:
        """Refuse to take memory for more bytes than the file has."""
        if length > self.raw.size:
            raise DamagedFile(
                f"{self.raw.path}: {length} bytes of {self.path} were asked for, more than the "
                "whole file has"
            )

    def read_bytes(self, row: int, count: int) -> bytes:
        """Give the bytes of `count` rows from `row`; the quickest way to a few of them."""
        at, length = row * self.row_bytes, count * self.row_bytes
        if length:
            _, end, shift = self._run_at(at)
            if at + length <= end:
                return self.raw.read(at + shift, length).ljust(length, b"\0")
        return self.read(row, count).tobytes()

    def read_into(self, row: int, rows: np.ndarray) -> None:
        """Fill a contiguous array with rows from `row`."""
        if rows.size == 0:
            return
        view = rows.reshape(-1).view(np.uint8).data
        for offset, low, high in self._pieces(row * self.row_bytes, len(view)):
            self.raw.read_into(offset, view[low:high])

    def _pieces(self, at: int, length: int) -> Iterator[tuple[int, int, int]]:
        """Split bytes [at, at + length) into (file offset, low, high), a piece for each run."""
        starts, offsets = self._starts, self._offsets
        run = bisect_right(starts, at) - 1
        low = 0
        while low < length:
            skip = at + low - starts[run]
            end = starts[run + 1] - at if run + 1 < len(starts) else length
            high = min(length, end)
            yield offsets[run] + skip, low, high
            low = high
            run += 1

    def grow(self, dataset: h5py.Dataset, overlay: Overlay) -> bool:
        """Learn of the chunks that an open dataset got since; False if it cannot be told of them.

        As where the dataset was cut to the rows in use.
        """
        capacity = int(dataset.shape[0])
        new = -(-capacity // self.chunk_rows) - self.chunks
        if new < 0 or (new == 0 and capacity < self.capacity):
            return False
        if new:
            # Once so that HDF5 has in memory what it looks chunks up in: then it reads no more.
            self._places(dataset.id, overlay, new)
            places = self._places(dataset.id, overlay, new)
            if len(places) != new:
                return False
            self.extend(places, capacity)
        self.capacity = capacity
        return True

    def enlarge(self, h5: h5py.File, overlay: Overlay, capacity: int) -> list[int]:
        """Make the dataset show `capacity` rows in an open file; give its new chunks' offsets."""
        # By the low-level interface, which takes a third of the time.
        dataset = h5d.open(h5.id, self.path.encode())
        dataset.set_extent((capacity, *self.row_shape))
        expected = -(-capacity // self.chunk_rows) - self.chunks
        if expected == 0:
            return []
        places = self._places(dataset, overlay, expected)
        found = [offset for offset in places if offset >= overlay.true_end]
        if len(found) != expected:
            raise DamagedFile(
                f"{self.raw.path}: {self.path} grew by {len(found)} chunks instead of {expected}"
            )
        return found

    def _places(self, dataset: h5d.DatasetID, overlay: Overlay, count: int) -> list[int]:
        """Give where HDF5 reads in the file to find the first value of each of the next chunks.

        HDF5's own call for the offset of a chunk walks over all chunks each time. Instead one
        element of each new chunk is read, and the overlay tells where HDF5 looked for it: the
        chunk cache must be off (``rdcc_nbytes=0``).
        """
        rest = len(self.row_shape)
        corners = dataset.get_space()
        corners.select_hyperslab(
            (self.chunks * self.chunk_rows, *(0,) * rest),
            (count, *(1,) * rest),
            (self.chunk_rows, *(1,) * rest),
        )
        overlay.touched = []
        try:
            dataset.read(h5s.create_simple((count,)), corners, np.empty(count, self.dtype))
            return overlay.touched
        finally:
            overlay.touched = None
