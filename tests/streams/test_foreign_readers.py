"""Other programs open, list and read a file all the while its structure changes."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest

from longtake.streams import StreamFile, StreamFileView
from tests.streams.small_chunks import grow_often

CHANGES = 300

H5PY_FRESH = """
def look():
    with h5py.File(path, "r") as h5:
        h5.visititems(lambda _, node: node[()] if isinstance(node, h5py.Dataset) else None)
"""
H5PY_HELD = """
held = h5py.File(path, "r", rdcc_nbytes=0)
rows = held["record_stream/first/x"]
def look():
    rows.refresh()
    rows[:]
"""
PYTABLES = """
def look():
    with tables.open_file(path) as h5:
        for node in h5.walk_nodes("/", "Leaf"):
            node.read()
        h5.root.record_stream.first.index.read_where("timestamp > 3")
"""
READER = """
import sys, json, threading, warnings
import h5py, tables
path = sys.argv[1]
done = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
{look}
looks, errors = 0, []
look()
print("ready", flush=True)
while not done.is_set():
    try:
        look()
    except Exception as error:
        errors.append(repr(error)[:300])
    looks += 1
print(json.dumps([looks, errors[:5], len(errors)]), flush=True)
"""


@pytest.fixture
def readers(tmp_path):
    """Processes that look at a file again and again, ended with the test."""
    started: list[subprocess.Popen] = []
    yield started
    for reader in started:
        reader.kill()
        reader.wait()
        reader.stdout.close()
        with suppress(BrokenPipeError):
            reader.stdin.close()


def start(path, look: str) -> subprocess.Popen:
    reader = subprocess.Popen(
        [sys.executable, "-c", READER.format(look=look), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "ready\n"
    return reader


def test_foreign_readers_see_no_error(tmp_path, monkeypatch, readers):
    grow_often(monkeypatch, 128, 4096)
    path = tmp_path / "live.h5"
    file = StreamFile.create(path, {})
    streams = [file.create_record_stream("first", {"x": "f8", "n": "i4"})]
    readers += [start(path, look) for look in (H5PY_FRESH, H5PY_HELD, PYTABLES)]
    key = 0
    while file.generation < CHANGES:
        for stream in streams:
            stream.append(key, {"x": np.arange(120) / 3, "n": np.full(120, key, "i4")})
        if key % 10 == 0:
            streams = [*streams[:6], file.create_record_stream(f"s{key}", {"x": "f8", "n": "i4"})]
        if key % 25 == 24:
            streams[-1].put(
                key, {"x": np.ones(3), "n": np.ones(3, "i4"), f"later{key}": np.ones(3)}
            )
        key += 1
    for reader in readers:
        looks, errors, count = json.loads(reader.communicate(timeout=120)[0])
        assert reader.returncode == 0
        assert not errors, f"{count} of {looks} looks failed: {errors}"
        assert looks > 2
    view = StreamFileView(path)
    assert len(view.record_streams["first"]) == key
    assert view.is_being_written
    file.close()
    view.close()


def test_h5dump_reads_live_and_finished_files(tmp_path, h5dump):
    path = tmp_path / "live.h5"
    file = StreamFile.create(path, {})
    file.create_record_stream("s", {"x": "f8"}).append(5, {"x": np.arange(3.0)})
    assert "record_stream" in h5dump("-H", path)
    file.close()
    shown = h5dump("-d", "/record_stream/s/x", path)
    assert "(0): 0, 1, 2" in shown
