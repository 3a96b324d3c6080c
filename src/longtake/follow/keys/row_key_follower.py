"""Which rows of a scan are there, in order, as their keys are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from longtake.errors import CannotFollow
from longtake.follow.keys.key_follower import KeyFollower
from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longtake.follow.keys.live_dataset import FollowedDataset


class RowKeyFollower:
    """Gives the number of the last frame of each row, once all keys of the row are there.

    Parameters
    ----------
    key_datasets, timeout, finished_dataset, poll
        As of `KeyFollower`.
    row_size : int, optional
        How many frames a row has; by default what `check_datasets` finds.

    Attributes
    ----------
    inner_key_follower : KeyFollower
        Says why it ended: `KeyFollower.timed_out`, `KeyFollower.finished_set`.
    row_size : int or None
    scan_rank, maxshape
        As of `KeyFollower`.

    Raises
    ------
    InvalidArgument, WrongType
        As of `KeyFollower`; also if the row size is none.
    CannotFollow
        If the row size is neither given nor known, when it is first asked for a row.

    Guarantees
    ----------
    As of `KeyFollower`. A row that was begun and timed out is given once it is whole.

    Examples
    --------
    >>> import h5py, numpy as np, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "scan.h5")
    >>> with h5py.File(path, "w") as file:
    ...     file["keys"], file["finished"] = np.ones((2, 3)), 1
    >>> with h5py.File(path, "r") as file:
    ...     rows = RowKeyFollower([file["keys"]], finished_dataset=file["finished"])
    ...     rows.check_datasets()
    ...     list(rows)
    [2, 5]
    """

    def __init__(
        self,
        key_datasets: Sequence[FollowedDataset],
        timeout: float | None = 10,
        finished_dataset: FollowedDataset | None = None,
        row_size: int | None = None,
        *,
        poll: float | None = None,
    ) -> None:
        self.row_size = None if row_size is None else whole_number(row_size, "row_size", least=1)
        self.inner_key_follower = KeyFollower(key_datasets, timeout, finished_dataset, poll=poll)
        self.scan_rank = -1
        self.maxshape: tuple[int | None, ...] = ()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> int:
        if self.row_size is None:
            raise CannotFollow("how long a row is is not known yet: call check_datasets() first")
        inner = self.inner_key_follower
        last = (inner.current_key + 1) // self.row_size * self.row_size + self.row_size - 1
        while inner.current_key < last:
            next(inner)
        return last

    def check_datasets(self) -> None:
        """Learn the rank and the greatest shape of the scan, and the row size if none was given.

        Raises
        ------
        CannotFollow
            As of `KeyFollower.check_datasets`; also if rows have no limit and no size was given.
        """
        self.inner_key_follower.check_datasets()
        self.scan_rank = self.inner_key_follower.scan_rank
        self.maxshape = self.inner_key_follower.maxshape
        if self.row_size is None:
            self.row_size = self.maxshape[-1] if self.maxshape else None
        if self.row_size is None:
            raise CannotFollow(
                f"a row of a scan of at most {self.maxshape} frames may grow for ever: give "
                "row_size="
            )

    def reset(self) -> None:
        """Begin again with the first row."""
        self.inner_key_follower.reset()
