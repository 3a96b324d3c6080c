"""A store that is linked piece by piece gets the numbers of one run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import trackpy
from hypothesis import given, settings
from hypothesis import strategies as st

from longtake.errors import InvalidArgument, WrongType
from longtake.framewise import (
    FramewiseStore,
    PandasHDFStore,
    PandasHDFStoreBig,
    PandasHDFStoreSingleNode,
)
from longtake.tracking import quiet
from longtake.tracking.linking import growing_store, link_df_iter

from .movies import wander
from .test_tables import Tables, as_tables

STORES = [FramewiseStore, PandasHDFStore, PandasHDFStoreBig, PandasHDFStoreSingleNode]


@pytest.fixture(autouse=True)
def silence():
    quiet()
    yield
    quiet(False)


def movie(frames=24, dark=()) -> list[pd.DataFrame]:
    """Tables of features: of crowded particles that come and go, with some dark frames."""
    tables = as_tables(wander(3, 12, frames, crowding=0.5))
    for number, table in enumerate(tables):
        table.attrs["frame_no"] = number
        # Now and then nobody sees those on the right.
        if number % 3 == 1:
            tables[number] = table[table["x"] < table["x"].median()]
        if number in dark:
            tables[number] = table[:0]
    return tables


def put_back(store, search_range=0.6, **options) -> list[int]:
    """Link what came, put it back; give the frames' numbers."""
    numbers = []
    for linked in link_df_iter(store, search_range, resume=True, **options):
        store.put(linked)
        numbers.append(linked.attrs["frame_no"])
    return numbers


def expected(tables, **options) -> list[list[int]]:
    return [t["particle"].tolist() for t in link_df_iter(tables, 0.6, **options)]


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize("memory", [0, 2])
def test_pieces_are_linked_like_one(kind, memory, tmp_path):
    tables = movie(dark=(7, 8, 11, 12, 13, 14))
    numbers = []
    for first, end in [(0, 1), (1, 8), (8, 8), (8, 9), (9, 14), (14, 15), (15, 24)]:
        with kind(tmp_path / "a.h5") as store:
            for table in tables[first:end]:
                store.put(table)
            numbers += put_back(store, memory=memory)
    assert numbers == list(range(24))
    with kind(tmp_path / "a.h5", mode="r") as store:
        assert [t["particle"].tolist() for t in store] == expected(tables, memory=memory)


@given(
    cuts=st.sets(st.integers(0, 24)),
    dark=st.sets(st.integers(0, 23)),
    left_out=st.sets(st.integers(0, 23)),
    memory=st.integers(0, 4),
)
@settings(max_examples=60, deadline=None)
def test_wherever_it_is_cut(cuts, dark, left_out, memory):
    """In a store that keeps no attributes, too, and where empty tables are not put back."""
    quiet()
    tables = [t for i, t in enumerate(movie(dark=dark)) if i not in left_out]
    store = InMemory([])
    for first, end in zip([0, *sorted(cuts)], [*sorted(cuts), 24], strict=True):
        for table in tables[first:end]:
            store.put(table)
        for linked in link_df_iter(store, 0.6, memory=memory, resume=True):
            if len(linked):
                store.put(linked)
    found = [t["particle"].tolist() for t in store if len(t)]
    assert found == [ids for ids in expected(tables, memory=memory) if ids]


class InMemory(Tables):
    def put(self, df):
        self.tables[df.attrs["frame_no"]] = df


@pytest.mark.parametrize("kind", STORES)
def test_a_run_that_was_broken_off(kind, tmp_path, monkeypatch):
    """What was put back before is found, whether it was noted or not."""
    monkeypatch.setattr(growing_store, "_FRAMES_A_NOTE", 4)
    tables = movie()
    with kind(tmp_path / "a.h5") as store:
        for table in tables:
            store.put(table)
        for linked in link_df_iter(store, 0.6, memory=2, resume=True):
            store.put(linked)
            if linked["frame"].iloc[0] == 10:
                break
        assert store.attributes["linked"]["last"] == 7
        assert put_back(store, memory=2) == list(range(11, 24))
        assert [t["particle"].tolist() for t in store] == expected(tables, memory=2)


