"""``longtake info`` on every kind of file."""

from __future__ import annotations

import h5py
import numpy as np
import pandas as pd
import pytest

from longtake.cli.info import describe, info
from longtake.errors import LongtakeError, NotALongtakeFile, NotFound
from longtake.framewise import FramewiseStore, PandasHDFStore


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame({"y": [1.0, 2.0], "x": [3.0, 4.0], "frame": 5})


def test_a_file_being_written_and_finished(tmp_path, table):
    path = tmp_path / "a.h5"
    with FramewiseStore(path, attributes={"operator": "J"}) as store:
        store.put(table)
        live = describe(path)
    done = describe(path)
    assert (live["state"], done["state"]) == ("being written", "closed")
    for found in (live, done):
        (stream,) = found["streams"]
        assert (stream["name"], stream["keys"], stream["first"], stream["rows"]) == (
            "features", 1, 5, 2,
        )  # fmt: skip
        assert stream["attributes"] == {"operator": "J"}
        assert stream["columns"] == {"y": "float64", "x": "float64", "frame": "int64"}


def test_files_of_others(tmp_path, table):
    with PandasHDFStore(str(tmp_path / "p.h5")) as store:
        store.put(table)
    assert describe(tmp_path / "p.h5")["stores"] == [{"layout": "PandasHDFStore", "frames": 1}]
    with h5py.File(tmp_path / "h.h5", "w") as h5:
        h5["g/x"] = np.arange(3)
    found = describe(tmp_path / "h.h5")
    assert (found["groups"], found["datasets"]) == (1, 1)


def test_no_file_and_no_hdf5(tmp_path):
    with pytest.raises(NotFound):
        describe(tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("text")
    with pytest.raises(NotALongtakeFile, match=r"text\.h5"):
        describe(tmp_path / "text.h5")


def test_a_file_without_streams_and_a_damaged_one(tmp_path, table, capsys):
    FramewiseStore(tmp_path / "e.h5").close()
    info(tmp_path / "e.h5")
    assert "no streams yet" in capsys.readouterr().out
    with FramewiseStore(tmp_path / "a.h5") as store:
        store.put(table)
    whole = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "a.h5").write_bytes(whole[: len(whole) - 300_000])
    with pytest.raises(LongtakeError, match=r"a\.h5"):
        describe(tmp_path / "a.h5")
    for mode in ("r", "a"):
        with pytest.raises(LongtakeError, match=r"a\.h5"):
            FramewiseStore(tmp_path / "a.h5", mode=mode)


def test_arrays_among_the_attributes_are_printed(tmp_path, table, capsys):
    with FramewiseStore(tmp_path / "a.h5", attributes={"gain": np.arange(2)}) as store:
        store.put(table)
    info(tmp_path / "a.h5", as_json=True)
    assert "gain" in capsys.readouterr().out
