"""Small recordings with a stream of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import longtake as lt

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.recording import Recording

TABLE = np.dtype([("a", "<i4"), ("b", "<f8")])


def begin(path: Path, entries: int = 300) -> Recording:
    """Record entries into a stream of each kind, and go on."""
    recording = lt.record(path, attributes={"operator": "J"})
    game = recording.create_data_stream("game", attributes={"score": 0})
    camera = recording.create_frame_stream("camera", (20, 30), "u2")
    spikes = recording.create_record_stream("spikes", {"channel": "u1", "height": "f4"})
    table = recording.create_table_stream("table", TABLE)
    for t in range(entries):
        game.append(t, {"t": t, "ball": [t / 7, None], "v": np.arange(3) * t})
        spikes.append(t, {"channel": np.arange(t % 5), "height": np.full(t % 5, t)})
    for t in range(entries // 10):
        camera.append(t, frame(t))
        table.append(t, np.full(t % 3, t, TABLE))
    spikes.put(3, {"channel": np.arange(2), "height": np.zeros(2)})
    game.set_attribute("score", 7)
    return recording


def frame(t: int) -> np.ndarray:
    """Give a frame."""
    return np.full((20, 30), t, "u2")


def contents(path: Path) -> dict[str, Any]:
    """Give all that `longtake.open` reads from a recording, in a form to compare."""
    with lt.open(path) as view:
        kinds = (view.data_streams, view.frame_streams, view.record_streams)
        return {
            stream.group: (
                repr(stream.attributes.application),
                [comparable(item) for item in stream.items()],
            )
            for streams in kinds
            for stream in streams.values()
        }


def comparable(value: Any) -> Any:
    """Give arrays as lists."""
    if isinstance(value, np.ndarray):
        return (str(value.dtype), value.tolist())
    if isinstance(value, dict):
        return {key: comparable(part) for key, part in value.items()}
    return [comparable(part) for part in value] if isinstance(value, list | tuple) else value
