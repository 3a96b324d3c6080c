"""How far the keys of one dataset go without a gap."""

from __future__ import annotations

import numpy as np

from longtake.follow.keys.live_dataset import FollowedDataset, live

#: How many keys are read to see if there are new ones; four times as many each time that all were,
_FIRST, _MOST = 64, 65536


class KeyCursor:
    """Counts the keys before the first zero, in C order, and reads each of them once.

    Parameters
    ----------
    dataset : h5py.Dataset or what is like one
        Of integers.

    Attributes
    ----------
    count : int
        As it was when it was last looked.
    """

    def __init__(self, dataset: FollowedDataset) -> None:
        self._keys = live(dataset)
        self.count = 0
        self._inner = self._keys.shape[1:]

    @property
    def maxshape(self) -> tuple[int | None, ...]:
        """The greatest shape the dataset can have; None where there is no limit."""
        return self._keys.maxshape

    @property
    def name(self) -> str:
        """What the dataset is called."""
        return self._keys.name

    def look(self) -> int:
        """Give how many keys there are now."""
        keys = self._keys
        keys.refresh()
        if keys.shape[1:] != self._inner:  # the same keys have other numbers now
            self.count, self._inner = 0, keys.shape[1:]
        self.count = min(self.count, keys.size)
        most = _FIRST
        while self.count < keys.size:
            values = keys.values_from(self.count, most)
            zeros = np.flatnonzero(values == 0)
            if len(zeros):
                self.count += int(zeros[0])
                break
            self.count += len(values)
            most = min(4 * most, _MOST)
        return self.count

    def restart(self) -> None:
        """Forget what was read."""
        self.count = 0
