"""The eleven defects of the reference recorder, each shown to be absent here."""

from __future__ import annotations

import datetime
import pickle
import time

import h5py
import msgpack
import msgpack_numpy
import numpy as np
import pytest
import tables

from longtake.errors import AlreadyExists, DamagedFile, InvalidArgument, LongtakeError, WrongType
from longtake.hdf.attributes import read_attribute
from longtake.recording import RecordingView, record


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.h5"


@pytest.mark.parametrize("count", [99, 100, 150, 572, 1001])
def test_f1_the_tail_of_a_stream_is_as_it_was_appended(path, count):
    """Whatever the number of entries; also as PyTables reads it."""
    with record(path) as recording:
        stream = recording.create_data_stream("s")
        for t in range(count):
            stream.append(10 * t, {"n": t})
    with RecordingView(path) as view:
        stream = view.data_streams.s
        assert list(stream.items()) == [(10 * t, {"n": t}) for t in range(count)]
        assert stream[10 * (count - 1)] == {"n": count - 1}
    with tables.open_file(str(path)) as h5:
        index = h5.root.data_stream.s.index.read()
        assert index["timestamp"].tolist() == list(range(0, 10 * count, 10))
        assert (index["start_index"][1:] == index["end_index"][:-1]).all()
        assert index["end_index"][-1] == h5.root.data_stream.s.data.nrows


def test_f2_recording_goes_on_when_record_returns(path):
    """Ten times: what is appended at once is there, though it is stopped in time."""
    for number in range(10):
        file = path.with_name(f"{number}.h5")
        recording = record(file)
        recording.stop_after_seconds(0.5)
        stream = recording.create_data_stream("s")
        for t in range(4):
            stream.append(t, ["entry", t])
        recording.wait_until_stopped()
        with RecordingView(file) as view:
            assert list(view.data_streams.s.values()) == [["entry", t] for t in range(4)]


@pytest.mark.parametrize("end", ["stop", "in time", "killed"])
def test_f3_attributes_are_kept_however_it_ends(path, end):
    recording = record(path, {"operator": "J"})
    stream = recording.create_data_stream("s", {"score": 0, "other": [0, 1]})
    for score in (1, 2):
        stream.set_attribute("score", score)
    stream.update_attributes({"new": 9.9})
    recording.set_attribute("operator", "K")
    recording.update_attributes({"room": 5})
    if end == "stop":
        recording.stop()
    elif end == "in time":
        recording.stop_after_seconds(0.01)
        recording.wait_until_stopped()
    else:
        recording._file._file.abandon()
    own, whole = {"score": 2, "other": [0, 1], "new": 9.9}, {"operator": "K", "room": 5}
    with RecordingView(path) as view:
        assert view.data_streams.s.attributes.application == own
        assert view.attributes.application == whole
    if end != "killed":
        with h5py.File(path) as h5:
            assert read_attribute(h5["data_stream/s"], "application") == own
            assert read_attribute(h5, "application") == whole


def test_f4_no_entry_is_dropped_however_fast(path):
    with record(path) as recording, RecordingView(path) as live:
        stream = recording.create_data_stream("s")
        for t in range(20_000):
            stream.append(t, t)
        assert len(live.data_streams.s) == 20_000
    with RecordingView(path) as view:
        assert list(view.data_streams.s.values()) == list(range(20_000))


@pytest.mark.parametrize("name", ["", "a/b", ".", "nul\0x"])
def test_f5_a_bad_name_is_refused_and_costs_nothing(path, name):
    with record(path) as recording:
        good = recording.create_data_stream("good")
        good.append(1, "before")
        with pytest.raises(InvalidArgument) as refused:
            recording.create_data_stream(name)
        assert repr(name) in str(refused.value)
        good.append(2, "after")
        recording.create_data_stream("next").append(1, 1)
    with RecordingView(path) as view:
        assert list(view.data_streams.good.values()) == ["before", "after"]
        assert list(view.data_streams) == ["good", "next"]
    with h5py.File(path) as h5:
        assert set(h5["data_stream"]) == {"good", "next"}


