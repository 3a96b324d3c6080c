"""A recording that one process writes and another follows, whatever becomes of the first."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress

import h5py
import pytest

import longtake as lt
from longtake.errors import DamagedFile, FileChangedElsewhere, NothingCame, WriterDied
from tests.follow import writers
from tests.follow.writers import DEADLINE_S, NAMES, Stored, Writer, require
from tests.recording.crash_counts import count

KILLS = 5
#: `make crash` asks for more.
ROUNDS = int(os.environ.get("LONGTAKE_CRASH_ROUNDS", "1"))
#: Of a recording of 93 entries a second.
HOURS = float(os.environ.get("LONGTAKE_CRASH_HOURS", "0.1"))
ENTRIES_AN_HOUR = 333_333
MOST_BYTES = 6_000_000


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "run.h5"
    yield file
    file.unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def end_processes():
    """Ends what a failed test leaves running."""
    yield
    for process in multiprocessing.active_children():
        process.kill()
        process.join(DEADLINE_S)


def take(follower, number: int) -> list:
    """Give so many entries."""
    return [next(follower) for _ in range(number)]


def take_all(follower) -> tuple[list, Exception | None]:
    """Give all that comes, and the error that ended it."""
    entries = []
    try:
        for entry in follower:
            entries.append(entry)
    except lt.LongtakeError as error:
        return entries, error
    return entries, None


def begun(write, path, *given) -> Writer:
    """Start a process that records; return when it has begun."""
    writer = Writer(write, path, *given)
    assert writer.hear() == "begun"
    return writer


def test_a_writer_that_is_faster_loses_its_follower_nothing(path):
    writer = begun(writers.so_many, path, 9000)
    with lt.follow(path, *NAMES, timeout=DEADLINE_S) as follower:
        entries = list(follower)
    writer.join()
    require(sorted(entries, key=lambda entry: entry.key))
    assert len(entries) == 9000
    for name in NAMES:
        keys = [entry.key for entry in entries if entry.stream == name]
        assert keys == sorted(keys)


def test_a_follower_that_waits_is_there_before_the_file(path):
    writer = Writer(writers.until_told, path)
    with lt.follow(path, wait=DEADLINE_S, timeout=DEADLINE_S) as follower:
        entries = take(follower, 500)
        writer.end()
        entries += follower
    require(entries)
    assert len(entries) == Stored(path).number


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_writer_that_is_killed_again_and_again(path, round_):
    """The same follower: each time all that was told of, then that the writer died."""
    moments, stored, entries = random.Random(7 + round_), Stored(path), []
    writer = begun(writers.until_told, path)
    with lt.follow(path, timeout=DEADLINE_S) as follower:
        for _ in range(KILLS):
            entries += take(follower, moments.randint(1, 400))
            time.sleep(moments.uniform(0, 0.01))  # any moment at all
            writer.kill()
            rest, error = take_all(follower)
            entries += rest
            assert isinstance(error, WriterDied), error
            assert "longtake recover" in str(error)
            # One more may have been stored, and not told of.
            assert stored.number <= len(entries) <= stored.number + 1
            with lt.follow(path) as fresh:
                again, error = take_all(fresh)
            assert isinstance(error, WriterDied)
            assert len(again) == len(entries)
            writer = begun(writers.until_told, path)
        writer.end()
        entries += follower
    require(entries)
    assert len(entries) == stored.number
    count(kills=KILLS, entries=len(entries))


def test_a_writer_that_is_paused_for_longer_than_the_timeout(path):
    writer = begun(writers.until_told, path)
    with lt.follow(path, timeout=0.05) as follower:
        entries = []
        for _ in range(3):
            writer.signal(signal.SIGSTOP)
            rest, error = take_all(follower)
            assert isinstance(error, NothingCame), error
            entries += rest
            assert follower.lag.entries == 0
            writer.signal(signal.SIGCONT)
            deadline = time.monotonic() + DEADLINE_S
            while len(entries) == len(rest) or not follower.lag.entries:
                assert time.monotonic() < deadline
                with suppress(NothingCame):
                    entries.append(next(follower))
        writer.end()
        entries += follower
    require(entries)


@pytest.mark.parametrize("how", ["removed", "replaced", "overwritten"])
def test_a_file_whose_name_goes_to_another_is_followed_to_its_own_end(path, tmp_path, how):
    writer, stored = begun(writers.until_told, path), Stored(path)
    with lt.follow(path, timeout=DEADLINE_S) as follower:
        entries = take(follower, 100)
        if how == "removed":
            path.unlink()
        elif how == "replaced":
            lt.record(tmp_path / "other.h5").stop()
            (tmp_path / "other.h5").replace(path)
        writer.kill()
        if how == "overwritten":
            lt.record(path, overwrite=True).stop()
        rest, error = take_all(follower)
    assert isinstance(error, WriterDied)
    assert "removed since, or replaced: follow what has its name now" in str(error)
    require(entries + rest)
    assert len(entries + rest) >= stored.number


def test_streams_that_appear_meanwhile_are_followed_in_the_order_of_their_keys(path):
    writer = begun(writers.with_new_streams, path, 1500, 50)
    with lt.follow(path, timeout=DEADLINE_S) as follower:
        keys = [entry.key for entry in follower]
        assert len(follower.streams) == 30
    writer.join()
    assert keys == list(range(1500))


def test_streams_that_threads_write_are_merged_by_key(path):
    writer = begun(writers.from_threads, path, 6000)
    with lt.follow(path, timeout=DEADLINE_S) as follower:
        entries = list(follower)
    writer.join()
    require(entries)
    assert len(entries) == 6000
    assert {entry.stream for entry in entries} == set(NAMES)


def test_a_file_that_another_program_cuts_short_under_its_writer(path):
    writer = begun(writers.until_told, path)
    with lt.follow(path, timeout=DEADLINE_S) as follower:
        entries = take(follower, 200)
        with suppress(OSError):  # HDF5 cuts it before it asks for its lock
            h5py.File(path, "w").close()
        error = None
        while not isinstance(error, FileChangedElsewhere):
            assert error is None or isinstance(error, DamagedFile), error
            rest, error = take_all(follower)
            entries += rest
        assert "another program has overwritten" in str(error)
    writer.kill()
    require(entries)


FOLLOW = """
import json, os, sys, time
import longtake as lt
from longtake.follow import follow
path, count = sys.argv[1], int(sys.argv[2])
PAGE = os.sysconf("SC_PAGE_SIZE")
def in_use():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * PAGE
used, keys, seen = [], {}, 0
print("ready", flush=True)
with follow(path, wait=60, timeout=60) as follower:
    begin, processor = time.monotonic(), time.process_time()
    for stream, key, value in follower:
        assert key > keys.get(stream, -1), (stream, key)
        keys[stream] = key
        seen += 1
        if seen % max(1, count // 10) == 0:
            used.append(in_use())
share = (time.process_time() - processor) / (time.monotonic() - begin)
print(json.dumps({"used": used, "seen": seen, "keys": keys, "share": share}))
"""


def followed(path, entries: int, write, *given) -> dict:
    """Follow in a process of its own what another writes; give what it saw."""
    command = [sys.executable, "-c", FOLLOW, str(path), str(entries)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == "ready\n"
        writer = begun(write, path, *given)
        if write is writers.until_told:
            while Stored(path).number < entries:
                assert writer.process.is_alive()
                time.sleep(0.01)
            writer.end()
        seen = json.loads(follower.stdout.read())
        assert follower.wait(DEADLINE_S) == 0
    return seen


def test_the_memory_of_a_follower_is_flat(path):
    """Six hours of it, when asked for: two million entries of three streams."""
    entries = int(HOURS * ENTRIES_AN_HOUR) // 300 * 300
    seen = followed(path, entries, writers.so_many, entries)
    assert seen["seen"] == entries
    assert max(seen["keys"].values()) == entries - 1
    used = seen["used"]
    assert max(used[1:]) < used[1] + MOST_BYTES, used
    count(entries=entries, **{"bytes of growth": max(0, max(used[1:]) - used[1])})


def test_a_follower_that_waits_for_a_slow_writer_leaves_the_processor_to_others(path):
    seen = followed(path, 40, writers.until_told, 0.05)
    assert seen["seen"] >= 40
    assert seen["share"] < 0.5
