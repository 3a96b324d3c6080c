"""What the demo records: a simulated camera and a game, in a process of its own."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from longtake.tracking.simulation import BrownianMovie

RATE = 50
#: The field of the game, and how far its ball flies along each side from state to state.
_SIDES, _SPEEDS = (96, 64), (7, 4)


@contextmanager
def recorder(path: Path, movie: BrownianMovie, attributes: Mapping[str, object]) -> Generator[None]:
    """Record in another process; it is not left running when the context ends."""
    process = get_context("spawn").Process(target=_record, args=(path, movie, attributes))
    process.start()
    try:
        yield
    except BaseException:
        process.terminate()
        raise
    finally:
        process.join()


def game_state(number: int) -> dict[str, object]:
    """Give what the game is like at a frame: where the ball is, and how often it was returned.

    Examples
    --------
    >>> game_state(0), game_state(20)
    ({'ball': [0, 0], 'returned': 0}, {'ball': [52, 48], 'returned': 2})
    """
    flown = [speed * number for speed in _SPEEDS]
    ball = [_between(way, side) for way, side in zip(flown, _SIDES, strict=True)]
    returned = sum(way // side for way, side in zip(flown, _SIDES, strict=True))
    return {"ball": ball, "returned": returned}


def _between(way: int, side: int) -> int:
    """Give where a ball is that flies to and fro."""
    there, back = way % (2 * side), -way % (2 * side)
    return min(there, back)


def _record(path: Path, movie: BrownianMovie, attributes: Mapping[str, object]) -> None:
    import longtake as lt

    # Ctrl-C is told to all processes of a terminal; who started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with lt.record(path, attributes) as recording:
        camera = recording.create_frame_stream("camera", movie.shape, movie.dtype)
        game = recording.create_data_stream("game", {"sides": list(_SIDES)})
        begin = time.monotonic()
        for number, image in enumerate(movie):
            time.sleep(max(0.0, begin + number / RATE - time.monotonic()))
            now = time.time_ns()
            camera.append(now, image)
            game.append(now, game_state(number))
