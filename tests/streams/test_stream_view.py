"""The reading interface: the same for every kind of stream, whoever writes it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from longtake.errors import Closed, InvalidArgument, KeyNotFound, LongtakeError, WrongType
from longtake.streams import StreamFile, StreamFileView
from tests.streams.kinds import KINDS, same

KEYS = [-(2**63), -3, 0, 1, 7, 8, 9, 10, 25, 26, 1000, 2**63 - 1]
SEEN_BY = ("writer", "live", "finished", "crashed")


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture
def file(tmp_path):
    with StreamFile.create(tmp_path / "f.h5") as made:
        yield made


@pytest.fixture(params=SEEN_BY)
def looked_at(request, kind, file):
    """Gives a stream that holds such keys, seen in each of the ways there are."""
    views = []

    def look(keys):
        stream = kind.create(file, "s", {"unit": "px"})
        for key in keys:
            stream.append(key, kind.value(key))
        if request.param == "writer":
            return stream
        if request.param == "finished":
            file.close()
        if request.param == "crashed":
            file._file.abandon()
        views.append(StreamFileView(file.path))
        return getattr(views[0], kind.collection)["s"]

    yield look
    for view in views:
        view.close()


@pytest.fixture
def stream(looked_at):
    return looked_at(KEYS)


@pytest.fixture
def empty(looked_at):
    return looked_at([])


def all_same(found, kind, keys) -> bool:
    return len(found) == len(keys) and all(
        same(value, kind.value(key)) for value, key in zip(found, keys, strict=True)
    )


def test_everything_comes_back_in_order(stream, kind):
    assert len(stream) == len(KEYS)
    assert list(stream.keys()) == KEYS
    assert all_same(stream.values(), kind, KEYS)
    assert [key for key, _ in stream.items()] == KEYS
    assert all_same([value for _, value in stream.items()], kind, KEYS)
    assert stream.last_key == KEYS[-1]


def test_a_view_is_like_a_dict(stream, kind):
    assert list(stream) == KEYS
    assert dict(stream.items()).keys() == set(KEYS)
    assert list(zip(stream.keys(), stream, strict=True)) == [(key, key) for key in KEYS]
    assert 7 in stream
    assert 6 not in stream
    assert 2**70 not in stream
    for stranger in ("7", None, 7.0, True, [7]):
        assert stranger not in stream


@pytest.mark.parametrize("integer", [int, np.int64, np.int16, np.uint8, np.uint64])
def test_a_key_of_any_integer_type(stream, kind, integer):
    assert same(stream[integer(25)], kind.value(25))
    assert integer(25) in stream
    assert same(stream.get(integer(25)), kind.value(25))


@pytest.mark.parametrize("key", [True, 7.0, "7", None, (7,), np.float64(7)])
def test_a_key_that_is_no_integer(stream, key):
    with pytest.raises(WrongType, match="a key is an integer"):
        stream[key]


def test_a_missing_key_names_the_nearest(stream):
    with pytest.raises(KeyNotFound, match=r"nothing at 24: .* nearest is 25"):
        stream[24]
    with pytest.raises(KeyError):
        stream[2**80]
    assert stream.get(24) is None
    assert stream.get(24, "none") == "none"


def test_the_nearest_entry(stream, kind):
    for wanted, found in ((7, 7), (17, 10), (18, 25), (17.5, 10), (500, 26), (-4.2, -3)):
        key, value = stream.nearest(wanted)
        assert key == found
        assert type(key) is int
        assert same(value, kind.value(found))
    assert stream.nearest(float("inf"))[0] == KEYS[-1]


def test_an_empty_stream(empty):
    assert len(empty) == 0
    assert list(empty.keys()) == list(empty.values()) == list(empty.items()) == []
    assert list(empty.keys_for_range(0, 10)) == []
    assert empty.last_key is None
    assert 0 not in empty
    with pytest.raises(KeyNotFound, match="it is empty"):
        empty[0]
    with pytest.raises(KeyNotFound, match="no entry yet"):
        empty.nearest(0)
    with pytest.raises(IndexError):
        empty.iloc[0]
    assert "0" in repr(empty)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (None, None),
        (7, None),
        (None, 25),
        (7, 25),
        (7, 7),
        (2, 3),
        (6.5, 9.5),
        (np.int64(7), np.uint64(25)),
        (float("-inf"), float("inf")),
        (-(2**70), 2**70),
        (2**63 - 1, None),
    ],
)
def test_a_range_is_half_open(stream, kind, start, end):
    low, high = (-np.inf if start is None else start), (2**71 if end is None else end)
    inside = [key for key in KEYS if int(key) >= low and int(key) < high]
    assert list(stream.keys_for_range(start, end)) == inside
    assert all_same(stream.values_for_range(start, end), kind, inside)
    items = stream.items_for_range(start, end)
    assert len(items) == len(inside)
    assert [key for key, _ in items] == inside
    assert all(type(key) is int for key in stream.keys_for_range(start, end))


def test_a_slice_is_a_range_of_keys(stream, kind):
    found = stream[7:25]
    assert len(found) == 4
    if kind.name == "frame":
        assert found.shape == (4, 3, 4)
        assert np.array_equal(found[3], kind.value(10))
    else:
        assert all_same(list(found), kind, [7, 8, 9, 10])


def test_ranges_that_mean_nothing(stream):
    for ranged in (stream.keys_for_range, stream.values_for_range, stream.items_for_range):
        with pytest.raises(InvalidArgument, match="from 9 to 7 runs backwards"):
            ranged(9, 7)
        for bound in ("7", [7], float("nan")):
            with pytest.raises(WrongType, match="number"):
                ranged(bound, None)
            with pytest.raises(WrongType, match="number"):
                ranged(None, bound)
    with pytest.raises(InvalidArgument):
        stream[9:7]
    with pytest.raises(InvalidArgument, match="no step"):
        stream[7:9:2]


def test_positions(stream, kind):
    assert stream.keys()[1] == -3
    assert stream.keys()[-1] == KEYS[-1]
    assert stream.keys()[np.int64(2)] == 0
    assert same(stream.iloc[0], kind.value(KEYS[0]))
    assert same(stream.iloc[-1], kind.value(KEYS[-1]))
    assert same(stream.iloc[np.uint8(5)], kind.value(KEYS[5]))
    assert all_same(stream.iloc[-3:], kind, KEYS[-3:])
    assert all_same(stream.iloc[2:5], kind, KEYS[2:5])
    for position in (len(KEYS), -len(KEYS) - 1):
        with pytest.raises(IndexError):
            stream.iloc[position]
        with pytest.raises(IndexError):
            stream.keys()[position]


def test_attributes(stream):
    assert stream.attributes.name == "s"
    assert stream.attributes.application["unit"] == "px"
    stream.attributes.application["unit"] = "mm"
    assert stream.attributes["application"] == {"unit": "px"}
    assert "s" in repr(stream)


def test_arrays_belong_to_the_caller(stream, kind):
    if kind.name == "data":
        return
    for first in (stream[7], next(iter(stream.values_for_range(7)))):
        array = first["x"] if kind.name == "record" else first
        array[...] = np.zeros_like(array)
        assert same(stream[7], kind.value(7))
        assert all_same(stream.values(), kind, KEYS)


def test_what_was_asked_for_stays_as_it_was(kind, file):
    """While entries are appended, the room grows, and the file is closed."""
    stream = kind.create(file, "s", None)
    for key in range(0, 100, 2):
        stream.append(key, kind.value(key))
    with StreamFileView(file.path) as view:
        seen = getattr(view, kind.collection)["s"]
        keys, values, items = seen.keys(), seen.values(), seen.items_for_range(10, 1000)
        half_way = iter(seen.values())
        next(half_way)
        for key in range(100, 6000):
            stream.append(key, kind.value(key))
        assert len(seen) == 50 + 5900
        file.close()
        assert seen.last_key == 5999
        before = list(range(0, 100, 2))
        assert list(keys) == before
        assert all_same(values, kind, before)
        assert [key for key, _ in items] == before[5:]
        assert len(list(half_way)) == 49


def test_a_live_view_learns_of_each_entry(kind, file):
    stream = kind.create(file, "s", None)
    with StreamFileView(file.path) as view:
        seen = getattr(view, kind.collection)["s"]
        for key in range(300):
            stream.append(key, kind.value(key))
            assert same(seen[key], kind.value(key))
            assert seen.last_key == key
            assert len(seen) == key + 1


def test_a_closed_view_says_so(kind, file):
    stream = kind.create(file, "s", None)
    stream.append(1, kind.value(2))
    view = StreamFileView(file.path)
    seen = getattr(view, kind.collection)["s"]
    view.close()
    view.close()
    for ask in (lambda: seen[1], lambda: len(seen), lambda: list(seen.values())):
        with pytest.raises(Closed):
            ask()


def test_a_stopped_stream_takes_nothing(kind, file):
    stream = kind.create(file, "s", None)
    stream.append(1, kind.value(1))
    file.close()
    with pytest.raises(Closed, match="nothing was stored in 's'"):
        stream.append(2, kind.value(2))
    with pytest.raises(Closed):
        stream.set_attribute("a", 1)
    with StreamFileView(file.path) as view:
        assert list(getattr(view, kind.collection)["s"]) == [1]


def test_every_error_is_longtakes_own(kind, file):
    stream = kind.create(file, "s", None)
    stream.append(5, kind.value(5))
    for timestamp in (5, 4, -1, 2**63, -(2**63) - 1, 5.5, "6", None, True, float("nan"), 1j):
        store = stream.append
        if kind.name == "record" and not isinstance(timestamp, int):
            store = stream.put
        with pytest.raises(LongtakeError) as told:
            store(timestamp, kind.value(6))
        assert "'s'" in str(told.value)
        assert list(stream) == [5]
    stream.append(6, kind.value(6))


KEY = st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 60)
BOUND = st.none() | KEY | st.floats(allow_nan=False)


@pytest.mark.parametrize("name", KINDS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(keys=st.sets(KEY, max_size=40), start=BOUND, end=BOUND, wanted=KEY)
def test_it_answers_as_a_sorted_dict_does(tmp_path_factory, name, keys, start, end, wanted):
    kind, keys = KINDS[name], sorted(keys)
    with StreamFile.create(tmp_path_factory.mktemp("f") / "f.h5") as file:
        stream = kind.create(file, "s", None)
        for key in keys:
            stream.append(key, kind.value(key))
        with StreamFileView(file.path) as view:
            seen = getattr(view, kind.collection)["s"]
            assert (wanted in seen) == (wanted in keys)
            if keys:
                nearest = min(keys, key=lambda key: (abs(key - wanted), key))
                assert seen.nearest(wanted)[0] == nearest
            if start is not None and end is not None and start > end:
                with pytest.raises(InvalidArgument):
                    seen.keys_for_range(start, end)
                return
            inside = [
                key
                for key in keys
                if (start is None or key >= start) and (end is None or key < end)
            ]
            assert list(seen.keys_for_range(start, end)) == inside
            assert all_same(seen.values_for_range(start, end), kind, inside)
