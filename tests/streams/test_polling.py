"""When a follower looks again."""

from __future__ import annotations

import pytest

from longtake.errors import InvalidArgument, WrongType
from longtake.streams.polling import Polling


class Time:
    def __init__(self):
        self.now, self.waits = 0.0, []

    def pass_(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


def polling(time, **given):
    return Polling(**given, clock=lambda: time.now, wait=time.pass_)


def test_it_waits_ever_longer_while_nothing_comes_up_to_a_hundredth_of_a_second():
    time = Time()
    waiting = polling(time)
    while time.now < 10:
        waiting.wait()
    assert time.waits == sorted(time.waits)
    assert time.waits[0] == 0.0002
    assert time.waits[-1] == 0.01
    # What came within the last fifth of a second is seen within a millisecond.
    assert all(wait <= 0.001 for i, wait in enumerate(time.waits) if sum(time.waits[:i]) <= 0.2)
    waiting.restart()
    waiting.wait()
    assert time.waits[-1] == 0.0002


def test_a_pause_that_was_asked_for_is_kept():
    time = Time()
    waiting = polling(time, poll=0.25)
    for _ in range(3):
        waiting.wait()
    assert time.waits == [0.25, 0.25, 0.25]


def test_the_timeout_is_of_the_time_in_which_nothing_came():
    time = Time()
    waiting = polling(time, timeout=1, poll=0.4)
    for _ in range(2):
        waiting.wait()
    assert not waiting.is_over
    waiting.restart()
    for _ in range(2):
        waiting.wait()
    assert not waiting.is_over
    waiting.wait()
    assert waiting.is_over
    assert time.waits[-1] == pytest.approx(0.2)  # not beyond the timeout


def test_without_a_timeout_it_is_never_over():
    time = Time()
    waiting = polling(time, poll=1e6)
    waiting.wait()
    assert not waiting.is_over


@pytest.mark.parametrize("name", ["poll", "timeout"])
def test_times_that_are_none_are_refused(name):
    for wrong in (-1, float("nan")):
        with pytest.raises(InvalidArgument, match=f"{name}=.*0 or more"):
            Polling(**{name: wrong})
    for wrong in ("1", True):
        with pytest.raises(WrongType, match=f"{name} is a number of seconds"):
            Polling(**{name: wrong})
