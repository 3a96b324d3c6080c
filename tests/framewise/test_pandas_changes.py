"""A change of a Pandas-layout file is whole or not made, whichever of its steps fails."""

from __future__ import annotations

import re
import types
import warnings
from contextlib import suppress

import h5py
import numpy as np
import pandas as pd
import pytest

from longtake.errors import InvalidArgument, WriteFailed
from longtake.framewise import in_place, pandas_layout, pandas_store, single_table
from longtake.framewise.pandas_big import PandasHDFStoreBig
from longtake.framewise.pandas_single_node import PandasHDFStoreSingleNode
from longtake.framewise.pandas_store import PandasHDFStore
from tests.framewise.contract import assert_tables_equal, table

STORES = [PandasHDFStore, PandasHDFStoreBig, PandasHDFStoreSingleNode]
each_store = pytest.mark.parametrize("kind", STORES)
BEFORE = {number: table(number) for number in range(4)}
#: Tables that are put over, or beside, those.
PUTS = {
    "a new frame": table(9, 7),
    "as many rows": table(1).assign(x=1.0),
    "more rows": table(1, 9),
    "fewer rows": table(1, 2),
    "no rows": table(1, 0),
    "a new column": table(1).assign(particle=3),
    "another dtype": table(1, 3, y=[1, 2, 3]),
}
each_put = pytest.mark.parametrize("df", PUTS.values(), ids=PUTS)


class Faults:
    """Makes the n-th write to HDF5 fail, and so many after it."""

    def __init__(self, monkeypatch, error: BaseException) -> None:
        self.error = error
        self.arm(10**9)
        for module in (pandas_store, single_table, pandas_layout):
            for name in ("write_rows", "add_packed", "write_packed", "create_table"):
                if hasattr(module, name):
                    monkeypatch.setattr(module, name, self.wrap(getattr(module, name)))
        monkeypatch.setattr(h5py.File, "flush", self.wrap(h5py.File.flush))
        h5o = types.SimpleNamespace(link=self.wrap(h5py.h5o.link), open=h5py.h5o.open)
        monkeypatch.setattr(in_place, "h5o", h5o)

    def arm(self, at: int, times: int = 1) -> None:
        self.at, self.times, self.count = at, times, 0

    def wrap(self, real):
        def call(*arguments, **options):
            self.count += 1
            if self.at <= self.count < self.at + self.times:
                raise self.error
            return real(*arguments, **options)

        return call


def holds(store, expected) -> None:
    assert store.frames == sorted(expected)
    assert len(store) == len(expected)
    assert len(store.dump()) == sum(map(len, expected.values()))
    for number, df in expected.items():
        assert_tables_equal(store[number], df)


def filled(kind, path):
    store = kind(path)
    for df in BEFORE.values():
        store.put(df)
    return store


@each_store
@each_put
@pytest.mark.parametrize("error", [OSError("broken"), KeyboardInterrupt()], ids=["disk", "Ctrl-C"])
def test_a_put_that_fails_leaves_what_was_there(tmp_path, monkeypatch, kind, df, error):
    number = df.attrs["frame_no"]
    faults = Faults(monkeypatch, error)
    at = 1
    while True:
        path = tmp_path / f"{at}.h5"
        store = filled(kind, path)
        faults.arm(at)
        try:
            store.put(df)
        except (WriteFailed, KeyboardInterrupt):
            failed = True
        else:
            failed = False
        faults.arm(10**9)
        expected = BEFORE if failed else BEFORE | {number: df}
        holds(store, expected)
        store.close()
        with kind(path) as again:
            holds(again, expected)
            again.put(df)
            holds(again, BEFORE | {number: df})
        if not failed:
            break
        at += 1 if at < 8 else 5
    assert at > 1


@each_store
def test_going_on_after_a_put_that_failed(tmp_path, monkeypatch, kind):
    """The control of the test above goes on in the same session."""
    faults = Faults(monkeypatch, OSError("broken"))
    path = tmp_path / "a.h5"
    store = filled(kind, path)
    expected = dict(BEFORE)
    for step, df in enumerate([*PUTS.values(), *PUTS.values()]):
        faults.arm(1 + step % 7)
        for _ in range(2):
            with suppress(WriteFailed):
                store.put(df)
                expected[df.attrs["frame_no"]] = df
            holds(store, expected)
    faults.arm(10**9)
    store.close()
    with kind(path, mode="r") as again:
        holds(again, expected)


