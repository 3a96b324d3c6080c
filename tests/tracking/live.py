"""A recorder and trackers in processes of their own, which do what a test says.

They are forked from a server that has imported and compiled all they need, so that a kill costs
what happens after it, and not the start of an interpreter.
"""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing import forkserver
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

import longtake as lt
from longtake.errors import LongtakeError
from longtake.framewise import FramewiseStore
from longtake.tracking import follow
from longtake.tracking.simulation import BrownianMovie

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from pathlib import Path

DEADLINE_S = 60
SHAPE = (424, 640)
#: What every tracker here looks for.
SOUGHT = {"diameter": 9, "search_range": 5, "minmass": 100}
FORK = multiprocessing.get_context("forkserver")
#: All tests of a run share one server: what others load in it stays.
FORK.set_forkserver_preload([*forkserver._forkserver._preload_modules, "tests.tracking.compiled"])


def key_of(number: int) -> int:
    """Give the timestamp of a frame: not its number."""
    return 1_000_000 + 10_000 * number


def movie(frames: int) -> BrownianMovie:
    return BrownianMovie(frames=frames, shape=SHAPE, particles=60, diffusion=0.5, seed=11)


def record(path: Path, frames: int, orders: Connection) -> None:
    """Record as many frames as each order says; "stop" ends the recording.

    Beyond the movie's end there are black ones.
    """
    images = iter(movie(frames))
    with lt.record(path) as recording:
        camera = recording.create_frame_stream("camera", SHAPE, "uint8")
        while (order := orders.recv()) != "stop":
            for _ in range(order):
                image = next(images, None)
                camera.append(
                    key_of(len(camera)), np.zeros(SHAPE, "u1") if image is None else image
                )
            orders.send(len(camera))


def track(path: Path, output: Path, options: dict[str, Any], said: Connection) -> None:
    """Track a recording, going on where an earlier process stopped; say how it ended."""
    with lt.open(path) as run:
        try:
            said.send(
                follow(run.frame_streams.camera, output=output, resume=True, **SOUGHT, **options)
            )
        except LongtakeError as error:
            said.send(error)


class Recorder:
    """A process that records on demand."""

    def __init__(self, path: Path, frames: int) -> None:
        self._orders, theirs = FORK.Pipe()
        self.process = FORK.Process(target=record, args=(path, frames, theirs))
        self.process.start()
        theirs.close()
        self.append(0)  # begun, when this returns

    def append(self, frames: int) -> int:
        """Have so many frames recorded; give how many there are then."""
        self.begin(frames)
        return self.done()

    def begin(self, frames: int) -> None:
        self._orders.send(frames)

    def done(self) -> int:
        assert self._orders.poll(DEADLINE_S)
        return self._orders.recv()

    def stop(self) -> None:
        self._orders.send("stop")
        self.process.join(DEADLINE_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.join(DEADLINE_S)


class Tracker:
    """A process that tracks a recording."""

    def __init__(self, path: Path, output: Path, **options: Any) -> None:
        self._said, theirs = FORK.Pipe(duplex=False)
        self.process = FORK.Process(target=track, args=(path, output, options, theirs))
        self.process.start()
        theirs.close()

    def end(self) -> Any:
        """Give what `follow` gave, or raised."""
        assert self._said.poll(DEADLINE_S)
        ended = self._said.recv()
        self.process.join(DEADLINE_S)
        return ended

    def kill(self) -> None:
        self.process.kill()
        self.process.join(DEADLINE_S)


def frames_in(output: Path) -> int:
    """How many frames a reader sees at this moment."""
    try:
        with FramewiseStore(output, mode="r") as store:
            return len(store)
    except LongtakeError:  # not there yet
        return 0


def wait_until(condition: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
    """Wait until something is true, and give it."""
    end = time.monotonic() + deadline_s
    while not (found := condition()):
        assert time.monotonic() < end, f"still waiting after {deadline_s} s"
        time.sleep(0.001)
    return found


def content(path: Path) -> dict[str, np.ndarray]:
    """Give all that is stored in the streams of records."""
    found: dict[str, np.ndarray] = {}
    with h5py.File(path) as h5:
        h5["record_stream"].visititems(
            lambda name, node: found.update({name: node[()]} if hasattr(node, "shape") else {})
        )
    return found


def assert_same_content(path: Path, expected: Path) -> None:
    one, other = content(path), content(expected)
    assert list(one) == list(other)
    for name, values in other.items():
        np.testing.assert_array_equal(one[name], values, err_msg=name)
