"""Memory for large frames, taken again once nobody has a frame that is in it."""

from __future__ import annotations

from sys import getrefcount
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The frame that is read, and the one that its user still has.
_MOST = 2


class WarmFrames:
    """Gives arrays to read frames into.

    Memory that is new costs the system as much as a third of the reading: it has to be found and
    cleared. So that of the last frames is kept, and given again when no array or view of it is
    left anywhere. Memory: two frames.

    Examples
    --------
    >>> warm = WarmFrames()
    >>> first = warm.empty((2, 2), np.dtype("u2"))
    >>> warm.empty((2, 2), np.dtype("u2")) is first
    False
    """

    def __init__(self) -> None:
        # The first is never given: it tells how often an array is referred to that nobody has.
        self._known = [np.empty(0)]

    def empty(self, shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
        """Give an array whose values are whatever they are."""
        unused, *counts = [getrefcount(array) for array in self._known]
        for number, count in enumerate(counts, 1):
            if count == unused and _fits(self._known[number], shape, dtype):
                return self._known[number]
        made = np.empty(shape, dtype)
        self._known = [self._known[0], *self._known[1:][1 - _MOST :], made]
        return made


def _fits(array: np.ndarray, shape: Sequence[int], dtype: np.dtype) -> bool:
    # Whoever had it may have made it read-only, or of another shape.
    return array.shape == tuple(shape) and array.dtype == dtype and array.flags.writeable