@each_store
def test_the_first_put_fails(tmp_path, monkeypatch, kind):
    faults = Faults(monkeypatch, OSError("broken"))
    for at in (1, 2, 10, 20, 29, 30, 31, 32, 33):
        path = tmp_path / f"{at}.h5"
        store = kind(path)
        faults.arm(at)
        try:
            store.put(table(3))
        except WriteFailed:
            assert store.frames == []
            store.put(table(3))
        faults.arm(10**9)
        store.close()
        with kind(path) as again:
            holds(again, {3: table(3)})


@each_store
def test_what_cannot_be_taken_back(tmp_path, monkeypatch, kind):
    faults = Faults(monkeypatch, OSError("broken"))
    path = tmp_path / "a.h5"
    store = filled(kind, path)
    faults.arm(2, times=10**9)
    with pytest.raises(WriteFailed, match="frame 1 could not be written: broken"):
        store.put(table(1, 2))
    faults.arm(10**9)
    with pytest.raises(WriteFailed, match="frame 9 was not written, because earlier frame 1"):
        store.put(table(9))
    with pytest.raises(WriteFailed, match=r"a\.h5 is not whole: frame 1|was not written"):
        store.close()
    store.close()


def in_fixed_format(path, df, *, data_columns=False):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        df.to_hdf(path, key="FrameData", format="table" if data_columns else "fixed")


def open_copy(path, mode="a", **options):
    return PandasHDFStoreSingleNode(path, mode=mode, use_tabular_copy=True, **options)


def many():
    return pd.concat([table(i) for i in range(10)], ignore_index=True)


def test_half_a_copy_is_no_copy(tmp_path, monkeypatch):
    faults = Faults(monkeypatch, OSError("broken"))
    path = tmp_path / "a.h5"
    in_fixed_format(path, many())
    for at in (1, 5, 20, 25, 30, 34):
        faults.arm(at)
        with pytest.raises(WriteFailed, match="FrameData/tabular"):
            open_copy(path)
        faults.arm(10**9)
        with h5py.File(path) as h5:
            assert "FrameData/tabular" not in h5
    with open_copy(path) as store:
        holds(store, {i: table(i) for i in range(10)})


@pytest.mark.parametrize("data_columns", [False, True])
@pytest.mark.parametrize("wrong", [1.5, np.nan, np.inf, 1e30])
def test_a_copy_of_what_are_no_frames_is_refused(tmp_path, wrong, data_columns):
    path = tmp_path / "a.h5"
    df = many().astype({"frame": "f8"})
    df.loc[7, "frame"] = wrong
    in_fixed_format(path, df, data_columns=data_columns)
    before = path.stat().st_size
    for mode in ("a", "r", "a"):
        with pytest.raises(InvalidArgument, match=re.escape(f"holds {wrong!s}, and a frame")):
            open_copy(path, mode)
    assert path.stat().st_size == before


def test_a_copy_with_whole_floats(tmp_path):
    path = tmp_path / "a.h5"
    in_fixed_format(path, many().astype({"frame": "f8"}).sample(frac=1, random_state=1))
    with open_copy(path) as store:
        assert store.frames == list(range(10))


def test_a_copy_with_a_column_that_cannot_be_a_field(tmp_path):
    path = tmp_path / "a.h5"
    in_fixed_format(path, many().assign(index=1.0))
    for _ in range(2):
        with pytest.raises(InvalidArgument, match=r"'index' .* rename it"):
            open_copy(path)
    with h5py.File(path) as h5:
        assert "FrameData/tabular" not in h5


def test_something_else_in_the_place_of_the_copy(tmp_path):
    path = tmp_path / "a.h5"
    in_fixed_format(path, many())
    with h5py.File(path, "r+") as h5:
        h5.create_group("FrameData/tabular")
    with pytest.raises(InvalidArgument, match="rename or delete it"):
        open_copy(path)
