"""A recording that is killed, again and again, while others read it: nothing acknowledged is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from itertools import pairwise

import h5py
import pytest
import tables

from longtake.errors import LongtakeError
from longtake.recording import RecordingView

KILLS = 6
#: `make crash` asks for more.
ROUNDS = int(os.environ.get("LONGTAKE_CRASH_ROUNDS", "1"))
DEADLINE_S = 60

#: Appends to three streams, makes new ones and sets attributes; says what returned, a line each.
WRITER = """
import sys
import numpy as np
import longtake as lt
from longtake.streams import stream_groups
stream_groups._INDEX_CHUNK, stream_groups._COLUMN_CHUNK_BYTES = 256, 8192
ROW = [("a", "i8"), ("b", "f4")]
told = sys.stdout
recording = lt.record(sys.argv[1], append=True)
def stream(kind, name, *given):
    known = getattr(recording, f"{kind}_streams" if kind != "table" else "record_streams")
    if name in known:
        return known[name]
    return getattr(recording, f"create_{kind}_stream")(name, *given)
data = stream("data", "data")
frames = stream("frame", "frames", (32, 32), "u2")
rows = stream("table", "rows", ROW)
first = 1 + max(-1 if s.last_key is None else s.last_key for s in (data, frames, rows))
print("begun", first, flush=True)
for key in range(first, 10**9):
    data.append(key, {"key": key, "text": "x" * (key % 100)})
    print("data", key, file=told, flush=True)
    frames.append(key, np.full((32, 32), key % 60000, "u2"))
    print("frames", key, file=told, flush=True)
    rows.append(key, np.full(key % 5, key, ROW))
    print("rows", key, file=told, flush=True)
    if key % 7 == 0:
        data.set_attribute("key", key)
        print("attribute", key, file=told, flush=True)
    if key % 40 == 0:
        recording.create_data_stream(f"made {key}", {"key": key}).append(key, key)
        print("made", key, file=told, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.h5"


def start(path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )


def require(view, told: dict[str, int], made: set[int], begun: set[int]) -> None:
    """All that was told of is there, none of it torn, and nothing that never was."""
    kinds = {"data": view.data_streams, "frames": view.frame_streams, "rows": view.record_streams}
    for name, streams in kinds.items():
        if name not in told:
            continue
        keys = list(streams[name])
        assert told[name] in keys
        # A key may be missing where a run was killed before it came to this stream.
        gaps = [key + 1 for key, then in pairwise(keys) if then != key + 1]
        assert {gap + 1 for gap in gaps} <= begun, f"{name} lost {gaps}"
    for key, value in kinds["data"].get("data", {}).items():
        assert value == {"key": key, "text": "x" * (key % 100)}
    for key, value in kinds["frames"].get("frames", {}).items():
        assert (value == key % 60000).all()
    for key, value in kinds["rows"].get("rows", {}).items():
        assert value["a"].tolist() == value["b"].tolist() == [key] * (key % 5)
    if "attribute" in told:
        assert view.data_streams.data.attributes.application["key"] >= told["attribute"]
    for key in made:
        stream = view.data_streams[f"made {key}"]
        assert list(stream.items()) == [(key, key)]
        assert stream.attributes.application == {"key": key}


def read_by_others(path) -> None:
    with h5py.File(path) as h5:
        h5.visititems(lambda _, node: node[()] if isinstance(node, h5py.Dataset) else None)
    with tables.open_file(str(path)) as h5:
        for node in h5.walk_nodes("/", "Leaf"):
            node.read()


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_killed_recordings_keep_what_they_acknowledged(path, round_):
    moments = random.Random(3 + round_)
    told: dict[str, int] = {}
    made: set[int] = set()
    begun: set[int] = set()

    def note(line: str) -> None:
        what, _, key = line.partition(" ")
        if not key.endswith("\n"):
            return  # cut by the kill
        if what == "begun":
            begun.add(int(key))
        elif what == "made":
            made.add(int(key))
        else:
            told[what] = int(key)

    for _ in range(KILLS):
        run = start(path)
        assert run.stdout is not None
        for _ in range(moments.randint(5, 1500)):
            line = run.stdout.readline()
            assert line, "the writer ended by itself"
            note(line)
        with RecordingView(path) as view:  # while it is written
            require(view, told, made, begun)
            assert view.state == "recording"
            run.kill()
            for line in run.stdout:
                note(line)
            run.stdout.close()
            run.wait(DEADLINE_S)
            require(view, told, made, begun)
            assert view.state == "aborted"
        read_by_others(path)
        with RecordingView(path) as view:
            require(view, told, made, begun)
    assert told["rows"] > 100
    assert made


def test_killed_while_it_begins(path):
    """At any moment of its first steps, there is no file, or one that opens."""
    moments = random.Random(5)
    for number in range(4):
        file = path.with_name(f"{number}.h5")
        run = start(file)
        assert run.stdout is not None
        end = time.monotonic() + DEADLINE_S
        while not any(file.parent.glob(f"*{number}.h5*")) and time.monotonic() < end:
            pass
        for _ in range(moments.randint(0, 3)):
            run.stdout.readline()
        run.kill()
        run.stdout.close()
        run.wait(DEADLINE_S)
        if file.exists():
            read_by_others(file)
            with RecordingView(file) as view:
                for stream in view.data_streams.values():
                    list(stream.values())


def test_the_check_notices_what_is_lost(path):
    """A control: with an entry that was never stored among those told of, it fails."""
    run = start(path)
    assert run.stdout is not None
    for _ in range(20):
        run.stdout.readline()
    run.kill()
    run.stdout.close()
    run.wait(DEADLINE_S)
    with RecordingView(path) as view:
        require(view, {"data": 1}, set(), {0})
        with pytest.raises(AssertionError):
            require(view, {"data": 10**6}, set(), {0})
        with pytest.raises(LongtakeError):
            require(view, {}, {1}, {0})
