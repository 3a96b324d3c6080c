"""The streams of one file."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import h5py
import numpy as np
import pytest

from longtake.errors import (
    AlreadyExists,
    DamagedFile,
    InvalidArgument,
    LongtakeError,
    NotFound,
    WrongType,
)
from longtake.hdf import GrowingDataset, layout
from longtake.streams import StreamFile, StreamFileView, stream_groups


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "f.h5"


def test_streams_of_one_file_do_not_meet(path):
    """They grow in turn, so that their chunks lie in between each other's."""
    values = {name: np.random.default_rng(i).random(40_000) for i, name in enumerate("abc")}
    with StreamFile.create(path) as file:
        streams = {name: file.create_record_stream(name, {"x": "f8"}) for name in values}
        for key in range(40):
            for name, stream in streams.items():
                stream.append(key, {"x": values[name][1000 * key : 1000 * (key + 1)]})
    with h5py.File(path) as h5:
        for name, expected in values.items():
            assert np.array_equal(h5[f"record_stream/{name}/x"][:], expected)


@pytest.mark.parametrize("name", ["", ".", "index", "a/b", "a\0b", "x" * 256, 5])
def test_names_that_cannot_be_stored(path, name):
    with StreamFile.create(path) as file:
        with pytest.raises(InvalidArgument):
            file.create_record_stream(name, {"x": "f8"})
        with pytest.raises(InvalidArgument):
            file.create_record_stream("s", {name: "f8"})
        assert file.record_streams == {}


@pytest.mark.parametrize("dtype", ["O", "U3", "M8[ns]", "c16", "S", [("a", "i4")], "(3,)f8"])
def test_types_that_cannot_be_stored(path, dtype):
    with StreamFile.create(path) as file:
        before = file.generation
        with pytest.raises(WrongType, match="column 'x'"):
            file.create_record_stream("s", {"x": dtype})
        assert file.generation == before


def test_names_that_are_taken(path):
    with StreamFile.create(path) as file:
        stream = file.create_record_stream("s", {"x": "f8", "late_index": "i4"})
        with pytest.raises(AlreadyExists, match="'s' already"):
            file.create_record_stream("s", {"x": "f8"})
        value = {"x": np.ones(2), "late_index": np.ones(2, "i4")}
        stream.put(1, {**value, "late": np.ones(2)})
        stream.put(2, {**value, "b": np.ones(2), "b_index": np.zeros(2)})
        stream.put(3, {**value, "c": np.ones(2)})
    with StreamFileView(path) as view:
        stream = view.record_streams["s"]
        assert list(stream[1]) == ["x", "late_index", "late"]
        assert stream[2]["b_index"].tolist() == [0, 0]


def test_attributes_stay_with_the_stream(path):
    attributes = {"diameter": 11, "text": "Zoë", "list": [1, (2, None)], "array": [1.5, 2]}
    with StreamFile.create(path, {"application": "mine"}) as file:
        file.create_record_stream("s", {"x": "f8"}, attributes)
        with StreamFileView(path) as view:
            assert view.record_streams["s"].application == attributes
    with StreamFile.open(path) as file:
        assert file.record_streams["s"].application == attributes
    with h5py.File(path) as h5:
        assert h5.attrs["application"] == b"mine" or h5.attrs["application"] == "mine"
        assert {"longtake_version", "file_uuid", "created_utc"} <= set(h5.attrs)


def test_attributes_that_cannot_be_stored_change_nothing(path):
    with StreamFile.create(path) as file:
        before = file.generation
        with pytest.raises(WrongType):
            file.create_record_stream("s", {"x": "f8"}, {"bad": object()})
        assert file.generation == before
        file.create_record_stream("s", {"x": "f8"}).append(1, {"x": np.ones(3)})
    with h5py.File(path) as h5:
        assert h5["record_stream/s/x"].shape == (3,)


def test_200_columns(path):
    columns = {f"column {i}": np.arange(40_000.0) + i for i in range(200)}
    with StreamFile.create(path) as file:
        stream = file.create_record_stream("s", dict.fromkeys(columns, "f8"))
        stream.append(1, columns)
        stream.append(2, {name: values[:5] for name, values in columns.items()})
    with StreamFileView(path) as view:
        found = view.record_streams["s"][1]
        assert list(found) == list(columns)
        assert all(np.array_equal(found[name], columns[name]) for name in columns)
        assert len(view.record_streams["s"][2]["column 7"]) == 5


