"""Recording: begin, go on, stop, replace; what is refused changes nothing."""

from __future__ import annotations

import datetime
import importlib
import subprocess
import sys
import threading

import h5py
import numpy as np
import pytest
import tables

import longtake as lt
from longtake.errors import (
    AlreadyExists,
    Closed,
    FileInUse,
    InvalidArgument,
    LongtakeError,
    NotALongtakeFile,
    NotFound,
    WriteFailed,
    WrongType,
)
from longtake.hdf.attributes import read_attribute
from longtake.hdf.live_file import LiveFile
from longtake.recording import Recording, RecordingView, record
from longtake.recording.pack import pack
from tests.recording.cl_file import cl_file


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.h5"


def make(path, value=1, **given):
    with record(path, **given) as recording:
        recording.create_data_stream("s").append(1, value)
    return path


def test_the_longest_way(path):
    """All kinds of stream in one file, seen by three programs while it is written and after."""
    with record(str(path), {"operator": "Zoë", "gains": [1, 2.5]}) as recording:
        assert recording.path == path
        assert recording.status == "started"
        game = recording.create_data_stream("game", {"score": 0})
        camera = recording.create_frame_stream("camera", [4, 6], np.uint8, {"lens": "5x"})
        spikes = recording.create_record_stream("spikes", {"channel": "u1", "at": float})
        table = recording.create_table_stream("table", [("a", "i4"), ("b", "f4")])
        for t in range(20):
            game.append(t, {"ball": (t / 2, t)})
            camera.append(t, np.full((4, 6), t, np.uint8))
            spikes.append(t, {"channel": np.full(t % 3, t, "u1"), "at": np.arange(t % 3) + 0.5})
            table.append(t, np.zeros(t % 2, table.dtype))
        game.set_attribute("score", 2)
        recording.set_attribute("operator", "Jo")
        with recording.open() as view:
            require_all(view)
            assert view.state == "recording"
        read_by_others(path)
        assert list(recording.data_streams) == ["game"]
        assert recording.record_streams.table is table
    assert recording.status == "stopped"
    assert "stopped" in repr(recording)
    with RecordingView(path) as view:
        require_all(view)
        assert view.state == "complete"
    read_by_others(path)
    with h5py.File(path) as h5:
        assert h5["data_stream/game/index"].shape == (20,)
        assert read_attribute(h5["data_stream/game"], "application") == {"score": 2}
        assert read_attribute(h5, "application") == {"operator": "Jo", "gains": [1, 2.5]}
    with tables.open_file(str(path)) as h5:
        assert h5.root.data_stream.game._v_attrs.application == {"score": 2}
        assert h5.root._v_attrs.application["operator"] == "Jo"
        assert isinstance(h5.root.data_stream.game.data, tables.EArray)
        assert h5.root.data_stream.game.index.colnames[:3] == [
            "timestamp",
            "start_index",
            "end_index",
        ]


def require_all(view):
    assert [v["ball"] for v in view.data_streams.game.values()] == [[t / 2, t] for t in range(20)]
    assert view.frame_streams.camera[:].max(axis=(1, 2)).tolist() == list(range(20))
    assert view.record_streams.spikes[5]["at"].tolist() == [0.5, 1.5]
    assert len(view.record_streams.table.table()) == 10
    assert view.data_streams.game.attributes.application == {"score": 2}
    assert view.frame_streams.camera.attributes.application == {"lens": "5x"}
    assert view.attributes.application == {"operator": "Jo", "gains": [1, 2.5]}


def read_by_others(path):
    with h5py.File(path) as h5:
        h5.visititems(lambda _, node: node[()] if isinstance(node, h5py.Dataset) else None)
    with tables.open_file(str(path)) as h5:
        for node in h5.walk_nodes("/", "Leaf"):
            node.read()


def test_a_file_that_is_there(path):
    make(path, "first")
    before = path.read_bytes()
    with pytest.raises(AlreadyExists, match="overwrite=True, or append=True"):
        record(path)
    with pytest.raises(InvalidArgument, match="one of them"):
        record(path, overwrite=True, append=True)
    assert path.read_bytes() == before
    make(path, "second", overwrite=True)
    assert RecordingView(path).data_streams.s[1] == "second"
    assert [found.name for found in path.parent.iterdir()] == ["run.h5"]


