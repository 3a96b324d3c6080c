"""``python -m benchmarks.four_streams.recorder FOLDER SECONDS``: record the four streams.

A process of its own. It says when it is ready, is told to begin, says where the recording is, and
at the end what it did, in a line each.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.four_streams import camera, electrodes, game
from benchmarks.four_streams.pace import Lateness, half_most_all, lateness, on_time
from benchmarks.four_streams.processor import ProcessorUse
from longtake.errors import Closed
from longtake.rig import Session
from longtake.rig.clock import RealTime

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake.rig import SessionStream
    from longtake.streams import FrameStream


class Recorded(NamedTuple):
    """What was recorded.

    Attributes
    ----------
    entries : dict of str to int
        How many each stream took.
    append_ms : dict of str to (3,) list of float
        What half of the appends took at most, 99 % of them, and all.
    late : dict of str to Lateness
        Of the spikes, what there is of the samples.
    processor : float
        See `ProcessorUse`.
    """

    entries: dict[str, int]
    append_ms: dict[str, list[float]]
    late: dict[str, Lateness]
    processor: float


def main() -> None:
    folder, seconds = sys.argv[1], int(sys.argv[2])
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(record(folder, seconds)), flush=True)


def record(folder: str, seconds: int) -> Recorded:
    clock, device = RealTime(electrodes.FRAMES_PER_SECOND), camera.Camera()
    source = electrodes.Electrodes(clock)
    with Session(source, clock) as neurons, ThreadPoolExecutor() as threads:
        states = neurons.create_data_stream("game")
        recording = neurons.record(file_location=folder, include_stims=False)
        frames = recording.create_frame_stream("camera", camera.SHAPE, camera.DTYPE)
        parts = recording.record_streams
        took_ns = {
            "camera": _timed(frames),
            "samples": _timed(parts.samples),
            "spikes": _timed(parts.spikes),
            "game": _timed(states),
        }
        print(recording.path, flush=True)
        begin_ns, processor = time.monotonic_ns(), ProcessorUse()
        filming = threads.submit(_film, device, frames, seconds, begin_ns)
        playing = threads.submit(_play, neurons, states, seconds, begin_ns)
        try:
            late_ns = {"camera": filming.result(), "game": playing.result()}
        except Closed:
            recording.wait_until_stopped(timeout=0)  # raises what it was closed for
            raise
        used = processor.share()
    late_ns["samples"] = [block.late_ns for block in source.readings if block.due_ns >= begin_ns]
    return Recorded(
        _given(source, recording.start_timestamp)
        | {"camera": len(took_ns["camera"]), "game": len(took_ns["game"])},
        {name: half_most_all(times) for name, times in took_ns.items()},
        {name: lateness(times) for name, times in late_ns.items()},
        used,
    )


def _film(device: camera.Camera, stream: FrameStream, seconds: int, begin_ns: int) -> list[int]:
    """Append frames, and give how late each was begun."""
    rate, late_ns = camera.FRAMES_PER_SECOND, []
    for number in on_time(rate, seconds * rate, begin_ns, late_ns):
        stream.append(number, device.frame(number))
    return late_ns


def _play(neurons: Session, stream: SessionStream, seconds: int, begin_ns: int) -> list[int]:
    """Append states of the game, and give how late each was begun."""
    rate, late_ns = game.STATES_PER_SECOND, []
    for number in on_time(rate, seconds * rate, begin_ns, late_ns):
        timestamp = neurons.timestamp()
        stream.append(timestamp, game.state(number, timestamp))
    return late_ns


def _timed(stream: Any) -> list[int]:
    """Have a stream's `append` note how many nanoseconds it takes."""
    append: Callable[[int, Any], None] = stream.append
    took_ns: list[int] = []

    def timed(timestamp: int, value: Any) -> None:
        begin_ns = time.perf_counter_ns()
        append(timestamp, value)
        took_ns.append(time.perf_counter_ns() - begin_ns)

    stream.append = timed
    return took_ns


def _given(source: electrodes.Electrodes, start: int) -> dict[str, int]:
    """Count the blocks, and those with spikes, that the source gave for the recording."""
    blocks = [(block.first, block.last) for block in source.readings if block.first >= start]
    with_spikes = [block for block in blocks if len(range(*electrodes.spikes_between(*block)))]
    return {"samples": len(blocks), "spikes": len(with_spikes)}


if __name__ == "__main__":
    main()
