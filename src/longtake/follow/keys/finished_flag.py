"""The dataset by which a writer says that it is done."""

from __future__ import annotations

from longtake.errors import InvalidArgument
from longtake.follow.keys.live_dataset import FollowedDataset, live


class FinishedFlag:
    """Tells whether the one value of a dataset is no longer zero.

    Parameters
    ----------
    dataset : h5py.Dataset or what is like one
        Of a single value, in any number of dimensions, also none; it may be empty at first.

    Raises
    ------
    InvalidArgument
        If it has more values.
    """

    def __init__(self, dataset: FollowedDataset) -> None:
        self._flag = live(dataset)
        if self._flag.size > 1:
            raise InvalidArgument(
                f"{self._flag.name} has shape {self._flag.shape}: a finished dataset has one "
                "value, 0 while the file is written"
            )

    def is_set(self) -> bool:
        """Whether the writer is done, now."""
        self._flag.refresh()
        return self._flag.size > 0 and bool(self._flag.values_from(0, 1).any())
