"""Files go both ways: trackpy's stores and ours read, change and read again each other's."""

from __future__ import annotations

import re
import shutil
import warnings
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import tables
import trackpy

from longtake.errors import InvalidArgument
from longtake.framewise.pandas_big import PandasHDFStoreBig
from longtake.framewise.pandas_layout import layout_of
from longtake.framewise.pandas_single_node import PandasHDFStoreSingleNode
from longtake.framewise.pandas_store import PandasHDFStore
from tests.framewise.contract import assert_tables_equal, table
from tests.framewise.data import make_lzo

OURS = {
    "PandasHDFStore": PandasHDFStore,
    "PandasHDFStoreBig": PandasHDFStoreBig,
    "PandasHDFStoreSingleNode": PandasHDFStoreSingleNode,
}
each_store = pytest.mark.parametrize("name", OURS)
#: As a table may be after filters: the index has gaps, the columns are of several dtypes.
ROWS = {0: 5, 1: 8, 2: 1, 5: 6}


@contextmanager
def theirs(name, path, mode="a", **options):
    """trackpy's store; its and its libraries' warnings are not our matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Its single-node store opens the file twice, which mode="r" does not survive.
        single = name == "PandasHDFStoreSingleNode"
        with getattr(trackpy, name)(str(path), mode="a" if single else mode, **options) as store:
            yield store


def tables_by_frame(rows=ROWS):
    return {
        frame_no: table(frame_no, n, flag=np.arange(n) % 2 == 0) for frame_no, n in rows.items()
    }


def same_as(found, expected):
    pd.testing.assert_frame_equal(found.reset_index(drop=True), expected, check_exact=True)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tracks.h5"


@each_store
def test_trackpy_opens_ours(path, name):
    expected = tables_by_frame()
    with OURS[name](path) as store:
        for df in expected.values():
            store.put(df)
    with theirs(name, path, "r") as store:
        assert list(store.frames) == sorted(expected)
        assert store.max_frame == 5
        for frame_no, df in expected.items():
            same_as(store.get(frame_no), df)
        for found, df in zip(store, expected.values(), strict=True):
            same_as(found, df)
        same_as(store.dump(), pd.concat(expected.values(), ignore_index=True))
        same_as(store.dump(2), pd.concat([expected[0], expected[1]], ignore_index=True))


@each_store
def test_we_open_trackpys(path, name):
    expected = tables_by_frame()
    with theirs(name, path) as store:
        for df in expected.values():
            store.put(df)
    before = path.read_bytes()
    with OURS[name](path, mode="r") as store:
        assert store.frames == sorted(expected)
        for frame_no, df in expected.items():
            assert_tables_equal(store[frame_no], df)
        same_as(store.dump(), pd.concat(expected.values(), ignore_index=True))
    assert path.read_bytes() == before


@each_store
@pytest.mark.parametrize("complib", ["zlib", "blosc", "blosc:zstd", "blosc2", "bzip2", "lzo"])
def test_we_open_trackpys_compressed(path, name, complib):
    if tables.which_lib_version(complib.split(":")[0]) is None:
        pytest.skip(f"PyTables is built without {complib} here")
    expected = {i: table(i, 3000).round(0) for i in range(3)}
    with theirs(name, path, complevel=5, complib=complib) as store:
        for df in expected.values():
            store.put(df)
    with h5py.File(path) as h5:
        node = h5["FrameData" if name == "PandasHDFStoreSingleNode" else "Frame_1"]["table"]
        assert node.id.get_create_plist().get_nfilters() > 0
    with OURS[name](path) as store:
        for frame_no, df in expected.items():
            assert_tables_equal(store[frame_no], df)
        store.put(expected[1].assign(mass=1.0))
        assert_tables_equal(store[1], expected[1].assign(mass=1.0))


@each_store
def test_a_compression_that_is_not_known(path, name):
    with theirs(name, path, complevel=5, complib="zlib") as store:
        store.put(table(1, 3000).round(0))
    # The number of the filter becomes one that nobody has.
    content, found = re.subn(
        rb"\x01\0(\x08\0..\x01\0deflate\0)",
        lambda found: b"\xff\0" + found[1],
        path.read_bytes(),
        flags=re.DOTALL,
    )
    assert found
    path.write_bytes(content)
    with (
        pytest.raises(InvalidArgument, match=r"compressed .* ptrepack"),
        OURS[name](path, mode="r") as store,
    ):
        store.get(1)


@each_store
@pytest.mark.parametrize("maker", ["ours", "theirs"])
def test_the_layout_is_named(path, name, maker):
    tables = tables_by_frame().values()
    with OURS[name](path) if maker == "ours" else theirs(name, path) as store:
        for df in tables:
            store.put(df)
    with h5py.File(path) as h5:
        layout, frames = layout_of(h5)
    # Ours keeps no list of frames, and so its two stores write the same files.
    alike = {"PandasHDFStoreBig": "PandasHDFStore"} if maker == "ours" else {}
    assert layout == alike.get(name, name)
    assert frames == (None if name == "PandasHDFStoreSingleNode" else len(tables))


def test_other_files_have_no_layout_of_pandas(path):
    with h5py.File(path, "w") as h5:
        h5["Frame_1"] = [1.0]
        h5.create_group("Frame_2/table")
        assert layout_of(h5) is None


@each_store
def test_dtypes_both_ways(path, name):
    columns = {
        code: np.array([0, 1, 1], code) for code in ("f4", "i1", "i2", "i4", "u1", "u2", "u4")
    }
    df = table(3, 3, **columns, flag=[True, False, True])
    with OURS[name](path) as store:
        store.put(df)
    with theirs(name, path) as store:
        same_as(store.get(3), df)
        if name != "PandasHDFStoreSingleNode":
            store.put(df.assign(mass=0.0))
    with OURS[name](path, mode="r") as store:
        expected = df if name == "PandasHDFStoreSingleNode" else df.assign(mass=0.0)
        assert_tables_equal(store[3], expected)


@each_store
def test_trackpy_goes_on_in_ours(path, name):
    expected = tables_by_frame()
    with OURS[name](path) as store:
        for df in expected.values():
            store.put(df)
        store.put(table(5, 9, flag=True))
    expected[5] = table(5, 9, flag=True)
    expected[3] = table(3, 4, flag=False)
    with theirs(name, path) as store:
        store.put(expected[3])
    for mode in ("r", "a"):
        with OURS[name](path, mode=mode) as store:
            assert store.frames == sorted(expected)
            for frame_no, df in expected.items():
                assert_tables_equal(store[frame_no], df)


@each_store
def test_we_go_on_in_trackpys(path, name):
    """What we change leaves no stale index or list of frames that would mislead trackpy."""
    expected = tables_by_frame()
    with theirs(name, path) as store:
        for df in expected.values():
            store.put(df)
    expected[1] = table(1, 8, flag=True).assign(mass=3.0)
    expected[0] = table(0, 2, flag=True)
    expected[4] = table(4, 7, flag=False)
    with OURS[name](path) as store:
        for frame_no in (1, 0, 4):
            store.put(expected[frame_no])
    with theirs(name, path, "r") as store:
        assert sorted(store.frames) == sorted(expected)
        for frame_no, df in expected.items():
            same_as(store.get(frame_no), df)
        found = store.dump().sort_values(["frame", "y"], ignore_index=True)
    everything = pd.concat(expected.values()).sort_values(["frame", "y"], ignore_index=True)
    pd.testing.assert_frame_equal(found, everything)
    if name == "PandasHDFStoreSingleNode":
        with theirs(name, path) as store:
            for limit in (80, 100, 120):
                query = store.store.select("FrameData", f"y > {limit}")
                assert len(query) == (everything["y"] > limit).sum()


@each_store
def test_a_stale_index_would_be_believed(path, name):
    """The control of the test above: left in place, trackpy's index gives wrong rows."""
    if name != "PandasHDFStoreSingleNode":
        pytest.skip("only the single table has indexes that are read")
    with theirs(name, path) as store:
        for frame_no in range(4):
            store.put(table(frame_no, 30))
    with h5py.File(path, "r+") as file:
        rows = file["FrameData/table"][:]
        rows["frame"] += 10
        file["FrameData/table"][:] = rows
    with theirs(name, path) as store:
        assert len(store.get(12)) != 30


