"""A copy-on-write view of a file, as a file object that HDF5 can edit."""

from __future__ import annotations

import io
from bisect import bisect_right
from typing import TYPE_CHECKING

from longtake.hdf.superblock import SIZE, Superblock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Buffer

    from longtake.hdf.raw_file import RawFile


class Overlay(io.RawIOBase):
    """Shows a file that ends at `true_end`, and keeps whatever is written to it in memory.

    The superblock on disk publishes an end of file that runs ahead of the truth, so that
    readers with an old view stay right; HDF5 is shown the true end here, and so allocates
    there. `patches` are bytes shown in place of the file's own.
    """

    def __init__(
        self,
        raw: RawFile,
        true_end: int,
        patches: Iterable[tuple[int, bytes]] = (),
    ) -> None:
        self.raw = raw
        self.true_end = true_end
        self._size = true_end
        self._known = true_end  # up to here, what was not written is what the file holds
        self._at = 0
        self._starts: list[int] = []
        self._pieces: list[bytearray] = []
        self.touched: list[int] | None = None
        for offset, data in patches:
            self._store(offset, data)
        superblock = Superblock.parse(self.peek(0, SIZE))
        self._store(0, superblock.with_end(true_end).pack())

    @property
    def writes(self) -> list[tuple[int, bytes]]:
        """What was written, as (offset, bytes), ascending and without overlaps."""
        return [(s, bytes(p)) for s, p in zip(self._starts, self._pieces, strict=True)]

    @property
    def superblock(self) -> Superblock:
        """The superblock as HDF5 left it."""
        return Superblock.parse(self.peek(0, SIZE))

    def peek(self, offset: int, length: int) -> bytes:
        """Give bytes as HDF5 would see them, without moving."""
        buffer = bytearray(length)
        self._fill(offset, memoryview(buffer))
        return bytes(buffer)

    def readinto(self, buffer: Buffer) -> int:
        """Read on from the present position (`io.RawIOBase`)."""
        view = memoryview(buffer).cast("B")
        length = max(0, min(len(view), self._size - self._at))
        if self.touched is not None:
            self.touched.append(self._at)
        self._fill(self._at, view[:length])
        self._at += length
        return length

    def write(self, data: Buffer) -> int:
        """Keep `data` for the present position (`io.RawIOBase`)."""
        view = memoryview(data).cast("B")
        self._store(self._at, view)
        self._at += len(view)
        self._size = max(self._size, self._at)
        return len(view)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the position (`io.RawIOBase`)."""
        base = (0, self._at, self._size)[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Give the position (`io.RawIOBase`)."""
        return self._at

    def truncate(self, size: int | None = None) -> int:
        """Change the length that is shown (`io.RawIOBase`)."""
        size = self._at if size is None else size
        self._known = min(self._known, size)
        while self._starts and self._starts[-1] + len(self._pieces[-1]) > size:
            if self._starts[-1] < size:
                del self._pieces[-1][size - self._starts[-1] :]
            else:
                self._starts.pop()
                self._pieces.pop()
        self._size = size
        return size

    def readable(self) -> bool:
        """Say yes (`io.RawIOBase`)."""
        return True

    def writable(self) -> bool:
        """Say yes (`io.RawIOBase`)."""
        return True

    def seekable(self) -> bool:
        """Say yes (`io.RawIOBase`)."""
        return True

    def _fill(self, offset: int, view: memoryview) -> None:
        # Past the true end the file holds nothing, or what a change that never happened left.
        known = max(0, min(len(view), self._known - offset))
        self.raw.read_into(offset, view[:known])
        if known < len(view):
            view[known:] = bytes(len(view) - known)
        end = offset + len(view)
        at = max(0, bisect_right(self._starts, offset) - 1)
        while at < len(self._starts) and self._starts[at] < end:
            start, piece = self._starts[at], self._pieces[at]
            low, high = max(start, offset), min(start + len(piece), end)
            if low < high:
                view[low - offset : high - offset] = piece[low - start : high - start]
            at += 1

    def _store(self, offset: int, data: Buffer) -> None:
        """Keep a write; only writes that overlap are joined.

        HDF5 writes a metadata object in one piece, and a reader must never see half of one, so
        a piece is never split and neighbours are never joined.
        """
        view = memoryview(data).cast("B")
        end = offset + len(view)
        first = max(0, bisect_right(self._starts, offset) - 1)
        if first < len(self._starts) and self._starts[first] + len(self._pieces[first]) <= offset:
            first += 1
        last = first
        while last < len(self._starts) and self._starts[last] < end:
            last += 1
        low = min([offset, *self._starts[first:last]])
        high = max([end, *(self._starts[i] + len(self._pieces[i]) for i in range(first, last))])
        joined = bytearray(high - low)
        for start, piece in zip(self._starts[first:last], self._pieces[first:last], strict=True):
            joined[start - low : start - low + len(piece)] = piece
        joined[offset - low : end - low] = view
        self._starts[first:last] = [low]
        self._pieces[first:last] = [joined]
