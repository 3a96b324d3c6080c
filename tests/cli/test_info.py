"""``longtake info`` on every kind of file."""

from __future__ import annotations

import fcntl
import json
import pickle
import random
from contextlib import suppress

import h5py
import numpy as np
import pandas as pd
import pytest

import longtake as lt
from longtake.cli.info import describe, info
from longtake.errors import DamagedFile, FileInUse, LongtakeError, NotALongtakeFile, NotFound
from longtake.framewise import FramewiseStore, PandasHDFStore, PandasHDFStoreSingleNode
from longtake.recording.check import check
from tests.recording.runs import begin


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


def test_what_a_recording_says_of_itself(tmp_path, capsys):
    path = tmp_path / "run.h5"
    with suppress(ZeroDivisionError), lt.record(path, {"operator": "J"}) as recording:
        live = describe(path)
        recording.set_attribute("room", 5)
        raise ZeroDivisionError
    done = describe(path)
    assert live["recording"]["attributes"] == {"operator": "J"}
    assert done["recording"]["attributes"] == {"operator": "J", "room": 5}
    assert done["recording"]["state"] == "aborted"
    assert done["recording"]["ended_utc"] >= done["recording"]["created_utc"]
    json.dumps(done)
    info(path)
    said = capsys.readouterr().out
    assert "run.h5: closed, not finished, " in said
    assert "\n  operator = 'J'\n  room = 5\n" in said


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


def _wrong(group, **fields):
    def edit(h5):
        index = h5[f"{group}/index"]
        row = index[5]
        for name, value in fields.items():
            row[name] = value
        index[5] = row

    return edit


def _without_data(h5):
    del h5["data_stream/game/data"]


def _without_index(h5):
    del h5["record_stream/spikes/index"]
    h5["record_stream/spikes/index"] = np.zeros(3)


@pytest.mark.parametrize(
    ("edit", "name", "told"),
    [
        (_wrong("data_stream/game", timestamp=2), "game", "the timestamp 2 after 4"),
        (_wrong("data_stream/game", end_index=2**60), "game", "which are not there"),
        (_wrong("record_stream/spikes", end_index=2**60), "spikes", "which are not there"),
        (_without_data, "game", "0 datasets beside its index"),
        (_without_index, "spikes", "spikes/index"),
    ],
)
def test_a_damaged_stream_is_listed_with_its_error(tmp_path, capsys, edit, name, told):
    path = tmp_path / "run.h5"
    begin(path, 20).stop()
    with h5py.File(path, "r+") as h5:
        edit(h5)
    found = json.loads(json.dumps(describe(path)))
    assert found["state"] == "closed"
    streams = {stream["name"]: stream for stream in found["streams"]}
    assert set(streams) == {"game", "camera", "spikes", "table"}
    assert [n for n, stream in streams.items() if "error" in stream] == [name]
    assert told in streams[name]["error"]
    assert streams[name]["kind"] == ("data_stream" if name == "game" else "record_stream")
    assert streams["camera"]["keys"] == 2
    info(path)
    printed = capsys.readouterr().out
    assert f"  {name}: damaged: " in printed
    assert told in printed
    assert "  camera: 2 frames, 0 to 1" in printed


def test_what_cannot_be_read_besides_streams_is_listed_too(tmp_path, capsys):
    path = tmp_path / "run.h5"
    begin(path, 20).stop()
    with h5py.File(path, "r+") as h5:
        for node in (h5, h5["data_stream/game"]):
            node.attrs["application"] = np.bytes_(pickle.dumps(np.memmap, 0))
        del h5["frame_stream"]
        h5["frame_stream"] = 3
    found = describe(path)
    assert list(found["damaged"]) == ["/frame_stream", "/"]
    assert [problem.path for problem in check(path).problems] == [
        "/frame_stream",
        "/",
        "/data_stream/game",
    ]
    assert [stream["name"] for stream in found["streams"]] == ["game", "spikes", "table"]
    assert "memmap" in found["streams"][0]["attribute_error"]
    assert found["streams"][0]["keys"] == 20
    info(path)
    printed = capsys.readouterr().out
    assert "  /frame_stream: damaged: " in printed
    assert "    attributes that cannot be read: " in printed


def test_arrays_among_the_attributes_are_printed(tmp_path, table, capsys):
    with FramewiseStore(tmp_path / "a.h5", attributes={"gain": np.arange(2)}) as store:
        store.put(table)
    info(tmp_path / "a.h5", as_json=True)
    assert "gain" in capsys.readouterr().out


def _native(path, table):
    with FramewiseStore(path) as store:
        store.put(table)


def _pandas(path, table):
    with PandasHDFStore(str(path)) as store:
        store.put(table)


def _single_node(path, table):
    with PandasHDFStoreSingleNode(str(path)) as store:
        store.put(table)


@pytest.mark.parametrize("make", [_native, _pandas, _single_node])
def test_a_damaged_file_is_described_or_refused(tmp_path, table, make):
    """Nothing but a `LongtakeError` comes out, whichever bits are flipped."""
    path = tmp_path / "a.h5"
    make(path, table)
    whole = path.read_bytes()
    used = np.flatnonzero(np.frombuffer(whole, "u1"))
    chosen = random.Random(5)
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(chosen.randint(1, 3)):
            damaged[chosen.choice(used)] ^= 1 << chosen.randrange(8)
        path.write_bytes(damaged)
        said = "a.h5"
        try:
            json.dumps(describe(path), default=str)
        except LongtakeError as error:
            said = str(error)
        assert "a.h5" in said


def test_damage_within_a_pandas_store_is_called_so(tmp_path, table):
    path = tmp_path / "p.h5"
    _pandas(path, table)
    with h5py.File(path, "r") as h5:
        where = h5py.h5o.get_info(h5["Frame_5"].id).addr
    damaged = bytearray(path.read_bytes())
    damaged[where] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(DamagedFile, match=r"p\.h5"):
        describe(path)


def test_a_file_that_another_program_writes(tmp_path):
    with h5py.File(tmp_path / "live.h5", "w") as h5:
        h5["x"] = np.arange(3)
    with (tmp_path / "live.h5").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # as HDF5 does in the process that writes
        with pytest.raises(FileInUse, match=r"live\.h5"):
            describe(tmp_path / "live.h5")
