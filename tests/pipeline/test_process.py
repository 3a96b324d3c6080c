"""A function over what is recorded: each entry once, whatever happens."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from time import monotonic, sleep

import numpy as np
import pandas as pd
import pytest

import longtake as lt
from longtake.errors import InvalidArgument, NothingCame, WriterDied, WrongType

DEADLINE_S = 60


@pytest.fixture
def source(tmp_path):
    """A finished recording of ten frames, at keys 0, 10, 20, …"""
    path = tmp_path / "run.h5"
    with lt.record(path) as recording:
        camera = recording.create_frame_stream("camera", (3, 4), "u2")
        for t in range(10):
            camera.append(10 * t, np.full((3, 4), t, "u2"))
    with lt.open(path) as view:
        yield view.frame_streams.camera


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out.h5"


def mean(image):
    return float(image.mean())


def doubled(image):
    return image * np.uint16(2)


def pixels(image):
    count = int(image[0, 0]) % 3  # none of some frames
    return {"y": np.arange(count), "value": np.full(count, image[0, 0], "u2")}


def as_table(image):
    return pd.DataFrame(pixels(image))


def as_rows(image):
    return np.array([(int(image[0, 0]), 0.5)], [("t", "i4"), ("x", "f8")])


@pytest.mark.parametrize("workers", [1, 3])
def test_any_result_goes_to_a_stream_that_fits_it(source, out, workers):
    keys = list(range(0, 100, 10))
    for function in (mean, doubled, pixels, as_table, as_rows):
        done = lt.process(source, function, out, workers=workers)
        assert done == (type(done))(out, function.__name__, 10, None)
    with lt.open(out) as view:
        assert list(view.data_streams.mean.items()) == [(10 * t, float(t)) for t in range(10)]
        frames = view.frame_streams.doubled
        assert frames.keys().tolist() == keys
        assert frames.dtype == np.uint16
        assert frames[:].tolist() == [[[2 * t] * 4] * 3 for t in range(10)]
        for name in ("pixels", "as_table"):
            records = view.record_streams[name]
            assert records.keys().tolist() == keys
            assert [len(value["y"]) for value in records.values()] == [t % 3 for t in range(10)]
            assert records[50]["value"].tolist() == [5, 5]
        assert view.record_streams.as_rows[30].tolist() == [(3, 0.5)]
        assert view.state == "complete"


def test_it_goes_on_after_the_last_result(source, out):
    seen = []

    def failing_at_four(image):
        seen.append(int(image[0, 0]))
        if image[0, 0] == 4 and len(seen) == 5:
            raise ZeroDivisionError("no")
        return seen[-1]

    with pytest.raises(ZeroDivisionError) as failed:
        lt.process(source, failing_at_four, out, workers=1)
    assert "the entry at 40" in failed.value.__notes__[0]
    with lt.open(out) as view:
        assert view.data_streams.failing_at_four.keys().tolist() == [0, 10, 20, 30]
    done = lt.process(source, failing_at_four, out, workers=1)
    assert (done.entries, done.resumed_at) == (10, 30)
    assert seen == [0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9]
    assert lt.process(source, failing_at_four, out).entries == 10
    assert len(seen) == 11


def test_results_before_an_error_are_stored_also_with_workers(source, out):
    def failing(image):
        if image[0, 0] == 7:
            raise OSError("broken")
        return 1

    with pytest.raises(OSError, match="broken"):
        lt.process(source, failing, out, workers=4)
    with lt.open(out) as view:
        assert view.data_streams.failing.keys().tolist() == list(range(0, 70, 10))


def test_pairs_and_processes_as_workers(source, out):
    context = get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        lt.process(source.items()[:4], mean, out, executor=executor)
        done = lt.process(source, mean, out, executor=executor)
    assert (done.entries, done.resumed_at) == (10, 30)
    with lt.open(out) as view:
        assert list(view.data_streams.mean.values()) == [float(t) for t in range(10)]


def test_into_a_stream_and_into_the_recording_that_is_the_source(tmp_path):
    with lt.record(tmp_path / "run.h5") as recording:
        camera = recording.create_frame_stream("camera", (2, 2), "u1")
        brightness = recording.create_data_stream("brightness")
        for t in range(3):
            camera.append(t, np.full((2, 2), t, "u1"))
        with recording.open() as view:
            items = view.frame_streams.camera.items()
            lt.process(items, lambda image: int(image.max()), brightness, "any", workers=2)
            lt.process(items, doubled, recording)
        # Results can be followed in turn, while both go on.
        worker = threading.Thread(
            target=lambda: lt.process(
                recording.open().frame_streams.camera, mean, tmp_path / "o.h5"
            )
        )
        worker.start()
        with lt.follow(tmp_path / "o.h5", "mean", wait=DEADLINE_S, timeout=DEADLINE_S) as results:
            assert [next(results).value for _ in range(3)] == [0, 1, 2]
            camera.append(9, np.full((2, 2), 9, "u1"))
            assert next(results).value == 9
            recording.stop()
            worker.join(DEADLINE_S)
            assert list(results) == []
    with lt.open(tmp_path / "run.h5") as view:
        assert list(view.data_streams.brightness.values()) == [0, 1, 2]
        assert len(view.frame_streams.doubled) == 3


@pytest.mark.parametrize("workers", [1, 3])
def test_into_the_file_that_the_source_is_in(source, workers):
    path = source.file.path
    first = lt.process(source.items()[:3], mean, path)
    done = lt.process(source, mean, str(path), workers=workers)  # and does not wait for itself
    assert (first.entries, done.entries, done.resumed_at) == (3, 10, 20)
    with lt.open(path) as view:
        assert list(view.data_streams.mean.items()) == [(10 * t, t) for t in range(10)]


def test_how_the_source_ended_is_told_when_all_is_stored(tmp_path, out):
    recording = lt.record(tmp_path / "run.h5")
    game = recording.create_data_stream("game")
    game.append(1, 1)
    with recording.open() as view, pytest.raises(NothingCame):
        lt.process(view.data_streams.game, abs, out, timeout=0.05)
    recording.stop()
    code = "import longtake as lt, sys, os; r = lt.record(sys.argv[1]); "
    code += "r.create_data_stream('game').append(5, -5); os._exit(9)"
    subprocess.run([sys.executable, "-c", code, tmp_path / "died.h5"], check=False)
    with lt.open(tmp_path / "died.h5") as view, pytest.raises(WriterDied):
        lt.process(view.data_streams.game, abs, out)
    with lt.open(out) as view:
        assert list(view.data_streams.abs.items()) == [(1, 1), (5, 5)]


WORKER = """
import sys, longtake as lt, numpy as np
def checked(image):
    return np.array([image.astype("u8").sum(), 1], "u8")