@each_store
def test_empty_frames_in_trackpy(path, name):
    expected = {0: table(0, 3), 1: table(1, 0), 2: table(2, 4)}
    with OURS[name](path) as store:
        for df in expected.values():
            store.put(df)
    with theirs(name, path, "r") as store:
        if name == "PandasHDFStoreSingleNode":  # a single table has no place for them
            assert list(store.frames) == [0, 2]
        else:
            assert list(store.frames) == [0, 1, 2]
        assert len(store.get(1)) == 0
        same_as(store.get(2), expected[2])
        assert len(store.dump()) == 7


@each_store
def test_linked_by_trackpy_in_ours(path, name):
    with OURS[name](path) as store:
        for frame_no in range(6):
            df = table(0, 20)
            store.put(df.assign(frame=frame_no, x=df["x"] + 0.1 * frame_no))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trackpy.quiet()
            for linked in trackpy.link_df_iter(store, 1):
                store.put(linked)
    with theirs(name, path, "r") as store:
        assert [len(df) for df in store] == [20] * 6
        assert store.dump()["particle"].nunique() == 20
        assert str(store.get(3)["particle"].dtype) == "int64"


def test_linked_halfway_in_a_single_table(path):
    with PandasHDFStoreSingleNode(path) as store:
        for frame_no in range(3):
            store.put(table(frame_no))
        store.put(table(0, particle=np.arange(5)))
    with theirs("PandasHDFStoreSingleNode", path) as store:
        assert store.get(0)["particle"].tolist() == [0, 1, 2, 3, 4]
        assert store.get(1)["particle"].tolist() == [-1] * 5
    with PandasHDFStoreSingleNode(path) as store:
        assert_tables_equal(store[1], table(1))


