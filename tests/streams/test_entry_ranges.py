"""Runs of entries: keys as a sequence, values as they are asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.errors import InvalidArgument, LongtakeError, OutOfRange, WrongType
from longtake.streams.entry_ranges import Entries, Keys

KEYS = st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3), unique=True).map(sorted)
SLICE = st.slices(12)


@given(keys=KEYS, part=SLICE, wanted=st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3))
def test_keys_are_as_a_list_of_them(keys, part, wanted):
    found = Keys(np.array(keys, np.int64))
    assert list(found) == found.tolist() == keys
    assert len(found) == len(keys)
    assert list(found[part]) == keys[part]
    assert (wanted in found) == (wanted in keys)
    assert (wanted in found[::-1]) == (wanted in keys)
    assert list(reversed(found)) == keys[::-1]
    assert np.array_equal(np.asarray(found), np.array(keys, np.int64))
    for at, key in enumerate(keys):
        assert type(found[at]) is int
        assert found[at - len(keys)] == key
        assert found.index(key) == at
        assert np.int64(key) in found


def test_strangers_among_keys():
    keys = Keys(np.arange(3))
    for stranger in ("1", None, [1], 1j + 0.5, float("nan"), 2**80, 1.5):
        assert stranger not in keys
    for index in (3, -4):
        with pytest.raises(IndexError):
            keys[index]
    with pytest.raises(TypeError):
        keys["a"]


@pytest.mark.parametrize("empty", [False, True])
def test_positions_that_are_none(empty):
    count = 0 if empty else 3
    for found in (Keys(np.arange(count)), entries(count)):
        for index in (count, -count - 1, np.int8(99), np.uint64(2**64 - 1), 2**70):
            with pytest.raises(OutOfRange, match=rf"position {index}: there are {count}"):
                found[index]
        for index in ("a", None, 1.0, slice("a", None), slice(0.5), (1, 2)):
            with pytest.raises(WrongType, match="whole numbers, not"):
                found[index]
        with pytest.raises(InvalidArgument, match="step of 0"):
            found[::0]
    assert issubclass(OutOfRange, IndexError)
    assert issubclass(OutOfRange, LongtakeError)


@pytest.mark.parametrize("code", np.typecodes["AllInteger"])
def test_positions_are_integers_of_any_type(code):
    one, three = np.dtype(code).type(1), np.dtype(code).type(3)
    for found in (Keys(np.arange(5) + 7), entries(5)):
        assert found[one] == found[1]
        assert list(found[one:three]) == [found[1], found[2]]
        assert list(found[-3:three]) == [found[2]]


@pytest.mark.parametrize("kind", [int, float, np.float64, np.int64, np.uint64, np.longdouble])
def test_large_keys_are_not_rounded_to_be_found(kind):
    keys = Keys(np.array([2**53 + 1, 2**60]))
    assert kind(2**60) in keys
    assert kind(2**53) not in keys
    if kind is not np.int64:
        assert kind(2**63) not in Keys(np.array([-(2**63), 2**63 - 1]))


def test_keys_as_arrays():
    keys = Keys(np.arange(3))
    assert np.array(keys, dtype=float).dtype == float
    array = np.array(keys)
    array[0] = 9
    assert keys[0] == 0
    assert repr(keys) == "Keys([0, 1, 2], 3 in all)"
    assert repr(Keys(np.arange(9))) == "Keys([0, 1, 2, 3, 4, …], 9 in all)"


def entries(count: int, log: list | None = None) -> Entries:
    def read(first, last):
        for position in range(first, last):
            if log is not None:
                log.append(position)
            yield f"v{position}"

    return Entries(0, count, read)


@given(count=st.integers(0, 12), data=st.data())
def test_entries_are_as_a_list_of_them(count, data):
    found, expected = entries(count), [f"v{n}" for n in range(count)]
    assert list(found) == expected
    assert list(found) == expected  # again
    assert len(found) == count
    start, stop = (data.draw(st.none() | st.integers(-15, 15)) for _ in range(2))
    part = found[start:stop]
    assert list(part) == expected[start:stop]
    assert len(part) == len(expected[start:stop])
    assert list(part[1:]) == expected[start:stop][1:]
    for at in range(-count, count):
        assert found[at] == found[np.int64(at)] == expected[at]
    for at in (count, -count - 1):
        with pytest.raises(IndexError):
            found[at]
    assert list(reversed(found)) == expected[::-1]


def test_no_more_is_read_than_asked_for():
    log: list[int] = []
    found = entries(1000, log)
    assert len(found[10:]) == 990
    assert log == []
    assert found[5] == "v5"
    assert log == [5]
    assert next(iter(found[7:])) == "v7"
    assert log == [5, 7]
    assert repr(found) == "Entries(['v0', 'v1', 'v2', 'v3', 'v4', …], 1000 in all)"
    assert len(log) == 7


def test_a_slice_of_entries_has_no_step():
    with pytest.raises(IndexError, match="no step"):
        entries(5)[::2]
    assert len(Entries(5, 3, lambda *_: iter(()))) == 0
