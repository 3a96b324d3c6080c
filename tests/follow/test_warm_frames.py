"""Memory that is taken again, and only when nobody sees it."""

from __future__ import annotations

import numpy as np

from longtake.follow.keys.warm_frames import WarmFrames

SHAPE, KIND = (1, 300, 400), np.dtype("u2")


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_that_nobody_has_is_taken_again():
    warm = WarmFrames()
    first = address(warm.empty(SHAPE, KIND))
    assert address(warm.empty(SHAPE, KIND)) == first
    frame = warm.empty(SHAPE, KIND)
    other = address(warm.empty(SHAPE, KIND))
    assert other != address(frame) == first


def test_what_is_held_in_any_way_is_left_alone():
    for hold in (
        lambda frame: frame,
        lambda frame: frame[0],
        lambda frame: frame[0, 5:, ::2].T,
        lambda frame: frame.reshape(-1).view("u1")[7:],
        lambda frame: memoryview(frame),
        lambda frame: [{"frame": frame[0]}],
    ):
        warm = WarmFrames()
        held = [hold(warm.empty(SHAPE, KIND)) for _ in range(5)]
        frames = [warm.empty(SHAPE, KIND) for _ in range(5)]
        for number, frame in enumerate(frames):
            frame[...] = number
        assert [int(frame.max()) for frame in frames] == list(range(5))
        assert len({address(frame) for frame in frames}) == 5
        del held


def test_another_shape_or_type_and_what_was_made_read_only_are_new():
    warm = WarmFrames()
    frame = warm.empty(SHAPE, KIND)
    frame.flags.writeable = False
    del frame
    assert warm.empty(SHAPE, KIND).flags.writeable
    assert warm.empty((2, 2), KIND).shape == (2, 2)
    assert warm.empty(SHAPE, np.dtype("f8")).dtype == "f8"
