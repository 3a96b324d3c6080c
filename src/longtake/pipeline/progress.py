"""How far a job over many frames has come."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job has come.

    Attributes
    ----------
    done : int
        Frames finished, those of earlier runs included.
    total : int or None
        Frames in all, if that is known.
    features : int
        Features found in this run.
    rate : float
        Frames a second, over this run.
    peak_memory : int
        The most memory this process has used, bytes.
    lag : float or None
        Of frames that come while they are worked on: for how many seconds the last one had been
        there when it was finished.
    """

    done: int
    total: int | None
    features: int
    rate: float
    peak_memory: int
    lag: float | None = None


class ProgressMeter:
    """Counts frames, and tells each time.

    Parameters
    ----------
    tell : callable
        ``tell(progress)`` is called after each frame, in the thread that counts.
    total : int, optional
        Frames in all, if that is known.
    done : int
        Frames that earlier runs finished.
    clock : callable
        Gives the time in seconds.

    Examples
    --------
    >>> meter = ProgressMeter(lambda p: print(p.done, "of", p.total), total=10, done=4)
    >>> meter.count(features=120)
    5 of 10
    """

    def __init__(
        self,
        tell: Callable[[Progress], None],
        *,
        total: int | None = None,
        done: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._total = total
        self._lag: float | None = None
        self._features = 0
        self._clock = clock
        self.begin(done)

    def begin(self, done: int) -> None:
        """Begin to count now, after what earlier runs have done."""
        self._before = self._done = done
        self._started = self._clock()

    def count(self, features: int = 0, total: int | None = None, lag: float | None = None) -> None:
        """Count one frame more, in which that many features were found.

        Of frames that come while they are worked on, say how many there are by now, and for how
        long this one was there.
        """
        self._done += 1
        self._features += features
        self._total = self._total if total is None else total
        self._lag = lag
        self.tell()

    def tell(self) -> None:
        """Tell how far it is, when no frame was finished since."""
        seconds = self._clock() - self._started
        rate = (self._done - self._before) / seconds if seconds > 0 else 0.0
        self._tell(
            Progress(self._done, self._total, self._features, rate, peak_memory(), self._lag)
        )


def peak_memory() -> int:
    """Give the most memory that this process has used so far, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
