"""The clock goes forward, and never gives one timestamp twice when asked not to."""

from __future__ import annotations

from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.errors import InvalidArgument, WrongType
from longtake.rig.clock import AsFastAsPossible, RealTime


class Computer:
    """A computer's clock that stands still unless somebody sleeps, and oversleeps or wakes early."""

    def __init__(self, slept=1.0):
        self.ns = 123_456_789
        self.slept = slept
        self.sleeps = 0

    def now_ns(self):
        return self.ns

    def sleep(self, seconds):
        self.sleeps += 1
        self.ns += max(1, int(seconds * 1e9 * self.slept))


def real_time(computer, start=0, frames_per_second=25_000):
    return RealTime(frames_per_second, start, now_ns=computer.now_ns, sleep=computer.sleep)


def test_time_passes_a_frame_in_40_microseconds():
    computer = Computer()
    clock = real_time(computer, start=1000)
    assert clock.timestamp() == 1000
    computer.ns += 39_999
    assert clock.timestamp() == 1000
    computer.ns += 1
    assert clock.timestamp() == 1001
    computer.ns += 3600 * 10**9
    assert clock.timestamp() == 1001 + 3600 * 25_000


@given(
    frames=st.integers(-1000, 10**9),
    rate=st.sampled_from([1, 3, 1000, 25_000, 30_001, 10**9]),
    slept=st.sampled_from([0.3, 1.0, 1.5]),
)
def test_waiting_ends_when_it_is_time_and_not_before(frames, rate, slept):
    computer = Computer(slept)
    clock = real_time(computer, start=50, frames_per_second=rate)
    clock.wait_until(50 + frames)
    assert clock.timestamp() >= 50 + frames
    if slept == 1.0 and frames > 0:
        computer.ns -= max(1, computer.ns // 10**12)  # what float seconds cannot say
        assert clock.timestamp() <= 50 + frames
    if frames <= 0:
        assert computer.sleeps == 0


@given(steps=st.lists(st.integers(0, 5 * 40_000), max_size=50))
def test_next_timestamps_ascend_and_are_not_behind_the_time(steps):
    computer = Computer()
    clock = real_time(computer, start=7)
    given_ = []
    for step in steps:
        computer.ns += step
        given_.append(clock.next_timestamp())
        assert given_[-1] >= clock.timestamp()
    assert given_ == sorted(set(given_))


def test_next_timestamps_run_ahead_until_time_catches_up():
    computer = Computer()
    clock = real_time(computer)
    assert [clock.next_timestamp() for _ in range(4)] == [0, 1, 2, 3]
    assert clock.timestamp() == 0
    computer.ns += 2 * 40_000
    assert clock.next_timestamp() == 4
    computer.ns += 98 * 40_000
    assert clock.next_timestamp() == 100


@pytest.mark.parametrize("clock", [RealTime(25_000), AsFastAsPossible()])
def test_threads_never_get_the_same(clock):
    given_: list[list[int]] = [[] for _ in range(4)]

    def take(mine):
        mine.extend(clock.next_timestamp() for _ in range(2000))

    threads = [Thread(target=take, args=(mine,)) for mine in given_]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({timestamp for mine in given_ for timestamp in mine}) == 8000
    assert all(mine == sorted(mine) for mine in given_)


def test_as_fast_as_possible_time_passes_when_it_is_waited_for():
    clock = AsFastAsPossible(start=10)
    assert (clock.timestamp(), clock.timestamp()) == (10, 10)
    clock.wait_until(500)
    assert clock.timestamp() == 500
    clock.wait_until(20)
    assert clock.timestamp() == 500
    assert clock.next_timestamp() == 500
    assert clock.next_timestamp() == 501


def test_the_computers_own_clock_serves():
    clock = RealTime(25_000, start=5)
    clock.wait_until(100)
    assert clock.timestamp() >= 100


@pytest.mark.parametrize("rate", [0, -5, 10**10, 0.5])
def test_rates_that_make_no_sense_are_refused(rate):
    with pytest.raises(InvalidArgument, match="frames per second"):
        RealTime(rate)


def test_times_are_whole_numbers():
    for clock in (RealTime(25_000), AsFastAsPossible()):
        with pytest.raises(WrongType):
            clock.wait_until("soon")
        with pytest.raises(InvalidArgument):
            clock.wait_until(1.5)