with lt.open(sys.argv[1]) as view:
    print("begins", flush=True)
    lt.process(view.frame_streams.camera, checked, sys.argv[2], workers=2)
"""


def test_killed_again_and_again_no_frame_is_missed_or_done_twice(tmp_path, out):
    rng = np.random.default_rng()
    path = tmp_path / "run.h5"
    stop = threading.Event()
    recording = lt.record(path)
    camera = recording.create_frame_stream("camera", (40, 50), "u2")

    def record():
        for t in range(100_000):
            if stop.wait(0.0005):
                break
            camera.append(3 * t, np.full((40, 50), t % 60_000, "u2"))
        recording.stop()

    writer = threading.Thread(target=record)
    writer.start()
    try:
        for _ in range(6):
            with subprocess.Popen(
                [sys.executable, "-c", WORKER, path, out], stdout=subprocess.PIPE
            ) as worker:
                assert worker.stdout is not None
                worker.stdout.readline()
                before = stored(out)
                until = monotonic() + DEADLINE_S
                while stored(out) < before + int(rng.integers(1, 40)) and monotonic() < until:
                    assert worker.poll() is None
                worker.send_signal(signal.SIGKILL)
    finally:
        stop.set()
        writer.join()
    subprocess.run([sys.executable, "-c", WORKER, path, out], check=True, timeout=DEADLINE_S)
    with lt.open(path) as run, lt.open(out) as results:
        frames, sums = run.frame_streams.camera, results.frame_streams.checked
        assert sums.keys().tolist() == frames.keys().tolist()
        assert sums[:].tolist() == [[2000 * (t % 60_000), 1] for t in range(len(frames))]
        assert results.state == "recovered"


def stored(path) -> int:
    with suppress(LookupError, OSError), lt.open(path) as view:
        return len(view.frame_streams.checked)
    sleep(0.01)
    return 0


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"function": 3}, WrongType, "3 is not a function"),
        ({"function": lambda x: x}, InvalidArgument, "has no name"),
        ({"source": 5}, WrongType, "entries come from a stream of a view"),
        ({"source": "run.h5"}, WrongType, "entries come from a stream of a view"),
        ({"source": [1, 2]}, WrongType, "entries come as .key, value. pairs"),
        ({"into": 7}, WrongType, "results go into a recording"),
        ({"workers": 0}, InvalidArgument, "workers"),
        ({"timeout": -1}, InvalidArgument, "timeout"),
    ],
)
def test_what_cannot_be_used_is_refused(source, out, change, error, says):
    given = {"source": source, "function": mean, "into": out, "workers": 1} | change
    with pytest.raises(error, match=says):
        lt.process(**given)


def test_a_stream_of_somebody_else_is_not_added_to(source, tmp_path, out):
    with lt.record(out) as recording:
        recording.create_data_stream("mean").append(-5, "mine")
    with pytest.raises(InvalidArgument, match="give the results another name"):
        lt.process(source, mean, out)
    lt.process(source, mean, out, "mean of camera")
    with pytest.raises(InvalidArgument, match="give the results another name"):
        lt.process(source, doubled, out, "mean of camera")
    with lt.open(out) as view:
        assert list(view.data_streams.mean.values()) == ["mine"]
    with lt.record(tmp_path / "live.h5") as recording:
        live = recording.create_data_stream("live")
        with pytest.raises(InvalidArgument, match=r"recording.open\(\)"):
            lt.process(live, abs, out)


def test_a_result_of_another_shape_says_of_which_entry(source, out):
    def growing(image):
        return np.zeros(2 if image[0, 0] < 3 else 5)

    with pytest.raises(lt.LongtakeError) as failed:
        lt.process(source, growing, out)
    assert "the result at 30, for 'growing'" in failed.value.__notes__[0]
