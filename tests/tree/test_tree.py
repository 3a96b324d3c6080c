"""The tree over files of every kind: the document's, ones being written, odd and hostile ones."""

from __future__ import annotations

import copy
import io
import pickle

import h5py
import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.errors import Closed, DamagedFile, InvalidArgument, LongtakeError, WrongType
from longtake.hdf.attributes import write_attribute
from longtake.tree import (
    Array,
    AttributeSet,
    ExternalLink,
    File,
    Group,
    SoftLink,
    Table,
    UnImplemented,
)

INDEX = [("timestamp", "<i8"), ("start_index", "<u8"), ("end_index", "<u8")]
ENTRIES = [{"arbitrary": "data"}, ["of", "arbitrary", "size"], "and type."]


@pytest.fixture
def h5():
    with h5py.File.in_memory() as h5:
        yield h5


def document(h5: h5py.File) -> None:
    group = h5.create_group("data_stream/example_data_stream")
    packed = [msgpack.packb(entry) for entry in ENTRIES]
    ends = np.cumsum([len(p) for p in packed]).tolist()
    starts = [0, *ends[:-1]]
    group["index"] = np.array(list(zip([2664, 2665, 2666], starts, ends, strict=True)), INDEX)
    group["data"] = np.frombuffer(b"".join(packed), np.uint8)
    write_attribute(group, "CLASS", "GROUP")
    write_attribute(group, "TITLE", "")
    write_attribute(group, "VERSION", "1.0")
    write_attribute(group, "name", "example_data_stream")
    application = {"score": 2, "another_attrbute": [0, 1, 2, 3], "new_attribute": 9.9}
    write_attribute(group, "application", application)


def test_the_documents_cells(h5):
    document(h5)
    stream = File(h5).root.data_stream.example_data_stream
    read = []
    for row in stream.index:
        assert (row["timestamp"], row["start_index"], row["end_index"]) == row[:]
        read.append(msgpack.unpackb(stream.data[row[1] : row[2]]))
    assert read == ENTRIES
    for record in stream.index[:]:  # bounds of np.uint64
        assert stream.data[record["start_index"] : record["end_index"]].dtype == np.uint8
    assert str(stream._v_attrs) == (
        "/data_stream/example_data_stream._v_attrs (AttributeSet), 5 attributes:\n"
        "   [CLASS := 'GROUP',\n"
        "    TITLE := '',\n"
        "    VERSION := '1.0',\n"
        "    application := {'score': 2, 'another_attrbute': [0, 1, 2, 3], 'new_attribute': 9.9},\n"
        "    name := 'example_data_stream']"
    )
    assert stream._v_attrs.name == stream.attrs["name"] == "example_data_stream"
    assert isinstance(stream.attrs, AttributeSet)


def test_only_rows_in_use_show(h5):
    document(h5)
    used = {"/data_stream/example_data_stream/index": 2}
    h5["alias"] = h5py.SoftLink("/data_stream/example_data_stream/index")
    root = File(h5, used.get).root
    for table in (root["data_stream/example_data_stream/index"], root.alias):
        assert len(table) == len(table[:]) == len(list(table)) == 2
        assert table[-1]["timestamp"] == 2665
        assert table[-1:]["timestamp"].tolist() == [2665]
        assert table.col("timestamp").tolist() == [2664, 2665]
        with pytest.raises(IndexError):
            table[2]
    used.clear()
    assert len(root.alias) == 3


