"""A process that records frames, as others follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import longtake as lt
from tests.streams.small_chunks import grow_often

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

SHAPE = (16, 24)
#: After each so many frames it waits.
AHEAD = 40


def frame(number: int) -> np.ndarray:
    """Give the frame of that number."""
    return np.arange(SHAPE[0] * SHAPE[1], dtype="u2").reshape(SHAPE) + np.uint16(number)


def record_frames(path: Path, times: int, pipe: Connection) -> None:
    """Record so many times `AHEAD` frames, one by one and in bursts, and stop.

    After each `AHEAD` it says how many there are, and waits to be told to go on: so that it is
    followed while it records.
    """
    grow_often(pytest.MonkeyPatch(), 64, 4096)
    with lt.record(path, append=True) as recording:
        camera = recording.frame_streams.get("camera") or create(recording)
        number = len(camera)
        pipe.send("begun")
        for end in range(number + AHEAD, number + times * AHEAD + 1, AHEAD):
            record_until(camera, end)
            pipe.send(end)
            pipe.recv()


def record_until(camera, end: int) -> None:
    """Append frames up to a number."""
    number = len(camera)
    while number < end:
        keys = range(number, min(number + (1 if number % 7 else 5), end))
        if len(keys) == 1:
            camera.append(number, frame(number))
        else:
            camera.append_many(keys, [frame(key) for key in keys])
        number += len(keys)


def create(recording):
    """Make the stream of the frames."""
    return recording.create_frame_stream("camera", SHAPE, "u2")