def test_going_on(path):
    make(path, "first", attributes={"a": 1, "b": 1})
    with record(path, {"b": 2}, append=True) as recording:
        assert recording.attributes == {"a": 1, "b": 2}
        with pytest.raises(AlreadyExists):
            recording.create_data_stream("s")
        recording.data_streams.s.append(2, "second")
        recording.create_data_stream("t").append(1, "third")
    with RecordingView(path) as view:
        assert list(view.data_streams.s.values()) == ["first", "second"]
        assert view.data_streams.t[1] == "third"
        assert view.attributes.application == {"a": 1, "b": 2}
        assert view.state == "complete"
    with record(path.with_name("new.h5"), append=True) as recording:
        assert isinstance(recording, Recording)


def test_going_on_after_a_crash(path):
    recording = record(path, {"a": 1})
    stream = recording.create_data_stream("s", {"n": 0})
    stream.append(1, "kept")
    stream.set_attribute("n", 1)
    recording.set_attribute("a", 2)
    recording._file._file.abandon()
    with RecordingView(path) as view:
        assert view.state == "aborted"
        assert view.data_streams.s[1] == "kept"
        assert view.attributes.application == {"a": 2}
    with record(path, append=True) as recording:
        assert recording.attributes == {"a": 2}
        assert recording.data_streams.s.application == {"n": 1}
        recording.data_streams.s.append(2, "after")
    with RecordingView(path) as view:
        assert view.state == "recovered"
        assert list(view.data_streams.s.values()) == ["kept", "after"]
        assert view.data_streams.s.attributes.application == {"n": 1}
    with h5py.File(path) as h5:
        assert read_attribute(h5, "application") == {"a": 2}


@pytest.mark.parametrize("codec", ["zstd", "gzip"])
def test_nothing_is_appended_to_a_packed_file(path, codec):
    packed = path.with_name("packed.h5")
    pack(make(path), packed, codec=codec)
    before = packed.read_bytes()
    with pytest.raises(InvalidArgument, match=r"packed\.h5 is packed: .* go on in the recording"):
        record(packed, append=True)
    with pytest.raises(InvalidArgument, match="is packed"):
        record(packed, {"operator": "J"}, append=True)
    assert packed.read_bytes() == before


def test_nothing_is_appended_to_a_file_of_another_program(path):
    cl_file(path, {"game": {1: "any"}})
    before = path.read_bytes()
    with pytest.raises(InvalidArgument, match="recorded by another program"):
        record(path, append=True)
    assert path.read_bytes() == before
    for other in ("text", "tree"):
        where = path.with_name(other)
        if other == "text":
            where.write_text("text")
        else:
            with h5py.File(where, "w") as h5:
                h5["x"] = 1
        with pytest.raises(NotALongtakeFile, match=other):
            record(where, append=True)


def test_an_error_in_the_block(path):
    with pytest.raises(ZeroDivisionError), record(path) as recording:  # noqa: PT012
        recording.create_data_stream("s").append(1, "kept")
        raise ZeroDivisionError
    with RecordingView(path) as view:
        assert view.state == "aborted"
        assert view.data_streams.s[1] == "kept"


def test_a_second_writer_is_refused(path):
    with record(path) as recording:
        recording.create_data_stream("s").append(1, "kept")
        for how in ("append", "overwrite"):
            code = f"""
import longtake as lt
try:
    lt.record({str(path)!r}, {how}=True)
except lt.LongtakeError as error:
    print(type(error).__name__, error)
"""
            said = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True
            ).stdout
            assert said.startswith("FileInUse")
            assert "process" in said
            with pytest.raises(FileInUse):
                record(path, **{how: True})
        recording.data_streams.s.append(2, "also")
    assert len(RecordingView(path).data_streams.s) == 2
    assert [found.name for found in path.parent.iterdir()] == ["run.h5"]


def test_overwriting_what_is_no_good_recording(path):
    for content in (b"", make(path).read_bytes()[:5000]):
        path.write_bytes(content)
        make(path, overwrite=True)
        assert RecordingView(path).data_streams.s[1] == 1


def test_a_folder_is_not_overwritten(path):
    path.mkdir()
    (path / "precious").write_text("data")
    for how in ({}, {"overwrite": True}, {"append": True}):
        with pytest.raises(LongtakeError):
            record(path, **how)
    assert (path / "precious").read_text() == "data"
    assert list(path.parent.iterdir()) == [path]


def test_overwriting_that_fails_leaves_the_old_file(path, monkeypatch):
    make(path, "first")
    before = path.read_bytes()
    with pytest.raises(WrongType):
        record(path, {"bad": {1, 2}}, overwrite=True)
    with pytest.raises(InvalidArgument):
        record(path, durability="nonsense", overwrite=True)

    def full(*_):
        raise WriteFailed("no room")

    monkeypatch.setattr(LiveFile, "create", full)
    with pytest.raises(WriteFailed):
        record(path, overwrite=True)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_who_reads_the_old_file_goes_on(path):
    make(path, "first")
    with RecordingView(path) as view:
        make(path, "second", overwrite=True)
        assert view.data_streams.s[1] == "first"


