"""When to look again for something new: at once at first, and ever less often."""

from __future__ import annotations

from numbers import Real
from time import monotonic, sleep
from typing import TYPE_CHECKING

from longtake.errors import InvalidArgument, WrongType

if TYPE_CHECKING:
    from collections.abc import Callable

#: Of the time that nothing came, so much is waited until the next look,
_SHARE = 0.05
#: but neither less than this, for to be woken costs more than to look,
_SHORTEST_S = 0.0002
#: nor more, at first; and what has not come for long is looked for less often.
_SOON_S, _LATER_SHARE, _LONGEST_S = 0.001, 0.005, 0.01


class Polling:
    """Waits between looks: 0.2 ms at first, and up to 10 ms while nothing comes.

    What comes at least five times a second is seen within a millisecond, what comes every two
    seconds within a hundredth of a second; and to wait costs little time of a processor.

    Parameters
    ----------
    poll : float, optional
        Wait so many seconds between looks instead, always.
    timeout : float, optional
        For how many seconds nothing may come; by default for ever.
    clock, wait : callable
        Tell the time in seconds, and let it pass.

    Raises
    ------
    InvalidArgument, WrongType
        If a time is not a number of seconds, 0 or more.

    Examples
    --------
    >>> times = iter([0, 0, 3, 5])
    >>> polling = Polling(timeout=4, clock=lambda: next(times), wait=lambda seconds: None)
    >>> polling.is_over, polling.is_over, polling.is_over
    (False, False, True)
    """

    def __init__(
        self,
        poll: float | None = None,
        timeout: float | None = None,
        *,
        clock: Callable[[], float] = monotonic,
        wait: Callable[[float], None] = sleep,
    ) -> None:
        self.poll = None if poll is None else seconds(poll, "poll")
        self.timeout = None if timeout is None else seconds(timeout, "timeout")
        self._clock = clock
        self._wait = wait
        self._since = clock()

    @property
    def idle(self) -> float:
        """For how many seconds nothing has come."""
        return self._clock() - self._since

    @property
    def is_over(self) -> bool:
        """Whether nothing has come for longer than the timeout."""
        return self.timeout is not None and self.idle >= self.timeout

    def restart(self) -> None:
        """Begin to wait from now: something came, or was asked for."""
        self._since = self._clock()

    def wait(self) -> None:
        """Let some time pass, not beyond the timeout."""
        idle = self.idle
        pause = _pause_after(idle) if self.poll is None else self.poll
        if self.timeout is not None:
            pause = min(pause, max(self.timeout - idle, 0.0))
        self._wait(pause)


def _pause_after(idle: float) -> float:
    most = max(_SOON_S, idle * _LATER_SHARE)
    return min(max(min(idle * _SHARE, most), _SHORTEST_S), _LONGEST_S)


def seconds(value: object, name: str) -> float:
    """Give a number of seconds, 0 or more, as a float.

    Raises
    ------
    InvalidArgument, WrongType
        If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise WrongType(f"{name} is a number of seconds, not {value!r}")
    number = float(value)
    if not number >= 0:
        raise InvalidArgument(f"{name}={value!r}: give a number of seconds, 0 or more")
    return number
