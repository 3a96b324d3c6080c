"""Every frame of a scan, of several datasets at once, as its keys are written."""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import TYPE_CHECKING, Self

from longtake.errors import CannotFollow, DamagedFile
from longtake.follow.keys.frame_reader import FrameReader
from longtake.follow.keys.given_datasets import require_named, require_of_scan, require_stack
from longtake.follow.keys.interleaved import InterleavedReader
from longtake.follow.keys.key_follower import KeyFollower
from longtake.follow.keys.scan_point import ScanPoint
from longtake.follow.results import append_data, create_dataset
from longtake.streams.polling import Polling
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import h5py
    from numpy.typing import ArrayLike

    from longtake.follow.keys.live_dataset import FollowedDataset


class DataSource:
    """Gives the frames of a scan, point by point, until the writer is done.

    How many dimensions the scan has is found from the key datasets; the others of a dataset are
    those of its frames.

    Parameters
    ----------
    key_datasets, timeout, finished_dataset, poll
        As of `KeyFollower`.
    datasets : mapping of str to h5py.Dataset
        What to read, under any names.
    use_direct_chunk : bool
        Changes nothing: the fastest way to read is always taken.
    interleaved_datasets : mapping of str to sequence of h5py.Dataset, optional
        Of a stack that several datasets share: frame i is in dataset i mod n, at i // n.

    Attributes
    ----------
    key_follower : KeyFollower
        Which says why it ended, and more.

    Raises
    ------
    CannotFollow
        If there is nothing to read, or the datasets do not go with each other: the scan has
        another shape in one than in the others.
    InvalidArgument, WrongType
        As of `KeyFollower`.
    DamagedFile
        While iterating: if the writer is done, and a dataset has fewer frames than there are keys.

    Guarantees
    ----------
    Order: ascending, each point once, none left out; a point whose frames are not all there yet is
    waited for. After a timeout, asking again goes on where it stopped. Frames belong to the caller:
    they can be written to, and nothing changes them later. Small ones that were read together are
    parts of one piece of memory, of 512 KiB at most: copy one to keep it alone. Memory: such a
    piece, or three frames, for each dataset; and 24 bytes for each small frame that lies in the
    file as it is. Threads: use one source in one thread.

    Examples
    --------
    >>> import h5py, numpy as np, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "scan.h5")
    >>> with h5py.File(path, "w", libver="latest") as file:
    ...     file["keys"] = np.array([1, 2]).reshape(2, 1, 1)
    ...     file["camera"], file["finished"] = np.arange(40).reshape(2, 4, 5), 1
    >>> with h5py.File(path, "r", swmr=True) as file:
    ...     cameras = {"camera": file["camera"]}
    ...     for point in DataSource([file["keys"]], cameras, finished_dataset=file["finished"]):
    ...         print(point.index, point.slice_metadata, point["camera"].shape)
    0 (slice(0, 1, None),) (1, 4, 5)
    1 (slice(1, 2, None),) (1, 4, 5)
    """

    def __init__(
        self,
        key_datasets: Sequence[FollowedDataset],
        datasets: Mapping[str, FollowedDataset] | None,
        timeout: float | None = 10,
        finished_dataset: FollowedDataset | None = None,
        use_direct_chunk: bool = False,  # noqa: FBT001, FBT002  (as users know it)
        interleaved_datasets: Mapping[str, Sequence[FollowedDataset]] | None = None,
        *,
        poll: float | None = None,
    ) -> None:
        if not datasets and not interleaved_datasets:
            raise CannotFollow("No data specified to follow! Give datasets={name: dataset}")
        require_named(datasets or {}, "datasets")
        require_named(interleaved_datasets or {}, "interleaved_datasets")
        self.key_follower = KeyFollower(key_datasets, timeout, finished_dataset, poll=poll)
        self.key_follower.check_datasets()
        self.use_direct_chunk = use_direct_chunk
        self._polling = Polling(poll, timeout)
        scan = self.key_follower.maxshape
        self._readers: dict[str, FrameReader | InterleavedReader] = {}
        for name, dataset in (datasets or {}).items():
            self._readers[name] = reader = FrameReader(dataset, len(scan))
            require_of_scan(reader.name, reader.limits, scan)
        for name, several in (interleaved_datasets or {}).items():
            require_stack(len(scan), name)
            self._readers[name] = InterleavedReader(name, several)
        self._points: deque[ScanPoint] = deque()
        self._refreshed_at = -1

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ScanPoint:
        if not self._points:
            self._points = self._read_from(self._wait())
        point = self._points.popleft()
        self.key_follower.current_key = point.index
        return point

    def batches(self, most: int) -> Iterator[list[ScanPoint]]:
        """Give lists of points: all that are there, at most so many, as soon as there is one."""
        for point in self:
            batch = [point]
            while len(batch) < most and self._has_next():
                batch.append(next(self))
            yield batch

    def go_on_after(self, index: int) -> None:
        """Give the point after this one next, and those after it; -1 begins with the first."""
        self._points.clear()
        self.key_follower.current_key = whole_number(index, "a point's number", least=-1)

    def reset(self) -> None:
        """Begin again with the first point."""
        self.key_follower.reset()
        self._points.clear()
        self._refreshed_at = -1

    def is_scan_finished(self) -> bool:
        """Whether the finished dataset was seen to be set."""
        return self.key_follower.finished_set

    def has_timed_out(self) -> bool:
        """Whether it ended because nothing came for so long."""
        return self.key_follower.timed_out

    def create_dataset(self, data: ArrayLike, fh: h5py.Group, path: str) -> h5py.Dataset:
        """Make a dataset for results, one for each point of the scan, with the first in it.

        See `longtake.follow.utils.create_dataset`.
        """
        return create_dataset(data, self.key_follower.maxshape, fh, path)

    def append_data(
        self, data: ArrayLike, slice_metadata: Sequence[slice], dataset: h5py.Dataset
    ) -> None:
        """Put the result of one point where it belongs.

        See `longtake.follow.utils.append_data`.
        """
        append_data(data, slice_metadata, dataset)

    def _has_next(self) -> bool:
        """Whether the next point is there, as far as was looked."""
        index = self.key_follower.current_key + 1
        is_known = index <= self.key_follower.current_max
        return bool(self._points) or (
            is_known and all(index < reader.length for reader in self._readers.values())
        )

    def _wait(self) -> int:
        """Wait until there is a point that was not given, with all its frames, and say which."""
        keys = self.key_follower
        if not keys.wait_for_key():
            raise StopIteration
        if keys.current_max > self._refreshed_at:
            self._refreshed_at = keys.current_max
            for reader in self._readers.values():
                reader.refresh()
        index = keys.current_key + 1
        self._polling.restart()
        while not all(reader.has(index) for reader in self._readers.values()):
            if self._polling.is_over:
                self._require_unfinished(index)
                keys.timed_out = True
                raise StopIteration
            self._polling.wait()
        return index

    def _require_unfinished(self, index: int) -> None:
        keys = self.key_follower
        if keys.finished_set or keys.is_flag_set():
            short = min(self._readers.values(), key=lambda reader: reader.length)
            raise DamagedFile(
                f"{short.name} has {short.length} frames, though the keys tell of "
                f"{keys.current_max + 1} and the writer is done: frame {index} is missing"
            )

    def _read_from(self, first: int) -> deque[ScanPoint]:
        """Read the next points, as many as are read in one go."""
        readers, keys = self._readers, self.key_follower
        ahead = min([keys.current_max + 1, *(r.length for r in readers.values())]) - first
        together = min([ahead, *(reader.at_once for reader in readers.values())])
        points = [ScanPoint() for _ in range(together)]
        for name, reader in readers.items():
            for point, frame in zip(
                points, reader.read_frames(first, together, ahead), strict=True
            ):
                point[name] = frame
        slices, maxshape = next(iter(readers.values())).slices_from(first, together), keys.maxshape
        for index, point, where in zip(count(first), points, slices, strict=False):
            point.index, point.slice_metadata, point.maxshape = index, where, maxshape
        return deque(points)