@pytest.mark.parametrize("name", ["_v_x", "_c_x", "_f_x", "keys", "__init__"])
def test_f5_an_odd_name_is_as_good_as_any(path, name):
    with record(path) as recording:
        recording.create_data_stream(name).append(1, name)
        recording.create_data_stream("next").append(1, 1)
    with RecordingView(path) as view:
        assert set(view.data_streams) == {name, "next"}
        assert view.data_streams[name][1] == name
        assert set(view.data_streams.keys()) == {name, "next"}  # nothing is shadowed


class Anything:
    pass


@pytest.mark.parametrize(
    "value",
    [{1, 2}, datetime.datetime(2026, 1, 1), Anything(), lambda: 1, "x" * 100_000],
    ids=["set", "datetime", "object", "function", "too large"],
)
def test_f6_a_bad_attribute_is_refused_when_it_is_set(path, value):
    with record(path) as recording:
        stream = recording.create_data_stream("s", {"score": 0})
        for refused in (
            lambda: stream.set_attribute("bad", value),
            lambda: stream.update_attributes({"score": 5, "bad": value}),
            lambda: recording.set_attribute("bad", value),
            lambda: recording.create_data_stream("t", {"bad": value}),
        ):
            with pytest.raises((WrongType, InvalidArgument)):
                refused()
        stream.set_attribute("score", 1)
        stream.append(1, "entry")
    with RecordingView(path) as view:
        assert view.state == "complete"
        assert view.data_streams.s.attributes.application == {"score": 1}
        assert view.attributes.application == {}
        assert list(view.data_streams) == ["s"]
        assert view.data_streams.s[1] == "entry"


@pytest.mark.parametrize("key", [1, None, 1.5, True, b"bytes"])
def test_f7_what_is_appended_can_be_read(path, key):
    with record(path) as recording:
        stream = recording.create_data_stream("s")
        stream.append(1, {key: "value"})
        stream.append(2, "after")
    with RecordingView(path) as view:
        assert list(view.data_streams.s.values()) == [{key: "value"}, "after"]
        assert [type(found) for found in view.data_streams.s[1]] == [type(key)]


@pytest.mark.parametrize("key", [np.int64(3), (1, 2), frozenset({1})])
def test_f7_a_key_that_would_not_come_back_is_refused(path, key):
    with record(path) as recording:
        stream = recording.create_data_stream("s")
        with pytest.raises(WrongType, match="a key of data"):
            stream.append(1, {key: "value"})
        stream.append(1, "after")
    with RecordingView(path) as view:
        assert list(view.data_streams.s.items()) == [(1, "after")]


@pytest.mark.parametrize(
    ("timestamp", "error"),
    [
        (7.0, WrongType),
        (7.5, WrongType),
        (np.float32(8), WrongType),
        (float("nan"), WrongType),
        ("7", WrongType),
        (None, WrongType),
        (True, WrongType),
        (2**63, InvalidArgument),
        (-(2**63) - 1, InvalidArgument),
        (np.uint64(2**63), InvalidArgument),
    ],
)
def test_f8_a_timestamp_that_cannot_be_kept_is_refused(path, timestamp, error):
    with record(path) as recording:
        stream = recording.create_data_stream("s")
        stream.append(1, "before")
        with pytest.raises(error, match="a timestamp"):
            stream.append(timestamp, "value")
        with pytest.raises(error, match="a timestamp"):
            stream.append_many([2, timestamp], ["value", "value"])
        stream.append(2, "after")  # it did not spoil the order
    with RecordingView(path) as view:
        assert list(view.data_streams.s) == [1, 2]


def test_f8_nothing_is_too_old_or_too_large_in_silence(path):
    with record(path) as recording:
        stream = recording.create_data_stream("s")
        stream.append(-(2**63), "older than all")
        stream.append(time.time_ns(), bytes(70 * 1024 * 1024))
    with RecordingView(path) as view:
        assert [len(value) for value in view.data_streams.s.values()] == [14, 70 * 1024 * 1024]


