"""``python -m benchmarks.four_streams.follower STREAM``: follow one stream of a recording.

A process of its own. It says when it is ready, is told the recording's path, and at the end says
what it saw, in a line of JSON each.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import longtake as lt
from benchmarks.four_streams import camera, electrodes, game
from benchmarks.four_streams.pace import half_most_all
from benchmarks.four_streams.processor import ProcessorUse
from longtake.errors import LongtakeError

STREAMS = ("camera", "samples", "spikes", "game")
PAUSE_S = 0.001

Check = Callable[[int, Any], int]


class Seen(NamedTuple):
    """What a follower saw.

    Attributes
    ----------
    entries : int
        All of which were what was recorded, one after the other.
    wrong : str
        What was not; nothing was looked at after that.
    lag_ms : (3,) list of float
        From when an entry was made to when the follower had it: what half of the entries, 99 % and
        all stayed within.
    processor : float
        See `ProcessorUse`.
    """

    entries: int
    wrong: str
    lag_ms: list[float]
    processor: float


def main() -> None:
    name = sys.argv[1]
    lt.open  # noqa: B018  (longtake loads what opens recordings when it is first asked for)
    print("ready", flush=True)
    path = sys.stdin.readline().strip()
    print(json.dumps(follow(path, name)), flush=True)


def follow(path: str, name: str) -> Seen:
    """Look at all entries of a stream, as they come, until nobody writes the file."""
    processor = ProcessorUse()
    lags_ns: list[int] = []
    wrong = ""
    with lt.open(path) as view:
        stream, check = stream_of(view, name)
        last = None
        try:
            goes_on = True
            while goes_on:
                goes_on = view.state == "recording"  # asked first: the last look misses nothing
                for key in stream.keys_for_range(None if last is None else last + 1):
                    value = stream[key]
                    now_ns = time.monotonic_ns()
                    lags_ns.append(now_ns - check(key, value))
                    last = key
                if goes_on:
                    time.sleep(PAUSE_S)
        except (AssertionError, LongtakeError) as error:
            wrong = f"{type(error).__name__}: {error}"
    return Seen(len(lags_ns), wrong, half_most_all(lags_ns), processor.share())


def stream_of(view: lt.RecordingView, name: str) -> tuple[Any, Check]:
    """Give a stream, and what looks at its entries, from the first on."""
    start = int(view.attributes["start_timestamp"])
    if name == "camera":
        return view.frame_streams.camera, camera.Check()
    if name == "samples":
        return view.record_streams.samples, electrodes.CheckSamples(start)
    if name == "spikes":
        return view.record_streams.spikes, electrodes.CheckSpikes(start)
    return view.data_streams.game, game.Check(start)


if __name__ == "__main__":
    main()
