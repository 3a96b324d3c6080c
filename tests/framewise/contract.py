"""What every store of tables by frame number does, as tests that each store's own tests inherit.

Subclass `StoreContract`, name the class so that pytest finds it, and give `open`::

    class TestMyStore(StoreContract):
        def open(self, path, mode="a"):
            return MyStore(path, mode=mode)

A store that is gone when it is closed sets ``persistent = False``; one whose frames must all have
the same columns sets ``free_columns = False``; one that keeps no attributes
``keeps_attributes = False``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import pandas as pd
import pytest

from longtake.errors import Closed, FrameNotFound, InvalidArgument, LongtakeError, WrongType
from longtake.framewise.framewise_data import FramewiseData


def table(frame_no: int, rows: int = 5, **columns: object) -> pd.DataFrame:
    """A frame's table of random features, the same for the same arguments."""
    rng = np.random.default_rng([frame_no + 1000, rows])
    df = pd.DataFrame({name: rng.normal(100, 50, rows) for name in ("y", "x", "mass")})
    df["frame"] = np.full(rows, frame_no, "i8")
    df = df.assign(**columns)
    df.attrs["frame_no"] = frame_no
    return df


def assert_tables_equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Equal in values, dtypes, order of columns and of rows; the index counts from 0."""
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True), check_exact=True)


class StoreContract(ABC):
    """The contract of `FramewiseData`."""

    persistent = True
    free_columns = True
    keeps_attributes = True

    @abstractmethod
    def open(self, path, mode="a") -> FramewiseData:
        """Open the store that is tested."""

    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "tracks.h5"

    @pytest.fixture
    def store(self, path):
        with self.open(path) as store:
            yield store

    def reopened(self, store, path, mode="r"):
        if not self.persistent:
            pytest.skip("this store is gone when it is closed")
        store.close()
        return self.open(path, mode)

    # -- what is put comes back

    def test_is_a_framewise_data(self, store):
        assert isinstance(store, FramewiseData)
        assert store.t_column == "frame"

    def test_get_gives_what_was_put(self, store):
        df = table(7)
        store.put(df)
        assert_tables_equal(store.get(7), df)
        assert_tables_equal(store[7], df)
        assert store.get(7).attrs["frame_no"] == 7

    def test_put_leaves_its_table_alone(self, store):
        df = table(7).sort_values("x")
        before = df.copy()
        store.put(df)
        pd.testing.assert_frame_equal(df, before)

    def test_the_index_is_not_kept(self, store):
        df = table(7, 9).sort_values("mass")[::2]
        store.put(df)
        assert_tables_equal(store[7], df)
        assert store[7].index.tolist() == list(range(5))

    def test_what_get_gives_belongs_to_the_caller(self, store):
        df = table(7)
        store.put(df)
        found = store[7]
        found["x"] = 0.0
        found.loc[0, "y"] = -1.0
        assert_tables_equal(store[7], df)

    @pytest.mark.parametrize(
        "dtype", ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"]
    )
    def test_dtypes_are_exact(self, store, path, dtype):
        low, high = (
            (0, 1)
            if dtype == "?"
            else (np.iinfo(dtype).min, np.iinfo(dtype).max)
            if (dtype[0] in "iu")
            else (np.finfo(dtype).min, np.finfo(dtype).max)
        )
        values = np.array([low, high, 1], dtype)
        df = table(1, 3, extra=values)
        store.put(df)
        assert_tables_equal(store[1], df)
        if self.persistent:
            with self.reopened(store, path) as again:
                assert_tables_equal(again[1], df)

    def test_floats_that_are_no_numbers(self, store):
        df = table(1, 5, extra=[np.nan, np.inf, -np.inf, -0.0, 5e-324])
        store.put(df)
        assert_tables_equal(store[1], df)
        assert np.signbit(store[1]["extra"][3])

    def test_names_of_columns(self, store):
        df = table(1).assign(**{"größe µm": 1.0, "a b": 2, "class": 3.0})
        store.put(df)
        assert_tables_equal(store[1], df)

    # -- frames

    def test_frames_in_any_order_are_given_in_ascending_order(self, store):
        for frame_no in (12, 0, -3, 100, 7):
            store.put(table(frame_no))
        assert list(store.frames) == [-3, 0, 7, 12, 100]
        assert all(type(frame_no) is int for frame_no in store.frames)
        assert len(store) == 5
        assert store.max_frame == 100
        for found, frame_no in zip(store, (-3, 0, 7, 12, 100), strict=True):
            assert_tables_equal(found, table(frame_no))

    def test_numbers_are_integers_of_any_kind(self, store):
        store.put(table(4))
        for number in (4, np.int32(4), np.uint8(4), 4.0):
            assert_tables_equal(store.get(number), table(4))

    def test_whole_floats_are_taken_as_integers(self, store):
        store.put(table(4, 3, frame=[4.0, 4.0, 4.0]))
        assert store.frames == [4]
        assert_tables_equal(store[4], table(4, 3))

    def test_large_frame_numbers(self, store):
        for frame_no in (2**53 + 1, 2**62, -(2**62)):
            store.put(table(5, 2).assign(frame=np.full(2, frame_no)))
            assert store[frame_no]["frame"].tolist() == [frame_no] * 2
        assert store.frames == [-(2**62), 2**53 + 1, 2**62]

    def test_missing_frames(self, store):
        store.put(table(3))
        for number in (2, 4, -1, 2**40):
            with pytest.raises(FrameNotFound, match=str(number)):
                store.get(number)
            with pytest.raises(KeyError):
                store[number]
        for wrong in ("3", None, True):
            with pytest.raises(WrongType):
                store.get(wrong)
        with pytest.raises(InvalidArgument):
            store.get(3.5)

    def test_in_asks_for_frame_numbers(self, store):
        assert 3 not in store
        for frame_no in (3, 5):
            store.put(table(frame_no, 0 if frame_no == 5 else 4))
        for number in (3, 5, np.int32(5), 5.0):
            assert number in store
        for number in (2, 4, -1, 2**40):
            assert number not in store
        with pytest.raises(WrongType, match="'3'"):
            _ = "3" in store

    def test_nothing_put_yet(self, store):
        assert list(store.frames) == []
        assert len(store) == 0
        assert list(store) == []
        assert len(store.dump()) == 0
        with pytest.raises(FrameNotFound):
            store.get(0)
        with pytest.raises(FrameNotFound):
            _ = store.max_frame

    # -- empty frames

    @pytest.mark.parametrize("at", [0, 1, 2])
    def test_an_empty_frame_is_a_frame(self, store, path, at):
        for frame_no in range(3):
            store.put(table(frame_no, 0 if frame_no == at else 4))
        for opened in [store, *([self.reopened(store, path)] if self.persistent else [])]:
            if opened is store and self.persistent:
                continue
            assert opened.frames == [0, 1, 2]
            assert [len(found) for found in opened] == [0 if i == at else 4 for i in range(3)]
            assert_tables_equal(opened[at], table(at, 0))
            assert opened[at].attrs["frame_no"] == at
            assert len(opened.dump()) == 8
            opened.close()

    def test_only_empty_frames(self, store, path):
        store.put(table(5, 0))
        store.put(table(2, 0))
        assert store.frames == [2, 5]
        if self.persistent:
            with self.reopened(store, path, "a") as again:
                assert again.frames == [2, 5]
                assert_tables_equal(again[2], table(2, 0))
                again.put(table(3, 4))
                assert again.frames == [2, 3, 5]
                assert_tables_equal(again[3], table(3, 4))

    def test_empty_and_filled_in_turn(self, store):
        for rows in (3, 0, 5, 0, 2):
            store.put(table(1, rows))
            assert_tables_equal(store[1], table(1, rows))
            assert store.frames == [1]

    def test_an_empty_table_must_say_its_frame(self, store):
        df = table(1, 0)
        df.attrs.clear()
        with pytest.raises(InvalidArgument, match="frame_no"):
            store.put(df)
        assert len(store) == 0

    # -- replacing

    @pytest.mark.parametrize("rows", [0, 1, 4, 5, 6, 50])
    def test_putting_again_replaces(self, store, path, rows):
        for frame_no in range(4):
            store.put(table(frame_no))
        replaced = table(1, rows)
        store.put(replaced)
        assert store.frames == [0, 1, 2, 3]
        for frame_no in range(4):
            expected = replaced if frame_no == 1 else table(frame_no)
            assert_tables_equal(store[frame_no], expected)
        if self.persistent:
            with self.reopened(store, path) as again:
                for frame_no in range(4):
                    expected = replaced if frame_no == 1 else table(frame_no)
                    assert_tables_equal(again[frame_no], expected)

    def test_a_column_added_while_reading(self, store, path):
        for frame_no in range(6):
            store.put(table(frame_no))
        for df in store:
            frame_no = df.attrs["frame_no"]
            store.put(df.assign(particle=np.arange(len(df)) + frame_no))
            if frame_no == 2:
                assert_tables_equal(store[5], table(5))  # not reached yet: as it was
        if self.persistent:
            store = self.reopened(store, path)
        for frame_no in range(6):
            expected = table(frame_no).assign(particle=np.arange(5) + frame_no)
            assert_tables_equal(store[frame_no], expected)
        store.close()

    def test_frames_with_different_columns(self, store, path):
        if not self.free_columns:
            pytest.skip("all frames of this store have the same columns")
        tables = {
            1: table(1),
            2: table(2).assign(particle=7),
            3: table(3)[["frame", "x", "y"]],
            4: table(4).assign(extra=True),
            5: table(5, 0)[["x", "frame"]],
        }
        for df in tables.values():
            store.put(df)
        for frame_no, df in tables.items():
            assert_tables_equal(store[frame_no], df)
        if self.persistent:
            with self.reopened(store, path) as again:
                for frame_no, df in tables.items():
                    assert_tables_equal(again[frame_no], df)

    def test_a_column_that_changes_its_dtype(self, store):
        if not self.free_columns:
            pytest.skip("all frames of this store have the same columns")
        store.put(table(1, 3, particle=[1, 2, 3]))
        store.put(table(2, 3, particle=[1.0, np.nan, 2.5]))
        store.put(table(3, 3, particle=[True, False, True]))
        assert_tables_equal(store[1], table(1, 3, particle=[1, 2, 3]))
        assert_tables_equal(store[2], table(2, 3, particle=[1.0, np.nan, 2.5]))
        assert_tables_equal(store[3], table(3, 3, particle=[True, False, True]))

    # -- what cannot be put

    @pytest.mark.parametrize(
        ("df", "error", "says"),
        [
            ({"frame": [1]}, WrongType, "DataFrame"),
            (table(1).drop(columns="frame"), InvalidArgument, "frame"),
            (pd.concat([table(1), table(2)]), InvalidArgument, "several"),
            (table(1, 2, frame=[1.5, 1.5]), InvalidArgument, "1.5"),
            (table(1, 2, frame=[np.nan, np.nan]), InvalidArgument, r"2 of .* 2 rows .*NaN"),
            (table(1, 2, frame=[1.0, np.nan]), InvalidArgument, r"1 of .* 2 rows .*NaN"),
            (table(1, 2, frame=[None, None]), InvalidArgument, "NaN"),
            (table(1, 2, frame=[np.inf, np.inf]), InvalidArgument, "inf"),
            (table(1, 2, frame=[1e30, 1e30]), InvalidArgument, "64 bits"),
            (table(1, 2, frame=["1", "1"]), WrongType, "'1'|whole number"),
            (table(1, 2, label=["a", "b"]), LongtakeError, "label"),
            (table(1, 2, label=[{}, []]), LongtakeError, "label"),
            (table(1, 2, when=pd.to_datetime(["2020", "2021"])), LongtakeError, "when"),
            (table(1, 2, z=[1 + 2j, 3]), WrongType, "'z' holds complex128, .* two columns"),
            (table(1, 2).rename(columns={"x": 3}), LongtakeError, "3"),
            (table(1, 2).rename(columns={"x": "y"}), LongtakeError, "y"),
            (table(1, 2).rename(columns={"x": "frame"}), InvalidArgument, "'frame' is there twice"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_cannot_be_stored_changes_nothing(self, store, path, df, error, says):
        store.put(table(1))
        with pytest.raises(error, match=says):
            store.put(df)
        assert store.frames == [1]
        assert_tables_equal(store[1], table(1))
        if self.persistent:
            with self.reopened(store, path) as again:
                assert again.frames == [1]
                assert_tables_equal(again[1], table(1))

    # -- dump

    def test_dump(self, store):
        for frame_no in (2, 0, 5):
            store.put(table(frame_no, frame_no + 1))
        everything = pd.concat([table(0, 1), table(2, 3), table(5, 6)], ignore_index=True)
        assert_tables_equal(store.dump(), everything)
        assert_tables_equal(store.dump(2), everything[:4])
        assert_tables_equal(store.dump(3), everything)
        assert_tables_equal(store.dump(99), everything)
        assert len(store.dump(0)) == 0
        assert_tables_equal(store.dump(2.0), everything[:4])
        assert_tables_equal(store.dump(np.int32(2)), everything[:4])
        for wrong in (-1, 1.5, np.nan, np.inf):
            with pytest.raises(InvalidArgument, match="number of frames"):
                store.dump(wrong)
        for wrong in ("a", True, [1]):
            with pytest.raises(WrongType, match="number of frames"):
                store.dump(wrong)

    @pytest.mark.parametrize("dtype", ["?", "i4", "i8", "f8"])
    def test_dump_of_a_column_that_some_frames_lack(self, store, dtype):
        store.put(table(0, 2))
        store.put(table(1, 2).assign(extra=np.array([0, 1], dtype)))
        found = store.dump()["extra"]
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, [np.nan, np.nan, 0.0, 1.0])
        assert store.dump(1).columns.tolist() in (["y", "x", "mass", "frame"], list(store.dump()))

    # -- attributes

    def test_attributes_are_kept(self, store, path):
        assert store.attributes == {}
        store.set_attribute("before", {"a": [1, 2.5, None], "b": "text"})
        store.put(table(1))
        store.set_attribute("after", 3)
        store.set_attribute("after", 4)
        expected = {"before": {"a": [1, 2.5, None], "b": "text"}, "after": 4}
        if self.keeps_attributes:
            assert store.attributes == expected
            with self.reopened(store, path) as again:
                assert again.attributes == expected
                assert again.frames == [1]
                with pytest.raises(InvalidArgument, match="read"):
                    again.set_attribute("more", 1)

    # -- the file

    def test_open_again_and_add(self, store, path):
        store.put(table(1))
        with self.reopened(store, path, "a") as again:
            again.put(table(0))
            again.put(table(1, 3))
            assert again.frames == [0, 1]
        with self.open(path, "r") as last:
            assert_tables_equal(last[0], table(0))
            assert_tables_equal(last[1], table(1, 3))

    def test_reading_does_not_write(self, store, path):
        store.put(table(1))
        with self.reopened(store, path) as again:
            with pytest.raises(InvalidArgument, match="read"):
                again.put(table(2))
            assert again.frames == [1]

    def test_several_readers(self, store, path):
        store.put(table(1))
        with self.reopened(store, path) as one, self.open(path, "r") as two:
            assert_tables_equal(one[1], table(1))
            one.close()
            assert_tables_equal(two[1], table(1))

    def test_closed(self, store):
        store.put(table(1))
        store.close()
        store.close()
        for use in (lambda: store.get(1), lambda: store.frames, lambda: store.put(table(2))):
            with pytest.raises(Closed):
                use()

    def test_a_file_that_is_not_there(self, tmp_path):
        if not self.persistent:
            pytest.skip("this store has no file")
        for path, mode in ((tmp_path / "none.h5", "r"), (tmp_path / "none" / "a.h5", "a")):
            with pytest.raises(FileNotFoundError, match="none"):
                self.open(path, mode)
        with pytest.raises(InvalidArgument, match="mode"):
            self.open(tmp_path / "a.h5", "x")
        assert not list(tmp_path.iterdir())

    def test_a_file_of_another_kind_is_left_alone(self, tmp_path):
        if not self.persistent:
            pytest.skip("this store has no file")
        path = tmp_path / "notes.txt"
        path.write_bytes(b"not HDF5 at all\n" * 100)
        for mode in ("a", "r"):
            with pytest.raises(LongtakeError, match="notes"):
                self.open(path, mode)
        assert path.read_bytes() == b"not HDF5 at all\n" * 100