def test_more_members_than_a_group_can_have(path, monkeypatch):
    """Beyond that, HDF5 would turn it into a kind that live readers crash on."""
    monkeypatch.setattr(layout, "MOST_LINKS", 5)
    with StreamFile.create(path) as file:
        with pytest.raises(InvalidArgument, match="'s' would have 6 members"):
            file.create_record_stream("s", dict.fromkeys("abcde", "f8"))
        stream = file.create_record_stream("s", dict.fromkeys("abc", "f8"))
        with pytest.raises(InvalidArgument, match="'s' would have 6 members"):
            stream.put(1, dict.fromkeys("abcd", np.ones(3)))
        for name in "tuvw":
            file.create_record_stream(name, {"x": "f8"})
        with pytest.raises(InvalidArgument, match="would have 6 members"):
            file.create_record_stream("x", {"x": "f8"})


def test_views_of_files_that_are_not_ours(path):
    with pytest.raises(NotFound, match="no file"):
        StreamFileView(path)
    for content in (b"", b"text", bytes(10**6)):
        path.write_bytes(content)
        for opened in (StreamFileView, StreamFile.open):
            with pytest.raises(LongtakeError, match="not made by longtake"):
                opened(path)
        assert path.read_bytes() == content


def test_a_stream_that_another_program_damaged_costs_no_other(path):
    with StreamFile.create(path) as file:
        for name in "ab":
            file.create_record_stream(name, {"x": "f8"}).append(1, {"x": np.arange(9.0)})
    with h5py.File(path, "r+") as h5:
        h5["record_stream/a/x"].resize((3,))
    before = path.read_bytes()
    with pytest.raises(DamagedFile, match="points at data rows 0 to 9"):
        StreamFile.open(path)
    assert path.read_bytes() == before
    with StreamFileView(path) as view:
        assert view.record_streams["b"][1]["x"].tolist() == list(range(9))


def test_a_view_learns_of_new_streams_and_of_the_close(path):
    file = StreamFile.create(path)
    first = file.create_record_stream("first", {"x": "f8"})
    with StreamFileView(path) as view:
        assert view.is_being_written
        assert not view.was_closed
        file.create_record_stream("second", {"x": "f8"}).append(4, {"x": np.ones(2)})
        first.append(1, {"x": np.ones(100_000)})
        view.record_streams["first"].refresh()
        assert len(view.record_streams["first"][1]["x"]) == 100_000
        assert view.record_streams["second"].keys().tolist() == [4]
        file.close()
        assert not view.is_being_written
        assert view.was_closed
        view.record_streams["first"].refresh()
        assert view.record_streams["first"].keys().tolist() == [1]


def test_an_error_while_looking_does_not_stop_other_threads(path, monkeypatch):
    """h5py has one lock for the process; the traceback must not keep it."""
    with StreamFile.create(path) as file:
        file.create_record_stream("s", {"x": "f8"})
    with monkeypatch.context() as patch:
        patch.setattr(GrowingDataset, "of", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError) as kept:
            StreamFileView(path)
    opened = Thread(target=lambda: h5py.File(path).close(), daemon=True)
    opened.start()
    opened.join(20)
    assert not opened.is_alive()
    assert kept.value.__traceback__ is not None


def test_a_structure_that_changes_while_it_is_read_is_read_again(path, monkeypatch):
    """What looked damaged then is not."""
    real = stream_groups.stored_stream
    with StreamFile.create(path) as file:
        stream = file.create_data_stream("s")
        with StreamFileView(path) as view:
            seen = view.data_streams["s"]

            def in_between(*given):
                monkeypatch.setattr(stream_groups, "stored_stream", real)
                index = stream.datasets[0]
                file._file.grow({index: index.capacity + 1})
                raise DamagedFile("half of a change")

            monkeypatch.setattr(stream_groups, "stored_stream", in_between)
            file.create_data_stream("t")
            stream.append(1, "one")
            assert list(seen.items()) == [(1, "one")]
            assert view.damaged == {}
            assert view.data_streams["s"] is seen


def test_what_was_read_of_a_stream_stays_readable_when_it_is_damaged(path, monkeypatch):
    with StreamFile.create(path) as file:
        stream = file.create_data_stream("s")
        stream.append(1, "one")
        with StreamFileView(path) as view:
            seen = view.data_streams["s"]

            def damaged(*_):
                raise DamagedFile("nobody can read it")

            monkeypatch.setattr(stream_groups, "stored_stream", damaged)
            file.create_data_stream("t")
            view.refresh()
            assert set(view.damaged) == {"/data_stream/t"}
            assert seen[1] == "one"
            with pytest.raises(DamagedFile, match="nobody"):
                len(view.data_streams["t"])
