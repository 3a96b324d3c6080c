"""The DataFrame's edge: columns, order, empty tables, stores."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from longtake.errors import InvalidArgument, WrongType
from longtake.framewise.framewise_data import FramewiseData
from longtake.tracking.linking import link, link_df, link_df_iter, link_iter

from .movies import wander


def as_tables(movie):
    return [
        pd.DataFrame({"y": p[:, 0], "x": p[:, 1], "mass": 1.0, "frame": i})
        for i, p in enumerate(movie)
    ]


class Tables(FramewiseData):
    """A store in memory that counts how often it is read."""

    t_column = "frame"

    def __init__(self, tables):
        self.tables = {int(table["frame"].iloc[0]): table for table in tables}
        self.reads = 0

    def put(self, df):
        self.tables[int(df["frame"].iloc[0])] = df

    def get(self, frame_no):
        self.reads += 1
        return self.tables[frame_no]

    def close(self):
        pass

    def __iter__(self):
        return (self.get(frame_no) for frame_no in self.frames)

    @property
    def max_frame(self):
        return max(self.tables)

    @property
    def frames(self):
        return sorted(self.tables)


def test_a_table_and_its_frames_are_linked_alike():
    movie = wander(1, 30, 8, crowding=0.5)
    tables = as_tables(movie)
    whole = link(pd.concat(tables, ignore_index=True), 0.6, memory=1)
    one_by_one = pd.concat(link_df_iter(tables, 0.6, memory=1), ignore_index=True)
    pd.testing.assert_frame_equal(whole, one_by_one)
    ids = [i for _, frame in link_iter(movie, 0.6, memory=1) for i in frame]
    assert whole["particle"].tolist() == ids
    assert whole["particle"].dtype == np.int64


def test_rows_are_sorted_by_frame_and_keep_order_and_labels():
    table = pd.DataFrame(
        {"frame": [1, 0, 1, 0], "y": [5.0, 0.0, 0.0, 5.0], "x": 0.0}, index=list("abcd")
    )
    before = table.copy()
    linked = link(table, 1)
    assert linked.index.tolist() == ["b", "d", "a", "c"]
    assert linked["particle"].tolist() == [0, 1, 1, 0]
    pd.testing.assert_frame_equal(table, before)


def test_an_index_named_like_the_frame_column():
    table = pd.DataFrame({"frame": [0, 1], "y": 0.0, "x": 0.0}).set_index("frame", drop=False)
    assert link(table, 1)["particle"].tolist() == [0, 0]


def test_whole_numbers_in_a_float_column_become_integers():
    linked = link(pd.DataFrame({"frame": [0.0, 1.0], "y": 0.0, "x": 0.0}), 1)
    assert linked["frame"].dtype == np.int64


def test_a_particle_column_is_replaced_where_it_stands():
    table = pd.DataFrame({"particle": [7.0, 7.0], "frame": [0, 1], "y": 0.0, "x": 0.0})
    for linked in (link(table, 1), *link_df_iter([table[:1], table[1:]], 1)):
        assert linked.columns.tolist() == table.columns.tolist()
        assert set(linked["particle"]) == {0}
        assert linked["particle"].dtype == np.int64


def test_other_names_and_a_third_axis():
    table = pd.DataFrame({"t": [0, 1], "x": 0.0, "y": 0.0, "z": [0.0, 9.0]})
    assert link(table, 1, t_column="t")["particle"].tolist() == [0, 1]
    assert link(table, 1, ["y", "x"], "t")["particle"].tolist() == [0, 0]
    assert link(table, (10, 1, 1), t_column="t")["particle"].tolist() == [0, 0]
    assert link_df(table, (1, 10), ["y", "z"], "t")["particle"].tolist() == [0, 0]


@pytest.mark.parametrize("columns", [[], ["frame"], ["frame", "y", "x"]])
def test_an_empty_table_stays_empty(columns):
    linked = link(pd.DataFrame(columns=columns), 1)
    assert linked.columns.tolist() == [*columns, "particle"]
    assert linked["particle"].dtype == np.int64


def test_empty_frames_pass_through():
    full, empty = as_tables([np.zeros((1, 2))])[0], pd.DataFrame()
    empty.attrs["frame_no"] = 1
    first, between, last = link_df_iter([full, empty, full.assign(frame=2)], 1)
    assert between.attrs == {"frame_no": 1}
    assert len(between) == 0
    assert between["particle"].dtype == np.int64
    assert (first["particle"].tolist(), last["particle"].tolist()) == ([0], [1])
    assert [t["particle"].tolist() for t in link_df_iter([empty, full], 1)] == [[], [0]]
    assert list(link_df_iter([], 1)) == []


def test_a_store_may_be_written_in_the_loop_that_reads_it():
    store = Tables(as_tables(wander(2, 20, 6)))
    for count, linked in enumerate(link_df_iter(store, 0.6), start=1):
        assert store.reads == count  # never ahead
        store.put(linked)
    assert all("particle" in table for table in store)


def test_a_bad_position_is_answered_before_the_first_frame():
    table = pd.DataFrame({"frame": [0, 1], "y": [0.0, np.nan], "x": 0.0}, index=["a", "b"])
    with pytest.raises(InvalidArgument, match=r"frame 1, row 'b': .*\[nan, 0.0\]"):
        link(table, 1)
    with pytest.raises(InvalidArgument, match="frame 1, row 0"):
        list(link_df_iter([table[:1], table[1:]], 1))


@pytest.mark.parametrize("bad", [0.5, np.nan, np.inf])
def test_frame_numbers_are_whole(bad):
    with pytest.raises(InvalidArgument, match="row 1: a frame number is a whole number"):
        link(pd.DataFrame({"frame": [0, bad], "y": 0.0, "x": 0.0}), 1)


def test_bad_arguments_are_answered_at_once():
    table = pd.DataFrame({"frame": [0], "y": [0.0], "x": [0.0]})
    with pytest.raises(InvalidArgument, match=r"no column 'y'.*pos_columns="):
        link(table.rename(columns={"y": "row"}), 1)
    with pytest.raises(WrongType, match="takes a DataFrame"):
        link([1, 2], 1)
    with pytest.raises(WrongType, match="takes DataFrames"):
        next(link_df_iter([[1, 2]], 1))
    with pytest.raises(WrongType, match="positions are an array"):
        next(link_iter([[1, 2]], 1))
    # No frame is asked for:
    with pytest.raises(InvalidArgument, match="search_range"):
        link_df_iter([], -1)
    with pytest.raises(InvalidArgument, match="search_range"):
        link_iter([], -1)
    with pytest.raises(TypeError, match="predictor"):
        link_df_iter([], 1, predictor=None)
    with pytest.raises(InvalidArgument, match="frame 0 cannot follow frame 0"):
        list(link_df_iter([table, table], 1))


def test_numbered_arrays():
    frames = [(3, np.zeros((1, 2))), (5, np.zeros((1, 2)))]
    assert list(link_iter(frames, 1)) == [(3, [0]), (5, [1])]
    assert list(link_iter(frames, 1, memory=1)) == [(3, [0]), (5, [0])]
