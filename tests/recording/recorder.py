"""A recording that goes on until it is killed, and what must be found of it whenever it is.

The keys of every stream are 0, 1, 2, and so on, without end, and a value follows from its key: so
whatever is found can be told from whatever should be there.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import longtake as lt
from tests.streams.small_chunks import grow_often

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from pathlib import Path

    from longtake.recording import Recording, RecordingView

ROW = np.dtype([("a", "<i8"), ("b", "<f4")])
COLUMNS = {"x": "<f8", "n": "<u2"}
#: What is made first, and how; others are made as it goes on.
STREAMS: dict[str, Callable[[Recording], Any]] = {
    "data": lambda recording: recording.create_data_stream("data", {"count": 0}),
    "frames": lambda recording: recording.create_frame_stream("frames", (32, 32), "<u2"),
    "table": lambda recording: recording.create_table_stream("table", ROW),
    "columns": lambda recording: recording.create_record_stream("columns", COLUMNS),
}
KINDS = ("data_streams", "frame_streams", "record_streams")
MADE = "made "  # begins the names of the others; each is a data stream with one entry
BURST = 20
#: Rows of the index, and bytes of the others.
SMALL_CHUNKS = (64, 4096)
#: After so many turns the recording is stopped, and gone on with.
LIFE = 60


def value(name: str, key: int) -> Any:
    """Give what is stored under a key of a stream."""
    if name == "data":  # some are longer than a chunk
        return {"key": key, "text": "x" * (5000 if key % 50 == 49 else key % 100)}
    if name == "frames":
        return np.full((32, 32), key % 60_000, "<u2")
    if name == "table":
        return np.full(key % 5, key, ROW)
    if name == "columns":
        rows = key * 7 % 90
        return {"x": np.arange(rows) + float(key), "n": np.full(rows, key % 60_000, "<u2")}
    return int(name.removeprefix(MADE))


def same(found: Any, expected: Any) -> bool:
    """Whether a value came back as it was."""
    if isinstance(expected, dict):
        return list(found) == list(expected) and all(same(found[n], expected[n]) for n in expected)
    if isinstance(expected, np.ndarray):
        return found.dtype == expected.dtype and np.array_equal(found, expected)
    return found == expected


def record_until_killed(path: Path, told: Connection) -> None:
    """Record until killed; tell of what is stored when the call that stored it has returned.

    A message is a name and how many: of entries in a stream, or the value that the attributes
    called ``count`` have. "stopping" says that the recording is about to be closed.
    """
    grow_often(pytest.MonkeyPatch(), *SMALL_CHUNKS)

    def tell(what: str, number: int) -> None:
        told.send_bytes(f"{what}={number}".encode())

    try:
        while True:
            recording = lt.record(path, append=True)
            tell("begun", 1)
            record(recording, tell, LIFE)
            tell("stopping", 1)
            recording.stop()
    except BaseException:
        told.send_bytes(traceback.format_exc().encode())
        raise


def record(recording: Recording, tell: Callable[[str, int], None], turns: int) -> None:
    """Append to all streams, in bursts too, make new ones, and update attributes."""
    known = {name: s for kind in KINDS for name, s in getattr(recording, kind).items()}
    streams = {name: known.get(name) or create(recording) for name, create in STREAMS.items()}
    following = {name: first_free(stream) for name, stream in streams.items()}
    for turn in range(turns):
        for name, stream in streams.items():
            key = following[name]
            stream.append(key, value(name, key))
            following[name] += 1
            tell(name, key + 1)
        if turn % 10 == 9:
            for name in ("data", "frames"):
                keys = range(following[name], following[name] + BURST)
                streams[name].append_many(keys, [value(name, key) for key in keys])
                following[name] += BURST
                tell(name, following[name])
        if turn % 7 == 6:
            recording.update_attributes({"count": following["data"]})
            streams["data"].set_attribute("count", following["data"])
            tell("attributes", following["data"])
        if turn % 10 == 9:
            number = len(recording.data_streams)
            name = f"{MADE}{number}"
            recording.create_data_stream(name, {"number": number}).append(0, value(name, 0))
            tell(name, 1)


def group_of(name: str) -> str:
    """Give the path of a stream's group in the file."""
    kinds = {"frames": "frame_stream", "table": "record_stream", "columns": "record_stream"}
    return f"/{kinds.get(name, 'data_stream')}/{name}"


def first_free(stream: Any) -> int:
    """Give the key after the last one."""
    return 0 if stream.last_key is None else stream.last_key + 1


def take_in(view: RecordingView, seen: dict[str, int]) -> None:
    """What was seen is there still, and what has come since is whole; then that is seen too."""
    streams = {name: s for kind in KINDS for name, s in getattr(view, kind).items()}
    assert seen.keys() - {"attributes"} <= streams.keys()
    for name, stream in streams.items():
        keys = stream.keys().tolist()
        before = seen.get(name, 0)
        assert keys == list(range(len(keys))), f"{name} has keys that are not 0, 1, 2, …"
        assert len(keys) >= before, f"{name} had {before} entries, and now has {len(keys)}"
        for key, found in stream.items_for_range(before, len(keys)):
            assert same(found, value(name, key)), f"{name}[{key}] is torn"
        if name.startswith(MADE):
            assert stream.application == {"number": value(name, 0)}
            assert len(keys) <= 1
        seen[name] = len(keys)
    if "data" in streams:
        take_in_attributes(view, seen)


def take_in_attributes(view: RecordingView, seen: dict[str, int]) -> None:
    """Attributes are no older than they were, and no newer than the entries they tell of."""
    counted = view.data_streams["data"].attributes.application["count"]
    assert seen.get("attributes", 0) <= counted <= len(view.data_streams["data"])
    # Those of the recording are set before those of the stream.
    assert counted <= view.attributes.application.get("count", 0)
    seen["attributes"] = counted


def take_in_all(view: RecordingView, told: dict[str, int]) -> None:
    """Of a recording that was killed: what was told of is there, and no more than was under way."""
    seen: dict[str, int] = {}
    take_in(view, seen)
    for name, number in told.items():
        assert seen.get(name, 0) >= number, f"{name} lost entries: {seen.get(name)} of {number}"
    for name in STREAMS.keys() & seen.keys():
        assert seen[name] <= told.get(name, 0) + BURST, f"{name} has more than was stored"
    told.update(seen)
