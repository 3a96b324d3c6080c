"""Time several ways of doing one thing, in turn."""

from __future__ import annotations

import gc
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def seconds(work: Callable[[], object]) -> float:
    """Give how long `work` takes, by the clock on the wall."""
    gc.collect()  # what others left behind is not this one's to clear
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def take_turns(rounds: int, *contestants: Callable[[], float]) -> list[list[float]]:
    """Run A B A B ..., so that whatever else the machine does meets all alike.

    Parameters
    ----------
    rounds : int
    *contestants : callable
        Each gives the seconds that it took, for one frame.

    Returns
    -------
    list of list of float
        Of each contestant, the seconds in each round.
    """
    times = [[contestant() for contestant in contestants] for _ in range(rounds)]
    return [list(column) for column in zip(*times, strict=True)]


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this thread, and those it starts, on one processor, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
