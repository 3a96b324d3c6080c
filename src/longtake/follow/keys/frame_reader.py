"""The frames of one dataset, by their numbers, while it is written."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from longtake.errors import CannotFollow, NothingCame
from longtake.follow.keys.c_order import position
from longtake.follow.keys.frame_ways import way_to
from longtake.follow.keys.live_dataset import live
from longtake.follow.keys.shared_dataset import shared
from longtake.streams.polling import Polling
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    import numpy as np

    from longtake.follow.keys.live_dataset import FollowedDataset

#: Of small frames several are read at once: no more bytes than this, and no more frames.
_AT_ONCE_BYTES, _AT_ONCE = 512 * 1024, 1024


class FrameReader:
    """Reads frames of a dataset by number; one that is not there yet is waited for.

    Parameters
    ----------
    dataset : h5py.Dataset
        Of a file that was opened to read. Anything with ``shape``, ``maxshape`` and indexing will
        do.
    scan_rank : int
        How many dimensions are of the scan, the first ones: 1 for a stack of images, 2 for a grid.
    use_direct_chunk : bool
        Changes nothing: the fastest way to read is always taken.
    timeout : float, seconds
        How long to wait for a frame. None waits for ever.
    poll : float, seconds, optional
        As of `KeyFollower`.

    Raises
    ------
    InvalidArgument, WrongType
        If an argument cannot be used.
    CannotFollow
        If the dataset has fewer dimensions than the scan.

    Guarantees
    ----------
    A frame belongs to the caller: it can be written to, and nothing changes it later. Threads: use
    one reader in one thread.

    Examples
    --------
    >>> import h5py, numpy as np, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "scan.h5")
    >>> with h5py.File(path, "w", libver="latest") as file:
    ...     file["frames"] = np.arange(24).reshape(2, 3, 4)
    >>> with h5py.File(path, "r", swmr=True) as file:
    ...     FrameReader(file["frames"], scan_rank=2).read_frame(4)
    (array([[[16, 17, 18, 19]]]), (slice(1, 2, None), slice(1, 2, None)))
    """

    def __init__(
        self,
        dataset: FollowedDataset,
        scan_rank: int,
        use_direct_chunk: bool = False,  # noqa: FBT001, FBT002  (as users know it)
        *,
        timeout: float | None = 10,
        poll: float | None = None,
    ) -> None:
        self.dataset = shared(dataset)
        self.scan_rank = whole_number(scan_rank, "scan_rank", least=0)
        self.use_direct_chunk = use_direct_chunk
        self._polling = Polling(poll, timeout)
        self._live = live(self.dataset)
        if len(self._live.shape) < self.scan_rank:
            raise CannotFollow(
                f"{self._live.name} has shape {self._live.shape}, and its scan "
                f"{self.scan_rank} dimensions: it has no frame for each of the scan's points"
            )
        self._way = way_to(self.dataset, self.scan_rank)
        self._itemsize: int = getattr(getattr(dataset, "dtype", None), "itemsize", 8)

    @property
    def name(self) -> str:
        """What the dataset is called."""
        return self._live.name

    @property
    def limits(self) -> tuple[int | None, ...]:
        """The greatest shape of the dataset; None where there is no limit."""
        return self._live.maxshape

    @property
    def length(self) -> int:
        """How many frames there are, as far as was looked."""
        return prod(self._live.shape[: self.scan_rank])

    @property
    def at_once(self) -> int:
        """How many frames it makes sense to read in one go."""
        frame_bytes = prod(self._live.shape[self.scan_rank :]) * self._itemsize
        return max(1, min(_AT_ONCE, _AT_ONCE_BYTES // max(1, frame_bytes)))

    def read_frame(
        self,
        index: int,
        force_refresh: bool = False,  # noqa: FBT001, FBT002  (as users know it)
    ) -> tuple[np.ndarray, tuple[slice, ...]]:
        """Give a frame, and where in the scan it is.

        Parameters
        ----------
        index : int
            The number of the frame, in C order.
        force_refresh : bool
            Look what was written, first. Without, what was read of the dataset before may be
            what is given, where its chunks hold several frames.

        Returns
        -------
        frame : array
            With a length of 1 in each dimension of the scan.
        slices : tuple of slice
            One for each dimension of the scan.

        Raises
        ------
        NothingCame
            If there is no such frame yet, and none came within the timeout.
        InvalidArgument, WrongType
            If the number is none, or negative.
        """
        number = whole_number(index, "a frame's number", least=0)
        if force_refresh:
            self.refresh()
        self._polling.restart()
        while not self.has(number):
            if self._polling.is_over:
                raise NothingCame(
                    f"{self.name} has {self.length} frames, and frame {number} did not come in "
                    f"{self._polling.timeout} s: ask again to go on waiting"
                )
            self._polling.wait()
        (frame,) = self.read_frames(number, 1)
        return frame, self.slices_from(number, 1)[0]

    def has(self, index: int) -> bool:
        """Whether there is such a frame; if it is not known of, now."""
        if index >= self.length:
            self.refresh()
        return index < self.length

    def refresh(self) -> None:
        """See what was written until now."""
        self._live.refresh()

    def read_frames(self, first: int, count: int, ahead: int | None = None) -> list[np.ndarray]:
        """Give frames that follow each other, all of which are there.

        Frames that were read together are parts of one piece of memory, 512 KiB at most unless
        one is larger: to hold one of them holds the piece.

        Parameters
        ----------
        first, count : int
        ahead : int, optional
            How many are there, of which these are the first.
        """
        frames: list[np.ndarray] = []
        ahead = count if ahead is None else ahead
        while len(frames) < count:
            done = len(frames)
            shape = self._live.shape
            frames.extend(self._way.read(first + done, count - done, shape, ahead - done))
        return frames

    def slices_from(self, first: int, count: int) -> list[tuple[slice, ...]]:
        """Give where in the scan frames are that follow each other."""
        grid = self._live.shape[: self.scan_rank]
        if len(grid) == 1:
            return [(slice(at, at + 1),) for at in range(first, first + count)]
        places = [position(index, grid) for index in range(first, first + count)]
        return [tuple([slice(at, at + 1) for at in place]) for place in places]