def test_frames_that_trackpy_scattered(path):
    """Rows of a frame need not be together: another program may sort the table by particle."""
    df = pd.concat([table(i, 6, particle=np.arange(6)) for i in range(5)], ignore_index=True)
    sorted_by_particle = df.sort_values(["particle", "frame"], ignore_index=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pd.HDFStore(path) as file:
            file.append("FrameData", sorted_by_particle, data_columns=True)
    with PandasHDFStoreSingleNode(path) as store:
        for i in range(5):
            assert_tables_equal(store[i], table(i, 6, particle=np.arange(6)))
        store.put(table(2, 3, particle=[7, 8, 9]))
        store.put(table(4, 9, particle=np.arange(9)))
        for i in (0, 1, 3):
            assert_tables_equal(store[i], table(i, 6, particle=np.arange(6)))
        assert_tables_equal(store[2], table(2, 3, particle=[7, 8, 9]))
        assert_tables_equal(store[4], table(4, 9, particle=np.arange(9)))


@pytest.mark.parametrize("name", ["PandasHDFStore", "PandasHDFStoreBig"])
def test_a_file_that_a_float_frame_number_spoilt(path, name):
    """trackpy stores frame 4.0 as Frame_4.0 and then cannot list the frames any more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with trackpy.PandasHDFStore(str(path)) as store:
            store.put(table(1))
            store.put(table(4, 3, frame=4.0))
    with OURS[name](path) as store:
        assert store.frames == [1, 4]
        store.put(store[4].astype({"frame": "i8"}))
    with theirs(name, path) as store:
        assert list(store.frames) == [1, 4]
        same_as(store.get(4), table(4, 3))


@pytest.mark.parametrize("fixed", [True, False])
def test_use_tabular_copy(path, fixed):
    df = pd.concat([table(i, flag=i % 2 == 0) for i in range(3)], ignore_index=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        df.to_hdf(path, key="FrameData", format="fixed" if fixed else "table")
    with pytest.raises(InvalidArgument, match="use_tabular_copy=True"):
        PandasHDFStoreSingleNode(path)
    for mode in ("a", "r"):
        with PandasHDFStoreSingleNode(path, mode=mode, use_tabular_copy=True) as store:
            assert store.key == "FrameData/tabular"
            assert store.frames == [0, 1, 2]
            assert_tables_equal(store[1], table(1, flag=False))


@each_store
def test_pytables_sees_tables(path, name):
    with OURS[name](path) as store:
        store.put(table(1, 4))
        store.put(table(1, 6))
    with tables.open_file(path) as file:
        node = "FrameData" if name == "PandasHDFStoreSingleNode" else "Frame_1"
        found = file.get_node(f"/{node}/table")
        assert isinstance(found, tables.Table)
        assert found.nrows == found.attrs.NROWS == 6
        assert found.attrs.CLASS == "TABLE"
        assert file.root._v_attrs.PYTABLES_FORMAT_VERSION == "2.1"


def test_a_store_compressed_with_lzo(path):
    """It is read as it is; the first put writes its table anew, for LZO is not written here."""
    shutil.copy(Path(__file__).with_name("data") / "lzo.hdf5", path)
    before = path.read_bytes()
    with PandasHDFStoreSingleNode(path, mode="r") as store:
        for frame_no in make_lzo.FRAMES:
            assert_tables_equal(store[frame_no], make_lzo.table(frame_no))
    assert path.read_bytes() == before
    changed = make_lzo.table(1)[:30].assign(mass=0.5)
    with PandasHDFStoreSingleNode(path) as store:
        store.put(changed)
    with PandasHDFStoreSingleNode(path) as store:
        store.put(changed.assign(frame=7))
        assert store.frames == [0, 1, 2, 7]
        for frame_no, expected in ((0, make_lzo.table(0)), (1, changed), (2, make_lzo.table(2))):
            assert_tables_equal(store[frame_no], expected)
    with theirs("PandasHDFStoreSingleNode", path) as store:
        same_as(store.get(1), changed.reset_index(drop=True))