def test_f9_the_keys_of_a_range_are_keys(path):
    with record(path) as recording:
        stream = recording.create_data_stream("s")
        for t in range(10):
            stream.append(np.int64(t), t)
        with recording.open() as view:
            for side in (stream, view.data_streams.s):
                assert [side[key] for key in side.keys_for_range(3, 6)] == [3, 4, 5]
                assert {type(key) for key in side.keys_for_range(3, 6)} == {int}
                assert side[np.int64(3)] == side[np.uint8(3)] == 3


def test_f10_a_name_is_given_once(path):
    with record(path) as recording:
        stream = recording.create_data_stream("s")
        stream.append(39755, "newest")
        with pytest.raises(AlreadyExists):
            recording.create_data_stream("s")
        with pytest.raises(InvalidArgument):
            stream.append(39555, "older")
    with record(path, append=True) as recording:
        with pytest.raises(AlreadyExists):
            recording.create_data_stream("s")
        with pytest.raises(InvalidArgument):
            recording.data_streams.s.append(39555, "older")
    with RecordingView(path) as view:
        assert list(view.data_streams.s) == [39755]


class Payload:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (open, (str(self.mark), "w"))


def test_f11_no_entry_runs_code(path):
    """Neither when it is read, nor by what is next to it."""
    mark = path.with_name("it-ran")
    bad = [
        {
            b"nd": True,
            b"type": "|O",
            b"kind": b"O",
            b"shape": [1],
            b"data": pickle.dumps(Payload(mark)),
        },
        {b"nd": True, b"type": "O", b"kind": b"", b"shape": [1], b"data": bytes(8)},
        {b"nd": False, b"type": "O", b"data": bytes(8)},
        {b"nd": True, b"type": [["a", "O"]], b"kind": b"V", b"shape": [1], b"data": bytes(8)},
        {b"nd": True, b"type": "<f8", b"kind": b"", b"shape": [2**40], b"data": bytes(8)},
    ]
    contents = [msgpack.packb(value) for value in bad]
    with record(path) as recording:
        stream = recording.create_data_stream("s")
        for t, content in enumerate(contents):
            stream.append(t, bytes(len(content)))
        stream.append(100, "good")
    with h5py.File(path, "r+") as h5:  # as somebody would who wants to do harm
        rows = h5["data_stream/s/index"][:]
        data = h5["data_stream/s/data"]
        for number, content in enumerate(contents):
            start = int(rows["start_index"][number])
            data[start : start + len(content)] = np.frombuffer(content, np.uint8)
            rows["end_index"][number] = start + len(content)
            rows["checksum"][number] = 1  # taken as it is
        h5["data_stream/s/index"][:] = rows
    with RecordingView(path) as view:
        stream = view.data_streams.s
        for t in range(len(bad)):
            with pytest.raises(DamagedFile, match=f"the entry at {t} of 's'"):
                stream[t]
        with pytest.raises(LongtakeError):
            list(stream.values())
        assert stream[100] == "good"
    assert not mark.exists()


def test_the_bytes_are_those_that_others_read(path):
    """The four entries of the data streams document, byte by byte."""
    entries = [
        {"arbitrary": "data"},
        ["of", "arbitrary", "size"],
        "and type.",
        np.array([2**64 - 1, 2**64 - 2, 2**64 - 3], np.uint64),
    ]
    with record(path) as recording:
        stream = recording.create_data_stream("example")
        for t, value in enumerate(entries, 1000):
            stream.append(t, value)
    with tables.open_file(str(path)) as h5:
        node = h5.root.data_stream.example
        rows = [(int(r["start_index"]), int(r["end_index"])) for r in node.index.read()]
        assert rows == [(0, 16), (16, 35), (35, 45), (45, 110)]
        found = [
            msgpack.unpackb(node.data[a:b].tobytes(), object_hook=msgpack_numpy.decode)
            for a, b in rows
        ]
    assert found[:3] == entries[:3]
    np.testing.assert_array_equal(found[3], entries[3])
