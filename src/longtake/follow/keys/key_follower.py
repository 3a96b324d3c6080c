"""Which frames of a scan are there, in order, as their keys are written."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Self

from longtake.errors import CannotFollow
from longtake.follow.keys.finished_flag import FinishedFlag
from longtake.follow.keys.given_datasets import listed
from longtake.follow.keys.key_cursor import KeyCursor
from longtake.follow.keys.left_file import was_left
from longtake.follow.keys.shared_dataset import shared
from longtake.streams.polling import Polling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longtake.follow.keys.live_dataset import FollowedDataset


class KeyFollower:
    """Gives the number of each frame as soon as all its keys are there, until the writer is done.

    A key dataset holds a number for each frame, zero until the frame can be read. It may have any
    rank; frames are counted in C order.

    Parameters
    ----------
    key_datasets : sequence of h5py.Dataset
        One or more, of one rank and shape, of a file that was opened to read (with ``swmr=True``
        if it is being written). Anything with ``shape``, ``maxshape`` and indexing will do.
    timeout : float, seconds
        For how long nothing may come. None waits for ever.
    finished_dataset : h5py.Dataset, optional
        Of one value, which is zero until the writer is done.
    poll : float, seconds, optional
        How long to wait between looks. By default ever longer while nothing comes, from 0.2 ms
        to 10 ms.

    Attributes
    ----------
    current_key : int
        The frame that was given last; -1 before the first.
    current_max : int
        The last frame that is there, as far as was looked; -1 if there is none.
    timed_out : bool
        Whether it ended because nothing came for so long. Asking for the next goes on: it waits
        again.
    finished_set : bool
        Whether the finished dataset was seen to be set.
    scan_rank : int
        How many dimensions the scan has, -1 before `check_datasets`.
    maxshape : tuple of (int or None)
        The greatest shape of the scan, after `check_datasets`; None where there is no limit.

    Raises
    ------
    InvalidArgument, WrongType
        If a time is none, a dataset is none, or the finished dataset has more than one value.
    CannotFollow
        If the file ends the iteration and contradicts itself; see `check_datasets`.

    Guarantees
    ----------
    Order: ascending, each number once, none left out. A key that was seen is not read again; to
    follow n keys takes time in proportion to n. Threads: use one follower in one thread.

    Examples
    --------
    >>> import h5py, numpy as np, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "scan.h5")
    >>> with h5py.File(path, "w", libver="latest") as file:
    ...     file["keys"] = np.array([1, 2, 0, 4]).reshape(2, 2, 1, 1)
    ...     file["finished"] = 1
    >>> with h5py.File(path, "r", swmr=True) as file:
    ...     list(KeyFollower([file["keys"]], finished_dataset=file["finished"]))
    [0, 1]
    """

    def __init__(
        self,
        key_datasets: Sequence[FollowedDataset],
        timeout: float | None = 10,
        finished_dataset: FollowedDataset | None = None,
        *,
        poll: float | None = None,
    ) -> None:
        self._polling = Polling(poll, timeout)
        self.key_datasets = [shared(key) for key in listed(key_datasets, "key_datasets")]
        self.finished_dataset = None if finished_dataset is None else shared(finished_dataset)
        self._cursors = [KeyCursor(dataset) for dataset in self.key_datasets]
        done = self.finished_dataset
        self._flag = None if done is None else FinishedFlag(done)
        self.finished_set = False
        self.scan_rank = -1
        self.maxshape: tuple[int | None, ...] = ()
        self.reset()

    @property
    def timeout(self) -> float | None:
        """For how many seconds nothing may come."""
        return self._polling.timeout

    @property
    def writer_died(self) -> bool:
        """Whether it timed out, and nothing can come, for nobody writes the file any more.

        That is, the file is still marked as being written, and no process has it open to write.
        False also where the system does not tell who has.
        """
        return self.timed_out and any(was_left(dataset) for dataset in self.key_datasets[:1])

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> int:
        if self.current_key >= self.current_max and not self.wait_for_key():
            raise StopIteration
        self.current_key += 1
        return self.current_key

    def wait_for_key(self) -> bool:
        """Wait until a key is there that was not given, and say whether one came."""
        if self.current_key < self.current_max:
            return True
        self._polling.restart()
        self.timed_out = False
        self.refresh()
        while self.current_key >= self.current_max:
            if self.is_finished():
                return False
            if self.current_key < self.current_max:  # they came with the end
                break
            if self._polling.is_over:
                self.timed_out = True
                return False
            self._polling.wait()
            self.refresh()
        return True

    def check_datasets(self) -> None:
        """Learn the rank and the greatest shape of the scan from the key datasets.

        The dimensions of the scan are those of a key dataset without the last ones that can only
        ever have length 1, which stand for the frame.

        Raises
        ------
        CannotFollow
            If the scan has another rank or another shape in one key dataset than in the others.
        """
        shapes = [_scan_shape(cursor.maxshape) for cursor in self._cursors]
        if shapes:
            self.maxshape = _common(shapes, self._cursors)
            self.scan_rank = len(self.maxshape)

    def refresh(self) -> bool:
        """Look at the keys once, and say whether there are more of them."""
        before = self.current_max
        self.current_max = min((cursor.look() for cursor in self._cursors), default=0) - 1
        return self.current_max > before

    def get_current_max(self) -> int:
        """Give the last frame that is there, without looking."""
        return self.current_max

    def are_keys_complete(self) -> bool:
        """Whether all frames are there that the scan can have; see `check_datasets`."""
        limits = [length for length in self.maxshape if length is not None]
        is_limited = self.scan_rank >= 0 and len(limits) == len(self.maxshape)
        return is_limited and self.current_max == prod(limits) - 1

    def is_finished(self) -> bool:
        """Whether all was given, and the writer said that it is done, or nothing came in time."""
        if self.current_key < self.current_max:
            return False
        if not self.finished_set and self.is_flag_set():
            self.finished_set = True
            self.refresh()  # what was written before the flag, and after the last look
        return self.current_key >= self.current_max and (self.finished_set or self.timed_out)

    def is_flag_set(self) -> bool:
        """Whether the finished dataset is set, now."""
        return self._flag is not None and self._flag.is_set()

    def reset(self) -> None:
        """Begin again with the first frame."""
        for cursor in self._cursors:
            cursor.restart()
        self.current_key = self.current_max = -1
        self.timed_out = False


def _scan_shape(maxshape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    rank = len(maxshape)
    while rank and maxshape[rank - 1] == 1:
        rank -= 1
    return maxshape[:rank]


def _common(
    shapes: list[tuple[int | None, ...]], cursors: list[KeyCursor]
) -> tuple[int | None, ...]:
    """Give what all shapes say; where one has no limit, another may have."""
    if len({len(shape) for shape in shapes}) > 1:
        raise CannotFollow(f"Key datasets must have the same rank! They are {_listed(cursors)}")
    lengths = [set(at) - {None} for at in zip(*shapes, strict=True)]
    if any(len(several) > 1 for several in lengths):
        raise CannotFollow(
            f"the key datasets are not of one scan, for they differ in maxshape: {_listed(cursors)}"
        )
    return tuple(several.pop() if several else None for several in lengths)


def _listed(cursors: list[KeyCursor]) -> str:
    return ", ".join(f"{cursor.name} {cursor.maxshape}" for cursor in cursors)
