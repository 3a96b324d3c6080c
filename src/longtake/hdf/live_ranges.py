"""The bytes that rows are appended to, which no structure change may touch."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class LiveRanges:
    """Ranges of a file, kept sorted, neighbours joined.

    Examples
    --------
    >>> live = LiveRanges()
    >>> live.add([(100, 200), (200, 300), (500, 600)])
    >>> live.touches(250, 260), live.touches(300, 500)
    (True, False)
    """

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Take in (start, end) ranges, none of which overlaps another."""
        for start, end in sorted(ranges):
            at = bisect_right(self._starts, start)
            if at > 0 and self._ends[at - 1] == start:
                self._ends[at - 1] = end
            else:
                self._starts.insert(at, start)
                self._ends.insert(at, end)

    def touches(self, start: int, end: int) -> bool:
        """Whether any byte from `start` up to `end` is in one of the ranges."""
        at = bisect_right(self._starts, start)
        return (at > 0 and self._ends[at - 1] > start) or (
            at < len(self._starts) and self._starts[at] < end
        )
