"""A function over many items: several at once, the results in order."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, TypeVar

from longtake.whole_number import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int | None = None,
    ahead: int | None = None,
    executor: Executor | None = None,
) -> Generator[Result]:
    """Apply a function to many items in threads, and give the results in the items' order.

    Parameters
    ----------
    function : callable
        Called with one item at a time, in any of the threads.
    items : iterable
        As long as you like. It is read in the thread that takes the results.
    workers : int, optional
        How many threads; by default one for each processor. With 1 the function is called in the
        thread that takes the results, each time a result is wanted.
    ahead : int, optional
        How many items may be on their way at once: taken, and their results not yet. By default
        twice the workers.
    executor : concurrent.futures.Executor, optional
        Who does the work, instead of threads made here: processes, a cluster. It is left running.

    Yields
    ------
    object
        ``function(item)`` for each item.

    Raises
    ------
    InvalidArgument, WrongType
        At once, if `workers` or `ahead` is not a number from 1 up.
    Exception
        What the function raised for an item, when that item's turn comes: after all results before
        it. What `items` raised, likewise. Nothing comes after it.

    Guarantees
    ----------
    Order: the items'. Memory: at most `ahead` items and results. Threads: all have ended when the
    last result was taken, when it failed, and when the generator is closed or interrupted, which
    waits for the calls that are running.

    Examples
    --------
    >>> list(ordered_map(abs, [-3, 1, -2], workers=2))
    [3, 1, 2]
    """
    workers = worker_count(workers)
    ahead = whole_number(2 * workers if ahead is None else ahead, "ahead", least=1)
    if executor is None and workers == 1:
        return (function(item) for item in items)
    return _in_order(function, iter(items), workers, ahead, executor)


def worker_count(workers: int | None) -> int:
    """Give how many threads are meant, by default one for each processor.

    Raises
    ------
    InvalidArgument, WrongType
        If `workers` is not a number from 1 up.
    """
    return whole_number(default_workers() if workers is None else workers, "workers", least=1)


def default_workers() -> int:
    """Give the number of processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _in_order(
    function: Callable[[Item], Result],
    items: Iterator[Item],
    workers: int,
    ahead: int,
    executor: Executor | None,
) -> Generator[Result]:
    own = ThreadPoolExecutor(workers, "longtake") if executor is None else nullcontext(executor)
    waiting: deque[Future[Result]] = deque()
    more = True
    with own as pool:
        try:
            while more or waiting:
                if more and len(waiting) < ahead:
                    more = _submit_next(pool, function, items, waiting)
                # At most one is taken for each that is given: a slow source's results do not
                # wait for the look-ahead to fill, and a fast one's look-ahead stays full.
                if waiting and (not more or len(waiting) == ahead or waiting[0].done()):
                    yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _submit_next(
    pool: Executor,
    function: Callable[[Item], Result],
    items: Iterator[Item],
    waiting: deque[Future[Result]],
) -> bool:
    """Start on the next item; tell whether there was one."""
    try:
        item = next(items)
    except StopIteration:
        return False
    except Exception as error:
        # It waits its turn, behind the results of the items before it.
        failed: Future[Result] = Future()
        failed.set_exception(error)
        waiting.append(failed)
        return False
    waiting.append(pool.submit(function, item))
    return True
