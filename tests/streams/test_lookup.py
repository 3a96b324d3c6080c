"""The lookup, against a dict."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.errors import WrongType
from longtake.streams import lookup
from longtake.streams.lookup import KeyLookup

keys = st.integers(-20, 20) | st.integers(-(2**63), 2**63 - 1)


@pytest.fixture(autouse=True)
def merge_often(monkeypatch):
    monkeypatch.setattr(lookup, "_FEWEST_TO_MERGE", 3)


def require_equal(found: KeyLookup, model: dict[int, int]) -> None:
    ordered = sorted(model)
    assert found.last_key() == (ordered[-1] if ordered else None)
    assert all(found.get(key) == row for key, row in model.items())
    assert found.get(21) == model.get(21)
    assert found.keys().tolist() == ordered
    assert found.rows().tolist() == [model[key] for key in ordered]
    assert len(found) == len(model)


@given(st.lists(keys, max_size=40))
def test_keys_one_by_one(added):
    found, model = KeyLookup(), {}
    for row, key in enumerate(added):
        found.add(key, row)
        model[key] = row
        assert found.get(key) == row
        assert found.last_key() == max(model)
    require_equal(found, model)


@given(st.lists(st.lists(keys, max_size=12), max_size=5), st.booleans())
def test_keys_in_batches(batches, ascending):
    found, model, row = KeyLookup(), {}, 0
    for batch in batches:
        added = sorted(set(batch)) if ascending else batch
        found.add_many(np.array(added, np.int64), row)
        model.update(zip(added, range(row, row + len(added)), strict=True))
        row += len(added)
        require_equal(found, model)


def test_ascending_keys_take_8_bytes_each():
    """Also after some came out of order."""
    found = KeyLookup()
    found.add(10, 0)
    found.add(5, 1)
    for key in range(11, 2000):
        found.add(key, key)
    assert len(found._recent) <= 1
    assert found.get(5) == 1
    assert found.last_key() == 1999


def test_the_outermost_keys():
    """Their difference does not fit in 64 bits."""
    found = KeyLookup()
    found.add_many(np.array([2**63 - 1, -(2**63)]), 0)
    require_equal(found, {2**63 - 1: 0, -(2**63): 1})


def test_an_empty_lookup():
    found = KeyLookup()
    assert found.get(0) is None
    assert found.last_key() is None
    assert found.keys().dtype == found.rows().dtype == np.int64
    assert len(found) == len(found.keys()) == 0


def lookup_of(*known: int) -> KeyLookup:
    found = KeyLookup()
    found.add_many(np.array(known, np.int64), 0)
    return found


INTEGERS = [np.dtype(code).type for code in np.typecodes["AllInteger"]]
FLOATS = [np.dtype(code).type for code in np.typecodes["Float"]]


@pytest.mark.parametrize("kind", [int, float, Fraction, *INTEGERS, *FLOATS])
def test_numbers_of_every_type_are_looked_for_alike(kind):
    found = lookup_of(0, 100)
    wanted = {3: (1, 0), 50: (1, 0), 51: (1, 100), 0: (0, 0), 100: (1, 100), 120: (2, 100)}
    for key, (position, nearest) in wanted.items():
        assert (found.position(kind(key)), found.nearest(kind(key))) == (position, nearest)
    found = lookup_of(-100, -40)
    assert [found.nearest(kind(key)) for key in (0, 1, 127)] == [-40, -40, -40]
    assert type(found.nearest(kind(1))) is int


some_keys = st.lists(keys, min_size=1, max_size=8, unique=True).map(sorted)
numbers = (
    keys
    | st.integers(0, 2**64 - 1).map(np.uint64)
    | st.integers(-128, 127).map(np.int8)
    | st.floats(allow_nan=False)
    | st.floats(allow_nan=False).map(np.float64)
    | st.fractions(-(2**64), 2**64)
)


@given(some_keys, numbers)
def test_positions_and_the_nearest_key_are_exact(known, key):
    found = lookup_of(*known)
    if not np.isfinite(float(key)):
        assert found.position(key) == (len(known) if key > 0 else 0)
        assert found.nearest(key) == (known[-1] if key > 0 else known[0])
        return
    exact = Fraction(int(key) if isinstance(key, np.integer) else key)
    assert found.position(key) == sum(one < exact for one in known)
    assert found.nearest(key) == min(known, key=lambda one: (abs(one - exact), one))


def test_large_keys_are_not_rounded_to_floats():
    found = lookup_of(2**53, 2**53 + 3)
    assert found.nearest(float(2**53 + 2)) == 2**53 + 3
    assert lookup_of(2**24 + 1).position(np.float32(2**24)) == 0


@pytest.mark.parametrize(
    "key", ["a", None, float("nan"), np.float32("nan"), 1j, True, np.True_, Decimal(1), [1]]
)
def test_what_is_no_real_number_is_refused(key):
    for found in (KeyLookup(), lookup_of(0, 100)):
        for look in (found.nearest, found.position):
            with pytest.raises(WrongType, match="by a number"):
                look(key)
