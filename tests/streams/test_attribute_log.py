"""Updates of attributes: seen at once, kept, folded when the file is closed."""

from __future__ import annotations

import tracemalloc

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.errors import Closed, InvalidArgument, WrongType
from longtake.hdf import layout
from longtake.hdf.attributes import read_attribute
from longtake.streams import StreamFile, StreamFileView
from longtake.streams.attribute_log import AttributeLog, copied


@pytest.fixture
def path(tmp_path):
    return tmp_path / "f.h5"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
    | st.binary(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text("ab"), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.text("abc ", min_size=1), VALUES, max_size=5))
def test_plain_values_come_back(attributes):
    found = copied(attributes)
    assert found == attributes
    assert found is not attributes


@pytest.mark.parametrize(
    ("attributes", "error"),
    [
        ({"a": {1}}, WrongType),
        ({"a": [1, {"b": object()}]}, WrongType),
        ({"": 1}, InvalidArgument),
        ({1: 1}, InvalidArgument),
        ({"a": "x" * 60_000}, InvalidArgument),
        ([("a", 1)], WrongType),
        ("text", WrongType),
        (5, WrongType),
    ],
)
def test_what_cannot_be_kept(path, attributes, error):
    with pytest.raises(error):
        copied(attributes)
    with StreamFile.create(path) as file:
        stream = file.create_data_stream("s", {"kept": 1})
        for update in (stream.update_attributes, file.update_attributes):
            with pytest.raises(error):
                update(attributes)
        assert stream.application == {"kept": 1}
        assert file.application == {}
        with h5py.File(path) as h5:
            assert list(h5["control"]) == ["journal"]  # nothing was written


def test_all_of_them_must_fit(path):
    with StreamFile.create(path) as file:
        stream = file.create_data_stream("s")
        stream.set_attribute("a", "x" * 40_000)
        with pytest.raises(InvalidArgument, match="bytes, and HDF5 holds"):
            stream.set_attribute("b", "x" * 40_000)
        stream.set_attribute("a", "y" * 59_000)
        stream.set_attribute("a", "z" * 100)
        stream.set_attribute("b", "x" * 40_000)
        assert sorted(map(len, stream.application.values())) == [100, 40_000]
    with h5py.File(path) as h5:
        assert read_attribute(h5["data_stream/s"], "application") == {
            "a": "z" * 100,
            "b": "x" * 40_000,
        }


def test_thousands_of_updates(path):
    """Each is seen at once; what is folded is the last."""
    with StreamFile.create(path) as file, StreamFileView(path) as view:
        streams = [file.create_data_stream(name) for name in "ab"]
        for number in range(3000):
            streams[number % 2].update_attributes({"n": number, "text": "x" * (number % 200)})
            if number % 300 == 0:
                view.refresh()
                assert view.data_streams["ab"[number % 2]].application["n"] == number
        file.update_attributes({"array": np.arange(3), "scalar": np.float32(1.5)})
    with StreamFileView(path) as view:
        assert [view.data_streams[name].application["n"] for name in "ab"] == [2998, 2999]
        assert view.application["array"].tolist() == [0, 1, 2]
        assert view.application["scalar"] == np.float32(1.5)
    for _ in range(2):  # again, with nothing new
        StreamFile.open(path).close()
    with h5py.File(path) as h5:
        assert read_attribute(h5["data_stream/b"], "application")["n"] == 2999
        assert read_attribute(h5, "application")["array"].tolist() == [0, 1, 2]


def test_streams_of_every_kind_and_the_file(path):
    with StreamFile.create(path, {"application": {"of": "file"}}) as file:
        made = {
            "data": file.create_data_stream("s", {"of": "data"}),
            "frame": file.create_frame_stream("s", (2,), "u1", {"of": "frame"}),
            "record": file.create_record_stream("s", {"x": "f8"}, {"of": "record"}),
            "table": file.create_table_stream("t", [("a", "i4")], {"of": "table"}),
        }
        for kind, stream in made.items():
            stream.set_attribute("new", kind)
        file.update_attributes({"new": "file"})
    with StreamFileView(path) as view:
        found = {
            "data": view.data_streams["s"],
            "frame": view.frame_streams["s"],
            "record": view.record_streams["s"],
            "table": view.record_streams["t"],
            "file": view,
        }
        for kind, owner in found.items():
            assert owner.application == {"of": kind, "new": kind}


def test_an_update_of_nothing_writes_nothing(path):
    with StreamFile.create(path) as file:
        before = file.generation
        file.update_attributes({})
        assert file.generation == before


def test_a_stopped_log_takes_nothing():
    log = AttributeLog(lambda: pytest.fail("a stream was opened"))
    log.stop()
    application: dict[str, object] = {}
    with pytest.raises(Closed, match="no attribute of /x was set"):
        log.update("/x", application, {"a": 1})
    assert application == {}


@pytest.mark.parametrize(("streams", "size"), [(5, 59_000), (100, 10)])
def test_updates_of_many_streams_are_kept_however_large(path, streams, size):
    """One structure change holds a quarter of a mebibyte."""
    with StreamFile.create(path) as file:
        for n in range(streams):
            stream = file.create_data_stream(f"s{n}", {"note": "x" * size})
            stream.set_attribute("note", "y" * size)
    with h5py.File(path) as h5:
        for n in range(streams):
            application = read_attribute(layout.group_at(h5, f"data_stream/s{n}"), "application")
            assert application == {"note": "y" * size}


def test_large_attributes_can_be_replaced_again_and_again(path):
    for n in range(8):
        with StreamFile.open_or_create(path) as file:
            if n == 0:
                file.create_data_stream("s")
            stream = file.data_streams["s"]
            stream.set_attribute("note", chr(97 + n) * 59_000)
            file.update_attributes({"note": chr(65 + n) * 59_000})
    with StreamFileView(path) as view:
        assert view.was_closed
        assert view.application == {"note": "H" * 59_000}
        assert view.data_streams["s"].attributes.application == {"note": "h" * 59_000}


def test_updates_take_no_memory(path):
    """Not even the 8 bytes of a key."""
    with StreamFile.create(path) as file:
        stream = file.create_data_stream("s")
        for n in range(500):
            stream.set_attribute("n", n)
        tracemalloc.start()
        for n in range(6000):
            stream.set_attribute("n", n)
        taken, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert taken < 24_000
