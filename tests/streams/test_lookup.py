"""The lookup, against a dict."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
