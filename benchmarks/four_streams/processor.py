"""How much of the processors this process uses."""

from __future__ import annotations

import resource
import time


class ProcessorUse:
    """Time of processors over time, since this was made: 1 is all of one processor."""

    def __init__(self) -> None:
        self._begin_s, self._used_s = time.monotonic(), _used_s()

    def share(self) -> float:
        return (_used_s() - self._used_s) / (time.monotonic() - self._begin_s)


def _used_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
