"""Several threads write to one recording, and a view reads it meanwhile: nothing is lost."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count

import h5py
import numpy as np
import pytest

from longtake.errors import AlreadyExists, Closed, InvalidArgument
from longtake.hdf.attributes import read_attribute
from longtake.recording import RecordingView, record
from tests.streams.small_chunks import grow_often

PER_THREAD = 400


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A file of small chunks, which grows often."""
    grow_often(monkeypatch, 128, 4096)
    return tmp_path / "run.h5"


def together(*tasks):
    """Run the tasks in threads of their own, which begin at once; give what they return."""
    gate = threading.Barrier(len(tasks))

    def begin(task):
        gate.wait(30)
        return task()

    with ThreadPoolExecutor(len(tasks)) as threads:
        return [done.result(120) for done in [threads.submit(begin, task) for task in tasks]]


def frame(key: int) -> np.ndarray:
    return np.full((20, 10), key, "u2")


def rows(key: int) -> np.ndarray:
    return np.full(key % 4, key, [("a", "i4"), ("b", "f4")])


def test_streams_of_their_own(path):
    """Each thread makes a stream, fills it and sets its attributes; a view follows all of it."""
    recording = record(path)
    is_over = threading.Event()

    def data():
        stream = recording.create_data_stream("data")
        for key in range(PER_THREAD):
            stream.append(key, {"n": key, "text": "x" * (key % 50)})
            stream.set_attribute("seen", key)

    def frames():
        stream = recording.create_frame_stream("frames", (20, 10), "u2")
        for key in range(PER_THREAD):
            stream.append(key, frame(key))
            recording.set_attribute("frames", key)

    def tables():
        stream = recording.create_table_stream("tables", rows(0).dtype)
        for key in range(PER_THREAD):
            stream.append(key, rows(key))

    def creating():
        for number in range(25):
            made = recording.create_data_stream(f"made {number}", {"number": number})
            made.append(number, number)
            made.update_attributes({"twice": 2 * number})

    def following():
        looks = 0
        with RecordingView(path) as view:
            while not is_over.is_set() or not looks:
                for name, stream in view.data_streams.items():
                    values = list(stream.values())
                    if name == "data":
                        assert [value["n"] for value in values] == list(range(len(values)))
                        seen = stream.attributes.application.get("seen", -1)
                        assert seen >= len(values) - 2
                    else:
                        assert stream.attributes.application["number"] == int(name.split()[1])
                for stream in view.frame_streams.values():
                    assert all((value == key).all() for key, value in stream.items())
                for stream in view.record_streams.values():
                    assert all((value["a"] == key).all() for key, value in stream.items())
                looks += 1
        return looks

    def writing():
        try:
            together(data, frames, tables, creating)
        finally:
            is_over.set()

    _, looks = together(writing, following)
    assert looks > 0
    recording.stop()
    with RecordingView(path) as view:
        assert list(view.data_streams.data) == list(range(PER_THREAD))
        assert view.data_streams.data.attributes.application == {"seen": PER_THREAD - 1}
        assert view.attributes.application == {"frames": PER_THREAD - 1}
        assert len(view.frame_streams.frames) == len(view.record_streams.tables) == PER_THREAD
        assert np.array_equal(view.frame_streams.frames[7], frame(7))
        for number in range(25):
            made = view.data_streams[f"made {number}"]
            assert list(made.items()) == [(number, number)]
            assert made.attributes.application == {"number": number, "twice": 2 * number}


def test_one_stream(path):
    """Each append takes its turn: what is late for it is refused, the rest is there in order."""
    recording = record(path)
    stream = recording.create_data_stream("s")
    tickets = count()

    def append(me):
        stored = []
        for number in range(PER_THREAD):
            key = next(tickets)
            try:
                if number % 10:
                    stream.append(key, [me, number])
                else:
                    stream.append_many([key], [[me, number]])
            except InvalidArgument:
                continue
            stored.append((key, [me, number]))
        return stored

    parts = together(*(lambda me=me: append(me) for me in range(4)))
    stored = [entry for part in parts for entry in part]
    assert len(stored) >= PER_THREAD
    recording.stop()
    with RecordingView(path) as view:
        assert list(view.data_streams.s.items()) == sorted(stored)


