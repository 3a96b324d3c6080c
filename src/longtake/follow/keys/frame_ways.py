"""The ways in which frames are read: through HDF5, or from where they lie in the file."""

from __future__ import annotations

from math import prod
from typing import Any, Protocol

import h5py
import numpy as np

from longtake.follow.keys.allocation import Allocation
from longtake.follow.keys.c_order import box_from, position, size_of
from longtake.follow.keys.chunk_index import is_stack_of_frames
from longtake.follow.keys.chunk_places import NO_PLACES, ChunkPlaces
from longtake.follow.keys.live_dataset import FollowedDataset, is_contiguous
from longtake.follow.keys.stored_bytes import StoredBytes, are_readable, is_of_no_chunk
from longtake.follow.keys.warm_frames import WarmFrames

#: Frames of this size and more are read as they come: to ask HDF5 for each takes next to no time.
_LARGE = 64 * 1024
#: So are fewer than this: h5py takes as long to begin with several after each refresh.
_FEW = 8
#: To learn where all frames are takes as long as to read some through HDF5: fewer are not worth it.
_MANY = 64


class Way(Protocol):
    """Reads frames that are there."""

    def read(self, first: int, count: int, shape: tuple[int, ...], ahead: int, /) -> np.ndarray:
        """Give frames that follow each other, as an array that is the caller's.

        Parameters
        ----------
        first, count : int
            The flat index of the first, and how many at most.
        shape : tuple of int
            Of the dataset, now.
        ahead : int
            How many are there, from the first on.

        Returns
        -------
        (n, *ones, *frame) array
            With a one for each dimension of the scan; at least one frame.
        """
        ...


class ThroughHdf5:
    """Reads frames of any dataset by its own indexing."""

    def __init__(self, dataset: FollowedDataset, rank: int) -> None:
        self._dataset, self._rank = dataset, rank

    def read(self, first: int, count: int, shape: tuple[int, ...], _: int) -> np.ndarray:
        """Read as `Way` says."""
        box = box_from(first, count, shape[: self._rank])
        found = np.asarray(self._dataset[box])
        return found.reshape(size_of(box), *_frame_shape(shape, self._rank))


class InOnePiece:
    """Reads frames of a contiguous dataset."""

    def __init__(self, dataset: h5py.Dataset, rank: int) -> None:
        self._rank, self._fill = rank, dataset.fillvalue
        self._bytes, self._allocation = StoredBytes(dataset), Allocation(dataset)
        self._dtype = dataset.dtype

    def read(self, first: int, count: int, shape: tuple[int, ...], _: int) -> np.ndarray:
        """Read as `Way` says."""
        frames = np.empty((count, *_frame_shape(shape, self._rank)), self._dtype)
        offset = self._allocation.look()
        if offset is None:
            frames[...] = self._fill
        else:
            self._bytes.read_into(frames, offset + first * (frames.nbytes // count))
        return frames


class ChunkAFrame:
    """Reads frames each of which is one chunk."""

    def __init__(self, dataset: h5py.Dataset, rank: int) -> None:
        self._id: Any = dataset.id
        self._rank, self._dtype = rank, dataset.dtype
        self._warm = WarmFrames()
        self._is_stack = is_stack_of_frames(dataset)
        self._bytes = StoredBytes(dataset)
        self._hdf5 = ThroughHdf5(dataset, rank)
        self._frame = dataset.shape[rank:]
        self._frame_bytes = prod(self._frame) * dataset.dtype.itemsize
        self._places, self._grid = NO_PLACES, dataset.shape[:rank]

    def read(self, first: int, count: int, shape: tuple[int, ...], ahead: int) -> np.ndarray:
        """Read as `Way` says."""
        if shape[self._rank :] != self._frame:  # a chunk is no longer a frame
            return self._hdf5.read(first, count, shape, ahead)
        if self._frame_bytes >= _LARGE or ahead < _FEW:
            return self._read_one(first, shape)
        runs = self._runs(first, count, shape[: self._rank], ahead)
        if sum(together for together, _ in runs) < count:
            return self._hdf5.read(first, count, shape, ahead)
        frames = np.empty((count, *_frame_shape(shape, self._rank)), self._dtype)
        at = 0
        for together, offset in runs:
            self._bytes.read_into(frames[at : at + together], offset)
            at += together
        return frames

    def _read_one(self, index: int, shape: tuple[int, ...]) -> np.ndarray:
        frame = self._warm.empty((1, *_frame_shape(shape, self._rank)), self._dtype)
        at = (*position(index, shape[: self._rank]), *(0,) * (len(shape) - self._rank))
        try:
            self._id.read_direct_chunk(at, out=frame.reshape(-1).view("u1"))
        except (OSError, RuntimeError) as error:
            if not is_of_no_chunk(error):
                raise
            return self._hdf5.read(index, 1, shape, 1)  # which knows what stands for it
        return frame

    def _runs(
        self, first: int, count: int, grid: tuple[int, ...], ahead: int
    ) -> list[tuple[int, int]]:
        if grid[1:] != self._grid[1:] or grid[0] < self._grid[0]:
            self._places = NO_PLACES
        self._grid = grid
        runs = list(self._places.runs(first, count))
        # HDF5 tells of all chunks or of one. All are asked for only if most of them are wanted,
        # so that it is in proportion to what is read.
        if not runs and ahead >= max(first, _MANY):
            self._places = self._look_up(grid)
            runs = list(self._places.runs(first, count))
        return runs

    def _look_up(self, grid: tuple[int, ...]) -> ChunkPlaces:
        if self._is_stack:
            return ChunkPlaces.of_stack(self._id, self._bytes.fd, grid[0], self._frame_bytes)
        return ChunkPlaces.of(self._id, grid, self._frame_bytes)


def way_to(dataset: FollowedDataset, rank: int) -> Way:
    """Give the fastest way to the frames of a dataset."""
    if rank == 0 or not isinstance(dataset, h5py.Dataset) or not are_readable(dataset):
        return ThroughHdf5(dataset, rank)
    if is_contiguous(dataset):
        return InOnePiece(dataset, rank)
    if dataset.chunks == (*(1,) * rank, *dataset.shape[rank:]):
        return ChunkAFrame(dataset, rank)
    return ThroughHdf5(dataset, rank)


def _frame_shape(shape: tuple[int, ...], rank: int) -> tuple[int, ...]:
    return (*(1,) * min(rank, len(shape)), *shape[rank:])
