"""How far a reader of a stream has come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.errors import DamagedFile, InvalidArgument, WrongType
from longtake.streams import StreamFile, StreamFileView, cursor
from longtake.streams.cursor import Cursor, Lag, key_or_start
from tests.streams.damage import damage
from tests.streams.kinds import KINDS, same


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture
def file(tmp_path):
    with StreamFile.create(tmp_path / "f.h5") as made:
        yield made


@pytest.fixture
def view(file):
    with StreamFileView(file.path) as opened:
        yield opened


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when it is told to."""

    class Clock:
        now = 0.0

    monkeypatch.setattr(cursor, "monotonic", lambda: Clock.now)
    return Clock


def all_of(reading: Cursor) -> list:
    """Take all that is known."""
    return list(iter(reading.take, None))


def keys_of(reading: Cursor) -> list[int]:
    return [key for key, _ in all_of(reading)]


def test_what_is_there_is_taken_once_and_in_order(kind, file, view):
    stream = kind.create(file, "s", None)
    for key in range(5):
        stream.append(key, kind.value(key))
    view.refresh()
    reading = Cursor(getattr(view, kind.collection)["s"])
    taken = all_of(reading)
    assert [key for key, _ in taken] == [0, 1, 2, 3, 4]
    assert all(same(value, kind.value(key)) for key, value in taken)
    assert reading.take() is None
    stream.append(7, kind.value(7))
    assert not reading.has_next
    assert reading.take() is None, "only a look shows what has come"
    assert reading.look()
    assert keys_of(reading) == [7]
    assert (reading.row, reading.end) == (6, 6)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (None, [10, 20, 30]),
        ("now", []),
        (-(2**63), [10, 20, 30]),
        (10, [10, 20, 30]),
        (11, [20, 30]),
        (np.uint8(30), [30]),
        (31, []),
        (2**63 - 1, []),
    ],
)
def test_a_cursor_starts_at_a_key_or_the_first_after_it(kind, file, view, start, expected):
    stream = kind.create(file, "s", None)
    for key in (10, 20, 30):
        stream.append(key, kind.value(key))
    view.refresh()
    reading = Cursor(getattr(view, kind.collection)["s"], key_or_start(start))
    assert keys_of(reading) == expected
    stream.append(40, kind.value(40))
    reading.look()
    assert keys_of(reading) == ([40] if start is None or start == "now" or start <= 40 else [])


def test_a_start_in_a_long_stream_is_found_without_reading_what_is_before(file, view):
    numbers = file.create_record_stream("s", {"x": "u1"})
    numbers.append_many(range(1000), [{"x": [n % 100]} for n in range(1000)])
    numbers.put(3, {"x": [101]})
    numbers.append(1000, {"x": [102]})
    view.refresh()
    reading = Cursor(view.record_streams["s"], 998)
    assert reading.row == 998
    assert keys_of(reading) == [998, 999, 1000], "what was put again is before the start"


@pytest.mark.parametrize("start", ["Now", "0", ""])
def test_text_that_is_no_start_is_refused(file, start):
    with pytest.raises(InvalidArgument, match="give a key"):
        Cursor(file.create_data_stream("s"), start)


@pytest.mark.parametrize("start", [True, 1.0, b"now", [1], np.bool_(1)])
def test_what_is_no_key_is_refused(start):
    with pytest.raises(WrongType, match="start is a key"):
        key_or_start(start)


def test_values_that_are_put_again_come_again(file, view):
    stream = file.create_record_stream("s", {"x": "i8"})
    for key, x in [(0, 1), (5, 2), (0, 3), (5, 4)]:
        stream.put(key, {"x": [x]})
    view.refresh()
    found = all_of(Cursor(view.record_streams["s"]))
    assert [(key, value["x"].tolist()) for key, value in found] == [
        (0, [1]), (5, [2]), (0, [3]), (5, [4]),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["data", "frame", "record"])
@pytest.mark.parametrize("at", [0, 1, 9])
def test_an_entry_that_is_damaged_raises_its_error_once_and_is_passed(file, view, name, at):
    kind = KINDS[name]
    stream = kind.create(file, "s", None)
    values = {
        "data": lambda key: f"entry {key}",
        "frame": lambda key: np.full((3, 4), 1000.5 + key, "<f4"),
        "record": lambda key: {"x": np.full(3, 1000.5 + key), "n": np.full(3, key, "<u2")},
    }
    for key in range(10):
        stream.append(key, values[name](key))
    contents = {
        "data": f"entry {at}".encode(),
        "frame": np.full(3, 1000.5 + at, "<f4").tobytes(),
        "record": np.full(3, 1000.5 + at).tobytes(),
    }
    damage(file.path, contents[name])
    view.refresh()
    reading = Cursor(getattr(view, kind.collection)["s"])
    assert [next_key(reading) for _ in range(at)] == list(range(at))
    with pytest.raises(DamagedFile, match=rf"data of {at} do not have the checksum"):
        reading.take()
    assert keys_of(reading) == list(range(at + 1, 10))


