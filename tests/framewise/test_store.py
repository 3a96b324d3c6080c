"""The native store, besides the contract that all stores share."""

from __future__ import annotations

import os
import subprocess
import sys

import h5py
import numpy as np
import pandas as pd
import pytest
import tables

from longtake.errors import (
    Closed,
    FileInUse,
    FrameNotFound,
    InvalidArgument,
    NotALongtakeFile,
    NotFound,
)
from longtake.framewise import FramewiseStore
from longtake.streams import StreamFileView
from tests.framewise.contract import StoreContract


def table(frame: int, rows: int = 3) -> pd.DataFrame:
    numbers = np.arange(rows, dtype=float)
    return pd.DataFrame({"y": numbers, "x": numbers * 2 + frame, "frame": frame})


def test_a_new_column_is_written_alone(tmp_path):
    with FramewiseStore(tmp_path / "a.h5") as store:
        for frame in range(5):
            store.put(table(frame))
        for df in store:
            store.put(df.assign(particle=range(len(df))))
        assert store[3]["particle"].tolist() == [0, 1, 2]
    with StreamFileView(tmp_path / "a.h5") as view:
        assert view.record_streams["features"].rows == 15
    with h5py.File(tmp_path / "a.h5") as h5:
        group = h5["record_stream/features"]
        assert group["x"].shape == group["particle"].shape == (15,)
        np.testing.assert_array_equal(group["index"]["timestamp"], range(5))


def test_replacing_without_the_new_column_drops_it(tmp_path):
    with FramewiseStore(tmp_path / "a.h5") as store:
        store.put(table(2))
        store.put(table(2).assign(particle=3))
        store.put(table(2))
        assert "particle" not in store[2]
        store.put(table(0).assign(particle=1, weight=0.5))
        assert store.dump().columns.tolist() == ["y", "x", "frame", "particle", "weight"]
        assert store.dump()["particle"].isna().sum() == 3


def test_a_reader_follows_a_writer(tmp_path):
    path = tmp_path / "a.h5"
    with FramewiseStore(path) as store:
        store.put(table(0))
        with FramewiseStore(path, mode="r") as reader:
            assert reader.frames == [0]
            store.put(table(1))
            store.put(table(1).assign(particle=5))
            assert reader.frames == [0, 1]
            pd.testing.assert_frame_equal(reader[1], store[1])
            assert reader.dump()["particle"].isna().tolist() == [True] * 3 + [False] * 3
            with pytest.raises(InvalidArgument, match="read only"):
                reader.put(table(2))


def test_a_reader_sees_what_was_replaced(tmp_path):
    path = tmp_path / "a.h5"
    with FramewiseStore(path) as store:
        store.put(table(0))
        with FramewiseStore(path, mode="r") as reader:
            pd.testing.assert_frame_equal(reader[0], table(0))
            store.put(table(0).assign(x=7.0))
            pd.testing.assert_frame_equal(reader[0], table(0).assign(x=7.0))
            store.put(table(0).assign(x=7.0, particle=1))
            assert reader[0]["particle"].tolist() == [1, 1, 1]
            assert 0 in reader
            assert 1 not in reader


def test_frame_numbers_of_any_integer_type(tmp_path):
    with FramewiseStore(tmp_path / "a.h5") as store:
        store.put(table(7).astype({"frame": "u1"}))
        store.put(table(300))
        store.put(table(-4))
        assert store.frames == [-4, 7, 300]


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(NotALongtakeFile, match="is a folder"):
        FramewiseStore(tmp_path)


def test_a_reader_keeps_up_with_growth(tmp_path):
    path = tmp_path / "a.h5"
    big = table(0, rows=20_000)
    with FramewiseStore(path) as store:
        store.put(big)
        with FramewiseStore(path, mode="r") as reader:
            for frame in range(1, 12):
                store.put(big.assign(frame=frame))
                assert len(reader) == frame + 1
                assert len(reader[frame]) == 20_000


