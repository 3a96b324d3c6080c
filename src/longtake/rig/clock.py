"""The time of a session, counted in frames: as it passes, or as fast as the data can be made."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from threading import Lock
from typing import TYPE_CHECKING

from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable

_NS = 1_000_000_000


class Clock(ABC):
    """Tells the time as a frame's timestamp.

    A session's thread waits until a block is due, then reads it from the source; in simulated
    time that wait takes none, so the same loop serves both::

        clock.wait_until(position + block_frames)
        block = source.read(clock.timestamp() - position)

    Parameters
    ----------
    start : int
        The timestamp at the start; a source's `start`.

    Guarantees
    ----------
    Order: `timestamp` never goes back, `next_timestamp` always goes forward.
    Threads: all methods may be called from any thread.
    """

    def __init__(self, start: int = 0) -> None:
        self.start = whole_number(start, "the clock's start")
        self._given = self.start - 1
        self._giving = Lock()

    @abstractmethod
    def timestamp(self) -> int:
        """Give the time now; two quick calls can give the same."""

    @abstractmethod
    def wait_until(self, timestamp: int) -> None:
        """Return when it is that time, or later."""

    def next_timestamp(self) -> int:
        """Give the time now, or the frame after the one last given, whichever is later.

        No two calls give the same, so what it gives can be appended to a stream however quick the
        calls are, from any thread's view in ascending order. The price: called more often than
        there are frames, it runs ahead of `timestamp`, one frame a call, until time catches up.
        One more call gives a timestamp after all those given: an end that excludes none of them.

        Examples
        --------
        >>> clock = AsFastAsPossible(start=100)
        >>> [clock.timestamp(), clock.timestamp(), clock.next_timestamp(), clock.next_timestamp()]
        [100, 100, 100, 101]
        """
        with self._giving:
            self._given = max(self._given + 1, self.timestamp())
            return self._given


class RealTime(Clock):
    """Time passes as it does.

    Parameters
    ----------
    frames_per_second : int
        Steps of the timestamp a second.
    start : int
        The timestamp at the moment the clock is made.
    now_ns, sleep
        The computer's clock, nanoseconds, which never goes back; and how to wait some seconds.

    Raises
    ------
    WrongType, InvalidArgument
        If the frames per second are not a whole number, 1 to 10⁹.

    Notes
    -----
    Only whole numbers are used, so the clock is exact however long it runs.

    Examples
    --------
    >>> clock = RealTime(25_000, start=1000)
    >>> clock.wait_until(1050)
    >>> clock.timestamp() >= 1050
    True
    """

    def __init__(
        self,
        frames_per_second: int,
        start: int = 0,
        *,
        now_ns: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        super().__init__(start)
        self.frames_per_second = whole_number(
            frames_per_second, "the number of frames per second", least=1, most=_NS
        )
        self._now_ns, self._sleep = now_ns, sleep
        self._began_ns = now_ns()

    def timestamp(self) -> int:
        """Give the time now: the frame that has begun last."""
        return self.start + (self._now_ns() - self._began_ns) * self.frames_per_second // _NS

    def wait_until(self, timestamp: int) -> None:
        """Sleep until it is that time; at once if it has passed."""
        frames = whole_number(timestamp, "a timestamp") - self.start
        # Rounded up: the frame's first nanosecond, not the last of the frame before.
        due_ns = self._began_ns - (-frames * _NS // self.frames_per_second)
        while (left_ns := due_ns - self._now_ns()) > 0:
            self._sleep(left_ns / _NS)


class AsFastAsPossible(Clock):
    """Time passes when somebody waits for it, and not otherwise.

    Meant for one waiter, the thread that makes the data: the time is then how far they are made.

    Examples
    --------
    >>> clock = AsFastAsPossible()
    >>> clock.wait_until(25_000)  # returns at once
    >>> clock.timestamp()
    25000
    """

    def __init__(self, start: int = 0) -> None:
        super().__init__(start)
        self._now = self.start
        self._moving = Lock()

    def timestamp(self) -> int:
        """Give the latest time that was waited for."""
        return self._now

    def wait_until(self, timestamp: int) -> None:
        """Make it that time, unless it is later already."""
        due = whole_number(timestamp, "a timestamp")
        with self._moving:
            self._now = max(self._now, due)