@pytest.mark.parametrize("kind", STORES)
def test_other_parameters_are_refused(kind, tmp_path):
    tables = movie()
    with kind(tmp_path / "a.h5") as store:
        for table in tables[:9]:
            store.put(table)
        put_back(store, memory=1)
    with kind(tmp_path / "a.h5") as store:
        for table in tables[9:]:
            store.put(table)
        for options, says in [
            ({"search_range": 0.7, "memory": 1}, "search_range was 0.6 and is now 0.7"),
            ({"memory": 2}, "memory was 1 and is now 2"),
            ({"memory": 1, "pos_columns": ["y"]}, "pos_columns"),
            ({"memory": 1, "link_strategy": "drop"}, "drop"),
            ({"memory": 1, "adaptive_stop": 0.1}, "adaptive_stop"),
            ({"memory": 1, "to_eucl": abs}, "to_eucl"),
        ]:
            with pytest.raises(InvalidArgument, match=says):
                put_back(store, **options)
        assert put_back(store, search_range=(0.6, 0.6), memory=1.0, pos_columns=["y", "x"]) == [
            *range(9, 24)
        ]


def test_a_store_that_was_linked_without_a_note(tmp_path):
    tables = movie()
    with FramewiseStore(tmp_path / "a.h5") as store:
        for table in tables[:9]:
            store.put(table)
        for linked in link_df_iter(store, 0.6):
            store.put(linked)
        for table in tables[9:]:
            store.put(table)
        assert put_back(store) == list(range(9, 24))
        assert [t["particle"].tolist() for t in store] == expected(tables)


def test_trackpy_opens_a_store_with_a_note(tmp_path):
    with PandasHDFStoreBig(tmp_path / "a.h5") as store:
        for table in movie():
            store.put(table)
        put_back(store)
    with trackpy.PandasHDFStoreBig(str(tmp_path / "a.h5"), "a") as theirs:
        assert len(list(theirs)) == 24
    with PandasHDFStoreBig(tmp_path / "a.h5", mode="r") as store:
        assert store.attributes["linked"]["last"] == 23


def test_what_cannot_be_resumed(tmp_path):
    with pytest.raises(WrongType, match="resume=True goes on in a store"):
        link_df_iter(movie(), 1, resume=True)
    with pytest.raises(InvalidArgument, match="memory"):
        link_df_iter(movie(), 1, memory=-1, resume=True)
    with FramewiseStore(tmp_path / "a.h5") as store:
        for table in movie():
            store.put(table)
    with (
        FramewiseStore(tmp_path / "a.h5", mode="r") as store,
        pytest.raises(InvalidArgument, match="read only"),
    ):
        link_df_iter(store, 1, resume=True)


def test_an_empty_store_and_one_of_dark_frames(tmp_path):
    with FramewiseStore(tmp_path / "a.h5") as store:
        assert put_back(store) == []
        for table in movie(frames=3, dark=(0, 1, 2)):
            store.put(table)
        assert put_back(store) == [0, 1, 2]
        assert put_back(store) == []
        store.put(pd.DataFrame({"y": [1.0], "x": [2.0], "mass": [1.0], "frame": 3}))
        assert put_back(store) == [3]
        assert store[3]["particle"].tolist() == [0]


def test_only_the_end_is_read_again():
    tables = movie(frames=400)
    store = Noting(tables)
    put_back(store, memory=1)
    store.reads = 0
    store.put(tables[-1].assign(frame=400))
    assert put_back(store, memory=1) == [400]
    assert store.reads < 30
    np.testing.assert_array_equal(store.tables[400].columns, store.tables[0].columns)


class Noting(InMemory):
    """One that keeps attributes."""

    def __init__(self, tables):
        super().__init__(tables)
        self.kept = {}

    attributes = property(lambda self: self.kept)

    def set_attribute(self, name, value):
        self.kept[name] = value

    def put(self, df):
        df.attrs["frame_no"] = int(df["frame"].iloc[0])
        super().put(df)