def test_odd_things_are_listed_and_spoil_nothing(h5, tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as other:
        other["x"] = 1
    h5["good"] = [1, 2]
    h5["kind"] = np.dtype("f8")
    h5["broken"] = h5py.SoftLink("/nowhere")
    h5["circle"] = h5py.SoftLink("/circle")
    h5["outside"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/x")
    h5["to_outside"] = h5py.SoftLink("/outside")
    h5["through"] = h5py.SoftLink("good/more")
    h5["null"] = h5py.Empty("f4")
    h5["texts"] = ["a", "b"]
    h5["link"] = h5py.SoftLink("./good")
    h5["self"] = h5["/"]
    found = {node._v_name: type(node) for node in File(h5).root}
    links = ("broken", "circle", "to_outside", "through", "link")
    assert found == dict.fromkeys(found, UnImplemented) | dict.fromkeys(links, SoftLink) | {
        "good": Array, "self": Group, "outside": ExternalLink
    }  # fmt: skip
    targets = {name: type(File(h5).root[name]()) for name in links}
    assert targets == dict.fromkeys(links, UnImplemented) | {"link": Array}
    assert list(found) == list(h5)
    for node in File(h5).root:
        assert len(repr(node)) < 300
        assert str(node._v_attrs).startswith(node._v_pathname)
    assert File(h5).root.self.self.self["good"][:].tolist() == [1, 2]


def test_missing_things(h5):
    document(h5)
    root = File(h5).root
    for name in ("nope", "", ".", "..", "a\0b", "/", "data_stream/nope", "\ud800"):
        assert name not in root
        with pytest.raises(KeyError) as caught:
            root[name]
        assert isinstance(caught.value, LongtakeError)
    assert not hasattr(root, "nope")
    assert not hasattr(root._v_attrs, "nope")
    with pytest.raises(AttributeError, match="data_stream"):
        _ = root.nope
    with pytest.raises(KeyError, match="no attribute 'nope'"):
        root._v_attrs["nope"]
    with pytest.raises(KeyError):
        root["data_stream/example_data_stream/index/more"]
    with pytest.raises(WrongType):
        root[3]
    assert 3 not in root
    table = root.data_stream.example_data_stream.index
    for ask in (lambda: table.col("nope"), lambda: next(iter(table))["nope"]):
        with pytest.raises(KeyError, match="timestamp"):
            ask()


def test_a_refused_attribute_spoils_only_itself(h5):
    class Evil:
        def __reduce__(self):
            return (print, ("ran",))

    h5.attrs["evil"] = np.bytes_(pickle.dumps(Evil(), protocol=0))
    h5.attrs["good"] = 1
    attributes = File(h5).root._v_attrs
    assert list(attributes) == ["evil", "good"]
    assert len(attributes) == 2
    assert attributes.good == 1
    assert "evil := <not readable" in str(attributes)
    assert "good := np.int64(1)" in str(attributes)
    with pytest.raises(DamagedFile):
        _ = attributes.evil


def test_closing(h5):
    document(h5)
    with File(h5) as file:
        table = file.root.data_stream.example_data_stream.index
        attributes = table._v_attrs
        assert file.isopen
    file.close()
    for ask in (
        lambda: len(table), lambda: table[0], lambda: file.root.data_stream, lambda: list(attributes),
        lambda: list(file.root), lambda: attributes.name, lambda: "x" in file.root,
    ):  # fmt: skip
        with pytest.raises(Closed):
            ask()
    assert "closed" in repr(file) + repr(table)


def test_completion_and_reprs(h5):
    document(h5)
    h5["odd name"] = 1
    file = File(h5)
    assert "data_stream" in dir(file.root)
    assert "odd name" not in dir(file.root)
    stream = file.root.data_stream.example_data_stream
    assert {"application", "name"} <= set(dir(stream._v_attrs))
    assert repr(stream) == "<Group /data_stream/example_data_stream: data, index>"
    assert repr(stream.index).endswith(
        "index: 3 rows of timestamp int64, start_index uint64, end_index uint64>"
    )
    assert repr(file.root["odd name"]) == "<Array /odd name: () int64>"
    assert repr(next(iter(stream.index))).startswith("<Row 0 of /data_stream")
    assert copy.copy(stream)._v_pathname == stream._v_pathname


def test_a_file_that_was_opened_through_another_object_is_called_by_its_name(tmp_path):
    """HDF5 knows it as ``<_io.BytesIO object at 0x…>``."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as h5:
        document(h5)
    file = File(h5py.File(buffer, "r"), name=tmp_path / "run.h5")
    assert file.filename == str(tmp_path / "run.h5")
    assert repr(file) == f"<File {tmp_path / 'run.h5'}: data_stream>"
    with pytest.raises(KeyError, match=r"run\.h5: / has no 'nope'; it has data_stream"):
        _ = file.root["nope"]
    file.close()
    assert repr(file) == f"<File {tmp_path / 'run.h5'}: closed>"
    with pytest.raises(Closed, match=r"run\.h5 was closed"):
        _ = file.root.data_stream


def test_truth_values_of_any_byte_are_true_or_false(h5):
    raw = np.array([0, 1, 2, 255], np.uint8)
    h5.create_dataset("truths", (4,), bool).id.write(
        h5py.h5s.ALL, h5py.h5s.ALL, raw, mtype=h5py.h5t.py_create(np.dtype(bool))
    )
    truths = File(h5).root.truths[:]
    assert truths.view(np.uint8).tolist() == [0, 1, 1, 1]


def test_long_tables_are_read_in_blocks(h5):
    h5["t"] = np.rec.fromarrays([np.arange(20_000)], names="n")
    table = File(h5).root.t
    assert isinstance(table, Table)
    assert [row[0] for row in table] == list(range(20_000))
    np.testing.assert_array_equal(table.col("n"), np.arange(20_000))


def test_what_cannot_select(h5):
    h5["a"] = np.zeros((3, 4))
    h5["single"] = 1
    root = File(h5).root
    for key, error in [
        ("x", WrongType), (1.5, WrongType), (True, WrongType), (slice(0.5, 2), WrongType),
        (slice(None, None, 0), InvalidArgument), (3, IndexError), ((0, 0, 0), IndexError),
        ([5], IndexError), ([0.5], WrongType), ([[0]], InvalidArgument),
        (([0], [1]), InvalidArgument), ([True], IndexError), (None, WrongType),
    ]:  # fmt: skip
        with pytest.raises(error) as caught:
            root.a[key]
        assert isinstance(caught.value, LongtakeError)
    with pytest.raises(TypeError):
        len(root.single)
    with pytest.raises(TypeError):
        list(root.single)
    assert root.single.read() == 1


PLACES = st.integers(-6, 5)
BOUNDS = st.none() | st.integers(-9, 9)
ITEMS = (
    PLACES
    | st.builds(slice, BOUNDS, BOUNDS, st.sampled_from([None, 1, 2, 3, -1, -2]))
    | st.lists(PLACES, max_size=5)
    | st.lists(st.booleans(), min_size=6, max_size=6)
)


@given(first=ITEMS, second=st.none() | PLACES | st.builds(slice, BOUNDS, BOUNDS))
def test_indexing_is_numpys(first, second):
    whole = np.arange(54).reshape(9, 6)
    with h5py.File.in_memory() as h5:
        h5["a"] = whole
        array = File(h5, lambda path: 6).root.a
        key = first if second is None else (first, second)
        as_numpy = np.array(first, int) if first == [] else first
        expected = whole[:6][as_numpy if second is None else (as_numpy, second)]
        np.testing.assert_array_equal(array[key], expected, strict=True)