@pytest.mark.parametrize(
    "attributes", [{"a": {1}}, {"": 1}, {1: 2}, {"a": "x" * 100_000}, [1], "text", {"a": object()}]
)
def test_attributes_that_cannot_be_kept(path, attributes):
    with pytest.raises((WrongType, InvalidArgument)):
        record(path, attributes)
    assert not path.exists()
    make(path)
    before = path.read_bytes()
    with pytest.raises((WrongType, InvalidArgument)):
        record(path, attributes, append=True)
    with RecordingView(path) as view:
        assert view.attributes.application == {}
        assert not view._view.is_being_written
    assert len(path.read_bytes()) == len(before)
    with record(path, append=True) as recording:
        with pytest.raises((WrongType, InvalidArgument)):
            recording.update_attributes(attributes)
        with pytest.raises((WrongType, InvalidArgument)):
            recording.create_data_stream("bad", attributes)
        assert list(recording.data_streams) == ["s"]
        assert recording.attributes == {}


def test_attributes_are_taken_at_once(path):
    """What their user does to them later is another matter."""
    given = {"list": [1]}
    with record(path, given) as recording:
        stream = recording.create_data_stream("s", given)
        stream.set_attribute("more", given["list"])
        recording.set_attribute("more", given["list"])
        given["list"].append(2)
        stream.attributes.application["list"].append(3)
        recording.attributes["list"].append(4)
        expected = {"list": [1], "more": [1]}
        assert stream.application == recording.attributes == expected
    with h5py.File(path) as h5:
        assert read_attribute(h5, "application") == expected
        assert read_attribute(h5["data_stream/s"], "application") == expected


def test_names_that_are_hard(path):
    names = ["a name", "Zoë", "keys", "__init__", "_v_x", "_c_x", "_f_x", "..", "x" * 255, "\x01"]
    with record(path) as recording:
        for name in names:
            recording.create_data_stream(name).append(1, name)
            recording.create_frame_stream(name, (2,), "u1").append(1, np.ones(2, "u1"))
        for name in ("", ".", "a/b", "nul\0x", "x" * 256, 5, None, "\ud800"):
            with pytest.raises((InvalidArgument, WrongType), match="name"):
                recording.create_data_stream(name)
    with RecordingView(path) as view:
        assert sorted(view.data_streams) == sorted(names)
        for name in names:
            assert view.data_streams[name][1] == name
            assert view.data_streams[name].attributes["name"] == name
    with h5py.File(path) as h5:
        assert sorted(h5["data_stream"]) == sorted(names)


def test_nothing_after_the_stop(path):
    recording = record(path)
    stream = recording.create_data_stream("s")
    recording.stop()
    recording.stop()
    for act in (
        lambda: stream.append(1, 1),
        lambda: stream.append_many([1], [1]),
        lambda: stream.set_attribute("a", 1),
        lambda: recording.set_attribute("a", 1),
        lambda: recording.create_data_stream("t"),
        lambda: recording.create_frame_stream("t", (2,), "u1"),
        lambda: recording.create_record_stream("t", {"x": "f8"}),
    ):
        with pytest.raises(Closed):
            act()
    with RecordingView(path) as view:
        assert list(view.data_streams) == ["s"]
        assert view.attributes.application == {}


def test_stopping_in_time(path):
    with record(path) as recording:
        with pytest.raises(InvalidArgument, match="nothing will stop"):
            recording.wait_until_stopped()
        assert recording.wait_until_stopped(0.001) is False
        for seconds in (-1, float("nan"), float("inf"), 1e300):
            with pytest.raises(InvalidArgument, match="seconds"):
                recording.stop_after_seconds(seconds)
        recording.stop_after_seconds(3600)
        recording.stop_after_seconds(0.05)  # the newer counts
        stream = recording.create_data_stream("s")
        recording.set_attribute("late", True)
        assert recording.wait_until_stopped() is True
        assert recording.has_stopped()
        with pytest.raises(Closed):
            stream.append(1, 1)
    with RecordingView(path) as view:
        assert view.state == "complete"
        assert view.attributes.application == {"late": True}
    assert recording.wait_until_stopped() is True


@pytest.mark.parametrize("seconds", ["1", None, True, [1]])
def test_a_time_that_is_none(path, seconds):
    with record(path) as recording, pytest.raises(WrongType, match="some seconds, not"):
        recording.stop_after_seconds(seconds)