def next_key(reading: Cursor) -> int:
    (key, _) = reading.take()  # pyright: ignore[reportGeneralTypeIssues]
    return key


def test_an_entry_before_the_start_may_be_damaged(file, view):
    stream = file.create_record_stream("s", {"x": "f8"})
    stream.put(5, {"x": [1.5]})
    stream.put(2, {"x": [2.5]})
    stream.put(6, {"x": [3.5]})
    damage(file.path, np.array([2.5]).tobytes())
    view.refresh()
    assert keys_of(Cursor(view.record_streams["s"], 4)) == [5, 6]


def test_an_interrupted_read_is_made_again(file, view, monkeypatch):
    stream = file.create_data_stream("s")
    for key in range(4):
        stream.append(key, key)
    view.refresh()
    found = view.data_streams["s"]
    reading = Cursor(found)
    assert reading.take() == (0, 0)
    with monkeypatch.context() as patch:
        patch.setattr(found, "rows_from", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        reading._reading = iter(())
        with pytest.raises(KeyboardInterrupt):
            reading.take()
    assert keys_of(reading) == [1, 2, 3]


def test_lag_tells_how_many_are_there_and_since_when(file, view, clock):
    stream = file.create_data_stream("s")
    view.refresh()
    reading = Cursor(view.data_streams["s"])
    assert reading.lag == Lag(0, 0.0)
    clock.now = 10
    stream.append(0, 0)
    assert reading.lag == Lag(1, 0.0), "it is known from now on"
    clock.now = 13
    stream.append(1, 1)
    assert reading.lag == Lag(2, 3.0)
    clock.now = 14
    reading.take()
    assert reading.lag == Lag(1, 1.0)
    assert reading.lag_from(0) == Lag(2, 4.0), "of what was taken, and is still at hand"
    reading.take()
    assert reading.lag == Lag(0, 0.0)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(1, 6))
def test_lag_is_never_more_than_it_was_nor_less_than_remembered(steps, most):
    """However many looks are remembered, time since the first entry is not overstated."""

    class Rows:
        file, is_regular, rows = None, False, 0

        def look(self):
            return self.rows

        def rows_from(self, first, last):
            return ((row, row) for row in range(first, last))

    with pytest.MonkeyPatch.context() as patch:
        now = 0.0
        patch.setattr(cursor, "_MOST_LOOKS", most)
        patch.setattr(cursor, "monotonic", lambda: now)
        view = Rows()
        reading: Cursor = Cursor(view)  # pyright: ignore[reportArgumentType]
        reading._looks = type(reading._looks)(maxlen=most)
        came: list[float] = []
        for step in steps:
            now += 1
            view.rows += step
            came += [now] * step
            lag = reading.lag
            assert lag.entries == view.rows - reading.row
            if lag.entries:
                assert 0 <= lag.seconds <= now - came[reading.row]
                if most > len(steps):
                    assert lag.seconds == now - came[reading.row]
            if step == 1:
                reading.take()


def test_memory_for_looks_is_bounded(file, view):
    stream = file.create_data_stream("s")
    view.refresh()
    reading = Cursor(view.data_streams["s"])
    for key in range(3000):
        stream.append(key, None)
        reading.look()
    assert len(reading._looks) <= cursor._MOST_LOOKS
    assert reading.lag.entries == 3000


def test_gaps_are_those_of_frames_that_were_taken(file, view):
    frames = file.create_frame_stream("frames", (1,), "u1")
    data = file.create_data_stream("data")
    for key in [0, 1, 2, 3, 6, 7, 20]:
        frames.append(key, np.zeros(1, "u1"))
        data.append(key, None)
    view.refresh()
    reading, other = Cursor(view.frame_streams["frames"]), Cursor(view.data_streams["data"])
    for _ in range(6):
        reading.take()
    assert reading.gaps == [(3, 6, 2)]
    assert reading.missing == 2
    reading.take()
    assert reading.missing == 14
    assert len(all_of(other)) == 7
    assert (other.gaps, other.missing) == ([], 0)
