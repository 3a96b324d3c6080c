"""A function over many items: order, bounds, failures, and no thread left behind."""

from __future__ import annotations

import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from operator import neg

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.errors import InvalidArgument, WrongType
from longtake.pipeline import default_workers, ordered_map

DEADLINE = 30


def our_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("longtake")]


@given(
    items=st.lists(st.integers(), max_size=30),
    workers=st.integers(1, 4),
    ahead=st.integers(1, 9),
)
def test_it_gives_what_map_gives(items, workers, ahead):
    assert list(ordered_map(neg, items, workers=workers, ahead=ahead)) == [-i for i in items]
    assert our_threads() == []


def test_results_come_in_order_though_the_first_takes_longest():
    others_done = threading.Event()

    def work(item):
        if item == 0:
            assert others_done.wait(DEADLINE)
        if item == 3:
            others_done.set()
        return item

    assert list(ordered_map(work, range(6), workers=2, ahead=4)) == list(range(6))


def test_several_items_are_worked_on_at_once():
    both = threading.Barrier(2)

    def work(item):
        both.wait(DEADLINE)
        return item

    assert list(ordered_map(work, range(4), workers=2)) == [0, 1, 2, 3]


@pytest.mark.parametrize("ahead", [1, 2, 5])
def test_no_more_is_taken_than_was_asked_for(ahead):
    taken = 0
    given_back = 0
    most = 0

    def items():
        nonlocal taken, most
        for item in range(50):
            taken += 1
            most = max(most, taken - given_back)
            yield item

    for _ in ordered_map(neg, items(), workers=2, ahead=ahead):
        given_back += 1
    # The result that is being used up is not given back yet when the next item is taken.
    assert most <= ahead + 1


def test_items_are_taken_by_the_thread_that_takes_the_results():
    takers = set()

    def items():
        for item in range(20):
            takers.add(threading.get_ident())
            yield item

    list(ordered_map(neg, items(), workers=3))
    assert takers == {threading.get_ident()}


def test_a_slow_source_does_not_hold_back_results():
    """With a live source, result n is given before item n + 2 is asked for."""
    asked = 0
    computed = [threading.Event() for _ in range(10)]

    def items():
        nonlocal asked
        for item in range(10):
            if item:
                # A camera: by the time of its next image, the last one has been worked on.
                assert computed[item - 1].wait(DEADLINE)
            asked += 1
            yield item

    def work(item):
        computed[item].set()
        return item

    lags = [asked - result for result in ordered_map(work, items(), workers=2, ahead=8)]
    assert max(lags) <= 3


@pytest.mark.parametrize("workers", [1, 3])
def test_a_failure_comes_in_its_turn(workers):
    seen = []
    with pytest.raises(ZeroDivisionError):
        seen.extend(ordered_map(lambda i: 1 // (4 - i), range(100), workers=workers))
    assert len(seen) == 4
    assert our_threads() == []


@pytest.mark.parametrize("workers", [1, 3])
def test_a_failure_of_the_source_comes_after_the_results_before_it(workers):
    def items():
        yield from range(5)
        raise OSError("the camera was unplugged")

    seen = []
    with pytest.raises(OSError, match="unplugged"):
        seen.extend(ordered_map(neg, items(), workers=workers))
    assert seen == [0, -1, -2, -3, -4]


def test_closing_early_ends_the_threads_and_cancels_what_waits():
    started = []

    def work(item):
        started.append(item)
        return item

    results = ordered_map(work, range(1000), workers=2, ahead=4)
    assert next(results) == 0
    results.close()
    assert our_threads() == []
    assert len(started) <= 6


def test_an_interrupt_ends_the_threads():
    def items():
        yield 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(ordered_map(neg, items(), workers=2))
    assert our_threads() == []


def test_one_worker_needs_no_thread():
    here = threading.get_ident()
    assert set(ordered_map(lambda _: threading.get_ident(), range(3), workers=1)) == {here}


def test_another_executor_can_do_the_work_and_is_left_running():
    with ThreadPoolExecutor(1, "theirs") as pool:
        names = set(ordered_map(lambda _: threading.current_thread().name, range(5), executor=pool))
        assert all(name.startswith("theirs") for name in names)
        assert pool.submit(neg, 1).result() == -1


def test_processes_can_do_the_work():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert list(ordered_map(neg, [1, 2, 3], executor=pool)) == [-1, -2, -3]


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"ahead": 0}, {"workers": -1}])
def test_bad_numbers_are_refused_at_once(wrong):
    with pytest.raises(InvalidArgument, match="must be 1 or more"):
        ordered_map(neg, [], **wrong)


@pytest.mark.parametrize("wrong", [{"workers": 1.5}, {"workers": True}, {"ahead": "many"}])
def test_what_is_no_number_is_refused_at_once(wrong):
    with pytest.raises((WrongType, InvalidArgument), match="is a whole number"):
        ordered_map(neg, [], **wrong)


def test_there_is_a_worker_by_default():
    assert default_workers() >= 1
