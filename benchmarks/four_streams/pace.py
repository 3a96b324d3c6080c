"""Doing something so many times a second, and how late it was."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

_NS = 1_000_000_000
_LATE_NS = 1_000_000


def on_time(rate: int, count: int, begin_ns: int, late_ns: list[int]) -> Iterator[int]:
    """Give numbers, each when it is due or as soon after that as can be; note how late.

    Parameters
    ----------
    rate : int
        Numbers a second.
    count : int
    begin_ns : int
        When the first is due, by `time.monotonic_ns`.
    late_ns : list of int
        Appended to.
    """
    for number in range(count):
        due_ns = begin_ns + number * _NS // rate
        while (left_ns := due_ns - time.monotonic_ns()) > 0:
            time.sleep(left_ns / _NS)
        late_ns.append(-left_ns)
        yield number


class Lateness(NamedTuple):
    """How late something began that was to begin in time."""

    deadlines: int
    missed: int  # by more than a millisecond
    most_ms: float


def lateness(late_ns: list[int]) -> Lateness:
    missed = sum(late > _LATE_NS for late in late_ns)
    return Lateness(len(late_ns), missed, max(late_ns) / 1e6)


def half_most_all(times_ns: list[int]) -> list[float]:
    """Give what half of the times, 99 % and all of them do not exceed, in milliseconds."""
    if not times_ns:
        return [np.nan] * 3
    return (np.percentile(times_ns, [50, 99, 100]) / 1e6).tolist()