def test_the_same_name_at_the_same_time(path):
    recording = record(path)

    def create():
        try:
            return recording.create_data_stream("s")
        except AlreadyExists:
            return None

    made = [stream for stream in together(*[create] * 6) if stream is not None]
    assert len(made) == 1
    made[0].append(1, "kept")
    recording.stop()
    with RecordingView(path) as view:
        assert list(view.data_streams.s.values()) == ["kept"]


def test_attributes_of_one_stream(path):
    recording = record(path)
    stream = recording.create_data_stream("s")

    def setting(me):
        for number in range(50):
            stream.set_attribute(f"{me}", number)
            recording.update_attributes({f"{me}": number, f"also {me}": number})

    together(*(lambda me=me: setting(me) for me in range(4)))
    recording.stop()
    with RecordingView(path) as view:
        assert stream.application == view.data_streams.s.application == dict.fromkeys("0123", 49)
        assert view.attributes.application == dict.fromkeys(
            [*"0123", *(f"also {me}" for me in range(4))], 49
        )


@pytest.mark.parametrize("round_", range(4))
def test_stopping_while_others_append(path, round_):
    """Every append, new stream and attribute either is in the file, or raised."""
    recording = record(path)
    recording.set_attribute("before", 0)
    streams = [recording.create_data_stream(f"s{me}") for me in range(2)]
    camera = recording.create_frame_stream("camera", (20, 10), "u2")
    under_way = threading.Semaphore(0)

    def until_closed(act):
        done = []
        with suppress(Closed):
            for number in range(50_000):  # not for ever, should the stop fail
                act(number)
                done.append(number)
                under_way.release()
        return done

    def create(number):
        recording.create_data_stream(f"new {number}").append(1, number)

    def stop():
        for _ in range(30 + 50 * round_):
            assert under_way.acquire(timeout=60)
        recording.stop()

    *done, _ = together(
        lambda: until_closed(lambda n: streams[0].append(n, n)),
        lambda: until_closed(lambda n: streams[1].append_many([2 * n, 2 * n + 1], [n, "x" * n])),
        lambda: until_closed(lambda n: camera.append(n, frame(n))),
        lambda: until_closed(lambda n: recording.set_attribute("n", n)),
        lambda: until_closed(lambda n: streams[0].update_attributes({"n": n})),
        lambda: until_closed(create),
        stop,
    )
    with RecordingView(path) as view:
        assert view.state == "complete"
        assert list(view.data_streams.s0.items()) == [(n, n) for n in done[0]]
        assert list(view.data_streams.s1.values()) == [v for n in done[1] for v in (n, "x" * n)]
        assert list(view.frame_streams.camera) == done[2]
        assert view.attributes.application.get("n", -1) == max(done[3], default=-1)
        assert view.data_streams.s0.application.get("n", -1) == max(done[4], default=-1)
        made = [name for name in view.data_streams if name.startswith("new ")]
        assert {f"new {n}" for n in done[5]} <= set(made)
        # A stream may have been made just before, and its first append refused.
        assert len(made) <= len(done[5]) + 1
        folded = view.attributes.application
    with h5py.File(path) as h5:
        assert h5["data_stream/s0/index"].shape == (len(done[0]),)
        assert read_attribute(h5, "application") == folded
    with record(path, append=True) as again:
        assert again.attributes == folded


def test_stopping_from_several_threads(path):
    recording = record(path)
    recording.create_data_stream("s").append(1, 1)
    recording.stop_after_seconds(0.01)
    together(*[recording.stop] * 4, recording.wait_until_stopped)
    assert recording.has_stopped()


def test_threads_may_look_at_a_stream_while_others_append(path):
    """At the object that is written, and at one view."""
    wrong: list[BaseException] = []
    is_over = threading.Event()

    def look(stream) -> None:
        try:
            while not is_over.is_set():
                seen = len(stream)
                assert list(stream.keys())[:seen] == list(range(seen))
                assert seen == 0 or stream[seen - 1] == seen - 1
        except BaseException as error:  # told to the test
            wrong.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with record(path) as recording:
            stream = recording.create_data_stream("s")
            with RecordingView(path) as view:
                shared = [stream] * 3 + [view.data_streams["s"]] * 3
                threads = [threading.Thread(target=look, args=[one]) for one in shared]
                for thread in threads:
                    thread.start()
                for key in range(3000):
                    stream.append(key, key)
                is_over.set()
                for thread in threads:
                    thread.join()
    finally:
        is_over.set()
        sys.setswitchinterval(interval)
    assert not wrong