def test_pytables_shows_tables_and_earrays(tmp_path):
    path = tmp_path / "a.h5"
    with FramewiseStore(path) as store:
        store.put(table(4))
        for _ in range(2):  # live, then finished
            with tables.open_file(str(path)) as h5:
                stream = h5.root.record_stream.features
                assert isinstance(stream.index, tables.Table)
                assert isinstance(stream.x, tables.EArray)
                assert stream.x[:3].tolist() == [4.0, 6.0, 8.0]
                assert stream.index.read_where("timestamp == 4")["end_index"].tolist() == [3]
            store.close()


def test_one_writer_at_a_time(tmp_path):
    path = tmp_path / "a.h5"
    with FramewiseStore(path) as store:
        store.put(table(0))
        with pytest.raises(FileInUse, match=f"process {os.getpid()}"):
            FramewiseStore(path)
        other = subprocess.run(
            [sys.executable, "-c", f"import h5py; h5py.File({str(path)!r}, 'r+')"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "unable to lock file" in other.stderr
        store.put(table(1))
        assert len(store) == 2


@pytest.mark.parametrize("kind", ["text", "hdf5", "pytables", "empty"])
def test_a_file_of_another_program_is_refused_untouched(tmp_path, kind):
    path = tmp_path / "a.h5"
    if kind == "text":
        path.write_text("notes")
    elif kind == "hdf5":
        with h5py.File(path, "w") as h5:
            h5["data"] = np.arange(100_000)
    elif kind == "pytables":
        tables.open_file(str(path), "w").close()
    else:
        path.touch()
    before = path.read_bytes()
    with pytest.raises(NotALongtakeFile, match=r"a\.h5"):
        FramewiseStore(path)
    assert path.read_bytes() == before


def test_clear_errors(tmp_path):
    path = tmp_path / "a.h5"
    with pytest.raises(NotFound, match="no file"):
        FramewiseStore(path, mode="r")
    with pytest.raises(NotFound, match="no folder"):
        FramewiseStore(tmp_path / "missing" / "a.h5")
    with pytest.raises(InvalidArgument, match="mode='w'"):
        FramewiseStore(path, mode="w")
    store = FramewiseStore(path)
    with pytest.raises(FrameNotFound, match=r"no frame 3 .* it is empty"):
        store[3]
    store.put(table(1))
    with pytest.raises(FrameNotFound, match=r"no frame 3 .* holds 1 frames from 1 to 1"):
        store[3]
    with pytest.raises(InvalidArgument, match="lacks 'x'"):
        store.put(table(2).drop(columns="x"))
    store.put(table(2).assign(frame=2, later=1))
    with pytest.raises(InvalidArgument, match=r"stored as int64.*0\.5"):
        store.put(table(3).assign(later=0.5))
    assert store.frames == [1, 2]
    store.close()
    store.close()
    with pytest.raises(Closed, match="was closed"):
        store[1]
    with pytest.raises(NotFound, match="it has: 'features'"):
        FramewiseStore(path, "tracks", mode="r")


def test_a_deleted_file_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr("longtake.hdf.live_file._WATCH_S", -1.0)
    store = FramewiseStore(tmp_path / "a.h5")
    store.put(table(0))
    (tmp_path / "a.h5").unlink()
    with pytest.raises(OSError, match="was deleted"):
        store.put(table(1))


def test_a_truncated_file_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr("longtake.hdf.live_file._WATCH_S", -1.0)
    store = FramewiseStore(tmp_path / "a.h5")
    store.put(table(0))
    (tmp_path / "a.h5").write_bytes(b"")
    with pytest.raises(OSError, match=r"cut .* short"):
        store.put(table(1))


class TestContract(StoreContract):
    """The native store keeps the contract of all stores."""

    free_columns = False

    def open(self, path, mode="a"):
        return FramewiseStore(path, mode=mode)
