"""Where in the file the chunks of a dataset are, each of which is a frame."""

from __future__ import annotations

from array import array
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.follow.keys.chunk_index import UnknownIndex, chunk_addresses

if TYPE_CHECKING:
    from collections.abc import Iterator


class ChunkPlaces:
    """Knows the byte offsets of frames, as they were when it was made.

    Memory: 24 bytes a frame.

    Parameters
    ----------
    frames : (n,) int64
        Numbers of frames, ascending.
    offsets : (n,) int64
        Where in the file they are.
    size : int
        Bytes of a frame.
    """

    def __init__(self, frames: np.ndarray, offsets: np.ndarray, size: int) -> None:
        self._frames, self._offsets = frames, offsets
        follows = (offsets[1:] == offsets[:-1] + size) & (frames[1:] == frames[:-1] + 1)
        self._ends = np.append(np.flatnonzero(~follows) + 1, len(frames))  # of runs in the file

    @classmethod
    def of_stack(cls, identifier: Any, fd: int, length: int, size: int) -> ChunkPlaces:
        """Look the chunks of a stack up in the file: a tenth of the time that HDF5 takes to tell.

        Parameters
        ----------
        identifier : h5py.h5d.DatasetID
        fd : int
            The file.
        length : int
            How many frames the stack has.
        size : int
            Bytes of a frame.
        """
        try:
            offsets = chunk_addresses(identifier, fd, length).astype("i8")
        except UnknownIndex:
            return cls.of(identifier, (length,), size)
        return cls(np.arange(len(offsets)), offsets, size)

    @classmethod
    def of(cls, identifier: Any, grid: tuple[int, ...], size: int) -> ChunkPlaces:
        """Ask HDF5 for all chunks of a dataset.

        That takes a microsecond for each.

        Parameters
        ----------
        identifier : h5py.h5d.DatasetID
        grid : tuple of int
            The shape of the scan.
        size : int
            Bytes of a frame.
        """
        places, offsets = array("q"), array("q")
        place, offset = places.extend, offsets.append

        def note(info: Any) -> None:
            place(info[0])
            offset(info[2])

        identifier.chunk_iter(note)
        if not offsets:
            return NO_PLACES
        at = np.frombuffer(places, "i8").reshape(len(offsets), -1)[:, : len(grid)]
        frames = at @ np.array([prod(grid[axis + 1 :]) for axis in range(len(grid))], "i8")
        order = np.argsort(frames, kind="stable")
        return cls(frames[order], np.frombuffer(offsets, "i8")[order], size)

    def runs(self, first: int, count: int) -> Iterator[tuple[int, int]]:
        """Give how many frames lie together, and where, from one on, until all or one is missing.

        Yields
        ------
        count, offset : int
        """
        at = int(np.searchsorted(self._frames, first))
        end = first + count
        while first < end and at < len(self._frames) and self._frames[at] == first:
            stop = int(self._ends[np.searchsorted(self._ends, at, "right")])
            together = min(stop - at, end - first)
            yield together, int(self._offsets[at])
            at, first = at + together, first + together


NO_PLACES = ChunkPlaces(np.empty(0, "i8"), np.empty(0, "i8"), 0)
