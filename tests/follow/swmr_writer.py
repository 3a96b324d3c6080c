"""A process that writes a scan in SWMR mode, as h5py's users and detectors do.

``python -m tests.follow.swmr_writer PATH JSON``. It tells of itself on its standard output, a line
each: ``ready`` when the file is there, the number of the last frame now and then, ``done``. Told
``go`` on its standard input, it writes on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

#: What a scan is unless it is told.
PLAIN = {
    "grid": [300],
    "maxgrid": None,  # by default no limit in the first dimension
    "frame": [6, 7],
    "frames": 300,
    "filter": None,
    "libver": "latest",
    "chunk": 1,  # frames
    "fixed": False,  # whether data, keys are made at full size at once
    "contiguous": [],  # of "data", "keys", "finished"
    "pause_at": [],
    "interval": 0.0,
    "flag": "finished",  # its name
    "keys_behind": 0,  # of a second key dataset
}


def frame_of(index, shape):
    """Every frame is its own."""
    return (np.arange(np.prod(shape)).reshape(shape) * 7 + index * 13).astype("u2")


def main() -> None:
    path, told = Path(sys.argv[1]), PLAIN | json.loads(sys.argv[2])
    versions = told["libver"] if told["libver"] == "latest" else (told["libver"],) * 2
    h5 = h5py.File(path.with_suffix(".part"), "w", libver=versions)
    data, keys, finished = _make(h5, told)
    h5.swmr_mode = True
    # A reader that tries to open the file would stop the writer from starting.
    path.with_suffix(".part").rename(path)
    print("ready", flush=True)
    grid, shape = tuple(told["grid"]), tuple(told["frame"])
    if 0 in told["pause_at"]:
        sys.stdin.readline()
    for index in range(told["frames"]):
        at = np.unravel_index(index, grid)
        _grow(data, at, grid)
        data[at] = frame_of(index, shape)
        data.flush()
        for key, lag in zip(keys, (0, told["keys_behind"]), strict=False):
            _set_key(key, index - lag, grid)
        if index + 1 in told["pause_at"]:
            print(index, flush=True)
            sys.stdin.readline()
        time.sleep(told["interval"])
    for key in keys:
        for index in range(max(0, told["frames"] - told["keys_behind"]), told["frames"]):
            _set_key(key, index, grid)
    finished[...] = 1
    finished.flush()
    h5.close()
    print("done", flush=True)


def _make(h5, told):
    grid, frame = tuple(told["grid"]), tuple(told["frame"])
    limits = tuple(told["maxgrid"] or (None, *grid[1:]))
    start = grid if told["fixed"] else (0, *grid[1:])

    def create(kind, name, dtype, inner, rows, **filters):
        if kind in told["contiguous"]:
            return h5.create_dataset(name, grid + inner, dtype)
        chunks = (*(1,) * (len(grid) - 1), min(rows, grid[-1]), *inner)
        more = {"maxshape": limits + inner, "chunks": chunks}
        return h5.create_dataset(name, start + inner, dtype, **more, **filters)

    data = create("data", "data", "u2", frame, told["chunk"], **_filters(told["filter"]))
    names = ("keys", "keys2") if told["keys_behind"] else ("keys",)
    keys = [create("keys", name, "i4", (1,) * len(frame), 16) for name in names]
    how = {} if "finished" in told["contiguous"] else {"maxshape": (1,), "chunks": (1,)}
    return data, keys, h5.create_dataset(told["flag"], (1,), "i4", **how)


def _filters(kind):
    if kind == "blosc2":
        import hdf5plugin

        return dict(hdf5plugin.Blosc2())
    return {} if kind is None else {"compression": kind}


def _grow(dataset, at, grid):
    if dataset.maxshape[0] is None and dataset.shape[0] <= at[0]:
        dataset.resize(at[0] + 1, axis=0)


def _set_key(key, index, grid):
    if index < 0:
        return
    at = np.unravel_index(index, grid)
    _grow(key, at, grid)
    key[at] = index + 1
    key.flush()


class Writer:
    """The process, and what it says."""

    def __init__(self, process):
        self._process = process
        self.pid = process.pid

    def said(self):
        return self._process.stdout.readline().strip()

    def go(self):
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def kill(self):
        self._process.kill()
        self._process.wait(60)

    def wait(self):
        assert self._process.wait(60) == 0


@contextmanager
def writing(path, **told):
    """A process that writes a scan; it has begun."""
    command = [sys.executable, "-m", "tests.follow.swmr_writer", str(path), json.dumps(told)]
    root = Path(__file__).parents[2]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=root, env=os.environ, text=True, **pipes) as process:
        writer = Writer(process)
        try:
            assert writer.said() == "ready"
            yield writer
        finally:
            process.kill()


if __name__ == "__main__":
    main()