def test_it_has_stopped_before_the_file_is_closed(path, monkeypatch):
    """So who asks before each append is not refused one; who waits, waits for the file."""
    recording = record(path)
    close, seen = recording._file.close, []

    def closing(attributes):
        seen.append((recording.has_stopped(), recording.wait_until_stopped(0)))
        close(attributes)

    monkeypatch.setattr(recording._file, "close", closing)
    recording.stop()
    recording.stop()
    assert seen == [(True, False)]
    assert recording.wait_until_stopped(0) is True


def test_who_stops_it_too_waits_until_the_file_is_closed(path, monkeypatch):
    recording = record(path)
    close, go_on, is_closing = recording._file.close, threading.Event(), threading.Event()

    def closing(attributes):
        is_closing.set()
        assert go_on.wait(60)
        close(attributes)

    monkeypatch.setattr(recording._file, "close", closing)
    first, second = (threading.Thread(target=recording.stop) for _ in range(2))
    first.start()
    assert is_closing.wait(60)
    second.start()
    second.join(0.05)
    assert second.is_alive()
    go_on.set()
    for thread in (first, second):
        thread.join(60)
    with recording.open() as view:
        assert view.state == "complete"


@pytest.mark.parametrize("in_time", [True, False])
def test_who_waits_is_told_what_went_wrong(path, monkeypatch, in_time):
    recording = record(path)
    recording.set_attribute("a", 1)

    def full(*_):
        raise WriteFailed("no room")

    monkeypatch.setattr(LiveFile, "change", full)
    if in_time:
        recording.stop_after_seconds(0.01)
    else:
        recording.stop_after_seconds(3600)
        with pytest.raises(WriteFailed):
            recording.stop()
    with pytest.raises(WriteFailed, match="no room"):
        recording.wait_until_stopped(60)
    assert recording.has_stopped()
    recording.stop()
    monkeypatch.undo()
    with RecordingView(path) as view:
        assert view.attributes.application == {"a": 1}
    record(path, append=True).stop()


def test_no_thread_outlives_it(path):
    before = threading.active_count()
    with record(path, durability="interval") as recording:
        recording.stop_after_seconds(3600)
        stream = recording.create_data_stream("s")
        stream.append_many(range(5000), ["x" * 100] * 5000)
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(5)
    assert threading.active_count() <= before


@pytest.mark.parametrize("durability", ["process", "interval", "entry"])
def test_durabilities(path, durability):
    with record(path, durability=durability) as recording:
        stream = recording.create_data_stream("s")
        for n in range(20):
            stream.append(n, n)
    assert list(RecordingView(path).data_streams.s.values()) == list(range(20))


def test_places_that_are_not_there(path):
    with pytest.raises(NotFound):
        record(path.parent / "none" / "run.h5")
    with pytest.raises(NotFound):
        record(path.parent / "none" / "run.h5", append=True)


def test_what_the_root_says(path):
    make(path)
    with h5py.File(path) as h5:
        begun = datetime.datetime.fromisoformat(str(read_attribute(h5, "created_utc")))
        ended = datetime.datetime.fromisoformat(str(read_attribute(h5, "ended_utc")))
        assert begun <= ended
        assert {"longtake_version", "file_uuid", "created_localtime", "state"} <= set(h5.attrs)
        assert read_attribute(h5, "state") == "complete"


def test_what_another_program_made_is_not_replaced(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("three years of notes")
    with pytest.raises(NotALongtakeFile, match=r"notes\.txt was not made by longtake"):
        lt.record(path, overwrite=True)
    assert path.read_text() == "three years of notes"
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as h5:
        h5["x"] = 1
    with pytest.raises(NotALongtakeFile):
        lt.record(other, overwrite=True)
    with h5py.File(other) as h5:
        assert h5["x"][()] == 1


def test_what_longtake_made_is_replaced_also_when_it_is_packed_or_empty(tmp_path):
    path, packed, empty = (tmp_path / name for name in ("a.h5", "packed.h5", "empty.h5"))
    with lt.record(path) as recording:
        recording.create_data_stream("s").append(1, 1)
    lt.pack(path, packed)
    empty.touch()
    for old in (path, packed, empty):
        lt.record(old, overwrite=True).stop()
        with lt.open(old) as view:
            assert list(view.data_streams) == []


@pytest.mark.parametrize("module", ["longtake", "longtake.rig", "longtake.tracking"])
def test_what_can_be_called_is_listed(module):
    """In a notebook, after a dot: though it is loaded when it is first used."""
    face = importlib.import_module(module)
    assert set(face.__all__) <= set(dir(face))
    assert all(hasattr(face, name) for name in dir(face))
