"""Where frames are missing, as their keys tell."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import NamedTuple

_MOST = 100
#: So many steps from key to key tell what is usual,
_STEPS = 32
#: at least so many,
_FEWEST = 3
#: and one that is so many times as long leaves out a frame.
_FACTOR = 1.5


class Gap(NamedTuple):
    """A place where frames are missing.

    Attributes
    ----------
    after, before : int
        The keys of the frames around it.
    missing : int
        How many frames would have fitted between them, at the usual step.
    """

    after: int
    before: int
    missing: int


class GapFinder:
    """Finds gaps in keys that come at about equal steps: frame numbers, a camera's timestamps.

    A step that is half as long again as the usual one, the median of the last 32, is a gap.

    Examples
    --------
    >>> finder = GapFinder()
    >>> for key in [0, 10, 21, 30, 40, 71, 80]:
    ...     finder.take_in(key)
    >>> list(finder.found), finder.missing
    ([Gap(after=40, before=71, missing=2)], 2)
    """

    def __init__(self) -> None:
        #: The last hundred.
        self.found: deque[Gap] = deque(maxlen=_MOST)
        #: How many frames in all of them.
        self.missing = 0
        self._last: int | None = None
        self._steps: deque[int] = deque(maxlen=_STEPS)
        self._usual = 0.0
        self._next_median = _FEWEST

    def take_in(self, key: int) -> None:
        """Look at the next key."""
        last, self._last = self._last, key
        if last is None:
            return
        step = key - last
        if self._usual and step >= _FACTOR * self._usual:
            self._note(last, key, step)
            return
        self._steps.append(step)
        self._next_median -= 1
        if self._next_median <= 0:
            self._usual = median(self._steps)
            self._next_median = len(self._steps)

    def _note(self, last: int, key: int, step: int) -> None:
        missing = max(1, round(step / self._usual) - 1)
        self.found.append(Gap(last, key, missing))
        self.missing += missing
        # Should the steps have become longer for good, that will be the usual one.
        self._steps.append(step)
        self._usual = median(self._steps)
