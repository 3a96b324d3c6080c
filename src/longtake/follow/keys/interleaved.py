"""Frames of one scan that several datasets share in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake.errors import InvalidArgument
from longtake.follow.keys.frame_reader import FrameReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from longtake.follow.keys.live_dataset import FollowedDataset


class InterleavedReader:
    """Reads frame i from dataset i mod n, where it is frame i // n; the scan is a stack.

    It has of a `FrameReader` what `DataSource` uses.

    Parameters
    ----------
    datasets : sequence of h5py.Dataset
        One or more.
    """

    def __init__(self, name: str, datasets: Sequence[FollowedDataset]) -> None:
        if not datasets:
            raise InvalidArgument(f"{name!r} is interleaved from no datasets: give at least one")
        self._readers = [FrameReader(dataset, 1) for dataset in datasets]
        self.name = name

    @property
    def at_once(self) -> int:
        """How many frames it makes sense to read in one go."""
        return min(reader.at_once for reader in self._readers) * len(self._readers)

    @property
    def length(self) -> int:
        """How many frames there are without a gap, as far as was looked."""
        n = len(self._readers)
        return min(reader.length * n + turn for turn, reader in enumerate(self._readers))

    def has(self, index: int) -> bool:
        """Whether there is such a frame; if it is not known of, now."""
        if index >= self.length:
            self.refresh()
        return index < self.length

    def refresh(self) -> None:
        """See what was written until now."""
        for reader in self._readers:
            reader.refresh()

    def read_frames(self, first: int, count: int, ahead: int) -> list[np.ndarray]:
        """Give frames that follow each other, as `FrameReader.read_frames` does."""
        n, stop = len(self._readers), first + count
        frames: list[np.ndarray | None] = [None] * count
        for turn, reader in enumerate(self._readers):
            begin, end = _before(first, turn, n), _before(stop, turn, n)
            last = _before(first + ahead, turn, n)
            if end > begin:
                own = reader.read_frames(begin, end - begin, last - begin)
                frames[(turn - first) % n :: n] = own
        return [frame for frame in frames if frame is not None]

    def slices_from(self, first: int, count: int) -> list[tuple[slice, ...]]:
        """Give where in the scan frames are that follow each other."""
        return [(slice(at, at + 1),) for at in range(first, first + count)]


def _before(index: int, turn: int, n: int) -> int:
    """Give how many frames of one dataset come before a frame of all."""
    return (index - turn + n - 1) // n
